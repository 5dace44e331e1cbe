"""Fields where longitude 180 meets -180: the same pixels, however their longitudes are written."""

import re
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
import xarray as xr
from affine import Affine
from odc.geo.geobox import GeoBox
from pyproj import Transformer

from cropdetect.chips.footprints import polygon_footprints
from cropdetect.chips.open import OpenedData, open_data
from cropdetect.chips.selection import fields_inside
from cropdetect.errors import OptionError
from cropdetect.fields import field_positions, outside_imagery
from cropdetect.fields.geometry import buffer_fields
from cropdetect.imagery import beside, bounds_in_degrees
from cropdetect.options import DataOptions
from tests.imagery.data import write_raster

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


def test_bounds_are_those_of_all_geometries_however_many_are_measured_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    places = gpd.GeoSeries([None, *(shapely.box(x, y, x + 2, y + 1) for x, y in ((3, 4), (-10, 8), (20, -5)))], crs=4326)
    monkeypatch.setattr("cropdetect.imagery.antimeridian._AT_ONCE", 1)
    assert bounds_in_degrees(places) == (-10, -5, 22, 9)
    assert np.isnan(bounds_in_degrees(places[:0])).all()


SUVA = (-16.5, -16.4)  # latitudes of Fiji, through which longitude 180 goes


def at(longitude: float, zone: str) -> tuple[float, float]:
    x, y = Transformer.from_crs(4326, zone, always_xy=True).transform(longitude, sum(SUVA) / 2)
    return round(x, -1), round(y, -1)


@pytest.fixture
def fiji(tmp_path: Path) -> Path:
    """Two tiles at 179.9 and -179.9, each in its own zone, of pixels of 1000 and 2000; and a field on each."""
    squares = []
    for name, longitude, zone, value in (("west", 179.9, "EPSG:32760", 1000), ("east", -179.9, "EPSG:32701", 2000)):
        x, y = at(longitude, zone)
        for band in ("B04", "B08"):
            image = np.full((40, 40), value + (band == "B08"), np.uint16)
            write_raster(tmp_path / "season" / name / f"20190606_{band}.tif", image, left=x - 200, top=y + 200, crs=zone)
        square = gpd.GeoSeries([shapely.box(x - 50, y - 50, x + 50, y + 50)], crs=zone).to_crs(4326)
        squares.append(square.iloc[0])
    gpd.GeoDataFrame({"field_id": [1, 2]}, geometry=squares, crs=4326).to_file(tmp_path / "fields.gpkg")
    return tmp_path


def means(opened: OpenedData) -> dict[int, float]:
    ids = opened.chips.fields["field_id"]
    batches = list(opened.chips.batches(8))
    return {
        int(ids.iloc[field]): float((image[0, 0] * mask).sum() / mask.sum())
        for batch in batches
        for field, image, mask in zip(batch.field, batch.image, batch.mask, strict=True)
    }


def options(fiji: Path, **more: object) -> DataOptions:
    return DataOptions(fields=fiji / "fields.gpkg", clear="none", **more)


def test_fields_on_both_sides_of_180_are_each_cut_from_their_own_zone(fiji: Path) -> None:
    opened = open_data(fiji / "season", options(fiji))
    assert means(opened) == {1: 1000, 2: 2000}
    assert opened.chips.fields["status"].tolist() == ["ok", "ok"]
    assert outside_imagery(opened.fields.table, opened.imagery) == 0


@pytest.mark.parametrize(
    ("box", "found"),
    [
        ((179.8, -17, -179.8, -16), {1: 1000, 2: 2000}),
        ((179.95, -17, -179.8, -16), {2: 2000}),
        ((179.8, -17, 180.2, -16), {1: 1000, 2: 2000}),
        ((180.05, -17, 180.2, -16), {2: 2000}),
        ((-180.2, -17, -179.95, -16), {1: 1000}),
        ((-180, -90, 180, 90), {1: 1000, 2: 2000}),
        ((0, -90, 360, 90), {1: 1000, 2: 2000}),
        ((-10, -17, 10, -16), {}),
    ],
)
def test_a_box_whose_west_is_above_its_east_goes_over_180(fiji: Path, box: tuple[float, ...], found: dict[int, float]) -> None:
    assert means(open_data(fiji / "season", options(fiji, bbox=box))) == found


