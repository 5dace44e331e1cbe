r"""The grammar of dates in names, tables and metadata.

An image has one day. A name may tell it in these forms, the surest first:

* a day: ``20190606``, ``2019-06-06``, ``2019_06_06``, ``2019.06.06``, with or without a time (``T075611``, ``T07:56:11.5Z``,
  ``_075611``), or milliseconds since 1970 (``1559779200000``);
* a day of the year (``2019157``, ``2019-157``, ``2019_157``, ``A2019157``, ``2019_doy157``), an ISO week (``2019W23``,
  ``2019-W23-4``), a ten-day period (``2019-06-D1``), a day with the name of the month (``6Jun2019``), a day with the year last
  (``25-06-2019``), ``2019/6/6`` over folders;
* a month with a sign between (``2019-06``, ``2019_06``, ``2019_M06``, ``Jun2019``), or a quarter (``2019Q2``), or the months of a
  duration (``2019-01--P6M``);
* a month without one (``201906``), or a day with the year last (``25062019``). ``200601`` is January 2006 or 1 June 2020;
* a year (``2019``), which counts only where nothing else is known.

Two dates of one form that follow each other are a span: two months or weeks (``2019-06_to_2019-08``), or two days without times
that are at most 31 days apart or the ends of whole months (``20190601_20190607``, ``20190401_20190630``). A week, a month, a year
or a span is its middle day. Numbers after ``v``, ``version``, ``proc``, ``created`` and the like tell of the file and not of the
image. A time with a zone is turned into UTC. Source of the forms: ISO 8601-1:2019, 5.2 (dates), 5.3.4 (zones), 5.5.2 (durations);
of the ten-day periods, the last of which ends with the month: Copernicus Global Land Service.
"""

import datetime as dt
import re
from calendar import monthrange
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

_LONGEST_SPAN = dt.timedelta(days=366)
_SHORT_SPAN = dt.timedelta(days=31)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY, _DAY_OTHERWISE, _MONTH, _WEAK, _YEAR = 5, 4, 3, 2, 1  # ranks


@dataclass(frozen=True)
class Period:
    """The days that a date stands for.

    Attributes:
        first: the first day.
        last: the last day, included.
        time: time of day of a single day, hhmmss or hhmm, or "".
    """

    first: dt.date
    last: dt.date
    time: str = ""

    @property
    def day(self) -> dt.date:
        """The middle day."""
        return self.first + (self.last - self.first) // 2

    def __str__(self) -> str:
        """Return the day, or first and last."""
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"


@dataclass(frozen=True)
class Dated:
    """A date as it stands in a text.

    Attributes:
        period: what it means.
        rank: how sure the form is; the surest of a text counts.
        start, end: where it stands.
        form: number of the form.
    """

    period: Period
    rank: int
    start: int
    end: int
    form: int


@dataclass(frozen=True)
class _Form:
    pattern: re.Pattern[str]
    rank: int
    read: Callable[[re.Match[str]], Iterator[Period]]


def _days(year: str, month: str, day: str, time: str | None = None) -> Iterator[Period]:
    one = dt.date(int(year), int(month), int(day))
    yield Period(one, one, re.sub(r"\D", "", time or "")[:6])


def _month(year: str, month: int, months: int = 1) -> Iterator[Period]:
    last = month + months - 1
    yield Period(dt.date(int(year), month, 1), dt.date(int(year), last, monthrange(int(year), last)[1]))


def _of_named_month(year: str, month: str, day: str | None) -> Iterator[Period]:
    number = _MONTHS.index(month[:3].lower()) + 1
    yield from _days(year, str(number), day) if day else _month(year, number)


def _calendar_day(match: re.Match[str]) -> Iterator[Period]:
    yield from _days(match["year"], match["month"], match["day"], match["time"])


def _zoned(match: re.Match[str]) -> Iterator[Period]:
    moment = dt.datetime.fromisoformat(re.sub(r"[tT ]", "T", match[0]).replace("z", "Z"))
    utc = moment.astimezone(dt.UTC)
    yield Period(utc.date(), utc.date(), utc.strftime("%H%M%S"))


def _day_of_year(match: re.Match[str]) -> Iterator[Period]:
    day = dt.date(int(match["year"]), 1, 1) + dt.timedelta(days=int(match["day"]) - 1)
    if day.year != int(match["year"]):
        raise ValueError("the year has no such day")
    yield Period(day, day, (match["time"] or "")[1:])


def _week(match: re.Match[str]) -> Iterator[Period]:
    year, week = int(match["year"]), int(match["week"])
    first, last = (int(match["day"]),) * 2 if match["day"] else (1, 7)
    yield Period(dt.date.fromisocalendar(year, week, first), dt.date.fromisocalendar(year, week, last))


def _dekad(match: re.Match[str]) -> Iterator[Period]:
    (month,) = _month(match["year"], int(match["month"]))
    first = month.first + dt.timedelta(days=10 * (int(match["dekad"]) - 1))
    yield Period(first, month.last if match["dekad"] == "3" else first + dt.timedelta(days=9))


