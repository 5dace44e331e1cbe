"""Series of field means on a regular calendar, for classifiers that want a row of numbers a field."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from cropdetect.chips.batch import ChipBatch, field_means


def gap_filled(
    batches: Iterable[ChipBatch],
    n_fields: int,
    columns: Sequence[int],
    calendar: npt.NDArray[np.floating],
) -> npt.NDArray[np.float64]:
    """Interpolate the mean of each field's clear pixels linearly in time, band by band.

    Before the first and after the last clear date a band keeps its value. Chips of one field are averaged by their field
    pixels.

    Args:
        batches: chips.
        n_fields: rows of the fields table that `ChipBatch.field` refers to.
        columns: positions of the bands.
        calendar: (step,) days of the season year, ascending.

    Returns:
        (field, band x step), all steps of the first band first; NaN where a field has no clear value of a band.
    """
    n_steps = len(calendar)
    summed, weight = np.zeros((n_fields, len(columns), n_steps)), np.zeros((n_fields, len(columns)))
    for batch in batches:
        pixels = batch.mask.sum(axis=(1, 2), dtype=np.float64)
        means, days = field_means(batch).image[:, :, list(columns), 0, 0], batch.day()
        order = np.argsort(days, axis=1, kind="stable")
        days, means = np.take_along_axis(days, order, axis=1), np.take_along_axis(means, order[:, :, None], axis=1)
        there = np.isfinite(means)
        for chip, band in np.argwhere(there.any(axis=1)).tolist():
            known = there[chip, :, band]
            series = np.interp(calendar, days[chip, known], means[chip, known, band])
            summed[batch.field[chip], band] += pixels[chip] * series
            weight[batch.field[chip], band] += pixels[chip]
    filled = np.full_like(summed, np.nan)
    np.divide(summed, weight[:, :, None], out=filled, where=weight[:, :, None] > 0)
    return filled.reshape(n_fields, -1)
