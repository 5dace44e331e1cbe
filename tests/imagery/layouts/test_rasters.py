import datetime as dt
import re

import numpy as np
import pytest

from cropdetect.errors import (
    AmbiguousNameError,
    GridError,
    MissingBandError,
    OptionError,
    UnknownLayoutError,
    UnreadableFileError,
)
from cropdetect.imagery import Window, match_bands, open_imagery
from tests.imagery.data import LEFT, write_raster

APRIL, MAY = dt.date(2018, 4, 15), dt.date(2018, 5, 5)
WHOLE = Window(0, 0, 4, 6)


def image(value, shape=(4, 6), dtype=np.uint16):
    return np.full(shape, value, dtype)


def test_one_file_a_band_and_date(tmp_path):
    for day, value in (("20180415", 1), ("20180505", 5)):
        write_raster(tmp_path / f"{day}_B08.tif", image(value), nodata=0)
        write_raster(tmp_path / f"{day}_B04.tif", image(value + 1), nodata=0)
    imagery = open_imagery(tmp_path)
    tile = imagery.tiles[0]
    assert imagery.layout == "files"
    assert (tile.name, tile.dates, tile.bands, tile.sensor) == ("", (APRIL, MAY), ("B04", "B08"), "sentinel-2")
    assert tile.read(WHOLE).image[:, :, 0, 0].tolist() == [[2, 1], [6, 5]]


def test_one_file_with_all_bands_a_date(tmp_path):
    for day, value in (("2018-04-15", 1), ("2018-05-05", 5)):
        bands = np.stack([image(value), image(value + 1), image(4)])
        write_raster(tmp_path / f"season_{day}.tif", bands, descriptions=("VH", "VV", "SCL"))
    tile = open_imagery(tmp_path).tiles[0]
    assert tile.bands == ("VH", "VV")
    assert tile.mask_bands == ("SCL",)
    assert tile.sensor == "sentinel-1"
    assert tile.read(WHOLE).image[:, :, 0, 0].tolist() == [[1, 2], [5, 6]]


def test_one_file_with_all_dates_a_band_in_chip_folders(tmp_path):
    for chip, value in (("0001", 10), ("0002", 20)):
        for band in ("B04", "B08"):
            dates = np.stack([image(value), image(value + 1)])
            file = tmp_path / "Images" / chip / f"{band}.tif"
            write_raster(file, dates, descriptions=("2018-04-15", "20180505"), left=LEFT + value * 1000)
        write_raster(tmp_path / "fields" / chip / "field_ids.tif", image(7), left=LEFT + value * 1000)
    imagery = open_imagery(tmp_path)
    assert [tile.name for tile in imagery.tiles] == ["0001", "0002"]
    assert imagery.dates == (APRIL, MAY)
    second = imagery.tiles[1]
    assert second.read(WHOLE).image[:, 0, 0, 0].tolist() == [20, 21]
    assert second.field_files.field_ids == tmp_path / "fields" / "0002" / "field_ids.tif"


def test_one_file_with_all_dates_and_bands(tmp_path):
    layers = np.stack([image(value) for value in (1, 2, 3, 4)])
    file = write_raster(
        tmp_path / "stack.tif", layers, descriptions=("B04_20180415", "B08_20180415", "2018-05-05 B04", "2018-05-05 B08")
    )
    for path in (file, tmp_path):
        tile = open_imagery(path).tiles[0]
        assert tile.bands == ("B04", "B08")
        assert tile.read(WHOLE).image[:, :, 0, 0].tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize("name", ["20180415.tif", "S2A_MSIL2A_20180415.tif", "LC08_20180415.tif"])
def test_unnamed_layers_are_numbered_and_the_numbers_are_no_bands_of_a_sensor(tmp_path, name):
    write_raster(tmp_path / name, np.stack([image(1), image(2)]))
    imagery = open_imagery(tmp_path)
    assert imagery.bands == ("band_1", "band_2")
    assert any("which bands band_1, band_2 are" in warning for warning in imagery.warnings)
    for sensor, second in (("sentinel-2", "B02"), ("landsat-8", "B2")):
        with pytest.raises(MissingBandError, match="band_1, band_2") as error:
            match_bands(imagery.bands, [second], sensor=imagery.tiles[0].sensor, needed_sensor=sensor)
        assert "--band-names band_1=NAME,band_2=NAME" in error.value.fix


