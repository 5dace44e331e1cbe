"""Ids and codes as people write them: 7, 7.0 and "7" are the same one."""

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")  # no leading zeros: "007" is a name, not the number 7


def code_text(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return codes as text, dtype object; None where a value is missing or blank.

    Whole floating-point numbers lose their ".0"; text loses surrounding blanks.
    """
    text = [None if missing else _text(value) for value, missing in zip(values, pd.isna(values), strict=True)]
    return pd.Series([entry or None for entry in text], index=values.index, dtype=object)


def _text(value: object) -> str:
    if isinstance(value, float | np.floating):
        return str(int(value)) if float(value).is_integer() else str(value)
    return str(value).strip()


def clean_ids(values: "pd.Series[Any]") -> tuple["pd.Series[Any]", npt.NDArray[np.bool_]]:
    """Return field ids as int64 where all are whole numbers, else as str, and where they are missing.

    A missing id is replaced by one that tells its row: -(row + 1), or "row-<row + 1>" among text ids, row counted from 0.
    """
    if pd.api.types.is_integer_dtype(values.dtype) and not values.isna().any():
        return values.astype("int64"), np.zeros(len(values), bool)
    text = code_text(values)
    missing = text.isna().to_numpy()
    whole = all(_WHOLE.fullmatch(entry) for entry in text[~missing])
    row = np.arange(1, len(text) + 1)
    if whole:
        ids = pd.Series(-row, index=values.index, dtype="int64")
        ids[~missing] = text[~missing].astype("int64")
        return ids, missing
    text[missing] = [f"row-{number}" for number in row[missing]]
    return text.astype(str), missing
