import csv
import json
import sqlite3

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import entr

from cropdetect.outputs import probability_columns, read_predictions, write_outputs
from cropdetect.outputs.tables import spreadsheet_safe

COLUMNS = [
    "field_id",
    "geometry",
    "crop",
    "crop_id",
    "confidence",
    "entropy",
    "disagreement",
    "prob_maize",
    "prob_rye",
    "prob_oats",
]
COLUMNS += ["n_dates", "clear_share", "n_pixels", "unlike_training", "status"]
NULL_WITHOUT_ANSWER = COLUMNS[2:10]


@pytest.fixture
def written(predictions, run, tmp_path):
    def write(given=predictions, **options):
        write_outputs(given, tmp_path / "out", run=run, imagery=None, fields=None, **options)
        return tmp_path / "out"

    return write


def gpkg_rows(out):
    with sqlite3.connect(out / "fields.gpkg") as file:
        file.row_factory = sqlite3.Row
        return [dict(row) for row in file.execute("select * from fields")]


def csv_rows(out, name="predictions.csv"):
    with (out / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_all_tables_have_the_agreed_columns_in_their_order(written):
    out = written()
    assert pq.read_schema(out / "fields.parquet").names == [*COLUMNS, "owner", "id", "crop:code", "crop:name"]
    without_geometry = [c for c in COLUMNS if c != "geometry"]
    assert list(csv_rows(out)[0]) == [*without_geometry, "owner"]
    assert [c for c in gpkg_rows(out)[0] if c not in ("fid", "geom")] == [*without_geometry, "owner"]


def test_values_are_those_of_the_predictions(written, predictions):
    table = gpd.read_parquet(written() / "fields.parquet")
    assert table["field_id"].tolist() == [11, 12, 13, 14]
    assert table["field_id"].dtype == np.int64
    assert table["crop"].tolist()[:2] == ["maize", "oats"]
    assert table["crop_id"].tolist()[:2] == [1, 3]
    assert table["confidence"].tolist()[:2] == [0.9, 0.45]
    np.testing.assert_allclose(table["entropy"][:2].astype(float), entr(predictions.probabilities[:2]).sum(axis=1))
    assert table["status"].tolist() == ["ok", "partly_outside", "no_data", "outside"]
    assert table.crs == "EPSG:32636"
    assert table.geometry.geom_equals(predictions.fields.geometry).all()


def test_no_answer_is_null_everywhere_and_never_nan(written):
    out = written()
    table = pq.read_table(out / "fields.parquet")
    for name in NULL_WITHOUT_ANSWER:
        assert table[name].is_null(nan_is_null=False).to_pylist() == [False, False, True, True], name
    for row, answered in zip(gpkg_rows(out), (True, True, False, False), strict=True):
        assert all((row[name] is not None) is answered for name in NULL_WITHOUT_ANSWER)
    for row, answered in zip(csv_rows(out), (True, True, False, False), strict=True):
        assert all((row[name] != "") is answered for name in NULL_WITHOUT_ANSWER)
    assert table["clear_share"].to_pylist() == [0.5, 1.0, 0.0, None]
    assert table["n_dates"].to_pylist() == [7, 7, 0, 0]
    assert "nan" not in (out / "predictions.csv").read_text().lower()


def test_below_the_least_confidence_only_the_crop_is_empty(written):
    rows = csv_rows(written(min_confidence=0.5))
    assert [row["crop"] for row in rows] == ["maize", "", "", ""]
    assert [row["crop_id"] for row in rows] == ["1", "", "", ""]
    assert rows[1]["confidence"] == "0.45"
    assert csv_rows(written(min_confidence=0.9))[0]["crop"] == "maize"


def test_geopandas_reads_both_vector_files(written, predictions):
    out = written()
    package, parquet = gpd.read_file(out / "fields.gpkg", layer="fields"), gpd.read_parquet(out / "fields.parquet")
    assert package.crs == parquet.crs == predictions.fields.crs
    assert package.geometry.geom_equals(parquet.geometry).all()
    assert json.loads(pq.read_schema(out / "fields.parquet").metadata[b"geo"])["columns"]["geometry"]["encoding"] == "WKB"


def test_fields_without_geometry_or_crs_have_null_geometry(written, many_predictions):
    out = written(many_predictions([None, None], [[0.5, 0.5], [1, 0]], crs=None))
    assert gpd.read_parquet(out / "fields.parquet").geometry.isna().all()
    assert gpd.read_file(out / "fields.gpkg", layer="fields").geometry.isna().all()
    assert len(csv_rows(out)) == 2


def test_points_and_text_ids_are_kept(written, many_predictions, points):
    out = written(many_predictions(points, [[0.5, 0.5]] * 3, ids=["a", "007", "=1+1"], crs="EPSG:4326"))
    assert gpd.read_parquet(out / "fields.parquet")["field_id"].tolist() == ["a", "007", "=1+1"]
    package = gpd.read_file(out / "fields.gpkg", layer="fields")
    assert package["field_id"].tolist() == ["a", "007", "=1+1"]
    assert package.geometry.geom_equals(gpd.GeoSeries(points, crs=4326)).all()
    assert [row["field_id"] for row in csv_rows(out)] == ["a", "007", "'=1+1"]


def test_no_field_at_all_still_gives_tables(written, many_predictions):
    out = written(many_predictions([], np.zeros((0, 3))), submission=True)
    assert (
        len(gpd.read_parquet(out / "fields.parquet"))
        == len(gpd.read_file(out / "fields.gpkg", layer="fields"))
        == len(csv_rows(out))
        == 0
    )


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_cells_that_spreadsheets_run_get_an_apostrophe(start):
    assert spreadsheet_safe(f"{start}cmd") == f"'{start}cmd"


@pytest.mark.parametrize("text", ["-1", "+2.5", "-1e-3", "maize", "a=b", ""])
def test_plain_numbers_and_text_are_left_alone(text):
    assert spreadsheet_safe(text) == text


def test_class_names_that_spreadsheets_run_are_quoted_in_the_crop_column(written, many_predictions, points):
    out = written(many_predictions(points[:1], [[0.8, 0.2]], legend=["=HYPERLINK(1)", "-rye"]))
    assert csv_rows(out)[0]["crop"] == "'=HYPERLINK(1)"
    assert gpd.read_parquet(out / "fields.parquet")["crop"][0] == "=HYPERLINK(1)"


ODD = [
    "Maize & Bean",
    "maize & bean",
    'quo"te',
    "it's",
    "new\nline",
    "new_line",
    "naïve 小麦",
    "a,b;c",
    "x" * 200,
    "%s\\d",
    "fid",
    "",
]


def test_odd_class_names_work_in_every_file(written, many_predictions, points):
    probabilities = np.arange(1, len(ODD) + 1) / np.arange(1, len(ODD) + 1).sum()
    out = written(many_predictions(points[:1], [probabilities], legend=ODD), submission=True)
    names = probability_columns(ODD)
    assert [gpd.read_parquet(out / "fields.parquet")[name][0] for name in names] == probabilities.tolist()
    assert [gpkg_rows(out)[0][name] for name in names] == probabilities.tolist()
    assert [float(csv_rows(out)[0][name]) for name in names] == probabilities.tolist()


@given(st.lists(st.text(max_size=5), min_size=1, max_size=8))
def test_every_class_has_a_column_of_its_own(legend):
    names = probability_columns(legend)
    assert len({name.lower() for name in names}) == len(legend)
    assert not any(character < " " for name in names for character in name)


def test_plain_class_names_are_kept_as_they_are():
    assert probability_columns(["Maize & Common Bean", "rye"]) == ["prob_Maize & Common Bean", "prob_rye"]


def test_a_submission_lists_the_fields_with_an_answer(written):
    out = written(submission=True, min_confidence=0.99)
    assert csv_rows(out, "submission.csv") == [
        {"Field_ID": "11", "Crop_ID_1": "0.9", "Crop_ID_2": "0.1", "Crop_ID_3": "0.0"},
        {"Field_ID": "12", "Crop_ID_1": "0.2", "Crop_ID_2": "0.35", "Crop_ID_3": "0.45"},
    ]


def test_what_was_written_reads_back(written, predictions):
    again = read_predictions(written())
    assert again.legend == predictions.legend
    for name in ("probabilities", "disagreement", "n_dates", "clear_share", "n_pixels", "unlike_training", "status"):
        np.testing.assert_array_equal(getattr(again, name), getattr(predictions, name))
    assert pd.Series(again.fields["field_id"]).tolist() == [11, 12, 13, 14]
