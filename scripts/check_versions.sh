#!/usr/bin/env bash
# Installs the wheel into an empty environment, with the oldest or the newest versions that pyproject.toml allows, and runs tests there.
# usage: [EXTRAS=train,stac,...] scripts/check_versions.sh oldest|newest PYTHON [ARGUMENTS OF PYTEST...]      needs uv
set -euo pipefail
cd "$(dirname "$0")/.."
case $1 in oldest) resolution=lowest-direct ;; newest) resolution=highest ;; *) echo "oldest or newest?" >&2; exit 2 ;; esac
python=$2
shift 2
EXTRAS=${EXTRAS:-train,fast,stac,distributed,tensorboard,plots}
W=$(mktemp -d); trap 'rm -rf "$W"' EXIT
uv build --quiet --wheel --out-dir "$W/dist"
# shellcheck disable=SC2086
uv pip compile --quiet --resolution "$resolution" --only-binary :all: --extra ${EXTRAS//,/ --extra } --python-version "$python" \
  pyproject.toml -o "$W/versions.txt"
uv venv --quiet --python "$python" "$W/venv"
# The tests' own tools get the versions that go with these.
uv pip install --quiet --python "$W/venv" -c "$W/versions.txt" "$(echo "$W"/dist/*.whl)[$EXTRAS,test]"
uv pip freeze --python "$W/venv"
"$W/venv/bin/python" -m pytest -m "not slow and not browser" "${@:-tests}"
