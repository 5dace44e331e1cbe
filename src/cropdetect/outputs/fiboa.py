"""fields.parquet as fiboa: field boundaries for agriculture in GeoParquet, with the crop of each.

Sources: fiboa specification 0.3.0 on Vecorel 0.1.0 (each field has `id`, `collection` and a geometry; what holds for all fields
stands as JSON in the Parquet metadata `collection`), crop extension 0.2.0 (`crop:code_list`, `crop:code`, `crop:name`), HCAT
extension 0.3.0 (`hcat:code`, `hcat:name`).
"""

import io
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from cropdetect.fields import hcat_legend
from cropdetect.spare_memory import give_back

CODE_LIST = "code_list.csv"
_CORE = ("https://vecorel.org/specification/v0.1.0/schema.yaml", "https://fiboa.org/specification/v0.3.0/schema.yaml")
_CROP = "https://fiboa.org/crop-extension/v0.2.0/schema.yaml"
_HCAT = "https://fiboa.org/hcat-extension/v0.3.0/schema.yaml"
_OURS = ("id", "crop:code", "crop:name", "hcat:code", "hcat:name")
#: Columns that a user's column must not be called in an output: those written here, and those that the schemas keep for others.
FIBOA_COLUMNS = (*_OURS, "crop:code_list", "crop:name_en", "hcat:name_en", "collection", "schemas", "bbox", "category")
_NEVER_NULL = ("id", "geometry", "crop:code")
_OBSERVED = "determination:datetime"
_SUMMER = re.compile(r"summer_(?!unspecified|rapeseed|poppy)")  # names of HCAT 3 that the extension does not list
_METHODS = ("manual", "driven", "surveyed", "auto-operation", "auto-imagery", "unknown")
_TEXT_OF_USER = ("determination:method", "determination:details")
_ROWS_AT_ONCE = 16_384  # a multiple of 1,024, at which Parquet may end a page: the file does not depend on the parts
_LARGEST = {"metrics:area": 1e9, "metrics:perimeter": 1.25e9}


def write_fiboa(table: gpd.GeoDataFrame, path: Path, *, collection: str) -> None:
    """Write GeoParquet 1.0, geometry as WKB.

    The file names fiboa's schemas in its metadata where it complies with them: where every field has a polygon, and the user's
    columns that fiboa knows, too, hold what it asks for.

    Args:
        table: `fields_table`.
        path: the file.
        collection: identifier of these answers.
    """
    complies = _complies(table)
    schema = _schema(table, collection, complies=complies)
    parts = [schema.empty_table()]
    for start in range(0, len(table), _ROWS_AT_ONCE):
        parts.append(_as_arrow(table.iloc[start : start + _ROWS_AT_ONCE]).cast(schema))
        give_back()  # making a part takes several times its size
    pq.write_table(pa.concat_tables(parts), path)


def _schema(table: gpd.GeoDataFrame, collection: str, *, complies: bool) -> pa.Schema:
    """Return the types and the metadata of the whole table."""
    found = _as_arrow(table.iloc[_outermost(table.geometry)]).schema
    schema = pa.schema([_column(one, complies=complies) for one in found], found.metadata)
    if complies:
        described = json.dumps(_collection(table, collection))
        schema = schema.with_metadata({**(schema.metadata or {}), b"collection": described.encode()})
    return schema


def _as_arrow(table: gpd.GeoDataFrame) -> pa.Table:
    """Return a table as GeoParquet has it."""
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return pq.read_table(buffer)


def _outermost(geometry: gpd.GeoSeries) -> npt.NDArray[np.intp]:
    """Return rows that have the bounds and the kinds of geometries of all rows: what the metadata of GeoParquet tells."""
    shapes = np.asarray(geometry.array, dtype=object)
    kinds = np.stack([shapely.get_type_id(shapes), shapely.has_z(shapes)], axis=1)
    rows = [np.unique(kinds, axis=0, return_index=True)[1]]
    bounds = shapely.bounds(shapes)
    known = np.flatnonzero(np.isfinite(bounds).all(axis=1))
    if len(known):
        rows += [known[bounds[known].argmin(axis=0)], known[bounds[known].argmax(axis=0)]]
    return np.unique(np.concatenate(rows))


def write_code_list(legend: Sequence[str], path: Path) -> None:
    """Write the codes that `crop:code` has, with the columns that fiboa's crop extension asks for."""
    pd.DataFrame({"original_code": legend, "original_name": legend, "translated_name": ""}).to_csv(path, index=False)


def with_fiboa_columns(table: gpd.GeoDataFrame, legend: Sequence[str]) -> gpd.GeoDataFrame:
    """Return the answers with fiboa's columns behind all others."""
    table = table.assign(
        **{"id": table["field_id"].astype("string"), "crop:code": table["crop"].fillna(""), "crop:name": table["crop"]}
    )
    codes = {name: int(code) for code, name in hcat_legend().items() if not _SUMMER.match(name)}
    if legend and set(legend) <= set(codes):
        table = table.assign(**{"hcat:code": table["crop"].map(codes).astype("UInt32"), "hcat:name": table["crop"]})
    if _OBSERVED in table.columns:
        try:
            table = table.assign(**{_OBSERVED: pd.to_datetime(table[_OBSERVED], utc=True, format="ISO8601")})
        except (ValueError, TypeError):
            return table
    return table


def _complies(table: gpd.GeoDataFrame) -> bool:
    """Tell whether a table is what the schemas ask for."""
    has_polygons = bool(table.geometry.notna().all() and table.geometry.geom_type.isin(["Polygon", "MultiPolygon"]).all())
    observed = _OBSERVED not in table.columns or isinstance(table[_OBSERVED].dtype, pd.DatetimeTZDtype)
    texts = all(table[name].dtype == "string" for name in _TEXT_OF_USER if name in table.columns)
    methods = "determination:method" not in table.columns or table["determination:method"].dropna().isin(_METHODS).all()
    sizes = all(
        pd.api.types.is_float_dtype(table[name].dtype) and table[name].dropna().between(0, most, inclusive="right").all()
        for name, most in _LARGEST.items()
        if name in table.columns
    )
    return bool(has_polygons and (table["id"] != "").all() and observed and texts and methods and sizes)


def _column(column: pa.Field, *, complies: bool) -> pa.Field:
    """Return a column with the type that fiboa asks for: short texts, and where the table complies its numbers and times."""
    if pa.types.is_large_string(column.type):
        column = column.with_type(pa.string())
    if not complies:
        return column
    types = {_OBSERVED: pa.timestamp("ms", "UTC"), **dict.fromkeys(_LARGEST, pa.float32())}
    return column.with_type(types.get(column.name, column.type)).with_nullable(column.name not in _NEVER_NULL)


def _collection(table: gpd.GeoDataFrame, collection: str) -> dict[str, Any]:
    extensions = (_CROP, _HCAT) if "hcat:code" in table.columns else (_CROP,)
    return {"schemas": {collection: [*_CORE, *extensions]}, "collection": collection, "crop:code_list": CODE_LIST}