def _duration(match: re.Match[str]) -> Iterator[Period]:
    first = dt.date(int(match["year"]), int(match["month"] or 1), int(match["day"] or 1))
    number, unit = int(match["number"]), match["unit"].upper()
    if unit in "DW":
        after = first + dt.timedelta(days=number * (7 if unit == "W" else 1))
    else:
        years, month = divmod(first.month - 1 + number * (12 if unit == "Y" else 1), 12)
        after = first.replace(year=first.year + years, month=month + 1)
    yield Period(first, after - dt.timedelta(days=1))


def _month_or_short_year(match: re.Match[str]) -> Iterator[Period]:
    yield from _month(match["year"], int(match["month"]))
    if 2001 <= int(match["year"]) <= 2012:
        yield from _days("2020", match[0][2:4], match["month"])


def _year_last(match: re.Match[str]) -> Iterator[Period]:
    for day, month in ((match["a"], match["b"]), (match["b"], match["a"])):
        try:
            yield from _days(match["year"], month, day)
        except ValueError:
            continue
        if match["a"] == match["b"]:
            return


def _milliseconds(match: re.Match[str]) -> Iterator[Period]:
    moment = dt.datetime.fromtimestamp(int(match[0]) / 1000, dt.UTC)
    yield Period(moment.date(), moment.date(), moment.strftime("%H%M%S"))


def _form(pattern: str, rank: int, read: Callable[[re.Match[str]], Iterator[Period]]) -> _Form:
    end = r"(?!\d|k?m(?![A-Za-z0-9]))"  # 2019_06_10m is a month, and a resolution
    return _Form(re.compile(rf"(?<!\d)(?:{pattern}){end}", re.IGNORECASE), rank, read)


_Y = r"(?P<year>(?:19|20)\d\d)"
_Y_OF_SATELLITES = r"(?P<year>19[7-9]\d|20\d\d)"  # 190405 is a day of 2019, and no month of 1904
_M = r"(?P<month>0[1-9]|1[0-2])"
_D = r"(?P<day>0[1-9]|[12]\d|3[01])"
_HMS = r"(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d|60)"
_CLOCK = r"(?:[01]\d|2[0-3])[:-]?[0-5]\d(?:[:-]?(?:[0-5]\d|60)(?:\.\d+)?)?"
_TIME = rf"(?P<time>T(?:{_HMS}|{_CLOCK})|[_ ](?:{_HMS}|(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?))?"
_NAMED = rf"(?P<month>{'|'.join(_MONTHS)})[a-z]{{0,6}}"
_NO_WORD = r"(?<![a-z])"  # the 2 of S2_June_2019 is no day
_SINCE = rf"{_Y}(?:-{_M}(?:-{_D})?)?--P(?P<number>\d{{1,3}})"

_FORMS: tuple[_Form, ...] = (
    _form(rf"{_SINCE}(?P<unit>Y)", _YEAR, _duration),
    _form(rf"{_SINCE}(?P<unit>[MWD])", _MONTH, _duration),
    _form(rf"{_Y}-{_M}-{_D}[T ][0-2]\d:[0-5]\d(?::[0-6]\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)", _DAY, _zoned),
    _form(rf"{_Y}{_M}{_D}(?P<time>{_HMS}|[0-2]\d[0-5]\d)", _DAY, _calendar_day),
    _form(rf"{_Y}{_M}{_D}{_TIME}", _DAY, _calendar_day),
    _form(rf"{_Y}(?P<s>[-_.:]){_M}(?P=s){_D}{_TIME}", _DAY, _calendar_day),
    _form(r"1\d{12}", _DAY, _milliseconds),
    _form(rf"{_Y}[-._]?(?:doy[-_]?)?(?P<day>[0-2]\d\d|3[0-6]\d)(?P<time>T{_HMS})?", _DAY_OTHERWISE, _day_of_year),
    _form(rf"{_Y}[-_]?(?:W|wk|week[-_]?)(?P<week>[0-5]\d)(?:-?(?P<day>[1-7]))?", _DAY_OTHERWISE, _week),
    _form(rf"{_Y}[-_]?{_M}[-_]?d(?:ek(?:ad)?)?[-_]?(?P<dekad>[1-3])", _DAY_OTHERWISE, _dekad),
    _form(
        rf"{_NO_WORD}(?P<day>[0-3]?\d)[-_. ]?{_NAMED}[-_. ]?{_Y}",
        _DAY_OTHERWISE,
        lambda m: _of_named_month(m["year"], m["month"], m["day"]),
    ),
    _form(
        rf"{_Y}[-_. ]?{_NAMED}[-_. ]?(?P<day>[0-3]\d)", _DAY_OTHERWISE, lambda m: _of_named_month(m["year"], m["month"], m["day"])
    ),
    _form(rf"{_NO_WORD}(?P<a>[0-3]?\d)(?P<s>[-_./])(?P<b>[0-3]?\d)(?P=s){_Y}", _DAY_OTHERWISE, _year_last),
    _form(rf"{_Y}-(?P<month>\d\d?)-(?P<day>\d\d?)(?P<time>)", _DAY_OTHERWISE, _calendar_day),
    _form(rf"{_Y}/(?P<month>\d\d?)/(?P<day>\d\d?)(?P<time>)", _DAY_OTHERWISE, _calendar_day),
    _form(rf"{_Y}(?:[-_./]|[-_.]?M){_M}", _MONTH, lambda m: _month(m["year"], int(m["month"]))),
    _form(rf"{_Y}[-_]?Q(?P<quarter>[1-4])", _MONTH, lambda m: _month(m["year"], 3 * int(m["quarter"]) - 2, 3)),
    _form(rf"(?<![a-z]){_NAMED}[-_. ]?{_Y}", _MONTH, lambda m: _of_named_month(m["year"], m["month"], None)),
    _form(rf"{_Y}[-_. ]?{_NAMED}(?![a-z])", _MONTH, lambda m: _of_named_month(m["year"], m["month"], None)),
    _form(rf"{_Y_OF_SATELLITES}{_M}", _WEAK, _month_or_short_year),
    _form(rf"(?P<a>[0-3]\d)(?P<b>[0-3]\d){_Y}", _WEAK, _year_last),
    _form(_Y, _YEAR, lambda m: _month(m["year"], 1, 12)),
)
_OF_THE_FILE = re.compile(
    r"(?:(?<![A-Za-z])(?:v|ver|version|rev|revision|proc|processed|processing|prod|created|creation|gen|generated|export|exported|"
    r"download|downloaded|published|release|updated)[-_. ]?)$",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"(?:[-_ .~]{1,3}|[-_ ]?(?:to|until|till)[-_ ]?|\.\.|/)", re.IGNORECASE)


