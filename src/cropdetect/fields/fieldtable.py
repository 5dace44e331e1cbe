"""From a vector file's table to the table of fields: ids, labels, sound polygons, and a status for what is not."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from cropdetect.fields.codes import clean_ids
from cropdetect.fields.columns import ID_COLUMNS, find_column, find_label_column
from cropdetect.fields.fieldset import FieldSet
from cropdetect.fields.legend import class_names, ordered_legend
from cropdetect.fields.polygons import buffered, usable_polygons


def field_table(
    raw: gpd.GeoDataFrame,
    path: Path,
    *,
    id_column: str | None,
    label_column: str | None,
    legend: Mapping[str, str] | None,
    buffer: float,
    imagery_crs: CRS | None,
) -> FieldSet:
    """Give a vector file's table the columns `field_id`, `label`, `status` and usable polygons.

    Args:
        raw: what the file holds.
        path: the file, for messages.
        id_column: column of ids (default: the first of `ID_COLUMNS`, in any case of letters; else the row number from 1).
        label_column: column of label codes (default: see `find_label_column`).
        legend: label code -> class name.
        buffer: metres to grow the fields by; below 0 they shrink.
        imagery_crs: CRS of the imagery, if known.

    Raises:
        FieldsError: a column that was named is absent; two columns could be the labels; a buffer without CRS.
        LegendError: the legend has none of the codes.
    """
    warnings: list[str] = []
    id_column = find_column(raw, id_column, ID_COLUMNS, where=path)
    label_column = find_label_column(raw, label_column, where=path)
    if id_column is None:
        warnings.append(f"{path.name} has no column of field ids; the row number, from 1, is the id")
        ids, no_id = pd.Series(np.arange(1, len(raw) + 1), dtype="int64"), np.zeros(len(raw), bool)
    else:
        ids, no_id = clean_ids(raw[id_column])
    polygons, invalid, repaired = usable_polygons(np.asarray(raw.geometry.array, dtype=object))
    if repaired.any():
        warnings.append(f"{path.name}: {repaired.sum()} polygons that cross themselves were repaired ({_some(ids[repaired])})")
    geometry = gpd.GeoSeries(polygons, crs=raw.crs)
    gone = np.zeros(len(raw), bool)
    if buffer != 0:
        grown = buffered(geometry, buffer, imagery_crs=imagery_crs, where=path)
        gone = ~invalid & shapely.is_empty(grown)
        geometry = geometry.where(gone | invalid, gpd.GeoSeries(grown, crs=raw.crs))
    status = np.select([no_id, ids.duplicated(), invalid, gone], ["no_id", "duplicate_id", "invalid_geometry", "too_small"], "ok")
    columns: dict[str, Any] = {"field_id": ids.to_numpy() if ids.dtype == np.int64 else ids}
    if label_column is not None:
        columns["label"], missing = class_names(raw[label_column], legend, where=path)
        warnings += missing
    columns["status"] = pd.Series(status, dtype=object)
    own = {name for name in (id_column, label_column) if name in columns}
    others = raw.drop(columns=["geometry", *own])
    others = others.rename(columns={name: f"{name}_in_file" for name in (*columns, "label") if name in others.columns})
    table = pd.concat([pd.DataFrame(columns), others.reset_index(drop=True)], axis=1)
    fields = gpd.GeoDataFrame(table, geometry=geometry.to_numpy(), crs=raw.crs)
    for word in ("no_id", "duplicate_id", "invalid_geometry"):
        count = int((status == word).sum())
        if count:
            warnings.append(f"{path.name}: {count} fields are left out with status {word} ({_some(ids[status == word])})")
    return FieldSet(fields, warnings=tuple(warnings), legend=ordered_legend((), legend) if legend else ())


def _some(ids: "pd.Series[Any]") -> str:
    return ", ".join(str(one) for one in ids.head(5)) + (", ..." if len(ids) > 5 else "")
