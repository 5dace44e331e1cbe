"""The columns of a user's table: which hold the ids and the labels, and their values as text that is never changed.

Ids, labels and classes are text as it was written: ``007``, ``None``, ``1.0`` and ``" a"`` stay what they are. Only numbers are
written the way people write them: the number 7.0 is ``7``.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cropdetect.errors import FieldsError

ID_COLUMNS = (
    *("field_id", "fieldid", "id", "fid", "parcel_id", "objectid", "gid", "localid", "gml_id"),
    *("parcelid", "parcel", "plot_id", "plotid", "sample_id", "uid", "uuid", "globalid"),
)
LABEL_COLUMNS = ("label", "crop", "crop:code", "crop_code")
NO_LABELS = ""
"""Name of the label column where no labels are wanted."""

_INT64 = np.iinfo(np.int64)
_CUT = 10  # characters that a Shapefile keeps of a column's name
_OF_PREDICTIONS = {"confidence", "entropy"}
_EXACT = 2**53  # the largest floating-point numbers below which every whole number has its own


def as_text(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return values as text, dtype object; None where a value is missing or blank.

    Text stays as it is; bytes are UTF-8. Whole numbers lose their ".0", and others end with their last digit.

    Raises:
        FieldsError: a value is no text: a list, a record, or bytes that are no UTF-8.
    """
    wrong = no_text(values)
    if wrong:
        raise FieldsError(
            f"its values are {wrong}, which are no ids, labels or groups",
            where=f"the column {values.name}",
            fix="Name another column, or write it as text or whole numbers.",
        )
    short = isinstance(values.dtype, np.dtype) and values.dtype in (np.float16, np.float32)  # else 1.1 is 1.100000023841858
    entries = list(values.to_numpy()) if short else values
    text = [None if missing else _text(value) for value, missing in zip(entries, pd.isna(values), strict=True)]
    return pd.Series([entry if entry and not entry.isspace() else None for entry in text], index=values.index, dtype=object)


def no_text(values: "pd.Series[Any]") -> str:
    """Return what the values of a column are that cannot be text, or ""."""
    if values.dtype != object:
        return ""
    for value in values:
        if isinstance(value, list | tuple | dict | set | np.ndarray):
            return "records" if isinstance(value, dict) else "lists"
        if isinstance(value, bytes) and not value.decode("utf-8", "replace").replace("\ufffd", "\0").isprintable():
            return "bytes that are no UTF-8 text"
    return ""


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    if isinstance(value, Decimal) and value.is_finite():
        return f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"
    return str(value)


def field_ids(values: "pd.Series[Any]") -> tuple["pd.Series[Any]", npt.NDArray[np.bool_]]:
    """Return field ids, and where they are missing.

    Whole numbers are int64 where all of them fit; all else is str. A missing id is replaced by one that no field has and that
    tells its row: -(row + 1), or "row-<row + 1>" among text, row counted from 0.
    """
    text = as_text(values)
    missing = text.isna().to_numpy()
    row = np.arange(1, len(text) + 1)
    numbers = [int(entry) for entry in text[~missing]] if _whole_numbers(values[~missing]) else None
    if numbers is not None and all(_INT64.min + len(text) <= number <= _INT64.max for number in numbers):
        ids = pd.Series(min([0, *numbers]) - row, index=values.index, dtype="int64")
        ids[~missing] = np.array(numbers, np.int64)
        return ids, missing
    prefix, taken = "row-", set(text[~missing])
    while any(f"{prefix}{number}" in taken for number in row[missing]):
        prefix = f"no-id-{prefix}"
    text[missing] = [f"{prefix}{number}" for number in row[missing]]
    try:
        return text.astype(str), missing
    except UnicodeError as error:
        raise FieldsError("an id has an invalid character", where="the ids", fix="Write the ids again.") from error