def find_dates(text: str) -> list[Dated]:
    """Return all dates in a text, of every rank, in order; those of one place are its readings (06-07-2019 has two)."""
    found: list[Dated] = []
    for number, form in enumerate(_FORMS):
        for match in form.pattern.finditer(text):
            if any(match.start() < other.end and other.start < match.end() and other.form != number for other in found):
                continue
            try:
                periods = list(form.read(match))
            except ValueError:
                continue  # no such day
            if not _OF_THE_FILE.search(text[: match.start()]):
                found += (Dated(period, form.rank, match.start(), match.end(), number) for period in periods)
            else:
                # It takes its place, so that no part of it is read as another form.
                found.append(Dated(Period(dt.date.min, dt.date.min), 0, match.start(), match.end(), number))
    return sorted((one for one in found if one.rank), key=lambda one: one.start)


def _is_span(one: Period, other: Period) -> bool:
    """Whether two dates are the first and the last of a span, and not an acquisition and a processing."""
    length = other.last - one.first
    if one.first == other.first and one.last == other.last:
        return True  # the same date twice
    if not dt.timedelta() <= length < _LONGEST_SPAN or set(one.time) - {"0"}:
        return False
    if one.first != one.last:
        return True
    ends_month = (other.last + dt.timedelta(days=1)).day == 1 or other.last.day == 1
    return length <= _SHORT_SPAN or (one.first.day == 1 and ends_month)


def _joined(found: Sequence[Dated], text: str) -> list[Dated]:
    """Join neighbours of one form to spans."""
    joined: list[Dated] = []
    for one in found:
        before = joined[-1] if joined else None
        if (
            before is not None
            and before.form == one.form
            and _BETWEEN.fullmatch(text[before.end : one.start])
            and _is_span(before.period, one.period)
        ):
            period = Period(before.period.first, one.period.last)
            if period.first == period.last:
                period = before.period  # the same day twice: its first time
            joined[-1] = replace(before, period=period, end=one.end, form=-1)  # a third one does not join
        else:
            joined.append(one)
    return joined


@lru_cache(maxsize=4096)
def dates_in(text: str) -> tuple[Dated, ...]:
    """Return the surest dates of a text: none, one, or several that contradict each other.

    A date that holds another one (a month and a day in it) gives way to it.
    """
    found = find_dates(text)
    if not found:
        return ()
    rank = max(one.rank for one in found)
    sure = _joined([one for one in found if one.rank == rank], text)
    different = {(one.period.first, one.period.last): one for one in reversed(sure)}
    result = [
        one
        for one in different.values()
        if not any(
            other is not one and one.period.first <= other.period.first and other.period.last <= one.period.last
            for other in different.values()
        )
    ]
    return tuple(sorted(result, key=lambda one: (one.start, one.period.first)))


def parse_period(text: str) -> Period | None:
    """Return the days that a text stands for which is a date and nothing else; None where it is none, or has two readings."""
    text = re.sub(r" ?(UTC|GMT)$", "", text.strip())
    found = dates_in(text)
    if len(found) != 1:
        return None
    rest = text[: found[0].start] + text[found[0].end :]
    return None if re.search(r"[A-Za-z0-9]{2}|\d", rest) else found[0].period


def parse_date(text: str) -> dt.date | None:
    """Return the day of a date in any form of the grammar; None where there is no such day, or there are two."""
    period = parse_period(text)
    return None if period is None else period.day
