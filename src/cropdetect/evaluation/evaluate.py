"""Predictions against labels: everything that `metrics.json` says."""

from collections.abc import Sequence
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from cropdetect.errors import FieldsError, LegendError
from cropdetect.evaluation.areas import estimate_areas
from cropdetect.evaluation.bootstrap import FEW_GROUPS, bootstrap_intervals
from cropdetect.evaluation.label_doubts import label_doubts
from cropdetect.evaluation.scores import score, scores_by_size
from cropdetect.fields import areas_ha, as_text, field_positions, square_blocks, written_differently
from cropdetect.formats import MetricsRecord, SeenScores

_NOT_KNOWN = "the checkpoint does not know its training fields: the scores are too good if these fields are among them"
_BLOCK = 5000.0  # metres; side of the blocks that intervals draw where no groups are given


def evaluate_predictions(
    fields: gpd.GeoDataFrame,
    probabilities: npt.NDArray[np.float64],
    legend: Sequence[str],
    labels: pd.DataFrame,
    *,
    where: object = "",
    pixel_size: float | None = None,
    probability_sample: bool = False,
    seed: int = 0,
    seen: npt.NDArray[np.bool_] | None = None,
    out_of_fold: MetricsRecord | None = None,
) -> tuple[MetricsRecord, pd.DataFrame]:
    """Join labels with predictions by field id, score them, and estimate the area of each class.

    Fields that were trained on are scored apart. Where all labelled fields are such, the out-of-fold scores of the checkpoint
    take the place of scores.

    Args:
        fields: one row a predicted field: field_id, geometry, status, n_pixels.
        probabilities: (field, class) of these fields, NaN where there is no answer.
        legend: class names.
        labels: one row a labelled field: field_id as text, label, and group where intervals draw groups.
        where: file of the labels, for messages.
        pixel_size: metres; gives hectares where the fields have no polygons.
        probability_sample: the labelled fields were drawn at random, so that standard errors of areas hold.
        seed: of the bootstrap.
        seen: (field,) whether it was trained on; None: not known.
        out_of_fold: scores of the checkpoint on fields that its members left out.

    Returns:
        The scores; and the fields with a label and an answer: field_id, fold (empty), label and, where it is known,
        seen_in_training, with their row in `fields` as the index.

    Raises:
        FieldsError: no id of the labels is that of a prediction, no labelled field has an answer, or all were trained on and
            no out-of-fold scores are known.
        LegendError: no label is a class of the predictions.
    """
    answered = np.asarray(np.isfinite(probabilities).all(axis=1))
    joined, warnings = _joined(fields, answered, legend, labels, where)
    rows, truth = joined["row"].to_numpy(), joined["class"].to_numpy(np.int64)
    scored = pd.DataFrame(
        {"field_id": fields["field_id"].to_numpy()[rows], "fold": "", "label": np.array(legend, object)[truth]}, index=rows
    )
    apart = None
    if seen is None:
        warnings.append(_NOT_KNOWN)
    else:
        scored["seen_in_training"] = trained_on = seen[rows]
        apart = _seen_scores(probabilities[rows[trained_on]], truth[trained_on], legend)
        if trained_on.all():
            return _instead(out_of_fold, apart, where, warnings), scored
        if apart is not None:
            warnings.append(f"{_told_apart(apart)}; all other scores are of other fields")
        joined, rows, truth = joined[~trained_on].reset_index(drop=True), rows[~trained_on], truth[~trained_on]
    n_pixels = fields["n_pixels"].to_numpy(np.float64)
    scores = evaluate_probabilities(
        probabilities[rows],
        truth,
        legend,
        scored["field_id"].tolist(),
        groups=_groups(joined, fields.iloc[rows]),
        n_pixels=n_pixels[rows],
        seed=seed,
    )
    unit, sizes = _sizes(fields, answered, pixel_size)
    predicted = np.where(answered[:, None], probabilities, 0).argmax(axis=1)
    areas, area_warnings = estimate_areas(
        predicted[rows],
        truth,
        legend,
        np.bincount(predicted[answered], sizes[answered], len(legend)).astype(np.float64),
        unit=unit,
        sizes=sizes[rows],
        n_mapped=np.bincount(predicted[answered], minlength=len(legend)),
        probability_sample=probability_sample,
    )
    warnings = [*warnings, *area_warnings, *scores.warnings]
    return scores.model_copy(update={"areas": areas, "on_training_fields": apart, "warnings": warnings}), scored


def evaluate_probabilities(
    probabilities: npt.NDArray[np.floating],
    labels: npt.NDArray[np.integer],
    legend: Sequence[str],
    field_ids: Sequence[int | str],
    *,
    groups: npt.NDArray[np.integer] | None = None,
    n_pixels: npt.NDArray[np.floating] | None = None,
    seed: int = 0,
) -> MetricsRecord:
    """Score probabilities, with intervals, reliability, scores by field size and label doubts.

    Args:
        probabilities: (field, class); fields without an answer are left out.
        labels: (field,) positions in `legend`.
        legend: class names.
        field_ids: (field,).
        groups: (field,) groups that are drawn together for the intervals; None: each field on its own, with a warning.
        n_pixels: (field,) areas, or None.
        seed: of the bootstrap.

    Raises:
        LegendError: there is no field, or the arguments do not fit each other.
    """
    scores = score(probabilities, labels, legend)
    warnings = []
    n_groups = None if groups is None else len(np.unique(groups))
    if n_groups is None or n_groups < 2:
        groups = None
        warnings.append("the intervals are too narrow where neighbouring fields are alike: they count every field on its own")
    elif n_groups < FEW_GROUPS:
        warnings.append(f"the intervals are rough: the fields form only {n_groups} groups")
    return scores.model_copy(
        update={
            "intervals": bootstrap_intervals(probabilities, labels, legend, groups, seed=seed),
            "by_size": None if n_pixels is None else scores_by_size(probabilities, labels, n_pixels),
            "label_doubts": label_doubts(probabilities, labels, legend, field_ids),
            "warnings": warnings,
        }
    )


