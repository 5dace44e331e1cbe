"""Scores of probabilities against labels (NumPy only)."""

from cropdetect.metrics.calibration import calibration_error
from cropdetect.metrics.probabilities import clipped, log_loss
from cropdetect.metrics.scores import score

__all__ = ["calibration_error", "clipped", "log_loss", "score"]
