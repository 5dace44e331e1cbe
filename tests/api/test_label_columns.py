"""Every verb takes the same column for the labels, and none guesses between two that differ."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from typer.testing import CliRunner

from cropdetect import api
from cropdetect.cli import app
from cropdetect.errors import FieldsError
from tests.api.test_crossval import table


def with_crop(folder: Path, *, same: bool) -> pd.DataFrame:
    """Give a table folder's fields a column `crop`, the same as `label` or one field off."""
    fields = pd.read_parquet(folder / "fields.parquet")
    fields["crop"] = fields["label"]
    if not same:
        fields.loc[0, "crop"] = "rye"
    fields.to_parquet(folder / "fields.parquet")
    return fields


def test_columns_that_differ_are_refused_by_train_crossval_evaluate_and_info(
    season: Path, checkpoint: Path, tmp_path: Path
) -> None:
    data = table(tmp_path / "table")
    with_crop(data, same=False)
    polygons = gpd.read_file(season / "fields.gpkg")
    polygons.assign(label="barley").to_file(tmp_path / "fields.gpkg")
    both, options = tmp_path / "fields.gpkg", api.DataOptions(fields=tmp_path / "fields.gpkg")
    api.predict(season, tmp_path / "predictions", checkpoint=checkpoint)
    named = r"(?s)both label and crop could be the column of labels.*--labels"
    for verb in (
        lambda: api.train(data, tmp_path / "out"),
        lambda: api.train(season, tmp_path / "out", options=options),
        lambda: api.crossval(data, tmp_path / "out", folds="blocked"),
        lambda: api.chips(season, tmp_path / "out", options=options),
        lambda: api.info(data),
        lambda: api.info(both),
    ):
        with pytest.raises(FieldsError, match=named):
            verb()
    with pytest.raises(FieldsError, match=named):
        api.evaluate(tmp_path / "predictions", tmp_path / "out", reference=both)
    assert not (tmp_path / "out").exists()
    assert api.info(data, labels="crop").facts["labels"]["rye"] == 1
    assert api.info(both, labels="label").facts["labels"] == {"barley": 16}
    shown = CliRunner().invoke(app, ["info", str(both), "--labels", "crop", "--json"])
    assert '"cassava": 8' in shown.output


def test_predictions_need_no_labels_and_so_no_choice(season: Path, checkpoint: Path, tmp_path: Path) -> None:
    polygons = gpd.read_file(season / "fields.gpkg")
    polygons.assign(label="barley").to_file(tmp_path / "fields.gpkg")
    options = api.DataOptions(fields=tmp_path / "fields.gpkg")
    assert api.predict(season, tmp_path / "out", checkpoint=checkpoint, options=options).n_fields == 16


def test_a_crop_column_alone_labels_a_table_as_it_labels_a_vector_file(tmp_path: Path) -> None:
    data = table(tmp_path / "table")
    fields = pd.read_parquet(data / "fields.parquet")
    before = api.info(data).facts["labels"]
    fields.rename(columns={"label": "crop"}).to_parquet(data / "fields.parquet")
    assert api.info(data).facts["labels"] == before


def test_columns_that_agree_are_no_question(season: Path, checkpoint: Path, tmp_path: Path) -> None:
    data = table(tmp_path / "table")
    with_crop(data, same=True)
    assert api.info(data).facts["labels"] == {"maize": 59, "fallow": 61}
    api.predict(season, tmp_path / "predictions", checkpoint=checkpoint)
    polygons = gpd.read_file(season / "fields.gpkg")
    polygons.assign(label=polygons["crop"]).to_file(tmp_path / "fields.gpkg")
    scores = api.evaluate(tmp_path / "predictions", tmp_path / "scores", reference=tmp_path / "fields.gpkg")
    plain = api.evaluate(tmp_path / "predictions", tmp_path / "plain", reference=season / "fields.gpkg")
    assert scores.confusion == plain.confusion


def test_info_describes_the_folder_of_evaluate(season: Path, checkpoint: Path, tmp_path: Path) -> None:
    api.predict(season, tmp_path / "predictions", checkpoint=checkpoint)
    scores = api.evaluate(tmp_path / "predictions", tmp_path / "scores", reference=season / "fields.gpkg")
    described = api.info(tmp_path / "scores")
    assert described.kind == "scores"
    assert described.facts["fields"] == scores.n_fields
    assert described.facts["accuracy"] == pytest.approx(scores.accuracy, abs=1e-4)
    assert described.facts["labels"] == {name: one.n for name, one in scores.per_class.items()}
    assert "metrics.json" in described.facts["files"]
    assert described.warnings == scores.warnings
