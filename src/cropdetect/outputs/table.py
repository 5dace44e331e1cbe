"""The table of answers: the fixed columns of all vector files and predictions.csv."""

import re
from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd

from cropdetect.inference import Predictions, entropy

#: Columns of `prediction_table` but for those of the classes.
OUR_COLUMNS = (
    *("field_id", "geometry", "crop", "crop_id", "confidence", "entropy", "disagreement"),
    *("n_dates", "clear_share", "n_pixels", "unlike_training", "seen_in_training", "status"),
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def prediction_table(predictions: Predictions, min_confidence: float = 0.0) -> gpd.GeoDataFrame:
    """Return one row a field, with nulls where there is no answer.

    Columns: field_id, geometry, crop, crop_id (1-based), confidence, entropy (nats, of the probabilities), disagreement
    (nats), prob_<class name> ..., n_dates, clear_share, n_pixels, unlike_training (null where the checkpoint
    cannot tell), seen_in_training (only where the checkpoint knows its training fields), status. `fields_table` sets the
    user's columns beside these.

    Args:
        predictions: the answers.
        min_confidence: below it crop and crop_id are null.
    """
    fields, probabilities = predictions.fields, predictions.probabilities
    answered = np.asarray(np.isfinite(probabilities).all(axis=1))
    known = np.where(answered[:, None], probabilities, 0.0)
    confidence = known.max(axis=1, initial=0.0)
    crop_id = pd.array(known.argmax(axis=1) + 1, dtype="Int32")
    crop_id[~answered | (confidence < min_confidence)] = pd.NA
    crop = pd.array(np.array(predictions.legend, object)[known.argmax(axis=1)], dtype="string")
    crop[crop_id.isna()] = pd.NA
    columns = {
        "field_id": _ids(fields["field_id"]),
        "geometry": fields.geometry.reset_index(drop=True),
        "crop": crop,
        "crop_id": crop_id,
        "confidence": _null_unless(answered, confidence),
        "entropy": _null_unless(answered, entropy(known)),
        "disagreement": _null_unless(answered, predictions.disagreement),
    }
    for position, name in enumerate(probability_columns(predictions.legend)):
        columns[name] = _null_unless(answered, known[:, position])
    columns["n_dates"] = predictions.n_dates.astype(np.int64)
    columns["clear_share"] = _null_unless(np.isfinite(predictions.clear_share), predictions.clear_share)
    columns["n_pixels"] = _null_unless(np.isfinite(predictions.n_pixels), predictions.n_pixels)
    told = answered & (predictions.unlike_training is not None)
    strange = np.zeros(len(fields), bool) if predictions.unlike_training is None else predictions.unlike_training
    columns["unlike_training"] = pd.arrays.BooleanArray(strange & told, ~told)
    if predictions.seen_in_training is not None:
        columns["seen_in_training"] = predictions.seen_in_training
    columns["status"] = pd.array(predictions.status.astype(object), dtype="string")
    return gpd.GeoDataFrame(pd.DataFrame(columns), geometry="geometry", crs=fields.crs)


def probability_columns(legend: Sequence[str]) -> list[str]:
    """Return a column name for each class: prob_<class name>.

    Control characters become "_". Names that SQLite, and so a GeoPackage, takes for the same ("Rye" and "rye") get a number.
    """
    columns: list[str] = []
    taken: set[str] = set()
    for name in legend:
        column = plain = "prob_" + _CONTROL.sub("_", name)
        number = 2
        while column.casefold() in taken:
            column = f"{plain}_{number}"
            number += 1
        taken.add(column.casefold())
        columns.append(column)
    return columns


def _ids(ids: "pd.Series[int] | pd.Series[str]") -> "pd.Series[int] | pd.Series[str]":
    ids = ids.reset_index(drop=True)
    return ids if pd.api.types.is_integer_dtype(ids) else ids.astype("string")


def _null_unless(there: np.ndarray, values: np.ndarray) -> pd.arrays.FloatingArray:
    return pd.arrays.FloatingArray(np.where(there, values, 0.0).astype(np.float64), ~there)
