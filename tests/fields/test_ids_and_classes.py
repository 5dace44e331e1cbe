"""Ids, labels and classes are text that is never changed."""

import csv
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cropdetect.errors import FieldsError, InputNotFoundError
from cropdetect.fields import FieldSet, as_text, dbf, field_ids, read_fields, read_labels, read_legend, read_plain_table
from cropdetect.fields.legend import class_names
from cropdetect.inference import Predictions
from cropdetect.outputs.table import prediction_table
from cropdetect.outputs.tables import spreadsheet_safe, write_csv
from tests.fields.parcels import CRS, square, table, write

BIG = 2**53 + 1  # a floating-point number cannot be this
MIXED = [
    "007",
    "7",
    "7.0",
    "1.0",
    "None",
    "NA",
    "nan",
    "null",
    "-",
    " a",
    "b ",
    "maïs",
    "田んぼ",
    "قمح",
    "true",
    "1e3",
    "0x10",
    "2019-01-01",
]
TEXT_FORMATS = (".gpkg", ".geojson", ".geojsonl", ".shp", ".fgb", ".gml", ".gdb", ".parquet")


@pytest.mark.parametrize("suffix", TEXT_FORMATS)
def test_text_is_read_as_it_is_written_in_every_format(tmp_path: Path, suffix: str) -> None:
    words = [word for word in MIXED if word == word.strip() or suffix not in (".shp", ".gml")]  # which keep no blanks at the ends
    got = read_fields(write(table(field_id=words, crop=words), tmp_path / f"f{suffix}"), label_column="crop").table
    assert got["field_id"].tolist() == words
    assert got["label"].tolist() == words
    assert got["status"].tolist() == ["ok"] * len(words)


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".geojsonl", ".shp", ".fgb", ".parquet"])
def test_large_whole_numbers_stay_exact_beside_an_empty_cell(tmp_path: Path, suffix: str) -> None:
    ids = pd.array([BIG, BIG - 1, None, 5], dtype="Int64")
    got = read_fields(write(table(field_id=ids, code=ids), tmp_path / f"f{suffix}"), label_column="code").table
    assert got["field_id"].tolist() == [BIG, BIG - 1, -3, 5]
    assert got["field_id"].dtype == np.int64
    assert got["status"].tolist() == ["ok", "ok", "no_id", "ok"]
    assert got["label"].tolist() == [str(BIG), str(BIG - 1), None, "5"]


def test_numbers_too_long_for_gdal_are_read_digit_by_digit(tmp_path: Path) -> None:
    path = write(table(field_id=["x" * 20, "y" * 20]), tmp_path / "f.shp")
    ids = [12345678901234567890, 12345678901234567891]
    content = path.with_suffix(".dbf").read_bytes().replace(b"\0C\0", b"\0N\0", 1)
    for letter, number in zip("xy", ids, strict=True):
        content = content.replace(letter.encode() * 20, str(number).encode())
    at = content.index(b"field_id") + 11
    content = content[:at] + b"N" + content[at + 1 : at + 5] + bytes([80]) + content[at + 6 :]
    path.with_suffix(".dbf").write_bytes(content)
    assert pyogrio.read_info(path)["dtypes"].tolist() == ["float64"]  # what GDAL makes of it
    assert read_fields(path).table["field_id"].tolist() == [str(number) for number in ids]
    geojson = write(table(field_id=["111", "222"]), tmp_path / "f.geojson")
    text = geojson.read_text().replace('"111"', str(2**64 - 1)).replace('"222"', str(2**64 - 2))
    geojson.write_text(text)
    assert read_fields(geojson).table["field_id"].tolist() == [str(2**64 - 1), str(2**64 - 2)]


