"""STAC items on disk and behind a server of this process: no test here leaves the machine."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

from cropdetect.errors import CatalogueError, MissingBandError, UnreadableFileError, UnsafePathError
from cropdetect.imagery import Imagery, Search, Wanted, Window, open_imagery, plan_download
from cropdetect.imagery.stores import http
from tests.imagery.stac_loopback import FileServer, item_collection, make_items

DAYS = ("20190606", "20190701", "20190706", "20190805")
SIDE = 512  # pixels of 10 m
BLOCK = 64
BANDS = {"B04": 10, "B08": 10, "B11": 20, "SCL": 20}
WEST, NORTH = 613740.0, 79160.0


@pytest.fixture(scope="module")
def cogs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A season of random numbers, so that each block takes about its own size when it is packed."""
    folder = tmp_path_factory.mktemp("cogs")
    random = np.random.default_rng(0)
    for day in DAYS:
        for band, pixel in BANDS.items():
            write_cog(folder / f"T36NXF_{day}T081000_{band}_{pixel}m.tif", random, pixel, is_scl=band == "SCL")
    return folder


def write_cog(path: Path, random: np.random.Generator, pixel: int, *, is_scl: bool = False, shift: int = 0) -> None:
    side = SIDE * 10 // pixel
    pixels = random.integers(4, 8, (side, side), np.uint8) if is_scl else random.integers(1, 6000, (side, side), np.uint16)
    grid = from_origin(WEST + shift, NORTH - shift, pixel, pixel)
    profile = {"driver": "COG", "height": side, "width": side, "count": 1, "dtype": pixels.dtype, "crs": "EPSG:32636"}
    with rasterio.open(path, "w", **profile, transform=grid, blocksize=BLOCK, compress="deflate", overviews="none") as file:
        file.write(pixels, 1)


@pytest.fixture
def server(cogs: Path) -> Iterator[FileServer]:
    with FileServer(cogs) as running:
        yield running


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "pause", lambda seconds: None)


def places(*boxes: tuple[int, int, int, int]) -> gpd.GeoSeries:
    """Return boxes (first column, first row, last column, last row) of the 10 m grid as outlines of fields."""
    shapes = [shapely.box(WEST + a * 10, NORTH - d * 10, WEST + c * 10, NORTH - b * 10) for a, b, c, d in boxes]
    return gpd.GeoSeries(shapes, crs="EPSG:32636").to_crs("EPSG:4326")


def saved(folder: Path, items: list[dict[str, Any]]) -> Path:
    path = folder / "items.json"
    path.write_text(json.dumps(item_collection(items)))
    return path


def fetched(imagery: Imagery, *windows: Window) -> Imagery:
    series = imagery.tiles[0]
    return plan_download(imagery, [Wanted(range(len(series.dates)), series.bands, windows)]).run()


def open_remote(folder: Path, items: list[dict[str, Any]], **more: Any) -> Imagery:
    return open_imagery(f"stac:{saved(folder, items)}", search=Search(cache=folder / "cache"), **more)


def test_items_on_disk_give_the_pixels_of_their_files(cogs: Path) -> None:
    items = make_items(sorted(cogs.glob("*.tif")), ".")
    path = saved(cogs, items)
    imagery, files = open_imagery(path), open_imagery(cogs)
    (series,), (of_files,) = imagery.tiles, files.tiles
    assert imagery.layout == "stac"
    assert (series.bands, series.dates, series.sensor) == (of_files.bands, of_files.dates, "sentinel-2")
    assert series.geobox == of_files.geobox
    window = Window(100, 60, 300, 200)
    found, expected = series.read(window), of_files.read(window)
    np.testing.assert_array_equal(found.image, expected.image)
    np.testing.assert_array_equal(found.clear, expected.clear)


