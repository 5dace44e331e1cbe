"""What a field costs when there are more of them on the same images, and the memory of the whole command.

    python benchmarks/scale.py SEASON [--fields 1000 10000 100000] [--planned 200000] [--table 1000000] [--dates 4] [--json]

SEASON comes from `cropdetect simulate SEASON`. Square fields of 3 x 3 pixels are spread evenly over its tiles, and predicted from
a few of its dates with a checkpoint that comes with cropdetect. Reading the images costs the same however many fields there are;
network and output should cost each field the same. `--planned` fields are only laid on the grid; no image is read. `--table`
fields are predicted from a made-up table of field means.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import rasterio
import shapely

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.measured import Row, cpu_seconds, emit, in_own_process, peak_memory_mb

SIDE = 3  # pixels of a field
APART = 4  # pixels from a field to the next
FEW = 10  # fields, of a run that tells what the command costs without them
CHECKPOINT = "kenya-simulated"
OF_TABLES, DAYS = "s2-parcels-france", [f"2018-{month:02}-15" for month in (3, 4, 5, 6, 7, 8)]


def season_of_few_dates(season: Path, out: Path, n_dates: int) -> Path:
    """Return a season of the same tiles whose files are links to those of a few dates, spread over the season."""
    for tile in sorted(season.glob("0?")):
        dates = sorted(folder for folder in tile.iterdir() if folder.is_dir())
        chosen = [dates[round(place)] for place in np.linspace(0, len(dates) - 1, n_dates)]
        for file in [*tile.glob("*_field_id.tif"), *(file for date in chosen for file in date.iterdir())]:
            place = out / file.relative_to(season)
            place.parent.mkdir(parents=True, exist_ok=True)
            _link(file, place)
    return out


def _link(file: Path, place: Path) -> None:
    try:
        os.link(file, place)
    except OSError:  # another disk
        place.write_bytes(file.read_bytes())


def spread_fields(season: Path, n: int) -> gpd.GeoDataFrame:
    """Return `n` square fields, evenly spread over all tiles."""
    boxes = []
    tiles = sorted(season.glob("0?/*_field_id.tif"))
    for position, tile in enumerate(tiles):
        with rasterio.open(tile) as file:
            height, width, place, crs = file.height, file.width, file.transform, file.crs
        rows, columns = (height - APART) // APART, (width - APART) // APART
        here = n * (position + 1) // len(tiles) - n * position // len(tiles)
        cell = np.linspace(0, rows * columns - 1, here).astype(int)
        top, left = 1 + APART * (cell // columns), 1 + APART * (cell % columns)
        west, north = place.c + place.a * left, place.f + place.e * top
        boxes.append(shapely.box(west, north + place.e * SIDE, west + place.a * SIDE, north))
    return gpd.GeoDataFrame({"field_id": np.arange(n)}, geometry=np.concatenate(boxes), crs=crs)


def predicted(season: Path, fields: Path | None, out: Path, checkpoint: str = CHECKPOINT) -> dict[str, float]:
    """Predict, and return CPU seconds by stage and the peak memory of this process."""
    from cropdetect import api

    result = api.predict(season, out, checkpoint=checkpoint, fields=fields, workers=1, overwrite=True)
    run = json.loads((Path(out) / "run.json").read_text("utf-8"))
    whole = cpu_seconds()
    stages = run["cpu_seconds"]
    rest = whole - stages["predicting"]
    return {**stages, "rest": rest, "peak_memory_mb": peak_memory_mb(), "fields": result.n_fields}


def planned(season: Path, fields: Path) -> dict[str, float]:
    """Lay fields on the grids of a season, and return CPU seconds and the peak memory of this process."""
    from cropdetect import api

    before = cpu_seconds()
    opened = api.open_data(season, fields=fields)
    return {"planning": cpu_seconds() - before, "peak_memory_mb": peak_memory_mb(), "fields": len(opened.chips.fields)}


def write_table(folder: Path, n: int) -> None:
    """Write a table of the means of `n` made-up fields, some at a time."""
    from cropdetect.checkpoint import checkpoint_path, read_checkpoint

    bands = read_checkpoint(checkpoint_path(Path(OF_TABLES))).record.bands
    random, at_once = np.random.default_rng(0), 50_000
    folder.mkdir()
    with ExitStack() as stack:
        writers: dict[str, pq.ParquetWriter] = {}
        for start in range(0, n, at_once):
            ids = np.arange(start, min(start + at_once, n))
            rows = len(ids) * len(DAYS)
            values = {band: random.uniform(200, 4000, rows).astype(np.float32) for band in bands}
            place = {"lon": random.uniform(1, 2, len(ids)), "lat": random.uniform(47, 48, len(ids))}
            tables = {
                "series": pa.table({"field_id": np.repeat(ids, len(DAYS)), "date": np.tile(DAYS, len(ids)), **values}),
                "fields": pa.table({"field_id": ids, **place}),
            }
            for name, table in tables.items():
                if name not in writers:
                    writers[name] = stack.enter_context(pq.ParquetWriter(folder / f"{name}.parquet", table.schema))
                writers[name].write_table(table)


def measure(season: Path, scratch: Path, counts: list[int], n_planned: int, n_dates: int, n_table: int) -> list[Row]:
    """Return the rows: network and output a field, and the peak memory, beside those of fewer fields."""
    few = season_of_few_dates(season, scratch / "season", n_dates)
    found = {n: _predicted_in_own_process(few, scratch, n) for n in (FEW, *counts) if counts}
    rows = []
    for n in counts:
        peak = found[n]["peak_memory_mb"]

        def row(work: str, unit: str, of: Callable[[dict[str, float]], float], base: int, n: int = n, peak: float = peak) -> Row:
            beside = ("", None) if n == base else (f"{base:,} fields", of(found[base]))
            return Row(f"{work}, {n:,} fields", of(found[n]), unit, *beside, peak)

        rows += [
            row("network", "CPU ms a field", lambda some: 1000 * some["network"] / some["fields"], counts[0]),
            row("reading and cutting", "CPU s", lambda some: some["cutting"], counts[0]),
            row("peak memory of predict", "MB", lambda some: some["peak_memory_mb"], counts[0]),
        ]
        if n > counts[0]:  # the output of fewer fields is lost in what the command costs anyway
            none = found[FEW]["rest"]
            rows.append(
                row("output", "CPU ms a field", lambda some, none=none: 1000 * (some["rest"] - none) / some["fields"], counts[1])
            )
    if n_planned:
        fields = scratch / f"fields-{n_planned}.parquet"
        spread_fields(few, n_planned).to_parquet(fields)
        found = in_own_process(__file__, few, "--plan", fields)
        peak = found["peak_memory_mb"]
        rows.append(Row(f"laying {n_planned:,} fields on the grid", found["planning"], "CPU s", peak_memory_mb=peak))
    if n_table:
        write_table(scratch / "table", n_table)
        found = in_own_process(__file__, scratch / "table", "--predict-table", "--out", scratch / "out-table")
        work, peak = f"predict of a table of {n_table:,} fields", found["peak_memory_mb"]
        rows.append(Row(work, found["predicting"] + found["rest"], "CPU s", peak_memory_mb=peak))
    return rows


def _predicted_in_own_process(season: Path, scratch: Path, n: int) -> dict[str, float]:
    fields = scratch / f"fields-{n}.parquet"
    spread_fields(season, n).to_parquet(fields)
    return in_own_process(__file__, season, "--predict", fields, "--out", scratch / f"out-{n}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("season", type=Path)
    parser.add_argument("--fields", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--planned", type=int, default=200_000)
    parser.add_argument("--table", type=int, default=1_000_000)
    parser.add_argument("--dates", type=int, default=4)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--predict", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--plan", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--predict-table", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.predict:
        print(json.dumps(predicted(options.season, options.predict, options.out)))
    elif options.predict_table:
        print(json.dumps(predicted(options.season, None, options.out, OF_TABLES)))
    elif options.plan:
        print(json.dumps(planned(options.season, options.plan)))
    else:
        with tempfile.TemporaryDirectory() as scratch:
            rows = measure(options.season, Path(scratch), options.fields, options.planned, options.dates, options.table)
        emit(rows, as_json=options.json)


if __name__ == "__main__":
    main()
