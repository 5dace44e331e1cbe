#!/usr/bin/env bash
# Builds both images and checks them against what the README promises; needs a Docker engine that may be filled and emptied.
#   check_containers.sh [--shared FOLDER]
# FOLDER holds reference/cv4a_crop_classification_checkpoint.pt and data/flanders_s2, data/france_s2; without it these checks
# are left out. CI_PIP_CONF and CI_CA_BUNDLE name files for builds behind a proxy. PYTHON (.venv/bin/python) has this package with
# the extra [train]: what it predicts is what the containers must predict.
set -Eeuo pipefail
trap 'echo "ended at line $LINENO: $BASH_COMMAND" >&2' ERR
cd "$(dirname "$0")/.."
PYTHON=$(realpath -s "${PYTHON:-.venv/bin/python}")
SHARED=
[ "${1:-}" = --shared ] && SHARED=$(realpath "$2")
CPU=model-cv4a-crop-detection-v1_cpu
GPU=model-cv4a-crop-detection-v1_gpu
USER_ID=4321
W=$(mktemp -d)
chmod 755 "$W"
OVERRIDES=(-f docker-compose.yml -f docker/compose.test.yml)
trap 'docker compose "${OVERRIDES[@]}" down >/dev/null 2>&1 || true; rm -rf "$W"' EXIT
export RUN_UID=$USER_ID RUN_GID=$USER_ID

