"""Which columns of a user's table hold the field ids and the labels: the one rule for all tables."""

from collections.abc import Sequence

import pandas as pd

from cropdetect.errors import FieldsError
from cropdetect.fields.codes import code_text

ID_COLUMNS = ("field_id", "fieldid", "id", "fid", "parcel_id", "objectid", "gid")
LABEL_COLUMNS = ("label", "crop", "crop:code", "crop_code")
NO_LABELS = ""
"""Name of the label column where no labels are wanted."""


def find_column(table: pd.DataFrame, named: str | None, known: Sequence[str], *, where: object) -> str | None:
    """Return the named column; without a name the first of the known ones, in any case of letters, or None.

    Args:
        table: what a file holds.
        named: as the user named it, or None.
        known: names to look for, in lower case.
        where: the file, for messages.

    Raises:
        FieldsError: the named column is absent.
    """
    if named is None:
        return next(iter(_present(table, known)), None)
    columns = _columns(table)
    if named not in columns:
        raise FieldsError(f"there is no column {named!r}", where=where, fix=f"The columns: {', '.join(columns) or 'none'}.")
    return named


def find_label_column(table: pd.DataFrame, named: str | None, *, where: object, option: str = "--labels") -> str | None:
    """Return the column of labels: the named one, else the first of `LABEL_COLUMNS`, in any case of letters, or None.

    Columns without a value are passed over where another has values.

    Args:
        table: what a file holds.
        named: as the user named it; `NO_LABELS`: none is wanted; None: by the rule.
        where: the file, for messages.
        option: the option that names the column, for messages.

    Raises:
        FieldsError: the named column is absent, or two columns could be the labels and differ.
    """
    if named == NO_LABELS:
        return None
    if named is not None:
        return find_column(table, named, LABEL_COLUMNS, where=where)
    present = _present(table, LABEL_COLUMNS)
    filled = [name for name in present if table[name].notna().any()]
    if not filled:
        return next(iter(present), None)
    first, *others = filled
    for other in others:
        differ = int((code_text(table[first]).fillna("") != code_text(table[other]).fillna("")).sum())
        if differ:
            raise FieldsError(
                f"both {first} and {other} could be the column of labels, and they differ in {differ} of {len(table)} rows",
                where=where,
                fix=f"Name the right one with {option}, for example {option} {first}.",
            )
    return first


def _columns(table: pd.DataFrame) -> list[str]:
    return [str(name) for name in table.columns if name != "geometry"]


def _present(table: pd.DataFrame, known: Sequence[str]) -> list[str]:
    by_name = {name.lower(): name for name in reversed(_columns(table))}
    return [by_name[name] for name in known if name in by_name]
