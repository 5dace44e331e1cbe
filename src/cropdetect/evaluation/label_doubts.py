"""Fields whose label the predictions confidently contradict."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cropdetect.formats import LabelDoubt


def label_doubts(
    probabilities: npt.NDArray[np.floating],
    labels: npt.NDArray[np.integer],
    legend: Sequence[str],
    field_ids: Sequence[int | str],
) -> list[LabelDoubt]:
    """List the fields whose label is likely wrong (confident learning).

    A class is predicted with confidence where its probability reaches the mean that it has among the fields with its label:
    a class that is often uncertain has a lower threshold than one that is mostly clear. A field is listed when its most
    likely class is predicted with confidence and is not its label.

    Args:
        probabilities: (field, class), by networks that have not seen the field's label (out of fold).
        labels: (field,) positions in `legend`.
        legend: class names.
        field_ids: (field,).

    Returns:
        The most doubtful first: by how far the probability of the label lies below that of the predicted class.

    References:
        Northcutt, C., Jiang, L. and Chuang, I. (2021). Confident Learning: Estimating Uncertainty in Dataset Labels. JAIR 70.
    """
    probabilities = np.asarray(probabilities, np.float64)
    rows = np.arange(len(labels))
    thresholds = np.full(probabilities.shape[1], np.inf)
    for position in np.unique(labels):
        thresholds[position] = probabilities[labels == position, position].mean()
    predicted = probabilities.argmax(axis=1)
    confidence, of_label = probabilities[rows, predicted], probabilities[rows, labels]
    doubtful = np.flatnonzero((predicted != labels) & (confidence >= thresholds[predicted]))
    order = doubtful[np.argsort((of_label - confidence)[doubtful], kind="stable")]
    return [
        LabelDoubt(
            field_id=_plain(field_ids[row]),
            label=legend[labels[row]],
            predicted=legend[predicted[row]],
            confidence=float(confidence[row]),
            label_probability=float(of_label[row]),
        )
        for row in order.tolist()
    ]


def _plain(field_id: object) -> int | str:
    return int(field_id) if isinstance(field_id, int | np.integer) else str(field_id)
