"""What the training fields look like, for the checkpoint."""

import numpy as np
import numpy.typing as npt

from cropdetect.evaluation import fit_novelty_detector
from cropdetect.formats import NoveltyRecord
from cropdetect.imagery import is_quality
from cropdetect.inference.series import ChipMeans, field_series, season_cells
from cropdetect.training.chips import TrainingChips
from cropdetect.training.folds import stratified_folds
from cropdetect.training.labels import LabelledFields

FALSE_ALARM_RATE = 0.05
_PORTIONS = 6
_FOLDS = 5
_DIGITS = 6


def familiarity_record(
    chips: TrainingChips,
    fields: LabelledFields,
    groups: npt.NDArray[np.int64] | None,
    bands: tuple[str, ...],
    *,
    seed: int = 0,
) -> NoveltyRecord | None:
    """Describe the labelled fields by the means of their bands in six portions of the season.

    Args:
        chips: chips of these fields only.
        fields: the labelled fields.
        groups: (field,) groups that are judged together, or None.
        bands: of the network; cloud probability and classes tell nothing of crops and are left out.
        seed: of the folds in which the threshold is chosen.

    Returns:
        The record, or None where there are too few fields or groups to choose a threshold.
    """
    bands = tuple(band for band in bands if not is_quality(band))
    n_units = len(fields.rows) if groups is None else len(np.unique(groups))
    if not bands or n_units < _FOLDS or np.bincount(fields.classes).max() < _FOLDS:
        return None
    days = chips.day[chips.seen]
    first, last = np.floor(np.percentile(days, 1)), np.ceil(np.percentile(days, 99))
    edges = [round(float(edge), 1) for edge in np.linspace(first, max(last, first + _PORTIONS), _PORTIONS + 1)]
    means = (ChipMeans.of(batch) for batch in chips.batches(np.arange(len(chips)), bands))
    series = field_series(bands, (some._replace(field=np.searchsorted(fields.rows, some.field)) for some in means))
    cells = season_cells(series, chips.chips.season_year[fields.rows], bands, edges)
    folds = stratified_folds(fields.classes, groups, _FOLDS, seed)
    found = fit_novelty_detector(cells, fields.classes, len(fields.legend), folds, false_alarm_rate=FALSE_ALARM_RATE)
    return NoveltyRecord(
        bands=list(bands),
        edges=edges,
        centres=_short(found.centres),
        covariance=_short(found.covariance),
        threshold=found.threshold,
        false_alarm_rate=FALSE_ALARM_RATE,
        origin=f"{len(fields.rows)} training fields, threshold on {'fields' if groups is None else 'groups'} held out",
    )


def _short(values: npt.NDArray[np.float64]) -> list[list[float]]:
    """Round to six digits: checkpoint.json stays small."""
    return [[float(f"{value:.{_DIGITS}g}") for value in row] for row in values.tolist()]