def test_ids_that_the_file_itself_rounded_are_doubted(tmp_path: Path) -> None:
    got = read_fields(write(table(field_id=[2.0**60, 2.0**60 + 256]), tmp_path / "f.gpkg"))
    assert got.table["field_id"].tolist() == [2**60, 2**60 + 256]
    assert any("floating-point" in warning for warning in got.warnings)


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([1, 2], "int32", [1, 2]),
        ([1, 2], "uint8", [1, 2]),
        ([1.0, 2.0], "float64", [1, 2]),
        ([-3, 0], "int64", [-3, 0]),
        ([2**63 - 1, 5], "uint64", [2**63 - 1, 5]),
        ([2**63, 5], "uint64", [str(2**63), "5"]),
        ([2**64 - 1, 2**64 - 2], "uint64", [str(2**64 - 1), str(2**64 - 2)]),
        ([2**64 - 1, None], "UInt64", [str(2**64 - 1), "row-2"]),
        ([BIG, None], "Int64", [BIG, -2]),
        ([-2, None], "Int64", [-2, -4]),  # -2 is taken
        (["row-2", None], object, ["row-2", "no-id-row-2"]),
        ([1.5, 2.0], "float64", ["1.5", "2"]),
        (["1", "2"], object, ["1", "2"]),
        (["1", 2, 2.0, "2.0"], object, ["1", "2", "2", "2.0"]),
        ([True, False], bool, ["True", "False"]),
        (["a", ""], object, ["a", "row-2"]),
        (["a", " \t"], object, ["a", "row-2"]),
        (["a", float("nan")], object, ["a", "row-2"]),
        (["nan", "a"], "str", ["nan", "a"]),
        ([None, None], object, [-1, -2]),
        ([], "int64", []),
    ],
)
def test_ids_are_whole_numbers_or_text(values: list[object], dtype: object, expected: list[object]) -> None:
    ids, missing = field_ids(pd.Series(values, dtype=dtype))
    assert ids.tolist() == expected
    assert missing.tolist() == [value is None or value != value or str(value).strip() == "" for value in values]
    assert (ids.dtype == np.int64) == all(isinstance(one, int) for one in expected)


@pytest.mark.parametrize(
    ("columns", "expected", "said"),
    [
        ({"field_id": ["a", "b"], "id": [1, 2]}, ["a", "b"], None),
        ({"ID": ["a", "b"]}, ["a", "b"], None),
        ({"id": [4, 4], "parcel_id": ["x", "y"]}, ["x", "y"], "id repeats"),
        ({"id": [4, 4]}, [1, 2], "row number"),
        ({"id": [None, None], "gid": [8, 9]}, [8, 9], "id is empty"),
        ({"id": pd.array([4, None], dtype="Int64")}, [4, -2], "no_id"),
        ({"localId": ["q", "p"]}, ["q", "p"], None),
        ({"name": ["q", "p"]}, [1, 2], "row number"),
        ({"field_id": ["a", "a"], "id": [1, 2]}, ["a", "a"], "duplicate_id"),
    ],
)
def test_a_column_that_repeats_values_holds_no_ids(
    tmp_path: Path, columns: dict[str, object], expected: list[object], said: str
) -> None:
    got = read_fields(write(table(**columns), tmp_path / "f.parquet"))
    assert got.table["field_id"].tolist() == expected
    assert any(said in warning for warning in got.warnings) if said else got.warnings == ()


@pytest.mark.parametrize(
    ("ids", "told"),
    [(["1.23457E+12", "2.5E+11"], "2 ids"), (["1,5e+11", "12"], "1 ids"), (["1e3", "E+12", "1.23457E+12b"], None)],
)
@pytest.mark.parametrize("named", ["field_id", None])
def test_ids_that_a_spreadsheet_shortened_are_told(tmp_path: Path, ids: list[str], told: str | None, named: str | None) -> None:
    got = read_fields(write(table(field_id=ids), tmp_path / "f.gpkg"), id_column=named)
    assert got.table["field_id"].tolist() == ids
    assert [told in text and "a spreadsheet has shortened them" in text for text in got.warnings] == ([True] if told else [])


