"""Every layout that the input folder `chips` may have is predicted without options, by the shipped checkpoint."""

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from typer.testing import CliRunner

from cropdetect.cli import app
from cropdetect.errors import UnreadableFileError
from tests.imagery.data import CV4A_BANDS, LEFT, TOP, cube, write_raster

SIDE = 24  # pixels
DAYS = ("20190606", "20190701", "20190805")
IDS = np.zeros((SIDE, SIDE), np.int32)
IDS[3:9, 3:9], IDS[12:20, 10:18] = 1, 2
AREA = {1: 36, 2: 64}


def bands(seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    shape = (SIDE, SIDE)
    return {n: np.zeros(shape, np.uint16) if n == "CLD" else rng.integers(300, 3000, shape, np.uint16) for n in CV4A_BANDS}


def polygons(file: Path, left: float) -> None:
    boxes = [shapely.box(left + 30, TOP - 90, left + 90, TOP - 30), shapely.box(left + 100, TOP - 200, left + 180, TOP - 120)]
    gpd.GeoDataFrame({"field_id": [1, 2]}, geometry=boxes, crs="EPSG:32636").to_file(file)


def competition(root: Path) -> list[object]:
    for tile in range(2):
        left = LEFT + 1e4 * tile
        for day in DAYS:
            for name, image in bands(tile).items():
                write_raster(root / f"{tile:02}" / day / f"{tile}_{name}_{day}.tif", image, left=left)
        write_raster(root / f"{tile:02}" / f"{tile}_field_id.tif", np.where(IDS > 0, IDS + 10 * tile, 0), left=left)
    return [1, 2, 11, 12]


def chip_folders(root: Path) -> list[object]:
    for number, name in enumerate(("Champ d'été", "b")):
        left = LEFT + 1e4 * number
        for day in DAYS[number:]:
            images = bands(number)
            write_raster(root / name / f"{day}.tif", np.stack(list(images.values())), left=left, descriptions=tuple(images))
        if number:
            polygons(root / name / "fields.gpkg", left)
        else:
            write_raster(root / name / "field_ids.tif", IDS, left=left)
    return ["Champ d'été/1", "Champ d'été/2", "b/1", "b/2"]


def images_and_fields(root: Path) -> list[object]:
    for number in range(2):
        left = LEFT + 1e4 * number
        for name, image in bands(number).items():
            file = write_raster(root / "Images" / f"{number:03}" / f"{name}.tif", image, left=left)
            with rasterio.open(file, "r+") as raster:
                raster.update_tags(ACQUISITION_DATE="2019-07-01")
        write_raster(root / "fields" / f"{number:03}" / "field_ids.tif", np.where(IDS > 0, IDS + 10 * number, 0), left=left)
    return [1, 2, 11, 12]


def cube_and_geopackage(root: Path) -> list[object]:
    root.mkdir(parents=True)
    images = {name: np.stack([image] * 2) for name, image in bands(0).items()}
    cube(images, times=("2019-06-06", "2019-07-01")).to_netcdf(root / "season.nc", engine="h5netcdf")
    polygons(root / "fields.gpkg", LEFT)
    return [1, 2]


@pytest.mark.parametrize("layout", [competition, chip_folders, images_and_fields, cube_and_geopackage])
def test_the_input_folder_is_predicted_without_options(tmp_path: Path, layout: Callable[[Path], list[object]]) -> None:
    expected = layout(tmp_path / "input" / "chips")
    checkpoint = "kenya-simulated"
    out = tmp_path / "out"
    done = CliRunner().invoke(app, ["predict", str(tmp_path / "input" / "chips"), str(out), "--checkpoint", checkpoint])
    assert done.exit_code == 0, done.exception
    table = pd.read_csv(out / "predictions.csv")
    assert table["field_id"].tolist() == expected
    assert (table["status"] == "ok").all()
    assert table["n_pixels"].tolist() == [AREA[int(str(one)[-1])] for one in expected]
    assert gpd.read_file(out / "fields.gpkg")["field_id"].tolist() == expected
    maps = sorted(out.glob("crop_map*.tif"))
    assert len(maps) == max(1, len(expected) // 2)
    crop_ids = table.set_index("field_id")["crop_id"]
    for number, file in enumerate(maps):
        with rasterio.open(file) as raster:
            painted = raster.read(1)
        first, second = expected[2 * number : 2 * number + 2]
        np.testing.assert_array_equal(painted, np.select([IDS == 1, IDS == 2], [crop_ids[first], crop_ids[second]]))


def test_crop_maps_bear_the_names_of_the_chip_folders(tmp_path: Path) -> None:
    chip_folders(tmp_path / "chips")
    (tmp_path / "chips" / "b").rename(tmp_path / "chips" / "Champ d_été")
    checkpoint = "kenya-simulated"
    done = CliRunner().invoke(app, ["predict", str(tmp_path / "chips"), str(tmp_path / "out"), "--checkpoint", checkpoint])
    assert done.exit_code == 0, done.exception
    maps = sorted(file.name for file in (tmp_path / "out").glob("crop_map*.tif"))
    assert maps == ["crop_map_Champ_d_été.tif", "crop_map_Champ_d_été_1.tif"]


@pytest.mark.parametrize(
    ("file", "content"),
    [("b/20190805.tif", b"II*\0"), ("b/fields.gpkg", b"SQLite format 3\0"), ("Champ d'été/field_ids.tif", b"")],
)
def test_a_damaged_file_of_a_chip_is_named_and_nothing_is_written(tmp_path: Path, file: str, content: bytes) -> None:
    chip_folders(tmp_path / "chips")
    (tmp_path / "chips" / file).write_bytes(content)
    checkpoint = "kenya-simulated"
    done = CliRunner().invoke(app, ["predict", str(tmp_path / "chips"), str(tmp_path / "out"), "--checkpoint", checkpoint])
    assert isinstance(done.exception, UnreadableFileError)
    assert file in str(done.exception)
    assert not (tmp_path / "out").exists()


def test_an_empty_or_unknown_input_folder_says_where_the_layouts_are(tmp_path: Path) -> None:
    (tmp_path / "chips").mkdir()
    checkpoint = "kenya-simulated"
    arguments = ["predict", str(tmp_path / "chips"), str(tmp_path / "out"), "--checkpoint", checkpoint]
    for _ in range(2):
        done = CliRunner().invoke(app, arguments)
        assert "--layouts" in str(done.exception)
        assert not (tmp_path / "out").exists()
        (tmp_path / "chips" / "README.md").write_text("Put chips here.", "utf-8")
