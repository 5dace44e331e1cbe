"""Scores on fields that a checkpoint was trained on never stand for how good it is."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from cropdetect import api
from cropdetect.checkpoint import read_checkpoint
from cropdetect.cli import app
from cropdetect.errors import FieldsError


@pytest.fixture(scope="module")
def predictions(season: Path, checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("seen") / "predictions"
    api.predict(season, out, checkpoint=checkpoint)
    return out


def known_crops(season: Path) -> pd.DataFrame:
    return pd.DataFrame(gpd.read_file(season / "fields.gpkg").drop(columns="geometry"))


def test_predictions_mark_the_fields_that_the_checkpoint_was_trained_on(predictions: Path) -> None:
    assert pd.read_csv(predictions / "predictions.csv")["seen_in_training"].all()
    assert gpd.read_file(predictions / "fields.gpkg")["seen_in_training"].all()
    assert json.loads((predictions / "run.json").read_text())["n_seen_in_training"] == 16


def test_on_training_fields_the_headline_is_the_out_of_fold_score(
    season: Path, checkpoint: Path, predictions: Path, tmp_path: Path
) -> None:
    scores = api.evaluate(predictions, tmp_path / "out", reference=season / "fields.gpkg")
    own = read_checkpoint(checkpoint).record
    assert own.out_of_fold is not None
    assert (scores.log_loss, scores.accuracy, scores.n_fields) == (
        own.metrics["log_loss"],
        own.metrics["accuracy"],
        own.metrics["n_fields"],
    )
    assert scores.confusion == own.out_of_fold.confusion
    table = pd.read_csv(tmp_path / "out" / "predictions.csv")
    crop = table[["prob_cassava", "prob_maize"]].to_numpy().argmax(axis=1)
    right = (np.array(["cassava", "maize"])[crop] == table["label"]).mean()
    assert scores.on_training_fields is not None
    assert (scores.on_training_fields.n_fields, scores.on_training_fields.accuracy) == (16, right)
    assert table["seen_in_training"].all()
    assert any("does not show how good it is" in warning for warning in scores.warnings)
    page = (tmp_path / "out" / "report.html").read_text()
    assert "does not show how good it is" in page
    assert scores.validation.startswith("out of fold")


def test_training_fields_are_scored_apart_from_others(season: Path, tmp_path: Path) -> None:
    labels = gpd.read_file(season / "fields.gpkg")
    labels.loc[12:, "crop"] = None
    labels.to_file(tmp_path / "some.gpkg")
    options = api.DataOptions(fields=tmp_path / "some.gpkg", chip_size=16)
    api.train(season, tmp_path / "c", options=options, epochs=2, members=2, block_size=300.0)
    api.predict(season, tmp_path / "p", checkpoint=tmp_path / "c", options=api.DataOptions(fields=season / "fields.gpkg"))
    scores = api.evaluate(tmp_path / "p", tmp_path / "e", reference=season / "fields.gpkg")
    assert scores.on_training_fields is not None
    assert (scores.n_fields, scores.on_training_fields.n_fields) == (4, 12)
    table = pd.read_csv(tmp_path / "e" / "predictions.csv")
    assert table.loc[~table["seen_in_training"], "field_id"].tolist() == [130, 131, 132, 133]
    alone = tmp_path / "alone.csv"
    known_crops(season).tail(4).to_csv(alone, index=False)
    again = api.evaluate(tmp_path / "p", tmp_path / "f", reference=alone)
    assert (again.log_loss, again.accuracy, again.on_training_fields) == (scores.log_loss, scores.accuracy, None)


def test_a_checkpoint_that_forgets_its_fields_scores_with_a_warning(season: Path, tmp_path: Path) -> None:
    options = api.DataOptions(labels="crop", chip_size=16)
    made = api.train(season, tmp_path / "c", options=options, epochs=1, members=2, block_size=300.0, forget_fields=True)
    assert made.training_fields() is None
    assert not (tmp_path / "c" / "training-fields.npy").exists()
    api.predict(season, tmp_path / "p", checkpoint=tmp_path / "c")
    assert "seen_in_training" not in pd.read_csv(tmp_path / "p" / "predictions.csv")
    scores = api.evaluate(tmp_path / "p", tmp_path / "e", reference=season / "fields.gpkg")
    assert scores.n_fields == 16
    assert any("too good if these fields are among them" in warning for warning in scores.warnings)


def test_without_out_of_fold_scores_training_fields_are_refused(season: Path, predictions: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "fields.parquet").write_bytes((predictions / "fields.parquet").read_bytes())
    with pytest.raises(FieldsError, match="trained on all of these fields"):
        api.evaluate(copy, tmp_path / "out", reference=season / "fields.gpkg")
    assert not (tmp_path / "out").exists()


def test_the_report_of_a_prediction_holds_the_out_of_fold_scores(checkpoint: Path, predictions: Path) -> None:
    page = (predictions / "report.html").read_text()
    data = json.loads(page.split('<script type="application/json" id="data">')[1].split("</script>")[0])
    assert data["metrics"]["accuracy"] == read_checkpoint(checkpoint).record.metrics["accuracy"]
    assert "networks that had not seen a training field predict it" in data["metrics"]["warnings"][0]


def test_the_checkpoint_keeps_no_id_and_no_label_of_a_field(checkpoint: Path) -> None:
    record = read_checkpoint(checkpoint).record
    assert record.out_of_fold is not None
    assert record.out_of_fold.label_doubts is None


def test_report_takes_the_column_of_the_ids(season: Path, predictions: Path, tmp_path: Path) -> None:
    known = tmp_path / "known.csv"
    known_crops(season).rename(columns={"field_id": "nr"}).assign(id=range(900, 916)).to_csv(known, index=False)
    arguments = ["report", str(predictions), str(tmp_path / "page.html"), "--reference", str(known)]
    done = CliRunner().invoke(app, [*arguments, "--id-column", "nr"])
    assert done.exit_code == 0, done.exception
    assert isinstance(CliRunner().invoke(app, [*arguments, "--overwrite"]).exception, FieldsError)
