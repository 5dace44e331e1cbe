"""Cutting chips from compressed images, beside the floor of decoding every block once.

    python benchmarks/formats.py SEASON [--side 2016] [--json]

A part of the first tile of SEASON is written as tiled GeoTIFFs (deflate, zstd and LERC; blocks of 256 and 512 pixels; one file a
band, and one file a date with all bands in each block) and, at half the side, as JPEG 2000. Each is streamed as `predict` does,
with all chips of its fields, in a fresh process; the floor is measured in another one. Imports, opening the images and planning
are not counted.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
import rasterio.features
import shapely.geometry
from rasterio.windows import Window

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.cutting import AT_BEST
from benchmarks.measured import Row, cpu_seconds, emit, in_own_process, peak_memory_mb

BANDS = ("B02", "B03", "B04", "B08", "B11", "B12")
N_DATES = 6
SIDE = 2016  # pixels


@dataclass(frozen=True)
class Format:
    """How images are stored.

    Attributes:
        name: for a reader.
        options: of GDAL's driver.
        suffix: of the files.
        together: one file a date with all bands in each block, instead of one file a band and date.
        part: of the side that is written; JPEG 2000 is slow to write and to decode.
    """

    name: str
    options: Mapping[str, object]
    suffix: str = "tif"
    together: bool = False
    part: float = 1.0

    @property
    def driver(self) -> str:
        """GDAL's name."""
        return {"tif": "GTiff", "jp2": "JP2OpenJPEG"}[self.suffix]


def tiled(compress: str, block: int) -> dict[str, object]:
    """Return GDAL's options of a tiled GeoTIFF."""
    return {"compress": compress, "blockxsize": block, "blockysize": block, "tiled": True}


FORMATS = (
    *(
        Format(f"GeoTIFF, {compress}, blocks of {block}", tiled(compress, block))
        for compress in ("deflate", "zstd", "lerc")
        for block in (256, 512)
    ),
    Format(
        "GeoTIFF, deflate, blocks of 512, all bands in one file", {**tiled("deflate", 512), "interleave": "pixel"}, together=True
    ),
    Format("JPEG 2000", {"blockxsize": 256, "blockysize": 256, "quality": "100", "reversible": "yes"}, "jp2", part=0.5),
)


def write_images(season: Path, out: Path, side: int, kind: Format) -> None:
    """Write a part of a season."""
    tile = season / "00"
    dates = sorted(folder.name for folder in tile.iterdir() if folder.is_dir())
    for date in [dates[round(place)] for place in np.linspace(0, len(dates) - 1, N_DATES)]:
        pixels = []
        for band in BANDS:
            with rasterio.open(tile / date / f"0_{band}_{date}.tif") as file:
                pixels.append(file.read(1, window=Window(0, 0, side, side)))
                place = {"crs": file.crs, "transform": file.transform}
        shape = {"width": pixels[0].shape[1], "height": pixels[0].shape[0], "dtype": pixels[0].dtype}
        files = (
            {f"S2_{date}": pixels}
            if kind.together
            else {f"S2_{date}_{name}": [one] for name, one in zip(BANDS, pixels, strict=True)}
        )
        for name, layers in files.items():
            path = out / f"{name}.{kind.suffix}"
            with rasterio.open(path, "w", kind.driver, count=len(layers), **shape, **place, **kind.options) as file:
                file.write(np.stack(layers))
                if kind.together:
                    file.descriptions = BANDS


def write_fields(season: Path, out: Path, side: int) -> None:
    with rasterio.open(season / "00" / "0_field_id.tif") as file:
        ids = file.read(1, window=Window(0, 0, side, side)).astype(np.int32)
        shapes = list(rasterio.features.shapes(ids, mask=ids > 0, transform=file.transform))
        table = {"field_id": [int(value) for _, value in shapes]}
        outlines = gpd.GeoDataFrame(table, geometry=[shapely.geometry.shape(one) for one, _ in shapes], crs=file.crs)
    outlines.dissolve("field_id").reset_index().to_file(out)


def cut(images: Path, fields: Path) -> dict[str, float]:
    """Cut all chips; return their number, the CPU seconds and the peak memory."""
    for module in ("cropdetect.api", "cropdetect.chips.open", "exactextract"):
        import_module(module)
    from cropdetect.chips import open_data
    from cropdetect.options import DataOptions

    opened = open_data(images, DataOptions(fields=fields, bands=BANDS, chip_size=32, clear="none"))
    start = cpu_seconds()
    n = sum(len(batch) for batch in opened.chips.batches(16))
    return {"cpu": cpu_seconds() - start, "chips": n, "peak_memory_mb": peak_memory_mb()}


def decode(images: Path) -> dict[str, float]:
    """Decode every block once; return the CPU seconds."""
    start = cpu_seconds()
    for path in sorted(file for file in images.iterdir() if file.suffix in (".tif", ".jp2")):
        with rasterio.Env(**AT_BEST), rasterio.open(path) as file:
            for _, window in file.block_windows(1):
                file.read(window=window)
    return {"cpu": cpu_seconds() - start}


def measure(season: Path, scratch: Path, side: int) -> list[Row]:
    """Return a row a format."""
    fields = scratch / "fields.gpkg"
    write_fields(season, fields, side)
    rows = []
    for number, kind in enumerate(FORMATS):
        folder = scratch / str(number)
        folder.mkdir()
        write_images(season, folder, round(side * kind.part), kind)
        floor = in_own_process(__file__, season, "--images", folder)
        ours = in_own_process(__file__, season, "--images", folder, "--fields", fields)
        work = f"cutting {ours['chips']:,} chips from {kind.name}"
        rows.append(Row(work, ours["cpu"], "CPU s", "decoding every block once", floor["cpu"], ours["peak_memory_mb"]))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("season", type=Path)
    parser.add_argument("--side", type=int, default=SIDE, help="height and width of the part, pixels")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--images", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--fields", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.images:
        print(json.dumps(cut(options.images, options.fields) if options.fields else decode(options.images)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        rows = measure(options.season, Path(scratch), options.side)
    emit(rows, as_json=options.json)


if __name__ == "__main__":
    main()