def test_a_pattern_takes_the_place_of_the_ready_made_ones(tmp_path):
    for farm in ("north", "south"):
        write_raster(tmp_path / farm / "Aufnahme 05.05.tif", image(1))
        write_raster(tmp_path / farm / "x-20180415-rot.tif", image(3), left=LEFT if farm == "north" else LEFT + 5000)
    imagery = open_imagery(tmp_path, pattern=r"^(?P<tile>\w+)/x-(?P<date>\d{8})-(?P<band>\w+)$")
    assert [tile.name for tile in imagery.tiles] == ["north", "south"]
    assert imagery.bands == ("rot",)
    assert "Aufnahme" in imagery.warnings[0]


@pytest.mark.parametrize("pattern", ["(", "no groups", "(?P<day>.)"])
def test_a_pattern_that_cannot_be_used_is_refused(tmp_path, pattern):
    write_raster(tmp_path / "20180415_B04.tif", image(1))
    with pytest.raises(OptionError, match=re.escape(pattern)):
        open_imagery(tmp_path, pattern=pattern)


def test_files_without_dates_are_told(tmp_path):
    write_raster(tmp_path / "elevation.tif", image(1))
    with pytest.raises(UnknownLayoutError, match=r"elevation\.tif"):
        open_imagery(tmp_path)
    write_raster(tmp_path / "20180415_B04.tif", image(1))
    assert "elevation.tif" in open_imagery(tmp_path).warnings[0]


def safe(root, day, baseline, *, metadata=None, value=1500, tile="T31UDS"):
    """Write a product as ESA delivers it, GeoTIFFs in JP2's place so that values are exact."""
    product = root / f"S2B_MSIL2A_{day}T105031_N{baseline}_R051_{tile}_{day}T140000.SAFE"
    granule = product / "GRANULE" / "L2A_T31UDS"
    for band, pixel, shape in (
        ("B04", 10, (12, 12)),
        ("B04", 20, (6, 6)),
        ("B11", 20, (6, 6)),
        ("SCL", 20, (6, 6)),
        ("TCI", 10, (12, 12)),
    ):
        data = image(4 if band == "SCL" else value, shape, np.uint8 if band == "SCL" else np.uint16)
        if band == "B04":
            data[:2, :2] = 0
            data[-1, -1] = 700
        write_raster(granule / "IMG_DATA" / f"R{pixel}m" / f"{tile}_{day}T105031_{band}_{pixel}m.tif", data, pixel=pixel)
    write_raster(granule / "QI_DATA" / "MSK_CLDPRB_20m.tif", image(0, (6, 6), np.uint8), pixel=20)
    write_raster(granule / "QI_DATA" / f"{tile}_{day}T105031_PVI.tif", image(0, (6, 6), np.uint8), pixel=20)
    if metadata is not None:
        values = "".join(f'<BOA_ADD_OFFSET band_id="{band}">{metadata}</BOA_ADD_OFFSET>' for band in range(13))
        (product / "MTD_MSIL2A.xml").write_text(
            f"<n1:Level-2A><BOA_ADD_OFFSET_VALUES_LIST>{values}</BOA_ADD_OFFSET_VALUES_LIST></n1:Level-2A>"
        )
    return product


def test_sentinel2_products_are_read_at_their_finest(tmp_path):
    product = safe(tmp_path, "20180415", "0207")
    for path in (tmp_path, product, product / "GRANULE"):
        imagery = open_imagery(path)
        tile = imagery.tiles[0]
        assert imagery.dates == (APRIL,)
        assert imagery.warnings == ()
        assert tile.bands == ("B04", "B11", "CLD") if path != product / "GRANULE" else ("B04", "B11")
        assert tile.geobox.shape == (12, 12)
        assert tile.offset == 0
        block = tile.read(Window(0, 0, 12, 12))
        assert not block.clear[0, :2, :2].any()
        assert block.clear[0, 2:].all()


def test_the_offset_of_new_baselines_is_taken_off_and_recorded(tmp_path):
    safe(tmp_path, "20180415", "0207", value=500)
    safe(tmp_path, "20230415", "0509", value=1500)
    tile = open_imagery(tmp_path).tiles[0]
    assert tile.offset == 1000
    image = tile.read(Window(0, 0, 12, 12)).image
    for band in (0, 1):
        assert image[:, band, 4, 4].tolist() == [500, 500]
    assert image[:, 0, -1, -1].tolist() == [700, 0]  # 700 - 1000, clipped
    assert image[:, 0, 0, 0].tolist() == [0, 0]  # no data
    assert image[:, 2, 4, 4].tolist() == [0, 0]  # CLD has no offset
    assert open_imagery(tmp_path).tiles[0].read(Window(0, 0, 12, 12)).clear[:, 4, 4].all()


