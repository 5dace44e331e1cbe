"""The year that the days of a season are counted from is decided once for a set of chips."""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cropdetect.chips import ChipSet, RandomAccessChips, cut_chips, open_chips, read_table, write_chips
from cropdetect.chips.season import season_years
from tests.chips.memory import MemorySeries, imagery
from tests.chips.test_streaming import fields_of_boxes


def table(folder: Path, dates: list[list[str]]) -> RandomAccessChips:
    """One field for each list of dates."""
    folder.mkdir()
    rows = [(field, date, 0.5) for field, those in enumerate(dates) for date in those]
    pd.DataFrame(rows, columns=["field_id", "date", "NDVI"]).to_csv(folder / "series.csv", index=False)
    pd.DataFrame({"field_id": range(len(dates)), "label": "wheat"}).to_csv(folder / "fields.csv", index=False)
    return read_table(folder)


def winter(year: int) -> list[str]:
    """Dates every ten days from September of the year before to April."""
    first = dt.date(year - 1, 9, 1)
    return [str(first + dt.timedelta(days=10 * step)) for step in range(24)]


def days(chips: ChipSet) -> np.ndarray:
    (batch,) = chips.batches(100)
    return np.where(np.isnat(batch.date), np.nan, batch.day())


def test_fields_of_one_season_count_from_one_year_whichever_dates_are_cloudy(tmp_path: Path) -> None:
    whole = winter(2020)
    chips = table(tmp_path / "table", [whole, whole[:14], whole[10:], whole[::2], whole[3:9], whole[-3:]])
    assert pd.DatetimeIndex(chips.median_date).year.nunique() == 2  # the medians lie on both sides of New Year
    assert len(set(chips.season_year)) == 1
    (batch,) = chips.batches(100)
    day = days(chips)
    for date in np.unique(batch.date[~np.isnat(batch.date)]):
        assert len(set(day[batch.date == date])) == 1


def test_fields_of_many_years_count_each_from_its_own(tmp_path: Path) -> None:
    years = [2008, 2012, 2012, 2018]
    summer = [[f"{year}-{month:02}-15" for month in range(4, 11)] for year in years]
    assert table(tmp_path / "summer", summer).season_year.tolist() == years
    seasons = [winter(2009)[:13], winter(2009)[11:], winter(2015)[:13], winter(2015)[11:]]
    found = table(tmp_path / "winter", seasons).season_year
    assert found[0] == found[1] == found[2] - 6 == found[3] - 6


def test_real_fields_of_many_years_count_from_the_year_of_their_median(shared_data: Path) -> None:
    chips = read_table(shared_data / "central_asia_landsat")
    expected = pd.DatetimeIndex(chips.median_date).year
    assert len(set(expected)) > 5
    np.testing.assert_array_equal(chips.season_year, np.where(np.isnat(chips.median_date), 0, expected))


def test_a_season_cut_short_counts_from_the_same_year(tmp_path: Path) -> None:
    whole = winter(2020)
    chips = table(tmp_path / "table", [whole, whole[:20], whole[2:]])
    early = chips.select(until=dt.date(2019, 10, 20))
    assert early.info.n_steps == 5
    assert early.season_year.tolist() == chips.season_year.tolist()
    np.testing.assert_array_equal(days(early)[0], days(chips)[0, :5])
    assert early.select(fields=[1]).season_year.tolist() == chips.season_year[1:2].tolist()


def test_the_middle_of_the_training_season_decides_where_the_dates_alone_would_mislead(tmp_path: Path) -> None:
    chips = table(tmp_path / "table", [winter(2020)[:6], winter(2020)[2:8]])  # nothing after November
    assert chips.season_year.tolist() == [2019, 2019]
    assert chips.with_season_centre(5.0).season_year.tolist() == [2020, 2020]
    assert chips.with_season_centre(-3.0).season_year.tolist() == [2020, 2020]
    assert chips.with_season_centre(360.0).season_year.tolist() == [2019, 2019]
    assert days(chips.with_season_centre(5.0))[0, 0] == -122


