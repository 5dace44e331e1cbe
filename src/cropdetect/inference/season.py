"""What the season looked like in each field: the means of its clear pixels, by date and band."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cropdetect.chips.batch import clear_means
from cropdetect.chips.chipset import ChipSet


@dataclass(frozen=True)
class FieldSeries:
    """One row a field and date, fields in the order of their table, dates in order.

    Attributes:
        bands: band names.
        field: (row,) int64, row of the fields table.
        date: (row,) datetime64[D].
        values: (row, band) float32, mean of the field's clear pixels; NaN where none was clear.
    """

    bands: tuple[str, ...]
    field: npt.NDArray[np.int64]
    date: npt.NDArray[np.datetime64]
    values: npt.NDArray[np.float32]


class SeasonOfField:
    """The chips of one field, until all have come."""

    def __init__(self) -> None:
        self._chips: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.float32], npt.NDArray[np.float32]]] = []

    def add(self, date: npt.NDArray[np.datetime64], means: npt.NDArray[np.float32], weights: npt.NDArray[np.float32]) -> None:
        """Take one chip: date (step,), means (step, band), weights (step,)."""
        there = ~np.isnat(date)
        self._chips.append((date[there].astype("datetime64[D]").astype(np.int64), means[there], weights[there]))

    def joined(self) -> tuple[npt.NDArray[np.datetime64], npt.NDArray[np.float32]]:
        """Return dates (date,) in order and means (date, band), chips weighted by their clear pixels."""
        days = np.concatenate([chip[0] for chip in self._chips])
        means = np.concatenate([chip[1] for chip in self._chips])
        dates, place = np.unique(days, return_inverse=True)
        if len(dates) == len(days):  # one chip
            return dates.astype("datetime64[D]"), means[np.argsort(days)]
        weights = np.concatenate([chip[2] for chip in self._chips])[:, None] * np.isfinite(means)
        total = np.zeros((len(dates), means.shape[1]))
        summed = np.zeros_like(total)
        np.add.at(total, place, weights)
        np.add.at(summed, place, np.where(weights > 0, means, 0) * weights)
        joined = np.divide(summed, total, out=np.full(total.shape, np.nan), where=total > 0)
        return dates.astype("datetime64[D]"), joined.astype(np.float32)


def seasons_of(chips: ChipSet, rows: npt.NDArray[np.int64], batch_size: int = 64) -> FieldSeries:
    """Return the seasons of some fields of a chip set; `field` counts in the order of `rows`.

    Args:
        chips: read once, in batches.
        rows: rows of `chips.fields`.
        batch_size: chips a batch.
    """
    place = np.full(len(chips.fields), -1)
    place[rows] = np.arange(len(rows))
    seasons: dict[int, SeasonOfField] = {}
    for batch in chips.batches(batch_size):
        means, weights = clear_means(batch)
        for chip, row in enumerate(place[batch.field].tolist()):
            if row >= 0:
                seasons.setdefault(row, SeasonOfField()).add(batch.date[chip], means[chip], weights[chip])
    return joined_series(chips.info.bands, {row: season.joined() for row, season in seasons.items()})


def joined_series(
    bands: Sequence[str], seasons: dict[int, tuple[npt.NDArray[np.datetime64], npt.NDArray[np.float32]]]
) -> FieldSeries:
    """Put the seasons of all fields, by row of their table, into one."""
    rows = sorted(seasons)
    lengths = [len(seasons[row][0]) for row in rows]
    no_dates, no_values = np.empty(0, "datetime64[D]"), np.empty((0, len(bands)), np.float32)
    return FieldSeries(
        bands=tuple(bands),
        field=np.repeat(np.array(rows, np.int64), lengths),
        date=np.concatenate([no_dates, *(seasons[row][0] for row in rows)]),
        values=np.concatenate([no_values, *(seasons[row][1] for row in rows)]),
    )
