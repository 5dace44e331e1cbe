"""series.parquet."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cropdetect.chips import read_table
from cropdetect.errors import UnreadableFileError
from cropdetect.inference import FieldSeries
from cropdetect.outputs.series import read_series, write_series


@pytest.fixture
def with_seasons(predictions):
    dates = np.array(["2019-06-01", "2019-06-11", "2019-06-01"], "datetime64[D]")
    values = np.array([[1, 2], [np.nan, np.nan], [3, np.nan]], np.float32)
    return replace(predictions, series=FieldSeries(("B04", "B08"), np.array([0, 0, 1]), dates, values))


def test_seasons_come_back_as_they_were(with_seasons, tmp_path):
    write_series(with_seasons, tmp_path / "series.parquet")
    back = read_series(tmp_path / "series.parquet", with_seasons.fields["field_id"])
    assert back.bands == ("B04", "B08")
    np.testing.assert_array_equal(back.field, with_seasons.series.field)
    np.testing.assert_array_equal(back.date, with_seasons.series.date)
    np.testing.assert_array_equal(back.values, with_seasons.series.values)


def test_the_file_is_a_series_table_that_can_be_predicted_again(with_seasons, tmp_path):
    series = with_seasons.series
    digital_numbers = replace(with_seasons, series=replace(series, values=2000 + 500 * series.values))
    write_series(digital_numbers, tmp_path / "series.parquet")
    pd.DataFrame({"field_id": with_seasons.fields["field_id"]}).to_parquet(tmp_path / "fields.parquet")
    chips = read_table(tmp_path)
    assert chips.info.bands == ("B04", "B08")
    assert [str(day) for day in chips.info.dates] == ["2019-06-01", "2019-06-11"]
    assert np.isfinite(chips.take([0]).image[0, :, 0, 0, 0]).tolist() == [True, False]


def test_ids_of_text_and_repeated_ids_are_told_apart(with_seasons, tmp_path):
    ids = pd.Series(["a", "b", "a", None])
    fields = with_seasons.fields.assign(field_id=ids)
    write_series(replace(with_seasons, fields=fields), tmp_path / "series.parquet")
    back = read_series(tmp_path / "series.parquet", ids)
    assert back.field.tolist() == [0, 0, 1]


def test_no_file_is_no_season_and_a_damaged_one_is_named(tmp_path):
    assert read_series(tmp_path / "series.parquet", pd.Series([1])) is None
    (tmp_path / "series.parquet").write_bytes(b"PAR1")
    with pytest.raises(UnreadableFileError):
        read_series(tmp_path / "series.parquet", pd.Series([1]))
