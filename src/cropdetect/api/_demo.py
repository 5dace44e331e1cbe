"""The verb `demo`: the main job on a small simulated season."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from cropdetect.api._predict import predict
from cropdetect.checkpoint import shipped_path
from cropdetect.errors import OutputExistsError
from cropdetect.evaluation import score
from cropdetect.files import refuse_existing, whole_file
from cropdetect.formats import MetricsRecord
from cropdetect.simulation import simulate


def demo(out: Path, *, seed: int = 0, overwrite: bool = False) -> MetricsRecord:
    """Simulate a small season, predict it with the shipped checkpoint, and score the fields whose labels were hidden.

    Nothing is trained: the shipped checkpoint was trained on another simulated season.

    Args:
        out: folder that gets `season/`, `checkpoint/`, `predictions/` and `metrics.json`.
        seed: seed of the season.
        overwrite: replace a folder that is there already.

    Raises:
        OutputExistsError: the folder is there already and is not a demo's.
    """
    if out.exists() and any(out.iterdir()):
        refuse_existing(out, overwrite=overwrite)
        if not (out / "season").is_dir():
            raise OutputExistsError("this folder is not a demo's", where=out, fix="Name another folder.")
        for part in ("season", "checkpoint", "predictions"):
            shutil.rmtree(out / part, ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)
    season, checkpoint, predictions = out / "season", out / "checkpoint", out / "predictions"
    simulate(season, tiles=1, height=640, width=640, fields=240, seed=seed)
    shutil.copytree(shipped_path("kenya-simulated"), checkpoint)
    predict(season, predictions, checkpoint=checkpoint)
    metrics = _score(predictions / "predictions.csv", season / "truth.csv")
    with whole_file(out / "metrics.json") as file:
        file.write_text(metrics.model_dump_json(indent=1), "utf-8")
    return metrics


def _score(predictions: Path, truth: Path) -> MetricsRecord:
    table = pd.read_csv(predictions).merge(pd.read_csv(truth)[["field_id", "label", "split"]], on="field_id")
    table = table[(table["split"] == "test") & table["crop"].notna()]
    columns = [c for c in table.columns if c.startswith("prob_")]
    legend = [c.removeprefix("prob_") for c in columns]
    codes = table["label"].map(legend.index).to_numpy()
    return score(table[columns].to_numpy(np.float64), codes, legend)