say() { printf '\n-- %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
cropdetect() { "$PYTHON" -m cropdetect "$@" >"$W/host-words" 2>&1 || { cat "$W/host-words" >&2; fail "on the host: cropdetect $*"; }; }

# output NAME: an empty folder of the calling user
output() { mkdir -p "$W/$1"; chown "$USER_ID:$USER_ID" "$W/$1"; printf '%s' "$W/$1"; }

# run SERVICE INPUT OUTPUT [OPTION ...]: the service as compose starts it; its words go to $W/words
run() {
  local service=$1 input=$2 out=$3; shift 3
  INPUT_DATA=$input OUTPUT_DATA=$out docker compose "${OVERRIDES[@]}" run --rm -T "$service" "$@" >"$W/words" 2>&1
}

# page FOLDER: its report.html, without the paths and the Python version, which tell host and container apart
page() { sed -E "s#${INPUTS:-$PWD/data/input}#/var/data/input#g; s#\\bpython [0-9.]+##g" "$1/report.html"; }

# same HOST CONTAINER: every file, byte for byte; run.json alone differs from run to run
same() {
  local file name
  [ "$(ls "$1")" = "$(ls "$2")" ] || fail "$2 holds $(ls -m "$2"), the host wrote $(ls -m "$1")"
  for file in "$1"/*; do
    name=$(basename "$file")
    [ "$(stat -c %u:%g "$2/$name")" = "$USER_ID:$USER_ID" ] || fail "$2/$name belongs to $(stat -c %u:%g "$2/$name")"
    [ -s "$2/$name" ] || fail "$2/$name is empty"
    case $name in
      run.json) ;;
      report.html) cmp <(page "$1") <(page "$2") || fail "$name differs between host and container" ;;
      *) cmp "$file" "$2/$name" || fail "$name differs between host and container" ;;
    esac
  done
  echo "$(ls -m "$2"): as on the host, owned by $USER_ID"
}

# alike HOST CONTAINER TOLERANCE: the GPU image has another version of ONNX Runtime, bf16 three digits
alike() {
  [ "$(ls "$1")" = "$(ls "$2")" ] || fail "$2 holds $(ls -m "$2"), the host wrote $(ls -m "$1")"
  [ "$(find "$2" -mindepth 1 ! -user "$USER_ID")" = "" ] || fail "files of another user in $2"
  "$PYTHON" - "$1" "$2" "$3" <<'PYTHON'
import sys, pandas as pd
host, container = (pd.read_csv(f"{folder}/predictions.csv") for folder in sys.argv[1:3])
assert list(host) == list(container) and (host["field_id"] == container["field_id"]).all()
names = [name for name in host if name.startswith("prob_")]
greatest = (host[names] - container[names]).abs().max().max()
assert greatest <= float(sys.argv[3]), f"probabilities differ by {greatest}"
print(f"probabilities as on the host; greatest difference {greatest:.2g}")
PYTHON
}

# predicts SERVICE NAME INPUT [OPTION ...]: host and container give the same
predicts() {
  local service=$1 name=$2 input=$3 out host=$W/host-$2 start; shift 3
  [ -d "$host" ] || cropdetect predict "$input/chips" "$host" --checkpoint "$input/checkpoint" "$@"
  out=$(output "$name-$service")
  start=$(date +%s)
  run "$service" "$input" "$out" "$@" || { cat "$W/words"; fail "$service ended with an error on $name"; }
  tail -1 "$W/words"
  echo "$name, $service: $(($(date +%s) - start)) s, $(sed -n 's/.*"peak_memory_mb": \([0-9.]*\).*/\1/p' "$out/run.json") MB of memory"
  INPUTS=$input
  if [ "$service" = "$GPU" ]; then alike "$host" "$out" 1e-5; else same "$host" "$out"; fi
}

# refuses NAME WORDS INPUT [OPTION ...]: exit code 2, the words, an untouched output folder
refuses() {
  local name=$1 words=$2 input=$3 code=0 out; shift 3
  out=$(output "refused-$(ls "$W" | wc -l)")
  echo 'keep me' > "$out/README.md"
  run "$CPU" "$input" "$out" "$@" || code=$?
  [ "$code" = 2 ] || { cat "$W/words"; fail "$name: exit code $code, not 2"; }
  grep -qF -- "$words" "$W/words" || { cat "$W/words"; fail "$name: the message lacks '$words'"; }
  grep -q Traceback "$W/words" && fail "$name: a traceback"
  [ "$(ls -A "$out")" = README.md ] && [ "$(cat "$out/README.md")" = 'keep me' ] || fail "$name: the output folder was touched: $(ls -A "$out")"
  echo "$name: $(grep -m1 -F -- "$words" "$W/words")"
}

# input NAME: a copy of the example to spoil
input() { cp -r data/input "$W/$1"; chmod -R a+rX "$W/$1"; printf '%s' "$W/$1"; }

say "compose files"
INPUT_DATA=/in OUTPUT_DATA=/out docker compose config -q
INPUT_DATA=/in OUTPUT_DATA=/out docker compose -f src/cropdetect/checkpoint/docker-compose.yml config -q
[ "$(INPUT_DATA=/in OUTPUT_DATA=/out docker compose config --services | sort | xargs)" = "$CPU $GPU" ] || fail "other services"
echo clean

say "builds"
for service in "$CPU" "$GPU"; do
  start=$(date +%s)
  INPUT_DATA=/in OUTPUT_DATA=/out docker compose "${OVERRIDES[@]}" build -q "$service" >"$W/build.log" 2>&1 || { tail -40 "$W/build.log"; fail "$service was not built"; }
  echo "$service: built in $(($(date +%s) - start)) s"
done
start=$(date +%s)
touch src/cropdetect/__init__.py
INPUT_DATA=/in OUTPUT_DATA=/out docker compose "${OVERRIDES[@]}" build -q "$CPU" >"$W/build.log" 2>&1
echo "$CPU: again from the cache in $(($(date +%s) - start)) s"

say "sizes"
for image in model_cv4a_crop_detection:1 model_cv4a_crop_detection:1-gpu; do
  unpacked=$(docker image inspect -f '{{.Size}}' "$image")
  echo "$image: $((unpacked / 1000000)) MB unpacked"
  [ "$image" = model_cv4a_crop_detection:1-gpu ] || [ "$unpacked" -le 1000000000 ] || fail "$image is larger than 1 GB"
done
packed=$(docker save model_cv4a_crop_detection:1 | gzip -6 | wc -c)
echo "model_cv4a_crop_detection:1: $((packed / 1000000)) MB compressed"
[ "$packed" -le 450000000 ] || fail "the CPU image is larger than 450 MB compressed"
inside() { docker run --rm --network none --entrypoint sh "model_cv4a_crop_detection:$1" -c "$2"; }
inside 1 'head -12 /opt/venv/packages.txt; tail -1 /opt/venv/packages.txt'
for tag in 1 1-gpu; do
  inside "$tag" 'python -c "import importlib.util as u; assert not any(map(u.find_spec, (\"torch\", \"pip\"))), \"torch or pip is in the image\""'
  inside "$tag" 'grep -c . /opt/venv/packages.txt' >/dev/null
  [ "$(docker image inspect -f '{{.Config.User}}' "model_cv4a_crop_detection:$tag")" = 10001:10001 ] || fail "$tag runs as root"
  [ "$(docker image inspect -f '{{index .Config.Labels "org.opencontainers.image.version"}}' "model_cv4a_crop_detection:$tag")" \
    = "$(inside "$tag" 'python -c "import cropdetect; print(cropdetect.__version__)"')" ] || fail "label and package tell different versions"
done

say "bills of materials"
for tag in 1 1-gpu; do
  sbom=$(docker image inspect -f '{{index .Config.Labels "org.cyclonedx.sbom"}}' "model_cv4a_crop_detection:$tag")
  inside "$tag" "cat $sbom" > "$W/sbom.json"
  inside "$tag" 'python -c "
import importlib.metadata as m, json, platform
print(json.dumps({**{d.name.lower(): d.version for d in m.distributions()}, \"python\": platform.python_version()}))"; dpkg-query -W -f "\${Package} \${Version}\n"
    find /opt/venv -type f -name "lib*.so*" ! -name "*.cpython-*" ! -name "*.abi3.so" -exec sha256sum {} +' > "$W/installed"
  "$PYTHON" scripts/check_sbom.py "$W/sbom.json" "$W/installed"
done
inside 1-gpu 'python -c "import onnxruntime as o; assert \"CUDAExecutionProvider\" in o.get_available_providers(); print(\"GPU image: ONNX Runtime\", o.__version__, o.get_available_providers())"' 2>/dev/null

say "the README's commands, as a new user in a fresh clone"
git clone -q . "$W/clone"
chown -R "$USER_ID:$USER_ID" "$W/clone"
docker tag model_cv4a_crop_detection:1 fresh:1
(
  cd "$W/clone"
  unset RUN_UID RUN_GID
  sed -n '/^## Run Model to Generate/,/^## Understanding/p' README.md | sed -n '/^```bash/,/^```/p' | sed '/^```/d' > "$W/readme.sh"
  grep -q 'docker compose up' "$W/readme.sh" || fail "no docker compose up in the README"
  [ -S "${DOCKER_HOST#unix://}" ] && chmod a+rw "${DOCKER_HOST#unix://}"
  HOME=$W setpriv --reuid "$USER_ID" --regid "$USER_ID" --clear-groups bash -euo pipefail "$W/readme.sh" >"$W/words" 2>&1 || { cat "$W/words"; fail "the README's commands"; }
  cat "$W/readme.sh"
)
cropdetect predict "$PWD/data/input/chips" "$W/host-example" --checkpoint "$PWD/data/input/checkpoint"
cp data/output/README.md "$W/host-example/"
same "$W/host-example" "$W/clone/data/output"
rm "$W/host-example/README.md"

say "predictions"
predicts "$CPU" example "$PWD/data/input"
run "$CPU" "$PWD/data/input" "$W/example-$CPU" && grep -q 'finished already' "$W/words" || fail "the same command does not see that all is done"
(
  unset RUN_UID RUN_GID
  mkdir "$W/default-user"; chown 10001:10001 "$W/default-user"
  run "$CPU" "$PWD/data/input" "$W/default-user" || { cat "$W/words"; fail "the default user"; }
  [ -z "$(find "$W/default-user" ! -user 10001)" ] && [ -s "$W/default-user/run.json" ] || fail "files of the default user"
  echo "without RUN_UID and RUN_GID: files belong to 10001"
)
DEVICE=cpu predicts "$GPU" example "$PWD/data/input"
mkdir -p "$W/cube/chips"
cropdetect simulate "$W/cube-season" --tiles 1 --height 96 --width 96 --fields 12 --layout netcdf --seed 3
cp -r "$W/cube-season/." "$W/cube/chips"; cp -r data/input/checkpoint "$W/cube/checkpoint"
predicts "$CPU" cube "$W/cube"
for chip in a b; do
  cropdetect simulate "$W/folders/chips/$chip" --tiles 1 --height 64 --width 64 --fields 6 --layout geotiff --seed "$((0x$chip))"
  rm -f "$W/folders/chips/$chip/truth.csv"
done
cp -r data/input/checkpoint "$W/folders/checkpoint"
predicts "$CPU" folders "$W/folders"
run "$CPU" "$PWD/data/input" "$(output bf16)" --precision bf16 || { cat "$W/words"; fail "bf16"; }
grep -q '"precision": "bf16"' "$W/bf16/run.json" || fail "bf16 was not what ran"
echo "example, $CPU, bf16:"
alike "$W/host-example" "$W/bf16" 0.05
if [ -n "$SHARED" ]; then
  mkdir -p "$W/2020"
  cropdetect simulate "$W/2020/chips" --tiles 2 --height 128 --width 128 --fields 12 --seed 5
  cropdetect chips "$W/2020/chips" "$W/2020.zarr" --preset cv4a
  cropdetect import-cv4a "$SHARED/reference/cv4a_crop_classification_checkpoint.pt" "$W/2020/checkpoint" --chips "$W/2020.zarr"
  predicts "$CPU" 2020 "$W/2020" --submission
  mkdir -p "$W/flanders/chips"
  cp "$SHARED"/data/flanders_s2/*.nc "$SHARED"/data/flanders_s2/fields.gpkg "$W/flanders/chips"
  cropdetect train "$SHARED/data/france_s2" "$W/flanders/checkpoint" --epochs 1
  chmod -R a+rX,u+w "$W/flanders"
  predicts "$CPU" flanders "$W/flanders"
fi

say "what must be refused"
(
  unset INPUT_DATA OUTPUT_DATA
  for name in INPUT_DATA OUTPUT_DATA; do
    words=$(export INPUT_DATA=$PWD/data/input OUTPUT_DATA=$W/example-$CPU; unset "$name"; docker compose run --rm -T "$CPU" 2>&1) && fail "$name unset was taken"
    grep -q "$name" <<<"$words" || fail "the message does not name $name: $words"
    grep "$name" <<<"$words" | tail -1
  done
)
code=0; run "$CPU" "$W/no-such-folder" "$(output missing)" || code=$?
{ [ "$code" != 0 ] && grep -q "$W/no-such-folder" "$W/words"; } || { cat "$W/words"; fail "a missing INPUT_DATA is not named"; }
[ ! -e "$W/no-such-folder" ] || fail "a missing INPUT_DATA was made"
tail -1 "$W/words"
code=0; run "$CPU" "$PWD/data/input" "$W/no-such-output" || code=$?
{ [ "$code" != 0 ] && grep -q "$W/no-such-output" "$W/words" && [ ! -e "$W/no-such-output" ]; } || { cat "$W/words"; fail "a missing OUTPUT_DATA"; }
tail -1 "$W/words"
spoilt=$(input no-chips); rm -r "$spoilt/chips"; refuses "no chips/" "there is no folder chips in INPUT_DATA" "$spoilt"
spoilt=$(input empty); rm -r "$spoilt/chips"; mkdir "$spoilt/chips"; cp data/input/chips/README.md "$spoilt/chips"
refuses "an empty chips/" "the folder chips in INPUT_DATA is empty" "$spoilt"
spoilt=$(input wrong); rm -r "$spoilt/chips"; mkdir "$spoilt/chips"; echo hello > "$spoilt/chips/letter.txt"
refuses "a wrong layout" "nothing in it can be read" "$spoilt"
spoilt=$(input broken); tiff=$(find "$spoilt/chips/00" -name '*_B08_*.tif' | sort | sed -n 5p); head -c 700 "$tiff" > "$W/cut.tif"; cp "$W/cut.tif" "$tiff"
refuses "a broken TIFF" "$(basename "$tiff")" "$spoilt"
spoilt=$(input no-checkpoint); rm "$spoilt/checkpoint/checkpoint.json"
refuses "a missing checkpoint" "there is no checkpoint.json" "$spoilt"
code=0
INPUT_DATA=$spoilt OUTPUT_DATA=$(output up) docker compose "${OVERRIDES[@]}" up --exit-code-from "$CPU" "$CPU" >/dev/null 2>&1 || code=$?
[ "$code" = 2 ] || fail "up --exit-code-from ended with $code, not 2"
spoilt=$(input other-member); echo x >> "$spoilt/checkpoint/members/000.onnx"
refuses "a changed member" "its hash differs" "$spoilt"
refuses "a wrong option" "--min-confidence" "$PWD/data/input" --min-confidence 7
out=$(output foreign); echo mine > "$out/notes.txt"; code=0; run "$CPU" "$PWD/data/input" "$out" || code=$?
{ [ "$code" = 2 ] && grep -q 'did not write: notes.txt' "$W/words" && [ "$(ls -A "$out")" = notes.txt ]; } || { cat "$W/words"; fail "an output folder with other files"; }
grep -m1 'did not write' "$W/words"
mkdir "$W/not-mine"; chmod 755 "$W/not-mine"; code=0; run "$CPU" "$PWD/data/input" "$W/not-mine" || code=$?
{ [ "$code" = 2 ] && grep -q 'may not write to OUTPUT_DATA' "$W/words"; } || { cat "$W/words"; fail "an output folder of another user"; }
grep -m1 'may not write' "$W/words"
if [ ! -e /dev/nvidia0 ]; then
  code=0; run "$GPU" "$PWD/data/input" "$(output no-gpu)" || code=$?
  [ "$code" = 2 ] && [ -z "$(ls -A "$W/no-gpu")" ] || { cat "$W/words"; fail "--device cuda without a GPU: exit code $code"; }
  echo "the GPU service without a GPU: $(grep -m1 OptionError "$W/words")"
fi

say "nothing inside can write elsewhere"
cat > "$W/probe.sh" <<'PROBE'
id -u; grep -E 'CapEff|NoNewPrivs' /proc/self/status | xargs
find / -xdev \( -path /proc -o -path /sys \) -prune -o -type d -writable -print 2>/dev/null | sed 's/^/writable: /'
for folder in / /etc /opt/venv /usr/local/bin /var/data /var/data/input /var/data/input/chips /var/tmp /root /home /dev /dev/shm /run; do
  if (: > "$folder/probe") 2>/dev/null; then echo "wrote to $folder"; fi
done
(: > /tmp/probe) && (: > /var/data/output/probe) && echo "wrote to /tmp and /var/data/output"
ls /sys/class/net | xargs echo interfaces:
PROBE
out=$(output probe)
INPUT_DATA=$PWD/data/input OUTPUT_DATA=$out docker compose "${OVERRIDES[@]}" run --rm -T --entrypoint sh "$CPU" -s < "$W/probe.sh" > "$W/words" 2>"$W/stderr"
cat "$W/words"
diff <(printf '%s\n' "$USER_ID" 'CapEff: 0000000000000000 NoNewPrivs: 1' 'wrote to /tmp and /var/data/output' 'interfaces: lo') \
  <(grep -v '^writable: \(/tmp\|/var/data/output\)$' "$W/words") || fail "something else can be written"
limit=$(INPUT_DATA=/in OUTPUT_DATA=/out docker compose config --format json | "$PYTHON" -c "import json, sys; print(json.load(sys.stdin)['services']['$CPU']['mem_limit'])")
[ "$limit" -gt 0 ] || fail "no memory limit"
git diff --exit-code --stat -- data || fail "the example was changed"

say "containers: all green"
