"""What a report is made from, and reading it back from an output folder."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import ValidationError

from cropdetect.errors import UnreadableFileError
from cropdetect.evaluation import as_out_of_fold
from cropdetect.formats import MetricsRecord, PredictionRun
from cropdetect.inference import FieldSeries, Predictions
from cropdetect.outputs.read import read_prediction_table
from cropdetect.outputs.series import read_series
from cropdetect.outputs.table import prediction_table
from cropdetect.outputs.tables import spreadsheet_safe

_SCORES, _KNOWN = "scores.json", "known_crops.csv"  # what the folder of a prediction keeps of a comparison with known crops

_R = TypeVar("_R", PredictionRun, MetricsRecord)


@dataclass(frozen=True)
class ReportContent:
    """Everything that a page shows.

    Attributes:
        name: name of the data.
        table: one row for each field, as `prediction_table` makes it.
        legend: class names, in the order of the `prob_` columns.
        labels: (field,) known classes, None where there is none.
        series: seasons of the fields, or None.
        previews: `preview*.tif` files.
        run: how it was predicted, or None.
        metrics: scores against labels, or None.
        kind: "prediction", "evaluation" or "crossval".
        title: the page's first line; empty: place and season.
        subtitle: the line below it; empty: what was counted.
        tiles: address of map tiles with {z}, {x} and {y}, which a reader can turn on; empty: none.
    """

    name: str
    table: gpd.GeoDataFrame
    legend: tuple[str, ...]
    labels: "pd.Series[str] | None" = None
    series: FieldSeries | None = None
    previews: tuple[Path, ...] = ()
    run: PredictionRun | None = None
    metrics: MetricsRecord | None = None
    kind: str = "prediction"
    title: str = ""
    subtitle: str = ""
    tiles: str = ""

    @property
    def probabilities(self) -> npt.NDArray[np.float64]:
        """(field, class), NaN where there is no answer."""
        columns = [name for name in self.table.columns if name.startswith("prob_")]
        return np.asarray(self.table[columns].to_numpy(np.float64, na_value=np.nan))


def read_content(folder: Path) -> ReportContent:
    """Read what `predict` wrote, and the scores that `report --reference` kept there.

    Raises:
        InputNotFoundError: there are no predictions.
        UnreadableFileError: a file is damaged.
    """
    table, legend = read_prediction_table(folder)
    run = _record(folder / "run.json", PredictionRun)
    content = ReportContent(
        name=name_of(run) if run else folder.resolve().name,
        table=table,
        legend=legend,
        series=read_series(folder / "series.parquet", table["field_id"]),
        previews=tuple(sorted(folder.glob("preview*.tif"))),
        run=run,
        metrics=own_scores(run),
        title=run.title if run else "",
        subtitle=run.subtitle if run else "",
    )
    scores = _record(folder / _SCORES, MetricsRecord)
    return content if scores is None else with_scores(content, scores, read_known(folder / _KNOWN))


def kept_scores(content: ReportContent) -> dict[str, bytes]:
    """Return the files that keep the scores of a prediction and the known crops behind them, for `read_content`."""
    assert content.metrics is not None
    known = pd.DataFrame({"field_id": content.table["field_id"].astype(str).to_numpy(), "label": content.labels}).dropna()
    return {
        _SCORES: f"{content.metrics.model_dump_json(indent=1)}\n".encode(),
        _KNOWN: known.to_csv(index=False, lineterminator="\n").encode(),
    }


def read_known(file: Path) -> pd.DataFrame:
    """Read the known crops of scored fields: field_id and label, as text.

    Raises:
        UnreadableFileError: the file is missing or damaged.
    """
    try:
        return pd.read_csv(file, usecols=["field_id", "label"], dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        fix = "Give report the known crops again (--reference)."
        raise UnreadableFileError(f"the file cannot be read: {error}", where=file, fix=fix) from error


def own_scores(run: PredictionRun | None) -> MetricsRecord | None:
    """Return what the checkpoint of a prediction scored out of fold; None where it does not say."""
    return None if run is None or run.out_of_fold is None else as_out_of_fold(run.out_of_fold)


def name_of(run: PredictionRun) -> str:
    """Return the name of the data: a page does not depend on the folder that it lies in."""
    return next((Path(one.path).resolve().name for one in run.inputs if one.kind != "fields"), "Predictions")


def _record(file: Path, kind: type[_R]) -> _R | None:
    if not file.is_file():
        return None
    try:
        return kind.model_validate_json(file.read_bytes())
    except ValidationError as error:
        fix = "Run the command that wrote it again."
        raise UnreadableFileError("the file cannot be read", where=file, fix=fix) from error


def with_scores(content: ReportContent, metrics: MetricsRecord, known: pd.DataFrame) -> ReportContent:
    """Add scores, and the labels behind them.

    Args:
        content: the content of a prediction.
        metrics: its scores.
        known: field_id and label of the scored fields.
    """
    names = {spreadsheet_safe(name): name for name in content.legend}  # a name quoted in a CSV file is the same name
    cells = zip(known["field_id"].astype(str), known["label"].astype(str), strict=True)
    label = {spreadsheet_safe(one): names.get(spreadsheet_safe(name), name) for one, name in cells}
    ids = content.table["field_id"].astype(str).map(spreadsheet_safe)
    labels = ids.map(label).astype(object).reset_index(drop=True)
    return replace(content, metrics=metrics, labels=labels, kind="evaluation")


def crossval_content(
    predictions: pd.DataFrame,
    legend: Sequence[str],
    metrics: MetricsRecord,
    name: str,
    *,
    fields: gpd.GeoDataFrame | None = None,
    series: FieldSeries | None = None,
) -> ReportContent:
    """Return the content of a cross-validation: out-of-fold probabilities, with geometry and seasons where they are known.

    Args:
        predictions: columns field_id, label, and `prob_` of each class.
        legend: class names in the order of the `prob_` columns.
        metrics: their scores.
        name: name of the data.
        fields: the fields with their geometry, in the order of `predictions`.
        series: their seasons; its fields are rows of `predictions`.
    """
    n = len(predictions)
    nowhere = gpd.GeoSeries([None] * n)
    known = np.full(n, np.nan)
    table = prediction_table(
        Predictions(
            fields=gpd.GeoDataFrame(
                {"field_id": predictions["field_id"].reset_index(drop=True)},
                geometry=nowhere if fields is None else fields.geometry.reset_index(drop=True),
            ),
            legend=tuple(legend),
            probabilities=predictions[[name for name in predictions.columns if name.startswith("prob_")]].to_numpy(np.float64),
            disagreement=known,
            n_dates=np.zeros(n, np.int64),
            clear_share=known,
            n_pixels=known,
            status=np.full(n, "ok"),
        )
    )
    return ReportContent(
        name=name,
        table=table.drop(columns=["disagreement", "n_dates", "clear_share", "n_pixels"]),
        legend=tuple(legend),
        labels=predictions["label"].reset_index(drop=True),
        series=series,
        metrics=metrics,
        kind="crossval",
    )


def read_scores(folder: Path) -> ReportContent:
    """Read what `evaluate` or `crossval` wrote: metrics.json and predictions.csv.

    Raises:
        UnreadableFileError: a file is missing or damaged, or the two do not fit each other.
    """
    metrics, file = _record(folder / "metrics.json", MetricsRecord), folder / "predictions.csv"
    try:
        predictions = pd.read_csv(file, dtype={"field_id": str, "label": str})
        if metrics is None or not metrics.legend or not {"field_id", "label"} <= set(predictions.columns):
            raise ValueError("it lacks the columns field_id and label, or metrics.json lacks the legend")
        return crossval_content(predictions, metrics.legend, metrics, folder.resolve().name)
    except (OSError, ValueError, KeyError) as error:
        fix = "Run the command that wrote the folder again."
        raise UnreadableFileError(f"the file cannot be read: {error}", where=file, fix=fix) from error
