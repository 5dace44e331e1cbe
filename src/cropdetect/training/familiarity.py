"""What the training fields look like, for the checkpoint."""

import numpy as np
import numpy.typing as npt

from cropdetect.chips.batch import season_day
from cropdetect.evaluation import fit_novelty_detector
from cropdetect.formats import NoveltyRecord
from cropdetect.imagery.bands import is_nearest
from cropdetect.inference.familiarity import season_cells
from cropdetect.inference.season import SeasonOfField, clear_means, joined_series
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
    season_year: int | None = None,
    seed: int = 0,
) -> NoveltyRecord | None:
    """Describe the labelled fields by the means of their bands in six portions of the season.

    Args:
        chips: chips of these fields only.
        fields: the labelled fields.
        groups: (field,) groups that are judged together, or None.
        bands: of the network; cloud probability and classes tell nothing of crops and are left out.
        season_year: see `ChipBatch.day`.
        seed: of the folds in which the threshold is chosen.

    Returns:
        The record, or None where there are too few fields or groups to choose a threshold.
    """
    bands = tuple(band for band in bands if not is_nearest(band))
    n_units = len(fields.rows) if groups is None else len(np.unique(groups))
    if not bands or n_units < _FOLDS or np.bincount(fields.classes).max() < _FOLDS:
        return None
    days = season_day(chips.date, season_year)[chips.seen]
    first, last = np.floor(np.percentile(days, 1)), np.ceil(np.percentile(days, 99))
    edges = [round(float(edge), 1) for edge in np.linspace(first, max(last, first + _PORTIONS), _PORTIONS + 1)]
    seasons: dict[int, SeasonOfField] = {}
    position = np.searchsorted(fields.rows, chips.row)
    done = 0
    for batch in chips.batches(np.arange(len(chips)), bands):
        means, weights = clear_means(batch)
        for chip in range(len(batch)):
            seasons.setdefault(int(position[done + chip]), SeasonOfField()).add(batch.date[chip], means[chip], weights[chip])
        done += len(batch)
    series = joined_series(bands, {row: season.joined() for row, season in seasons.items()})
    cells = season_cells(series, len(fields.rows), bands, edges, season_year)
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
