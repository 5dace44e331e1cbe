"""The user's columns of the fields come back in all tables, and never in the place of ours."""

import datetime as dt
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point

from cropdetect.inference import Predictions
from cropdetect.outputs import prediction_table, read_predictions, renamed_columns, write_outputs
from cropdetect.outputs.own_columns import with_own_columns
from tests.outputs.conftest import make_predictions

HERE = pd.Timestamp("2019-05-01T10:00", tz="UTC")


def of(predictions: Predictions, **columns: Any) -> Predictions:
    """The same answers for fields with these columns and no other."""
    fields = predictions.fields[["field_id", "status", "geometry"]].assign(**columns)
    return replace(predictions, fields=gpd.GeoDataFrame(fields))


@pytest.fixture
def written(predictions, run, tmp_path):
    def write(**columns: Any) -> Path:
        write_outputs(of(predictions, **columns), tmp_path / "out", run=run, imagery=None, fields=None)
        return tmp_path / "out"

    return write


def package(out: Path) -> dict[str, list[Any]]:
    """Column -> values of the GeoPackage, as SQLite has them."""
    with sqlite3.connect(out / "fields.gpkg") as file:
        cursor = file.execute("select * from fields")
        return dict(zip([one[0] for one in cursor.description], map(list, zip(*cursor, strict=True)), strict=True))


VALUES = {
    "text": ["007", None, "=1", "ü"],
    "whole": pd.array([1, None, -3, 2**60], "Int64"),
    "small": np.array([1, 2, 3, 4], np.uint8),
    "real": [0.5, np.nan, 1.0, 2.0],
    "half": np.array([0.5, 1, 2, 3], np.float16),
    "truth": [True, None, False, True],
    "when": [HERE, pd.NaT, HERE, HERE],
}
TEXTS = {
    "huge": (np.array([2**64 - 1, 1, 2, 3], np.uint64), ["18446744073709551615", "1", "2", "3"]),
    "day": ([dt.date(2019, 5, 1), None, None, None], ["2019-05-01", None, None, None]),
    "several": ([["a", "b"], None, [], {"k": 1}], ['["a", "b"]', None, "[]", '{"k": 1}']),
    "mixed": ([1, "a", None, 2.5], ["1", "a", None, "2.5"]),
    "place": ([Point(1, 2), None, None, None], ["POINT (1 2)", None, None, None]),
    "bytes": ([b"\x01", None, None, None], ["01", None, None, None]),
    "kind": (pd.Categorical(["a", None, "b", "a"]), ["a", None, "b", "a"]),
}


def test_values_come_back_in_all_tables(written):
    out = written(**VALUES)
    parquet, csv, gpkg = pq.read_table(out / "fields.parquet"), pd.read_csv(out / "predictions.csv"), package(out)
    for name, values in VALUES.items():
        expected = [None if pd.isna(value) else value for value in pd.Series(values, dtype=object)]
        assert parquet[name].to_pylist() == expected, name
        if name != "when":
            assert gpkg[name] == expected, name
    assert gpkg["when"][:2] == ["2019-05-01T10:00:00Z", None]
    assert csv["text"].isna().tolist() == [False, True, False, False]
    assert csv["text"][2] == "'=1"
    assert csv["whole"].astype("Int64").tolist()[2] == -3


@pytest.mark.parametrize("name", TEXTS)
def test_what_a_table_cannot_hold_becomes_text(written, name):
    values, texts = TEXTS[name]
    out = written(**{name: pd.Series(values)})
    assert pq.read_table(out / "fields.parquet")[name].to_pylist() == texts
    assert package(out)[name] == texts


def test_a_column_called_like_ours_has_another_name_which_is_told(written, predictions):
    columns = {
        "crop": "a",
        "Status": "b",
        "prob_maize": 0.5,
        "prob_x": 0.5,
        "id": 7,
        "crop:code": "c",
        "fid": 1,
        "crop_in_file": "d",
    }
    out = written(**columns)
    table = gpd.read_parquet(out / "fields.parquet")
    assert table["crop"].tolist()[:2] == ["maize", "oats"]
    assert table["id"].tolist() == ["11", "12", "13", "14"]
    names = {"crop": "crop_in_file_2", "Status": "Status_in_file", "prob_maize": "in_file_prob_maize", "prob_x": "in_file_prob_x"}
    names |= {"id": "id_in_file", "crop:code": "crop:code_in_file", "fid": "fid_in_file", "crop_in_file": "crop_in_file"}
    for old, new in names.items():
        assert set(table[new]) == {columns[old]}
        assert set(package(out)[new]) == {columns[old]}
    (warning,) = renamed_columns(of(predictions, **columns).fields, predictions.legend)
    assert all(f"{old} as {new}" in warning for old, new in names.items() if old != new)
    assert renamed_columns(predictions.fields, predictions.legend) == ()


def test_a_name_that_was_changed_while_reading_is_told_too(predictions):
    fields = of(predictions, label_in_file="rye").fields
    assert "label as label_in_file" in renamed_columns(fields, predictions.legend)[0]


def test_the_answers_read_back_whatever_the_columns_are_called(written, predictions):
    again = read_predictions(written(prob_a=1.0, Prob_maize=0.1, n_dates=5))
    assert again.legend == predictions.legend
    np.testing.assert_array_equal(again.probabilities, predictions.probabilities)
    np.testing.assert_array_equal(again.n_dates, predictions.n_dates)


@settings(max_examples=50)
@given(st.lists(st.text(max_size=6), max_size=6, unique=True))
def test_all_columns_have_names_that_sqlite_tells_apart(names):
    made = make_predictions([None], [[0.5, 0.5]], crs=None)
    fields = made.fields[["field_id", "status", "geometry"]].assign(**dict.fromkeys(names, 1))
    table = with_own_columns(prediction_table(made), gpd.GeoDataFrame(fields), made.legend)
    shown = [name.casefold() for name in table.columns]
    assert len(set(shown)) == len(shown)
    assert not any(character < " " for name in shown for character in name)
