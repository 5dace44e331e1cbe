"""The verb `report`: the page of a prediction, evaluation, cross-validation or checkpoint, made again."""

import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cropdetect.api._evaluate import evaluate
from cropdetect.api._verb import verb
from cropdetect.errors import InputNotFoundError, OptionError, OutputExistsError
from cropdetect.options import AnyPath, TableSource
from cropdetect.runs import refuse_overlap
from cropdetect.scratch import Scratch

if TYPE_CHECKING:
    from cropdetect.outputs.report import ReportContent


@verb
def report(
    predictions: AnyPath,
    out: AnyPath | None = None,
    *,
    reference: TableSource | None = None,
    labels: str | None = None,
    id_column: str | None = None,
    legend: AnyPath | None = None,
    title: str = "",
    subtitle: str = "",
    pdf: bool = False,
    map_tiles: str = "",
    overwrite: bool = False,
) -> Path:
    """Make report.html again: map, areas, doubtful fields, data quality, scores.

    The folder of a prediction keeps the scores, the title and the subtitle of its page, so they are given once.

    Args:
        predictions: output folder of predict, evaluate, crossval, train or map, or the name of a checkpoint of the package.
        out: page to write (default: report.html in that folder); a name that ends in .pdf gives a PDF.
        reference: known crops, as evaluate takes them: adds scores to a prediction.
        labels: column of the labels (default: found by name).
        id_column: column of the field ids in the known crops (default: found by name).
        legend: YAML file that maps label codes of the known crops to class names.
        title: first line of the page (default: place and season).
        subtitle: second line (default: what was counted).
        pdf: write a PDF, report.pdf by default; Chromium, Chrome or Edge must be installed.
        map_tiles: address of map tiles, e.g. https://tile.openstreetmap.org/{z}/{x}/{y}.png; a reader can turn them on.
        overwrite: replace a page that is there already.

    Returns:
        The page's path.

    Raises:
        InputNotFoundError: the folder holds no predictions.
        OptionError: a checkpoint is to be compared with known crops.
        UnreadableFileError: a file is damaged.
        OutputExistsError, OutputPathError: the page cannot be written there.
        CropDetectError: one of its kinds, as `evaluate`, when the reference does not fit.
    """
    from cropdetect.checkpoint import read_checkpoint
    from cropdetect.outputs.report import (
        ReportContent,
        TrainingContent,
        kept_scores,
        read_content,
        read_scores,
        read_training,
        write_report,
    )

    predictions = _folder(Path(predictions), out)
    own = predictions / ("report.pdf" if pdf else "report.html")
    page = own if out is None else Path(out).with_suffix(".pdf") if pdf else Path(out)
    is_own = page.resolve() == own.resolve()
    if not is_own:
        refuse_overlap(page.resolve(), [path for path in (predictions, reference) if isinstance(path, Path)])
    content: ReportContent | TrainingContent
    if (predictions / "fields.parquet").is_file():
        content = read_content(predictions)
        if reference is not None:
            how = {"reference": reference, "labels": labels, "id_column": id_column, "legend": legend}
            content = _scored(content, predictions, how)
    elif (predictions / "metrics.json").is_file():
        _say_without_map(page if is_own else None, overwrite=overwrite)
        content = read_scores(predictions)
    elif (predictions / "checkpoint.json").is_file():
        content = read_training(predictions, read_checkpoint(predictions).record)
    else:
        fix = "Name the output folder of predict, evaluate, crossval or train."
        raise InputNotFoundError("there are no predictions here", where=predictions, fix=fix)
    if reference is not None and not isinstance(content, ReportContent):
        fix = "Predict the fields first, then name the folder of the predictions."
        raise OptionError("a checkpoint cannot be compared with known crops", where="--reference", fix=fix)
    content = replace(content, title=title or content.title, subtitle=subtitle or content.subtitle, tiles=map_tiles)
    if not (is_own and isinstance(content, ReportContent) and content.run is not None):
        return write_report(content, page, overwrite=overwrite)
    kept = {} if reference is None else kept_scores(content)
    said = {"title": content.title, "subtitle": content.subtitle}
    return write_report(content, page, overwrite=overwrite, kept=kept, said=said)


def _folder(path: Path, out: AnyPath | None) -> Path:
    """Return the folder that is meant: for a map that of its predictions; for a name that of a checkpoint of the package."""
    from cropdetect.checkpoint import checkpoint_path

    if (path / "map.json").is_file():
        return path / "predictions"
    if not path.exists() and out is not None:
        return checkpoint_path(path)
    return path


def _say_without_map(own: Path | None, *, overwrite: bool) -> None:
    """Warn that scores have no outlines; the page that came with them, `own`, which may have a map, is not lost unasked."""
    if own is not None and own.exists() and not overwrite:
        fix = "Keep this page, name another file, or add --overwrite to replace it by one without a map."
        raise OutputExistsError(
            "scores are kept without the fields' outlines, so the page cannot get its map again", where=own, fix=fix
        )
    warnings.warn("scores are kept without the fields' outlines: the page has no map", stacklevel=3)


def _scored(content: "ReportContent", predictions: Path, how: Mapping[str, Any]) -> "ReportContent":
    from cropdetect.outputs.report import read_known, with_scores

    with Scratch() as folder:
        scores = Path(folder) / "scores"
        metrics = evaluate(predictions, scores, **how)
        return with_scores(content, metrics, read_known(scores / "predictions.csv"))
