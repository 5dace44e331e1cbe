"""The grammar of dates: what a text means as a date, by the calendar of the standard library."""

import datetime as dt

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cropdetect.imagery.dates import dates_in, parse_date, parse_period

JUNE_6 = dt.date(2019, 6, 6)  # a Thursday, day 157 of the year, in week 23
DAYS = st.dates(dt.date(1982, 1, 1), dt.date(2049, 12, 31))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("20190606", JUNE_6),
        ("2019-06-06", JUNE_6),
        ("2019_06_06", JUNE_6),
        ("2019.06.06", JUNE_6),
        ("2019:06:06 12:00:00", JUNE_6),
        ("20190606T105031", JUNE_6),
        ("20190606_105031", JUNE_6),
        ("201906061050", JUNE_6),
        ("20190606105031", JUNE_6),
        ("2019-06-06T10:50:31Z", JUNE_6),
        ("2019-06-06T10:50:31.024Z", JUNE_6),
        ("2019-06-06 10:50:31+00:00", JUNE_6),
        ("2019-06-06T23:30:00-03:00", dt.date(2019, 6, 7)),
        ("2019-06-06T01:30:00+02:00", dt.date(2019, 6, 5)),
        ("1559779200000", JUNE_6),
        ("2019157", JUNE_6),
        ("2019-157", JUNE_6),
        ("2019_157", JUNE_6),
        ("A2019157", JUNE_6),
        ("2019157T105031", JUNE_6),
        ("2019_doy157", JUNE_6),
        ("2019366", None),  # 2019 has 365 days
        ("2020366", dt.date(2020, 12, 31)),
        ("2019-W23-4", JUNE_6),
        ("2019W23", JUNE_6),
        ("2019-W23", JUNE_6),
        ("2020W53", dt.date(2020, 12, 31)),
        ("2019W53", None),  # 2019 has 52 weeks
        ("201906", dt.date(2019, 6, 15)),
        ("200606", None),  # June 2006 or 6 June 2020
        ("2019-06", dt.date(2019, 6, 15)),
        ("2019_02", dt.date(2019, 2, 14)),
        ("2019_M06", dt.date(2019, 6, 15)),
        ("2019m06", dt.date(2019, 6, 15)),
        ("2019Q2", dt.date(2019, 5, 16)),
        ("2019-06-D1", dt.date(2019, 6, 5)),
        ("201906dek2", dt.date(2019, 6, 15)),
        ("2019_02_dekad3", dt.date(2019, 2, 24)),
        ("2019--P1Y", dt.date(2019, 7, 2)),
        ("2019-01--P6M", dt.date(2019, 4, 1)),
        ("2019-11--P3M", dt.date(2019, 12, 16)),  # November to January
        ("2019-06-01--P10D", dt.date(2019, 6, 5)),
        ("2019-06-03--P1W", JUNE_6),
        ("Jun2019", dt.date(2019, 6, 15)),
        ("6Jun2019", JUNE_6),
        ("2019-Jun-06", JUNE_6),
        ("25-06-2019", dt.date(2019, 6, 25)),
        ("06-25-2019", dt.date(2019, 6, 25)),
        ("25062019", dt.date(2019, 6, 25)),
        ("06-06-2019", JUNE_6),
        ("06-07-2019", None),  # 6 July or 7 June
        ("20190601_20190607", dt.date(2019, 6, 4)),
        ("2019-06-01_2019-06-07", dt.date(2019, 6, 4)),
        ("2019-06-01--2019-06-07", dt.date(2019, 6, 4)),
        ("20190601_to_20190610", dt.date(2019, 6, 5)),
        ("20190101_20191231", dt.date(2019, 7, 2)),
        ("2018-12_2019-05", dt.date(2019, 3, 1)),
        ("2019W23_2019W24", dt.date(2019, 6, 9)),
        ("2019", dt.date(2019, 7, 2)),
        ("20180231", None),
        ("B04", None),
        ("", None),
    ],
)
def test_a_text_is_this_day(text: str, day: dt.date | None) -> None:
    assert parse_date(text) == day


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("scene_v20200101_20190606", ["2019-06-06"]),
        ("x_20190606_proc20200101", ["2019-06-06"]),
        ("201012_20190606", ["2019-06-06"]),  # path 201, row 12 of Landsat could be December 2010
        ("2019_06_10m", ["2019-06-01 to 2019-06-30"]),  # a resolution, not a day
        ("2019-06_20190606", ["2019-06-06"]),
        ("20190606T105031_20190606T105522", ["2019-06-06"]),
        ("20190606_x_20200101", ["2019-06-06", "2020-01-01"]),
        ("20190606_20200828", ["2019-06-06", "2020-08-28"]),
        ("20190606_20191130", ["2019-06-06", "2019-11-30"]),  # neither short nor whole months
        ("20190606T105031_20190608T120000", ["2019-06-06", "2019-06-08"]),  # times: no span of days
        ("20190608_20190606", ["2019-06-06", "2019-06-08"]),
        ("20190606_20190607_20190608", ["2019-06-06 to 2019-06-07", "2019-06-08"]),
        ("06-07-2019", ["2019-06-07", "2019-07-06"]),
        ("200606_B04", ["2006-06-01 to 2006-06-30", "2020-06-06"]),
        ("S2_June_2019", ["2019-06-01 to 2019-06-30"]),  # no 2 June
        ("B8_06_2019", ["2019-01-01 to 2019-12-31"]),  # neither 8 June nor 6 August
        ("s2_2019-06-D1_2019-06-D2", ["2019-06-01 to 2019-06-20"]),
        ("123201906061", []),
    ],
)
def test_of_the_dates_in_a_name_these_are_meant(text: str, days: list[str]) -> None:
    assert sorted(str(one.period) for one in dates_in(text)) == days


@given(
    DAYS,
    st.sampled_from(
        ["%Y%m%d", "%Y-%m-%d", "%Y_%m_%d", "%Y%j", "%Y-%j", "%Y%m%dT%H%M%S", "%G-W%V-%u", "%d%b%Y", "%Y-%m-%dT%H:%M:%SZ"]
    ),
)
def test_a_day_that_is_written_is_read_back(day: dt.date, form: str) -> None:
    text = dt.datetime.combine(day, dt.time(10, 50, 31)).strftime(form)
    assert parse_date(text) == day
    (found,) = dates_in(f"scene_{text}_B04")
    assert found.period.day == day


@given(DAYS, st.sampled_from(["%Y%m", "%Y-%m", "%Y_%m", "%Y_M%m", "%b%Y"]))
def test_a_month_that_is_written_is_read_back(day: dt.date, form: str) -> None:
    assume(form != "%Y%m" or not 2001 <= day.year <= 2012)  # such a month may be a day of 2020
    period = parse_period(day.strftime(form))
    assert period is not None
    assert (period.first.day, (period.last + dt.timedelta(days=1)).day) == (1, 1)
    assert period.first <= day <= period.last


@given(DAYS, st.integers(0, 31), st.sampled_from(["%Y%m%d", "%Y-%m-%d"]), st.sampled_from(["_", "--", "_to_"]))
def test_a_span_is_its_middle_day(first: dt.date, length: int, form: str, between: str) -> None:
    last = first + dt.timedelta(days=length)
    period = parse_period(first.strftime(form) + between + last.strftime(form))
    assert period is not None
    assert (period.first, period.last) == (first, last)
    assert abs((period.day - first) - (last - period.day)) <= dt.timedelta(days=1)
