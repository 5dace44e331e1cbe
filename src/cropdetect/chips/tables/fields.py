"""The fields of a table: from its own columns, from a table beside it, or from the file of `--fields`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from cropdetect.errors import FieldsError, TableError
from cropdetect.fields import NO_LABELS, as_text, field_ids, find_label_column, read_plain_table
from cropdetect.fields.columns import find_id_column, listed
from cropdetect.fields.doubles import contradicting
from cropdetect.fields.legend import class_names
from cropdetect.fields.places import lonlat_columns, points_of
from cropdetect.fields.vector import is_vector_file, read_vector

_LEFT_OUT = ("no_id", "duplicate_id")


def attributes(
    table: pd.DataFrame, ids: "pd.Series[Any]", geometry: gpd.GeoSeries | None, label: str | None, where: Path
) -> tuple[pd.DataFrame, list[str]]:
    """Return one row a field with the columns that are the same on all of its dates, and the names of those that are not.

    Args:
        table: columns that are no bands.
        ids: field id of each row, without missing ones.
        geometry: place of each row, or None.
        label: the column of labels, if there is one.
        where: the file, for messages.

    Raises:
        TableError: a field has two labels.
    """
    first = ~ids.duplicated()
    found = pd.DataFrame({"field_id": ids[first].to_numpy()})
    varying: list[str] = []
    for name in table.columns:
        values = table[name]
        if not values.map(lambda value: isinstance(value, list | np.ndarray | dict)).any():
            groups = values.groupby(ids, sort=False)
            many = groups.nunique() > 1
            if not many.any():
                found[name] = groups.first().reindex(ids[first]).to_numpy()
                continue
            if name == label:
                field = many.index[many.to_numpy()][0]
                two = as_text(values[ids == field]).dropna().unique()[:2]
                raise TableError(
                    f"field {field} has two labels, {two[0]} and {two[1]}, in {name}",
                    where=where,
                    fix=f"Correct one. If a field has several seasons, give each an id of its own, e.g. {field}-2019.",
                )
        varying.append(str(name))
    if geometry is not None:
        places = gpd.GeoSeries(geometry.groupby(ids, sort=False).first().reindex(ids[first]).to_numpy(), crs=geometry.crs)
        return gpd.GeoDataFrame(found, geometry=places), varying
    return found, varying


def field_rows(
    raw: pd.DataFrame, where: Path, label_column: str | None, legend: Mapping[str, str] | None
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Give a table with the column `field_id` the columns `label`, `status` and `geometry`.

    Raises:
        FieldsError: a named column is absent, or two columns could be the labels.
        LegendError: the legend has none of the codes.
    """
    table = raw.rename(columns={"status": "status_in_file"}).reset_index(drop=True)
    warnings: list[str] = []
    label_column = find_label_column(pd.DataFrame(table), label_column, where=where)
    if label_column != "label":
        table = table.rename(columns={"label": "label_in_file"})
    if label_column is not None:
        table = table.rename(columns={label_column: "label"})
        table["label"], more = class_names(table["label"], legend, where=where)
        warnings += more
    table["field_id"], no_id = field_ids(table["field_id"])
    status = np.select([no_id, table["field_id"].duplicated()], ["no_id", "duplicate_id"], "ok").astype(object)
    table = pd.DataFrame(table).assign(status=status)
    for word in _LEFT_OUT:
        count = int((table["status"] == word).sum())
        if count:
            warnings.append(f"{where.name}: {count} fields are left out with status {word}")
    warnings += contradicting(table["field_id"][~no_id], table.get("label"), where.name)
    doubts: list[str] = []
    placed = _placed(table, raw, doubts)
    return placed, [*warnings, *(f"{where.name}: {text}" for text in doubts)]


def _placed(table: pd.DataFrame, raw: pd.DataFrame, warnings: list[str]) -> gpd.GeoDataFrame:
    """Return the table with a geometry: its own, else points from lon and lat, else none."""
    crs = raw.crs if isinstance(raw, gpd.GeoDataFrame) else "EPSG:4326"
    if "geometry" in table and table["geometry"].map(lambda value: isinstance(value, shapely.Geometry)).any():
        shapes = gpd.GeoSeries(table["geometry"].to_numpy(), crs=crs)
        return gpd.GeoDataFrame(table.drop(columns="geometry"), geometry=shapes)
    table = table.drop(columns="geometry", errors="ignore")
    columns = lonlat_columns(table)
    none = gpd.GeoSeries([None] * len(table))
    return gpd.GeoDataFrame(table, geometry=none if columns is None else points_of(table, columns, warnings))


