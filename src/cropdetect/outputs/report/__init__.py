"""report.html: one self-contained page a prediction, evaluation or cross-validation."""

from cropdetect.outputs.report.content import ReportContent, crossval_content, read_content, title_of
from cropdetect.outputs.report.page import render

__all__ = ["ReportContent", "crossval_content", "read_content", "render", "title_of"]
