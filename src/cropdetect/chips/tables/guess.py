"""What the columns of a table of no known form seem to hold, for the YAML file that an error proposes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cropdetect.chips.tables.bands import is_known_band
from cropdetect.chips.tables.dates import days
from cropdetect.chips.tables.source import DATES, IDS, Source
from cropdetect.chips.tables.values import as_numbers, may_be_numbers
from cropdetect.errors import TableError
from cropdetect.fields.columns import LABEL_COLUMNS, known_columns

_MOST_BANDS = 20


@dataclass(frozen=True)
class Guess:
    """The columns of ids, dates, labels and bands; None where nothing tells. Bands whose names are known need no line: None."""

    id: str | None
    date: str | None
    label: str | None
    bands: Sequence[str] | None


def guessed_columns(source: Source) -> Guess:
    """Look at names and values: a field has each date once, one label, and bands that change from date to date."""
    table = _flat(source)
    names = [str(name) for name in table.columns]
    date = next(iter(known_columns(names, DATES)), None) or _dates(table, source)
    id = next(iter(known_columns(names, IDS)), None) or _ids(table, date)
    others = [name for name in names if name not in (id, date)]
    label = next(iter(known_columns(others, LABEL_COLUMNS)), None) or _labels(table, id, others)
    numbers = [name for name in others if name != label and may_be_numbers(name) and as_numbers(table[name])[0] is not None]
    changing = [name for name in numbers if id is None or (table[name].groupby(table[id]).nunique() > 1).any()] or numbers
    known = bool(changing) and all(map(is_known_band, changing))
    return Guess(id, date, label, None if known else changing[:_MOST_BANDS])


def labels_only(source: Source) -> tuple[str, str] | None:
    """Return the columns of ids and of labels where a table without dates has both and no bands, as lists of known crops have."""
    table = _flat(source)
    names = [str(name) for name in table.columns]
    id = next((name for name in (*known_columns(names, IDS), *names) if _one_a_row(table[name])), None)
    others = [name for name in names if name != id]
    label = next(iter(known_columns(others, LABEL_COLUMNS)), None) or next((name for name in others if _few(table[name])), None)
    return None if id is None or label is None or any(map(is_known_band, names)) else (id, label)


def bands_in_rows(source: Source) -> tuple[str, list[str]] | None:
    """Return the column whose values are names of bands, and the first of them; None where there is none."""
    table = _flat(source)
    for name in table.columns:
        values = [str(value) for value in table[name].dropna().unique()[:_MOST_BANDS]]
        if not pd.api.types.is_numeric_dtype(table[name].dtype) and values and all(map(is_known_band, values)):
            return str(name), values[:3]
    return None


def _flat(source: Source) -> pd.DataFrame:
    """Return the columns whose cells hold one value each."""
    table = source.table()
    lists = [name for name in table.columns if table[name].map(lambda cell: isinstance(cell, list | dict | np.ndarray)).any()]
    return table.drop(columns=lists)


def _one_a_row(column: "pd.Series[Any]") -> bool:
    return not pd.api.types.is_float_dtype(column.dtype) and bool(column.notna().all() and column.is_unique)


def _few(column: "pd.Series[Any]") -> bool:
    """Tell whether values may be classes: several rows have each."""
    return not pd.api.types.is_float_dtype(column.dtype) and 2 <= column.nunique() <= len(column) / 2 + 1


def _dates(table: pd.DataFrame, source: Source) -> str | None:
    for name in table.columns:
        try:
            if not pd.api.types.is_numeric_dtype(table[name].dtype):
                days(table[name], source.path)
                return str(name)
        except TableError:
            continue
    return None


def _ids(table: pd.DataFrame, date: str | None) -> str | None:
    """Return the first column that has several rows a value, and each date once with it."""
    for name in table.columns:
        if date is None or name == date or pd.api.types.is_float_dtype(table[name].dtype) or table[name].isna().any():
            continue
        if 1 <= table[name].nunique() < len(table) and not table.duplicated([name, date]).any():
            return str(name)
    return None


def _labels(table: pd.DataFrame, id: str | None, others: Sequence[str]) -> str | None:
    """Return the first column of text that is the same on all dates of a field, and shared by fields."""
    for name in others if id is not None else ():
        values: pd.Series[Any] = table[name]
        if pd.api.types.is_numeric_dtype(values.dtype):
            continue
        if (values.groupby(table[id]).nunique() <= 1).all() and 0 < values.nunique() < table[id].nunique():
            return str(name)
    return None