def _whole_numbers(values: "pd.Series[Any]") -> bool:
    """Tell whether all values are numbers without a fraction; text is no number, whatever it says."""
    if pd.api.types.is_bool_dtype(values.dtype):
        return False
    if pd.api.types.is_integer_dtype(values.dtype):
        return True
    if pd.api.types.is_float_dtype(values.dtype):
        return bool(np.isfinite(values).all() and (values == np.floor(values)).all())
    return values.dtype == object and all(map(_is_whole, values))


def _is_whole(value: object) -> bool:
    """Tell whether a value is one of Python's own whole numbers, or a decimal number without a fraction."""
    if isinstance(value, Decimal):
        return value.is_finite() and value == int(value)
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def rounded(values: "pd.Series[Any]") -> bool:
    """Tell whether whole numbers were stored as floating-point numbers so large that neighbours look the same."""
    if not pd.api.types.is_float_dtype(values.dtype):
        return False
    numbers = values.to_numpy(np.float64, na_value=np.nan)
    large = np.abs(numbers) >= _EXACT
    return bool(large.any() and _whole_numbers(values.dropna()))


def find_column(table: pd.DataFrame, named: str | None, known: Sequence[str], *, where: object) -> str | None:
    """Return the named column; without a name the first of the known ones, in any case of letters, or None.

    Args:
        table: what a file holds.
        named: as the user named it, or None.
        known: names to look for, in lower case.
        where: the file, for messages.

    Raises:
        FieldsError: the named column is absent; the error lists the columns.
    """
    if named is None:
        return next(iter(known_columns(_names(table), known)), None)
    if named not in _names(table):
        cut = [name for name in _names(table) if name == named[:_CUT] != named]
        hint = f"A Shapefile cuts names: it may be {cut[0]}. " if cut else ""
        raise FieldsError(f"there is no column {named!r}", where=where, fix=f"{hint}The columns: {listed(_names(table))}.")
    return named


def find_id_column(table: pd.DataFrame, named: str | None, *, where: Path) -> tuple[str | None, list[str]]:
    """Return the column of field ids, and warnings.

    It is the one that was named, or `field_id`, or the first of `ID_COLUMNS` (in any case of letters) that tells the rows
    apart: a column that repeats values, or has none, holds no ids.

    Returns:
        None where there is no such column.

    Raises:
        FieldsError: there is no column of that name.
    """
    if named is not None:
        column = find_column(table, named, ID_COLUMNS, where=where)
        return column, [] if column is None else _shortened(table[column], where)
    warnings: list[str] = []
    for name in known_columns(_names(table), ID_COLUMNS, all_ways=True):
        ids = as_text(table[name]).dropna()
        if len(ids) == 0 < len(table):
            warnings.append(f"{where.name}: the column {name} is empty, so it holds no field ids")
        elif ids.duplicated().any() and plain_name(name) != ID_COLUMNS[0]:
            repeated = ids[ids.duplicated()].iloc[0]
            warnings.append(
                f"{where.name}: the column {name} repeats values (such as {repeated}), so it holds no field ids; "
                "--id-column names another"
            )
        else:
            return name, [*warnings, *_shortened(table[name], where)]
    return None, warnings


def _shortened(ids: "pd.Series[Any]", where: Path) -> list[str]:
    """Return a warning where ids are text such as 1.23457E+12, of which a spreadsheet has taken the last digits."""
    text = as_text(ids).dropna()
    found = text[text.str.fullmatch(r"\d([.,]\d+)?[eE]\+\d+")]
    if found.empty:
        return []
    return [
        f"{where.name}: {len(found)} ids of the column {ids.name} are written like {found.iloc[0]}: a spreadsheet has shortened "
        "them, and several fields may have become one. Export them as text"
    ]


