"""The files of an evaluation or a cross-validation, written and read."""

from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import ValidationError

from cropdetect.errors import InputNotFoundError, UnreadableFileError
from cropdetect.evaluation import Z_95, FoldKind, ScoredFields
from cropdetect.files import disk_full_named
from cropdetect.formats import AreaRecord, CrossvalRun, LabelDoubt, MetricsRecord, TrainOptions
from cropdetect.outputs.table import probability_columns
from cropdetect.outputs.tables import spreadsheet_safe, write_safely

GROUPS = "groups.csv"


def write_scores(
    out: Path,
    scores: MetricsRecord,
    fields: pd.DataFrame,
    probabilities: npt.NDArray[np.floating],
    *,
    groups: npt.NDArray[np.generic] | None = None,
    page: str | None = None,
) -> None:
    """Write metrics.json, predictions.csv, confusion.csv, label_doubts.csv, report.html; groups.csv and areas.csv where known.

    Args:
        out: folder that is there.
        scores: what metrics.json holds.
        fields: the first columns of predictions.csv, one row a scored field: field_id, fold, label.
        probabilities: (field, class) of these fields.
        groups: (field,) groups that intervals draw together, for groups.csv.
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
        if groups is not None:
            write_safely(pd.DataFrame({"field_id": fields["field_id"].to_numpy(), "group": groups}), out / GROUPS)
        if page is not None:
            (out / "report.html").write_text(page, "utf-8")
        if scores.areas is not None:
            write_safely(_areas(scores.areas), out / "areas.csv")


def write_crossval_run(
    out: Path, options: TrainOptions, scores: MetricsRecord, put_apart: Literal["random", "apart", "unknown"]
) -> None:
    """Write what run.json says of a cross-validation beyond what every run.json says."""
    run = CrossvalRun(
        format="cropdetect-run",
        model=options.model,
        seed=options.seed,
        folds=scores.validation,
        put_apart=put_apart,
        n_fields=scores.n_fields,
    )
    (out / "run.json").write_text(run.model_dump_json(), "utf-8")


def read_scored_fields(folder: Path, name: str) -> ScoredFields:
    """Read the answers that `crossval`, `evaluate` or `map` wrote; fields that were trained on are left out.

    Args:
        folder: with metrics.json and predictions.csv, perhaps groups.csv and run.json.
        name: what the run is to be called.

    Raises:
        InputNotFoundError: the folder holds no scores.
        UnreadableFileError: a file is damaged, or the two do not fit each other.
    """
    metrics, file = read_metrics(folder), folder / "predictions.csv"
    try:
        table = pd.read_csv(file, dtype={"field_id": str, "label": str, "fold": str}, keep_default_na=False)
        columns = [column for column in table.columns if column.startswith("prob_")]
        if "seen_in_training" in table.columns:
            table = table[table["seen_in_training"].astype(str) != "True"]
        probabilities = table[columns].to_numpy(np.float64)
        if len(columns) != len(metrics.legend):
            raise ValueError("it has other classes than metrics.json")
        names = {spreadsheet_safe(name): name for name in metrics.legend}
        scored = table[["field_id", "fold"]].assign(label=table["label"].replace(names)).set_index("field_id")
        groups = folder / GROUPS
        if groups.is_file():
            known = pd.read_csv(groups, dtype=str, keep_default_na=False).set_index("field_id")["group"]
            scored["group"] = known.reindex(scored.index)
    except (OSError, ValueError, KeyError) as error:
        fix = "Run the command that wrote the folder again."
        raise UnreadableFileError(f"the file cannot be read: {error}", where=file, fix=fix) from error
    return ScoredFields(name, scored, probabilities, tuple(metrics.legend), _put_apart(folder / "run.json"))


def _put_apart(file: Path) -> FoldKind:
    try:
        return CrossvalRun.model_validate_json(file.read_bytes()).put_apart
    except (OSError, ValidationError):  # another run, or one of an earlier version
        return "unknown"


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
