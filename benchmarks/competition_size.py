"""Cut and predict a season of the competition's full size with a 2020 checkpoint; count seconds and memory.

Usage: python benchmarks/competition_size.py SEASON CHECKPOINT [--out FOLDER] [--plain N]

SEASON comes from `cropdetect simulate SEASON` (its default size is the competition's: 8 GB), CHECKPOINT from
`cropdetect import-cv4a`. Torch is not needed. Beside it, N chips are cut in the plain way, a window of every file at a time,
and their time is scaled to all chips.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import rasterio
from rasterio.windows import Window


def plain_cut(season: Path, n_chips: int) -> float:
    """Return CPU seconds a chip of opening every file and reading a 32 x 32 window of it, chip by chip."""
    tile = season / "00"
    files = sorted(tile.glob("*/*.tif"))
    start = time.process_time()
    for chip in range(n_chips):
        for file in files:
            with rasterio.open(file) as source:
                source.read(1, window=Window((chip * 97) % (source.width - 32), (chip * 53) % (source.height - 32), 32, 32))
    return (time.process_time() - start) / n_chips


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("season", type=Path)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--out", type=Path, default=None)
    parser.add_argument("--plain", type=int, default=20, help="chips to cut in the plain way")
    arguments = parser.parse_args()
    out = arguments.out or Path(tempfile.mkdtemp()) / "out"

    command = [sys.executable, "-m", "cropdetect", "predict", str(arguments.season), str(out)]
    start = time.monotonic()
    subprocess.run([*command, "--checkpoint", str(arguments.checkpoint), "--submission", "--overwrite"], check=True)
    wall = time.monotonic() - start
    run = json.loads((out / "run.json").read_text("utf-8"))
    plain = plain_cut(arguments.season, arguments.plain) * run["n_chips"]
    print(f"fields {run['n_fields']}, chips {run['n_chips']}, status {run['status_counts']}")
    print(f"wall {wall:.0f} s; CPU seconds by stage: {run['cpu_seconds']}; peak memory {run['peak_memory_mb']:.0f} MB")
    print(f"cutting the plain way: {plain:.0f} CPU s ({arguments.plain} chips measured)")


if __name__ == "__main__":
    main()
