"""Dates of a table: what each form means, and what is refused."""

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cropdetect.chips.tables.dates import days
from cropdetect.errors import TableError

JUNE = ["2019-06-06", "2019-06-25"]


def read(values: list[object], **options: object) -> list[str]:
    found, _ = days(pd.Series(values), "t.csv", **options)
    return [str(day) for day in found]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["2019-06-06", "2019-06-25"], JUNE),
        (["2019-6-6", "2019-06-25"], JUNE),
        (["2019/06/06", "2019/06/25"], JUNE),
        (["2019_06_06", "2019_06_25"], JUNE),
        (["2019.06.06", "2019.06.25"], JUNE),
        ([20190606, 20190625], JUNE),
        ([20190606.0, 20190625.0], JUNE),
        (["20190606", "20190625"], JUNE),
        (["20190606T105031", "20190625T105031"], JUNE),
        (["20190606105031", "20190625105031"], JUNE),
        (["2019-06-06T10:50:31", "2019-06-25T10:50:31"], JUNE),
        (["2019-06-06T10:50:31Z", "2019-06-25T10:50:31Z"], JUNE),
        (["2019-06-06 10:50:31 UTC", "2019-06-25"], JUNE),
        (["2019-06-06T10:50:31.024Z", "2019-06-25T00:00:00.000Z"], JUNE),
        (["2019-06-07T01:30:00+02:00", "2019-06-25T23:59:00+00:00"], JUNE),
        (["2019-06-05T23:30:00-03:00", "2019-06-24T21:00:00-0300"], JUNE),
        (["25/06/2019", "06/06/2019"], JUNE[::-1]),
        (["06.06.2019", "25.06.2019"], JUNE),
        (["6-6-2019", "25-6-2019"], JUNE),
        (["06/06/2019", "06/25/2019"], JUNE),
        (["06/06/2019", "07/07/2019"], ["2019-06-06", "2019-07-07"]),
        (["25/06/2019 10:50", "06/06/2019 10:50"], JUNE[::-1]),
        (["06-Jun-2019", "25-Jun-2019"], JUNE),
        (["Jun 6, 2019", "Jun 25, 2019"], JUNE),
        (["6 June 2019", "25 June 2019"], JUNE),
        ([2019157, 2019176], JUNE),
        (["2019-157", "2019-176"], JUNE),
        ([1559818231024, 1561459831024], JUNE),
        (["1559818231024", "1561459831024"], JUNE),
        ([1.559818231024e12, 1.561459831024e12], JUNE),
        ([1559818231, 1561459831], JUNE),
        ([946684800000, 999999999000], ["2000-01-01", "2001-09-09"]),
        (["2019-06", "2019-07"], ["2019-06-15", "2019-07-15"]),
        (["201906", "201907"], ["2019-06-15", "2019-07-15"]),
        (["June 2019", "July 2019"], ["2019-06-15", "2019-07-15"]),
        (["Jun 2019", "Sept 2019"], ["2019-06-15", "2019-09-15"]),
        (["may-2019", "MAR_2020"], ["2019-05-15", "2020-03-15"]),
        (["2019 June", "2019-jul", "2019Aug"], ["2019-06-15", "2019-07-15", "2019-08-15"]),
        (["2019-W23", "2019-W26"], ["2019-06-06", "2019-06-27"]),
        (["2019-06-01/2019-06-11", "2019-06-20/2019-06-30"], ["2019-06-06", "2019-06-25"]),
        (["20190601_20190611", "20190620_20190630"], ["2019-06-06", "2019-06-25"]),
        ([dt.date(2019, 6, 6), dt.date(2019, 6, 25)], JUNE),
        (list(pd.to_datetime(JUNE)), JUNE),
        (list(pd.to_datetime(["2019-06-07T01:00:00+02:00", "2019-06-25T12:00:00+02:00"])), JUNE),
    ],
)
def test_a_consistent_form_is_read(values: list[object], expected: list[str]) -> None:
    assert read(values) == expected


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["06/07/2019", "08/07/2019"], ["06/07/2019", "2019-07-06", "2019-06-07"]),
        (["06.07.2019"], ["2019-07-06", "2019-06-07"]),
        (["25/06/2019", "06/25/2019"], ["25/06/2019", "06/25/2019"]),
        (["06/06/2019", "25/06/2019", "06/25/2019"], ["25/06/2019", "06/25/2019"]),
        (["2019-06-06", "25/06/2019"], ["2019-06-06", "25/06/2019"]),
        (["2019-06-06", "20190625"], ["2019-06-06", "20190625"]),
        (["20190606", "1561459831024"], ["20190606", "1561459831024"]),
        (["1559818231", "1561459831024"], ["seconds", "milliseconds"]),
        (["2019-06-06T10:50:31Z", "2019-06-25T10:50:31"], ["2019-06-06T10:50:31Z", "2019-06-25T10:50:31"]),
        (["201906061050", "201906251050"], ["2019-06-06", "1976-"]),
        (["2019-02-30"], ["2019-02-30", "no day of the calendar"]),
        (["31/06/2019"], ["31/06/2019", "no day"]),
        (["soon"], ["soon", "2019-06-06"]),
        ([157, 176], ["157", "year"]),
        (["2019-06-06", None], ["1 rows have no date"]),
        (["2019-06-06", " "], ["1 rows have no date"]),
    ],
)
def test_what_has_two_readings_or_none_is_an_error_that_shows_it(values: list[object], said: list[str]) -> None:
    with pytest.raises(TableError) as caught:
        read(values)
    assert all(word in str(caught.value) for word in said), caught.value


@pytest.mark.parametrize(
    ("values", "options", "expected"),
    [
        (["06/07/2019"], {"date_format": "%d/%m/%Y"}, ["2019-07-06"]),
        (["06/07/2019"], {"date_format": "%m/%d/%Y"}, ["2019-06-07"]),
        (["06/07/19"], {"date_format": "%d/%m/%y"}, ["2019-07-06"]),
        ([157, 176], {"year": 2019}, JUNE),
        ([1, 366], {"year": 2020}, ["2020-01-01", "2020-12-31"]),
    ],
)
def test_what_the_user_says_decides(values: list[object], options: dict[str, object], expected: list[str]) -> None:
    assert read(values, **options) == expected


def test_a_middle_that_was_taken_is_said() -> None:
    assert "2019-06-15" in days(pd.Series(["2019-06"]), "t.csv")[1][0]


DAYS = st.lists(st.dates(dt.date(1985, 1, 1), dt.date(2035, 12, 31)), min_size=1, max_size=5)


@pytest.mark.parametrize(
    "written", ["%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%Y%j", "%Y-%m-%dT%H:%M:%SZ", "%Y%m%dT%H%M%S", "%d-%b-%Y", "%b %d, %Y"]
)
@given(wanted=DAYS)
def test_every_day_in_every_form_is_itself(written: str, wanted: list[dt.date]) -> None:
    assert read([day.strftime(written) for day in wanted]) == [day.isoformat() for day in wanted]


@given(wanted=DAYS, hour=st.integers(0, 23))
def test_every_millisecond_is_its_day_in_utc(wanted: list[dt.date], hour: int) -> None:
    times = [dt.datetime(day.year, day.month, day.day, hour, tzinfo=dt.UTC) for day in wanted]
    assert read([int(time.timestamp() * 1000) for time in times]) == [day.isoformat() for day in wanted]
