"""How far stated confidence and accuracy lie apart."""

import numpy as np
import numpy.typing as npt

from cropdetect.formats import ReliabilityBin

N_BINS = 15


def calibration_error(probabilities: npt.NDArray[np.floating], labels: npt.NDArray[np.integer], *, n_bins: int = N_BINS) -> float:
    """Expected calibration error of the top class (Guo et al. 2017, "On Calibration of Modern Neural Networks", eq. 3).

    Fields are sorted into bins (0, 1/n], (1/n, 2/n], ... by the probability of their most likely class; the gaps between
    mean confidence and accuracy of the bins are averaged, each bin weighted by its fields.

    Args:
        probabilities: (field, class).
        labels: (field,) positions of the true classes.
        n_bins: equal-width bins.

    Returns:
        0 (calibrated) to 1.
    """
    bin_of, confidence, right = confidence_bins(probabilities, labels, n_bins)
    # The gap of a bin times its number of fields is |sum of (right - confidence)| over its fields.
    gaps = np.bincount(bin_of, weights=right - confidence, minlength=n_bins)
    return float(np.abs(gaps).sum() / len(labels))


def reliability_bins(
    probabilities: npt.NDArray[np.floating], labels: npt.NDArray[np.integer], *, n_bins: int = N_BINS
) -> list[ReliabilityBin]:
    """Return mean confidence and accuracy of each bin of `calibration_error`: the points of a reliability diagram.

    Args:
        probabilities: (field, class).
        labels: (field,) positions of the true classes.
        n_bins: equal-width bins; all are returned, also those without fields.
    """
    bin_of, confidence, right = confidence_bins(probabilities, labels, n_bins)
    n = np.bincount(bin_of, minlength=n_bins)
    sums = (np.bincount(bin_of, weights=values, minlength=n_bins) for values in (confidence, right))
    stated, found = (np.divide(total, n, out=np.zeros(n_bins), where=n > 0) for total in sums)
    return [
        ReliabilityBin(
            lower=i / n_bins,
            upper=(i + 1) / n_bins,
            n=int(n[i]),
            confidence=float(stated[i]) if n[i] else None,
            accuracy=float(found[i]) if n[i] else None,
        )
        for i in range(n_bins)
    ]


def confidence_bins(
    probabilities: npt.NDArray[np.floating], labels: npt.NDArray[np.integer], n_bins: int = N_BINS
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Return the bin, the confidence, and whether the most likely class is right, of each field, (field,) each."""
    probabilities = np.asarray(probabilities, np.float64)
    confidence = probabilities.max(axis=1)
    right = np.asarray(probabilities.argmax(axis=1) == labels)
    edges = np.linspace(0, 1, n_bins + 1)[1:-1]
    return np.digitize(confidence, edges, right=True).astype(np.int64), confidence, right
