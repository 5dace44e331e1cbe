"""What a prediction from a STAC catalogue fetches, against the blocks under its fields; are its answers those of files?

    python benchmarks/stac_bytes.py [--side 1536] [--fields 300] [--share 0.5] [--block 256] [--json]

A simulated season of Sentinel-2 is written as Cloud-Optimized GeoTIFFs. nginx serves them on loopback, and `rustac serve` a
STAC API that names them. The same fields are predicted from the catalogue and from the folder of the same files.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import geopandas as gpd
import rasterio
import shapely

from cropdetect import api
from cropdetect.options import DataOptions

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.measured import Row, emit
from tests.imagery.stac_loopback import ASSETS, make_cogs, make_items, serve_files, serve_items

MEGABYTE = 1e6


@dataclass(frozen=True)
class Measured:
    """What was measured; bytes are those that the server of the files counted.

    Attributes:
        server: of the files.
        dates: of the season.
        fields: that were predicted.
        all_files: bytes of all files that the checkpoint needs.
        under_fields: bytes of the blocks that touch a field.
        estimated: bytes that the dry run said would be fetched.
        dry_run: bytes that the dry run fetched: the headers.
        fetched: bytes that the prediction fetched besides.
        requests: of both.
        second: requests of a second prediction.
        identical: whether predictions.csv is that of the files, byte for byte.
        seconds: of the prediction from the catalogue, and
        seconds_of_files: from the folder.
        cpu_seconds: of the prediction from the catalogue, in this process, and
        cpu_seconds_of_files: from the folder. All imports were made before.
    """

    server: str
    dates: int
    fields: int
    all_files: int
    under_fields: int
    estimated: int
    dry_run: int
    fetched: int
    requests: int
    second: int
    identical: bool
    seconds: float
    seconds_of_files: float
    cpu_seconds: float
    cpu_seconds_of_files: float

    @property
    def ratio(self) -> float:
        """Bytes that were fetched in all, headers too, for each byte of the blocks under fields."""
        return (self.dry_run + self.fetched) / self.under_fields


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--side", type=int, default=1536, help="height and width of the images, pixels")
    arguments.add_argument("--fields", type=int, default=300, help="of the whole season")
    arguments.add_argument("--share", type=float, default=0.5, help="of the height and width that holds the fields to predict")
    arguments.add_argument("--block", type=int, default=256, help="height and width of the blocks, pixels")
    arguments.add_argument("--json", action="store_true", help="CPU seconds and bytes, for docs/performance.md")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        season = Path(scratch) / "season"
        side, fields = options.side, options.fields
        api.simulate(season, tiles=1, height=side, width=side, fields=fields, layout="geotiff")
        measured = measure(season, Path(scratch) / "work", block=options.block, share=options.share)
    if options.json:
        emit(rows(measured), as_json=True)
        return
    for name, value in asdict(measured).items():
        of_bytes = name in ("all_files", "under_fields", "estimated", "dry_run", "fetched")
        print(f"{name:18} {f'{value / MEGABYTE:.2f} MB' if of_bytes else value}")
    print(f"{'ratio':18} {measured.ratio:.3f}")


def rows(measured: Measured) -> list[Row]:
    """Return what the page of performance shows."""
    catalogue = f"a catalogue, COGs behind {measured.server} on loopback"
    fetched, needed = (measured.dry_run + measured.fetched) / MEGABYTE, measured.under_fields / MEGABYTE
    return [
        Row(
            f"predict of {measured.fields} fields from {catalogue}",
            *(measured.cpu_seconds, "CPU s", "the same files in a folder", measured.cpu_seconds_of_files),
        ),
        Row("bytes fetched for it", fetched, "MB", "the blocks under the fields", needed),
        Row("bytes fetched for it, beside all files", fetched, "MB", "all files", measured.all_files / MEGABYTE),
        Row("requests for it", measured.requests, "requests"),
    ]


def measure(season: Path, scratch: Path, *, block: int, share: float, checkpoint: str = "kenya-simulated") -> Measured:
    """Predict the fields in the north-west of a simulated season from a catalogue and from files."""
    cogs = make_cogs(season, scratch / "cogs", block)
    fields = scratch / "fields.gpkg"
    table = _north_west(gpd.read_file(season / "fields.gpkg"), cogs[0], share)
    table.to_file(fields)
    local = {"checkpoint": Path(checkpoint), "options": DataOptions(fields=fields)}
    api.predict(scratch / "cogs", scratch / "first", **local)  # which imports all
    with serve_files(scratch / "cogs", scratch / "nginx") as (url, count, server):
        items = make_items(cogs, url)
        with serve_items(items, scratch) as address:
            source = f"stac:{address}/sentinel-2-l2a"
            options = DataOptions(fields=fields, from_="2019-01-01", to="2019-12-31", cache=scratch / "cache")
            common = {"checkpoint": Path(checkpoint), "options": options}
            planned = api.plan(source, **common)
            after_plan = count()
            start, cpu = time.perf_counter(), time.process_time()
            api.predict(source, scratch / "remote", **common)
            seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
            after = count()
            api.predict(source, scratch / "again", **common)
            second = count().requests - after.requests
    start, cpu = time.perf_counter(), time.process_time()
    api.predict(scratch / "cogs", scratch / "local", **local)
    seconds_of_files, cpu_seconds_of_files = time.perf_counter() - start, time.process_time() - cpu
    answers = [(scratch / name / "predictions.csv").read_bytes() for name in ("remote", "again", "local")]
    used = [path for path in cogs if path.name.split("_")[2] in ASSETS]
    return Measured(
        server=server,
        dates=len(items),
        fields=len(table),
        all_files=sum(path.stat().st_size for path in used),
        under_fields=sum(_under(path, table) for path in used),
        estimated=round(planned.facts["megabytes_to_fetch"] * MEGABYTE),
        dry_run=after_plan.bytes,
        fetched=after.bytes - after_plan.bytes,
        requests=after.requests,
        second=second,
        identical=answers[0] == answers[1] == answers[2],
        seconds=round(seconds, 1),
        seconds_of_files=round(seconds_of_files, 1),
        cpu_seconds=round(cpu_seconds, 2),
        cpu_seconds_of_files=round(cpu_seconds_of_files, 2),
    )


def _north_west(fields: gpd.GeoDataFrame, image: Path, share: float) -> gpd.GeoDataFrame:
    with rasterio.open(image) as file:
        west, south, east, north = file.bounds
    box = shapely.box(west, north - share * (north - south), west + share * (east - west), north)
    return fields[fields.within(box)].reset_index(drop=True)


def _under(path: Path, fields: gpd.GeoDataFrame) -> int:
    """Return the bytes of the blocks of a file that touch a field."""
    with rasterio.open(path) as file:
        blocks = list(file.block_windows(1))
        shapes = [shapely.box(*file.window_bounds(window)) for _, window in blocks]
        touched = _touched(shapes, fields)
        tags = (file.get_tag_item(f"BLOCK_SIZE_{blocks[at][0][1]}_{blocks[at][0][0]}", "TIFF", 1) for at in touched)
        return sum(int(size or 0) for size in tags)


def _touched(shapes: Sequence[shapely.Polygon], fields: gpd.GeoDataFrame) -> list[int]:
    return sorted(set(shapely.STRtree(shapes).query(fields.geometry.to_numpy(), predicate="intersects")[1].tolist()))


if __name__ == "__main__":
    main()
