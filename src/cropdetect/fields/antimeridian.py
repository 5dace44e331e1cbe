"""Fields and grids where longitude 180 meets -180: both are brought to the same side."""

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from odc.geo.geobox import GeoBox
from pyproj import CRS, Transformer


def bounds_in_degrees(places: gpd.GeoSeries) -> tuple[float, float, float, float]:
    """Return west, south, east and north of geometries with a CRS; west is above east where they lie on both sides of 180.

    References:
        RFC 7946, section 5.2: https://datatracker.ietf.org/doc/html/rfc7946#section-5.2
    """
    degrees = places.to_crs("EPSG:4326")
    west, south, east, north = (float(number) for number in degrees.total_bounds)
    if east - west > 180:
        x = shapely.get_coordinates(np.asarray(degrees.array, dtype=object))[:, 0]
        turned = np.where(x < 0, x + 360, x)
        if np.ptp(turned) < 180:
            return float(turned.min()), south, float(turned.max()) - 360, north
    return west, south, east, north


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
        shapes = beside(shapes, middle_of(grid, shapes.crs))
    if shapes.crs != grid.crs:
        shapes = (shapes if longest is None else shapes.segmentize(longest)).to_crs(grid.crs.to_wkt())
        if grid.crs.geographic:
            shapes = beside(shapes, middle_of(grid, shapes.crs))
    return shapes


def middle_of(grid: GeoBox, crs: Any) -> float:
    """Return the longitude of a grid's middle in a geographic CRS."""
    height, width = grid.shape
    x, y = grid.affine * (width / 2, height / 2)
    assert grid.crs is not None
    return float(x if grid.crs == crs else Transformer.from_crs(grid.crs.proj, CRS(crs), always_xy=True).transform(x, y)[0])


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
    result[far] = shapely.transform(result[far], turn)
    return gpd.GeoSeries(result, index=shapes.index, crs=shapes.crs)
