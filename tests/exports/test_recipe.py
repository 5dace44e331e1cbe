"""The scripts of `recipe`: run against stand-ins that know the services' own calls, and what they ask for read off."""

import ast
import inspect
import json
import runpy
import shutil
import subprocess
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from cropdetect import api
from cropdetect.errors import FieldsError, MissingBandError, OptionError
from cropdetect.exports import Export
from cropdetect.exports.script import _javascript, _python

HERE = Path(__file__).parent
IDS = ["007", "x 8", "ü\"'"]
BANDS = ["B02", "B03", "B04", "B05", "B06", "B07", "B08", "B11", "B12"]
SEASON: dict[str, Any] = {"from_": "2018-03-01", "to": "2018-10-31"}


@pytest.fixture
def fields(tmp_path: Path) -> Path:
    """Three fields in UTM, one without outline."""
    squares = [shapely.box(500_000 + 300 * k, 5_600_000, 500_200 + 300 * k, 5_600_200) for k in range(3)]
    table = gpd.GeoDataFrame({"parcel": [*IDS, "9"], "crop": ["a", "b", None, "a"]}, geometry=[*squares, None], crs="EPSG:32631")
    table.to_parquet(tmp_path / "fields.parquet")
    return tmp_path / "fields.parquet"


@pytest.fixture
def recipe(fields: Path, tmp_path: Path) -> Any:
    def write(service: str, **options: Any) -> Path:
        given = {"fields": fields, "id_column": "parcel", "checkpoint": "s2-parcels-france", **SEASON, **options}
        with pytest.warns(UserWarning, match="1 fields"):
            return api.recipe(service, given.pop("out", tmp_path / "recipe"), **given)

    return write


