"""Whether small fields are harder."""

import numpy as np
import numpy.typing as npt

from cropdetect.formats import SizeAccuracy
from cropdetect.metrics.probabilities import log_loss

_EDGES = (0.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 1000.0, np.inf)  # pixels


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
