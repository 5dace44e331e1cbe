"""Areas are true hectares in any reference system, and across longitude 180."""

import geopandas as gpd
import numpy as np
import pytest
from pyproj import Geod, Transformer
from shapely.geometry import MultiPolygon, Point, Polygon, box

from cropdetect.fields import areas, areas_ha


@pytest.mark.parametrize("longitude", [3.0, 179.9995, 180.0, -180.0])
def test_a_field_of_one_hectare_in_utm_has_one_hectare_also_across_longitude_180(longitude):
    x, y = Transformer.from_crs(4326, 32760, always_xy=True).transform(longitude if longitude != 3.0 else 177.0, -17.5)
    square = gpd.GeoSeries([box(x - 50, y - 50, x + 50, y + 50)], crs=32760)
    assert areas_ha(square)[0] == pytest.approx(1.0, rel=2e-3)  # the scale of UTM


def test_degrees_across_longitude_180_have_the_area_on_the_ellipsoid_however_they_are_written():
    split = MultiPolygon([box(179.99, -17.01, 180, -17), box(-180, -17.01, -179.99, -17)])
    beyond = box(179.99, -17.01, 180.01, -17)
    whole = Polygon([(179.99, -17.01), (-179.99, -17.01), (-179.99, -17), (179.99, -17)])
    expected = 2 * abs(Geod(ellps="WGS84").geometry_area_perimeter(box(10, -17.01, 10.01, -17))[0]) / 1e4
    np.testing.assert_allclose(areas_ha(gpd.GeoSeries([split, beyond, whole], crs=4326)), expected, rtol=1e-3)


def test_points_have_no_area_and_what_is_not_on_the_earth_is_not_a_number():
    areas = areas_ha(gpd.GeoSeries([Point(10, 50), None, box(1e9, 1e9, 1e9 + 1, 1e9 + 1)], crs=32631))
    assert areas[0] == 0
    assert np.isnan(areas[1:]).all()


def test_areas_do_not_depend_on_the_parts_in_which_outlines_are_measured(monkeypatch):
    squares = gpd.GeoSeries([box(500_000, 0, 500_000 + side, side) for side in range(1, 8)], crs=32631, index=range(7, 0, -1))
    whole = areas_ha(squares)
    monkeypatch.setattr(areas, "_AT_ONCE", 3)
    np.testing.assert_array_equal(areas_ha(squares), whole)
    np.testing.assert_allclose(whole, np.arange(1, 8) ** 2 / 1e4, rtol=2e-3)  # the scale of UTM
    assert len(areas_ha(squares[:0])) == 0
