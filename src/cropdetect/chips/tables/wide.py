"""Wide tables: one row a field, one column a date and band."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from cropdetect.chips.tables.bands import is_known_band
from cropdetect.chips.tables.dates import NAMED_MONTH

_DATE = re.compile(
    r"(?<!\d)(?:(?P<compact>(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?:T\d{6})?"
    r"|(?P<iso>(?:19|20)\d\d(?P<s>[-_.])(?:0[1-9]|1[0-2])(?P=s)(?:0[1-9]|[12]\d|3[01]))"
    r"|(?P<year>(?:19|20)\d\d(?:[0-2]\d\d|3[0-6]\d))"
    r"|(?P<month>(?:19|20)\d\d[-_]?(?:0[1-9]|1[0-2]))"
    rf"|(?P<named>(?<![A-Za-z]){NAMED_MONTH}[-_. ]?(?:19|20)\d\d)"
    rf"|(?P<year_first>(?:19|20)\d\d[-_. ]?{NAMED_MONTH}(?![A-Za-z]))"
    r")(?!\d)",
    re.IGNORECASE,
)
_NUMBERED = (
    re.compile(r"(?P<number>\d{1,3})[_-](?P<band>.+)"),
    re.compile(r"(?P<band>.+?)[_-](?:ts?)?(?P<number>\d{1,3})(?:[_-]\d+m)?"),
)


@dataclass(frozen=True)
class WideColumn:
    """A column of one date and one band.

    Attributes:
        column: as written.
        date: the date as written, or the number that stands for it.
        band: name of the band.
    """

    column: str
    date: str
    band: str


def dated_columns(columns: Iterable[str]) -> list[WideColumn]:
    """Return the columns whose names hold a date and a band: `20190606_B4`, `B4_2019-06-06`, or an image's name and a band."""
    found = []
    for column in columns:
        match = _DATE.search(column)
        if not match:
            continue
        before, after = column[: match.start()].rstrip("_-. "), column[match.end() :].lstrip("_-. ")
        band = _band_in(before, after)
        if band:
            text = next(text for key, text in match.groupdict().items() if text and key != "s")
            found.append(WideColumn(column, text, band))
    return found


def days_alone(columns: Iterable[str]) -> list[str]:
    """Return the columns that are called after a day and no band: `2019-06-06`, and `X2019.06.06` as R writes it."""
    return [column for column in columns if (match := _DATE.search(column)) and column in (match[0], f"X{match[0]}")]


def _band_in(before: str, after: str) -> str:
    """Return the longest known band at the end of what follows a date, else at the end of what goes before it."""
    for part in (after, before):
        words = re.split(r"(?<=[_.])", part)
        for start in range(len(words)):
            name = "".join(words[start:])
            if name and is_known_band(name):
                return name
    whole = [part for part in (before, after) if part]
    return whole[0] if len(whole) == 1 and re.fullmatch(r"[A-Za-z]\w*", whole[0]) else ""


def numbered_columns(columns: Sequence[str]) -> list[WideColumn]:
    """Return the columns whose names hold a band and a number that stands for a date: `0_B4`, `B4_0`, `NDVI1`.

    All bands must have the same numbers, one after the other.
    """
    for pattern in _NUMBERED:
        matches = [(column, pattern.fullmatch(column)) for column in columns]
        found = [WideColumn(column, match["number"], match["band"]) for column, match in matches if match]
        known = [one for one in found if is_known_band(one.band)]
        if _is_complete(known):
            return known
    return _glued(columns)


def _glued(columns: Sequence[str]) -> list[WideColumn]:
    """As the R package sits writes them: the band and, from 1, the number of the date, with nothing between."""
    named = set(columns)
    found: list[WideColumn] = []
    taken: set[str] = set()
    for first in columns:
        band = first[:-1]
        if not first.endswith("1") or not is_known_band(band) or first in taken:
            continue
        series: list[str] = []
        while f"{band}{len(series) + 1}" in named:
            series.append(f"{band}{len(series) + 1}")
        rest = [c for c in columns if c.startswith(band) and c[len(band) :].isdigit() and not c[len(band) :].startswith("0")]
        if len(series) > 1 and set(rest) <= set(series):
            found += [WideColumn(column, str(number), band) for number, column in enumerate(series, 1)]
            taken |= set(series)
    if any(is_known_band(column) for column in columns if column not in taken):
        return []  # beside B08 the columns B11 and B12 are bands
    return found if _is_complete(found) else []


def _is_complete(found: Sequence[WideColumn]) -> bool:
    numbers: dict[str, set[int]] = {}
    for one in found:
        numbers.setdefault(one.band, set()).add(int(one.date))
    all_numbers = list(numbers.values())
    if not all_numbers or any(one != all_numbers[0] for one in all_numbers):
        return False
    first = min(all_numbers[0])
    return first in (0, 1) and all_numbers[0] == set(range(first, first + len(all_numbers[0])))


def to_long(table: pd.DataFrame, columns: Sequence[WideColumn], dates: Mapping[str, object]) -> pd.DataFrame:
    """Return one row a row of the table and date: columns `row` (label in the table), `date`, and one a band.

    Args:
        table: wide.
        columns: its columns with values.
        dates: date as written in the columns' names -> what to call it.
    """
    images: dict[tuple[str, str], dict[str, str]] = {}
    for one in columns:  # two images of one day are told apart by the rest of the name
        rest = "".join(one.column.rsplit(one.band, 1))
        images.setdefault((one.date, rest), {})[one.column] = one.band
    parts = []
    for (date, _), names in images.items():
        part = table[list(names)].rename(columns=names)
        part.insert(0, "date", pd.Series([dates[date]] * len(table), index=table.index, dtype=object))
        part.insert(0, "row", table.index)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)
