"""The confusion matrix, and what follows from it alone."""

import numpy as np
import numpy.typing as npt


def confusion_matrix(
    labels: npt.NDArray[np.integer], predicted: npt.NDArray[np.integer], n_classes: int
) -> npt.NDArray[np.int64]:
    """Count the fields of each true class (rows) that were given each class (columns), (class, class)."""
    pairs = labels.astype(np.int64) * n_classes + predicted
    return np.bincount(pairs, minlength=n_classes**2).reshape(n_classes, n_classes).astype(np.int64)


def kappa(hits: npt.ArrayLike, true: npt.ArrayLike, stated: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Agreement beyond what the class shares alone would give.

    Args:
        hits: (..., class) fields of each class that were given it: the diagonal of the confusion matrix.
        true: (..., class) fields of each class: its row sums.
        stated: (..., class) fields that were given each class: its column sums.

    Returns:
        (...): 1 for full agreement, 0 for chance, NaN where chance alone agrees fully.

    References:
        Cohen, J. (1960). A coefficient of agreement for nominal scales. Educational and Psychological Measurement 20.
    """
    hits, true, stated = (np.asarray(counts, np.float64) for counts in (hits, true, stated))
    n = true.sum(axis=-1)
    observed = hits.sum(axis=-1) / n
    by_chance = (true * stated).sum(axis=-1) / n**2
    return ratio(observed - by_chance, 1 - by_chance)


def ratio(part: npt.ArrayLike, whole: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """`part / whole`, NaN where `whole` is not above 0."""
    parts, wholes = np.broadcast_arrays(np.asarray(part, np.float64), np.asarray(whole, np.float64))
    result = np.full(parts.shape, np.nan)
    np.divide(parts, wholes, out=result, where=wholes > 0)
    return result
