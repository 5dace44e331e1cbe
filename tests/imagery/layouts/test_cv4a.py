import datetime as dt

import numpy as np
import pytest

from cropdetect.errors import GridError, InputNotFoundError, MissingBandError, UnknownLayoutError, UnreadableFileError
from cropdetect.imagery import Window, open_imagery
from tests.imagery.data import CV4A_BANDS, LEFT, TOP, cv4a_value, write_cv4a, write_raster

WHOLE = Window(0, 0, 12, 9)


def test_all_that_a_series_tells_is_true(tmp_path):
    imagery = open_imagery(write_cv4a(tmp_path / "sø dato", tiles=2))
    assert imagery.layout == "cv4a"
    assert imagery.warnings == ()
    assert [tile.name for tile in imagery.tiles] == ["0", "1"]
    tile = imagery.tiles[1]
    assert tile.dates == (dt.date(2019, 6, 6), dt.date(2019, 7, 1))
    assert tile.bands == CV4A_BANDS
    assert tile.mask_bands == ("CLD",)
    assert tile.dtype == np.uint16
    assert tile.geobox.shape == (12, 9)
    assert tuple(tile.geobox.affine)[:6] == (10, 0, LEFT + 1e5, 0, -10, TOP)
    assert tile.geobox.crs.epsg == 32636
    assert tile.sensor == "sentinel-2"
    assert tile.units == "digital number"
    assert tile.offset == 0
    assert len(tile.sources) == 26
    assert tile.sources[0] == "01/20190606/1_B01_20190606.tif"
    assert tile.n_bytes == sum((imagery.path / name).stat().st_size for name in tile.sources)
    assert tile.field_files.field_ids == imagery.path / "01" / "1_field_id.tif"
    assert tile.field_files.labels == imagery.path / "01" / "1_label.tif"
    assert tile.field_files.vector is None


def test_every_pixel_comes_from_its_own_file(tmp_path):
    tile = open_imagery(write_cv4a(tmp_path, tiles=2)).tiles[1]
    image = tile.read(WHOLE).image
    assert image.shape == (2, 13, 12, 9)
    for date in range(2):
        for band in range(12):
            np.testing.assert_array_equal(image[date, band], cv4a_value(1, date, band, (12, 9)))


def test_a_selection_is_a_part_of_the_whole(tmp_path):
    tile = open_imagery(write_cv4a(tmp_path)).tiles[0]
    whole = tile.read(WHOLE)
    part = tile.read(Window(3, 2, 8, 9), dates=[1], bands=["B8A", "B02"])
    np.testing.assert_array_equal(part.image, whole.image[1:, [8, 1], 3:8, 2:9])
    np.testing.assert_array_equal(part.clear, whole.clear[1:, 3:8, 2:9])


def test_cloud_probability_of_40_and_more_is_not_clear(tmp_path):
    clear = open_imagery(write_cv4a(tmp_path / "a", cloud=39)).tiles[0].read(WHOLE).clear
    assert not clear[:, 0, 0].any()
    assert clear.sum() == clear.size - 2
    assert not open_imagery(write_cv4a(tmp_path / "b", cloud=40)).tiles[0].read(WHOLE).clear.any()


def test_clear_is_known_where_cloud_probability_is_not_asked_for(tmp_path):
    tile = open_imagery(write_cv4a(tmp_path)).tiles[0]
    np.testing.assert_array_equal(tile.read(WHOLE, bands=["B02"]).clear, tile.read(WHOLE).clear)


def test_zero_reflectance_is_no_data_but_zero_cloud_probability_is_a_clear_sky(tmp_path):
    write_cv4a(tmp_path, cloud=0)
    image = cv4a_value(0, 0, 1, (12, 9))
    image[5, 5] = 0
    write_raster(tmp_path / "00/20190606/0_B02_20190606.tif", image, nodata=0)
    cloud = np.zeros((12, 9), np.uint8)
    write_raster(tmp_path / "00/20190606/0_CLD_20190606.tif", cloud, nodata=0)
    clear = open_imagery(tmp_path).tiles[0].read(WHOLE).clear
    assert not clear[0, 5, 5]
    assert clear[0].sum() == clear[0].size - 1


def test_files_without_crs_are_read(tmp_path):
    tile = open_imagery(write_cv4a(tmp_path, crs=None)).tiles[0]
    assert tile.geobox.crs is None
    np.testing.assert_array_equal(tile.read(WHOLE).image[0, 0], cv4a_value(0, 0, 0, (12, 9)))


def test_one_tile_folder_can_be_opened(tmp_path):
    write_cv4a(tmp_path, tiles=2)
    imagery = open_imagery(tmp_path / "01")
    assert imagery.layout == "cv4a"
    np.testing.assert_array_equal(imagery.tiles[0].read(WHOLE).image[0, 0], cv4a_value(1, 0, 0, (12, 9)))
    assert imagery.tiles[0].field_files.labels is not None


def test_vector_fields_in_the_root_belong_to_every_tile(tmp_path):
    write_cv4a(tmp_path, tiles=2)
    (tmp_path / "fields.geojson").write_text("{}")
    assert [tile.field_files.vector for tile in open_imagery(tmp_path).tiles] == [tmp_path / "fields.geojson"] * 2


