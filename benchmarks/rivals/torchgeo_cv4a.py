"""The competition's data set of torchgeo, and the plain loop over its fields: the means of each field, date and band.

    PYTHON benchmarks/rivals/torchgeo_cv4a.py SEASON --json        PYTHON has torchgeo

The data set holds a whole tile as float32; only the first tile of the season is read. No network runs: reading alone is counted.
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from torchgeo.datasets import CV4AKenyaCropType


def as_published(season: Path, root: Path) -> Path:
    """Lay the first tile of a season as the data set expects it, by links."""
    for file in (season / "00").rglob("*.tif"):
        place = root / "data" / "0" / file.relative_to(season / "00")
        place.parent.mkdir(parents=True, exist_ok=True)
        os.link(file, place)
    (root / "FieldIds.csv").touch()
    return root


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("season", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.season.parent) as scratch:
        dates = tuple(sorted(folder.name for folder in (options.season / "00").iterdir() if folder.is_dir()))

        class FirstTile(CV4AKenyaCropType):
            tiles = ("0",)

        FirstTile.dates = dates
        start = time.process_time()
        data = FirstTile(root=as_published(options.season, Path(scratch)), chip_size=2016, stride=2016)
        done: set[int] = set()
        for sample in (data[position] for position in range(len(data))):
            image, ids = sample["image"], sample["field_ids"].numpy()
            for field in np.unique(ids[ids > 0]).tolist():
                if field not in done:
                    done.add(field)
                    image[:, :, *map(np.ascontiguousarray, np.nonzero(ids == field))].mean(dim=2)
        cpu = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    row = {"work": "rival: torchgeo's CV4A data set, plain loop over fields, no network", "ours": len(done) / cpu}
    row |= {"unit": "fields/CPU s", "beside": "", "theirs": None, "peak_memory_mb": peak}
    print(json.dumps(row) if options.json else row, file=sys.stdout)


if __name__ == "__main__":
    main()
