#!/bin/sh
# Entry of the images: predicts the imagery in INPUT_DATA/chips with the checkpoint in INPUT_DATA/checkpoint.
# Arguments are options of `cropdetect predict`.
set -eu
input=/var/data/input
output=/var/data/output

refuse() {
  printf 'Error: %s\n%s\n' "$1" "$2" >&2
  exit 2
}

# A folder with nothing but the repository's placeholders counts as empty.
is_empty() {
  [ -z "$(find "$1" -mindepth 1 -maxdepth 1 ! -name '.*' ! -iname 'README*' -print -quit)" ]
}

[ -d "$input" ] || refuse "INPUT_DATA is not mounted at $input" "Start it with docker compose, as the README shows."
[ -d "$output" ] || refuse "OUTPUT_DATA is not mounted at $output" "Start it with docker compose, as the README shows."
for part in chips checkpoint; do
  [ -d "$input/$part" ] || refuse "there is no folder $part in INPUT_DATA" \
    "INPUT_DATA holds chips/ (imagery with its fields) and checkpoint/ (a checkpoint folder)."
  { [ -r "$input/$part" ] && [ -x "$input/$part" ]; } || refuse "user $(id -u) may not read $part in INPUT_DATA" \
    "Export RUN_UID=\$(id -u) RUN_GID=\$(id -g), or make the folder readable."
done
is_empty "$input/chips" && refuse "the folder chips in INPUT_DATA is empty" \
  "Put imagery there: competition folders (00/20190606/0_B02_20190606.tif, 0_field_id.tif), a folder a chip with field_ids.tif or fields.gpkg, Images/ with fields/, GeoTIFFs or a NetCDF or Zarr cube with fields.gpkg, or series.parquet with fields.parquet."
[ -f "$input/checkpoint/checkpoint.json" ] || refuse "there is no checkpoint.json in the folder checkpoint of INPUT_DATA" \
  "Put a checkpoint folder there, e.g. a copy of data/input/checkpoint or one that cropdetect train or import-cv4a wrote."
[ -w "$output" ] || refuse "user $(id -u) may not write to OUTPUT_DATA" \
  "Export RUN_UID=\$(id -u) RUN_GID=\$(id -g), or give the folder to user $(id -u)."

exec cropdetect predict "$input/chips" "$output" --checkpoint "$input/checkpoint" --device "${DEVICE:-cpu}" "$@"
