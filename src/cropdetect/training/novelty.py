"""What the training fields look like, for the checkpoint."""

import numpy as np
import numpy.typing as npt

from cropdetect.evaluation import fit_novelty_detector
from cropdetect.formats import NoveltyRecord
from cropdetect.imagery import is_quality
from cropdetect.inference.series import ChipMeans, field_series, season_cells
from cropdetect.training.data import TrainingData
from cropdetect.training.split import stratified_folds

FALSE_ALARM_RATE = 0.05
_PORTIONS = 6
_FOLDS = 5
_DIGITS = 6


def novelty_record(
    data: TrainingData,
    groups: npt.NDArray[np.int64] | None,
    bands: tuple[str, ...],
    *,
    seed: int = 0,
) -> NoveltyRecord | None:
    """Describe the labelled fields by the means of their bands in six portions of the season.

    Args:
        data: the training data.
        groups: (field,) groups that are judged together, or None.
        bands: of the network; cloud probability and classes tell nothing of crops and are left out.
        seed: of the folds in which the threshold is chosen.

    Returns:
        The record, or None where there are too few fields or groups to choose a threshold.
    """
    bands = tuple(band for band in bands if not is_quality(band))
    n_units = len(data.classes) if groups is None else len(np.unique(groups))
    if not bands or n_units < _FOLDS or data.class_counts.max() < _FOLDS:
        return None
    days = data.days_seen()
    first, last = np.floor(np.percentile(days, 1)), np.ceil(np.percentile(days, 99))
    edges = [round(float(edge), 1) for edge in np.linspace(first, max(last, first + _PORTIONS), _PORTIONS + 1)]
    series = field_series(bands, (ChipMeans.of(batch) for batch in data.chips_of_bands(bands).batches()))
    cells = season_cells(series, data.chips.season_year, bands, edges)
    folds = stratified_folds(data.classes, groups, _FOLDS, seed)
    found = fit_novelty_detector(cells, data.classes, len(data.legend), folds, false_alarm_rate=FALSE_ALARM_RATE)
    if not np.isfinite(found.threshold):  # no date of any field is clear
        return None
    return NoveltyRecord(
        bands=list(bands),
        edges=edges,
        centres=_short(found.centres),
        covariance=_short(found.covariance),
        threshold=found.threshold,
        false_alarm_rate=FALSE_ALARM_RATE,
        origin=f"{len(data.classes)} training fields, threshold on {'fields' if groups is None else 'groups'} held out",
    )


def _short(values: npt.NDArray[np.float64]) -> list[list[float]]:
    """Round to six digits: checkpoint.json stays small."""
    return [[float(f"{value:.{_DIGITS}g}") for value in row] for row in values.tolist()]
