"""Labels of fields from whatever a user keeps them in."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow
import pyarrow.parquet

from cropdetect.errors import FieldsError, InputNotFoundError, UnreadableFileError
from cropdetect.fields import code_text
from cropdetect.fields.columns import ID_COLUMNS, find_column, find_label_column
from cropdetect.fields.legend import class_names
from cropdetect.fields.vector import PARQUET_SUFFIXES, read_vector
from cropdetect.imagery.safety import checked

_FRACTION = re.compile(r"(?<=\d)\.0$")


def read_labels(
    path: Path,
    id_column: str | None,
    label_column: str | None,
    legend: Mapping[str, str] | None,
    group_column: str | None,
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Read `field_id`, `label` and, where there is one, `group` of the fields that have a label.

    Args:
        path: CSV, Parquet, or a vector file.
        id_column: default: the first of field_id, id, ...
        label_column: default: see `find_label_column`.
        legend: label code -> class name.
        group_column: default: `group`, if there is one.

    Returns:
        One row a labelled field, ids as text; and warnings.

    Raises:
        InputNotFoundError, UnreadableFileError: the file is absent or damaged.
        FieldsError: a column is absent, two columns could be the labels, no field has a label, or an id occurs twice.
        LegendError: the legend has none of the codes.
    """
    path = checked(path)
    if not path.is_file():
        raise InputNotFoundError("there is no such file of labels", where=path, fix="Check --labels.")
    table = _read(path)
    ids = _found(find_column(table, id_column, ID_COLUMNS, where=path), table, path, "field ids", "--id-column")
    option = "--label-column"
    names = _found(find_label_column(table, label_column, where=path, option=option), table, path, "labels", option)
    labels, warned = class_names(_whole(table[names]), legend, where=path)
    found = pd.DataFrame({"field_id": code_text(_whole(table[ids])), "label": labels})
    if group_column is not None and group_column not in table.columns:
        raise FieldsError(f"there is no column {group_column!r}", where=path, fix=_listed(table))
    group = group_column or ("group" if "group" in table.columns else None)
    if group is not None:
        found["group"] = table[group].to_numpy()
    found = found[found["field_id"].notna() & found["label"].notna()].reset_index(drop=True)
    if found.empty:
        raise FieldsError(f"no field has a label in the column {names}", where=path, fix="Name another with --label-column.")
    twice = found.loc[found["field_id"].duplicated(), "field_id"].unique()
    if len(twice):
        raise FieldsError(
            f"{len(twice)} field ids have more than one label ({', '.join(map(str, twice[:5]))})",
            where=path,
            fix="Keep one row a field, or name another column with --id-column.",
        )
    return found, warned


def _whole(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """Take the ".0" off whole numbers in text: tables with gaps write 7 as 7.0."""
    return values.map(lambda value: _FRACTION.sub("", value) if isinstance(value, str) else value)


def _read(path: Path) -> pd.DataFrame:
    suffix = path.suffix.lower()
    try:
        if suffix in (".csv", ".txt"):
            return pd.read_csv(path, dtype=object, keep_default_na=False, na_values=[""])
        if suffix in PARQUET_SUFFIXES and b"geo" not in (pyarrow.parquet.read_schema(path).metadata or {}):
            return pd.read_parquet(path)
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UnreadableFileError(f"the table cannot be read ({reason})", where=path, fix="Export it again.") from error
    return pd.DataFrame(read_vector(path)[0].drop(columns="geometry"))


def _found(column: str | None, table: pd.DataFrame, path: Path, what: str, option: str) -> str:
    if column is None:
        raise FieldsError(f"no column is known to hold {what}", where=path, fix=f"Name it with {option}. {_listed(table)}")
    return column


def _listed(table: pd.DataFrame) -> str:
    return f"The columns: {', '.join(map(str, table.columns)) or 'none'}."
