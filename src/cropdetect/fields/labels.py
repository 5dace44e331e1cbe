"""Labels of fields from whatever a user keeps them in: CSV, Parquet, or a vector file."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow
import pyarrow.parquet

from cropdetect.errors import FieldsError, InputNotFoundError, UnreadableFileError
from cropdetect.fields.columns import as_text, find_id_column, find_label_column, listed, required_column
from cropdetect.fields.contents import PARQUET_SUFFIXES
from cropdetect.fields.layers import exact_table
from cropdetect.fields.legend import class_names
from cropdetect.fields.vector import read_vector
from cropdetect.imagery.safety import checked

_DELIMITERS = ",;\t"


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
        id_column: default: see `find_id_column`.
        label_column: default: see `find_label_column`.
        legend: label code -> class name.
        group_column: default: `group`, if there is one.

    Returns:
        One row a labelled field, ids and labels as text; and warnings.

    Raises:
        InputNotFoundError, UnreadableFileError: the file is absent or damaged.
        FieldsError: a column is absent, no field has a label, or an id occurs twice.
        LegendError: the legend has none of the codes.
    """
    path = checked(path)
    if not path.exists():
        raise InputNotFoundError("there is no such file of labels", where=path, fix="Check --labels.")
    table, warnings = _read(path, [name for name in (id_column, label_column, group_column) if name is not None])
    ids, doubts = find_id_column(table, id_column, path)
    codes = find_label_column(table, label_column, path)
    columns = f"The columns: {listed([str(name) for name in table.columns])}."
    if ids is None:
        fix = " ".join([f"Name it with --id-column. {columns}", *doubts])
        raise FieldsError("no column is known to hold field ids", where=path, fix=fix)
    if codes is None:
        raise FieldsError("no column is known to hold labels", where=path, fix=f"Name it with --label-column. {columns}")
    labels, missing = class_names(table[codes], legend, where=path)
    found = pd.DataFrame({"field_id": as_text(table[ids]), "label": labels})
    group = required_column(table, group_column, path) if group_column is not None else "group"
    if group in table.columns:
        found["group"] = table[group].to_numpy()
    found = found[found["field_id"].notna() & found["label"].notna()].reset_index(drop=True)
    if found.empty:
        raise FieldsError(f"no field has a label in the column {codes}", where=path, fix="Name another with --label-column.")
    twice = found.loc[found["field_id"].duplicated(), "field_id"].unique()
    if len(twice):
        raise FieldsError(
            f"{len(twice)} field ids have more than one label ({', '.join(twice[:5])})",
            where=path,
            fix="Keep one row a field, or name another column with --id-column.",
        )
    return found, (*warnings, *doubts, *missing)


def _read(path: Path, named: list[str]) -> tuple[pd.DataFrame, tuple[str, ...]]:
    suffix = path.suffix.lower()
    try:
        if suffix in (".csv", ".txt"):
            with path.open(encoding="utf-8-sig") as file:
                header = file.readline()
            delimiter = max(_DELIMITERS, key=header.count)
            return pd.read_csv(path, sep=delimiter, dtype=object, keep_default_na=False, na_values=[""], encoding="utf-8-sig"), ()
        if suffix in PARQUET_SUFFIXES and b"geo" not in (pyarrow.parquet.read_schema(path).metadata or {}):
            return exact_table(pyarrow.parquet.read_table(path)), ()
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UnreadableFileError(f"the table cannot be read ({reason})", where=path, fix="Export it again.") from error
    table, warnings = read_vector(path, named=named)
    return pd.DataFrame(table.drop(columns="geometry")), warnings
