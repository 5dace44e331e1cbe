"""Chip folders: each is a tile of its own, and the fields of all of them are told apart."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely

from cropdetect.errors import InputNotFoundError, UnknownLayoutError, UnreadableFileError
from cropdetect.imagery import Window, open_imagery
from cropdetect.imagery.stores.rasters import RasterFile
from tests.imagery.data import LEFT, TOP, cube, write_cv4a, write_raster

JUNE, JULY = dt.date(2019, 6, 6), dt.date(2019, 7, 1)
SHAPE = (4, 6)


def image(value: int = 1, dtype: type = np.uint16) -> np.ndarray:
    return np.full(SHAPE, value, dtype)


def write_chip(
    folder: Path, *, left: float = LEFT, days: tuple[str, ...] = ("20190606",), crs: str | None = "EPSG:32636", value: int = 1
) -> Path:
    """Write a file a date with two bands, and field ids."""
    for day in days:
        bands = np.stack([image(value), image(value + 1)])
        write_raster(folder / f"{day}.tif", bands, left=left, crs=crs, descriptions=("B04", "B08"))
    write_raster(folder / "field_ids.tif", image(7, np.float32), left=left, crs=crs)
    return folder


def write_single_date(folder: Path, *, left: float = LEFT, tag: dict[str, str] | None = None) -> None:
    """Write one file a band whose names tell no date."""
    for band in ("B04", "B08"):
        file = write_raster(folder / f"{band}.tif", image(), left=left)
        if tag:
            with rasterio.open(file, "r+") as raster:
                raster.update_tags(**tag)


def test_every_chip_folder_is_a_tile_with_its_own_grid_crs_dates_and_fields(tmp_path: Path) -> None:
    write_chip(tmp_path / "b", left=300_000, days=("20190701",), crs="EPSG:32637", value=20)
    write_chip(tmp_path / "a", days=("20190606", "20190701"), value=10)
    imagery = open_imagery(tmp_path)
    assert imagery.layout == "chips"
    assert imagery.dates == (JUNE, JULY)
    assert imagery.bands == ("B04", "B08")
    a, b = imagery.tiles
    assert (a.name, a.dates, str(a.geobox.crs)) == ("a", (JUNE, JULY), "EPSG:32636")
    assert (b.name, b.dates, str(b.geobox.crs)) == ("b", (JULY,), "EPSG:32637")
    assert b.read(Window(0, 0, *SHAPE)).image[:, :, 0, 0].tolist() == [[20, 21]]
    assert a.field_files.field_ids == tmp_path / "a" / "field_ids.tif"
    assert b.field_files.field_ids == tmp_path / "b" / "field_ids.tif"


def test_chips_of_the_same_place_are_not_one_series(tmp_path: Path) -> None:
    write_chip(tmp_path / "first", value=1)
    write_chip(tmp_path / "second", value=5)
    tiles = open_imagery(tmp_path).tiles
    assert [tile.read(Window(0, 0, *SHAPE)).image.min() for tile in tiles] == [1, 5]


@pytest.mark.parametrize("name", ["Champ d'été", "田んぼ 3", "plot-20190606", "0001"])
def test_names_of_chip_folders_may_be_anything(tmp_path: Path, name: str) -> None:
    write_chip(tmp_path / name)
    write_chip(tmp_path / f"{name} x", left=LEFT + 1000)
    assert [tile.name for tile in open_imagery(tmp_path).tiles] == [name, f"{name} x"]


@pytest.mark.parametrize("suffix", ["gpkg", "geojson", "parquet"])
def test_fields_of_a_chip_may_be_a_vector_file(tmp_path: Path, suffix: str) -> None:
    folder = write_chip(tmp_path / "a")
    (folder / "field_ids.tif").unlink()
    shape = shapely.box(LEFT, TOP - 40, LEFT + 40, TOP)
    table = gpd.GeoDataFrame({"field_id": [1]}, geometry=[shape], crs="EPSG:32636").to_crs("EPSG:4326")
    file = folder / f"fields.{suffix}"
    table.to_parquet(file) if suffix == "parquet" else table.to_file(file)
    imagery = open_imagery(tmp_path)
    assert imagery.layout == "chips"
    assert imagery.tiles[0].field_files.vector == file


def test_a_chip_may_hold_date_folders_or_a_cube(tmp_path: Path) -> None:
    for day in ("20190606", "20190701"):
        write_raster(tmp_path / "a" / day / "B04.tif", image())
    write_raster(tmp_path / "a" / "field_ids.tif", image(1))
    (tmp_path / "b").mkdir()
    cube({"B04": np.ones((2, *SHAPE), np.uint16)}).to_netcdf(tmp_path / "b" / "season.nc", engine="h5netcdf")
    imagery = open_imagery(tmp_path)
    assert [(tile.name, len(tile.dates)) for tile in imagery.tiles] == [("a", 2), ("b", 2)]


def test_the_folder_around_chips_can_be_named(tmp_path: Path) -> None:
    write_chip(tmp_path / "chips" / "a")
    (tmp_path / "checkpoint" / "members").mkdir(parents=True)
    assert open_imagery(tmp_path).path == tmp_path / "chips"


def test_folders_without_images_are_left_out_and_told(tmp_path: Path) -> None:
    write_chip(tmp_path / "a")
    write_chip(tmp_path / "c", left=LEFT + 1000)
    (tmp_path / "empty one").mkdir()
    write_raster(tmp_path / "fields only" / "field_ids.tif", image(1))
    imagery = open_imagery(tmp_path)
    assert [tile.name for tile in imagery.tiles] == ["a", "c"]
    assert any("empty one" in warning and "fields only" in warning for warning in imagery.warnings)


def test_date_folders_with_a_folder_of_fields_are_no_chips(tmp_path: Path) -> None:
    for day in ("20190606", "20190701"):
        write_raster(tmp_path / day / "B04.tif", image())
    write_raster(tmp_path / "fields" / "field_ids.tif", image(1))
    imagery = open_imagery(tmp_path)
    assert imagery.layout == "files"
    assert imagery.dates == (JUNE, JULY)


def test_competition_folders_stay_what_they_are(tmp_path: Path) -> None:
    assert open_imagery(write_cv4a(tmp_path, tiles=2)).layout == "cv4a"


def test_a_pattern_that_names_tiles_goes_before_the_folders(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_chip(tmp_path / name, left=LEFT + 1000 * (name == "b"))
    imagery = open_imagery(tmp_path, pattern=r"^(?P<tile>\w+)/(?P<date>\d{8})$")
    assert imagery.layout == "files"
    assert open_imagery(tmp_path, pattern=r"^(?P<date>\d{8})$").layout == "chips"


def test_a_damaged_file_of_one_chip_is_named(tmp_path: Path) -> None:
    write_chip(tmp_path / "a")
    folder = write_chip(tmp_path / "b é", left=LEFT + 1000)
    (folder / "20190606.tif").write_bytes(b"II*\0")
    with pytest.raises(UnreadableFileError, match=r"b é/20190606\.tif"):
        open_imagery(tmp_path)


def test_the_same_warning_of_many_chips_is_told_once(tmp_path: Path) -> None:
    for number in range(6):
        write_chip(tmp_path / f"chip_{number}", left=LEFT + 1000 * number)
        write_raster(tmp_path / f"chip_{number}" / "elevation.tif", image(), left=LEFT + 1000 * number)
    warnings = open_imagery(tmp_path).warnings
    assert len(warnings) == 1
    assert "6 tiles (chip_0, chip_1, chip_2, ...)" in warnings[0]
    assert "elevation.tif" in warnings[0]


@pytest.mark.parametrize("tag", ["ACQUISITION_DATE", "acquisitionDatetime", "DATE_ACQUIRED"])
def test_the_images_and_fields_form_takes_its_date_from_a_tag(tmp_path: Path, tag: str) -> None:
    tags = {tag: "2019-06-06T08:00:00Z", "TIFFTAG_DATETIME": "2024:01:01 00:00:00"}
    write_single_date(tmp_path / "Images" / "chip 7", tag=tags)
    write_raster(tmp_path / "fields" / "chip 7" / "field_ids.tif", image(3))
    imagery = open_imagery(tmp_path)
    assert (imagery.layout, imagery.dates, imagery.bands, imagery.warnings) == ("chips", (JUNE,), ("B04", "B08"), ())
    assert imagery.tiles[0].field_files.field_ids == tmp_path / "fields" / "chip 7" / "field_ids.tif"


def test_the_tiff_tag_datetime_is_a_guess_that_is_told(tmp_path: Path) -> None:
    write_single_date(tmp_path / "Images" / "a", tag={"TIFFTAG_DATETIME": "2019:06:06 08:00:00"})
    imagery = open_imagery(tmp_path)
    assert imagery.dates == (JUNE,)
    assert "DateTime" in imagery.warnings[0]


STAC = {"type": "Feature", "properties": {"datetime": None, "start_datetime": "2019-06-06T00:00:00Z"}}


@pytest.mark.parametrize(
    ("place", "content"),
    [
        ("Images/a/stac.json", STAC),
        ("Images/a/a.json", {"properties": {"datetime": "2019-06-06T07:56:11.000Z"}}),
        ("Images/a/metadata.json", {"acquisition_date": "2019-06-06"}),
        ("Images/metadata.json", {"datetime": "2019-06-06"}),
        ("metadata.json", {"date": "20190606"}),
    ],
)
def test_a_sidecar_file_tells_the_date(tmp_path: Path, place: str, content: object) -> None:
    write_single_date(tmp_path / "Images" / "a")
    (tmp_path / place).write_text(json.dumps(content), "utf-8")
    assert open_imagery(tmp_path).dates == (JUNE,)


def test_a_sidecar_file_above_the_named_folder_has_no_say(tmp_path: Path) -> None:
    write_single_date(tmp_path / "in" / "Images" / "a")
    (tmp_path / "metadata.json").write_text('{"datetime": "2019-06-06"}', "utf-8")
    with pytest.raises(UnknownLayoutError, match="no date is known"):
        open_imagery(tmp_path / "in")


def test_a_sidecar_file_that_is_no_json_is_named(tmp_path: Path) -> None:
    write_single_date(tmp_path / "Images" / "a")
    (tmp_path / "Images" / "a" / "stac.json").write_text("{", "utf-8")
    with pytest.raises(UnreadableFileError, match=r"stac\.json"):
        open_imagery(tmp_path)


def test_the_day_that_the_user_gives_serves_images_without_one(tmp_path: Path) -> None:
    write_single_date(tmp_path / "a", tag={"TIFFTAG_DATETIME": "2024:01:01 00:00:00"})
    write_raster(tmp_path / "a" / "20190701_B08.tif", image())
    write_raster(tmp_path / "a" / "20190701_B04.tif", image())
    write_raster(tmp_path / "a" / "field_ids.tif", image())
    assert open_imagery(tmp_path, date=JUNE).dates == (JUNE, JULY)


def test_images_without_any_date_say_what_to_do(tmp_path: Path) -> None:
    write_single_date(tmp_path / "Images" / "a")
    with pytest.raises(UnknownLayoutError) as caught:
        open_imagery(tmp_path)
    for word in ("B04.tif", "stac.json", "ACQUISITION_DATE", "--date"):
        assert word in str(caught.value)


@pytest.mark.parametrize("content", ["nothing", "text", "undated"])
def test_a_wrong_layout_is_told_in_two_lines(tmp_path: Path, content: str) -> None:
    if content == "text":
        (tmp_path / "README.md").write_text("put chips here", "utf-8")
    if content == "undated":
        write_raster(tmp_path / "elevation.tif", image())
    with pytest.raises((UnknownLayoutError, InputNotFoundError)) as caught:
        open_imagery(tmp_path)
    first, second = str(caught.value).splitlines()
    assert {"nothing": "an empty folder", "text": "a folder with 1 MD file", "undated": "elevation.tif"}[content] in first
    assert "docs/" in second


def test_of_many_chip_folders_only_a_few_are_looked_into_when_they_are_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(50):
        write_chip(tmp_path / f"chip_{number}", left=LEFT + 1000 * number)
    looked_at = set()
    read_into = RasterFile.read_into

    def counted(self: RasterFile, *arguments: Any) -> None:
        looked_at.add(self.path.parent)
        read_into(self, *arguments)

    monkeypatch.setattr(RasterFile, "read_into", counted)
    assert len(open_imagery(tmp_path).tiles) == 50
    assert len(looked_at) <= 32
