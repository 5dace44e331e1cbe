"""Labels of fields from whatever a user keeps them in: CSV, Parquet, or a vector file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow
import pyarrow.parquet

from cropdetect.door import local_path
from cropdetect.errors import FieldsError
from cropdetect.fields.columns import (
    are_predictions,
    as_text,
    find_column,
    find_id_column,
    find_label_column,
    listed,
)
from cropdetect.fields.contents import PARQUET_SUFFIXES
from cropdetect.fields.id_raster import RASTER_SUFFIXES
from cropdetect.fields.legend import class_names
from cropdetect.fields.places import by_place, lie_in_their_fields, lonlat_columns, most_lie_in, points_of
from cropdetect.fields.plain_table import read_plain_table
from cropdetect.fields.vector import read_vector
from cropdetect.imagery import unreadable
from cropdetect.paths import not_found

_LABEL_RASTER = (
    "Lay it beside the raster of field ids (0_label.tif beside 0_field_id.tif) and leave --reference out. Or give points, "
    "outlines or a table."
)


def read_labels(
    path: Path,
    id_column: str | None,
    label_column: str | None,
    legend: Mapping[str, str] | None,
    group_column: str | None,
    fields: gpd.GeoDataFrame | None = None,
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Read `field_id`, `label` and, where there is one, `group` of the fields that have a label.

    Points and outlines without ids of these fields, e.g. those of a survey, belong to the fields that they lie in; so do the
    rows of a table with longitude and latitude.

    Args:
        path: CSV, Parquet, or a vector file.
        id_column: default: see `find_id_column`.
        label_column: default: see `find_label_column`.
        legend: label code -> class name.
        group_column: default: `group`, if there is one.
        fields: `field_id` and `geometry` of the fields; without them the file needs the ids.

    Returns:
        One row a labelled field, ids and labels as text; and warnings.

    Raises:
        InputNotFoundError, UnreadableFileError: the file is absent or damaged.
        FieldsError: a column is absent, no field has a label, no label lies in a field, or an id occurs twice.
        LegendError: the legend has none of the codes.
    """
    path = local_path(path)
    if not path.exists():
        raise not_found(path, "file of labels")
    if path.suffix.lower() in RASTER_SUFFIXES:
        raise FieldsError("known crops are not read from a raster", where=path, fix=_LABEL_RASTER)
    table, shapes, warnings = _read(path, [name for name in (id_column, label_column, group_column) if name is not None])
    ids, doubts = find_id_column(table, id_column, where=path)
    codes = find_label_column(table, label_column, where=path)
    columns = f"The columns: {listed([str(name) for name in table.columns])}."
    if codes is None and are_predictions(table):
        raise FieldsError(
            "this is an output of predict: its crops are predicted, not known",
            where=path,
            fix=f"Give the known crops, or name the column that holds them with --labels. {columns}",
        )
    if codes is None:
        raise FieldsError("no column is known to hold labels", where=path, fix=f"Name it with --labels. {columns}")
    labels, missing = class_names(table[codes], legend, where=path)
    found = pd.DataFrame({"label": labels})
    group = find_column(table, group_column, ("group",), where=path)
    if group is not None:
        found["group"] = table[group].to_numpy()
    known = None if ids is None else as_text(table[ids])
    if fields is not None and id_column is None and (known is None or not known.isin(as_text(fields["field_id"])).any()):
        shapes, told = _places(table, shapes, fields, path)
        warnings = (*warnings, *told)
    elif fields is not None and id_column is None and shapes is None:
        shapes = _points_on(fields, table)
    if shapes is not None and fields is not None and id_column is None and _are_apart(shapes, known, fields):
        used = (found["label"].notna() & shapes.notna() & ~shapes.is_empty).to_numpy()
        placeless = int((found["label"].notna() & ~used).sum())
        if not used.any():
            raise _no_place(path, warnings) if placeless else _no_label(codes, path)
        joined, doubts_of_places = by_place(shapes[used], found[used], fields, where=path)
        lost = (f"{path.name}: {placeless} labels have no place and are not used",) if placeless else ()
        return joined, (*warnings, *missing, *doubts_of_places, *lost)
    if ids is None:
        places = "" if fields is None else ", or give lon and lat, or a file of points or outlines"
        fix = " ".join([f"Name it with --id-column{places}. {columns}", *doubts])
        raise FieldsError("no column is known to hold field ids", where=path, fix=fix)
    found.insert(0, "field_id", as_text(table[ids]))
    nameless = int((found["field_id"].isna() & found["label"].notna()).sum())
    if nameless:
        doubts = [*doubts, f"{path.name}: {nameless} labels have no field id in {ids} and are left out"]
    found = found[found["field_id"].notna() & found["label"].notna()].reset_index(drop=True)
    if found.empty:
        raise _no_label(codes, path)
    twice = found.loc[found["field_id"].duplicated(), "field_id"].unique()
    if len(twice):
        raise FieldsError(
            f"{len(twice)} field ids have more than one label ({', '.join(twice[:5])})",
            where=path,
            fix="Keep one row a field, or name another column with --id-column.",
        )
    return found, (*warnings, *doubts, *missing)


