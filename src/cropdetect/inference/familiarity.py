"""Fields whose season is unlike any that the checkpoint was trained on."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cropdetect.chips.batch import season_day
from cropdetect.evaluation import NoveltyDetector
from cropdetect.formats import NoveltyRecord
from cropdetect.inference.season import FieldSeries


def season_cells(
    series: FieldSeries, n_fields: int, bands: Sequence[str], edges: Sequence[float], season_year: int | None
) -> npt.NDArray[np.float64]:
    """Return the mean of each band in each portion of the season.

    Args:
        series: clear means of the fields by date.
        n_fields: length of the fields table.
        bands: bands to take, which the series has.
        edges: days of the season year at which the portions begin and end; other days are left out.
        season_year: default: for each field the year of its median date.

    Returns:
        (field, portion x band), NaN where no date of the portion is clear.
    """
    portions = len(edges) - 1
    values = series.values[:, [series.bands.index(band) for band in bands]].astype(np.float64)
    day = np.empty(len(series.date), np.float64)
    starts = np.flatnonzero(np.diff(series.field, prepend=-1))
    for start, end in zip(starts, [*starts[1:], len(day)][: len(starts)], strict=True):
        day[start:end] = season_day(series.date[None, start:end], season_year)[0]
    portion = np.digitize(day, edges) - 1
    portion[day == edges[-1]] = portions - 1
    inside = (portion >= 0) & (portion < portions)
    cell = series.field[inside] * portions + portion[inside]
    values = values[inside]
    known = np.isfinite(values)
    summed, counted = np.zeros((n_fields * portions, len(bands))), np.zeros((n_fields * portions, len(bands)))
    np.add.at(summed, cell, np.where(known, values, 0))
    np.add.at(counted, cell, known)
    means = np.divide(summed, counted, out=np.full(summed.shape, np.nan), where=counted > 0)
    return np.asarray(means.reshape(n_fields, -1))


def unlike_training(series: FieldSeries, n_fields: int, record: NoveltyRecord, season_year: int | None) -> npt.NDArray[np.bool_]:
    """Tell which fields are unlike all training fields, (field,); a field without a clear date in the season is, too."""
    cells = season_cells(series, n_fields, record.bands, record.edges, season_year)
    detector = NoveltyDetector(np.array(record.centres), np.array(record.covariance), record.threshold)
    return np.asarray(~(detector.distance(cells) <= record.threshold))
