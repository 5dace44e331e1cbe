"""What a specialist would try first: classifiers on gap-filled series. They are cross-validated, never shipped."""

import warnings
from collections.abc import Iterable, Sequence
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from cropdetect.chips import ChipBatch, field_means
from cropdetect.training.data import TrainingData, crop_bands

BASELINES = ("random-forest", "svm", "gradient-boosting")
_STEP = 10.0  # days
_TREES = 500


class Baseline:
    """A classifier on the fields' series, gap-filled on the calendar of the training fields.

    Args:
        name: one of `BASELINES`.
        seed: of everything random.
    """

    def __init__(self, name: str, *, seed: int = 0) -> None:
        self._name, self._seed = name, seed

    def fit(self, data: TrainingData, groups: npt.NDArray[np.int64] | None = None) -> Self:
        """Learn from the fields; `groups` takes no part.

        Raises:
            MissingBandError: no band tells anything of crops.
        """
        days = data.days_seen()
        self._calendar = np.arange(np.floor(days.min() / _STEP) * _STEP, days.max() + _STEP, _STEP)
        self._classifier = fit_classifier(self._name, self._features(data), data.classes, self._seed)
        return self

    def predict_proba(self, data: TrainingData) -> npt.NDArray[np.float64]:
        """Return probabilities, (field, class); NaN where a field is clear on no date."""
        answers = np.zeros((len(data.classes), len(data.legend)))
        answers[:, self._classifier.classes_] = self._classifier.predict_proba(self._features(data))
        answers[~data.fields_seen()] = np.nan
        return answers

    def _features(self, data: TrainingData) -> npt.NDArray[np.float64]:
        bands = crop_bands(data)
        return gap_filled(data.chips_of_bands(bands).batches(), len(data.classes), range(len(bands)), self._calendar)


class Classifier(Protocol):
    """What scikit-learn's classifiers offer."""

    classes_: npt.NDArray[np.int64]

    def predict_proba(self, features: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return (field, class) for the classes of `classes_`."""


def fit_classifier(name: str, features: npt.NDArray[np.float64], classes: npt.NDArray[np.int64], seed: int) -> Classifier:
    """Fit one of `BASELINES`.

    * `random-forest`: 500 trees, the rest as scikit-learn has it (Breiman 2001).
    * `svm`: RBF kernel on standardised features, cost 1, probabilities by Platt scaling of each pair of classes on inner folds
      (Platt 1999; Wu et al. 2004). Scaling each class against the rest, which scikit-learn advises in its place, gave 15 to 65 %
      more log loss on two real sets.
    * `gradient-boosting`: scikit-learn's histogram gradient boosting with its own settings (Ke et al. 2017).

    A missing value is replaced by its feature's median over the training fields.

    Args:
        name: of the baseline.
        features: (field, feature), NaN where missing.
        classes: (field,) class of each.
        seed: of everything random.
    """
    model: Pipeline
    if name == "random-forest":
        model = make_pipeline(_filled(), RandomForestClassifier(_TREES, random_state=seed))
    elif name == "svm":
        machine = SVC(probability=True, random_state=seed)
        model = make_pipeline(_filled(), StandardScaler(), machine)
    else:
        model = make_pipeline(_filled(), HistGradientBoostingClassifier(random_state=seed))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The `probability` parameter was deprecated")
        fitted: Classifier = model.fit(features, classes)
    return fitted


def _filled() -> SimpleImputer:
    return SimpleImputer(strategy="median", keep_empty_features=True)


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
        pixels = batch.area()
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
