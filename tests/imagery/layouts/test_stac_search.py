"""What users type, and what a wrong first attempt is answered with."""

import datetime as dt
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from cropdetect.errors import CatalogueError, CropDetectError, OptionError, UnsafePathError
from cropdetect.imagery import Search, open_imagery
from cropdetect.imagery.layouts.stac_presets import CATALOGUES
from cropdetect.imagery.layouts.stac_search import find_items, parse_sources

SOMEWHERE = gpd.GeoSeries([shapely.box(34, 0, 34.1, 0.1)], crs="EPSG:4326")
SPRING, AUTUMN = dt.date(2024, 3, 1), dt.date(2024, 10, 31)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("stac:earth-search/sentinel-2-l2a", [("https://earth-search.aws.element84.com/v1", "sentinel-2-l2a")]),
        ("stac:https://host/api/v1/sentinel-2", [("https://host/api/v1", "sentinel-2")]),
        ("stac:https://host/api/collections/hls/items", [("https://host/api", "hls")]),
        ("stac:http://127.0.0.1:80/a", [("http://127.0.0.1:80", "a")]),
        (
            "stac:planetary-computer/sentinel-2-l2a+sentinel-1-rtc",
            [("https://planetarycomputer.microsoft.com/api/stac/v1", name) for name in ("sentinel-2-l2a", "sentinel-1-rtc")],
        ),
        (
            "stac:earth-search/sentinel-2-l2a,deafrica/s1_rtc",
            [(CATALOGUES["earth-search"].url, "sentinel-2-l2a"), (CATALOGUES["deafrica"].url, "s1_rtc")],
        ),
        ("stac:items.json", [(None, "items.json")]),
        ("stac:folder/my items.geojson", [(None, "folder/my items.geojson")]),
    ],
)
def test_what_is_typed(text: str, expected: list[tuple[str | None, str]]) -> None:
    for path in (text, Path(text)):  # a path loses one of two slashes
        found = parse_sources(path)
        assert [(one.catalogue and one.catalogue.url, one.collection) for one in found] == expected


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("stac:sentinel-2-l2a", "Write stac:earth-search/sentinel-2-l2a or stac:planetary-computer/sentinel-2-l2a"),
        ("stac:sentinel2-l2a", "Write stac:earth-search/sentinel-2-l2a or"),
        ("stac:earth-search", "Write one of stac:earth-search/sentinel-2-l2a, "),
        ("stac:earth_search/sentinel-2-l2a", "Write stac:earth-search/sentinel-2-l2a,"),
        ("stac:earthsearch/sentinel-2-l2a", "Write stac:earth-search/sentinel-2-l2a,"),
        ("stac:sentinel-2-l2a/earth-search", "Write stac:earth-search/sentinel-2-l2a,"),
        ("stac:planetary_computer/landsat-c2-l2", "Write stac:planetary-computer/landsat-c2-l2,"),
        ("stac:", "Write e.g. stac:earth-search/sentinel-2-l2a --fields"),
        ("stac:https://host", "Write stac:https://HOST/API/COLLECTION"),
    ],
)
def test_a_wrong_source_is_answered_with_the_right_one(text: str, fix: str) -> None:
    with pytest.raises(OptionError) as caught:
        parse_sources(text)
    assert caught.value.fix.startswith(fix)


@pytest.mark.parametrize(
    ("address", "fix"),
    [
        (
            "https://earth-search.aws.element84.com/v1/collections/sentinel-2-l2a",
            "Write stac:earth-search/sentinel-2-l2a --fields",
        ),
        ("https://planetarycomputer.microsoft.com/api/stac/v1", "Write stac:planetary-computer/sentinel-2-l2a --fields"),
        ("https://host/api/collections/a", "If it is the collection of a STAC API, write stac:https://host/api/collections/a"),
        ("s3://bucket/a.zarr", "If it is"),
    ],
)
def test_an_address_without_stac_is_answered_with_the_way_out(address: str, fix: str) -> None:
    for path in (address, Path(address)):
        with pytest.raises(UnsafePathError) as caught:
            open_imagery(path)
        assert caught.value.fix.startswith(fix)


@pytest.mark.parametrize(
    ("search", "message"),
    [
        (Search(), "need --fields and --from and --to\nWrite stac:earth-search/sentinel-2-l2a --fields"),
        (Search(places=SOMEWHERE, first=SPRING), "need --to\n"),
        (
            Search(places=SOMEWHERE, first=AUTUMN, last=SPRING),
            "later than --to 2024-03-01\nWrite --from 2024-03-01 --to 2024-10-31",
        ),
        (Search(places=SOMEWHERE[:0], first=SPRING, last=AUTUMN), "no field has an outline"),
    ],
)
def test_an_unfinished_search_asks_no_catalogue(search: Search, message: str) -> None:
    with pytest.raises(OptionError) as caught:
        open_imagery("stac:earth-search/sentinel-2-l2a", search=search)
    assert message in str(caught.value)


def test_every_verb_answers_an_address_without_stac_with_the_way_out(tmp_path: Path) -> None:
    from cropdetect import api

    address = "https://earth-search.aws.element84.com/v1/collections/sentinel-2-l2a"
    with pytest.raises(UnsafePathError, match="Write stac:earth-search/sentinel-2-l2a --fields"):
        api.predict(address, tmp_path / "out", checkpoint="kenya-simulated")
    with pytest.raises(UnsafePathError, match="Write stac:earth-search/sentinel-2-l2a --fields"):
        api.info(address)
    with pytest.raises(UnsafePathError, match="Download the files"):
        api.predict(tmp_path, tmp_path / "out", checkpoint="kenya-simulated", fields="https://host/fields.gpkg")


