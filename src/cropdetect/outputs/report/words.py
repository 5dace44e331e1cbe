"""Numbers and dates as people read them: filters of the template, equal to those of `assets/format.js`."""

import datetime as dt
import math

MISSING = "\N{EN DASH}"


def number(x: float | None, digits: int = 0) -> str:
    """Return a number with thousands separators, e.g. "4,688"."""
    return MISSING if x is None or not math.isfinite(x) else f"{x:,.{digits}f}"


def percent(share: float | None, digits: int = 0) -> str:
    """Return a share (0 to 1) as a percentage."""
    return MISSING if share is None or not math.isfinite(share) else f"{number(100 * share, digits)}\N{NO-BREAK SPACE}%"


def hectares(area: float | None, largest: float | None = None) -> str:
    """Return an area, with fewer digits the larger it is, or the largest that stands beside it."""
    if area is None or not math.isfinite(area):
        return MISSING
    return f"{number(area, _digits(area if largest is None else largest))} ha"


def _digits(area: float) -> int:
    return 2 if area < 10 else 1 if area < 1000 else 0


def amount(x: float | None, unit: str, largest: float | None = None) -> str:
    """Return an amount of hectares ("ha"), with the digits of the largest beside it, or of fields ("fields")."""
    if unit == "ha" or x is None:
        return hectares(x, largest)
    return number(x, 1 if x < 100 and x != round(x) else 0)


def amounts(low: float, high: float, unit: str) -> str:
    """Return a range of amounts, e.g. "16.6 to 23.5 ha"."""
    if unit == "ha":
        return f"{number(low, _digits(high))} to {hectares(high)}"
    return f"{number(low)} to {number(high)}"


def plural(n: int, word: str) -> str:
    """Return e.g. "1 field" or "3 fields"."""
    return f"{number(n)} {word}{'' if n == 1 else 's'}"


def period(dates: list[str]) -> str:
    """Return from when to when ISO dates (ascending) reach, in months, e.g. "June to November 2019"."""
    first, last = dt.date.fromisoformat(dates[0]), dt.date.fromisoformat(dates[-1])
    if (first.year, first.month) == (last.year, last.month):
        return f"{last:%B} {last.year}"
    return f"{first:%B}{'' if first.year == last.year else f' {first.year}'} to {last:%B} {last.year}"


def place(longitude: float, latitude: float) -> str:
    """Return a place on Earth in degrees, e.g. "0.43° N, 34.21° E"."""
    return f"{_latitude(latitude, 2)}, {_longitude(longitude, 2)}"


def area_of_earth(west: float, south: float, east: float, north: float) -> str:
    """Return a part of the Earth in whole degrees, e.g. "10° N and 51° N, 48° W and 28° E"."""
    return f"{_latitude(south, 0)} and {_latitude(north, 0)}, {_longitude(west, 0)} and {_longitude(east, 0)}"


def _latitude(degrees: float, digits: int) -> str:
    return f"{abs(degrees):.{digits}f}° {'N' if degrees >= 0 else 'S'}"


def _longitude(degrees: float, digits: int) -> str:
    return f"{abs(degrees):.{digits}f}° {'E' if degrees >= 0 else 'W'}"
