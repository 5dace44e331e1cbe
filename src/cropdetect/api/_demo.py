"""The verb `demo`: the main job on a small simulated season."""

import shutil
from pathlib import Path

from cropdetect.api._evaluate import evaluate
from cropdetect.api._predict import predict
from cropdetect.api._report import report
from cropdetect.api._simulate import simulate
from cropdetect.api._verb import verb
from cropdetect.formats import MetricsRecord
from cropdetect.options import AnyPath, Seed
from cropdetect.runs import OutputFolder

_TITLE = "Crops of a simulated season in western Kenya, 2019"


@verb
def demo(out: AnyPath = Path("demo-season"), *, seed: Seed = 0, overwrite: bool = False) -> MetricsRecord:
    """Simulate a small season, predict it with the shipped checkpoint, and score the answer.

    Nothing is trained: the shipped checkpoint was trained on another simulated season. Only the fields with hidden labels are
    scored.

    Args:
        out: output folder; it gets season/, checkpoint/, predictions/ and metrics.json.
        seed: seed of everything random.
        overwrite: replace another output of cropdetect; other files stay.

    Raises:
        CropDetectError: one of its kinds, when the output or the disk is at fault.
    """
    output = OutputFolder("demo", locals(), steps=("season", "predictions"))
    from cropdetect.checkpoint import shipped_path

    season, predictions = output.path / "season", output.path / "predictions"
    if not output.finished():
        with output.writing() as work:
            simulate(season, tiles=1, height=640, width=640, fields=240, seed=seed, overwrite=overwrite)
            predict(season, predictions, checkpoint=shipped_path("kenya-simulated"), title=_TITLE, overwrite=overwrite)
            shutil.copytree(shipped_path("kenya-simulated"), work.new / "checkpoint")
            hidden = _hidden_labels(season, work.state)
            metrics = evaluate(predictions, work.state / "scores", reference=hidden, overwrite=True)
            report(predictions, reference=hidden, overwrite=True)
            (work.new / "metrics.json").write_text(metrics.model_dump_json(indent=1), "utf-8")
    return MetricsRecord.model_validate_json((output.path / "metrics.json").read_bytes())


def _hidden_labels(season: Path, folder: Path) -> Path:
    """Write the labels that the season hides, as a table of known crops."""
    import pandas as pd

    truth = pd.read_csv(season / "truth.csv")
    file = folder / "hidden_labels.csv"
    truth.loc[truth["split"] == "test", ["field_id", "label"]].to_csv(file, index=False)
    return file