def test_metadata_go_before_the_product_name(tmp_path):
    safe(tmp_path / "a", "20230415", "0509", metadata=-250)
    safe(tmp_path / "b", "20230415", "0509", metadata=0)
    assert open_imagery(tmp_path / "a").tiles[0].offset == 250
    assert open_imagery(tmp_path / "b").tiles[0].offset == 0
    part = open_imagery(next((tmp_path / "a").glob("*/GRANULE/*/IMG_DATA")))
    assert part.tiles[0].offset == 250


def test_the_offset_asked_for_goes_before_all(tmp_path):
    safe(tmp_path, "20230415", "0509")
    assert open_imagery(tmp_path, offset=0).tiles[0].read(Window(4, 4, 6, 6)).image[0, 0, 0, 0] == 1500
    assert open_imagery(tmp_path, offset=400).tiles[0].read(Window(4, 4, 6, 6)).image[0, 0, 0, 0] == 1100
    with pytest.raises(OptionError):
        open_imagery(tmp_path, offset=-1)


def test_no_data_stays_no_data_under_an_offset(tmp_path):
    data = image(1500)
    data[0, 0] = 65535
    write_raster(tmp_path / "20180415_B04.tif", data, nodata=65535)
    block = open_imagery(tmp_path, offset=1000).tiles[0].read(WHOLE)
    assert block.image[0, 0, 0, :2].tolist() == [65535, 500]
    assert block.clear[0, 0, :2].tolist() == [False, True]


def test_an_unknown_baseline_after_january_2022_is_told(tmp_path):
    write_raster(tmp_path / "T31UDS_20230415T105031_B04_10m.tif", image(1500))
    assert "offset" in open_imagery(tmp_path).warnings[0]
    assert open_imagery(tmp_path, offset=0).warnings == ()


def test_the_clear_pixel_of_a_day_wins_and_the_clearest_acquisition_comes_first(tmp_path):
    def acquisition(time, value, classes):
        write_raster(tmp_path / f"T31UDS_20180415T{time}_B04_10m.tif", image(value), nodata=0)
        write_raster(tmp_path / f"T31UDS_20180415T{time}_SCL_10m.tif", classes)

    early, late = image(4, dtype=np.uint8), image(4, dtype=np.uint8)
    early[:, :3] = 9  # half cloud
    late[0] = 8  # a quarter cloud
    acquisition("105031", 100, early)
    acquisition("110000", 200, late)
    tile = open_imagery(tmp_path).tiles[0]
    assert tile.dates == (APRIL,)
    block = tile.read(WHOLE)
    assert (block.image[0, 0, 1:] == 200).all()  # both may be clear: the clearest acquisition
    assert (block.image[0, 0, 0, 3:] == 100).all()  # only the other is clear
    assert block.clear[0].sum() == 24 - 3
    assert not block.clear[0, 0, :3].any()
    parts = [tile.read(Window(row, column, row + 1, column + 2)).image for row in range(4) for column in (0, 2, 4)]
    np.testing.assert_array_equal(np.concatenate(parts, axis=-1).reshape(-1), block.image.reshape(-1))


def test_values_without_clear_sky_go_before_no_values(tmp_path):
    west, east = image(100), image(200)
    west[:, 3:], east[:, :3] = 0, 0
    for time, half in (("105031", west), ("110000", east)):
        write_raster(tmp_path / f"T31UDS_20180415T{time}_B04_10m.tif", half, nodata=0)
        write_raster(tmp_path / f"T31UDS_20180415T{time}_SCL_10m.tif", image(9, dtype=np.uint8))
    block = open_imagery(tmp_path).tiles[0].read(WHOLE)
    assert block.image[0, 0, 0].tolist() == [100] * 3 + [200] * 3
    assert not block.clear.any()


def test_two_satellites_of_one_day_are_told_apart_by_their_folders(tmp_path):
    for satellite, value in (("S2A", 1), ("S2B", 2)):
        for band in ("B04", "B08"):
            write_raster(tmp_path / satellite / f"20180415_{band}.tif", image(value))
    imagery = open_imagery(tmp_path)
    assert len(imagery.tiles) == 1
    assert imagery.dates == (APRIL,)
    assert len(set(imagery.tiles[0].read(WHOLE).image.ravel())) == 1  # all bands from one acquisition


