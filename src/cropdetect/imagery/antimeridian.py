"""Places and grids where longitude 180 meets -180, and longitudes from 0 to 360: both sides are brought together.

References:
    RFC 7946, section 3.1.9 (geometries are cut at 180) and 5.2 (a box whose west is above its east goes over it):
    https://datatracker.ietf.org/doc/html/rfc7946
"""

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from odc.geo.geobox import GeoBox
from pyproj import CRS, Transformer
from shapely.affinity import translate

from cropdetect.errors import FieldsError, OptionError

Bounds = tuple[float, float, float, float]
_TURN = 360.0
_AT_ONCE = 10_000  # geometries that are laid on degrees for their bounds, at hundreds of bytes each


def bounds_in_degrees(places: gpd.GeoSeries) -> Bounds:
    """Return west, south, east and north of geometries with a CRS; west is above east where they lie on both sides of 180."""
    starts = range(0, max(1, len(places)), _AT_ONCE)
    boxes = np.array([places.iloc[start : start + _AT_ONCE].to_crs("EPSG:4326").total_bounds for start in starts])
    west, south = (float(edge) for edge in np.fmin.reduce(boxes[:, :2]))
    east, north = (float(edge) for edge in np.fmax.reduce(boxes[:, 2:]))
    if east - west > _TURN / 2:
        degrees = places.to_crs("EPSG:4326")
        x = _from_0_to_360(shapely.get_coordinates(np.asarray(degrees.array, dtype=object)))[:, 0]
        if np.ptp(x) < _TURN / 2:
            west, east = float(x.min()), float(x.max())
    if east - west < _TURN / 2:
        west, east = _usual(west), _usual(east)
    return west, south, east, north


def boxes_of(box: Bounds) -> gpd.GeoSeries:
    """Return a box west, south, east, north in degrees as polygons: two where it goes over 180, its west above its east.

    Raises:
        OptionError: no such box is on the Earth, or its sides are swapped.
    """
    west, south, east, north = box
    shown = ",".join(f"{number:g}" for number in box)
    if not -90 <= south <= north <= 90 or max(abs(west), abs(east)) > _TURN:
        raise OptionError(
            f"no box {shown} is on the Earth", fix="Give west,south,east,north in degrees, e.g. --bbox 34.0,0.4,34.5,0.9."
        )
    if west > east and _usual(east) - _usual(west) + _TURN * (_usual(west) > _usual(east)) > _TURN / 2:
        raise OptionError(
            f"the box {shown} goes east from {west:g} over longitude 180 around most of the Earth to {east:g}",
            fix=f"If west and east are swapped, write {east:g},{south:g},{west:g},{north:g}.",
        )
    if east - west >= _TURN:
        parts = [(-180.0, 180.0)]
    elif _usual(west) <= _usual(east):
        parts = [(_usual(west), _usual(east))]
    else:
        parts = [(_usual(west), 180.0), (-180.0, _usual(east))]
    return gpd.GeoSeries([shapely.box(first, south, last, north) for first, last in parts], crs="EPSG:4326")


def touch(shapes: gpd.GeoSeries, places: gpd.GeoSeries) -> npt.NDArray[np.bool_]:
    """Tell which geometries touch one of some places, both in degrees, however their longitudes are written."""
    found = np.zeros(len(shapes), bool)
    geometries, there = (np.asarray(one.array, dtype=object) for one in (joined(shapes), places))
    if not len(geometries) or not len(there):
        return found
    (first, _, last, _), (west, _, east, _) = (shapely.total_bounds(one) for one in (geometries, there))
    for turn in (-_TURN, 0.0, _TURN):
        if west + turn <= last and first <= east + turn:
            turned = there if turn == 0 else [translate(one, turn) for one in there]
            found[shapely.STRtree(turned).query(geometries, predicate="intersects")[0]] = True
    return found


