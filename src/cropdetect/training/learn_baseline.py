"""Baselines as learners: gap-filled series of the training fields' calendar, then a classifier."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cropdetect.errors import MissingBandError
from cropdetect.formats import TrainOptions
from cropdetect.imagery import is_quality
from cropdetect.training.baselines import Classifier, fit_baseline
from cropdetect.training.chips import TrainingChips
from cropdetect.training.features import gap_filled
from cropdetect.training.labels import LabelledFields

_STEP = 10.0  # days


@dataclass(frozen=True)
class FittedBaseline:
    """See `Fitted`."""

    classifier: Classifier
    chips: TrainingChips
    fields: LabelledFields
    calendar: npt.NDArray[np.float64]

    def probabilities(self, positions: npt.NDArray[np.int64], until: float | None = None) -> npt.NDArray[np.float64]:
        """See `Fitted.probabilities`."""
        chips = self.chips.only(self.fields.rows[positions])
        if until is not None:
            chips = chips.seen_until(until)
        features = _features(chips, self.fields, positions, self.calendar)
        answers = np.zeros((len(positions), len(self.fields.legend)))
        answers[:, self.classifier.classes_] = self.classifier.predict_proba(features)
        answers[~np.isin(self.fields.rows[positions], chips.row[chips.seen.any(axis=1)])] = np.nan
        return answers


class BaselineLearner:
    """See `Learner`.

    Args:
        name: one of `BASELINES`.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def fit(
        self,
        chips: TrainingChips,
        fields: LabelledFields,
        training: npt.NDArray[np.int64],
        options: TrainOptions,
        state: Path,
        description: str,
    ) -> FittedBaseline:
        """See `Learner.fit`."""
        shown = chips.only(fields.rows[training])
        days = shown.day[shown.seen]
        calendar = np.arange(np.floor(days.min() / _STEP) * _STEP, days.max() + _STEP, _STEP)
        features = _features(shown, fields, training, calendar)
        classifier = fit_baseline(self._name, features, fields.classes[training], options.seed)
        return FittedBaseline(classifier, chips, fields, calendar)


def _features(
    chips: TrainingChips,
    fields: LabelledFields,
    positions: npt.NDArray[np.int64],
    calendar: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    bands = tuple(band for band, valued in zip(chips.chips.info.bands, chips.valued, strict=True) if valued)
    bands = tuple(band for band in bands if not is_quality(band))
    if not bands:
        raise MissingBandError("no band tells anything of crops")
    batches = chips.batches(np.arange(len(chips)), bands)
    n_fields = len(chips.chips.fields)
    filled = gap_filled(batches, n_fields, range(len(bands)), calendar)
    return filled[fields.rows[positions]]