def test_bands_of_one_day_in_folders_of_their_own_are_one_acquisition(tmp_path):
    write_raster(tmp_path / "optical" / "20180415_B04.tif", image(1))
    write_raster(tmp_path / "masks" / "20180415_SCL.tif", image(4))
    imagery = open_imagery(tmp_path)
    assert imagery.warnings == ()
    assert imagery.tiles[0].read(WHOLE).clear.all()


def test_classes_are_no_bands_unless_they_are_asked_for(tmp_path):
    write_raster(tmp_path / "20180415_B04.tif", image(1))
    write_raster(tmp_path / "20180415_SCL.tif", image(9, dtype=np.uint8))
    write_raster(tmp_path / "20180415_QA60.tif", image(0))
    assert open_imagery(tmp_path).bands == ("B04",)
    tile = open_imagery(tmp_path, bands=["SCL", "B04"]).tiles[0]
    assert tile.bands == ("SCL", "B04")
    assert tile.read(WHOLE).image[0, :, 0, 0].tolist() == [9, 1]
    assert open_imagery(tmp_path, clear="QA60=0").tiles[0].read(WHOLE).clear.all()
    assert open_imagery(tmp_path, clear="none").tiles[0].read(WHOLE).clear.all()
    with pytest.raises(MissingBandError, match="CLD"):
        open_imagery(tmp_path, clear="CLD<40")


def test_float_images_hold_nan_where_a_value_is_missing(tmp_path):
    data = image(0.5, dtype=np.float32)
    data[0, 0], data[0, 1] = -9999, np.nan
    write_raster(tmp_path / "20180415_NDVI.tif", data, nodata=-9999)
    counts = image(7, dtype=np.int16)
    counts[1, 1] = -1
    write_raster(tmp_path / "20180415_EVI.tif", counts, nodata=-1)
    tile = open_imagery(tmp_path).tiles[0]
    block = tile.read(WHOLE)
    assert tile.dtype == np.float32
    assert tile.units == "unknown"
    assert np.argwhere(np.isnan(block.image[0])).tolist() in (
        [[0, 1, 1], [1, 0, 0], [1, 0, 1]],
        [[0, 0, 0], [0, 0, 1], [1, 1, 1]],
    )
    assert np.argwhere(~block.clear[0]).tolist() == [[0, 0], [0, 1], [1, 1]]


def test_areas_of_one_granule_in_folders_of_their_own_are_tiles(tmp_path):
    for number in range(2):
        write_raster(
            tmp_path / f"tile_{number}" / "T31UDS_20180415T105031_B04_10m.tif", image(number + 1), left=LEFT + number * 60
        )
    write_raster(tmp_path / "tile_1" / "field_ids.tif", image(1), left=LEFT + 60)
    first, second = open_imagery(tmp_path).tiles
    assert (first.name, second.name) == ("tile_0", "tile_1")
    assert second.read(WHOLE).image.max() == 2
    assert first.field_files.field_ids is None
    assert second.field_files.field_ids is not None


def test_another_area_in_a_date_folder_is_an_error(tmp_path):
    write_raster(tmp_path / "20180415" / "B04.tif", image(1))
    write_raster(tmp_path / "20180425" / "B04.tif", image(1))
    write_raster(tmp_path / "20180505" / "B04.tif", image(1), left=LEFT + 600)
    with pytest.raises(GridError, match="20180505"):
        open_imagery(tmp_path)


def test_jp2_files_are_read(tmp_path):
    data = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64) + 1
    file = tmp_path / "T31UDS_20180415T105031_B04_10m.jp2"
    write_raster(file, data, driver="JP2OpenJPEG", QUALITY="100", REVERSIBLE="YES")
    np.testing.assert_array_equal(open_imagery(tmp_path).tiles[0].read(Window(0, 0, 64, 64)).image[0, 0], data)
    file.write_bytes(file.read_bytes()[:300])
    with pytest.raises(UnreadableFileError, match="B04_10m"):
        open_imagery(tmp_path).tiles[0].read(Window(0, 0, 64, 64))


