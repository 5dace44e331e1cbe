"""The log loss, as the 2020 competition and DESIGN define it."""

import numpy as np
import numpy.typing as npt

CLIP = 1e-4  # one confident mistake then costs 9.2 nats and not infinitely many


def clipped(probabilities: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Raise every probability to at least 1e-4, then make each row sum to 1 again.

    Args:
        probabilities: (field, class).

    Returns:
        (field, class) float64.
    """
    raised = np.clip(np.asarray(probabilities, np.float64), CLIP, 1.0)
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def log_loss(probabilities: npt.NDArray[np.floating], labels: npt.NDArray[np.integer]) -> float:
    """Mean negative logarithm of the probability given to the true class, nats.

    Args:
        probabilities: (field, class); clipped at 1e-4 and renormalised first.
        labels: (field,) positions of the true classes.
    """
    of_truth = clipped(probabilities)[np.arange(len(labels)), labels]
    return float(-np.log(of_truth).mean())
