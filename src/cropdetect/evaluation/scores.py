"""The scores of `metrics.json`, from probabilities and labels."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cropdetect.errors import LegendError
from cropdetect.evaluation.calibration import calibration_error, reliability_bins
from cropdetect.formats import ClassMetrics, MetricsRecord, SizeAccuracy

CLIP = 1e-4  # lowest probability in the log loss: one confident mistake costs 9.2 nats and not infinitely many
_EDGES = (0.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 1000.0, np.inf)  # pixels


def score(probabilities: npt.NDArray[np.floating], labels: npt.NDArray[np.integer], legend: Sequence[str]) -> MetricsRecord:
    """Score probabilities against labels.

    Classes that no field has are treated as scikit-learn treats them: `balanced_accuracy` is the mean recall over the
    classes that occur among the labels; `macro_f1` is the mean over the classes that occur among the labels or the
    predictions, so a class that is predicted and never true counts as 0. In `per_class`, precision is None where a class
    is never predicted, recall None where it never occurs, and F1 None where neither.

    Args:
        probabilities: (field, class); rows sum to 1. Leave out fields without an answer.
        labels: (field,) positions in `legend`.
        legend: class names.

    Raises:
        LegendError: there is no field, or the probabilities, labels and legend do not fit each other.
    """
    check(probabilities, labels, legend)
    confusion = confusion_matrix(labels, probabilities.argmax(axis=1), len(legend))
    hits, true, predicted = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    recall = ratio(hits, true)
    f1 = ratio(2 * hits, true + predicted)
    precision = ratio(hits, predicted)
    return MetricsRecord(
        n_fields=len(labels),
        log_loss=log_loss(probabilities, labels),
        accuracy=float(hits.sum() / len(labels)),
        balanced_accuracy=float(np.nanmean(recall)),
        macro_f1=float(np.nanmean(f1)),
        kappa=number_or_none(float(kappa(hits, true, predicted))),
        ece=calibration_error(probabilities, labels),
        per_class={
            name: ClassMetrics(
                n=int(true[i]),
                precision=number_or_none(precision[i]),
                recall=number_or_none(recall[i]),
                f1=number_or_none(f1[i]),
            )
            for i, name in enumerate(legend)
        },
        legend=list(legend),
        confusion=confusion.tolist(),
        reliability=reliability_bins(probabilities, labels),
    )


def scores_by_size(
    probabilities: npt.NDArray[np.floating], labels: npt.NDArray[np.integer], n_pixels: npt.NDArray[np.floating]
) -> list[SizeAccuracy] | None:
    """Score the fields of each range of sizes; None where all lie in one range (as those of a table do).

    Args:
        probabilities: (field, class).
        labels: (field,) positions of the true classes.
        n_pixels: (field,) area in pixels.
    """
    range_of = np.digitize(n_pixels, _EDGES[1:-1])
    present = np.unique(range_of)
    if len(present) < 2:
        return None
    right = probabilities.argmax(axis=1) == labels
    return [
        SizeAccuracy(
            lower_pixels=_EDGES[i],
            upper_pixels=_EDGES[i + 1] if np.isfinite(_EDGES[i + 1]) else None,
            n=int((range_of == i).sum()),
            accuracy=float(right[range_of == i].mean()),
            log_loss=log_loss(probabilities[range_of == i], labels[range_of == i]),
        )
        for i in present.tolist()
    ]


def log_loss(probabilities: npt.NDArray[np.floating], labels: npt.NDArray[np.integer]) -> float:
    """Mean negative logarithm of the probability given to the true class, nats.

    Args:
        probabilities: (field, class); clipped at 1e-4 and renormalised first, as in the 2020 competition.
        labels: (field,) positions of the true classes.
    """
    of_truth = clipped(probabilities)[np.arange(len(labels)), labels]
    return float(-np.log(of_truth).mean())


def clipped(probabilities: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Raise every probability to at least 1e-4, then make each row sum to 1 again.

    Args:
        probabilities: (field, class).

    Returns:
        (field, class) float64.
    """
    raised = np.clip(np.asarray(probabilities, np.float64), CLIP, 1.0)
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def confusion_matrix(
    labels: npt.NDArray[np.integer], predicted: npt.NDArray[np.integer], n_classes: int
) -> npt.NDArray[np.int64]:
    """Count the fields of each true class (rows) by predicted class (columns), (class, class)."""
    pairs = labels.astype(np.int64) * n_classes + predicted
    return np.bincount(pairs, minlength=n_classes**2).reshape(n_classes, n_classes).astype(np.int64)


def kappa(hits: npt.ArrayLike, true: npt.ArrayLike, predicted: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Agreement of predictions and labels beyond chance.

    Args:
        hits: (..., class) fields of each class that are predicted right: the diagonal of the confusion matrix.
        true: (..., class) fields of each class: its row sums.
        predicted: (..., class) fields predicted as each class: its column sums.

    Returns:
        (...): 1 for full agreement, 0 for chance, NaN where chance alone agrees fully.

    References:
        Cohen, J. (1960). A coefficient of agreement for nominal scales. Educational and Psychological Measurement 20.
    """
    hits, true, predicted = (np.asarray(counts, np.float64) for counts in (hits, true, predicted))
    n = true.sum(axis=-1)
    observed = hits.sum(axis=-1) / n
    by_chance = (true * predicted).sum(axis=-1) / n**2
    return ratio(observed - by_chance, 1 - by_chance)


def ratio(part: npt.ArrayLike, whole: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """`part / whole`, NaN where `whole` is not above 0."""
    parts, wholes = np.broadcast_arrays(np.asarray(part, np.float64), np.asarray(whole, np.float64))
    result = np.full(parts.shape, np.nan)
    np.divide(parts, wholes, out=result, where=wholes > 0)
    return result


def number_or_none(value: float) -> float | None:
    """Turn NaN into None, which JSON can hold."""
    return None if np.isnan(value) else float(value)


def check(probabilities: npt.NDArray[np.floating], labels: npt.NDArray[np.integer], legend: Sequence[str]) -> None:
    """Check that probabilities, labels and legend fit each other.

    Raises:
        LegendError: they do not, or there is no field.
    """
    if len(labels) == 0:
        raise LegendError("no field has both a label and an answer, so nothing can be scored")
    if probabilities.shape != (len(labels), len(legend)):
        raise LegendError(
            f"the probabilities have shape {probabilities.shape}, but there are {len(labels)} labels and {len(legend)} classes"
        )
    if labels.min() < 0 or labels.max() >= len(legend):
        raise LegendError(f"labels must lie between 0 and {len(legend) - 1}, but reach from {labels.min()} to {labels.max()}")
    if not np.isfinite(probabilities).all():
        row = int(np.flatnonzero(~np.isfinite(probabilities).all(axis=1))[0])
        raise LegendError(f"row {row} of the probabilities is not finite", fix="Leave out the fields without an answer.")