def utm_zone(places: gpd.GeoSeries) -> CRS:
    """Return the UTM zone of the middle of geometries with a CRS.

    Raises:
        FieldsError: they lie nowhere on the Earth.
    """
    first, _, last, _ = places.total_bounds
    if not places.crs.is_geographic or (first >= -180 and last <= 180 and last - first <= 180):
        try:
            zone: CRS = places.estimate_utm_crs()
        except (RuntimeError, ValueError) as error:
            raise _nowhere() from error
        return zone
    west, south, east, north = bounds_in_degrees(places)
    if not np.isfinite((west, south, east, north)).all():
        raise _nowhere()
    middle = _usual(west + (east - west) % _TURN / 2)
    return utm_zone(gpd.GeoSeries.from_xy([middle], [(south + north) / 2], crs="EPSG:4326"))


def _nowhere() -> FieldsError:
    return FieldsError("the fields lie nowhere on the Earth", fix="Correct their coordinates, or state the CRS that they are in.")


def laid_on(shapes: gpd.GeoSeries, grid: GeoBox, longest: float | None = None) -> gpd.GeoSeries:
    """Return geometries in the CRS of a grid, on its side of the antimeridian; as they are where one of them has no CRS.

    Args:
        shapes: the geometries.
        grid: the grid.
        longest: edges are cut into pieces of at most this length, in units of the CRS of the geometries: they bend in another.
    """
    if grid.crs is None or shapes.crs is None:
        return shapes
    if shapes.crs.is_geographic:
        shapes = beside(joined(shapes), middle_of(grid, shapes.crs))
    if shapes.crs != grid.crs:
        shapes = (shapes if longest is None else shapes.segmentize(longest)).to_crs(grid.crs.to_wkt())
        if grid.crs.geographic:
            shapes = beside(joined(shapes), middle_of(grid, shapes.crs))
    return shapes


def middle_of(grid: GeoBox, crs: Any) -> float:
    """Return the longitude of a grid's middle in a geographic CRS."""
    height, width = grid.shape
    x, y = grid.affine @ (width / 2, height / 2)
    assert grid.crs is not None
    return float(x if grid.crs == crs else Transformer.from_crs(grid.crs.proj, CRS(crs), always_xy=True).transform(x, y)[0])


def joined(shapes: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return geometries in degrees of fields: those that leap from 180 to -180 get longitudes from 0 to 360 instead."""
    bounds = shapes.bounds
    wide = (bounds.maxx - bounds.minx > _TURN / 2).to_numpy()
    if not wide.any():
        return shapes
    result = np.asarray(shapes.array, dtype=object).copy()
    turned = shapely.transform(result[wide], _from_0_to_360)
    narrow = np.ptp(shapely.bounds(turned)[:, [0, 2]], axis=1) < _TURN / 2
    result[wide] = np.where(narrow, turned, result[wide])
    return gpd.GeoSeries(result, index=shapes.index, crs=shapes.crs)


def beside(shapes: gpd.GeoSeries, middle: float) -> gpd.GeoSeries:
    """Return geometries in degrees with the longitudes that are nearest to a middle: -179.9 becomes 180.1 beside 179."""
    bounds = shapes.bounds
    far = ((bounds.minx < middle - 180) | (bounds.maxx > middle + 180)).to_numpy()
    if not far.any() or not np.isfinite(middle):
        return shapes

    def turn(corners: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        x = corners[:, 0]
        nearest = (x - middle + 180) % 360 - 180 + middle
        return np.column_stack([np.where(np.abs(x - middle) > 180, nearest, x), corners[:, 1]])

    result = np.asarray(shapes.array, dtype=object).copy()
    whole = far & (bounds.maxx - bounds.minx <= _TURN / 2).to_numpy()  # a field is never torn apart
    turns = np.round((middle - (bounds.minx + bounds.maxx) / 2) / _TURN).to_numpy()
    result[whole] = [translate(one, _TURN * turn) for one, turn in zip(result[whole], turns[whole], strict=True)]
    result[far & ~whole] = shapely.transform(result[far & ~whole], turn)
    return gpd.GeoSeries(result, index=shapes.index, crs=shapes.crs)


def _usual(longitude: float) -> float:
    """Return a longitude from -180 to 180."""
    return longitude if -180 <= longitude <= 180 else (longitude + 180) % _TURN - 180


def _from_0_to_360(corners: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.column_stack([np.where(corners[:, 0] < 0, corners[:, 0] + _TURN, corners[:, 0]), corners[:, 1]])