def read_fields_file(
    path: Path, *, layer: str | None, id_column: str | None, label_column: str | None, positions: bool, id_elsewhere: bool
) -> tuple[pd.DataFrame, list[str]]:
    """Read the file of `--fields`: a vector file or a plain table. Its ids stand in the column `field_id`.

    Args:
        path: the file.
        layer: layer of a vector file.
        id_column: named column of ids, if the file has it.
        label_column: named column of labels.
        id_elsewhere: whether the table has the column `id_column`, so that the file need not have it.
        positions: whether the rows are counted from 0, so that ids are not needed.

    Raises:
        FieldsError: no column holds field ids.
    """
    named = [name for name in (id_column, label_column) if name and name != NO_LABELS]
    warnings: list[str] = []
    if is_vector_file(path) and not (path.suffix.lower() == ".parquet" and not _is_geoparquet(path)):
        table, more = read_vector(path, layer=layer, named=named if layer is None else [])
        warnings += more
    else:
        table = read_plain_table(path, text=named)
    if id_column is not None and id_column not in table.columns and not id_elsewhere:
        fix = f"The columns: {listed([str(name) for name in table.columns])}."
        raise FieldsError(f"there is no column {id_column!r}", where=path, fix=fix)
    found, doubts = find_id_column(pd.DataFrame(table), id_column if id_column in table.columns else None, where=path)
    if found is None and not positions:
        fix = " ".join([f"Name it with --id-column. The columns: {listed([str(name) for name in table.columns])}.", *doubts])
        raise FieldsError("no column is known to hold field ids", where=path, fix=fix)
    if found is None:
        table = table.assign(field_id=np.arange(len(table)))
    elif found != "field_id":
        table = table.drop(columns="field_id", errors="ignore").rename(columns={found: "field_id"})
    return table, warnings


def _is_geoparquet(path: Path) -> bool:
    from cropdetect.chips.tables.source import Source

    return Source(path).has_geometry


def joined(
    file: gpd.GeoDataFrame, own: gpd.GeoDataFrame, place: npt.NDArray[np.int64], names: tuple[str, str], warnings: list[str]
) -> gpd.GeoDataFrame:
    """Return the fields of a file with the columns that only the table has.

    Args:
        file: the fields of `--fields`.
        own: the fields of the table itself.
        place: row of `file` for each row of `own`, -1 where it has none.
        names: of the file and of the table, for messages.
        warnings: get what the user should know.

    Raises:
        TableError: both tell labels, and a field has two.
    """
    file_name, own_name = names
    here = place >= 0
    result = file.copy()
    for name in own.columns:
        if name in ("field_id", "status", "geometry"):
            continue
        values = pd.Series([None] * len(file), dtype=object)
        values.iloc[place[here]] = own[name].to_numpy(dtype=object)[here]
        if name in file.columns and name != "label":
            differ = values.notna() & (as_text(values) != as_text(file[name]))
            if differ.any():
                warnings.append(f"{name} differs in {int(differ.sum())} fields: that of {file_name} is used, not of {own_name}")
            continue
        if name == "label" and "label" in file.columns:
            both = file["label"].notna() & values.notna()
            differ = both & (file["label"] != values)
            if differ.any():
                row = int(np.flatnonzero(differ)[0])
                field, there, here_too = file["field_id"].iloc[row], file["label"].iloc[row], values.iloc[row]
                raise TableError(
                    f"field {field} is {there} in {file_name} and {here_too} in {own_name} ({int(differ.sum())} fields differ)",
                    fix="Name the right column with --labels, or remove one of them.",
                )
            values = file["label"].where(file["label"].notna(), values)
        result[name] = values.infer_objects() if name != "label" else values
    if result.geometry.isna().all() and own.geometry.notna().any():
        shapes = np.full(len(file), None, object)
        shapes[place[here]] = own.geometry.to_numpy()[here]
        result = result.set_geometry(gpd.GeoSeries(shapes, crs=own.crs))
    return result
