"""How far scores would differ on other fields: the bootstrap over groups of fields.

Fields of one group (a village, a block of the map) resemble each other, so groups and not fields are drawn again: an
interval over single fields would be too narrow.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cropdetect.metrics.calibration import N_BINS, confidence_bins
from cropdetect.metrics.confusion import kappa, ratio
from cropdetect.metrics.probabilities import clipped
from cropdetect.metrics.scores import check

FEW_GROUPS = 10
_CHUNK = 2**23  # entries of the weights (resample, group) that are held at a time

Scores = dict[str, npt.NDArray[np.float64]]


@dataclass(frozen=True)
class Difference:
    """What one set of answers scores above another, on the same fields.

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
    drawn = _join(_scores(weights @ sums, legend, occurs) for weights in _draws(len(sums), n_resamples, seed))
    return {name: _interval(values, level) for name, values in drawn.items() if np.isfinite(values).any()}


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
    """Compare two sets of answers to the same fields: both are scored on the same draws.

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
    sums = [_group_sums(probabilities, labels, groups) for probabilities in (first, second)]
    draws = _draws(len(sums[0]), n_resamples, seed)
    once = [_scores(one.sum(axis=0, keepdims=True), legend, occurs) for one in sums]
    drawn = _join(_difference(*(_scores(weights @ one, legend, occurs) for one in sums)) for weights in draws)
    differences = {}
    for name, values in drawn.items():
        if ":" not in name and np.isfinite(values).any():
            a, b = (float(scores[name][0]) for scores in once)
            differences[name] = Difference(a, b, a - b, *_interval(values, level))
    return differences


def _group_sums(
    probabilities: npt.NDArray[np.floating], labels: npt.NDArray[np.integer], groups: npt.NDArray[np.generic] | None
) -> npt.NDArray[np.float64]:
    """Return what all scores are made of, summed over each group.

    Returns:
        (group, 3 x class + 2 + bin): hits, true and stated fields of each class, fields, negative log-likelihood, and the
        gap between right answers and confidence in each bin of the calibration error.
    """
    n, n_classes = probabilities.shape
    predicted = probabilities.argmax(axis=1)
    bin_of, confidence, right = confidence_bins(probabilities, labels)
    of_field = np.zeros((n, 3 * n_classes + 2 + N_BINS))
    rows = np.arange(n)
    of_field[rows, labels] = right
    of_field[rows, n_classes + labels] = 1
    of_field[rows, 2 * n_classes + predicted] = 1
    of_field[:, 3 * n_classes] = 1
    of_field[:, 3 * n_classes + 1] = -np.log(clipped(probabilities)[rows, labels])
    of_field[rows, 3 * n_classes + 2 + bin_of] = right - confidence
    if groups is None:
        return of_field
    names, position = np.unique(groups, return_inverse=True)
    summed = np.zeros((len(names), of_field.shape[1]))
    np.add.at(summed, position.reshape(-1), of_field)
    return summed


def _draws(n_groups: int, n_resamples: int, seed: int) -> Iterator[npt.NDArray[np.float64]]:
    """Yield how often each draw holds each group, (resample, group), some resamples at a time."""
    rng = np.random.default_rng(seed)
    size = max(1, _CHUNK // n_groups)
    for start in range(0, n_resamples, size):
        n = min(size, n_resamples - start)
        drawn = rng.integers(0, n_groups, (n, n_groups)) + n_groups * np.arange(n)[:, None]
        yield np.bincount(drawn.ravel(), minlength=n * n_groups).reshape(n, n_groups).astype(np.float64)


def _scores(sums: npt.NDArray[np.float64], legend: Sequence[str], occurs: npt.NDArray[np.bool_]) -> Scores:
    """Return every score of each row of sums, (resample,) each; NaN where there is none.

    Args:
        sums: (resample, ...) see `_group_sums`.
        legend: class names.
        occurs: (class,) whether any field is of the class.
    """
    k = len(legend)
    hits, true, stated = sums[:, :k], sums[:, k : 2 * k], sums[:, 2 * k : 3 * k]
    n, loss, gaps = sums[:, 3 * k], sums[:, 3 * k + 1], sums[:, 3 * k + 2 :]
    recall, precision, f1 = ratio(hits, true), ratio(hits, stated), ratio(2 * hits, true + stated)
    # A draw without the fields of a class says nothing of it: a single wrong answer would make its F1 0.
    f1[:, occurs] = np.where(true[:, occurs] > 0, f1[:, occurs], np.nan)
    scores = {
        "log_loss": loss / n,
        "accuracy": hits.sum(axis=1) / n,
        "balanced_accuracy": np.nanmean(recall, axis=1),
        "macro_f1": np.nanmean(f1, axis=1),
        "kappa": kappa(hits, true, stated),
        "ece": np.abs(gaps).sum(axis=1) / n,
    }
    for kind, values in (("f1", f1), ("precision", precision), ("recall", recall)):
        scores |= {f"{kind}:{name}": values[:, i] for i, name in enumerate(legend)}
    return scores


def _difference(first: Scores, second: Scores) -> Scores:
    return {name: values - second[name] for name, values in first.items()}


def _join(parts: Iterator[Scores]) -> Scores:
    joined = list(parts)
    return {name: np.concatenate([part[name] for part in joined]) for name in joined[0]}


def _interval(values: npt.NDArray[np.float64], level: float) -> tuple[float, float]:
    lower, upper = np.nanquantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(lower), float(upper)
