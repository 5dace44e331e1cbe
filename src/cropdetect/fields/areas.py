"""Areas of outlines on the Earth."""

import warnings

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS

_EQUAL_AREA = CRS.from_epsg(6933)  # EASE-Grid 2.0: a square metre is a square metre everywhere
_PACIFIC = CRS.from_proj4("+proj=cea +lat_ts=30 +lon_0=180 +datum=WGS84 +units=m +no_defs")  # the same, whole at longitude 180
_HALF_THE_EARTH = 17_000_000.0  # metres
_SQUARE_METRES_A_HECTARE = 10_000.0
_AT_ONCE = 10_000  # outlines that are copied into another projection


def areas_ha(geometry: gpd.GeoSeries) -> npt.NDArray[np.float64]:
    """Return the area of each outline, hectares; 0 for points, NaN where an outline has no place on the Earth.

    An outline across longitude 180 is measured in a projection in which it is whole.

    Args:
        geometry: outlines with a CRS.
    """
    parts = [_areas_ha(geometry.iloc[start : start + _AT_ONCE]) for start in range(0, len(geometry), _AT_ONCE)]
    return np.concatenate([np.zeros(0), *parts])


def _areas_ha(geometry: gpd.GeoSeries) -> npt.NDArray[np.float64]:
    shapes = _projected(geometry, _EQUAL_AREA)
    with np.errstate(invalid="ignore"):  # corners at infinity
        areas = shapely.area(shapes)
        west, _, east, _ = shapely.bounds(shapes).T
        across = np.flatnonzero(east - west > _HALF_THE_EARTH)
    if len(across):
        areas[across] = shapely.area(_projected(geometry.iloc[across], _PACIFIC))
    return np.asarray(np.where(np.isfinite(areas), areas, np.nan) / _SQUARE_METRES_A_HECTARE, np.float64)


def _projected(geometry: gpd.GeoSeries, crs: CRS) -> npt.NDArray[np.object_]:
    with warnings.catch_warnings(action="ignore"):  # an outline far outside its CRS gives NaN
        return np.asarray(geometry.to_crs(crs).array, dtype=object)
