"""Coordinates that do not fit the CRS that the file states."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from cropdetect.errors import FieldsError
from cropdetect.fields import field_points, field_positions, read_fields
from cropdetect.fields.coordinates import outside_imagery
from cropdetect.fields.geometry import usable_polygons
from tests.chips.memory import MemorySeries, imagery

KENYA = shapely.box(34.26, 0.54, 34.27, 0.55)  # degrees
PARIS = shapely.box(2.30, 48.80, 2.31, 48.81)
VIENNA = shapely.box(16.37, 48.20, 16.38, 48.21)
FLANDERS = shapely.box(3.70, 51.00, 3.71, 51.01)
REUNION = shapely.box(55.40, -21.10, 55.41, -21.09)


def placed(shape: shapely.Polygon, crs: str) -> shapely.Polygon:
    return gpd.GeoSeries([shape], crs="EPSG:4326").to_crs(crs)[0]


def turned(shape: shapely.Polygon) -> shapely.Polygon:
    return shapely.transform(shape, lambda xy: xy[:, ::-1])


def write(path: Path, shape: shapely.Polygon, stated: str) -> Path:
    gpd.GeoDataFrame({"field_id": [1]}, geometry=[shape]).set_crs(stated).to_parquet(path)
    return path


@pytest.mark.parametrize(
    ("place", "true", "stated", "named"),
    [
        (KENYA, "EPSG:32636", "EPSG:4326", "UTM"),
        (PARIS, "EPSG:2154", "EPSG:4326", "EPSG:2154"),
        (PARIS, "EPSG:3857", "EPSG:4326", "EPSG:3857"),
        (VIENNA, "EPSG:31287", "EPSG:4258", "EPSG:31287"),
        (FLANDERS, "EPSG:31370", "OGC:CRS84", "EPSG:31370"),
        (FLANDERS, "EPSG:3035", "EPSG:4326", "EPSG:3035"),
        (KENYA, "EPSG:4326", "EPSG:32636", "EPSG:4326"),
        (PARIS, "EPSG:4326", "EPSG:2154", "EPSG:4326"),
        (VIENNA, "EPSG:4326", "EPSG:3035", "EPSG:4326"),
        (KENYA, "EPSG:4326", "EPSG:3857", "EPSG:4326"),
    ],
)
def test_a_crs_that_the_coordinates_cannot_be_in_is_an_error_that_names_the_likely_one(
    tmp_path: Path, place: shapely.Polygon, true: str, stated: str, named: str
) -> None:
    with pytest.raises(FieldsError, match=r"cannot be (degrees|metres)") as error:
        read_fields(write(tmp_path / "f.parquet", placed(place, true), stated))
    assert named in error.value.fix
    assert read_fields(write(tmp_path / "f.parquet", placed(place, true), true)).table["status"].tolist() == ["ok"]


@pytest.mark.parametrize(
    ("place", "crs"),
    [
        (VIENNA, "EPSG:4258"),
        (PARIS, "EPSG:4258"),
        (PARIS, "EPSG:32631"),
        (PARIS, "EPSG:2154"),
        (shapely.box(151.2, -33.8, 151.3, -33.7), "EPSG:4326"),
    ],
)
def test_swapped_coordinates_are_an_error(tmp_path: Path, place: shapely.Polygon, crs: str) -> None:
    with pytest.raises(FieldsError, match="the other way round"):
        read_fields(write(tmp_path / "f.parquet", turned(placed(place, crs)), crs))


@pytest.mark.parametrize(
    ("place", "crs"),
    [
        (KENYA, "EPSG:4326"),
        (KENYA, "EPSG:32636"),
        (KENYA, "EPSG:32637"),  # beyond the zone, as files at its border are
        (PARIS, "EPSG:3857"),
        (REUNION, "EPSG:32740"),
        (REUNION, "EPSG:4326"),
        (shapely.box(-8.14, 39.66, -8.13, 39.67), "EPSG:3763"),  # a few metres from the grid's origin
        (shapely.box(179.9, -16.6, 179.95, -16.5), "EPSG:4326"),
        (shapely.box(359.0, 10, 359.1, 10.1), "EPSG:4326"),  # degrees from 0 to 360
        (shapely.box(-0.001, 51.47, 0.001, 51.48), "EPSG:4326"),
    ],
)
def test_coordinates_that_fit_are_no_error(tmp_path: Path, place: shapely.Polygon, crs: str) -> None:
    shape = place if crs == "EPSG:4326" else placed(place, crs)
    assert read_fields(write(tmp_path / "f.parquet", shape, crs)).table["status"].tolist() == ["ok"]


def season(crs: str = "EPSG:32636", west: float = 640_000.0, north: float = 60_000.0) -> object:
    return imagery(MemorySeries(np.ones((2, 2, 200, 200), np.uint16), crs=crs, west=west, north=north))


def test_the_imagery_tells_which_crs_the_coordinates_are_in(tmp_path: Path) -> None:
    here = shapely.box(640_500, 59_000, 640_600, 59_100)
    with pytest.raises(FieldsError, match=r"EPSG:32636.*the CRS of the imagery"):
        read_fields(write(tmp_path / "f.parquet", here, "EPSG:4326"), imagery=season())
    with pytest.raises(FieldsError, match=r"EPSG:32637.*EPSG:32636.*the imagery's CRS"):
        read_fields(write(tmp_path / "f.parquet", here, "EPSG:32637"), imagery=season())
    gpd.GeoDataFrame({"field_id": [1]}, geometry=[here]).to_parquet(tmp_path / "bare.parquet")
    with pytest.raises(FieldsError, match=r"no coordinate reference system[\s\S]*look like EPSG:32636"):
        read_fields(tmp_path / "bare.parquet", imagery=season())


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32636"])
def test_the_imagery_tells_that_coordinates_are_swapped(tmp_path: Path, crs: str) -> None:
    """In Kenya both ways round are places on Earth."""
    here = gpd.GeoSeries([shapely.box(640_500, 59_000, 640_600, 59_100)], crs="EPSG:32636").to_crs(crs)[0]
    path = write(tmp_path / "f.parquet", turned(here), crs)
    with pytest.raises(FieldsError, match="swapped"):
        read_fields(path, imagery=season())
    assert read_fields(path).table["status"].tolist() == ["ok"]
    assert read_fields(write(path, here, crs), imagery=season()).table["status"].tolist() == ["ok"]


def test_fields_beside_the_imagery_are_no_error(tmp_path: Path) -> None:
    path = write(tmp_path / "f.parquet", PARIS, "EPSG:4326")
    assert read_fields(path, imagery=season()).table["status"].tolist() == ["ok"]


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32636"])
def test_points_are_no_outlines_and_that_is_said(tmp_path: Path, crs: str) -> None:
    path = write(tmp_path / "f.parquet", placed(KENYA.centroid, crs), crs)
    found = read_fields(path, imagery=season())
    assert found.table["status"].tolist() == ["invalid_geometry"]
    assert any("1 of 1 fields are points or lines, not outlines" in one for one in found.warnings)
    assert outside_imagery(found.table, season()) == 0


def test_a_local_crs_does_not_lie_on_imagery(tmp_path: Path) -> None:
    path = write(tmp_path / "f.parquet", shapely.box(0, 0, 9, 9), 'LOCAL_CS["farm",UNIT["metre",1]]')
    with pytest.raises(FieldsError, match=r"\(farm\) is a local one"):
        read_fields(path, imagery=season())
    assert read_fields(path).table["status"].tolist() == ["ok"]


def test_one_field_with_impossible_coordinates_loses_no_other(tmp_path: Path) -> None:
    shapes = [KENYA, shapely.box(640_000, 59_000, 640_100, 59_100), KENYA]
    gpd.GeoDataFrame({"field_id": [1, 2, 3]}, geometry=shapes, crs="EPSG:4326").to_parquet(tmp_path / "f.parquet")
    assert read_fields(tmp_path / "f.parquet").table["status"].tolist() == ["ok", "invalid_geometry", "ok"]


def test_a_polygon_that_crosses_itself_far_too_often_is_unusable_and_its_neighbour_is_not() -> None:
    corners = np.random.default_rng(0).uniform(0, 1000, (2500, 2))
    shapes = np.array([shapely.Polygon(corners), shapely.box(0, 0, 10, 10)], dtype=object)
    polygons, unusable, repaired = usable_polygons(shapes)
    assert (unusable.tolist(), repaired.tolist()) == ([True, False], [False, False])
    assert polygons[0] is None
    assert polygons[1].area == 100


def test_a_field_without_outline_lies_where_its_columns_say() -> None:
    table = gpd.GeoDataFrame({"lon": [4.5, 5.0], "lat": [50.0, 51.0]}, geometry=gpd.GeoSeries([None, None]))
    points = field_points(table)
    assert points is not None
    assert [(point.x, point.y) for point in points] == [(4.5, 50.0), (5.0, 51.0)]
    assert field_points(table.assign(lat=[50.0, None])) is None
    assert field_positions(table.iloc[:0]) is None
