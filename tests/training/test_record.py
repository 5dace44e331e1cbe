"""What a checkpoint says of the place of its training fields."""

from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import pytest

from cropdetect.formats import RegionRecord
from cropdetect.training.record import _model_id, _region


def region(longitudes: list[float], crs: str = "EPSG:4326") -> RegionRecord | None:
    points = gpd.GeoSeries.from_xy(longitudes, [-17.0 - 0.1 * k for k in range(len(longitudes))], crs="EPSG:4326")
    data: Any = SimpleNamespace(chips=SimpleNamespace(fields=gpd.GeoDataFrame(geometry=points.to_crs(crs))))
    return _region(data)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3460"])  # Fiji's own has no leap at longitude 180
def test_the_region_of_fields_on_both_sides_of_longitude_180_is_small(crs: str) -> None:
    found = region([179.2, 179.9, -179.6], crs)
    assert found is not None
    assert (found.west, found.south, found.east, found.north) == pytest.approx((179.2, -17.2, -179.6, -17.0))


def test_the_region_of_other_fields_is_their_box() -> None:
    found = region([36.0, 36.5, 36.09])
    assert found is not None
    assert (found.west, found.south, found.east, found.north) == (36.0, -17.2, 36.5, -17.0)


def test_a_model_id_is_one_word_also_of_data_and_networks_with_odd_names() -> None:
    assert _model_id("mine.nets:Pools", ["My season (2)"], [2018, 2019]) == "mine.nets-Pools-My-season-2-2018-2019"
    assert _model_id("tempcnn", [], [2021]) == "tempcnn-2021"