def _no_label(column: str, path: Path) -> FieldsError:
    return FieldsError(f"no field has a label in the column {column}", where=path, fix="Name another with --labels.")


def _no_place(path: Path, warnings: Sequence[str]) -> FieldsError:
    return FieldsError(". ".join(["no label has a place", *warnings]), where=path, fix="Correct the places, or give field ids.")


def _places(
    table: pd.DataFrame, shapes: gpd.GeoSeries | None, fields: gpd.GeoDataFrame, path: Path
) -> tuple[gpd.GeoSeries | None, list[str]]:
    """Return where the rows of a table without ids of the fields lie: its shapes, else its lon and lat; and warnings.

    Raises:
        FieldsError: the places of rows or fields are not known on the Earth.
    """
    warnings: list[str] = []
    lonlat = lonlat_columns(table)
    if shapes is None and lonlat is not None:
        shapes = points_of(table, lonlat, warnings)
    if shapes is not None and shapes.crs is None:
        raise FieldsError(
            "it has no ids of the fields, and its points or outlines have no coordinate reference system (CRS)",
            where=path,
            fix="Set its CRS, or give a table with the ids of the fields.",
        )
    if shapes is not None and (fields.crs is None or fields.geometry.isna().all()):
        raise FieldsError(
            "it has no ids of the fields, and the fields have no outlines with a coordinate reference system (CRS) in which its "
            "points could lie",
            where=path,
            fix=f"Give a table with the ids of the fields, such as {fields['field_id'].iloc[0]}, or imagery with a CRS.",
        )
    return shapes, [f"{path.name}: {text}" for text in warnings]


def _points_on(fields: gpd.GeoDataFrame, table: pd.DataFrame) -> gpd.GeoSeries | None:
    """Return where the rows of a table lie by its lon and lat, if most of them lie in a field; else None: ids must do."""
    lonlat = lonlat_columns(table)
    if lonlat is None or fields.crs is None or fields.geometry.isna().all():
        return None
    points = points_of(table, lonlat, [])
    return points if most_lie_in(points, fields) else None


def _are_apart(shapes: gpd.GeoSeries, ids: "pd.Series[Any] | None", fields: gpd.GeoDataFrame) -> bool:
    """Tell whether places and not ids say which field a label is of."""
    if shapes.crs is None or fields.crs is None or fields.geometry.isna().all():
        return False
    return ids is None or not lie_in_their_fields(shapes, ids, fields)


def _read(path: Path, named: list[str]) -> tuple[pd.DataFrame, gpd.GeoSeries | None, tuple[str, ...]]:
    """Return the columns of a file, its geometries, and warnings."""
    if path.suffix.lower() in (".csv", ".txt", ".tsv") or not _has_geometry(path):
        return read_plain_table(path, text=named), None, ()
    table, warnings = read_vector(path, named=named)
    return pd.DataFrame(table.drop(columns="geometry")), table.geometry, warnings


def _has_geometry(path: Path) -> bool:
    """Tell whether a file is more than a plain table: Parquet may be either."""
    if path.suffix.lower() not in PARQUET_SUFFIXES:
        return True
    try:
        return b"geo" in (pyarrow.parquet.read_schema(path).metadata or {})
    except (pyarrow.ArrowException, OSError) as error:
        raise unreadable(path, error) from error
