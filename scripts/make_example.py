"""Write the example in data/input: a small simulated season as chips/, and a copy of the shipped checkpoint as checkpoint/.

Usage: python scripts/make_example.py

Run it again whenever the shipped checkpoint or the simulation changes.
"""

import shutil
from pathlib import Path

from cropdetect import api

ROOT = Path(__file__).parents[1]
INPUT = ROOT / "data" / "input"
SHIPPED = ROOT / "src" / "cropdetect" / "checkpoint" / "shipped" / "kenya-simulated"
SEASON = {"tiles": 1, "height": 96, "width": 96, "fields": 24, "seed": 7}


def main(folder: Path = INPUT) -> None:
    """Replace what lies in `chips/` and `checkpoint/`, the guides (README.md) excepted."""
    chips, checkpoint = folder / "chips", folder / "checkpoint"
    season = folder / ".season"
    api.simulate(season, **SEASON, overwrite=True)
    for name in ("truth.csv", "run.json"):  # a user's season has none
        (season / name).unlink()
    for target, source in ((chips, season), (checkpoint, SHIPPED)):
        for old in target.iterdir() if target.is_dir() else ():
            if old.is_dir():
                shutil.rmtree(old)
            elif old.name != "README.md":
                old.unlink()
        shutil.copytree(source, target, dirs_exist_ok=True)
    shutil.rmtree(season)


if __name__ == "__main__":
    main()
