"""The user's columns of the fields, which come back beside ours."""

import datetime as dt
import json
import re
from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from cropdetect.outputs.fiboa import FIBOA_COLUMNS
from cropdetect.outputs.table import OUR_COLUMNS, probability_columns

_OF_FIELDS = ("field_id", "geometry", "status", "raster_pixels")  # columns of the fields table that are not the user's
_OF_GEOPACKAGE = ("fid", "geom", "rowid")
_SUFFIX = "_in_file"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_INT64 = np.iinfo(np.int64)


def with_own_columns(table: gpd.GeoDataFrame, fields: gpd.GeoDataFrame, legend: Sequence[str]) -> gpd.GeoDataFrame:
    """Return the answers with the user's columns behind ours; one that is called like ours has another name.

    Args:
        table: `prediction_table`.
        fields: the fields table, in the same order.
        legend: class names.
    """
    names = {old: new for old, new in _names(fields, legend).items() if new not in table.columns}  # the labels may be there
    columns = {new: _plain(fields[old]).reset_index(drop=True) for old, new in names.items()}
    return gpd.GeoDataFrame(pd.concat([table, pd.DataFrame(columns, index=table.index)], axis=1), crs=table.crs)


def renamed_columns(fields: gpd.GeoDataFrame, legend: Sequence[str]) -> tuple[str, ...]:
    """Return a warning where columns of the user come back under other names."""
    changed = [
        f"{str(old).removesuffix(_SUFFIX)} as {new}"
        for old, new in _names(fields, legend).items()
        if str(old) != new or new.endswith(_SUFFIX)  # which the room `fields` has renamed
    ]
    return (f"columns of the fields have names of the output and are renamed: {', '.join(changed)}",) if changed else ()


def _names(fields: gpd.GeoDataFrame, legend: Sequence[str]) -> dict[Any, str]:
    """Return the user's columns, and a name for each that SQLite, and so a GeoPackage, takes for no other."""
    taken = {name.casefold() for name in (*OUR_COLUMNS, *FIBOA_COLUMNS, *_OF_GEOPACKAGE, *probability_columns(legend))}
    own = {column: _CONTROL.sub("_", str(column)) or "column" for column in fields.columns if column not in _OF_FIELDS}
    names: dict[Any, str] = {}
    for column, name in own.items():
        if name.casefold() not in taken and not _like_a_probability(name):
            names[column] = name
            taken.add(name.casefold())
    for column, name in own.items():
        if column not in names:
            plain = new = f"in_file_{name}" if _like_a_probability(name) else f"{name}{_SUFFIX}"
            number = 2
            while new.casefold() in taken:
                new, number = f"{plain}_{number}", number + 1
            names[column] = new
            taken.add(new.casefold())
    return {column: names[column] for column in own}


def _like_a_probability(name: str) -> bool:
    """Tell whether a name begins as those of our probabilities, which readers find by it."""
    return name.casefold().startswith("prob_")


def _plain(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return values as numbers, truth, times or text, which all formats of tables have; nothing else is changed."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(object)
    if pd.api.types.is_bool_dtype(values.dtype):
        return values.astype("boolean")
    if pd.api.types.is_integer_dtype(values.dtype):
        large = bool((values.dropna().astype(object) > _INT64.max).any()) if values.dtype.kind == "u" else False
        return _text(values) if large else values.astype("Int64")
    if pd.api.types.is_float_dtype(values.dtype):
        return values.astype("Float64")
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return values if values.dropna().dt.year.between(1, 9999).all() else _moments_as_text(values)
    there = values.dropna()
    if len(there) and there.map(lambda value: isinstance(value, bool | np.bool_)).all():
        return values.astype("boolean")
    if len(there) and there.map(_is_number).all():
        whole = there.map(lambda value: isinstance(value, int | np.integer)).all()
        return values.astype("Int64" if whole else "Float64")
    return _text(values)


def _moments_as_text(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return moments, of which some lie beyond the calendar of databases and of Python, as text."""
    moments = (values if values.dt.tz is None else values.dt.tz_convert(None)).to_numpy()
    texts = pd.Series(np.datetime_as_string(moments), index=values.index, dtype="string")
    return texts.mask(values.isna().to_numpy())


def _is_number(value: object) -> bool:
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return bool(_INT64.min <= value <= _INT64.max)
    return isinstance(value, float | np.floating)


def _text(values: "pd.Series[Any]") -> "pd.Series[Any]":
    missing = values.isna().to_numpy()
    texts = [None if absent else _as_text(value) for value, absent in zip(values, missing, strict=True)]
    return pd.Series(texts, index=values.index, dtype="string")


def _as_text(value: Any) -> str:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | dict | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else str(value)
