"""What the season looked like in each field: the means of its clear pixels, by date or by portion of the season."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cropdetect.chips.batch import ChipBatch, clear_means
from cropdetect.chips.chipset import ChipInfo, RandomAccessChips
from cropdetect.chips.season import season_day
from cropdetect.inference.predictions import FieldSeries

_GROUPS_AT_ONCE = 50_000  # fields and dates that are averaged


class ChipMeans(NamedTuple):
    """What a field's series needs of some chips.

    Attributes:
        field: (chip,) int64, row of the fields table.
        date: (chip, step) datetime64[D], NaT where the step is absent.
        means: (chip, step, band) float32, see `clear_means`.
        clear_pixels: (chip, step) float64, see `clear_means`.
    """

    field: npt.NDArray[np.int64]
    date: npt.NDArray[np.datetime64]
    means: npt.NDArray[np.float32]
    clear_pixels: npt.NDArray[np.float64]

    @classmethod
    def of(cls, batch: ChipBatch) -> "ChipMeans":
        """Reduce chips to their means."""
        return cls(batch.field, batch.date.astype("datetime64[D]"), *clear_means(batch))

    @classmethod
    def empty(cls, field: npt.NDArray[np.int64], info: ChipInfo) -> "ChipMeans":
        """Return room for chips of these fields; their steps are absent."""
        steps = len(field), info.n_steps
        date = np.full(steps, np.datetime64("NaT", "D"), "datetime64[D]")
        return cls(field, date, np.empty((*steps, len(info.bands)), np.float32), np.zeros(steps))


def field_series(bands: Sequence[str], chips: Iterable[ChipMeans]) -> FieldSeries:
    """Join the means of all chips to one row a field and date, chips of one field weighted by their clear pixels.

    Args:
        bands: band names.
        chips: consecutive batches. Nothing is copied of a single one whose chips are in the order of their fields and have all
            steps, in the order of their dates.
    """
    none = np.empty(0, np.int64), np.empty(0, "datetime64[D]"), np.empty((0, len(bands)), np.float32), np.empty(0)
    columns: list[list[npt.NDArray[Any]]] = [[array] for array in none]
    for some in chips:
        there = ~np.isnat(some.date)
        field_of_step = np.repeat(some.field, there.sum(axis=1))
        rows = field_of_step, *(_there(values, there) for values in (some.date, some.means, some.clear_pixels))
        for column, part in zip(columns, rows, strict=True):
            column.append(part)
    field, date, means, weights = (_joined(column) for column in columns)
    order = np.lexsort((date, field))
    if (np.diff(order) < 0).any():
        field, date, means, weights = field[order], date[order], means[order], weights[order]
    first = np.flatnonzero((np.diff(field, prepend=-1) != 0) | np.diff(date.astype(np.int64), prepend=0).astype(bool))
    if len(first) < len(field):  # fields in several chips
        means = _averaged(means, weights.astype(np.float32), first)
        field, date = field[first], date[first]
    return FieldSeries(tuple(bands), field, date, means)


def _averaged(
    means: npt.NDArray[np.float32], weights: npt.NDArray[np.float32], first: npt.NDArray[np.intp]
) -> npt.NDArray[np.float32]:
    """Return the weighted means of consecutive rows, (group, band), some groups at a time: sums take several times the memory.

    Args:
        means: (row, band).
        weights: (row,).
        first: (group,) row that each group begins with.
    """
    averaged = np.empty((len(first), means.shape[1]), np.float32)
    for start in range(0, len(first), _GROUPS_AT_ONCE):
        ends = np.append(first, len(means))[start : start + _GROUPS_AT_ONCE + 1]
        group = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
        rows = slice(ends[0], ends[-1])
        averaged[start : start + len(ends) - 1] = _grouped_means(means[rows], group, len(ends) - 1, weights[rows])
    return averaged


def _there(values: npt.NDArray[Any], there: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    """Return the values of the steps that are there, (row, ...), from (chip, step, ...)."""
    return values.reshape(there.size, *values.shape[2:]) if there.all() else values[there]


def _joined(parts: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Join arrays and empty the list, so that no more than one column is in memory twice."""
    filled = [part for part in parts if len(part)]
    whole = filled[0] if len(filled) == 1 else np.concatenate(parts)
    parts.clear()
    return whole


def seasons_of(chips: RandomAccessChips, rows: npt.NDArray[np.int64]) -> FieldSeries:
    """Read the series of some fields of a chip set; `FieldSeries.field` counts in the order of `rows`.

    Args:
        chips: read once, in batches.
        rows: rows of `chips.fields`, ascending.
    """
    return field_series(chips.info.bands, (ChipMeans.of(batch) for batch in chips.select(fields=rows).batches()))


def season_cells(
    series: FieldSeries, season_year: npt.NDArray[np.int64], bands: Sequence[str | None], edges: Sequence[float]
) -> npt.NDArray[np.float64]:
    """Return the mean of each band in each portion of the season.

    Args:
        series: clear means of the fields by date.
        season_year: (field,) of every field of the table, see `ChipSet.season_year`.
        bands: bands to take, which the series has; None for a band that it lacks: its cells are NaN.
        edges: days of the season year at which the portions begin and end; other days are left out.

    Returns:
        (field, portion x band), NaN where no date of the portion is clear.
    """
    n_fields, portions = len(season_year), len(edges) - 1
    columns = [
        np.full(len(series.values), np.nan) if band is None else series.values[:, series.bands.index(band)] for band in bands
    ]
    values = np.stack(columns, axis=1).astype(np.float64)
    day = season_day(series.date, season_year[series.field])
    portion = np.digitize(day, edges) - 1
    portion[day == edges[-1]] = portions - 1
    inside = (portion >= 0) & (portion < portions)
    cell = series.field[inside] * portions + portion[inside]
    means = _grouped_means(values[inside], cell, n_fields * portions, np.ones(int(inside.sum())))
    return means.reshape(n_fields, -1)


def _grouped_means(
    values: npt.NDArray[np.floating], group: npt.NDArray[np.integer], n_groups: int, weights: npt.NDArray[np.floating]
) -> npt.NDArray[np.float64]:
    """Return the weighted mean of the rows of each group, (group, column); values that are NaN take no part.

    Sums run in the order of the rows.
    """
    shares = weights[:, None] * ~np.isnan(values)
    total = np.zeros((n_groups, values.shape[1]))
    summed = np.zeros_like(total)
    np.add.at(total, group, shares)
    np.add.at(summed, group, np.where(shares > 0, values, 0) * shares)
    means: npt.NDArray[np.float64] = np.divide(summed, total, out=np.full(total.shape, np.nan), where=total > 0)
    return means
