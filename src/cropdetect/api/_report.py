"""The verb `report`: the page of a prediction, evaluation or cross-validation, made again."""

import tempfile
from dataclasses import replace
from pathlib import Path

import pandas as pd

from cropdetect.errors import InputNotFoundError
from cropdetect.outputs.report import ReportContent, read_content, read_scores, with_scores, write_report
from cropdetect.runs import refuse_overlap


def report(
    predictions: Path,
    out: Path | None = None,
    *,
    labels: Path | None = None,
    label_column: str | None = None,
    overwrite: bool = False,
) -> Path:
    """Write report.html of predictions, evaluated predictions or a cross-validation.

    Args:
        predictions: output folder of `predict`, `evaluate` or `crossval`.
        out: the page (default: report.html in that folder).
        labels: table or vector file of known crops; adds the scores (predictions only).
        label_column: column of the labels (default: found by name).
        overwrite: replace a page that is there already.

    Returns:
        The page's path.

    Raises:
        InputNotFoundError: the folder holds no predictions.
        UnreadableFileError: a file is damaged.
        OutputExistsError, OutputPathError: the page cannot be written there.
        CropDetectError: one of its kinds, as `evaluate`, when the labels do not fit.
    """
    page = predictions / "report.html" if out is None else out
    if page.resolve() != (predictions / "report.html").resolve():
        refuse_overlap(page.resolve(), [path for path in (predictions, labels) if path is not None])
    if (predictions / "fields.parquet").is_file():
        content = read_content(predictions)
        if labels is not None:
            content = _scored(content, predictions, labels, label_column)
    elif (predictions / "metrics.json").is_file():
        content = read_scores(predictions)
    else:
        fix = "Name the output folder of predict, evaluate or crossval."
        raise InputNotFoundError("there are no predictions here", where=predictions, fix=fix)
    return write_report(content, page, overwrite=overwrite)


def _scored(content: ReportContent, predictions: Path, labels: Path, label_column: str | None) -> ReportContent:
    from cropdetect.api._evaluate import evaluate

    with tempfile.TemporaryDirectory() as folder:
        scores = Path(folder) / "scores"
        metrics = evaluate(predictions, scores, labels=labels, label_column=label_column)
        known = pd.read_csv(scores / "predictions.csv", dtype={"field_id": str, "label": str}, keep_default_na=False)
    return replace(with_scores(content, metrics, known), kind="evaluation")