def test_a_catalogue_that_does_not_answer_is_one_sentence() -> None:
    (source,) = parse_sources("stac:http://127.0.0.1:9/sentinel-2-l2a")
    pytest.importorskip("pystac_client")
    with pytest.raises(CatalogueError, match="the catalogue cannot be searched: no answer"):
        find_items(source, Search(places=SOMEWHERE, first=SPRING, last=AUTUMN))


URL = "http://stac.test"
ROOT = {
    "type": "Catalog", "id": "root", "description": "", "stac_version": "1.0.0",
    "conformsTo": [f"https://api.stacspec.org/v1.0.0/{part}" for part in ("core", "item-search", "collections")],
    "links": [
        {"rel": rel, "href": href}
        for rel, href in (("self", URL), ("root", URL), ("search", f"{URL}/search"), ("data", f"{URL}/collections"))
    ],
}  # fmt: skip


def searched(answer: Any, places: gpd.GeoSeries = SOMEWHERE, collections: tuple[str, ...] = (), **search: Any) -> list[str]:
    """Ids of the items that a catalogue of this process finds, which answers a search so."""
    requests_mock = pytest.importorskip("requests_mock")
    (source,) = parse_sources(f"stac:{URL}/sentinel-2")
    known = [{"type": "Collection", "id": name, "stac_version": "1.0.0", "description": "", "license": "x", "links": [],
              "extent": {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[None, None]]}}}
             for name in collections]  # fmt: skip
    with requests_mock.Mocker() as server:
        server.get(URL, json=ROOT)
        server.get(f"{URL}/collections", json={"collections": known, "links": []})
        server.post(f"{URL}/search", **({"json": answer} if callable(answer) else answer))
        found = find_items(source, Search(places=places, first=SPRING, last=AUTUMN, **search))
    return [item["id"] for item in found]


def scenes(*names: str) -> dict[str, Any]:
    items = [{"type": "Feature", "id": name, "properties": {"datetime": "2024-05-01T00:00:00Z"}} for name in names]
    return {"type": "FeatureCollection", "features": items, "links": []}


def test_a_search_over_180_asks_for_either_side_and_takes_each_scene_once() -> None:
    boxes: list[list[float]] = []

    def answer(request: Any, context: Any) -> dict[str, Any]:
        boxes.append([float(number) for number in request.json()["bbox"]])
        return scenes("both", "west" if boxes[-1][0] > 0 else "east")

    fields = gpd.GeoSeries([shapely.box(179.5, -17, 179.75, -16), shapely.box(-179.75, -17, -179.5, -16)], crs="EPSG:4326")
    assert searched(answer, fields) == ["both", "east", "west"]
    assert boxes == [[179.5, -17, 180, -16], [-180, -17, -179.5, -16]]


def test_a_search_asks_for_the_box_of_the_fields_and_the_whole_days() -> None:
    asked: list[dict[str, Any]] = []

    def answer(request: Any, context: Any) -> dict[str, Any]:
        asked.append(request.json())
        return scenes("one")

    assert searched(answer) == ["one"]
    (only,) = asked
    assert [float(number) for number in only["bbox"]] == [34, 0, 34.1, 0.1]
    assert (only["collections"], only["datetime"]) == (["sentinel-2"], "2024-03-01T00:00:00Z/2024-10-31T23:59:59Z")


@pytest.mark.parametrize(
    ("answer", "collections", "says"),
    [
        ({"json": scenes()}, ("sentinel-2",), r"no scene of sentinel-2 from 2024-03-01 to 2024-10-31 .*\(34.0000,0.0000,34.1000"),
        ({"json": scenes()}, ("sentinel-2-l2a", "landsat"), "has no collection 'sentinel-2'\nWrite one of .*sentinel-2-l2a"),
        ({"json": scenes()}, (), "there is no scene of sentinel-2"),
        ({"json": scenes(*map(str, range(3001)))}, (), "there are more than 3000 scenes"),
        ({"status_code": 404, "text": "no"}, (), "no STAC API, or has no such collection"),
        ({"status_code": 403, "text": "no"}, (), "the catalogue cannot be searched: it answers 403"),
    ],
)
def test_a_search_that_finds_nothing_says_why(answer: dict[str, Any], collections: tuple[str, ...], says: str) -> None:
    with pytest.raises(CatalogueError, match=says):
        searched(answer, collections=collections)


def test_clouds_leave_scenes_out_unless_they_do_not_say() -> None:
    cloudy = scenes("clear", "cloudy", "silent")
    for item, share in zip(cloudy["features"], (5, 90), strict=False):
        item["properties"]["eo:cloud_cover"] = share
    assert searched({"json": cloudy}, max_cloud=60) == ["clear", "silent"]
    with pytest.raises(CatalogueError, match=r"all 1 scenes have more than 60 percent of clouds \(the clearest: 90\)"):
        searched({"json": cloudy | {"features": cloudy["features"][1:2]}}, max_cloud=60)


def test_files_take_no_options_of_a_catalogue(tmp_path: Path) -> None:
    from cropdetect.chips import open_data
    from cropdetect.options import DataOptions

    (tmp_path / "20190606_B04.tif").write_bytes(b"")
    for name, value in {"from_": "2024-03-01", "to": "2024-03-01", "max_cloud": 60, "cache": "there"}.items():
        with pytest.raises(CropDetectError, match=rf"--{name.rstrip('_').replace('_', '-')} applies to a STAC catalogue"):
            open_data(tmp_path, DataOptions(**{name: value}))
