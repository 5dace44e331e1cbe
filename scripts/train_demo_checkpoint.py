"""Train the checkpoint that ships with the package, on a simulated season that the demo never shows.

Usage: python scripts/train_demo_checkpoint.py

Writes src/cropdetect/demo_checkpoint. Needs the extra [train]; takes some minutes on two cores.
"""

import tempfile
from pathlib import Path

from cropdetect import api

SEASON = {"tiles": 1, "height": 1000, "width": 1000, "fields": 700, "seed": 2019}
OUT = Path(__file__).parents[1] / "src" / "cropdetect" / "demo_checkpoint"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        season = Path(folder) / "simulated-season"
        api.simulate(season, **SEASON)
        checkpoint = api.train(
            season,
            OUT,
            options=api.DataOptions(chip_size=16),
            licence="Apache-2.0 (simulated pixels; see docs/simulation.md)",
            epochs=30,
            patience=8,
            block_size=500.0,
            arguments={"hidden": 64},
            overwrite=True,
        )
    print(checkpoint.record.metrics)


if __name__ == "__main__":
    main()
