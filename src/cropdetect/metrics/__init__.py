"""Scores of probabilities against labels (NumPy only)."""

from cropdetect.metrics.areas import estimate_areas
from cropdetect.metrics.bootstrap import FEW_GROUPS, Difference, bootstrap_differences, bootstrap_intervals
from cropdetect.metrics.calibration import calibration_error, reliability_bins
from cropdetect.metrics.confusion import confusion_matrix
from cropdetect.metrics.doubts import label_doubts
from cropdetect.metrics.evaluation import evaluate_answers
from cropdetect.metrics.familiarity import Familiarity, fit_familiarity
from cropdetect.metrics.probabilities import clipped, log_loss
from cropdetect.metrics.scaling import EnsembleScaling, Scaling, fit_temperature, fit_vector, scaled
from cropdetect.metrics.scores import score
from cropdetect.metrics.sizes import scores_by_size

__all__ = [
    "FEW_GROUPS",
    "Difference",
    "EnsembleScaling",
    "Familiarity",
    "Scaling",
    "bootstrap_differences",
    "bootstrap_intervals",
    "calibration_error",
    "clipped",
    "confusion_matrix",
    "estimate_areas",
    "evaluate_answers",
    "fit_familiarity",
    "fit_temperature",
    "fit_vector",
    "label_doubts",
    "log_loss",
    "reliability_bins",
    "scaled",
    "score",
    "scores_by_size",
]