def as_out_of_fold(scores: MetricsRecord) -> MetricsRecord:
    """Return the scores of a checkpoint on its training fields, with the words that say what they are."""
    told = "these are the checkpoint's own scores: networks that had not seen a training field predict it"
    validation = f"out of fold, {scores.validation}"
    return scores.model_copy(update={"validation": validation, "warnings": [told, *scores.warnings]})


def _seen_scores(
    probabilities: npt.NDArray[np.float64], labels: npt.NDArray[np.int64], legend: Sequence[str]
) -> SeenScores | None:
    """Score fields that were trained on; None where there are none."""
    if len(labels) == 0:
        return None
    found = score(probabilities, labels, legend)
    return SeenScores(n_fields=found.n_fields, log_loss=found.log_loss, accuracy=found.accuracy, macro_f1=found.macro_f1)


def _told_apart(seen: SeenScores) -> str:
    return (
        f"the checkpoint was trained on {seen.n_fields} of the labelled fields. Its accuracy on them, {seen.accuracy:.0%}, "
        "does not show how good it is"
    )


def _instead(
    out_of_fold: MetricsRecord | None, apart: SeenScores | None, where: object, warnings: Sequence[str]
) -> MetricsRecord:
    """Return the checkpoint's own scores, since all labelled fields were trained on."""
    if out_of_fold is None or apart is None:
        raise FieldsError(
            "the checkpoint was trained on all of these fields, and holds no out-of-fold scores",
            where=where,
            fix="Score it on other fields, or run `cropdetect crossval` on these.",
        )
    scores = as_out_of_fold(out_of_fold)
    return scores.model_copy(update={"on_training_fields": apart, "warnings": [*warnings, _told_apart(apart), *scores.warnings]})


def _joined(
    fields: gpd.GeoDataFrame, answered: npt.NDArray[np.bool_], legend: Sequence[str], labels: pd.DataFrame, where: object
) -> tuple[pd.DataFrame, list[str]]:
    """Return one row a scored field (`row` in `fields`, `class`, `group`), in the order of `fields`, and warnings."""
    known = pd.DataFrame({"row": np.arange(len(fields)), "field_id": as_text(fields["field_id"]).to_numpy()})
    known["answered"] = answered
    known = known[~fields["status"].isin(["duplicate_id", "no_id"]).to_numpy()]
    joined = known.merge(labels, on="field_id")
    alike = written_differently(labels["field_id"], known["field_id"]) if len(joined) < len(labels) else ""
    if joined.empty:
        raise FieldsError(
            f"no field id of the labels ({_some(labels['field_id'])}) is one of the predictions ({_some(known['field_id'])})",
            where=where,
            fix=f"{alike} Name the column that holds the predictions' ids with --id-column.".strip(),
        )
    warnings = []
    if len(joined) < len(labels):
        lost = f"{len(labels) - len(joined)} labelled fields are not among the predictions"
        warnings.append(f"{lost}. {alike}" if alike else lost)
    joined["class"] = joined["label"].map({name: i for i, name in enumerate(legend)})
    unknown = joined[joined["class"].isna()]
    alike = written_differently(unknown["label"], legend)
    if len(unknown) == len(joined):
        raise LegendError(
            f"no label ({_some(joined['label'].drop_duplicates())}) is a class of the predictions ({', '.join(legend[:10])})",
            where=where,
            fix=f"{alike} Name another column with --labels, or map the codes to class names with --legend.".strip(),
        )
    if len(unknown):
        names = _some(unknown["label"].drop_duplicates())
        lost = f"{len(unknown)} fields are not scored, since their labels are no class of the predictions: {names}"
        warnings.append(f"{lost}. {alike}" if alike else lost)
    joined = joined[joined["class"].notna()]
    if not joined["answered"].all():
        warnings.append(f"{int((~joined['answered']).sum())} labelled fields have no answer and are not scored")
    joined = joined[joined["answered"]].reset_index(drop=True)
    if joined.empty:
        raise FieldsError("no labelled field has an answer", where=where, fix="See the column status of the predictions.")
    return joined, warnings


def _groups(joined: pd.DataFrame, fields: gpd.GeoDataFrame) -> npt.NDArray[np.int64] | None:
    """Return the group of each field: as the labels say, else blocks of the map; None where there are too few blocks."""
    if "group" in joined.columns and joined["group"].notna().all():
        return joined["group"].factorize()[0].astype(np.int64)
    metres = field_positions(fields)
    if metres is None:
        return None
    block, corners = square_blocks(metres, _BLOCK)
    return block if len(corners) >= FEW_GROUPS else None


def _sizes(
    fields: gpd.GeoDataFrame, answered: npt.NDArray[np.bool_], pixel_size: float | None
) -> tuple[Literal["ha", "fields"], npt.NDArray[np.float64]]:
    """Return the unit and the size of each field: hectares of polygons, else of pixels, else 1 for every field."""
    if fields.crs is not None:
        hectares = areas_ha(fields.geometry)
        if (hectares[answered] > 0).all():
            return "ha", np.nan_to_num(hectares)
    if pixel_size is not None:
        return "ha", np.nan_to_num(fields["n_pixels"].to_numpy(np.float64)) * pixel_size**2 / 1e4
    return "fields", np.ones(len(fields))


def _some(values: "pd.Series[Any]") -> str:
    return ", ".join(str(one) for one in values.head(5)) + (", ..." if len(values) > 5 else "")
