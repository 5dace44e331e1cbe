"""The STAC item: valid by the published schemas, and true to the record."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pystac
import pytest
import shapely
import yaml

from cropdetect.checkpoint import MemberFiles, read_checkpoint, shipped_names, shipped_path, write_checkpoint
from cropdetect.checkpoint.stac import stac_item
from cropdetect.formats import CheckpointRecord, RegionRecord

SCHEMAS = ("ml-model-v1.0.0.json", "mlm-v1.5.2.json")

# The MLM schema refers to parts of other extensions, which no network is there to fetch: these stand for them.
CLASSIFICATION: dict[str, Any] = {
    "definitions": {
        "fields": {
            "properties": {
                "classification:classes": {
                    "type": "array",
                    "uniqueItems": True,
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["value", "name"],
                        "properties": {
                            "value": {"type": "integer"},
                            "name": {"type": "string", "pattern": "^[0-9A-Za-z-_]+$"},
                            "description": {"type": "string"},
                        },
                    },
                }
            }
        }
    }
}
RASTER: dict[str, Any] = {
    "definitions": {"bands": {"items": {"properties": {"data_type": {"enum": ["uint8", "float32", "float64", "other"]}}}}}
}
PROCESSING: dict[str, Any] = {"definitions": {"fields": {"properties": {"processing:expression": {"type": "object"}}}}}


@pytest.fixture
def item(tmp_path: Path, record: CheckpointRecord, members: list[MemberFiles]) -> dict[str, Any]:
    path = write_checkpoint(tmp_path / "checkpoint", record, members).path
    return json.loads((path / "stac-item.json").read_text(encoding="utf-8"))


def faults(item: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    jsonschema = pytest.importorskip("jsonschema")
    referencing = pytest.importorskip("referencing")
    resource = referencing.jsonschema.DRAFT7.create_resource
    base = "https://stac-extensions.github.io"
    registry = referencing.Registry().with_resources(
        [
            (f"{base}/classification/v1.1.0/schema.json", resource(CLASSIFICATION)),
            (f"{base}/raster/v1.1.0/schema.json", resource(RASTER)),
            (f"{base}/processing/v1.1.0/schema.json", resource(PROCESSING)),
        ]
    )
    return [fault.message for fault in jsonschema.Draft7Validator(schema, registry=registry).iter_errors(item)]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_it_is_valid_by_the_published_schema(item: dict[str, Any], shared_reference: Path, schema: str) -> None:
    published = json.loads((shared_reference / "schemas" / schema).read_text(encoding="utf-8"))
    assert faults(item, published) == []


@pytest.mark.parametrize(("schema", "key"), list(zip(SCHEMAS, ("ml-model:architecture", "mlm:tasks"), strict=True)))
def test_the_check_would_see_a_missing_field(item: dict[str, Any], shared_reference: Path, schema: str, key: str) -> None:
    published = json.loads((shared_reference / "schemas" / schema).read_text(encoding="utf-8"))
    del item["properties"][key]
    assert faults(item, published)


def test_pystac_reads_it_and_finds_the_files(tmp_path: Path, item: dict[str, Any]) -> None:
    read = pystac.Item.from_file(str(tmp_path / "checkpoint" / "stac-item.json"))
    hrefs = [asset.get_absolute_href() for asset in read.assets.values()]
    assert len(hrefs) == 6
    assert all(href is not None and Path(href).is_file() for href in hrefs)
    assert read.bbox == [34.0, 0.1, 34.5, 0.7]


def test_bands_classes_and_period_are_those_of_the_record(item: dict[str, Any]) -> None:
    properties = item["properties"]
    assert [band["name"] for band in properties["bands"]] == ["B04", "B08"]
    assert properties["mlm:input"][0]["bands"] == ["B04", "B08"]
    assert properties["mlm:input"][0]["input"]["shape"] == [-1, -1, 2, -1, -1]
    classes = properties["mlm:output"][0]["classification:classes"]
    assert [(one["value"], one["description"]) for one in classes] == [(1, "Maize & Common Bean"), (2, "Maïs"), (3, "Cassava")]
    assert len({one["name"] for one in classes}) == 3
    assert properties["start_datetime"] == "2017-12-22T00:00:00Z"
    assert properties["end_datetime"] == "2019-10-28T00:00:00Z"
    assert properties["created"] == "2024-05-01T10:00:00Z"


def test_roles_are_those_that_users_of_the_extensions_look_for(item: dict[str, Any]) -> None:
    assets = item["assets"]
    assert "mlm:model" in assets["member-001"]["roles"]
    assert assets["member-001"]["mlm:artifact_type"]
    assert "ml-model:checkpoint" in assets["weights-000"]["roles"]


def test_it_says_how_to_predict_with_it(tmp_path: Path, item: dict[str, Any]) -> None:
    runtime = item["assets"]["inference-runtime"]
    assert runtime["roles"] == ["ml-model:inference-runtime"]
    assert runtime["type"] == "text/x-yaml; application=compose"
    services = yaml.safe_load((tmp_path / "checkpoint" / runtime["href"]).read_text("utf-8"))["services"]
    (image,) = [link for link in item["links"] if link["rel"] == "ml-model:inferencing-image"]
    assert image["href"] == f"docker://{services['model-cv4a-crop-detection-v1_cpu']['image']}"


def test_training_data_with_a_doi_are_linked(record: CheckpointRecord) -> None:
    names = ["ref_african_crops_kenya_02 (doi 10.34911/rdnt.dw605x)", "made up"]
    given = record.model_copy(update={"training": record.training.model_copy(update={"data": names})})
    links = [link["href"] for link in stac_item(given)["links"] if link["rel"] == "ml-model:train-data"]
    assert links == ["https://doi.org/10.34911/rdnt.dw605x"]


def test_it_is_of_the_mlm_version_that_stac_model_writes_and_stac_model_reads_it(item: dict[str, Any]) -> None:
    schema = pytest.importorskip("stac_model.schema")
    assert schema.SCHEMA_URI in item["stac_extensions"]
    mlm = {key.removeprefix("mlm:"): value for key, value in item["properties"].items() if key.startswith("mlm:")}
    read = schema.MLModelProperties.model_validate(mlm)
    assert read.name == item["properties"]["mlm:name"]
    assert [one.name for one in read.input] == ["image", "mask", "clear", "day"]
    assert [one.name for one in read.output] == ["scores"]


IN_THE_REPOSITORY = [*map(shipped_path, shipped_names()), Path(__file__).parents[2] / "data/input/checkpoint"]


@pytest.mark.parametrize("folder", IN_THE_REPOSITORY, ids=lambda folder: folder.name)
def test_the_items_in_the_repository_are_those_of_their_records(folder: Path) -> None:
    assert json.loads((folder / "stac-item.json").read_text("utf-8")) == stac_item(read_checkpoint(folder).record)


def test_each_shipped_checkpoint_names_a_model_of_its_own() -> None:
    items = {name: json.loads((shipped_path(name) / "stac-item.json").read_text("utf-8")) for name in shipped_names()}
    assert {name: (item["id"], item["properties"]["mlm:name"]) for name, item in items.items()} == {
        "kenya-simulated": ("model-cv4a-crop-detection-v1",) * 2,
        "s2-parcels-france": ("s2-parcels-france",) * 2,
    }


@pytest.mark.parametrize("folder", IN_THE_REPOSITORY, ids=lambda folder: folder.name)
@pytest.mark.parametrize("schema", SCHEMAS)
def test_the_items_in_the_repository_are_valid(shared_reference: Path, folder: Path, schema: str) -> None:
    item = json.loads((folder / "stac-item.json").read_text("utf-8"))
    assert faults(item, json.loads((shared_reference / "schemas" / schema).read_text("utf-8"))) == []


def test_a_region_over_longitude_180_is_cut_in_two(
    tmp_path: Path, record: CheckpointRecord, members: list[MemberFiles], shared_reference: Path
) -> None:
    over = record.model_copy(update={"region": RegionRecord(west=179.0, south=-18.0, east=-179.5, north=-17.0)})
    path = write_checkpoint(tmp_path / "over", over, members).path
    item = json.loads((path / "stac-item.json").read_text(encoding="utf-8"))
    assert item["bbox"] == [179.0, -18.0, -179.5, -17.0]  # RFC 7946, section 5.2
    parts = [shapely.Polygon(part[0]).bounds for part in item["geometry"]["coordinates"]]
    assert parts == [(179.0, -18.0, 180.0, -17.0), (-180.0, -18.0, -179.5, -17.0)]
    for schema in SCHEMAS:
        assert faults(item, json.loads((shared_reference / "schemas" / schema).read_text(encoding="utf-8"))) == []


def test_without_season_and_region_the_geometry_is_null_and_the_date_that_of_its_making(
    tmp_path: Path, record: CheckpointRecord, members: list[MemberFiles], shared_reference: Path
) -> None:
    plain = record.model_copy(update={"season": None, "region": None})
    path = write_checkpoint(tmp_path / "plain", plain, members).path
    item = json.loads((path / "stac-item.json").read_text(encoding="utf-8"))
    assert item["geometry"] is None
    assert "bbox" not in item
    moment = dt.datetime.fromisoformat(item["properties"]["datetime"])
    assert moment == dt.datetime(2024, 5, 1, 10, tzinfo=dt.UTC)
    for schema in SCHEMAS:
        assert faults(item, json.loads((shared_reference / "schemas" / schema).read_text(encoding="utf-8"))) == []
