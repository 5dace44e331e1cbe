"""The verb `demo`: the main job on a small simulated season."""

import shutil
from pathlib import Path
from typing import Annotated

from pydantic import Field

from cropdetect.api._predict import predict
from cropdetect.api._simulate import simulate
from cropdetect.api._verb import verb
from cropdetect.formats import MetricsRecord
from cropdetect.runs import OutputFolder


@verb
def demo(out: Path = Path("demo-season"), *, seed: Annotated[int, Field(ge=0)] = 0, overwrite: bool = False) -> MetricsRecord:
    """Simulate a small season, predict it with the shipped checkpoint, and score the answer.

    Nothing is trained: the shipped checkpoint was trained on another simulated season. Scored are the fields whose labels were
    hidden.

    Args:
        out: output folder; it gets season/, checkpoint/, predictions/ and metrics.json.
        seed: seed of everything random.
        overwrite: replace another output of cropdetect; other files stay.

    Raises:
        CropDetectError: one of its kinds, when the output or the disk is at fault.
    """
    output = OutputFolder("demo", locals())
    from cropdetect.checkpoint import shipped_path

    season, predictions = output.path / "season", output.path / "predictions"
    if not output.finished():
        with output.writing() as work:
            simulate(season, tiles=1, height=640, width=640, fields=240, seed=seed, overwrite=overwrite)
            predict(season, predictions, checkpoint=shipped_path("kenya-simulated"), overwrite=overwrite)
            shutil.copytree(shipped_path("kenya-simulated"), work.new / "checkpoint")
            metrics = _score(predictions / "predictions.csv", season / "truth.csv")
            (work.new / "metrics.json").write_text(metrics.model_dump_json(indent=1), "utf-8")
    return MetricsRecord.model_validate_json((output.path / "metrics.json").read_bytes())


def _score(predictions: Path, truth: Path) -> MetricsRecord:
    import numpy as np
    import pandas as pd

    from cropdetect.evaluation import score

    answers = pd.read_csv(predictions)
    columns = [c for c in answers.columns if c.startswith("prob_")]
    table = answers[["field_id", "crop", *columns]].merge(pd.read_csv(truth)[["field_id", "label", "split"]], on="field_id")
    table = table[(table["split"] == "test") & table["crop"].notna()]
    legend = [c.removeprefix("prob_") for c in columns]
    codes = table["label"].map(legend.index).to_numpy()
    return score(table[columns].to_numpy(np.float64), codes, legend)
