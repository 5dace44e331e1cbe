"""The STAC item of a prediction: valid, and true to the files beside it."""

import json
from typing import Any

import geopandas as gpd
import jsonschema
import numpy as np
import pystac
import pytest
import rasterio
from pystac.extensions.projection import ProjectionExtension
from pystac.validation.local_validator import LocalValidator
from shapely.geometry import shape

from cropdetect.outputs import write_outputs

# What the specifications of Projection 2.0.0 and Processing 1.2.0 say of the fields, in items and in assets.
PROJECTION: dict[str, Any] = {
    "properties": {
        "proj:code": {"type": ["string", "null"], "pattern": "^[^:]+:[^:]+$"},
        "proj:wkt2": {"type": ["string", "null"]},
        "proj:shape": {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "integer"}},
        "proj:transform": {"type": "array", "items": {"type": "number"}, "minItems": 6, "maxItems": 6},
    },
    "patternProperties": {"^(?!proj:)": {}},
    "additionalProperties": False,
}
PROCESSING: dict[str, Any] = {
    "properties": {
        "processing:level": {"type": "string", "enum": ["RAW", "L0", "L1", "L1A", "L1B", "L1C", "L2", "L2A", "L3", "L4"]},
        "processing:lineage": {"type": "string"},
        "processing:software": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "patternProperties": {"^(?!processing:)": {}},
    "additionalProperties": False,
}


def core_schema() -> jsonschema.Draft7Validator:
    """The schema of STAC 1.1.0 items that pystac carries."""
    return LocalValidator().item_validator("1.1.0")


@pytest.fixture
def written(predictions, run, grid, tmp_path):
    def write(imagery=None, **options):
        write_outputs(predictions, tmp_path, run=run, imagery=imagery, fields=None, **options)
        return json.loads((tmp_path / "stac-item.json").read_text("utf-8"))

    return write


@pytest.mark.parametrize("tiles", [(), ("",), ("1", "2")], ids=["table", "one tile", "two tiles"])
def test_it_is_valid(written, grid, tiles):
    item = written(grid(tiles=tiles) if tiles else None)
    assert [fault.message for fault in core_schema().iter_errors(item)] == []
    for holder in (item["properties"], *item["assets"].values()):
        jsonschema.validate(holder, PROJECTION)
        jsonschema.validate(holder, PROCESSING)
    assert {uri.split("/")[3] for uri in item["stac_extensions"]} == {"projection", "processing"}


def test_the_check_would_see_an_item_without_a_date(written, grid):
    item = written(grid())
    del item["properties"]["start_datetime"]
    assert list(core_schema().iter_errors(item))


def test_every_file_is_an_asset_with_role_and_media_type_and_no_other(written, grid, tmp_path):
    item = written(grid(tiles=("1", "2")), submission=True)
    files = {file.name for file in tmp_path.iterdir()} - {"stac-item.json"}
    assert {asset["href"].removeprefix("./") for asset in item["assets"].values()} == files
    assert len(item["assets"]) == len(files) == 13
    assert all(asset["roles"] and "/" in asset["type"] and asset["title"] for asset in item["assets"].values())
    assert item["assets"]["run"]["roles"] == ["metadata"]


def test_the_projection_is_that_of_the_crop_map(written, grid, tmp_path):
    written(grid(height=40, width=60))
    item = pystac.Item.from_file(tmp_path / "stac-item.json")
    with rasterio.open(tmp_path / "crop_map.tif") as image:
        for found in (ProjectionExtension.ext(item), ProjectionExtension.ext(item.assets["crop_map"])):
            assert found.code == "EPSG:32636"
            assert tuple(found.shape) == image.shape
            assert found.transform == list(image.transform)[:6]


def test_the_place_is_that_of_the_imagery_and_goes_round_counter_clockwise(written, grid):
    item = written(grid(height=40, width=60))
    place = gpd.GeoSeries.from_wkt(["POLYGON((600000 49600, 600600 49600, 600600 50000, 600000 50000, 600000 49600))"], crs=32636)
    np.testing.assert_allclose(item["bbox"], place.to_crs(4326).total_bounds, atol=1e-7)
    ring = shape(item["geometry"])
    np.testing.assert_allclose(ring.bounds, item["bbox"])
    assert ring.exterior.is_ccw


def test_without_imagery_the_place_is_that_of_the_fields(written, predictions):
    item = written(None)
    places = predictions.fields.geometry
    bounds = places[places.notna()].to_crs(4326).total_bounds
    np.testing.assert_allclose(item["bbox"], bounds, atol=1e-9)
    assert item["properties"]["proj:code"] is None


def test_without_a_crs_there_is_no_place(predictions, run, grid, tmp_path):
    bare = predictions.fields.copy()
    bare = bare.set_crs(None, allow_override=True)
    given = type(predictions)(**{**vars(predictions), "fields": bare})
    write_outputs(given, tmp_path, run=run, imagery=grid(crs=None), fields=None)
    item = json.loads((tmp_path / "stac-item.json").read_text("utf-8"))
    assert item["geometry"] is None
    assert "bbox" not in item
    assert list(core_schema().iter_errors(item)) == []


def test_the_period_is_that_of_the_dates(written, grid, run):
    properties = written(grid())["properties"]
    assert properties["datetime"] is None
    assert properties["start_datetime"] == f"{min(run.dates)}T00:00:00Z"
    assert properties["end_datetime"] == f"{max(run.dates)}T00:00:00Z"


def test_a_run_at_another_time_gives_the_same_item(predictions, run, grid, tmp_path):
    later = run.model_copy(update={"started": "2031-01-01T00:00:00+00:00", "fingerprint": "other", "seconds": {}})
    for name, one in (("a", run), ("b", later)):
        write_outputs(predictions, tmp_path / name, run=one, imagery=grid(), fields=None)
    assert (tmp_path / "a" / "stac-item.json").read_bytes() == (tmp_path / "b" / "stac-item.json").read_bytes()