def test_south_up_files_are_turned_north_up(tmp_path):
    import rasterio
    from affine import Affine

    data = np.arange(24, dtype=np.uint16).reshape(4, 6) + 1
    write_raster(tmp_path / "20180415_B04.tif", data)
    with rasterio.open(
        tmp_path / "20180415_B08.tif", "w", driver="GTiff", count=1, height=4, width=6, dtype="uint16", crs="EPSG:32636",
        transform=Affine(10, 0, LEFT, 0, 10, 100_000 - 40),
    ) as file:  # fmt: skip
        file.write(data[::-1], 1)
    image = open_imagery(tmp_path).tiles[0].read(Window(0, 2, 3, 6)).image
    np.testing.assert_array_equal(image[0, 0], data[0:3, 2:6])
    np.testing.assert_array_equal(image[0, 1], data[0:3, 2:6])


def test_a_scale_of_a_ten_thousandth_means_digital_numbers(tmp_path):
    import rasterio

    file = write_raster(tmp_path / "20230415_B04.tif", image(1500))
    with rasterio.open(file, "r+") as raster:
        raster.scales, raster.offsets = (0.0001,), (-0.1,)
    tile = open_imagery(tmp_path).tiles[0]
    assert (tile.offset, tile.units, tile.dtype) == (1000, "digital number", np.uint16)
    assert tile.read(WHOLE).image.max() == 500


def test_layers_without_a_band_beside_others_are_told(tmp_path):
    write_raster(tmp_path / "a.b.tif", image(1, (2, 4, 6)), descriptions=("20190606_B04", "20190606"))
    imagery = open_imagery(tmp_path)
    assert imagery.bands == ("B04",)
    assert "1 files have layers without date or band, which are left out: a.b.tif" in imagery.warnings


def test_a_broken_file_beside_the_images_is_told(tmp_path):
    write_raster(tmp_path / "20190606_B04.tif", image(1))
    (tmp_path / "stac.json").write_text("{broken")
    assert "1 files beside the images, such as stac.json, are no JSON and are not used" in open_imagery(tmp_path).warnings


@pytest.mark.parametrize(
    ("names", "days"),
    [
        (("S2_June_2020", "S2_July_2020"), ((6, 15), (7, 16))),
        (("S2_202006D1", "S2_202006D2", "S2_202006D3"), ((6, 5), (6, 15), (6, 25))),
        (("gm_s2_semiannual_x198y099_2020-01--P6M", "gm_s2_semiannual_x198y099_2020-07--P6M"), ((3, 31), (9, 30))),
    ],
)
def test_composites_lie_on_the_middle_of_their_days(tmp_path, names, days):
    for number, name in enumerate(names):
        write_raster(tmp_path / f"{name}.tif", image(500 + number, (2, 4, 6)), descriptions=("B04", "B08"))
    imagery = open_imagery(tmp_path)
    assert imagery.dates == tuple(dt.date(2020, *day) for day in days)


def test_two_composites_of_one_month_are_refused_and_those_of_two_places_are_not(tmp_path):
    write_raster(tmp_path / "a" / "2020-06_B04.tif", image(1))
    write_raster(tmp_path / "b" / "2020-06_B04.tif", image(1), left=LEFT + 60)
    assert open_imagery(tmp_path).dates == (dt.date(2020, 6, 15),)
    write_raster(tmp_path / "c" / "2020-06_B04.tif", image(2))
    with pytest.raises(OptionError, match=r"a/2020-06_B04\.tif and c/2020-06_B04\.tif"):
        open_imagery(tmp_path)


def test_years_are_different_days(tmp_path):
    write_raster(tmp_path / "2019_B04.tif", image(1))
    write_raster(tmp_path / "2020_B04.tif", image(2))
    assert open_imagery(tmp_path).dates == (dt.date(2019, 7, 2), dt.date(2020, 7, 1))


def test_the_pattern_that_the_error_proposes_reads_years_of_two_digits(tmp_path):
    for name in ("S2_200601_B04", "S2_200606_B04"):
        write_raster(tmp_path / f"{name}.tif", image(1))
    with pytest.raises(AmbiguousNameError) as caught:
        open_imagery(tmp_path)
    month, day = re.findall("--pattern '(.+)'", caught.value.fix)
    assert open_imagery(tmp_path, pattern=day).dates == (dt.date(2020, 6, 1), dt.date(2020, 6, 6))
    assert open_imagery(tmp_path, pattern=month).dates == (dt.date(2006, 1, 16), dt.date(2006, 6, 15))
