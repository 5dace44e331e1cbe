#!/usr/bin/env bash
# Installs the wheel into an empty environment, with the oldest or the newest versions that pyproject.toml allows, and runs tests there.
# usage: scripts/check_versions.sh oldest|newest PYTHON [ARGUMENTS OF PYTEST...]      needs uv
set -euo pipefail
cd "$(dirname "$0")/.."
case $1 in oldest) resolution=lowest-direct ;; newest) resolution=highest ;; *) echo "oldest or newest?" >&2; exit 2 ;; esac
python=$2
shift 2
W=$(mktemp -d); trap 'rm -rf "$W"' EXIT
uv build --quiet --wheel --out-dir "$W/dist"
uv pip compile --quiet --resolution "$resolution" --only-binary :all: --extra train --python-version "$python" pyproject.toml -o "$W/versions.txt"
uv venv --quiet --python "$python" "$W/venv"
uv pip install --quiet --python "$W/venv" -c "$W/versions.txt" "$(echo "$W"/dist/*.whl)[dev]"
uv pip freeze --python "$W/venv"
"$W/venv/bin/python" -m pytest -m "not slow and not browser" "${@:-tests}"