def calls(script: Path) -> list[tuple[str, str, list[Any]]]:
    """The calls that a script for the code editor makes."""
    if shutil.which("node") is None:
        pytest.skip("there is no node here")
    command = ["node", str(HERE / "fake_ee.js"), str(HERE / "earth_engine_api.json"), str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [tuple(call) for call in json.loads(done.stdout)]


def arguments(made: list[tuple[str, str, list[Any]]], method: str) -> list[Any]:
    return [args for _, name, args in made if name == method]


def test_earth_engine_is_asked_for_the_bands_of_the_checkpoint(recipe):
    made = calls(recipe("earth-engine"))
    own = [band.replace("B0", "B") for band in BANDS]
    assert ("ImageCollection", "new", ["COPERNICUS/S2_SR_HARMONIZED"]) in made
    assert arguments(made, "filterDate") == [["2018-03-01", "2018-11-01"]]
    assert arguments(made, "select") == [["SCL"], [own]]
    assert (arguments(made, "gte"), arguments(made, "lte")) == ([[4]], [[7]])
    ((asked,),) = arguments(made, "reduceRegions")
    assert asked["scale"] == 10
    assert arguments(made, "setOutputs") == []
    ((table,),) = arguments(made, "toDrive")
    assert table["selectors"] == ["system:index", "field_id", "date", *own]
    assert table["fileFormat"] == "CSV"


def test_one_band_alone_keeps_its_name(recipe, monkeypatch):
    monkeypatch.setattr("cropdetect.exports.script.FINE_BANDS", ("B08",))
    made = calls(recipe("earth-engine", checkpoint=None))
    assert arguments(made, "setOutputs") == [[["B8"]]]


def test_landsat_comes_as_reflectance_times_10000(tmp_path):
    from cropdetect.exports import render

    export = Export("earth-engine", *map(pd.Timestamp, ("2024-04-01", "2024-09-30")), bands=["B4", "B5"], sensor="landsat-8")
    (tmp_path / "script.js").write_text(render(export, sent=gpd.GeoDataFrame(), next_command=["cropdetect"]))
    made = calls(tmp_path / "script.js")
    assert arguments(made, "select") == [[["SR_B4", "SR_B5"]], ["QA_PIXEL"]]
    assert (arguments(made, "multiply"), arguments(made, "add")) == ([[0.0000275], [10000]], [[-0.2]])
    assert arguments(made, "rename") == [[["B4", "B5"]]]
    assert [args for kind, name, args in made if (kind, name) == ("ImageCollection", "new")] == [
        ["LANDSAT/LC08/C02/T1_L2"],
        ["LANDSAT/LC09/C02/T1_L2"],
    ]


def test_the_calls_are_those_of_the_published_client():
    """earth_engine_api.json against earthengine-api, where it is installed."""
    ee = pytest.importorskip("ee")
    for kind, methods in json.loads((HERE / "earth_engine_api.json").read_text()).items():
        there = ee.batch.Export.table if kind == "Export.table" else getattr(ee, kind)
        for name, said in methods.items():
            taken = inspect.signature(getattr(there, "And" if name == "and" else name)).parameters
            assert [one for one in taken if one not in ("self", "kwargs")] == said["takes"]


@pytest.fixture
def graph(recipe, monkeypatch, requests_mock) -> dict[str, Any]:
    """What openEO's own client makes of the script: the process graph that it would send."""
    import openeo
    from openeo.rest.vectorcube import VectorCube

    requests_mock.get("https://backend.test/", json={"api_version": "1.2.0", "endpoints": []})
    requests_mock.get(
        "https://backend.test/collections/SENTINEL2_L2A",
        json={"cube:dimensions": {"bands": {"type": "bands", "values": [*BANDS, "B8A", "SCL"]}}},
    )
    connection = openeo.connect("https://backend.test/")
    monkeypatch.setattr(connection, "authenticate_oidc", lambda: connection)
    monkeypatch.setattr(openeo, "connect", lambda url: connection)
    sent: dict[str, Any] = {}

    def execute(self: VectorCube, outputfile: Path, out_format: str, title: str) -> None:
        sent.update(graph=self.flat_graph(), file=outputfile, format=out_format)

    monkeypatch.setattr(VectorCube, "execute_batch", execute)
    script = recipe("openeo")
    ast.parse(script.read_text())
    runpy.run_path(str(script))
    assert sent["file"] == script.parent / "cropdetect_2018-03-01_2018-10-31.csv"
    assert sent["format"] == "CSV"
    return sent["graph"]


def test_openeo_is_asked_for_the_bands_of_the_checkpoint(graph):
    nodes = {node["process_id"]: node["arguments"] for node in graph.values()}
    assert nodes["load_collection"]["id"] == "SENTINEL2_L2A"
    assert nodes["load_collection"]["bands"] == [*BANDS, "SCL"]
    assert nodes["load_collection"]["temporal_extent"] == ["2018-03-01", "2018-11-01"]
    assert nodes["filter_bands"]["bands"] == BANDS
    geometries = nodes["aggregate_spatial"]["geometries"]
    assert [one["properties"]["field_id"] for one in geometries["features"]] == IDS
    (reducer,) = nodes["aggregate_spatial"]["reducer"]["process_graph"].values()
    assert reducer["process_id"] == "mean"


def test_openeo_masks_what_the_scene_classification_calls_unclear(graph):
    (mask,) = [node["arguments"] for node in graph.values() if node["process_id"] == "mask"]
    assert graph[mask["data"]["from_node"]]["process_id"] == "filter_bands"

    def masked(class_of: int) -> bool:
        """Work the graph of the mask out for one class."""

        def value(node: Any) -> Any:
            if not isinstance(node, dict):
                return node
            if "from_parameter" in node or "from_argument" in node:
                return class_of
            step = graph[node["from_node"]] if node["from_node"] in graph else inner[node["from_node"]]
            arguments = step["arguments"]
            match step["process_id"]:
                case "reduce_dimension" | "apply":
                    inner.update((arguments.get("reducer") or arguments["process"])["process_graph"])
                    (result,) = [key for key in inner if inner[key].get("result")]
                    done = value({"from_node": result})
                    inner.clear()
                    return done
                case "array_element":
                    return class_of
                case "lt":
                    return value(arguments["x"]) < value(arguments["y"])
                case "gt":
                    return value(arguments["x"]) > value(arguments["y"])
                case "or":
                    return value(arguments["x"]) or value(arguments["y"])
                case "merge_cubes":
                    return value(arguments["cube1"]) or value(arguments["cube2"])
            raise AssertionError(step["process_id"])

        inner: dict[str, Any] = {}
        return bool(value(mask["mask"]))

    assert [number for number in range(12) if not masked(number)] == [4, 5, 6, 7]


def test_ids_are_text_in_what_is_sent(recipe):
    folder = recipe("earth-engine").parent
    for file in ("fields.zip", "fields.geojson"):
        sent = gpd.read_file(folder / file)
        assert sent["field_id"].tolist() == IDS
        assert sent.crs == "EPSG:4326"
        assert sent.geometry.centroid.x.between(2.99, 3.01).all()


def test_the_same_recipe_gives_the_same_bytes(recipe, tmp_path):
    one, other = (recipe("earth-engine", out=tmp_path / name).parent for name in ("one", "other"))
    for file in ("fields.zip", "fields.geojson"):
        assert (one / file).read_bytes() == (other / file).read_bytes()


@pytest.mark.parametrize(("service", "comment"), [("earth-engine", "//"), ("openeo", "#")])
def test_what_the_user_typed_stays_a_comment(recipe, fields, tmp_path, service, comment):
    out = tmp_path / "a\n*/ b'\"\u2028c"
    text = recipe(service, out=out).read_text()
    (line,) = [line for line in text.split("\n") if "--fields" in line]
    assert line.startswith(comment)
    assert "\u2028" not in text
    if service == "openeo":
        ast.parse(text)


def test_the_command_that_comes_next_reads_the_export(recipe, tmp_path):
    """The table as openEO's back end writes it, with the files of the recipe."""
    folder = recipe("openeo").parent
    rows = [
        {
            "date": f"2018-0{month}-05T00:00:00.000Z",
            "feature_index": k,
            **{f"avg(band_{b})": 500.0 + 10 * b + k for b in range(9)},
        }
        for month in range(3, 10)
        for k in range(3)
    ]
    table = tmp_path / "export.csv"
    pd.DataFrame(rows).to_csv(table, index=False)
    options = api.DataOptions(fields=folder / "fields.geojson", columns=folder / "columns.yaml")
    run = api.predict(table, tmp_path / "out", checkpoint="s2-parcels-france", options=options)
    assert run.status_counts == {"ok": 3}
    assert run.bands == BANDS
    assert gpd.read_parquet(tmp_path / "out" / "fields.parquet")["field_id"].tolist() == IDS


@pytest.mark.parametrize("literal", [_javascript, _python])
def test_texts_are_literals(literal):
    odd = ["a'b", 'a"b', "a\\", "\n\u2028\x00", "</script>", "🌾"]
    for text in odd:
        made = literal(text)
        assert "\n" not in made
        assert "\u2028" not in made
    assert ast.literal_eval(_python(["a'b", 'c"d\\'])) == ["a'b", 'c"d\\']


def test_a_period_that_ends_before_it_begins_is_refused(recipe):
    with pytest.raises(OptionError, match=r"--to 2018-01-01 lies before --from 2018-03-01"):
        api.recipe("openeo", fields=Path("f.gpkg"), from_="2018-03-01", to="2018-01-01")


def test_a_band_without_a_recipe_is_named():
    with pytest.raises(MissingBandError, match="VV"):
        Export("openeo", *map(pd.Timestamp, ("2024-04-01", "2024-09-30")), bands=["B02", "VV"], sensor=None)
    with pytest.raises(MissingBandError, match="B10"):
        Export("earth-engine", *map(pd.Timestamp, ("2024-04-01", "2024-09-30")), bands=["B02", "B10"], sensor="sentinel-2")


def test_fields_without_a_place_are_refused(tmp_path):
    gpd.GeoDataFrame({"id": ["a"]}, geometry=[shapely.box(0, 0, 1, 1)]).to_parquet(tmp_path / "f.parquet")
    with pytest.raises(FieldsError, match="CRS"):
        api.recipe("openeo", tmp_path / "out", fields=tmp_path / "f.parquet", **SEASON)
    assert not (tmp_path / "out").exists()


def test_the_table_of_the_earth_engine_script_is_read(recipe, tmp_path):
    """`reduceRegions` of each image, flattened: the image's index, `_`, the field's; the columns that the script selects."""
    folder = recipe("earth-engine").parent
    own = [band.replace("B0", "B") for band in BANDS]
    rows = [
        {
            "system:index": f"20180{month}05T105031_20180{month}05T105522_T31UDS_{k:020}",
            "field_id": IDS[k],
            "date": f"2018-0{month}-05",
            **{band: 500.5 + 10 * b + k for b, band in enumerate(own)},
        }
        for month in range(3, 10)
        for k in range(3)
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "export.csv", index=False)
    options = api.DataOptions(fields=folder / "fields.geojson")
    run = api.predict(tmp_path / "export.csv", tmp_path / "out", checkpoint="s2-parcels-france", options=options)
    assert (run.status_counts, run.bands) == ({"ok": 3}, BANDS)
    table = gpd.read_parquet(tmp_path / "out" / "fields.parquet")
    assert table["field_id"].tolist() == IDS
    assert table["crop_in_file"].tolist()[:2] == ["a", "b"]
    assert table.geometry.notna().all()