def test_a_band_that_a_date_lacks_is_missing_there_with_a_warning(tmp_path):
    write_cv4a(tmp_path, days=("20190606", "20190701", "20190706"))
    whole = open_imagery(tmp_path).tiles[0].read(WHOLE)
    (tmp_path / "00/20190701/0_B11_20190701.tif").unlink()
    imagery = open_imagery(tmp_path)
    assert len(imagery.dates) == 3
    (warning,) = imagery.warnings
    assert "2019-07-01" in warning
    assert "B11" in warning
    (tile,) = imagery.tiles
    assert [day.day for day in tile.dates_with("B11")] == [6, 6]
    block = tile.read(WHOLE)
    np.testing.assert_array_equal(block.clear, whole.clear)
    expected = whole.image.astype(np.float32)
    expected[1, tile.bands.index("B11")] = np.nan
    np.testing.assert_array_equal(block.image, expected)
    assert open_imagery(tmp_path, bands=["B11"]).dates == tile.dates_with("B11")
    assert open_imagery(tmp_path, bands=["B02"]).tiles[0].read(WHOLE).image.dtype == np.uint16


def test_a_date_that_lacks_only_the_mask_band_is_left_out_with_a_warning(tmp_path):
    write_cv4a(tmp_path, days=("20190606", "20190701", "20190706"))
    (tmp_path / "00/20190701/0_CLD_20190701.tif").unlink()
    imagery = open_imagery(tmp_path, bands=["B02"])
    assert len(imagery.dates) == 2
    assert "2019-07-01 lacks CLD" in imagery.warnings[0]
    assert len(open_imagery(tmp_path, bands=["B02"], clear="none").dates) == 3


def test_a_band_that_most_dates_lack_is_missing_there(tmp_path):
    write_cv4a(tmp_path, days=("20190606", "20190701", "20190706"))
    for day in ("20190701", "20190706"):
        (tmp_path / f"00/{day}/0_B09_{day}.tif").unlink()
    imagery = open_imagery(tmp_path)
    assert len(imagery.dates) == 3
    assert imagery.tiles[0].dates_with("B09") == (dt.date(2019, 6, 6),)
    assert "B09: 2 of 3 dates lack the band" in imagery.warnings[0]


def test_a_band_that_is_nowhere_is_named(tmp_path):
    with pytest.raises(MissingBandError, match="VV"):
        open_imagery(write_cv4a(tmp_path), bands=["B02", "VV"])
    with pytest.raises(MissingBandError, match="SCL"):
        open_imagery(tmp_path, clear="SCL=4")


@pytest.mark.parametrize("change", [{"left": LEFT + 10}, {"crs": "EPSG:32637"}, {"crs": None}, {"pixel": 20}])
def test_a_file_on_another_grid_is_named(tmp_path, change):
    write_cv4a(tmp_path)
    file = tmp_path / "00/20190701/0_B04_20190701.tif"
    write_raster(file, np.ones((12, 9), np.uint16), **change)
    with pytest.raises(GridError, match="0_B04_20190701"):
        open_imagery(tmp_path)


def test_a_file_with_another_number_of_rows_is_named(tmp_path):
    write_cv4a(tmp_path)
    write_raster(tmp_path / "00/20190701/0_B04_20190701.tif", np.ones((11, 9), np.uint16))
    with pytest.raises(GridError, match="0_B04_20190701"):
        open_imagery(tmp_path)


def test_a_truncated_file_is_named_when_it_is_read(tmp_path):
    write_cv4a(tmp_path, shape=(200, 100))
    file = tmp_path / "00/20190701/0_B04_20190701.tif"
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableFileError, match="0_B04_20190701"):
        open_imagery(tmp_path).tiles[0].read(Window(0, 0, 200, 100))


@pytest.mark.parametrize("content", [b"", b"II*\0", b"not an image at all"])
def test_a_file_that_is_no_image_is_named_when_it_is_opened(tmp_path, content):
    write_cv4a(tmp_path)
    (tmp_path / "00/20190701/0_B04_20190701.tif").write_bytes(content)
    with pytest.raises(UnreadableFileError, match="0_B04_20190701"):
        open_imagery(tmp_path)


def test_nothing_there_is_told_apart_from_nothing_known(tmp_path):
    with pytest.raises(InputNotFoundError, match="nowhere"):
        open_imagery(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnknownLayoutError, match="empty folder"):
        open_imagery(tmp_path / "empty")
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(UnknownLayoutError, match="no image that can be read lies there"):
        open_imagery(tmp_path)


@pytest.mark.parametrize("window", [Window(-1, 0, 5, 5), Window(0, 0, 13, 9), Window(0, 0, 12, 10), Window(5, 5, 5, 8)])
def test_a_window_outside_the_grid_is_refused(tmp_path, window):
    tile = open_imagery(write_cv4a(tmp_path)).tiles[0]
    with pytest.raises(ValueError, match="grid"):
        tile.read(window)


def test_folders_and_images_that_are_left_out_are_named(tmp_path):
    write_cv4a(tmp_path)
    first = tmp_path / "00" / "20190606"
    write_raster(first / "0_B04_20190606_v2.tif", np.ones((12, 9), np.uint16))
    write_raster(tmp_path / "00" / "20190231" / "0_B04_20190231.tif", np.ones((12, 9), np.uint16))
    (tmp_path / "00" / "20190801").mkdir()
    imagery = open_imagery(tmp_path)
    assert imagery.dates == (dt.date(2019, 6, 6), dt.date(2019, 7, 1))
    assert imagery.warnings == (
        "2 folders without a day, or without images of it, are left out: 00/20190231, 00/20190801",
        "1 images whose names are not of the form TILE_BAND_DATE.tif are left out: 0_B04_20190606_v2.tif",
    )
