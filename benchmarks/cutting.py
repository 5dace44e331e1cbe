"""Cutting chips of a season, streamed and into a store, beside the floor of reading every block once and the plain ways.

    python benchmarks/cutting.py SEASON [--plain 20] [--json]

SEASON comes from `cropdetect simulate SEASON` (its default size is the competition's: 8 GB). Every piece of work runs in a fresh
process, one after the other, and counts the CPU seconds after the imports; a store counts with opening and planning. The plain
ways read a 32 x 32 window of every file for each chip: opening the file each time, or keeping all files open; a few chips are
measured and their time is scaled to all.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import rasterio
from rasterio.windows import Window

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.measured import Row, cpu_seconds, emit, in_own_process, peak_memory_mb

CHIP = 32
WITHOUT_SIDECARS = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR"}
AT_BEST = {**WITHOUT_SIDECARS, "GDAL_CACHEMAX": 4 * 2**20}  # bytes, as cropdetect sets it: the floor is lower by it


def images(season: Path) -> list[Path]:
    return sorted(season.glob("0?/*/*.tif"))


def read_every_block(season: Path) -> int:
    """Read each block of each image once; return the number of blocks."""
    n = 0
    for path in images(season):
        with rasterio.Env(**AT_BEST), rasterio.open(path) as file:
            for _, window in file.block_windows(1):
                file.read(1, window=window)
                n += 1
    return n


def plain(season: Path, n_chips: int, *, kept_open: bool) -> int:
    """Read a window of every file of the first tile for each chip; return the number of chips."""
    paths = sorted((season / "00").glob("*/*.tif"))
    with rasterio.Env(**WITHOUT_SIDECARS):
        files = [rasterio.open(path) for path in paths] if kept_open else []
        for chip in range(n_chips):
            for position, path in enumerate(paths):
                file = files[position] if kept_open else rasterio.open(path)
                top, left = (chip * 97) % (file.height - CHIP), (chip * 53) % (file.width - CHIP)
                file.read(1, window=Window(left, top, CHIP, CHIP))
                if not kept_open:
                    file.close()
        for file in files:
            file.close()
    return n_chips


def store(season: Path) -> int:
    """Cut all chips into a store, as `cropdetect chips` does; return their number."""
    from cropdetect import api

    with tempfile.TemporaryDirectory(dir=season.parent) as scratch:
        out = Path(scratch) / "chips.zarr"
        return len(api.chips(season, out, preset="cv4a"))


def measured(piece: str, season: Path, n_chips: int) -> dict[str, float]:
    """Do one piece of work in this process; return its CPU seconds, its count and the peak memory."""
    for module in ("cropdetect.api", "cropdetect.chips.open", "exactextract"):
        import_module(module)
    work: dict[str, Callable[[], int]] = {
        "blocks": lambda: read_every_block(season),
        "store": lambda: store(season),
        "opened": lambda: plain(season, n_chips, kept_open=False),
        "kept": lambda: plain(season, n_chips, kept_open=True),
    }
    before = cpu_seconds()
    if piece == "stream":
        from cropdetect.chips import open_data
        from cropdetect.options import DataOptions

        chips = open_data(season, DataOptions(), "cv4a").chips
        opened = cpu_seconds()
        count = sum(len(batch) for batch in chips.batches(16))
    else:
        opened = before
        count = work[piece]()
    return {"opening": opened - before, "cpu": cpu_seconds() - opened, "count": count, "peak_memory_mb": peak_memory_mb()}


def one_tile(season: Path, out: Path) -> Path:
    """Return a season of the first tile alone, whose files are links."""
    for file in (season / "00").rglob("*.tif"):
        place = out / file.relative_to(season)
        place.parent.mkdir(parents=True, exist_ok=True)
        os.link(file, place)
    return out


def measure(season: Path, n_plain: int) -> list[Row]:
    """Return the rows of one pass over all pieces of work."""
    found = {
        piece: in_own_process(__file__, season, "--piece", piece, "--plain", n_plain)
        for piece in ("blocks", "stream", "store", "opened", "kept")
    }
    floor, streamed, stored = found["blocks"], found["stream"], found["store"]
    n = streamed["count"]
    opened, kept = (found[piece]["cpu"] / found[piece]["count"] * n for piece in ("opened", "kept"))
    all_chips = f"{n:,.0f} chips"
    with tempfile.TemporaryDirectory(dir=season.parent) as scratch:
        alone = in_own_process(__file__, one_tile(season, Path(scratch) / "one"), "--piece", "stream")
    n_tiles = len(list(season.glob("0?")))
    floor_name = f"reading each of {floor['count']:,.0f} blocks once"
    return [
        Row(f"floor: {floor_name}", floor["cpu"], "CPU s", peak_memory_mb=floor["peak_memory_mb"]),
        Row(f"cutting {all_chips}, streamed", streamed["cpu"], "CPU s", floor_name, floor["cpu"], streamed["peak_memory_mb"]),
        Row(f"cutting {all_chips} into a store", stored["cpu"], "CPU s", "the plain way", opened, stored["peak_memory_mb"]),
        Row(f"opening all files and planning {all_chips}", streamed["opening"], "CPU s"),
        Row(
            f"cutting {all_chips}, streamed, with opening and planning",
            streamed["opening"] + streamed["cpu"],
            "CPU s",
            "the plain way",
            opened,
            streamed["peak_memory_mb"],
        ),
        Row(f"cutting {all_chips} into a store", stored["cpu"], "CPU s", "all files kept open", kept, stored["peak_memory_mb"]),
        Row(
            f"peak memory of cutting {n_tiles} tiles",
            streamed["peak_memory_mb"],
            "MB",
            "one tile",
            alone["peak_memory_mb"],
            streamed["peak_memory_mb"],
        ),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("season", type=Path)
    parser.add_argument("--plain", type=int, default=20, help="chips to cut in the plain ways")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--piece", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.piece:
        print(json.dumps(measured(options.piece, options.season, options.plain)))
    else:
        emit(measure(options.season, options.plain), as_json=options.json)


if __name__ == "__main__":
    main()
