"""How far stated confidence and accuracy lie apart."""

import numpy as np
import numpy.typing as npt


def calibration_error(probabilities: npt.NDArray[np.floating], labels: npt.NDArray[np.integer], *, n_bins: int = 15) -> float:
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
    probabilities = np.asarray(probabilities, np.float64)
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    edges = np.linspace(0, 1, n_bins + 1)[1:-1]
    bin_of = np.digitize(confidence, edges, right=True)
    # The gap of a bin times its number of fields is |sum of (right - confidence)| over its fields.
    gaps = np.bincount(bin_of, weights=right - confidence, minlength=n_bins)
    return float(np.abs(gaps).sum() / len(labels))
