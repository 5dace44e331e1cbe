"""Dates of a table, in any one consistent form.

A form must fit every date of the column. Two forms in one column, or one form with two readings (06/07/2019), are errors that
show them. A time with a zone is its day in UTC; a month, a week or a span of days is its middle day.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cropdetect.errors import TableError

Days = npt.NDArray[np.datetime64]

_FIRST, _LAST = np.datetime64("0001-01-01"), np.datetime64("9999-12-31")
_DATE_FORMAT = 'Say how the dates are written in a YAML file (--columns), e.g. date_format: "%d/%m/%Y".'
_TIME = r"(?:[T ](?P<time>\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)\s?(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?"
_MONTHS = {
    name: number
    for number, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}
_DAY = r"(?P<y>(?:19|20)\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])"


@dataclass(frozen=True)
class DateForm:
    """One way to write a day.

    Attributes:
        name: as an error shows it.
        pattern: what the whole text looks like.
        read: day of a match; ValueError where there is no such day.
    """

    name: str
    pattern: str
    read: Callable[[re.Match[str]], dt.date]


def _ymd(match: re.Match[str]) -> dt.date:
    day = dt.datetime(int(match["y"]), int(match["m"]), int(match["d"]))
    groups = match.groupdict()
    if not groups.get("time"):
        return day.date()
    hour, minute, *rest = groups["time"].replace(",", ".").split(":")
    time = day.replace(hour=int(hour), minute=int(minute), second=int(float(rest[0])) if rest else 0)
    zone = groups.get("zone")
    if zone and zone[0] in "+-":
        shift = dt.timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
        time = time - shift if zone[0] == "+" else time + shift
    return time.date()


def _named_month(match: re.Match[str]) -> dt.date:
    return dt.date(int(match["y"]), _MONTHS[match["m"][:3].lower()], int(match["d"]))


def _whole_month(match: re.Match[str]) -> dt.date:
    return dt.date(int(match["y"]), _MONTHS[match["m"][:3].lower()], 15)


def _since_1970(unit: float) -> Callable[[re.Match[str]], dt.date]:
    return lambda match: (dt.datetime(1970, 1, 1) + dt.timedelta(seconds=int(match[0]) * unit)).date()


def _span(match: re.Match[str]) -> dt.date:
    first, last = (dt.date.fromisoformat(re.sub(r"(\d{4})-?(\d\d)-?(\d\d)", r"\1-\2-\3", match[side])) for side in ("a", "b"))
    if last < first:
        raise ValueError("the span ends before it begins")
    return first + (last - first) / 2


def _month(match: re.Match[str]) -> dt.date:
    return dt.date(int(match["y"]), int(match["m"]), 15)


_NAMES = r"(?P<m>(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*)\.?"
#: A month and its year, as `April 2018`, `Apr-2018` and `2018_apr`; `wide.py` finds it in the names of columns, too.
NAMED_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)"
)
_DMY, _MDY = "day, month, year", "month, day, year"
_TWO = r"(?P<{}>\d{{1,2}})(?P<s>[./-])(?P<{}>\d{{1,2}})(?P=s)(?P<y>(?:19|20)\d\d)"

FORMS: tuple[DateForm, ...] = (
    DateForm("YYYY-MM-DD", r"(?P<y>\d{4})(?P<s>[-/_.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})" + _TIME, _ymd),
    DateForm("YYYYMMDD", _DAY + r"(?:[T_]?(?:\d{4}|\d{6}(?:\.\d+)?)Z?)?", _ymd),
    DateForm(
        "year and day of year",
        r"(?P<y>(?:19|20)\d\d)[-_]?(?P<j>[0-2]\d\d|3[0-6]\d)",
        lambda match: dt.datetime.strptime(match["y"] + match["j"], "%Y%j").date(),
    ),
    DateForm("milliseconds since 1970", r"[1-9]\d{11,12}", _since_1970(1e-3)),
    DateForm("seconds since 1970", r"[1-9]\d{8,9}", _since_1970(1.0)),
    DateForm("day and name of month", r"(?P<d>\d{1,2})[-. ]+" + _NAMES + r"[-, ]+(?P<y>\d{4})", _named_month),
    DateForm("name of month and day", _NAMES + r" (?P<d>\d{1,2}),? (?P<y>\d{4})", _named_month),
    DateForm("span of days", r"(?P<a>\d{4}-\d\d-\d\d)(?:/|_|\.\.| to )(?P<b>\d{4}-\d\d-\d\d)", _span),
    DateForm("span of days", r"(?P<a>(?:19|20)\d{6})[_-](?P<b>(?:19|20)\d{6})", _span),
    DateForm("month", r"(?P<y>(?:19|20)\d\d)[-_](?P<m>0[1-9]|1[0-2])", _month),
    DateForm("month", r"(?P<y>(?:19|20)\d\d)(?P<m>0[1-9]|1[0-2])", _month),
    DateForm("named month", rf"(?P<m>{NAMED_MONTH})[-_., ]*(?P<y>(?:19|20)\d\d)", _whole_month),
    DateForm("named month", rf"(?P<y>(?:19|20)\d\d)[-_., ]*(?P<m>{NAMED_MONTH})", _whole_month),
    DateForm(
        "ISO week",
        r"(?P<y>(?:19|20)\d\d)-?W(?P<w>\d\d)",
        lambda match: dt.date.fromisocalendar(int(match["y"]), int(match["w"]), 4),
    ),
    DateForm(_DMY, _TWO.format("d", "m") + _TIME, _ymd),
    DateForm(_MDY, _TWO.format("m", "d") + _TIME, _ymd),
)
_MIDDLES = ("span of days", "month", "named month", "ISO week")


def days(
    dates: "pd.Series[Any]", where: object, *, date_format: str | None = None, year: int | None = None
) -> tuple[Days, list[str]]:
    """Return the day of each date, datetime64[D], and warnings.

    Args:
        dates: texts, numbers or timestamps, one a row.
        where: the file, for messages.
        date_format: as `datetime.strptime` takes it, or None: found from the column.
        year: year of dates that are days of the year, 1 to 366.

    Raises:
        TableError: dates are missing, cannot be read, are of several forms, or have two readings.
    """
    missing = dates.isna() | dates.astype(str).str.strip().eq("")
    if missing.any():
        raise TableError(f"{int(missing.sum())} rows have no date", where=where, fix="Remove them.")
    if pd.api.types.is_datetime64_any_dtype(dates.dtype):
        if dates.dt.tz is not None:
            dates = dates.dt.tz_convert("UTC").dt.tz_localize(None)
        known = dates.to_numpy().astype("datetime64[D]")
        beyond = known[(known < _FIRST) | (known > _LAST)]
        if len(beyond):
            raise TableError(f"the date {beyond[0]} is no day of the calendar", where=where, fix="Correct it, or remove the row.")
        return known, []
    if dates.empty:
        raise TableError("the table has no rows", where=where, fix="Give a table with a row a field and date.")
    texts = dates.map(_text)
    unique = [str(text) for text in pd.unique(texts)]
    warnings: list[str] = []
    if date_format is not None:
        found = _by_format(unique, date_format, where)
    elif year is not None:
        found = _of_year(unique, year, where)
    else:
        found, warnings = _by_form(unique, where)
    by_text = dict(zip(unique, np.array(found, "datetime64[D]"), strict=True))
    return np.array([by_text[text] for text in texts], "datetime64[D]"), warnings


def _text(value: object) -> str:
    if isinstance(value, dt.datetime):
        value = value.astimezone(dt.UTC) if value.tzinfo else value
        return value.date().isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def _by_format(texts: Sequence[str], date_format: str, where: object) -> list[dt.date]:
    found = []
    for text in texts:
        try:
            time = dt.datetime.strptime(text, date_format)
        except ValueError as error:
            raise TableError(f"the date {text!r} is not of the form {date_format}", where=where, fix=_DATE_FORMAT) from error
        if text.isdigit() and time.strftime(date_format) != text:  # 1062019, which may be 1 or 10 June
            raise TableError(f"the date {text!r} lacks a zero for the form {date_format}", where=where, fix="Write it as text.")
        found.append((time.astimezone(dt.UTC) if time.tzinfo else time).date())
    return found


def _of_year(texts: Sequence[str], year: int, where: object) -> list[dt.date]:
    found = []
    for text in texts:
        if not re.fullmatch(r"\d{1,3}", text) or not 1 <= int(text) <= 366:
            raise TableError(
                f"{text!r} is not a day of the year", where=where, fix="Leave `year` out, or give days from 1 to 366."
            )
        found.append(dt.date(year, 1, 1) + dt.timedelta(days=int(text) - 1))
    return found


def _by_form(texts: Sequence[str], where: object) -> tuple[list[dt.date], list[str]]:
    readings = [dict(_readings(text)) for text in texts]
    for text, found in zip(texts, readings, strict=True):
        if not found:
            raise _not_read(text, where)
    names = {name for found in readings for name in found}
    fitting = [name for name in sorted(names) if all(name in found for found in readings)]
    if not fitting:
        raise _mixed(texts, readings, where)
    for text, found in zip(texts, readings, strict=True):
        first, second = (fitting * 2)[:2]
        if found[first] != found[second]:
            raise TableError(
                f"the date {text!r} may be {found[first]} ({first}) or {found[second]} ({second}), and no other date decides",
                where=where,
                fix=_DATE_FORMAT,
            )
    name = fitting[0]
    if name == "YYYY-MM-DD":
        _check_zones(texts, where)
    warnings = []
    if name in _MIDDLES:
        warnings.append(f"the dates are {_plural(name)} such as {texts[0]}: the middle day is taken, {readings[0][name]}")
    if name == _MDY and len(fitting) == 1:
        warnings.append(f"the dates are read as month, day, year: {texts[0]} is {readings[0][name]}")
    return [found[name] for found in readings], warnings


def _plural(name: str) -> str:
    return "spans of days" if name.startswith("span") else f"{name}s"


def _readings(text: str) -> Iterator[tuple[str, dt.date]]:
    for form in FORMS:
        match = re.fullmatch(form.pattern, text, re.IGNORECASE)
        if match:
            try:
                yield form.name, form.read(match)
            except ValueError:
                continue


def _not_read(text: str, where: object) -> TableError:
    if re.fullmatch(r"\d{1,3}", text):
        return TableError(
            f"the date {text!r} looks like a day of the year, but the year is not known",
            where=where,
            fix="Add a column `year`, or say it in a YAML file (--columns): `year: 2019`.",
        )
    if any(re.fullmatch(form.pattern, text, re.IGNORECASE) for form in FORMS):
        return TableError(f"the date {text!r} is no day of the calendar", where=where, fix="Correct it, or remove the row.")
    if re.fullmatch(r"[2-5]\d{4}(?:\.0)?", text):  # from 1954 to 2064
        day = dt.date(1899, 12, 30) + dt.timedelta(days=int(float(text)))
        return TableError(
            f"the date {text!r} looks like the number of a day in a spreadsheet (it would be {day})",
            where=where,
            fix="Give the column a format of dates, e.g. 2019-06-06, and save the table again.",
        )
    return TableError(f"the date {text!r} cannot be read", where=where, fix=f"Write dates like 2019-06-06. {_DATE_FORMAT}")


def _mixed(texts: Sequence[str], readings: Sequence[dict[str, dt.date]], where: object) -> TableError:
    first = readings[0]
    place = next((i for i, found in enumerate(readings) if not set(found) & set(first)), None)
    if place is None:  # such as 25/06/2019 and 06/25/2019, between which stands 06/06/2019
        pairs = ((a, b) for a in range(len(texts)) for b in range(a) if not set(readings[a]) & set(readings[b]))
        one, place = next(pairs, (0, len(texts) - 1))
    else:
        one = 0
    a, b = (f"{texts[i]!r} ({' or '.join(readings[i])})" for i in (one, place))
    return TableError(f"the dates have several forms: {a} and {b}", where=where, fix="Write all dates in one form.")


def _check_zones(texts: Sequence[str], where: object) -> None:
    """Times with a zone and times without one cannot be compared."""
    with_zone, without = "", ""
    for text in texts:
        match = re.fullmatch(FORMS[0].pattern, text, re.IGNORECASE)
        if match and match["time"]:
            with_zone, without = (text, without) if match["zone"] else (with_zone, text)
    if with_zone and without:
        raise TableError(
            f"the times have several forms: {with_zone!r} has a zone, {without!r} has none",
            where=where,
            fix="Write all times with their zone, or dates without times.",
        )
