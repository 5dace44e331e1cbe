"""The files of an evaluation or a cross-validation, written and read."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import ValidationError

from cropdetect.errors import InputNotFoundError, UnreadableFileError
from cropdetect.evaluation import Z_95
from cropdetect.files import disk_full_named
from cropdetect.formats import AreaRecord, LabelDoubt, MetricsRecord
from cropdetect.outputs.table import probability_columns
from cropdetect.outputs.tables import write_safely


def write_scores(
    out: Path,
    scores: MetricsRecord,
    fields: pd.DataFrame,
    probabilities: npt.NDArray[np.floating],
    *,
    page: str | None = None,
) -> None:
    """Write metrics.json, predictions.csv, confusion.csv, label_doubts.csv, report.html, and areas.csv where areas are known.

    Args:
        out: folder that is there.
        scores: what metrics.json holds.
        fields: the first columns of predictions.csv, one row a scored field: field_id, fold, label.
        probabilities: (field, class) of these fields.
        page: what report.html holds; None: no such file.

    Raises:
        DiskFullError: the disk has no room.
    """
    columns = pd.DataFrame(probabilities, columns=probability_columns(scores.legend))
    confusion = pd.DataFrame(scores.confusion, columns=scores.legend)
    confusion.insert(0, "label \\ predicted", scores.legend)
    with disk_full_named(out):
        (out / "metrics.json").write_text(scores.model_dump_json(indent=1) + "\n", "utf-8")
        write_safely(pd.concat([fields.reset_index(drop=True), columns], axis=1), out / "predictions.csv")
        write_safely(confusion, out / "confusion.csv")
        write_safely(_doubts(scores.label_doubts or []), out / "label_doubts.csv")
        if page is not None:
            (out / "report.html").write_text(page, "utf-8")
        if scores.areas is not None:
            write_safely(_areas(scores.areas), out / "areas.csv")


def read_metrics(path: Path) -> MetricsRecord:
    """Read metrics.json.

    Args:
        path: the file, or the folder of evaluate or crossval that holds it.

    Raises:
        InputNotFoundError: there is no such file.
        UnreadableFileError: it is damaged.
    """
    file = path / "metrics.json" if path.is_dir() else path
    if not file.is_file():
        raise InputNotFoundError("no such file", where=file, fix="Name a metrics.json, or the folder of evaluate or crossval.")
    try:
        return MetricsRecord.model_validate_json(file.read_bytes())
    except ValidationError as error:
        raise UnreadableFileError("this is no metrics.json", where=file, fix="Run evaluate or crossval again.") from error


def _areas(areas: AreaRecord) -> pd.DataFrame:
    table = pd.DataFrame([one.model_dump() for one in areas.classes]).rename(columns={"name": "class"})
    half = Z_95 * table["standard_error"]
    table.insert(4, "lower", (table["estimated"] - half).clip(lower=0))
    table.insert(5, "upper", table["estimated"] + half)
    table.insert(1, "unit", areas.unit)
    return table


def _doubts(doubts: list[LabelDoubt]) -> pd.DataFrame:
    return pd.DataFrame([doubt.model_dump() for doubt in doubts], columns=list(LabelDoubt.model_fields))