def test_a_year_that_is_given_wins(tmp_path: Path) -> None:
    chips = table(tmp_path / "table", [winter(2020), winter(2012)]).with_season_year(2000)
    for some in (chips, chips.with_season_centre(5.0), chips.cached().with_season_centre(5.0), chips.select(fields=[0, 1])):
        assert some.season_year.tolist() == [2000, 2000]
        assert days(some)[1, 0] == (dt.date(2011, 9, 1) - dt.date(2000, 1, 1)).days


def test_a_cached_set_can_be_counted_from_another_year(tmp_path: Path) -> None:
    cached = table(tmp_path / "table", [winter(2020)]).cached()
    moved = cached.with_season_year(2018)
    np.testing.assert_array_equal(days(moved), cached.day + 365 * 2 if cached.season_year[0] == 2020 else cached.day + 365)
    np.testing.assert_array_equal(moved.day, days(moved))


WINTER = tuple(dt.date(2019, 10, 1) + dt.timedelta(days=20 * step) for step in range(10))


def autumn_chips(until: dt.date | None = None) -> ChipSet:
    tile = MemorySeries(np.ones((10, 1, 40, 40), np.uint16), dates=WINTER)
    return cut_chips(imagery(tile), fields_of_boxes([(5, 5, 4, 4), (20, 20, 4, 4)]), chip_size=8, until=until)


def test_chips_that_are_cut_up_to_a_day_count_from_the_year_of_the_whole_season(tmp_path: Path) -> None:
    whole, early = autumn_chips(), autumn_chips(until=dt.date(2019, 11, 20))
    assert early.season_year.tolist() == whole.season_year.tolist() == [2020, 2020]
    stored = write_chips(early, tmp_path / "early.zarr")
    assert stored.season_year.tolist() == [2020, 2020]
    np.testing.assert_array_equal(days(stored), days(early))


def test_a_store_that_does_not_tell_its_medians_is_read_and_counted_by_its_dates(tmp_path: Path) -> None:
    import json
    import shutil

    stored = write_chips(autumn_chips(), tmp_path / "chips.zarr")
    older = tmp_path / "older.zarr"
    shutil.copytree(stored.path, older)
    for name in ("median_date", "field_area"):
        shutil.rmtree(older / name)
    text = json.loads((older / "zarr.json").read_text())
    for name in ("median_date", "field_area"):
        text["consolidated_metadata"]["metadata"].pop(name)
    (older / "zarr.json").write_text(json.dumps(text))
    again = open_chips(older)
    assert again.season_year.tolist() == stored.season_year.tolist()
    np.testing.assert_array_equal(again.median_date, stored.median_date)
    np.testing.assert_allclose(again.field_area, stored.field_area)


@given(st.lists(st.integers(0, 160), min_size=1, max_size=20), st.integers(0, 400), st.integers(1990, 2030))
def test_medians_of_less_than_half_a_year_are_of_one_season_wherever_new_year_falls(
    offsets: list[int], first: int, year: int
) -> None:
    medians = np.datetime64(f"{year}-01-01") + first + np.array(offsets)
    assert len(set(season_years(medians))) == 1


def test_fields_without_a_date_have_no_year() -> None:
    assert season_years(np.array(["NaT", "2019-06-01"], "datetime64[D]")).tolist() == [0, 2019]
    assert season_years(np.array(["NaT"], "datetime64[D]")).tolist() == [0]


@pytest.mark.parametrize("year", [2019, 2020])
def test_the_first_and_last_day_of_the_year_are_neighbours(year: int) -> None:
    medians = np.array([f"{year}-12-31", f"{year + 1}-01-01", f"{year + 1}-01-03"], "datetime64[D]")
    assert len(set(season_years(medians))) == 1
