"""What all layouts have in common: their registry, and the list of the files that imagery is read from."""

import json
from pathlib import Path

import numpy as np
import pytest

from cropdetect.imagery import open_imagery
from cropdetect.imagery.layouts import LAYOUTS, Layout, OpenOptions
from tests.imagery.data import cube, write_cv4a, write_raster

IMAGE = np.ones((4, 6), np.uint16)


def write_example(layout: Layout, root: Path) -> Path:
    """Write a small folder of a layout."""
    kind = type(layout).__name__
    if kind == "CompetitionFolders":
        return write_cv4a(root)
    if kind == "ChipFolders":
        write_raster(root / "chip_1" / "20190606_B04.tif", IMAGE)
        write_raster(root / "chip_1" / "field_ids.tif", IMAGE)
    elif kind == "ImagesAndFields":
        write_raster(root / "Images" / "chip_1" / "B04.tif", IMAGE)
        (root / "Images" / "chip_1" / "stac.json").write_text(json.dumps({"properties": {"datetime": "2019-06-06T08:00:00Z"}}))
        write_raster(root / "fields" / "chip_1" / "field_ids.tif", IMAGE)
    elif kind == "Cubes":
        root.mkdir(exist_ok=True)
        cube({"B04": np.ones((2, 4, 6), np.uint16)}).to_netcdf(root / "season_10m.nc", engine="h5netcdf")
        cube({"B11": np.ones((2, 2, 3), np.uint16)}, pixel=20).to_zarr(root / "season_20m.zarr", consolidated=False)
        (root / "fields.gpkg").write_bytes(b"")
    elif kind == "StacItems":
        write_raster(root / "a" / "B04.tif", IMAGE)
        asset = {"href": "a/B04.tif", "type": "image/tiff; application=geotiff"}
        properties = {"datetime": "2019-06-06T08:00:00Z", "platform": "sentinel-2a"}
        item = {"type": "Feature", "stac_version": "1.0.0", "id": "a", "properties": properties, "assets": {"B04": asset}}
        (root / "items.json").write_text(json.dumps({"type": "FeatureCollection", "features": [item]}))
    else:
        write_raster(root / "20190606_B04.tif", IMAGE)
        (root / "fields.gpkg").write_bytes(b"")
    return root


FILES = {
    "ChipFolders": {"chip_1/20190606_B04.tif", "chip_1/field_ids.tif"},
    "ImagesAndFields": {"Images/chip_1/B04.tif", "Images/chip_1/stac.json", "fields/chip_1/field_ids.tif"},
    "Cubes": {"season_10m.nc", "season_20m.zarr", "fields.gpkg"},
    "StacItems": {"a/B04.tif", "items.json"},
    "Rasters": {"20190606_B04.tif", "fields.gpkg"},
}


def each_layout(layout: Layout) -> str:
    return type(layout).__name__


@pytest.mark.parametrize("layout", LAYOUTS, ids=each_layout)
def test_a_layout_is_the_first_that_recognises_its_own_folders(layout: Layout, tmp_path: Path) -> None:
    root = write_example(layout, tmp_path / "ROOT")
    assert next(one for one in LAYOUTS if one.recognises(root, OpenOptions(root))) is layout
    assert open_imagery(root).layout == layout.name


@pytest.mark.parametrize("layout", LAYOUTS, ids=each_layout)
def test_a_layout_documents_itself_and_finds_tiles_that_a_series_can_be_built_from(layout: Layout, tmp_path: Path) -> None:
    assert layout.tree.startswith("ROOT/\n")
    assert "\n" not in layout.description
    root = write_example(layout, tmp_path / "ROOT")
    (tile,) = layout.find(root, OpenOptions(root))
    days = [acquisition.date for acquisition in tile.acquisitions]
    assert days == sorted(days)
    for acquisition in tile.acquisitions:
        for name, layer in acquisition.layers.items():
            assert (layer.band, layer.date) == (name, acquisition.date)
            assert layer.reader.path.exists()


@pytest.mark.parametrize("layout", LAYOUTS, ids=each_layout)
def test_all_files_that_are_read_are_listed_with_sidecars_and_fields(layout: Layout, tmp_path: Path) -> None:
    root = write_example(layout, tmp_path / "ROOT")
    (root / "notes.txt").write_text("not read")
    wanted = {root / name for name in FILES.get(each_layout(layout), ())} or set(root.rglob("*.tif"))
    imagery = open_imagery(root)
    assert imagery.files() == sorted(wanted)
    assert imagery.files() == imagery.tiles[0].files()


def test_files_are_absolute_and_each_is_listed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for chip in ("a", "b"):
        write_raster(tmp_path / chip / "20190606_B04.tif", IMAGE)
    (tmp_path / "fields.gpkg").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    files = open_imagery(".", pattern=r"^(?P<tile>\w)/(?P<date>\d{8})_(?P<band>\w+)").files()
    assert files == [tmp_path / "a/20190606_B04.tif", tmp_path / "b/20190606_B04.tif", tmp_path / "fields.gpkg"]


def test_files_that_are_not_used_are_not_listed(tmp_path: Path) -> None:
    for band in ("B04", "B08"):
        write_raster(tmp_path / f"20190606_{band}.tif", IMAGE)
    write_raster(tmp_path / "elevation.tif", IMAGE)
    assert open_imagery(tmp_path, bands=["B08"]).files() == [tmp_path / "20190606_B08.tif"]


def test_mask_bands_and_product_metadata_are_listed(tmp_path: Path) -> None:
    product = tmp_path / "S2B_MSIL2A_20220415T105031_N0400_R051_T31UDS_20220415T140000.SAFE"
    images = product / "GRANULE" / "L2A_T31UDS" / "IMG_DATA" / "R10m"
    write_raster(images / "T31UDS_20220415T105031_B04_10m.tif", IMAGE * 1500)
    write_raster(images / "T31UDS_20220415T105031_SCL_10m.tif", np.full((4, 6), 4, np.uint8))
    metadata = product / "MTD_MSIL2A.xml"
    metadata.write_text('<x><BOA_ADD_OFFSET band_id="3">-1000</BOA_ADD_OFFSET></x>')
    imagery = open_imagery(tmp_path)
    assert imagery.tiles[0].offset == 1000
    assert imagery.files() == sorted([*images.iterdir(), metadata])


@pytest.mark.parametrize(
    ("images", "groups"),
    [
        ({"20190606_B04": 1, "20190606_B08": 1, "20190616_B04": 1, "20190616_B08": 1}, [[0], [1]]),
        ({"B04": ("20190606", "20190616"), "B08": ("20190606", "20190616")}, [[0, 1]]),
        ({"a": ("20190606_B04", "20190616_B04"), "20190626_B04": 1}, [[0, 1], [2]]),
    ],
)
def test_dates_in_one_file_are_read_together(
    tmp_path: Path, images: dict[str, int | tuple[str, ...]], groups: list[list[int]]
) -> None:
    for name, layers in images.items():
        descriptions = layers if isinstance(layers, tuple) else ()
        write_raster(tmp_path / f"{name}.tif", np.stack([IMAGE] * max(1, len(descriptions))), descriptions=descriptions)
    tile = open_imagery(tmp_path).tiles[0]
    assert tile.dates_by_file(range(len(tile.dates))) == groups
    assert tile.dates_by_file([0]) == [[0]]