def find_label_column(table: pd.DataFrame, named: str | None, *, where: object) -> str | None:
    """Return the column of labels: the named one, else the first of `LABEL_COLUMNS`, in any case of letters, or None.

    Columns without a value are passed over where another has values. The crops of an output of predict are no labels.

    Args:
        table: what a file holds.
        named: as the user named it; `NO_LABELS`: none is wanted; None: by the rule.
        where: the file, for messages.

    Raises:
        FieldsError: the named column is absent, or two columns could be the labels and differ.
    """
    if named == NO_LABELS:
        return None
    if named is not None:
        return find_column(table, named, LABEL_COLUMNS, where=where)
    present = known_columns(_names(table), LABEL_COLUMNS[:1] if are_predictions(table) else LABEL_COLUMNS)
    filled = [name for name in present if table[name].notna().any()]
    if not filled:
        return next(iter(present), None)
    first, *others = filled
    for other in others:
        differ = int((as_text(table[first]).fillna("") != as_text(table[other]).fillna("")).sum())
        if differ:
            raise FieldsError(
                f"both {first} and {other} could be the column of labels, and they differ in {differ} of {len(table)} rows",
                where=where,
                fix=f"Name the right one with --labels, for example --labels {first}.",
            )
    return first


def are_predictions(table: pd.DataFrame) -> bool:
    """Tell whether a table is what predict writes: its crops are predicted, and only `label` may be the user's."""
    names = {str(name) for name in table.columns}
    return names >= _OF_PREDICTIONS and any(name.startswith("prob_") for name in names)


def written_differently(ids: Iterable[Any], known: Iterable[Any]) -> str:
    """Return a sentence about ids, or codes, that would be known if written like the known ones; "" where there is none."""
    here, there = ({str(one): None for one in values} for values in (ids, known))
    by_plain = {_plain_id(one): one for one in there if one not in here}
    pairs = [(one, by_plain[plain]) for one in here if one not in there and (plain := _plain_id(one)) in by_plain]
    if not pairs:
        return ""
    shown = "{!r} and {!r}".format(*pairs[0])
    return f"{len(pairs)} differ only in zeros, blanks or capitals, such as {shown}: write both in the same way."


def split_ids(ids: Iterable[str]) -> str:
    """Return a sentence about ids of one table that differ only in zeros or blanks, so that they may be one field's; or ""."""
    forms: dict[str, list[str]] = {}
    for one in dict.fromkeys(ids):
        forms.setdefault(_plain_id(one, capitals=True), []).append(one)
    several = [found for found in forms.values() if len(found) > 1]
    if not several:
        return ""
    shown = " and ".join(map(repr, several[0]))
    return f"{len(several)} ids are written in several ways, such as {shown}, and each counts as a field of its own"


def _plain_id(text: str, *, capitals: bool = False) -> str:
    plain = unicodedata.normalize("NFKC", text).strip()
    plain = plain if capitals else plain.casefold()
    return re.sub(r"0*(\d+)(\.0+)?", r"\1", plain) if re.fullmatch(r"\d+(\.0+)?", plain) else plain


def listed(names: Sequence[str]) -> str:
    """Return names as a user reads them."""
    return ", ".join(names) or "none"


def known_columns(columns: Iterable[str], known: Sequence[str], *, all_ways: bool = False) -> list[str]:
    """Return the columns that are known, in the order of `known`, in any case of letters.

    Where there is none, or `all_ways` are asked for, those that are written with blanks or hyphens follow: `Field ID`.
    """
    columns = list(columns)
    exact = {name.strip().lower(): name for name in reversed(columns)}
    plain = {plain_name(name): name for name in reversed(columns)}
    found = [exact[name] for name in known if name in exact]
    if not found or all_ways:
        found += [plain[name] for name in known if name in plain and plain[name] not in found]
    return found


def plain_name(column: str) -> str:
    """Return the name of a column as the known ones are written: ` Field ID` is field_id."""
    return re.sub(r"[\s-]+", "_", column.strip().lower())


def _names(table: pd.DataFrame) -> list[str]:
    return [str(name) for name in table.columns if name != "geometry"]