@pytest.mark.parametrize(
    ("box", "says"),
    [
        ((35, 0, 34, 1), "swapped, write 34,0,35,1"),
        ((34, 1, 35, 0), "no box 34,1,35,0 is on the Earth"),
        ((34, 0, 35, 91), "no box"),
        ((500_000, 0, 600_000, 1), "no box"),
    ],
)
def test_a_box_that_is_none_is_refused(fiji: Path, box: tuple[float, ...], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        open_data(fiji / "season", options(fiji, bbox=box))


def test_a_field_across_180_is_not_taken_for_one_around_the_earth() -> None:
    across = FIELDS[[1]].to_crs(4326)
    assert across.total_bounds[2] - across.total_bounds[0] > 359
    table = gpd.GeoDataFrame(geometry=across)
    for box, inside in (((-10, 0, 10, 5), []), ((179, 0, -179, 5), [0]), ((179.99, 0, 180, 5), [0])):
        assert fields_inside(table, box, None).tolist() == inside


def test_a_buffer_of_fields_on_both_sides_of_180_is_in_metres() -> None:
    squares = gpd.GeoDataFrame({"status": ["ok"] * 2}, geometry=FIELDS[[0, 2]].to_crs(4326).to_numpy(), crs=4326)
    grown = buffer_fields(squares, 20, imagery_crs=None, where="here").to_crs(32660)
    np.testing.assert_allclose(grown.area, (150 * 240 - (4 - np.pi) * 20**2) * np.ones(2), rtol=0.01)
    places = field_positions(squares)
    assert places is not None
    assert abs(places[1, 0] - places[0, 0] - 290) < 3  # metres between the middles of the two


def test_places_on_both_sides_of_180_are_told_by_their_middle(fiji: Path) -> None:
    opened = open_data(fiji / "season", options(fiji))
    assert re.match(r"The fields lie around (-?180\.0) E, -16\.4\d* N", opened.places()), opened.places()


E = 293.0  # degrees of the western edge; 67 degrees west


def degrees_cube(left: float) -> xr.Dataset:
    """40 x 40 pixels of 0.001 degrees, each with its own number."""
    image = np.arange(1600, dtype=np.uint16).reshape(1, 40, 40) + 1000
    coordinates = {
        "time": np.array(["2019-06-06"], "datetime64[ns]"),
        "lat": -30 - 0.001 * (np.arange(40) + 0.5),
        "lon": left + 0.001 * (np.arange(40) + 0.5),
    }
    return xr.Dataset(dict.fromkeys(("B04", "B08"), (("time", "lat", "lon"), image)), coords=coordinates)


@pytest.mark.parametrize("left", [E, E - 360, 179.98, -180.02])
@pytest.mark.parametrize("turn", [0, 360, -360])
@pytest.mark.parametrize("kind", ["cube", "tif"])
def test_longitudes_from_0_to_360_and_from_180_meet(tmp_path: Path, left: float, turn: int, kind: str) -> None:
    west = left + 0.010 + turn
    if west > 360 or west < -360:
        pytest.skip("no longitude")
    field = shapely.box(west, -30.015, west + 0.005, -30.010)
    gpd.GeoDataFrame({"field_id": [1]}, geometry=[field], crs=4326).to_file(tmp_path / "fields.gpkg")
    data = degrees_cube(left)
    if kind == "tif":
        for band, image in data.items():
            write_raster(tmp_path / "in" / f"20190606_{band}.tif", image[0], pixel=0.001, left=left, top=-30, crs="EPSG:4326")
        data = tmp_path / "in"
    opened = open_data(data, options(tmp_path))
    assert opened.chips.fields["status"].tolist() == ["ok"]
    expected = (1000 + 40 * np.arange(10, 15)[:, None] + np.arange(10, 15)).mean()
    assert means(opened) == {1: pytest.approx(expected, rel=1e-4)}
    assert outside_imagery(opened.fields.table, opened.imagery) == 0
    beyond = left >= E or left in (179.98, -180.02)
    assert beyond == any("longitudes" in text for text in opened.imagery.warnings), opened.imagery.warnings


def test_a_field_on_the_greenwich_meridian_is_not_torn_over_a_grid_from_0_to_360() -> None:
    field = gpd.GeoSeries([shapely.box(-0.05, 50, 0.05, 50.1)], crs=4326)
    (moved,) = beside(field, 180.0)
    assert moved.area == pytest.approx(0.01)
