"""All scores of `metrics.json` from probabilities and labels."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cropdetect.errors import LegendError
from cropdetect.formats import ClassMetrics, MetricsRecord
from cropdetect.metrics.calibration import calibration_error, reliability_bins
from cropdetect.metrics.confusion import confusion_matrix, kappa, ratio
from cropdetect.metrics.probabilities import log_loss


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
    hits, true, stated = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    recall = ratio(hits, true)
    f1 = ratio(2 * hits, true + stated)
    precision = ratio(hits, stated)
    return MetricsRecord(
        n_fields=len(labels),
        log_loss=log_loss(probabilities, labels),
        accuracy=float(hits.sum() / len(labels)),
        balanced_accuracy=float(np.nanmean(recall)),
        macro_f1=float(np.nanmean(f1)),
        kappa=_or_none(float(kappa(hits, true, stated))),
        ece=calibration_error(probabilities, labels),
        per_class={
            name: ClassMetrics(n=int(true[i]), precision=_or_none(precision[i]), recall=_or_none(recall[i]), f1=_or_none(f1[i]))
            for i, name in enumerate(legend)
        },
        legend=list(legend),
        confusion=confusion.tolist(),
        reliability=reliability_bins(probabilities, labels),
    )


def check(probabilities: npt.NDArray[np.floating], labels: npt.NDArray[np.integer], legend: Sequence[str]) -> None:
    """See that probabilities, labels and legend fit each other.

    Raises:
        LegendError: they do not, or there is no field.
    """
    if len(labels) == 0:
        raise LegendError("there is no field with both a label and an answer, so nothing can be scored")
    if probabilities.shape != (len(labels), len(legend)):
        raise LegendError(
            f"the probabilities have shape {probabilities.shape}, but there are {len(labels)} labels and {len(legend)} classes"
        )
    if labels.min() < 0 or labels.max() >= len(legend):
        raise LegendError(f"labels must lie between 0 and {len(legend) - 1}, but reach from {labels.min()} to {labels.max()}")
    if not np.isfinite(probabilities).all():
        row = int(np.flatnonzero(~np.isfinite(probabilities).all(axis=1))[0])
        raise LegendError(f"row {row} of the probabilities is not finite", fix="Leave out the fields without an answer.")


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
