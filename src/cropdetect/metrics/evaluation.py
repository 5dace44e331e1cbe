"""One record of all that labels tell about answers."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cropdetect.formats import MetricsRecord
from cropdetect.metrics.bootstrap import FEW_GROUPS, bootstrap_intervals
from cropdetect.metrics.doubts import label_doubts
from cropdetect.metrics.scores import score
from cropdetect.metrics.sizes import scores_by_size


def evaluate_answers(
    probabilities: npt.NDArray[np.floating],
    labels: npt.NDArray[np.integer],
    legend: Sequence[str],
    field_ids: Sequence[int | str],
    *,
    groups: npt.NDArray[np.integer] | None = None,
    n_pixels: npt.NDArray[np.floating] | None = None,
    seed: int = 0,
) -> MetricsRecord:
    """Score answers, with intervals, reliability, scores by field size and label doubts.

    Args:
        probabilities: (field, class); fields without an answer are left out.
        labels: (field,) positions in `legend`.
        legend: class names.
        field_ids: (field,).
        groups: (field,) groups that are drawn together for the intervals; None: each field on its own, with a warning.
        n_pixels: (field,) areas, or None.
        seed: of the bootstrap.

    Raises:
        LegendError: there is no field, or the arguments do not fit each other.
    """
    scores = score(probabilities, labels, legend)
    warnings = []
    n_groups = None if groups is None else len(np.unique(groups))
    if n_groups is None or n_groups < 2:
        groups = None
        warnings.append("the intervals take every field for a draw of its own: they are too narrow where neighbours are alike")
    elif n_groups < FEW_GROUPS:
        warnings.append(f"the intervals rest on {n_groups} groups of fields only and are rough")
    return scores.model_copy(
        update={
            "intervals": bootstrap_intervals(probabilities, labels, legend, groups, seed=seed),
            "by_size": None if n_pixels is None else scores_by_size(probabilities, labels, n_pixels),
            "label_doubts": label_doubts(probabilities, labels, legend, field_ids),
            "warnings": warnings,
        }
    )
