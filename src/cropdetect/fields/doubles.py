"""Rows that tell of one place several times: the seasons of a parcel, or copies of it.

A file may hold the parcels of several years, each with its crop. Images of one year then meet crops of another. The file tells
it by a column of years, or by outlines that occur more than once.
"""

import re
from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd
import shapely

_YEARS = re.compile(
    r"(?:crop|harvest|survey|season|declaration)?[-_ ]?(?:year|yr)|season|campaign|campagne|campaña|annee|année|jahr|anno|ano|año"
    r"|rok|determination[:_]datetime",
    re.IGNORECASE,
)
_YEAR = r"(?<!\d)((?:19|20)\d\d)(?!\d)"
_SHOWN = 5


def other_years(table: pd.DataFrame, label_column: str | None, years: Collection[int], file: str) -> list[str]:
    """Return warnings about labels of other years than the images: by a column of years, or by the name of their own column.

    Args:
        table: what a file holds.
        label_column: column of the labels, as the user named it, or None.
        years: of the images.
        file: its name, for messages.
    """
    warnings = []
    in_name = {int(year) for year in re.findall(_YEAR, label_column or "")}
    if in_name and not in_name & set(years):
        warnings.append(f"{file}: the labels are in {label_column}, and the images are of {_span(years)}")
    for name in table.columns:
        if name == "geometry" or not _YEARS.fullmatch(str(name)):
            continue
        named = table[name].astype("string").str.findall(_YEAR)
        told = named.dropna().map(lambda found: tuple(map(int, found)))
        told = told[told.map(len) > 0]
        others = told[told.map(lambda found: not set(found) & set(years))]
        if len(others):
            shown = ", ".join(map(str, sorted({year for found in others for year in found})[:_SHOWN]))
            warnings.append(
                f"{file}: {name} is {shown} in {len(others)} of {len(table)} rows, and the images are of {_span(years)}. If the "
                "crops are of other years than the images, keep these rows out of the file"
            )
    return warnings


def contradicting(ids: "pd.Series[Any]", labels: "pd.Series[Any] | None", file: str) -> list[str]:
    """Return a warning about ids that occur more than once, with different labels.

    Args:
        ids: (field,) of the fields that have one.
        labels: (field,) class names, None where there is none.
        file: its name, for messages.
    """
    if labels is None:
        return []
    known = pd.DataFrame({"id": ids, "label": labels}).dropna().drop_duplicates()
    several = known.groupby("id", sort=False)["label"].agg(list)
    several = several[several.map(len) > 1]
    if several.empty:
        return []
    field, crops = several.index[0], several.iloc[0]
    return [
        f"{file}: {len(several)} ids have rows with different labels, such as {field} with {' and '.join(map(repr, crops[:2]))}; "
        "the first row is used. Keep one row a field, or give each row an id of its own"
    ]


def _span(years: Collection[int]) -> str:
    return "-".join(dict.fromkeys((str(min(years)), str(max(years)))))


def doubled(shapes: "np.ndarray[Any, Any]", labels: "pd.Series[Any] | None", ids: "pd.Series[Any]", file: str) -> list[str]:
    """Return a warning about fields that have the outline of another one and a different label.

    Args:
        shapes: (field,) outlines, None where there is none.
        labels: (field,) class names, None where there is none.
        ids: (field,) of the fields.
        file: its name, for messages.
    """
    if labels is None:
        return []
    places = pd.DataFrame(np.column_stack([shapely.bounds(shapes), shapely.area(shapes)])).assign(label=labels.to_numpy())
    places = places[places["label"].notna() & places[4].gt(0)]
    alike = places[places.duplicated([0, 1, 2, 3, 4], keep=False)]
    differ = alike[~alike.duplicated(keep=False)]
    if differ.empty:
        return []
    shown = ", ".join(str(one) for one in ids[differ.index[:_SHOWN]]) + (", ..." if len(differ) > _SHOWN else "")
    return [
        f"{file}: {len(differ)} fields have the outline of another one and a different label ({shown}), as files of several "
        "years have. A network learns both; keep one row an outline"
    ]
