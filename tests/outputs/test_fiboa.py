"""fields.parquet against the schemas of fiboa, which lie in the folder fiboa/."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from shapely import MultiPolygon, box

from cropdetect.fields import hcat_legend
from cropdetect.outputs import fiboa, write_outputs

SCHEMAS = Path(__file__).parent / "fiboa"
FILE_OF = {
    "https://vecorel.org/specification/v0.1.0/schema.yaml": "vecorel-0.1.0.yaml",
    "https://fiboa.org/specification/v0.3.0/schema.yaml": "fiboa-0.3.0.yaml",
    "https://fiboa.org/crop-extension/v0.2.0/schema.yaml": "crop-0.2.0.yaml",
}
# The specification's data types in Arrow: vecorel/specification, geoparquet/datatypes.md.
TYPES = {"string": pa.string(), "float": pa.float32(), "date-time": pa.timestamp("ms", "UTC"), "uint32": pa.uint32()}


def faults(path: Path) -> list[str]:
    """What the schemas that a file names ask for, and the file does not do."""
    table = pq.read_table(path)
    described = json.loads(table.schema.metadata[b"collection"])
    (named,) = described["schemas"].values()
    schemas = [yaml.safe_load((SCHEMAS / FILE_OF[uri]).read_text()) for uri in named if uri in FILE_OF]
    found = [] if list(described["schemas"]) == [described["collection"]] else ["the collection has no schemas"]
    for schema in schemas:
        for name in schema.get("required", []):
            if name not in described and name not in table.column_names:
                found.append(f"{name} is missing")
            if name in table.column_names and (table.schema.field(name).nullable or table[name].null_count):
                found.append(f"{name} may be null")
        for name, rule in schema["properties"].items():
            if name not in table.column_names or rule["type"] == "geometry":
                continue
            if table.schema.field(name).type != TYPES[rule["type"]]:
                found.append(f"{name} is {table.schema.field(name).type}")
            values = [value for value in table[name].to_pylist() if value is not None]
            if "enum" in rule and not set(values) <= set(rule["enum"]):
                found.append(f"{name} holds another value")
            if any(
                not isinstance(value, str) or len(value) < rule.get("minLength", 0)
                for value in values
                if rule["type"] == "string"
            ):
                found.append(f"{name} is too short")
    return found


@pytest.fixture
def written(predictions, run, tmp_path):
    def write(given=predictions, **columns: Any) -> Path:
        given = replace(given, fields=gpd.GeoDataFrame(given.fields.assign(**columns)))
        write_outputs(given, tmp_path / "out", run=run, imagery=None, fields=None)
        return tmp_path / "out" / "fields.parquet"

    return write


def claims(path: Path) -> bool:
    return b"collection" in pq.read_schema(path).metadata


def test_the_file_is_what_the_schemas_ask_for(written):
    path = written()
    assert faults(path) == []
    table = gpd.read_parquet(path)
    assert table["id"].tolist() == ["11", "12", "13", "14"]
    assert table["crop:code"].tolist() == ["maize", "oats", "", ""]
    assert table["crop:name"].tolist()[:2] == ["maize", "oats"]
    assert table["crop:name"].isna().tolist() == [False, False, True, True]


def test_the_code_list_has_the_columns_that_the_extension_names(written):
    path = written()
    described = json.loads(pq.read_schema(path).metadata[b"collection"])
    codes = pd.read_csv(path.parent / described["crop:code_list"])
    assert list(codes) == ["original_code", "original_name", "translated_name"]
    assert set(gpd.read_parquet(path)["crop:code"]) - {""} <= set(codes["original_code"])


def test_what_fiboa_says_of_the_boundaries_comes_back(written):
    path = written(
        **{
            "determination:datetime": ["2019-05-01"] * 4,
            "determination:method": ["surveyed", None, "manual", "manual"],
            "metrics:area": np.array([1.5, 2.5, 3.5, np.nan]),
        }
    )
    assert faults(path) == []
    table = gpd.read_parquet(path)
    assert set(table["determination:datetime"]) == {pd.Timestamp("2019-05-01", tz="UTC")}
    assert table["determination:method"].tolist()[0] == "surveyed"
    assert table["metrics:area"].tolist()[:3] == [1.5, 2.5, 3.5]


@pytest.mark.parametrize(
    "columns",
    [
        {"determination:datetime": "some day"},
        {"determination:method": "guessed"},
        {"determination:details": 5},
        {"metrics:area": 0.0 - 1},
    ],
    ids=lambda columns: next(iter(columns)),
)
def test_a_file_with_other_values_is_geoparquet_and_claims_no_more(written, columns):
    path = written(**columns)
    assert not claims(path)
    assert set(columns) <= set(gpd.read_parquet(path).columns)


def test_a_file_without_polygons_claims_no_more_than_geoparquet(written, many_predictions, points):
    assert not claims(written(many_predictions([None] * 3, [[0.5, 0.5]] * 3, crs=None)))
    assert not claims(written(many_predictions(points, [[0.5, 0.5]] * 3, crs="EPSG:4326")))


def test_crops_of_hcat_have_its_codes(written, many_predictions):
    legend = ["winter_rye", "sunflower"]
    path = written(many_predictions([box(0, 0, 1, 1)], [[0.2, 0.8]], legend=legend))
    assert faults(path) == []
    table = pq.read_table(path)
    assert table["hcat:name"].to_pylist() == ["sunflower"]
    assert table["hcat:code"].to_pylist() == [3301060500]
    assert table.schema.field("hcat:code").type == pa.uint32()
    (named,) = json.loads(table.schema.metadata[b"collection"])["schemas"].values()
    assert named[-1] == "https://fiboa.org/hcat-extension/v0.3.0/schema.yaml"


def test_codes_of_hcat_are_its_hierarchy():
    codes = hcat_legend()
    assert codes["3301010101"] == "winter_common_soft_wheat"
    assert all(len(code) == 10 and code.isdigit() for code in codes)
    assert len(codes) == len(set(codes.values())) == 394


def test_the_file_does_not_depend_on_the_parts_in_which_its_rows_are_prepared(tmp_path, monkeypatch):
    n = 5000
    shapes = [box(k % 70, k // 70, k % 70 + 0.5, k // 70 + 0.5) for k in range(n)]
    shapes[4000] = MultiPolygon([shapes[4000], box(-90, 500, -80, 510)])
    crops = pd.array(np.where(np.arange(n) % 3, "maize", None), dtype="string")
    ids = pd.array([f"farm {k:05}" for k in range(n)], dtype="string")
    numbers = pd.array(np.where(np.arange(n) < 3000, None, np.arange(n)), dtype="Int64")  # none in the first parts
    plain = {"field_id": ids, "crop": crops, "number": numbers}
    table = fiboa.with_fiboa_columns(gpd.GeoDataFrame(plain, geometry=shapes, crs="EPSG:32631"), ["maize"])
    for name, rows in (("whole", n), ("parts", 1024)):
        monkeypatch.setattr(fiboa, "_ROWS_AT_ONCE", rows)
        fiboa.write_fiboa(table, tmp_path / f"{name}.parquet", collection="x")
    assert (tmp_path / "parts.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()
    described = json.loads(pq.read_schema(tmp_path / "parts.parquet").metadata[b"geo"])["columns"]["geometry"]
    assert described["bbox"] == table.total_bounds.tolist()
    assert described["geometry_types"] == ["MultiPolygon", "Polygon"]
    assert pq.read_table(tmp_path / "parts.parquet")["number"].to_pylist() == [None] * 3000 + list(range(3000, n))
