"""Making field polygons fit for use: flat, valid, buffered."""

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS

from cropdetect.errors import FieldsError

Geometries = npt.NDArray[np.object_]
Flags = npt.NDArray[np.bool_]

_POLYGONAL = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
_WEB_MERCATOR = 3857  # its metres are stretched by 1 / cos(latitude)


def usable_polygons(geometry: Geometries) -> tuple[Geometries, Flags, Flags]:
    """Flatten to two dimensions and repair what can be repaired.

    Returns:
        polygons or multipolygons (None where there is none), which are unusable (missing, empty, not polygons, coordinates that
        are not numbers, nothing left after the repair), and which were repaired.
    """
    result = geometry.copy()
    present = ~shapely.is_missing(result)
    result[present] = shapely.force_2d(result[present])
    coordinates, owner = shapely.get_coordinates(result, return_index=True)
    finite = np.ones(len(result), bool)
    finite[owner[~np.isfinite(coordinates).all(axis=1)]] = False
    usable = present & finite & np.isin(shapely.get_type_id(result), _POLYGONAL) & ~shapely.is_empty(result)
    repaired = usable.copy()
    repaired[usable] = ~shapely.is_valid(result[usable])
    result[repaired] = polygons_only(shapely.make_valid(result[repaired]))
    usable[repaired] = ~shapely.is_empty(result[repaired])
    result[~usable] = None
    return result, ~usable, repaired & usable


def polygons_only(geometry: Geometries) -> Geometries:
    """Drop the points and lines that a repair or an intersection leaves; an empty polygon where nothing else was there."""
    result = geometry.copy()
    mixed = ~np.isin(shapely.get_type_id(geometry), _POLYGONAL)
    for row in np.flatnonzero(mixed):
        parts = [part for part in shapely.get_parts(geometry[row]) if shapely.get_type_id(part) in _POLYGONAL]
        result[row] = shapely.union_all(parts) if parts else shapely.Polygon()
    return result


def buffered(geometry: "gpd.GeoSeries", distance: float, *, imagery_crs: CRS | None, where: object) -> Geometries:
    """Grow (or shrink, below 0) fields by a distance in metres.

    Computed in the imagery's CRS or the fields' own where that is in metres, else in the UTM zone of the fields.

    Args:
        geometry: the fields; missing ones stay missing.
        distance: metres.
        imagery_crs: CRS of the imagery, if known.
        where: the file, for messages.

    Returns:
        polygons in the CRS of `geometry`, empty where nothing is left.

    Raises:
        FieldsError: the fields have no CRS, so that a metre means nothing.
    """
    if geometry.crs is None:
        raise FieldsError(
            "fields without a coordinate reference system cannot be buffered in metres",
            where=where,
            fix="Set the CRS of the file, or leave --buffer out.",
        )
    metric = next((crs for crs in (imagery_crs, geometry.crs) if _in_metres(crs)), None)
    projected = geometry.to_crs(metric if metric is not None else geometry.estimate_utm_crs())
    return np.asarray(projected.buffer(distance).to_crs(geometry.crs).array, dtype=object)


def _in_metres(crs: Any) -> bool:
    if crs is None or not CRS(crs).is_projected or CRS(crs).to_epsg() == _WEB_MERCATOR:
        return False
    return all(axis.unit_conversion_factor == 1 for axis in CRS(crs).axis_info)
