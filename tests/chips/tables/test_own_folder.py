"""Series tables as chips of one pixel."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cropdetect.chips import RandomAccessChips, open_chips, read_table, write_chips
from cropdetect.errors import FieldsError, InputNotFoundError, TableError, UnreadableFileError

SERIES = pd.DataFrame(
    {
        "field_id": ["b", "a", "a", "b", "a", "c"],
        "date": ["2019-07-01", "2019-08-01", "2019-06-01", "2019-06-15", "2019-07-01", "2019-07-01"],
        "NDVI": [0.5, 0.8, 0.2, np.nan, 0.4, 0.1],
        "EVI": [5.0, 8.0, np.nan, np.nan, 4.0, 1.0],
    }
)
FIELDS = pd.DataFrame(
    {
        "field_id": ["a", "b", "c", "d"],
        "label": ["maize", None, "rye", "rye"],
        "lon": [3.0, 4.0, np.nan, 6.0],
        "lat": [50.0, 51, 52, 53],
    }
)


def write(folder: Path, series: pd.DataFrame = SERIES, fields: pd.DataFrame = FIELDS, suffix: str = "csv") -> Path:
    for name, table in (("series", series), ("fields", fields)):
        if suffix == "csv":
            table.to_csv(folder / f"{name}.csv", index=False)
        else:
            table.to_parquet(folder / f"{name}.parquet")
    return folder


def series_of(chips: RandomAccessChips, field: object) -> tuple[list[str], np.ndarray, list[bool]]:
    row = chips.fields.index[chips.fields["field_id"] == field][0]
    batch = chips.take(np.flatnonzero(chips.field_of_chip == row))
    there = ~np.isnat(batch.date[0])
    return [str(day) for day in batch.date[0, there]], batch.image[0, there, :, 0, 0], batch.clear[0, there, 0, 0].tolist()


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_each_field_is_a_chip_of_its_dates_in_order(tmp_path: Path, suffix: str) -> None:
    chips = read_table(write(tmp_path, suffix=suffix))
    assert (len(chips), chips.info.n_steps, chips.info.size, chips.info.bands) == (3, 3, 1, ("NDVI", "EVI"))
    days, values, clear = series_of(chips, "a")
    assert days == ["2019-06-01", "2019-07-01", "2019-08-01"]
    np.testing.assert_allclose(values, [[0.2, np.nan], [0.4, 4], [0.8, 8]], rtol=1e-6)
    assert clear == [True, True, True]
    assert series_of(chips, "b")[0] == ["2019-06-15", "2019-07-01"]
    assert series_of(chips, "b")[2] == [False, True]
    batch = next(chips.batches(9))
    assert batch.image.dtype == np.float32
    assert not batch.clear[np.isnat(batch.date)].any()
    assert (batch.mask == 1).all()


def test_fields_keep_labels_and_places_and_say_what_they_lack(tmp_path: Path) -> None:
    table = read_table(write(tmp_path)).fields
    assert table["label"].tolist() == ["maize", None, "rye", "rye"]
    assert table["status"].tolist() == ["ok", "ok", "ok", "no_data"]
    assert (table.geometry[0].x, table.geometry[0].y) == (3, 50)
    assert table.geometry[2] is None
    assert table.crs == "EPSG:4326"


def test_without_places_the_geometry_is_empty(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, fields=FIELDS[["field_id", "label"]])).fields
    assert table.geometry.isna().all()


def test_equal_dates_are_averaged_and_that_is_said(tmp_path: Path) -> None:
    again = pd.DataFrame({"field_id": ["a"], "date": ["2019-06-01"], "NDVI": [0.6], "EVI": [2.0]})
    chips = read_table(write(tmp_path, pd.concat([SERIES, again])))
    np.testing.assert_allclose(series_of(chips, "a")[1][0], [0.4, 2.0])
    assert any("repeat" in warning for warning in chips.info.warnings)


def test_an_empty_band_is_left_out_and_named(tmp_path: Path) -> None:
    chips = read_table(write(tmp_path, SERIES.assign(B8A=np.nan)))
    assert chips.info.bands == ("NDVI", "EVI")
    assert any("B8A" in warning for warning in chips.info.warnings)


def test_dates_without_hyphens_are_days(tmp_path: Path) -> None:
    compact = SERIES.assign(date=SERIES["date"].str.replace("-", ""))
    assert series_of(read_table(write(tmp_path, compact)), "b")[0] == ["2019-06-15", "2019-07-01"]


def test_times_of_day_and_zones_do_not_matter(tmp_path: Path) -> None:
    timed = SERIES.assign(date=SERIES["date"] + "T10:50:31Z")
    assert series_of(read_table(write(tmp_path, timed)), "b")[0] == ["2019-06-15", "2019-07-01"]


def test_whole_number_ids_match_however_they_are_written(tmp_path: Path) -> None:
    number = {"a": 1, "b": 2, "c": 3, "d": 4}
    series = SERIES.assign(field_id=SERIES["field_id"].map(number).astype(float))
    fields = FIELDS.assign(field_id=FIELDS["field_id"].map(number).astype(str))
    chips = read_table(write(tmp_path, series, fields, "parquet"))
    assert chips.fields["field_id"].tolist() == ["1", "2", "3", "4"]  # text stays text
    assert len(chips) == 3


def test_bad_rows_lose_no_others(tmp_path: Path) -> None:
    series = pd.concat([SERIES, SERIES.iloc[:1].assign(field_id=None), SERIES.iloc[:1].assign(field_id="stranger")])
    fields = pd.concat([FIELDS, FIELDS.iloc[:1].assign(label="other"), FIELDS.iloc[:1].assign(field_id=None)])
    chips = read_table(write(tmp_path, series, fields))
    assert chips.fields["status"].tolist() == ["ok", "ok", "ok", "no_data", "duplicate_id", "no_id"]
    assert len(chips) == 3
    text = " ".join(chips.info.warnings)
    assert all(word in text for word in ("stranger", "duplicate_id", "no_id", "without a field id"))


@pytest.mark.parametrize(
    ("series", "fields", "said"),
    [
        (SERIES.drop(columns="date"), FIELDS, "date"),
        (SERIES.drop(columns="field_id"), FIELDS, "field_id"),
        (SERIES, FIELDS.drop(columns="field_id"), "field_id"),
        (SERIES.assign(date="soon"), FIELDS, "date"),
        (SERIES.assign(date=[None, *SERIES["date"][1:]]), FIELDS, "date"),
        (SERIES.assign(NDVI=["high", *SERIES["NDVI"].astype(str)[1:]]), FIELDS, "NDVI"),
        (SERIES[["field_id", "date"]], FIELDS, "band"),
        (SERIES.assign(field_id="x"), FIELDS, "field id"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, series: pd.DataFrame, fields: pd.DataFrame, said: str) -> None:
    with pytest.raises(TableError, match=said):
        read_table(write(tmp_path, series, fields))


def test_absent_columns_and_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(FieldsError, match="crop"):
        read_table(write(tmp_path), label_column="crop")
    (tmp_path / "fields.csv").unlink()
    with pytest.raises(InputNotFoundError, match="fields"):
        read_table(tmp_path)
    (tmp_path / "fields.parquet").write_bytes(b"PAR1 broken")
    with pytest.raises(UnreadableFileError, match=r"fields\.parquet"):
        read_table(tmp_path)


def test_a_table_can_be_kept_as_a_store(tmp_path: Path) -> None:
    table = read_table(write(tmp_path))
    write_chips(table, tmp_path / "chips.zarr")
    stored, expected = next(open_chips(tmp_path / "chips.zarr").batches(9)), next(table.batches(9))
    np.testing.assert_array_equal(stored.image, expected.image)
    np.testing.assert_array_equal(stored.date, expected.date)


@pytest.mark.parametrize(
    ("name", "fields", "steps"), [("france_s2", 423, 51), ("central_asia_landsat", 8250, 23), ("mato_grosso_modis", 1892, 23)]
)
def test_real_tables_are_what_pandas_reads(shared_data: Path, name: str, fields: int, steps: int) -> None:
    chips = read_table(shared_data / name)
    assert (len(chips), len(chips.fields), chips.info.n_steps) == (fields, fields, steps)
    assert chips.fields["status"].eq("ok").all()
    assert chips.fields["label"].notna().all()
    series = pd.read_parquet(shared_data / name / "series.parquet")
    for row in (0, fields // 2, fields - 1):
        one = chips.fields["field_id"][row]
        rows = series[series["field_id"] == one].sort_values("date")
        days, values, _ = series_of(chips, one)
        assert days == rows["date"].dt.strftime("%Y-%m-%d").tolist()
        np.testing.assert_array_equal(values, rows[list(chips.info.bands)].to_numpy(np.float32))
    assert "B8A" not in chips.info.bands
