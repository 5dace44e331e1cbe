"""Fields whose season is unlike any that the checkpoint was trained on."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cropdetect.chips.season import season_day
from cropdetect.formats import FamiliarityRecord
from cropdetect.inference.season import FieldSeries
from cropdetect.metrics import Familiarity


def season_cells(
    series: FieldSeries, season_year: npt.NDArray[np.int64], bands: Sequence[str], edges: Sequence[float]
) -> npt.NDArray[np.float64]:
    """Return the mean of each band in each portion of the season.

    Args:
        series: clear means of the fields by date.
        season_year: (field,) of every field of the table, see `ChipSet.season_year`.
        bands: bands to take, which the series has.
        edges: days of the season year at which the portions begin and end; other days are left out.

    Returns:
        (field, portion x band), NaN where no date of the portion is clear.
    """
    portions = len(edges) - 1
    values = series.values[:, [series.bands.index(band) for band in bands]].astype(np.float64)
    n_fields = len(season_year)
    day = season_day(series.date, season_year[series.field])
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


def unlike_training(series: FieldSeries, season_year: npt.NDArray[np.int64], record: FamiliarityRecord) -> npt.NDArray[np.bool_]:
    """Tell which fields are unlike all training fields, (field,); a field without a clear date in the season is, too."""
    cells = season_cells(series, season_year, record.bands, record.edges)
    familiarity = Familiarity(np.array(record.centres), np.array(record.covariance), record.threshold)
    strangeness = familiarity.strangeness(cells)
    return np.asarray(~(strangeness <= record.threshold))
