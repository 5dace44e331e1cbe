"""Fields where longitude 180 meets -180: the same pixels, however their longitudes are written."""

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox

from cropdetect.chips.footprints import polygon_footprints
from cropdetect.fields import bounds_in_degrees

X = 833_978.0  # where longitude 180 is in zone 60, at 0.9 degrees north
METRES = GeoBox((48, 48), Affine(10, 0, X - 240, 0, -10, 100_000), "EPSG:32660")
DEGREES = GeoBox((48, 48), Affine(9e-5, 0, 180 - 24 * 9e-5, 0, -9e-5, 0.9042), "EPSG:4326")
FIELDS = gpd.GeoSeries([shapely.box(X + x, 99_700, X + x + 110, 99_900) for x in (-200, -60, 90)], crs="EPSG:32660").segmentize(5)


def beyond_180(shape: shapely.Geometry) -> shapely.Geometry:
    return shapely.transform(shape, lambda xy: np.column_stack([np.where(xy[:, 0] < 0, xy[:, 0] + 360, xy[:, 0]), xy[:, 1]]))


def cut(shape: shapely.Geometry) -> shapely.Geometry:
    """As RFC 7946 wants it."""
    turned = beyond_180(shape)
    east = shapely.transform(shapely.intersection(turned, shapely.box(180, -90, 360, 90)), lambda xy: xy - [360, 0])
    return shapely.union_all([shapely.intersection(turned, shapely.box(0, -90, 180, 90)), east])


@pytest.mark.parametrize("grid", [METRES, DEGREES], ids=["metres", "degrees"])
@pytest.mark.parametrize("written", [lambda shape: shape, beyond_180, cut], ids=["leaping", "beyond 180", "cut"])
def test_fields_on_the_antimeridian_have_the_pixels_they_have_in_metres(
    grid: GeoBox, written: Callable[[shapely.Geometry], shapely.Geometry]
) -> None:
    degrees = FIELDS.to_crs(4326)
    table = gpd.GeoDataFrame(geometry=gpd.GeoSeries([written(shape) for shape in degrees], crs=4326))
    found = polygon_footprints(table, np.ones(3, bool), grid, binary=False)
    true = polygon_footprints(gpd.GeoDataFrame(geometry=FIELDS), np.ones(3, bool), METRES, binary=False)
    area = np.add.reduceat(found.shares, found.starts[:-1])
    pixel = 1.0 if grid is METRES else 9e-5**2 * 110_574 * 111_320 * np.cos(np.radians(0.9)) / 100
    np.testing.assert_allclose(area * pixel, np.add.reduceat(true.shares, true.starts[:-1]), rtol=0.01)


def test_bounds_on_the_antimeridian_go_from_east_longitudes_to_west_ones() -> None:
    west, south, east, north = bounds_in_degrees(FIELDS)
    assert (180 - 0.003 < west < 180, -180 < east < -180 + 0.003) == (True, True)
    assert 0.89 < south < north < 0.91
    assert bounds_in_degrees(gpd.GeoSeries([shapely.box(-10, 0, 20, 5)], crs=4326)) == (-10, 0, 20, 5)
