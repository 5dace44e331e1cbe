"""Predictions from the folder that `write_outputs` wrote."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from cropdetect.errors import InputNotFoundError, UnreadableFileError
from cropdetect.formats import PredictionRun
from cropdetect.inference import Predictions

_ROUNDED = 1e-6  # that a probability may be above 1


def read_predictions(out: Path) -> Predictions:
    """Read `fields.parquet`; a class that shares its name's letters with another has the name of its column.

    Raises:
        InputNotFoundError: there is no such file.
        UnreadableFileError: it is damaged or not a prediction's.
    """
    file = out / "fields.parquet"
    if not file.is_file():
        raise InputNotFoundError("there are no predictions here", where=file, fix="Name the output folder of `predict`.")
    try:
        table = gpd.read_parquet(file)
        columns = [name for name in table.columns if name.startswith("prob_")]
        _check_numbers(table, columns)
        return Predictions(
            fields=table[["field_id", "geometry"]],
            legend=tuple(name.removeprefix("prob_") for name in columns),
            probabilities=table[columns].to_numpy(np.float64, na_value=np.nan),
            disagreement=table["disagreement"].to_numpy(np.float64, na_value=np.nan),
            n_dates=table["n_dates"].to_numpy(np.int64),
            clear_share=table["clear_share"].to_numpy(np.float64, na_value=np.nan),
            n_pixels=table["n_pixels"].to_numpy(np.float64, na_value=np.nan),
            unlike_training=_flags(table, "unlike_training"),
            seen_in_training=_flags(table, "seen_in_training"),
            status=table["status"].to_numpy(dtype=object).astype(str),
        )
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise UnreadableFileError(f"the file cannot be read: {error}", where=file, fix="Predict again.") from error


def _check_numbers(table: gpd.GeoDataFrame, probabilities: list[str]) -> None:
    """Raise ValueError where a column that must hold numbers does not, or a probability is none."""
    numbers = table[[*probabilities, "crop_id", "confidence", "entropy"]].to_numpy(np.float64, na_value=np.nan)
    shares = numbers[:, : len(probabilities)]
    if ((shares < 0) | (shares > 1 + _ROUNDED)).any():
        raise ValueError("it has a probability that is not from 0 to 1")


def read_prediction_run(out: Path) -> PredictionRun:
    """Read the `run.json` of a prediction.

    Raises:
        UnreadableFileError: it is damaged or not a prediction's.
    """
    file = out / "run.json"
    try:
        return PredictionRun.model_validate_json(file.read_bytes())
    except (ValueError, OSError) as error:
        raise UnreadableFileError("this is not the record of a prediction", where=file, fix="Predict again.") from error


def _flags(table: gpd.GeoDataFrame, column: str) -> npt.NDArray[np.bool_] | None:
    if column not in table.columns or table[column].isna().all():
        return None
    return np.asarray(table[column].fillna(False), np.bool_)


def read_prediction_table(out: Path) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    """Read `fields.parquet` as it is, and the names of the classes as the column `crop` has them.

    Raises:
        InputNotFoundError: there is no such file.
        UnreadableFileError: it is damaged or not a prediction's.
    """
    names = list(read_predictions(out).legend)
    table = gpd.read_parquet(out / "fields.parquet")
    known = table[["crop_id", "crop"]].dropna().drop_duplicates()
    for position, crop in zip(known["crop_id"], known["crop"], strict=True):
        if 1 <= int(position) <= len(names):
            names[int(position) - 1] = str(crop)
    return table, tuple(names)
