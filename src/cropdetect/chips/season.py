"""The season year: the year whose 1 January the days of a field's season are counted from.

A field whose series has its median on 28 December and one with its median on 3 January are of one season, and count from one
year. So the year is decided for a whole set of chips: the medians have a centre in the year, and each field belongs to the year
in which that centre comes nearest to its own median date. Fields of several years each keep their own.
"""

import numpy as np
import numpy.typing as npt

_DAYS_A_YEAR = 365.25
_YEARS_AROUND = np.arange(-2, 3)  # a centre may lie before or behind the year that it is counted from


def median_dates(
    date: npt.NDArray[np.datetime64], field_of_chip: npt.NDArray[np.int64], n_fields: int
) -> npt.NDArray[np.datetime64]:
    """Return the median date of every field, (field,) datetime64[D]; NaT where a field has no date.

    Of an even number of dates it is the later of the middle ones; of several chips, the median of their medians.

    Args:
        date: (chip, step) datetime64, NaT where absent.
        field_of_chip: (chip,) rows of the fields table.
        n_fields: rows of the fields table.
    """
    days = date.astype("datetime64[D]")
    medians = np.full(n_fields, np.datetime64("NaT", "D"), "datetime64[D]")
    count = (~np.isnat(days)).sum(axis=1)
    dated = np.flatnonzero(count)
    of_chip = np.sort(days[dated], axis=1)[np.arange(len(dated)), count[dated] // 2]  # NaT is sorted to the end
    field = field_of_chip[dated]
    order = np.lexsort((of_chip.astype(np.int64), field))
    rows, first, n_chips = np.unique(field[order], return_index=True, return_counts=True)
    medians[rows] = of_chip[order][first + n_chips // 2]
    return medians


def season_years(median_date: npt.NDArray[np.datetime64], centre: float | None = None) -> npt.NDArray[np.int64]:
    """Return the season year of every field, (field,) int64; 0 where a field has no date.

    Args:
        median_date: (field,) datetime64[D], NaT where a field has no date.
        centre: middle of the season, in days since 1 January of the season year (default: the circular mean of the medians'
            days of the year).
    """
    years = np.zeros(len(median_date), np.int64)
    known = ~np.isnat(median_date)
    if not known.any():
        return years
    day = median_date[known].astype("datetime64[D]")
    year = day.astype("datetime64[Y]")
    if centre is None:
        angle = (day - year.astype("datetime64[D]")).astype(np.float64) * (2 * np.pi / _DAYS_A_YEAR)
        middle = np.arctan2(np.sin(angle).mean(), np.cos(angle).mean()) % (2 * np.pi)
        centre = float(middle) * _DAYS_A_YEAR / (2 * np.pi)
    candidates = year[:, None] + _YEARS_AROUND
    since = (day[:, None] - candidates.astype("datetime64[D]")).astype(np.float64)
    nearest = np.abs(since - centre).argmin(axis=1)
    years[known] = candidates[np.arange(len(day)), nearest].astype(np.int64) + 1970
    return years


def season_day(date: npt.NDArray[np.datetime64], season_year: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """Return the days since 1 January of the season year, float32 of the shape of `date`; 0 where a date is absent.

    Args:
        date: datetime64 of any shape, NaT where absent.
        season_year: int64; shapes are broadcast.
    """
    days = date.astype("datetime64[D]")
    since = (days - first_days(season_year)).astype(np.int64)
    return np.where(np.isnat(days), 0, since).astype(np.float32)


def first_days(season_year: npt.NDArray[np.int64]) -> npt.NDArray[np.datetime64]:
    """Return 1 January of each year, datetime64[D]."""
    return (np.asarray(season_year) - 1970).astype("datetime64[Y]").astype("datetime64[D]")
