"""The verb `evaluate`: predictions against labels."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from cropdetect.errors import FieldsError, LegendError
from cropdetect.fields import as_text, field_positions, read_labels, read_legend, square_blocks
from cropdetect.files import refuse_existing
from cropdetect.formats import AreaRecord, MetricsRecord
from cropdetect.inference import Predictions
from cropdetect.metrics import FEW_GROUPS, estimate_areas, evaluate_answers
from cropdetect.outputs import read_predictions
from cropdetect.outputs.report import read_content, render, with_scores
from cropdetect.outputs.scores import write_scores

_EQUAL_AREA = "EPSG:6933"  # EASE-Grid 2.0: a square metre is a square metre everywhere
_BLOCK = 5000.0  # metres; side of the blocks that intervals draw where no groups are given


def evaluate(
    predictions: Path,
    out: Path,
    *,
    labels: Path,
    label_column: str | None = None,
    id_column: str | None = None,
    legend: Path | None = None,
    group_column: str | None = None,
    pixel_size: float | None = None,
    probability_sample: bool = False,
    seed: int = 0,
    overwrite: bool = False,
) -> MetricsRecord:
    """Score predictions against labels, and estimate the area of each class.

    Args:
        predictions: output folder of `predict`.
        out: folder that gets metrics.json, predictions.csv (the scored fields), confusion.csv, areas.csv and label_doubts.csv.
        labels: vector file, CSV or Parquet table with field ids and labels, e.g. a simulated season's truth.csv.
        label_column: column of the labels (default: crop, label, crop:code or crop_code).
        id_column: column of the field ids (default: field_id, id, ...).
        legend: YAML file that maps label codes to class names.
        group_column: column of groups that intervals draw together (default: `group` where the labels have it, else blocks of
            5 km).
        pixel_size: metres; gives hectares where the fields have no polygons.
        probability_sample: the labelled fields were drawn at random, so that standard errors of areas hold.
        seed: of the bootstrap.
        overwrite: replace what is at `out`.

    Returns:
        What metrics.json holds.

    Raises:
        InputNotFoundError, UnreadableFileError: predictions or labels are absent or damaged.
        FieldsError: a column is absent, an id occurs twice, or no id is that of a prediction.
        LegendError: no label is a class of the predictions.
        OutputExistsError: `out` is there and `overwrite` is false.
    """
    refuse_existing(out, overwrite=overwrite)
    answers = read_predictions(predictions)
    table, unknown = read_labels(labels, id_column, label_column, read_legend(legend) if legend else None, group_column)
    joined, warnings = _join(answers, table, labels)
    rows, truth = joined["row"].to_numpy(), joined["class"].to_numpy(np.int64)
    probabilities = answers.probabilities[rows]
    scores = evaluate_answers(
        probabilities,
        truth,
        answers.legend,
        answers.fields["field_id"].iloc[rows].tolist(),
        groups=_groups(joined, answers.fields.iloc[rows]),
        n_pixels=answers.n_pixels[rows],
        seed=seed,
    )
    sizes = _sizes(answers, pixel_size)
    areas, area_warnings = _areas(answers, sizes, rows, truth, probability_sample=probability_sample)
    scores = scores.model_copy(update={"areas": areas, "warnings": [*unknown, *warnings, *area_warnings, *scores.warnings]})
    names = np.array(answers.legend, object)[truth]
    scored = pd.DataFrame({"field_id": answers.fields["field_id"].iloc[rows].to_numpy(), "fold": "", "label": names})
    page = render(with_scores(read_content(predictions), scores, scored))
    write_scores(out, scores, scored, probabilities, page=page, overwrite=overwrite)
    return scores


def _join(answers: Predictions, labels: pd.DataFrame, where: Path) -> tuple[pd.DataFrame, list[str]]:
    """Return a row a scored field (`row` of the predictions, `class`, `group`), in the predictions' order, and warnings."""
    ids = as_text(answers.fields["field_id"])
    known = pd.DataFrame({"row": np.arange(len(ids)), "field_id": ids, "answered": _answered(answers)})
    known = known[~np.isin(answers.status, ("duplicate_id", "no_id"))]
    joined = known.merge(labels, on="field_id")
    if joined.empty:
        raise FieldsError(
            f"no field id of the labels ({_some(labels['field_id'])}) is one of the predictions ({_some(known['field_id'])})",
            where=where,
            fix="Name the column of the same ids with --id-column.",
        )
    warnings = []
    if len(joined) < len(labels):
        warnings.append(f"{len(labels) - len(joined)} labelled fields are not among the predictions")
    position = {name: i for i, name in enumerate(answers.legend)}
    joined["class"] = joined["label"].map(position)
    strange = joined[joined["class"].isna()]
    if len(strange) == len(joined):
        raise LegendError(
            f"no label ({_some(joined['label'].drop_duplicates())}) is a class of the predictions "
            f"({', '.join(answers.legend[:10])})",
            where=where,
            fix="Name another column with --label-column, or map the codes to class names with --legend.",
        )
    if len(strange):
        names = _some(strange["label"].drop_duplicates())
        warnings.append(f"{len(strange)} fields have labels that are no class of the predictions and are not scored: {names}")
    joined = joined[joined["class"].notna()]
    if not joined["answered"].all():
        warnings.append(f"{int((~joined['answered']).sum())} labelled fields have no answer and are not scored")
    joined = joined[joined["answered"]].reset_index(drop=True)
    if joined.empty:
        raise FieldsError("no labelled field has an answer", where=where, fix="See the column status of the predictions.")
    return joined, warnings