def test_addresses_in_a_users_file_lead_nowhere_unless_stac_was_typed(cogs: Path, server: FileServer, tmp_path: Path) -> None:
    path = saved(tmp_path, make_items(sorted(cogs.glob("*.tif")), server.url))
    with pytest.raises(UnsafePathError, match=rf"files on the network\nIf they may be fetched, write stac:{path}"):
        open_imagery(path)
    assert server.counts.requests == 0


@pytest.mark.parametrize("href", ["../{}", "{absolute}"])
def test_files_outside_the_folder_of_the_items_are_not_read_unless_stac_was_typed(cogs: Path, tmp_path: Path, href: str) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    for path in cogs.glob("*.tif"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    items = make_items(sorted(tmp_path.glob("*.tif")), "..")
    if "absolute" in href:
        items = make_items(sorted(tmp_path.glob("*.tif")), str(tmp_path))
    path = saved(inner, items)
    with pytest.raises(UnsafePathError, match="outside their own folder"):
        open_imagery(path)
    assert len(open_imagery(f"stac:{path}").dates) == len(DAYS)


@pytest.mark.parametrize("href", ["/vsicurl/http://localhost:9/a.tif", "file:///etc/passwd", "s3://bucket/a.tif"])
def test_no_item_leads_to_gdals_file_systems(cogs: Path, tmp_path: Path, href: str) -> None:
    items = make_items(sorted(cogs.glob("*.tif")), ".")
    for item in items:
        item["assets"]["red"]["href"] = href
    with pytest.raises((UnsafePathError, CatalogueError)):
        open_imagery(f"stac:{saved(tmp_path, items)}")


def test_remote_files_give_the_pixels_of_the_files(cogs: Path, server: FileServer, tmp_path: Path) -> None:
    imagery = open_remote(tmp_path, make_items(sorted(cogs.glob("*.tif")), server.url))
    window = Window(90, 130, 190, 260)
    expected = open_imagery(cogs).tiles[0].read(window)
    for read in (imagery, fetched(imagery, window)):
        block = read.tiles[0].read(window)
        np.testing.assert_array_equal(block.image, expected.image)
        np.testing.assert_array_equal(block.clear, expected.clear)


def test_only_the_blocks_under_the_windows_are_fetched_and_each_once(cogs: Path, server: FileServer, tmp_path: Path) -> None:
    items = make_items(sorted(cogs.glob("*.tif")), server.url)
    imagery = open_remote(tmp_path, items)
    headers = server.counts.bytes
    windows = (Window(70, 70, 120, 120), Window(300, 330, 320, 350))
    local = fetched(imagery, *windows)
    before, n_requests = server.counts.bytes, server.counts.requests
    # Rows and columns of 10 m, and those of 20 m under rows 35 to 60 and 150 to 160, columns 35 to 60 and 165 to 175.
    touched = {10: [(1, 1), (4, 5)], 20: [(0, 0), (2, 2)]}
    blocks = sum(block_bytes(path, touched[BANDS[path.name.split("_")[2]]]) for path in cogs.glob("*.tif"))
    pages = 2 * 4096 * 2 * len(DAYS) * len(BANDS)  # the first and the last page of each block, in part of others
    assert blocks <= before - headers <= blocks + pages
    assert headers == len(DAYS) * len(BANDS) * 8192
    for window in windows:
        local.tiles[0].read(window)
    assert server.counts.requests == n_requests
    fetched(open_remote(tmp_path, items), *windows)
    assert server.counts.requests == n_requests, "a second run fetches nothing"


def block_bytes(path: Path, blocks: list[tuple[int, int]]) -> int:
    with rasterio.open(path) as file:
        return sum(int(file.get_tag_item(f"BLOCK_SIZE_{column}_{row}", "TIFF", 1)) for row, column in blocks)


def test_blocks_that_were_not_fetched_have_no_value(cogs: Path, server: FileServer, tmp_path: Path) -> None:
    imagery = open_remote(tmp_path, make_items(sorted(cogs.glob("*.tif")), server.url))
    local = fetched(imagery, Window(70, 70, 120, 120))
    requests = server.counts.requests
    block = local.tiles[0].read(Window(0, 0, 256, 256))
    assert block.clear[:, 70:120, 70:120].all()
    assert not block.clear[:, 130:, :].any()
    assert not block.clear[:, :, 130:].any()
    assert server.counts.requests == requests


def test_a_busy_server_is_asked_again(cogs: Path, server: FileServer, tmp_path: Path) -> None:
    server.fault = lambda path, times: (503, -1, 429)[times] if times < 3 else None
    imagery = open_remote(tmp_path, make_items(sorted(cogs.glob("*.tif")), server.url))
    window = Window(70, 70, 120, 120)
    block = fetched(imagery, window).tiles[0].read(window)
    np.testing.assert_array_equal(block.image, open_imagery(cogs).tiles[0].read(window).image)


@pytest.mark.parametrize("breaks", ["when it is opened", "when it is fetched"])
def test_a_scene_that_fails_is_a_missing_date_that_is_told(cogs: Path, server: FileServer, tmp_path: Path, breaks: str) -> None:
    def fault(path: str, times: int) -> int | None:
        return 503 if "20190701" in path and "B08" in path else None

    items = make_items(sorted(cogs.glob("*.tif")), server.url)
    if breaks == "when it is opened":
        server.fault = fault
    imagery = open_remote(tmp_path, items)
    server.fault = fault
    local = fetched(imagery, Window(70, 70, 120, 120))
    assert [day.strftime("%Y%m%d") for day in local.dates] == [day for day in DAYS if day != "20190701"]
    (warning,) = local.warnings
    assert "1 scenes could not be read and are left out: 2019-07-01 (S2A_36NXF_20190701_0_L2A)" in warning
    assert "503" in warning
    assert "after 5 tries" in warning
    server.fault = lambda path, times: None
    assert len(fetched(open_remote(tmp_path, items), Window(70, 70, 120, 120)).dates) == len(DAYS), "the next run has it"


@pytest.mark.parametrize("status", [401, 403, 409])
def test_an_expired_signature_is_told_at_once(cogs: Path, server: FileServer, tmp_path: Path, status: int) -> None:
    server.fault = lambda path, times: status
    items = make_items(sorted(cogs.glob("*.tif")), server.url)
    for item in items:
        for asset in item["assets"].values():
            asset["href"] += "?sig=secret"
    with pytest.raises(CatalogueError, match="signature has expired") as caught:
        open_remote(tmp_path, items)
    assert "secret" not in str(caught.value)
    assert max(server.asked.values()) == 1


def test_without_any_answer_the_run_ends_with_one_sentence(cogs: Path, tmp_path: Path) -> None:
    items = make_items(sorted(cogs.glob("*.tif")), "http://127.0.0.1:9")
    with pytest.raises(CatalogueError, match=r"no answer from the server .*after 5 tries"):
        open_remote(tmp_path, items)


def test_a_server_without_ranges_gives_whole_files_once(cogs: Path, server: FileServer, tmp_path: Path) -> None:
    server.fault = lambda path, times: 200
    imagery = open_remote(tmp_path, make_items(sorted(cogs.glob("*.tif")), server.url))
    window = Window(70, 70, 120, 120)
    block = fetched(imagery, window).tiles[0].read(window)
    np.testing.assert_array_equal(block.image, open_imagery(cogs).tiles[0].read(window).image)
    assert server.counts.requests == len(DAYS) * len(BANDS)


def test_a_jp2_is_fetched_whole_and_once(tmp_path: Path) -> None:
    folder = tmp_path / "served"
    folder.mkdir()
    pixels = np.random.default_rng(7).integers(1, 6000, (256, 256), np.uint16)
    grid = from_origin(WEST, NORTH, 10, 10)
    profile = {"driver": "JP2OpenJPEG", "height": 256, "width": 256, "count": 1, "dtype": "uint16", "crs": "EPSG:32636"}
    with rasterio.open(folder / "B04_10m.jp2", "w", **profile, transform=grid, quality="100", reversible="YES") as file:
        file.write(pixels, 1)
    for name in ("T36NXF_20190606T081000_B04_10m.tif", "T36NXF_20190606T081000_SCL_20m.tif"):
        write_cog(folder / name, np.random.default_rng(8), 10 if "B04" in name else 20, is_scl="SCL" in name)
    with FileServer(folder) as server:
        (item,) = make_items(sorted(folder.glob("*.tif")), server.url)
        item["assets"] = {"B04_10m": item["assets"]["red"] | {"href": f"{server.url}/B04_10m.jp2", "type": "image/jp2"}}
        imagery = open_remote(tmp_path, [item])
        window = Window(70, 70, 120, 120)
        block = fetched(imagery, window).tiles[0].read(window)
        np.testing.assert_array_equal(block.image[0, 0], pixels[70:120, 70:120])
        assert server.counts.bytes == (folder / "B04_10m.jp2").stat().st_size


def test_a_damaged_copy_is_fetched_again(cogs: Path, server: FileServer, tmp_path: Path) -> None:
    items, window = make_items(sorted(cogs.glob("*.tif")), server.url), Window(70, 70, 120, 120)
    fetched(open_remote(tmp_path, items), window)
    from cropdetect.imagery.stores.partial_copy import partial_copy

    partial_copy.cache_clear()
    for path in (tmp_path / "cache").rglob("*B04_10m.tif"):
        content = bytearray(path.read_bytes())
        content[20_000:] = bytes(len(content) - 20_000)
        path.write_bytes(content)
    block = fetched(open_remote(tmp_path, items), window).tiles[0].read(window)
    np.testing.assert_array_equal(block.image, open_imagery(cogs).tiles[0].read(window).image)


def test_a_file_that_changed_on_the_server_is_copied_anew(tmp_path: Path) -> None:
    folder, window = tmp_path / "served", Window(70, 70, 120, 120)
    folder.mkdir()
    for seed in (1, 2):
        random = np.random.default_rng(seed)
        for band, pixel in BANDS.items():
            write_cog(folder / f"T36NXF_20190606T081000_{band}_{pixel}m.tif", random, pixel, is_scl=band == "SCL")
        with FileServer(folder) as server:
            items = make_items(sorted(folder.glob("*.tif")), server.url)
            for item in items:
                item["properties"]["updated"] = f"2024-01-0{seed}T00:00:00Z"
            block = fetched(open_remote(tmp_path, items), window).tiles[0].read(window)
        np.testing.assert_array_equal(block.image, open_imagery(folder).tiles[0].read(window).image)


def test_a_band_that_the_collection_lacks_is_named(cogs: Path, server: FileServer, tmp_path: Path) -> None:
    items = make_items(sorted(cogs.glob("*.tif")), server.url)
    with pytest.raises(MissingBandError, match=r"lack\(s\) the band\(s\) B12") as caught:
        open_remote(tmp_path, items, bands=["B04", "B12"])
    assert "There are B04, B08, B11, SCL" in str(caught.value)


def test_bands_that_nobody_asked_for_are_not_opened(cogs: Path, server: FileServer, tmp_path: Path) -> None:
    imagery = open_remote(tmp_path, make_items(sorted(cogs.glob("*.tif")), server.url), bands=["B04"])
    assert imagery.tiles[0].bands == ("B04",)
    assert imagery.tiles[0].mask_bands == ("SCL",)
    assert not any("B08" in path or "B11" in path for path in server.counts.paths)


def test_info_and_a_dry_run_fetch_headers_alone(cogs: Path, server: FileServer, tmp_path: Path) -> None:
    from cropdetect import api
    from cropdetect.options import DataOptions

    source = f"stac:{saved(tmp_path, make_items(sorted(cogs.glob('*.tif')), server.url))}"
    fields = tmp_path / "fields.gpkg"
    places((70, 70, 90, 90), (300, 330, 320, 350)).rename("geometry").to_frame().to_file(fields)
    options = DataOptions(fields=fields, to="2019-07-31", cache=tmp_path / "cache", bands="B04,B08,B11")
    facts = api.info(source, options=options).facts
    assert (facts["layout"], facts["dates"]["count"], facts["fields"]) == ("stac", 3, 2)
    assert server.counts.bytes == 3 * len(BANDS) * 8192
    from cropdetect.chips import open_data

    opened = open_data(Path(source), options, fetch=False)
    assert opened.download is not None
    whole, left = opened.download.size()
    assert server.counts.bytes == 3 * len(BANDS) * 8192
    assert 0 < left <= whole
    open_data(Path(source), options)
    assert server.counts.bytes == 3 * len(BANDS) * 8192 + left


def test_items_without_fields_in_them_are_not_opened(cogs: Path, server: FileServer, tmp_path: Path) -> None:
    items = make_items(sorted(cogs.glob("*.tif")), server.url)
    far = gpd.GeoSeries([shapely.box(10, 50, 10.1, 50.1)], crs="EPSG:4326")
    with pytest.raises(CatalogueError, match="no scene shows a field"):
        open_imagery(f"stac:{saved(tmp_path, items)}", search=Search(places=far, cache=tmp_path / "cache"))
    assert server.counts.requests == 0


@pytest.mark.parametrize(
    "outline",
    [
        shapely.Polygon([(179.8, -17), (-179.8, -17), (-179.8, -16), (179.8, -16)]),  # leaps over 180
        shapely.union_all([shapely.box(179.8, -17, 180, -16), shapely.box(-180, -17, -179.8, -16)]),  # is cut there
        shapely.box(179.8, -17, 180.2, -16),
        shapely.box(-180.2, -17, -179.8, -16),
    ],
    ids=["leaping", "cut", "beyond 180", "beyond -180"],
)
@pytest.mark.parametrize(("longitude", "inside"), [(179.9, 4), (-179.9, 4), (180.1, 4), (0, 0), (179.7, 0), (-179.7, 0)])
def test_an_item_across_180_holds_the_fields_on_both_sides(
    cogs: Path, outline: shapely.Geometry, longitude: float, inside: int
) -> None:
    items = [item | {"geometry": shapely.geometry.mapping(outline)} for item in make_items(sorted(cogs.glob("*.tif")), ".")]
    field = gpd.GeoSeries([shapely.box(longitude, -16.6, longitude + 0.01, -16.5)], crs="EPSG:4326")
    search = Search(places=field)
    if inside:
        assert len(open_imagery(saved(cogs, items), search=search).dates) == inside
    else:
        with pytest.raises(CatalogueError, match="no scene shows a field"):
            open_imagery(saved(cogs, items), search=search)


def test_clouds_and_days_narrow_what_is_taken(cogs: Path) -> None:
    import datetime as dt

    items = make_items(sorted(cogs.glob("*.tif")), ".")
    items[2]["properties"]["eo:cloud_cover"] = 80
    path = saved(cogs, items)
    search = Search(first=dt.date(2019, 7, 1), last=dt.date(2019, 8, 31), max_cloud=60)
    assert [str(day) for day in open_imagery(path, search=search).dates] == ["2019-07-01", "2019-08-05"]
    with pytest.raises(CatalogueError, match=r"all 4 scenes have more than 5 percent of clouds \(the clearest: 10\)"):
        open_imagery(path, search=Search(max_cloud=5))


def test_an_older_version_of_a_scene_is_left_out(cogs: Path) -> None:
    items = make_items(sorted(cogs.glob("*.tif")), ".")
    older = json.loads(json.dumps(items[0]))
    older["id"] += "_OLD"
    older["properties"]["s2:processing_baseline"] = "02.14"
    imagery = open_imagery(saved(cogs, [older, *items]))
    assert len(imagery.dates) == len(DAYS)
    assert any("1 scenes of" in text and "older versions" in text for text in imagery.warnings)


def test_a_second_collection_is_laid_on_the_tile_of_the_first(cogs: Path, tmp_path: Path) -> None:
    for path in cogs.glob("*.tif"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    write_radar(tmp_path / "radar.tif")
    items = [radar_item(item, "radar.tif") for item in make_items(sorted(tmp_path.glob("T36*.tif")), ".")]
    first, second = tmp_path / "optical.json", tmp_path / "radar.json"
    first.write_text(json.dumps(item_collection(make_items(sorted(tmp_path.glob("T36*.tif")), "."))))
    second.write_text(json.dumps(item_collection(items)))
    series = open_imagery(f"stac:{first}+{second}").tiles[0]
    assert {"B04", "VV"} <= set(series.bands)
    with rasterio.open(tmp_path / "radar.tif") as file:
        radar = file.read(1)
    block = series.read(Window(0, 0, SIDE, SIDE), bands=["VV"])
    # The radar image begins 200 m further east and south, and reaches beyond the tile.
    np.testing.assert_array_equal(block.image[0, 0, 20:, 20:], radar[: SIDE - 20, : SIDE - 20])
    assert not block.clear[:, :20].any()
    assert not block.clear[:, :, :20].any()
    assert block.clear[0, 20:, 20:].all()


def write_radar(path: Path) -> None:
    pixels = np.random.default_rng(5).random((600, 600), np.float32)
    grid = from_origin(WEST + 200, NORTH - 200, 10, 10)
    profile = {"driver": "COG", "height": 600, "width": 600, "count": 1, "dtype": "float32", "crs": "EPSG:32636"}
    with rasterio.open(path, "w", **profile, transform=grid, nodata=-32768, blocksize=BLOCK) as file:
        file.write(pixels, 1)


def radar_item(item: dict[str, Any], href: str) -> dict[str, Any]:
    """Return an item in the shape of the Planetary Computer's sentinel-1-rtc, taken on the day of another."""
    properties = {"datetime": item["properties"]["datetime"], "platform": "SENTINEL-1A", "sat:orbit_state": "ascending"}
    asset = {"href": href, "type": "image/tiff; application=geotiff; profile=cloud-optimized", "roles": ["data"]}
    return item | {
        "id": item["id"].replace("S2A", "S1A"),
        "collection": "sentinel-1-rtc",
        "properties": properties | {"proj:epsg": 32636},
        "assets": {"vv": asset},
    }


def test_an_image_in_radar_geometry_is_refused_with_the_way_out(tmp_path: Path, cogs: Path) -> None:
    served = tmp_path / "served"
    served.mkdir()
    with rasterio.open(served / "vv.tif", "w", driver="GTiff", height=64, width=64, count=1, dtype="uint16") as file:
        file.write(np.ones((64, 64), np.uint16), 1)
        corners = [(0, 0, 33.0, 1.0), (0, 64, 34.0, 1.0), (64, 0, 33.0, 0.0)]
        file.gcps = [rasterio.control.GroundControlPoint(*corner) for corner in corners], rasterio.CRS.from_epsg(4326)
    with FileServer(served) as server:
        item = radar_item(make_items(sorted(cogs.glob("*.tif")), ".")[0], f"{server.url}/vv.tif")
        with pytest.raises(Exception, match="ground control points of radar geometry") as caught:
            open_remote(tmp_path, [item])
    assert "sentinel-1-rtc" in str(caught.value)


def test_granules_that_hold_no_field_of_their_own_are_left_out(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    for granule, shift in (("36NXF", 0), ("36NXG", 2000)):
        for band in ("B04", "SCL"):
            write_cog(tmp_path / f"T{granule}_20190606T081000_{band}_10m.tif", random, 10, is_scl=band == "SCL", shift=shift)
    path = saved(tmp_path, make_items(sorted(tmp_path.glob("*.tif")), "."))

    def tiles(*boxes: tuple[int, int, int, int]) -> list[str]:
        found = open_imagery(path, search=Search(places=places(*boxes))).tiles
        return [tile.name or "only one" for tile in found]

    assert tiles((300, 300, 320, 320)) == ["only one"]
    assert tiles((10, 10, 20, 20), (600, 600, 620, 620)) == ["36NXF", "36NXG"]


def test_an_item_without_a_date_is_left_out_and_told(cogs: Path) -> None:
    items = make_items(sorted(cogs.glob("*.tif")), ".")
    items[1]["properties"]["datetime"] = None
    imagery = open_imagery(saved(cogs, items))
    assert len(imagery.dates) == len(DAYS) - 1
    assert any("has no datetime" in text for text in imagery.warnings)


@pytest.mark.parametrize(
    "broken", [{"properties": None}, {"assets": {"red": None}}, {"assets": [1]}, {"assets": {"red": {"href": 1}}}]
)
def test_what_is_no_item_in_a_file_is_refused(cogs: Path, tmp_path: Path, broken: dict[str, Any]) -> None:
    item = make_items(sorted(cogs.glob("*.tif")), ".")[0]
    with pytest.raises(UnreadableFileError, match="no STAC item"):
        open_imagery(f"stac:{saved(tmp_path, [item | broken])}")


def test_a_file_that_is_no_item_collection_says_so(tmp_path: Path) -> None:
    path = tmp_path / "items.json"
    path.write_text('{"type": "FeatureCollection", "features": []}')
    with pytest.raises(UnreadableFileError, match="no STAC item"):
        open_imagery(f"stac:{path}")
    path.write_text("[")
    with pytest.raises(UnreadableFileError, match="no JSON file"):
        open_imagery(f"stac:{path}")


def test_the_extra_is_asked_for_where_it_is_missing(monkeypatch: pytest.MonkeyPatch, cogs: Path, tmp_path: Path) -> None:
    import builtins

    real: Callable[..., Any] = builtins.__import__

    def refusing(name: str, *arguments: Any, **more: Any) -> Any:
        if name in ("requests", "pystac_client"):
            raise ImportError(name)
        return real(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", refusing)
    with pytest.raises(Exception, match=r"pip install 'cropdetect\[stac\]'"):
        open_remote(tmp_path, make_items(sorted(cogs.glob("*.tif")), "http://127.0.0.1:9"))


def test_what_items_say_and_is_not_read_is_told(cogs: Path, tmp_path: Path) -> None:
    items = make_items(sorted(cogs.glob("*.tif")), ".", "our own")
    band = next(one for one in items[0]["assets"].values() if "B04" in one["href"])
    picture = {"href": band["href"], "type": band["type"]}
    items[0] = items[0] | {"assets": {"hillshade": picture}}
    items[1]["assets"]["hillshade"] = picture
    key, asset = next((key, one) for key, one in items[2]["assets"].items() if "B04" in one["href"])
    items[2]["assets"][key] = asset | {"eo:bands": [{"name": "B04"}, {"name": "B03"}]}
    path = cogs / "items.json"
    path.write_text(json.dumps(item_collection([*items, {"type": "Feature", "id": "no item"}])))
    imagery = open_imagery(path, offset=0)
    assert len(imagery.dates) == len(DAYS) - 1
    assert f"1 scenes have no asset that is a band that is known, and are left out: {items[0]['id']}" in imagery.warnings
    assert "1 entries of items.json are no STAC items and are left out" in imagery.warnings
    (told,) = [text for text in imagery.warnings if text.startswith("described by items, but not in their files")]
    assert told.endswith("hillshade, B03")
