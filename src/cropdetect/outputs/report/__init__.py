"""report.html: one self-contained page for each prediction, evaluation, cross-validation or training."""

from cropdetect.outputs.report.content import (
    ReportContent,
    crossval_content,
    kept_scores,
    name_of,
    own_scores,
    read_content,
    read_known,
    read_scores,
    with_scores,
)
from cropdetect.outputs.report.page import render
from cropdetect.outputs.report.training import TrainingContent, read_training
from cropdetect.outputs.report.write import write_report

__all__ = [
    "ReportContent",
    "TrainingContent",
    "crossval_content",
    "kept_scores",
    "name_of",
    "own_scores",
    "read_content",
    "read_known",
    "read_scores",
    "read_training",
    "render",
    "with_scores",
    "write_report",
]