def _groups(joined: pd.DataFrame, fields: gpd.GeoDataFrame) -> npt.NDArray[np.int64] | None:
    if "group" in joined.columns and joined["group"].notna().all():
        return joined["group"].factorize()[0].astype(np.int64)
    metres = field_positions(fields)
    if metres is None:
        return None
    block, corners = square_blocks(metres, _BLOCK)
    return block if len(corners) >= FEW_GROUPS else None


@dataclass(frozen=True)
class _Sizes:
    unit: Literal["ha", "fields"]
    of_field: npt.NDArray[np.float64]


def _sizes(answers: Predictions, pixel_size: float | None) -> _Sizes:
    """Return hectares of polygons, else of pixels, else count every field as one."""
    answered = _answered(answers)
    geometry = answers.fields.geometry
    if answers.fields.crs is not None:
        hectares = geometry.to_crs(_EQUAL_AREA).area.to_numpy(np.float64) / 1e4
        if (hectares[answered] > 0).all():
            return _Sizes("ha", np.nan_to_num(hectares))
    if pixel_size is not None:
        return _Sizes("ha", np.nan_to_num(answers.n_pixels) * pixel_size**2 / 1e4)
    return _Sizes("fields", np.ones(len(geometry)))


def _areas(
    answers: Predictions, sizes: _Sizes, rows: npt.NDArray[np.int64], truth: npt.NDArray[np.int64], *, probability_sample: bool
) -> tuple[AreaRecord, tuple[str, ...]]:
    answered = _answered(answers)
    predicted = np.where(answered[:, None], answers.probabilities, 0).argmax(axis=1)
    n_classes = len(answers.legend)
    return estimate_areas(
        predicted[rows],
        truth,
        answers.legend,
        np.bincount(predicted[answered], sizes.of_field[answered], n_classes).astype(np.float64),
        unit=sizes.unit,
        sizes=sizes.of_field[rows],
        n_mapped=np.bincount(predicted[answered], minlength=n_classes),
        probability_sample=probability_sample,
    )


def _answered(answers: Predictions) -> npt.NDArray[np.bool_]:
    return np.asarray(np.isfinite(answers.probabilities).all(axis=1))


def _some(values: "pd.Series[Any]") -> str:
    return ", ".join(str(one) for one in values.head(5)) + (", ..." if len(values) > 5 else "")