def test_a_column_that_is_named_holds_the_ids_even_if_it_repeats_them(tmp_path: Path) -> None:
    got = read_fields(write(table(id=[4, 4], gid=[1, 2]), tmp_path / "f.gpkg"), id_column="id").table
    assert got["status"].tolist() == ["ok", "duplicate_id"]


@pytest.mark.parametrize(
    ("key", "named", "expected"),
    [("id", None, [70, 90]), ("code", "code", [70, 90]), ("fid", "fid", [70, 90]), ("fid", None, [1, 2])],
)
def test_the_key_of_a_geopackage_is_a_column(tmp_path: Path, key: str, named: str | None, expected: list[int]) -> None:
    fields = table(crop=["a", "b"]).assign(**{key: [70, 90]})
    pyogrio.write_dataframe(fields, tmp_path / "f.gpkg", FID=key)
    assert read_fields(tmp_path / "f.gpkg", id_column=named).table["field_id"].tolist() == expected


def test_ids_of_geojson_features_are_ids(tmp_path: Path) -> None:
    path = write(table(crop=["a", "b"]), tmp_path / "f.geojson")
    path.write_text(path.read_text().replace('"type": "Feature",', '"type": "Feature", "id": 70,', 1))
    assert 70 in read_fields(path).table["field_id"].tolist()


OURS = (
    "status",
    "label",
    "raster_pixels",
    "status_in_file",
    "crop_id",
    "confidence",
    "prob_maize",
    "n_pixels",
    "geometry_in_file",
)


@pytest.mark.parametrize("suffix", [".gpkg", ".parquet"])
def test_columns_called_like_ours_are_kept_and_not_taken_for_ours(tmp_path: Path, suffix: str) -> None:
    path = write(table(id=["x", "y"], crop=["a", "b"], **{name: ["u", "v"] for name in OURS}), tmp_path / f"f{suffix}")
    got = read_fields(path, label_column="crop").table
    assert got["status"].tolist() == ["ok", "ok"]
    assert got["label"].tolist() == ["a", "b"]
    assert "raster_pixels" not in got.columns
    assert got.columns.is_unique
    assert sum(got[name].tolist() == ["u", "v"] for name in got.columns) == len(OURS)


def test_a_status_of_the_user_may_be_the_id_or_the_label(tmp_path: Path) -> None:
    path = write(table(status=["x", "y"], field_id=["1", "1"]), tmp_path / "f.gpkg")
    got = read_fields(path, id_column="status", label_column="status").table
    assert got["field_id"].tolist() == got["label"].tolist() == ["x", "y"]
    assert got["status"].tolist() == ["ok", "ok"]
    assert got["field_id_in_file"].tolist() == ["1", "1"]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "2"], [1, 2]),
        (["007", "7"], ["007", "7"]),
        (["1.0", "2.0"], ["1.0", "2.0"]),
        ([str(BIG), ""], [BIG, None]),
        ([str(2**64 - 1), "1"], [str(2**64 - 1), "1"]),
        (["NA", "None"], ["NA", "None"]),
        (["nan", ""], ["nan", None]),
        (["1e5", "5"], ["1e5", "5"]),
        (["-5", "+5"], ["-5", "+5"]),
        (["true", "false"], ["true", "false"]),
        (["2019-01-01", "x"], ["2019-01-01", "x"]),
        ([" a", "a "], [" a", "a "]),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_ids_of_a_csv_table_are_what_is_written(tmp_path: Path, cells: list[str], expected: list[object], delimiter: str) -> None:
    lines = [delimiter.join(("field_id", "B02")), *(delimiter.join((cell, "0.25")) for cell in cells)]
    (tmp_path / "f.csv").write_text("\n".join(lines), encoding="utf-8-sig")
    got = read_plain_table(tmp_path / "f.csv")
    assert [None if pd.isna(one) else one for one in got["field_id"]] == expected
    assert got["B02"].tolist() == [0.25, 0.25]


