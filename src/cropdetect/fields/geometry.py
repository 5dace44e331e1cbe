"""The geometry of fields: polygons fit for use, buffers, places, and square blocks of the map."""

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS

from cropdetect.errors import FieldsError
from cropdetect.imagery import utm_zone

Geometries = npt.NDArray[np.object_]
Flags = npt.NDArray[np.bool_]

_POLYGONAL = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
_FEW_CORNERS, _FEW_EDGES = 1000, 200
_MOST_CROSSINGS = 200_000  # that are mended: a repair takes time and memory by the crossing
_WEB_MERCATOR = 3857  # its metres are stretched by 1 / cos(latitude)


def from_wkb(content: Sequence[bytes | None]) -> Geometries:
    """Return geometries, None where one is missing, broken, or of a kind that is not known here, as are curves."""
    raw = np.array(content, dtype=object)
    try:
        return np.asarray(shapely.from_wkb(raw, on_invalid="ignore"))
    except NotImplementedError:  # for one of them
        return np.array([_one_from_wkb(one) for one in raw], dtype=object)


def _one_from_wkb(content: bytes | None) -> Any:
    try:
        return shapely.from_wkb(content, on_invalid="ignore")
    except NotImplementedError:
        return None


def usable_polygons(geometry: Geometries) -> tuple[Geometries, Flags, Flags]:
    """Flatten to two dimensions, take the polygons of collections, and repair what can be repaired.

    Returns:
        polygons or multipolygons (None where there is none), which are unusable (missing, empty, not polygons, coordinates that
        are not numbers, nothing left after the repair), and which were repaired.
    """
    result = geometry.copy()
    present = ~shapely.is_missing(result)
    result[present] = shapely.force_2d(result[present])
    for row in np.flatnonzero(shapely.get_type_id(result) == shapely.GeometryType.GEOMETRYCOLLECTION):
        result[row] = _polygons_of(result[row])
    coordinates, owner = shapely.get_coordinates(result, return_index=True)
    finite = np.ones(len(result), bool)
    finite[owner[~np.isfinite(coordinates).all(axis=1)]] = False
    usable = present & finite & holds_polygons(result) & ~shapely.is_empty(result)
    repaired = usable.copy()
    repaired[usable] = ~shapely.is_valid(result[usable])
    for row in np.flatnonzero(repaired & (shapely.get_num_coordinates(result) > _FEW_CORNERS)):
        if _crossings(result[row]) > _MOST_CROSSINGS:
            usable[row] = repaired[row] = False
    result[repaired] = polygons_only(shapely.make_valid(result[repaired]))
    usable[repaired] = ~shapely.is_empty(result[repaired])
    result[~usable] = None
    return result, ~usable, repaired & usable


