"""Evaluation: predictions against labels, calibration, and fields unlike the training fields (NumPy and SciPy)."""

from cropdetect.evaluation.areas import Z_95, estimate_areas
from cropdetect.evaluation.bootstrap import SCORES, Difference, bootstrap_differences, bootstrap_intervals
from cropdetect.evaluation.calibration import (
    EnsembleScaling,
    Scaling,
    calibration_error,
    fit_temperature,
    fit_vector,
    reliability_bins,
    scaled,
)
from cropdetect.evaluation.comparison import FoldKind, ScoredFields, compare_runs
from cropdetect.evaluation.evaluate import as_out_of_fold, evaluate_predictions, evaluate_probabilities
from cropdetect.evaluation.label_doubts import label_doubts
from cropdetect.evaluation.novelty import NoveltyDetector, fit_novelty_detector, more_than_chance
from cropdetect.evaluation.scores import clipped, confusion_matrix, log_loss, score, scores_by_size

__all__ = [
    "SCORES",
    "Z_95",
    "Difference",
    "EnsembleScaling",
    "FoldKind",
    "NoveltyDetector",
    "Scaling",
    "ScoredFields",
    "as_out_of_fold",
    "bootstrap_differences",
    "bootstrap_intervals",
    "calibration_error",
    "clipped",
    "compare_runs",
    "confusion_matrix",
    "estimate_areas",
    "evaluate_predictions",
    "evaluate_probabilities",
    "fit_novelty_detector",
    "fit_temperature",
    "fit_vector",
    "label_doubts",
    "log_loss",
    "more_than_chance",
    "reliability_bins",
    "scaled",
    "score",
    "scores_by_size",
]