def test_words_for_nothing_are_missing_among_numbers_and_words_among_words(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("field_id,B02,group\n1,NA,NA\n2,0.5,north\n")
    got = read_plain_table(tmp_path / "f.csv")
    assert got["B02"].isna().tolist() == [True, False]
    assert got["group"].tolist() == ["NA", "north"]


@pytest.mark.parametrize("name", ["l.csv", "l.parquet", "l.gpkg", "l.shp", "l.geojson", "l.fgb"])
def test_labels_are_read_from_any_table(tmp_path: Path, name: str) -> None:
    columns = {"plot": ["007", "7", "8"], "plant": ["None", "maïs", None]}
    if name.endswith((".csv", ".parquet")):
        frame = pd.DataFrame(columns)
        frame.to_csv(tmp_path / name, index=False) if name.endswith("csv") else frame.to_parquet(tmp_path / name)
    else:
        write(table(**columns), tmp_path / name)
    got, warnings = read_labels(tmp_path / name, "plot", "plant", None, None)
    assert got["field_id"].tolist() == ["007", "7"]
    assert got["label"].tolist() == ["None", "maïs"]
    assert [("sound like no label" in one) for one in warnings] == [True]
    with pytest.raises(FieldsError, match=r"'crop'[\s\S]*plot, plant"):
        read_labels(tmp_path / name, "plot", "crop", None, None)


@pytest.mark.parametrize("other", ["rye ", "Rye", "RYE", " rye"])
def test_classes_that_are_written_in_several_ways_are_told_and_kept(tmp_path: Path, other: str) -> None:
    got = read_fields(write(table(id=[1, 2, 3], crop=["rye", other, "oat"]), tmp_path / "f.gpkg"))
    assert got.table["label"].tolist() == ["rye", other, "oat"]
    (warning,) = got.warnings
    assert repr(other) in warning
    assert "'oat'" not in warning


@pytest.mark.parametrize("word", ["unknown", "N/A", "No data", "-9999", "?"])
def test_classes_that_sound_like_no_label_are_told(tmp_path: Path, word: str) -> None:
    got = read_fields(write(table(id=[1, 2, 3], crop=["rye", word, "oat"]), tmp_path / "f.gpkg"))
    (warning,) = got.warnings
    assert f"sound like no label, but count as crops: {word!r}." in warning


@pytest.mark.parametrize(
    ("line", "code", "name"),
    [
        ("007: rye", "007", "rye"),
        ("0123: rye", "0123", "rye"),
        ("no: Norway", "no", "Norway"),
        ("1.0: rye", "1.0", "rye"),
        ("1: NA", "1", "NA"),
        ("1: null", "1", "null"),
        ("1: 07", "1", "07"),
        ("1_000: rye", "1_000", "rye"),
        ("2019-01-01: rye", "2019-01-01", "rye"),
        ("'1': ' rye '", "1", " rye "),
        ("9007199254740993: maïs", "9007199254740993", "maïs"),
    ],
)
def test_codes_and_names_of_a_legend_are_what_is_written(tmp_path: Path, line: str, code: str, name: str) -> None:
    (tmp_path / "l.yaml").write_text(line, encoding="utf-8")
    assert read_legend(tmp_path / "l.yaml") == {code: name}


# Any text goes through every file and comes back ---------------------------------------------------------------------------

_LETTERS = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff\ufffe\uffff")
IDS = st.lists(
    st.text(_LETTERS, min_size=1, max_size=12).filter(lambda text: not text.isspace()), min_size=1, max_size=6, unique=True
)
_QUICK = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


def polygons(ids: Sequence[str]) -> gpd.GeoDataFrame:
    return table(field_id=pd.Series(ids, dtype=object))


@_QUICK
@given(ids=IDS, suffix=st.sampled_from([".gpkg", ".parquet", ".geojson", ".fgb"]))
def test_any_text_comes_back_from_a_vector_file(tmp_path: Path, ids: list[str], suffix: str) -> None:
    path = tmp_path / f"f{suffix}"
    path.unlink(missing_ok=True)
    got = read_fields(write(polygons(ids), path)).table
    assert got["field_id"].tolist() == ids
    assert got["status"].tolist() == ["ok"] * len(ids)


@_QUICK
@given(ids=IDS)
def test_any_text_comes_back_from_csv(tmp_path: Path, ids: list[str]) -> None:
    with (tmp_path / "f.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerows([("field_id", "crop"), *((one, one) for one in ids)])
    assert as_text(read_plain_table(tmp_path / "f.csv")["field_id"]).tolist() == ids
    got, _ = read_labels(tmp_path / "f.csv", None, None, None, None)
    assert got["field_id"].tolist() == got["label"].tolist() == ids


@_QUICK
@given(ids=IDS)
def test_any_text_comes_back_from_the_predictions(tmp_path: Path, ids: list[str]) -> None:
    """But for an apostrophe before what a spreadsheet would run."""
    path = tmp_path / "f.gpkg"
    path.unlink(missing_ok=True)
    fields = read_fields(write(polygons(ids), path)).table
    write_csv(prediction_table(answers(fields)), tmp_path / "predictions.csv")
    with (tmp_path / "predictions.csv").open(encoding="utf-8", newline="") as file:
        assert [row["field_id"] for row in csv.DictReader(file)] == [spreadsheet_safe(one) for one in ids]


@_QUICK
@given(ids=st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=6, unique=True), gap=st.booleans())
def test_any_whole_numbers_come_back_beside_a_gap(tmp_path: Path, ids: list[int], gap: bool) -> None:
    path = tmp_path / "f.gpkg"
    path.unlink(missing_ok=True)
    column = pd.array([*ids, *([None] if gap else [])], dtype="Int64")
    got = read_fields(write(table(field_id=column), path)).table
    assert got["field_id"].tolist()[: len(ids)] == ids
    assert got["field_id"].is_unique
    assert got["field_id"].dtype == np.int64


def answers(fields: gpd.GeoDataFrame) -> Predictions:
    n = len(fields)
    assert isinstance(FieldSet(fields), FieldSet)
    return Predictions(
        fields=fields[["field_id", "geometry"]],
        legend=("a", "b"),
        probabilities=np.full((n, 2), 0.5),
        disagreement=np.zeros(n),
        n_dates=np.ones(n, np.int64),
        clear_share=np.ones(n),
        n_pixels=np.ones(n),
        unlike_training=None,
        status=np.full(n, "ok"),
    )


def test_squares_are_in_the_crs_that_is_said() -> None:
    assert table(a=[1]).crs == CRS
    assert square(0).area == 10_000


def test_labels_without_a_field_id_are_told(tmp_path: Path) -> None:
    (tmp_path / "known.csv").write_text("field_id,label\na,rye\n,oats\nc,\n")
    found, warnings = read_labels(tmp_path / "known.csv", None, None, None, None)
    assert found.values.tolist() == [["a", "rye"]]
    assert warnings == ("known.csv: 1 labels have no field id in field_id and are left out",)


@pytest.mark.parametrize(
    ("text", "named", "error", "says"),
    [
        ("plot,label\n1,rye\n", (None, None), FieldsError, "no column is known to hold field ids"),
        ("field_id,what\n1,rye\n", (None, None), FieldsError, "no column is known to hold labels"),
        ("field_id,label\n1,\n", (None, None), FieldsError, "no field has a label in the column label"),
        ("field_id,label\n1,rye\n1,oats\n", (None, None), FieldsError, r"1 field ids have more than one label \(1\)"),
        ("field_id,label\n1,rye\n", ("nr", None), FieldsError, "there is no column 'nr'"),
        ("field_id,label\n1,rye\n", (None, "crop"), FieldsError, "there is no column 'crop'"),
        (None, (None, None), InputNotFoundError, "there is no"),
    ],
)
def test_labels_that_cannot_be_read_say_why(
    tmp_path: Path, text: str | None, named: tuple[str | None, str | None], error: type[Exception], says: str
) -> None:
    if text is not None:
        (tmp_path / "known.csv").write_text(text)
    with pytest.raises(error, match=says):
        read_labels(tmp_path / "known.csv", *named, None, None)


def test_groups_come_with_the_labels(tmp_path: Path) -> None:
    (tmp_path / "known.csv").write_text("field_id,label,group,village\n1,rye,a,x\n2,,b,y\n3,oats,c,z\n")
    found, _ = read_labels(tmp_path / "known.csv", None, None, None, None)
    assert found["group"].tolist() == ["a", "c"]
    found, _ = read_labels(tmp_path / "known.csv", None, None, None, "village")
    assert found["group"].tolist() == ["x", "z"]


def test_numbers_of_a_dbf_file_leave_deleted_rows_out_and_know_fractions(tmp_path: Path) -> None:
    path = write(table(big=[2**60 + 1, 2**60 + 2, 2**60 + 3], part=[0.5, 1.5, 2.5]), tmp_path / "f.shp")
    content = path.with_suffix(".dbf").read_bytes()
    start, width = int.from_bytes(content[8:10], "little"), int.from_bytes(content[10:12], "little")
    assert dbf.whole_numbers(path, "big") == [2**60 + 1, 2**60 + 2, 2**60 + 3]
    path.with_suffix(".dbf").write_bytes(content[: start + width] + b"*" + content[start + width + 1 :])
    assert dbf.whole_numbers(path, "big") == [2**60 + 1, 2**60 + 3]
    assert dbf.whole_numbers(path, "part") is None
    assert dbf.whole_numbers(path, "absent") is None
    path.with_suffix(".dbf").unlink()
    assert dbf.whole_numbers(path, "big") is None


@pytest.mark.parametrize("suffix", ["gpkg", "geojson", "fgb", "parquet"])
def test_yes_and_no_are_the_same_text_beside_a_gap(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"f.{suffix}"
    fields = table(field_id=[1, 2, 3], crop=pd.array([True, None, False], dtype="boolean"))
    fields.to_parquet(path) if suffix == "parquet" else fields.to_file(path)
    found = read_fields(path).table.set_index("field_id")["label"]  # FlatGeobuf puts neighbours together
    assert found.to_dict() == {1: "True", 2: None, 3: "False"}


@pytest.mark.parametrize("name", ["Field ID", " field_id ", "PLOT_ID", "Plot-ID", "uuid", "GlobalID"])
def test_names_of_id_columns_may_have_blanks_and_capitals(tmp_path: Path, name: str) -> None:
    table(**{name: ["007", "008"]}).to_parquet(tmp_path / "f.parquet")
    assert read_fields(tmp_path / "f.parquet").table["field_id"].tolist() == ["007", "008"]


def test_names_as_they_stand_in_the_rule_come_first(tmp_path: Path) -> None:
    table(**{"Field ID": ["x", "y"], "id": [7, 8], "Crop Code": ["1", "2"], "crop": ["rye", "oats"]}).to_parquet(
        tmp_path / "f.parquet"
    )
    found = read_fields(tmp_path / "f.parquet").table
    assert found["field_id"].tolist() == [7, 8]
    assert found["label"].tolist() == ["rye", "oats"]
    table(**{"Field ID": ["x", "y"], "id": [None, None], "Crop ": ["1", "2"]}).to_parquet(tmp_path / "f.parquet")
    found = read_fields(tmp_path / "f.parquet").table
    assert found["field_id"].tolist() == ["x", "y"]
    assert found["label"].tolist() == ["1", "2"]


def test_predicted_crops_are_no_known_crops(tmp_path: Path) -> None:
    rows = "field_id,crop,crop_id,confidence,entropy,prob_oats,prob_rye,status,crop_in_file\n1,rye,2,0.7,0.6,0.3,0.7,ok,oats\n"
    (tmp_path / "predictions.csv").write_text(rows)
    with pytest.raises(FieldsError, match=r"its crops are predicted, not known(.|\n)*--labels(.|\n)*crop_in_file"):
        read_labels(tmp_path / "predictions.csv", None, None, None, None)
    named, _ = read_labels(tmp_path / "predictions.csv", None, "crop_in_file", None, None)
    assert named.values.tolist() == [["1", "oats"]]


@pytest.mark.parametrize(("codes", "told"), [([0, 1, 2], True), ([0, 1], False), (["0", "rye", "oats"], False)])
def test_a_code_0_beside_others_is_doubted(codes: list[object], told: bool) -> None:
    _, warnings = class_names(pd.Series(codes, dtype=object), None, where="f.gpkg")
    assert any("sound like no label" in text and "'0'" in text for text in warnings) == told


def test_places_of_a_table_may_have_decimal_commas(tmp_path: Path) -> None:
    fields = table(field_id=["a", "b"])
    places = fields.geometry.centroid.to_crs(4326)
    rows = "".join(f"{p.y:.7f};{p.x:.7f};{crop}\n".replace(".", ",") for p, crop in zip(places, ["rye", "oats"], strict=True))
    (tmp_path / "survey.csv").write_text("Latitude;Longitude;crop\n" + rows)
    found, _ = read_labels(tmp_path / "survey.csv", None, None, None, None, fields)
    assert dict(found[["field_id", "label"]].values) == {"a": "rye", "b": "oats"}


@pytest.mark.parametrize(
    ("lies_in", "expected"),
    [("ba", {"a": "oats", "b": "rye"}), ("ab", {"a": "rye", "b": "oats"}), ("--", {"a": "rye", "b": "oats"})],
)
def test_lon_and_lat_decide_where_ids_are_of_another_list(tmp_path: Path, lies_in: str, expected: dict[str, str]) -> None:
    """A survey numbers its rows on its own; places outside all fields, such as those of farms, decide nothing."""
    fields = table(field_id=["a", "b"])
    inside = fields.geometry.centroid.to_crs(4326)
    middle = {"a": inside[0], "b": inside[1], "-": shapely.Point(10, 10)}
    places = [middle[one] for one in lies_in]
    rows = "".join(f"{field},{p.x},{p.y},{crop}\n" for field, p, crop in zip("ab", places, ["rye", "oats"], strict=True))
    (tmp_path / "survey.csv").write_text("id,lon,lat,crop\n" + rows)
    found, warnings = read_labels(tmp_path / "survey.csv", None, None, None, None, fields)
    assert dict(found[["field_id", "label"]].values) == expected
    assert any("joined to the fields by place" in text for text in warnings) == (lies_in == "ba")


def test_labels_without_a_place_are_told_where_places_decide(tmp_path: Path) -> None:
    fields = table(field_id=["a", "b"])
    place = fields.geometry.centroid.to_crs(4326)[0]
    (tmp_path / "survey.csv").write_text(f"lon,lat,crop\n{place.x},{place.y},rye\n,,oats\n")
    found, warnings = read_labels(tmp_path / "survey.csv", None, None, None, None, fields)
    assert found[["field_id", "label"]].values.tolist() == [["a", "rye"]]
    assert "survey.csv: 1 labels have no place and are not used" in warnings
    (tmp_path / "survey.csv").write_text("lon,lat,crop\nhere,there,rye\n")
    with pytest.raises(
        FieldsError, match=r"no label has a place\. survey\.csv: lon and lat hold no place on the Earth in 1 rows"
    ):
        read_labels(tmp_path / "survey.csv", None, None, None, None, fields)
