"""What a report is made from, and reading it back from an output folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import ValidationError

from cropdetect.errors import InputNotFoundError, UnreadableFileError
from cropdetect.formats import MetricsRecord, RunRecord
from cropdetect.inference import FieldSeries, Predictions
from cropdetect.outputs.read import read_predictions
from cropdetect.outputs.series import read_series
from cropdetect.outputs.table import prediction_table

_R = TypeVar("_R", RunRecord, MetricsRecord)


@dataclass(frozen=True)
class ReportContent:
    """Everything that a page shows.

    Attributes:
        title: what the page is of.
        table: one row a field, as `prediction_table` makes it.
        legend: class names, in the order of the `prob_` columns.
        labels: (field,) known classes, None where there is none.
        series: seasons of the fields, or None.
        previews: `preview*.tif` files.
        run: how it was predicted, or None.
        metrics: scores against labels, or None.
        kind: "prediction", "evaluation" or "crossval".
    """

    title: str
    table: gpd.GeoDataFrame
    legend: tuple[str, ...]
    labels: "pd.Series[str] | None" = None
    series: FieldSeries | None = None
    previews: tuple[Path, ...] = ()
    run: RunRecord | None = None
    metrics: MetricsRecord | None = None
    kind: str = "prediction"

    @property
    def probabilities(self) -> npt.NDArray[np.float64]:
        """(field, class), NaN where there is no answer."""
        columns = [name for name in self.table.columns if name.startswith("prob_")]
        return np.asarray(self.table[columns].to_numpy(np.float64, na_value=np.nan))


def read_content(folder: Path) -> ReportContent:
    """Read what `predict` wrote.

    Raises:
        InputNotFoundError: there are no predictions.
        UnreadableFileError: a file is damaged.
    """
    predictions = read_predictions(folder)
    table = gpd.read_parquet(folder / "fields.parquet")
    run = _record(folder / "run.json", RunRecord)
    return ReportContent(
        title=title_of(run) if run else folder.resolve().name,
        table=table,
        legend=_legend(folder, predictions, table),
        series=read_series(folder / "series.parquet", table["field_id"]),
        previews=tuple(sorted(folder.glob("preview*.tif"))),
        run=run,
        metrics=_record(folder / "metrics.json", MetricsRecord),
    )


def title_of(run: RunRecord) -> str:
    """Return the name of the data, so that a page does not depend on where it lies."""
    return next((Path(one.path).resolve().name for one in run.inputs if one.kind != "fields"), "Predictions")


def _legend(folder: Path, predictions: Predictions, table: gpd.GeoDataFrame) -> tuple[str, ...]:
    """Return the classes' own names: the column of a class that shares its letters with another bears a number."""
    names = list(predictions.legend)
    known = table[["crop_id", "crop"]].dropna().drop_duplicates()
    for position, crop in zip(known["crop_id"], known["crop"], strict=True):
        names[int(position) - 1] = str(crop)
    return tuple(names)


def _record(file: Path, kind: type[_R]) -> _R | None:
    if not file.is_file():
        return None
    try:
        return kind.model_validate_json(file.read_bytes())
    except ValidationError as error:
        fix = "Run the command that wrote it again."
        raise UnreadableFileError("the file cannot be read", where=file, fix=fix) from error


def crossval_content(
    predictions: pd.DataFrame, fields: gpd.GeoDataFrame, legend: Sequence[str], metrics: MetricsRecord, title: str
) -> ReportContent:
    """Make the content of a cross-validation: out-of-fold probabilities, with the fields' places where they are known.

    Args:
        predictions: field_id, label, and a `prob_` column a class.
        fields: field_id and geometry.
        legend: class names in the order of the `prob_` columns.
        metrics: their scores.
        title: what the page is of.

    Raises:
        InputNotFoundError: a field of the predictions is not in the table.
    """
    rows = pd.Index(fields["field_id"].astype(str)).get_indexer(pd.Index(predictions["field_id"].astype(str)))
    if (rows < 0).any():
        missing = predictions["field_id"].iloc[int(np.flatnonzero(rows < 0)[0])]
        raise InputNotFoundError(f"field {missing} is not in the table of fields", fix="Give the table it was predicted from.")
    n = len(rows)
    there = fields.iloc[rows].reset_index(drop=True)
    table = prediction_table(
        Predictions(
            fields=gpd.GeoDataFrame({"field_id": there["field_id"]}, geometry=there.geometry, crs=fields.crs),
            legend=tuple(legend),
            probabilities=predictions[[name for name in predictions.columns if name.startswith("prob_")]].to_numpy(np.float64),
            disagreement=np.full(n, np.nan),
            n_dates=np.zeros(n, np.int64),
            clear_share=np.full(n, np.nan),
            n_pixels=np.full(n, np.nan),
            status=np.full(n, "ok"),
        )
    )
    return ReportContent(
        title=title,
        table=table.drop(columns=["disagreement", "n_dates", "clear_share", "n_pixels"]),
        legend=tuple(legend),
        labels=predictions["label"].reset_index(drop=True),
        metrics=metrics,
        kind="crossval",
    )