def _crossings(shape: shapely.Geometry) -> float:
    """Estimate how often the edges of a polygon cross or touch each other, from some of them."""
    corners, ring = shapely.get_coordinates(shapely.get_rings(shape), return_index=True)
    edges = shapely.linestrings(np.stack([corners[:-1], corners[1:]], axis=1))[ring[:-1] == ring[1:]]
    some = edges[:: max(1, len(edges) // _FEW_EDGES)]
    met = shapely.STRtree(edges).query(some, predicate="intersects").shape[1] / len(some)
    return float(max(0.0, met - 3) * len(edges) / 2)  # an edge meets itself and its neighbours


def holds_polygons(geometry: Geometries) -> Flags:
    """Tell which geometries are polygons or multipolygons, or collections of them."""
    kind = shapely.get_type_id(geometry)
    flags = np.isin(kind, _POLYGONAL)
    for row in np.flatnonzero(kind == shapely.GeometryType.GEOMETRYCOLLECTION):
        flags[row] = not _polygons_of(geometry[row]).is_empty
    return flags


def _polygons_of(collection: shapely.GeometryCollection) -> shapely.MultiPolygon:
    """Return the polygons in a collection, however deep."""
    found, parts = [], [collection]
    while parts:
        part = parts.pop(0)
        if part.geom_type == "Polygon":
            found.append(part)
        else:
            parts += getattr(part, "geoms", [])
    return shapely.MultiPolygon(found)


def polygons_only(geometry: Geometries) -> Geometries:
    """Drop the points and lines that a repair or an intersection leaves; an empty polygon where nothing else was there."""
    result = geometry.copy()
    mixed = ~np.isin(shapely.get_type_id(geometry), _POLYGONAL)
    for row in np.flatnonzero(mixed):
        parts = [part for part in shapely.get_parts(geometry[row]) if shapely.get_type_id(part) in _POLYGONAL]
        result[row] = shapely.union_all(parts) if parts else shapely.Polygon()
    return result


def buffer_fields(fields: gpd.GeoDataFrame, distance: float, *, imagery_crs: CRS | None, where: object) -> gpd.GeoDataFrame:
    """Grow (or shrink, below 0) fields by a distance in metres.

    Computed in the imagery's CRS or the fields' own where that is in metres, else in the UTM zone of the fields.

    Args:
        fields: with `geometry`, missing for some, and `status`.
        distance: metres.
        imagery_crs: CRS of the imagery, if known.
        where: the file, for messages.

    Returns:
        the fields; those of which nothing is left keep their geometry and have status "too_small".

    Raises:
        FieldsError: the fields have no CRS, so that a metre means nothing.
    """
    if distance == 0:
        return fields
    if fields.crs is None:
        raise FieldsError(
            "fields without a coordinate reference system cannot be buffered in metres",
            where=where,
            fix="Set the CRS of the file, or leave --buffer out.",
        )
    metric = next((crs for crs in (imagery_crs, fields.crs) if _in_metres(crs)), None)
    shapes = fields.geometry
    projected = shapes.to_crs(metric if metric is not None else utm_zone(shapes))
    grown = projected.buffer(distance).to_crs(fields.crs)
    gone = np.asarray(shapely.is_empty(grown.array))
    return fields.assign(
        geometry=shapes.where(gone | shapes.isna(), grown),
        status=fields["status"].where(~(gone & (fields["status"] == "ok")), "too_small"),
    )


def _in_metres(crs: Any) -> bool:
    if crs is None or not CRS(crs).is_projected or CRS(crs).to_epsg() == _WEB_MERCATOR:
        return False
    return all(axis.unit_conversion_factor == 1 for axis in CRS(crs).axis_info)


def field_points(fields: gpd.GeoDataFrame) -> gpd.GeoSeries | None:
    """Return a point for each field, degrees (EPSG:4326), from geometry or `lon` and `lat`; None unless all have one."""
    geometry = fields.geometry
    if fields.crs is not None and not (geometry.isna() | geometry.is_empty).any():
        # representative_point: on degrees, GeoPandas warns of centroids, and a point inside the field serves as well.
        return geometry.representative_point().to_crs("EPSG:4326")
    if {"lon", "lat"} <= set(fields.columns) and fields[["lon", "lat"]].notna().all(axis=None):
        return gpd.GeoSeries(gpd.points_from_xy(fields["lon"], fields["lat"], crs="EPSG:4326"), index=fields.index)
    return None


def field_positions(fields: gpd.GeoDataFrame) -> npt.NDArray[np.float64] | None:
    """Return x and y of each field, metres in the UTM zone of the area, (field, 2); None where a place is unknown."""
    points = field_points(fields)
    if points is None or len(points) == 0:
        return None
    projected = points.to_crs(utm_zone(points))
    return np.stack([projected.x, projected.y], axis=1)


def square_blocks(metres: npt.NDArray[np.float64], side: float) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Share fields out among square blocks of the map.

    Args:
        metres: (field, 2) places.
        side: of a block, metres.

    Returns:
        The block of each field, (field,) from 0; and the lower left corner of each block, (block, 2) metres.
    """
    cells, of_field = np.unique(np.floor(metres / side), axis=0, return_inverse=True)
    return of_field.reshape(-1).astype(np.int64), cells * side
