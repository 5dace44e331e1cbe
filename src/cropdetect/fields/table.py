"""The table of fields, and how a vector file's table becomes one: ids, labels, usable polygons, and a status for the rest."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from cropdetect.fields.columns import field_ids, find_id_column, find_label_column, rounded
from cropdetect.fields.doubles import contradicting, doubled
from cropdetect.fields.geometry import Flags, buffer_fields, usable_polygons
from cropdetect.fields.legend import class_names, ordered_legend

_NO_OUTLINES = tuple(kind for kind in shapely.GeometryType if "POINT" in kind.name or "LINE" in kind.name)
_OURS = ("field_id", "label", "status", "raster_pixels", "geometry")


@dataclass(frozen=True)
class FieldSet:
    """Fields, from one vector file or from one id raster a tile.

    Attributes:
        table: one row a field, RangeIndex; `field_id` (int64 where all ids are whole numbers, else str), `geometry` (None
            where there is none), `status` ("ok", "no_id", "invalid_geometry", "duplicate_id", "too_small": nothing left after
            the buffer), `label` (str or None, where labels are known) and the file's other columns. CRS as in the source; None
            where the source has none.
        rasters: for each tile of the imagery, in its order, the id raster, or None: then the field is where its geometry is.
        warnings: what a user should know.
        legend: class names in the order of their crop_id, where a legend gave one; else empty.
        painted: for each tile, painted id -> `field_id`; None, or empty for all tiles: the painted ids are the field ids.
    """

    table: gpd.GeoDataFrame
    rasters: tuple[Path | None, ...] = ()
    warnings: tuple[str, ...] = ()
    legend: tuple[str, ...] = ()
    painted: tuple["pd.Series[Any] | None", ...] = ()

    def names_of(self, tile: int) -> "pd.Series[Any] | None":
        """Return what the ids painted on a tile are called, or None where they are the field ids."""
        return self.painted[tile] if self.painted else None


def field_table(
    raw: gpd.GeoDataFrame,
    path: Path,
    *,
    id_column: str | None,
    label_column: str | None,
    legend: Mapping[str, str] | None,
    buffer: float,
    imagery_crs: CRS | None,
    impossible: Flags,
) -> FieldSet:
    """Give a vector file's table the columns `field_id`, `label`, `status` and usable polygons.

    Args:
        raw: what the file holds.
        path: the file, for messages.
        id_column: column of ids (default: see `find_id_column`; where there is none, the row number from 1).
        label_column: column of label codes (default: see `find_label_column`).
        legend: label code -> class name.
        buffer: metres to grow the fields by; below 0 they shrink.
        imagery_crs: CRS of the imagery, if known.
        impossible: (field,) which geometries have coordinates that are none.

    Raises:
        FieldsError: a column that was named is absent; a buffer without CRS.
        LegendError: the legend has none of the codes.
    """
    id_column, warnings = find_id_column(raw, id_column, where=path)
    label_column = find_label_column(raw, label_column, where=path)
    if id_column is None:
        warnings.append(f"{path.name} has no column of field ids; the row number, from 1, is the id; --id-column names one")
        ids, no_id = pd.Series(np.arange(1, len(raw) + 1), dtype="int64"), np.zeros(len(raw), bool)
    else:
        ids, no_id = field_ids(raw[id_column])
        if rounded(raw[id_column]):
            warnings.append(
                f"{path.name} keeps the ids in {id_column} as floating-point numbers, which hold 15 digits: longer ids may have "
                "been changed by the program that wrote them"
            )
    shapes = np.array(raw.geometry.array, dtype=object)
    shapes[impossible] = None
    marks = np.isin(shapely.get_type_id(shapes), _NO_OUTLINES)
    polygons, invalid, repaired = usable_polygons(shapes)
    if marks.any():
        warnings.append(
            f"{path.name}: {marks.sum()} of {len(raw)} fields are points or lines, not outlines ({_some(ids[marks])}). Draw the "
            "outlines, or make circles: buffer the points in a GIS"
        )
    if repaired.any():
        warnings.append(f"{path.name}: {repaired.sum()} polygons that cross themselves were repaired ({_some(ids[repaired])})")
    statuses = np.array(["no_id", "duplicate_id", "invalid_geometry", "ok"], object)  # so that all fields share four texts
    status = statuses[np.select([no_id, ids.duplicated(), invalid], [0, 1, 2], 3)]
    columns: dict[str, Any] = {"field_id": ids.to_numpy() if ids.dtype == np.int64 else ids}
    if label_column is not None:
        columns["label"], missing = class_names(raw[label_column], legend, where=path)
        warnings += missing
    warnings += contradicting(ids[~no_id], columns.get("label"), path.name)
    warnings += doubled(polygons, columns.get("label"), ids, path.name)
    columns["status"] = pd.Series(status, dtype=object)
    others = raw.drop(columns=["geometry", *({id_column, label_column} & set(columns))])
    others = others.rename(columns=_beside(others.columns)).reset_index(drop=True)
    table = gpd.GeoDataFrame(pd.concat([pd.DataFrame(columns), others], axis=1), geometry=polygons, crs=raw.crs)
    for word in ("no_id", "duplicate_id", "invalid_geometry"):
        count = int((status == word).sum())
        if count:
            warnings.append(f"{path.name}: {count} fields are left out with status {word} ({_some(ids[status == word])})")
    table = buffer_fields(table, buffer, imagery_crs=imagery_crs, where=path)
    return FieldSet(table, warnings=tuple(warnings), legend=ordered_legend((), legend) if legend else ())


def _beside(names: Iterable[Any]) -> dict[Any, str]:
    """Return new names for a user's columns that are called like ours: `<name>_in_file`."""
    names = list(names)
    taken = {*map(str, names), *_OURS}
    renamed = {}
    for name in names:
        if name not in _OURS:
            continue
        new = f"{name}_in_file"
        while new in taken:
            new += "_"
        taken.add(new)
        renamed[name] = new
    return renamed


def _some(ids: "pd.Series[Any]") -> str:
    return ", ".join(str(one) for one in ids.head(5)) + (", ..." if len(ids) > 5 else "")
