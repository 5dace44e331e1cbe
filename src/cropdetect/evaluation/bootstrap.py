"""How far scores would differ on other fields: the bootstrap over groups of fields.

Fields of one group (a village, a block of the map) resemble each other, so whole groups are drawn and not single fields:
an interval over single fields would be too narrow.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cropdetect.evaluation.calibration import N_BINS, confidence_bins
from cropdetect.evaluation.scores import check, clipped, kappa, ratio

FEW_GROUPS = 10
SCORES = ("log_loss", "accuracy", "balanced_accuracy", "macro_f1", "kappa", "ece")
_OF_CLASS = ("f1", "precision", "recall")
_BATCH = 2**23  # entries of the weights (resample, group) that are held at a time


@dataclass(frozen=True)
class Difference:
    """The difference of a score between two sets of predictions, on the same fields.

    Attributes:
        first: score of the first set.
        second: score of the second set.
        difference: first - second.
        lower: lower end of the interval of the difference.
        upper: upper end.
    """

    first: float
    second: float
    difference: float
    lower: float
    upper: float


def bootstrap_intervals(
    probabilities: npt.NDArray[np.floating],
    labels: npt.NDArray[np.integer],
    legend: Sequence[str],
    groups: npt.NDArray[np.generic] | None = None,
    *,
    n_resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """Return the percentile interval of every score.

    Args:
        probabilities: (field, class).
        labels: (field,) positions in `legend`.
        legend: class names.
        groups: (field,) group of each field, any values; None: every field is drawn on its own.
        n_resamples: draws.
        level: share of the draws inside the interval.
        seed: of the draws.

    Returns:
        The names of `MetricsRecord` (log_loss, accuracy, balanced_accuracy, macro_f1, kappa, ece), and f1:<class>,
        precision:<class>, recall:<class>. A score that no draw has is left out.

    Raises:
        LegendError: probabilities, labels and legend do not fit each other.

    References:
        Davison, A. C. and Hinkley, D. V. (1997). Bootstrap Methods and their Application, section 3.8 (clusters).
    """
    check(probabilities, labels, legend)
    occurs = np.bincount(labels, minlength=len(legend)) > 0
    sums = _group_sums(probabilities, labels, groups)
    drawn = _drawn_scores(lambda weights: _scores(weights @ sums, occurs), len(sums), n_resamples, seed)
    names = [*SCORES, *(f"{kind}:{name}" for kind in _OF_CLASS for name in legend)]
    return {name: _interval(values, level) for name, values in zip(names, drawn, strict=True) if np.isfinite(values).any()}


def bootstrap_differences(
    first: npt.NDArray[np.floating],
    second: npt.NDArray[np.floating],
    labels: npt.NDArray[np.integer],
    legend: Sequence[str],
    groups: npt.NDArray[np.generic] | None = None,
    *,
    n_resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, Difference]:
    """Compare two sets of predictions of the same fields: both are scored on the same draws.

    Args:
        first: (field, class) probabilities.
        second: (field, class) probabilities.
        labels: (field,) positions in `legend`.
        legend: class names.
        groups: (field,) group of each field; None: every field is drawn on its own.
        n_resamples: draws.
        level: share of the draws inside the interval.
        seed: of the draws.

    Returns:
        A `Difference` for log_loss, accuracy, balanced_accuracy, macro_f1, kappa and ece.

    Raises:
        LegendError: probabilities, labels and legend do not fit each other.
    """
    for probabilities in (first, second):
        check(probabilities, labels, legend)
    occurs = np.bincount(labels, minlength=len(legend)) > 0
    a, b = (_group_sums(probabilities, labels, groups) for probabilities in (first, second))

    def difference(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return _scores(weights @ a, occurs) - _scores(weights @ b, occurs)

    drawn = _drawn_scores(difference, len(a), n_resamples, seed)
    of_a, of_b = (_scores(sums.sum(axis=0, keepdims=True), occurs)[:, 0].tolist() for sums in (a, b))
    return {
        name: Difference(of_a[i], of_b[i], of_a[i] - of_b[i], *_interval(drawn[i], level))
        for i, name in enumerate(SCORES)
        if np.isfinite(drawn[i]).any()
    }


def _group_sums(
    probabilities: npt.NDArray[np.floating], labels: npt.NDArray[np.integer], groups: npt.NDArray[np.generic] | None
) -> npt.NDArray[np.float64]:
    """Return what all scores are made of, summed over each group.

    Returns:
        (group, 3 x class + 2 + bin): hits, true and predicted fields of each class, fields, negative log-likelihood, and the
        gap between right answers and confidence in each bin of the calibration error.
    """
    n, n_classes = probabilities.shape
    bin_of, confidence, right = confidence_bins(probabilities, labels)
    of_field = np.zeros((n, 3 * n_classes + 2 + N_BINS))
    rows = np.arange(n)
    of_field[rows, labels] = right
    of_field[rows, n_classes + labels] = 1
    of_field[rows, 2 * n_classes + probabilities.argmax(axis=1)] = 1
    of_field[:, 3 * n_classes] = 1
    of_field[:, 3 * n_classes + 1] = -np.log(clipped(probabilities)[rows, labels])
    of_field[rows, 3 * n_classes + 2 + bin_of] = right - confidence
    if groups is None:
        return of_field
    names, position = np.unique(groups, return_inverse=True)
    summed = np.zeros((len(names), of_field.shape[1]))
    np.add.at(summed, position.reshape(-1), of_field)
    return summed


def _drawn_scores(
    of_weights: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]], n_groups: int, n_resamples: int, seed: int
) -> npt.NDArray[np.float64]:
    """Return the scores of every draw of groups, (score, resample).

    Args:
        of_weights: scores, (score, resample), of how often each draw holds each group, (resample, group).
        n_groups: number of groups.
        n_resamples: number of draws.
        seed: of the draws.
    """
    from scipy import stats  # here: it takes 0.4 CPU seconds to import, and predictions need no bootstrap

    if n_groups == 1:
        return of_weights(np.ones((1, 1)))

    def of_draws(drawn: npt.NDArray[np.generic], axis: int) -> npt.NDArray[np.float64]:
        places = drawn.astype(np.int64) + n_groups * np.arange(len(drawn))[:, None]
        return of_weights(np.bincount(places.ravel(), minlength=drawn.size).reshape(drawn.shape).astype(np.float64))

    with warnings.catch_warnings():  # of its own intervals, which are NaN where one draw lacks a score
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        drawn = stats.bootstrap(
            (np.arange(n_groups),),
            of_draws,
            n_resamples=n_resamples,
            batch=max(1, _BATCH // n_groups),
            vectorized=True,
            method="percentile",
            random_state=np.random.default_rng(seed),
        )
    return np.asarray(drawn.bootstrap_distribution)


def _scores(sums: npt.NDArray[np.float64], occurs: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Return every score of each row of sums, NaN where there is none.

    Args:
        sums: (resample, ...) see `_group_sums`.
        occurs: (class,) whether any field is of the class.

    Returns:
        (score, resample): `SCORES`, then `_OF_CLASS` for each class.
    """
    k = len(occurs)
    hits, true, predicted = sums[:, :k], sums[:, k : 2 * k], sums[:, 2 * k : 3 * k]
    n, loss, gaps = sums[:, 3 * k], sums[:, 3 * k + 1], sums[:, 3 * k + 2 :]
    recall, precision, f1 = ratio(hits, true), ratio(hits, predicted), ratio(2 * hits, true + predicted)
    # A draw without the fields of a class says nothing of it: a single wrong answer would make its F1 0.
    f1[:, occurs] = np.where(true[:, occurs] > 0, f1[:, occurs], np.nan)
    overall = (
        loss / n,
        hits.sum(axis=1) / n,
        np.nanmean(recall, axis=1),
        np.nanmean(f1, axis=1),
        kappa(hits, true, predicted),
        np.abs(gaps).sum(axis=1) / n,
    )
    return np.concatenate([np.stack(overall), f1.T, precision.T, recall.T])


def _interval(values: npt.NDArray[np.float64], level: float) -> tuple[float, float]:
    lower, upper = np.nanquantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(lower), float(upper)
