"""Train the checkpoints that come with the package.

Usage: python scripts/train_checkpoints.py kenya-simulated
       python scripts/train_checkpoints.py s2-parcels-france FOLDER

kenya-simulated: a simulated season that the demo never shows. s2-parcels-france: FOLDER holds `series.parquet` and
`fields.parquet` of French parcels (Sentinel-2 L2A, from WorldCereal). Needs the extra [train]; takes some minutes on two cores.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

from cropdetect import api
from cropdetect.checkpoint import Checkpoint, shipped_path
from cropdetect.checkpoint.folder import write_record
from cropdetect.formats import MODEL_ID

SEASON = {"tiles": 1, "height": 1000, "width": 1000, "fields": 700, "seed": 2019}
MODEL_IDS = {"kenya-simulated": MODEL_ID, "s2-parcels-france": "s2-parcels-france"}


def kenya(out: Path) -> Checkpoint:
    season = out.parent / "simulated-season"
    api.simulate(season, **SEASON)
    licence = "Apache-2.0 (simulated pixels; see docs/simulation.md)"
    return api.train(season, out, options=api.DataOptions(chip_size=16), licence=licence, block_size=500.0, steps=250, members=5)


def france(out: Path, folder: Path) -> Checkpoint:
    licence = "MIT, (c) ESA WorldCereal (WorldCereal/worldcereal-classification); labels: French LPIS"
    return api.train(folder, out, licence=licence)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=list(MODEL_IDS))
    parser.add_argument("folder", type=Path, nargs="?")
    arguments = parser.parse_args()
    if arguments.name == "s2-parcels-france" and arguments.folder is None:
        parser.error("s2-parcels-france needs the folder of its data")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / arguments.name
        trained = kenya(out) if arguments.name == "kenya-simulated" else france(out, arguments.folder)
        write_record(out, trained.record.model_copy(update={"model_id": MODEL_IDS[arguments.name]}))
        shutil.rmtree(shipped_path(arguments.name), ignore_errors=True)
        shutil.copytree(out, shipped_path(arguments.name))
    print(trained.record.metrics)


if __name__ == "__main__":
    main()
