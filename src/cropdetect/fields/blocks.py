"""Where fields lie, and the square blocks of the map that part them."""

import geopandas as gpd
import numpy as np
import numpy.typing as npt


def degrees(fields: gpd.GeoDataFrame) -> gpd.GeoSeries | None:
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
    points = degrees(fields)
    if points is None or len(points) == 0:
        return None
    projected = points.to_crs(points.estimate_utm_crs())
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
