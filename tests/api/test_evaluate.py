"""`evaluate` joins labels by field id, counts hectares, and refuses what cannot be scored."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box
from typer.testing import CliRunner

from cropdetect import api
from cropdetect.cli import app
from cropdetect.errors import CropDetectError, FieldsError, LegendError, OutputExistsError, UnreadableFileError
from cropdetect.inference import Predictions
from cropdetect.outputs import prediction_table

SIDE = 200.0  # metres: 4 hectares
NAMES = ["maize", "wheat", "=evil()"]


def predictions(folder: Path, *, n: int = 60, geometry: bool = True, seed: int = 0) -> Path:
    """Write what `evaluate` reads of a prediction: field ids 1 to n in one row, every tenth without an answer."""
    rng = np.random.default_rng(seed)
    answers = rng.dirichlet([0.5] * 3, n)
    answers[9::10] = np.nan
    lefts = 500_000 + 1_000.0 * np.arange(n)
    shapes = [box(left, 100_000, left + SIDE, 100_000 + SIDE) if geometry else None for left in lefts]
    made = Predictions(
        fields=gpd.GeoDataFrame({"field_id": np.arange(1, n + 1)}, geometry=shapes, crs="EPSG:32636"),
        legend=tuple(NAMES),
        probabilities=answers,
        disagreement=np.zeros(n),
        n_dates=np.full(n, 5),
        clear_share=np.full(n, 0.9),
        n_pixels=np.full(n, 400.0),
        status=np.where(np.isnan(answers[:, 0]), "no_data", "ok"),
    )
    table = prediction_table(made)
    folder.mkdir(parents=True, exist_ok=True)
    table.to_parquet(folder / "fields.parquet")
    return folder


def truth(folder: Path, chosen: slice = slice(None), seed: int = 1) -> pd.DataFrame:
    table = gpd.read_parquet(folder / "fields.parquet")
    labels = np.array(NAMES)[np.random.default_rng(seed).integers(0, 3, len(table))]
    return pd.DataFrame({"field_id": table["field_id"], "crop": labels})[chosen]


def test_labels_in_any_order_give_the_scores_of_a_join_by_hand(tmp_path: Path) -> None:
    folder = predictions(tmp_path / "out")
    labels = truth(folder, slice(0, 40))
    labels.sample(frac=1, random_state=0).to_csv(tmp_path / "labels.csv", index=False)
    scores = api.evaluate(folder, tmp_path / "scores", reference=tmp_path / "labels.csv")
    table = gpd.read_parquet(folder / "fields.parquet").drop(columns="crop").merge(labels, on="field_id")
    table = table.dropna(subset="prob_maize")
    stated = np.array(NAMES)[table[[f"prob_{name}" for name in NAMES]].to_numpy().argmax(axis=1)]
    assert scores.n_fields == len(table) == 36
    assert scores.accuracy == pytest.approx((stated == table["crop"]).mean())
    assert any("4 labelled fields have no answer" in text for text in scores.warnings)
    written = pd.read_csv(tmp_path / "scores" / "predictions.csv")
    assert written["field_id"].tolist() == table["field_id"].tolist()
    assert json.loads((tmp_path / "scores" / "metrics.json").read_text())["confusion"] == scores.confusion


def test_areas_are_hectares_of_the_polygons_of_all_answered_fields(tmp_path: Path) -> None:
    folder = predictions(tmp_path / "out")
    truth(folder, slice(0, 40)).to_csv(tmp_path / "labels.csv", index=False)
    scores = api.evaluate(folder, tmp_path / "scores", reference=tmp_path / "labels.csv", probability_sample=True)
    assert scores.areas is not None
    assert scores.areas.unit == "ha"
    # 54 fields have an answer, of 4 ha on the UTM plane; on the ground a thousandth more or less.
    assert sum(one.mapped for one in scores.areas.classes) == pytest.approx(54 * 4.0, rel=2e-3)
    assert sum(one.estimated for one in scores.areas.classes) == pytest.approx(54 * 4.0, rel=2e-3)
    assert not any("probability sample" in text for text in scores.warnings)
    areas = pd.read_csv(tmp_path / "scores" / "areas.csv")
    assert areas["class"].tolist() == ["maize", "wheat", "'=evil()"]
    assert (areas["lower"] <= areas["estimated"]).all()
    assert (areas["estimated"] <= areas["upper"]).all()


@pytest.mark.parametrize(("pixel_size", "unit", "total"), [(None, "fields", 54), (10.0, "ha", 54 * 4.0)])
def test_without_polygons_areas_are_pixels_or_a_count(tmp_path: Path, pixel_size: float | None, unit: str, total: float) -> None:
    folder = predictions(tmp_path / "out", geometry=False)
    truth(folder).to_parquet(tmp_path / "labels.parquet")
    scores = api.evaluate(folder, tmp_path / "scores", reference=tmp_path / "labels.parquet", pixel_size=pixel_size)
    assert scores.areas is not None
    assert scores.areas.unit == unit
    assert sum(one.mapped for one in scores.areas.classes) == pytest.approx(total)


def test_a_vector_file_with_codes_ids_of_another_name_and_groups(tmp_path: Path) -> None:
    folder = predictions(tmp_path / "out")
    labels = truth(folder)
    codes = labels["crop"].map({"maize": 1200, "wheat": 310, "=evil()": 7})
    shapes = gpd.read_parquet(folder / "fields.parquet").geometry
    table = gpd.GeoDataFrame({"parcel": labels["field_id"], "code": codes, "village": np.arange(60) % 12}, geometry=shapes)
    table.to_file(tmp_path / "labels.gpkg", engine="pyogrio")
    (tmp_path / "legend.yaml").write_text("1200: maize\n310: wheat\n7: '=evil()'\n")
    labels.to_csv(tmp_path / "labels.csv", index=False)
    scores = api.evaluate(
        folder,
        tmp_path / "scores",
        reference=tmp_path / "labels.gpkg",
        id_column="parcel",
        labels="code",
        legend=tmp_path / "legend.yaml",
        group_column="village",
    )
    plain = api.evaluate(folder, tmp_path / "plain", reference=tmp_path / "labels.csv")
    assert scores.log_loss == plain.log_loss
    assert scores.intervals != plain.intervals
    assert not any("intervals" in text for text in scores.warnings)


def test_labels_of_no_class_are_named_and_left_out(tmp_path: Path) -> None:
    folder = predictions(tmp_path / "out")
    labels = truth(folder)
    labels.loc[:4, "crop"] = "barley"
    labels.to_csv(tmp_path / "labels.csv", index=False)
    scores = api.evaluate(folder, tmp_path / "scores", reference=tmp_path / "labels.csv")
    assert scores.n_fields == 49
    assert any("barley" in text and "5 fields" in text for text in scores.warnings)


@pytest.mark.parametrize(
    ("change", "error", "word"),
    [
        (lambda t: t.assign(field_id=t["field_id"] + 1000), FieldsError, "--id-column"),
        (lambda t: pd.concat([t, t.head(3)]), FieldsError, "more than one label"),
        (lambda t: t.assign(crop="barley"), LegendError, "--labels"),
        (lambda t: t.assign(crop=None), FieldsError, "no field has a label"),
        (lambda t: t.rename(columns={"crop": "Kultur"}), FieldsError, "--labels"),
        (lambda t: t.rename(columns={"field_id": "Schlag"}), FieldsError, "--id-column"),
    ],
)
def test_labels_that_cannot_be_joined_are_named_errors_and_write_nothing(
    tmp_path: Path, change: object, error: type[CropDetectError], word: str
) -> None:
    folder = predictions(tmp_path / "out")
    change(truth(folder)).to_csv(tmp_path / "labels.csv", index=False)  # type: ignore[operator]
    with pytest.raises(error, match=word):
        api.evaluate(folder, tmp_path / "scores", reference=tmp_path / "labels.csv")
    assert not (tmp_path / "scores").exists()


def test_a_damaged_table_is_a_named_error(tmp_path: Path) -> None:
    folder = predictions(tmp_path / "out")
    (tmp_path / "labels.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(UnreadableFileError):
        api.evaluate(folder, tmp_path / "scores", reference=tmp_path / "labels.parquet")


def test_a_finished_evaluation_is_not_overwritten_unasked(tmp_path: Path) -> None:
    folder = predictions(tmp_path / "out")
    truth(folder).to_csv(tmp_path / "labels.csv", index=False)
    api.evaluate(folder, tmp_path / "scores", reference=tmp_path / "labels.csv")
    with pytest.raises(OutputExistsError):
        api.evaluate(folder, tmp_path / "scores", reference=tmp_path / "labels.csv", seed=1)
    api.evaluate(folder, tmp_path / "scores", reference=tmp_path / "labels.csv", overwrite=True)


def test_the_command_prints_a_table_of_eighty_columns_or_json(tmp_path: Path) -> None:
    folder = predictions(tmp_path / "out")
    labels = truth(folder)
    labels.to_csv(tmp_path / "labels.csv", index=False)
    arguments = ["evaluate", str(folder), str(tmp_path / "scores"), "--reference", str(tmp_path / "labels.csv"), "--overwrite"]
    shown = CliRunner().invoke(app, arguments)
    assert shown.exit_code == 0
    table = shown.output[: shown.output.index("Look at")]
    assert max(map(len, table.splitlines())) <= 80
    for word in ("accuracy", "log loss", "area (ha)", "maize", "=evil()"):
        assert word in table
    told = CliRunner().invoke(app, [*arguments, "--json"])
    assert json.loads(told.output)["n_fields"] == 54
