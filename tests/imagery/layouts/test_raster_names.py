"""Dates and bands of rasters: what names and descriptions say is used, or it is said why not."""

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pytest

from cropdetect.errors import AmbiguousNameError, MissingBandError, OptionError, UnknownLayoutError
from cropdetect.imagery import Window, open_imagery
from cropdetect.imagery.bands import find_band
from tests.imagery.data import cube, write_raster

WHOLE = Window(0, 0, 4, 6)
L8 = "LC08_L2SP_200028_{}_20200828_02_T1"


def image(value: int, layers: int | None = None) -> np.ndarray:
    return np.full((4, 6) if layers is None else (layers, 4, 6), value, np.uint16)


@pytest.mark.parametrize(
    ("names", "days"),
    [
        (["2019-05_B04.tif", "2019-06_B04.tif"], [dt.date(2019, 5, 16), dt.date(2019, 6, 15)]),
        (["201905/B04.tif", "201906/B04.tif"], [dt.date(2019, 5, 16), dt.date(2019, 6, 15)]),
        (["2019W22_B04.tif", "2019W23_B04.tif"], [dt.date(2019, 5, 30), dt.date(2019, 6, 6)]),
        (["20190601_20190607_B04.tif"], [dt.date(2019, 6, 4)]),
        (["2019/06/05/B04.tif", "2019/06/06/B04.tif"], [dt.date(2019, 6, 5), dt.date(2019, 6, 6)]),
        (
            [f"{L8.format('20190606')}_SR_B4.TIF", f"{L8.format('20190622')}_SR_B4.TIF"],
            [dt.date(2019, 6, 6), dt.date(2019, 6, 22)],
        ),
    ],
)
def test_dates_come_from_any_form(tmp_path: Path, names: list[str], days: list[dt.date]) -> None:
    for number, name in enumerate(names):
        write_raster(tmp_path / name, image(number + 1))
    tile = open_imagery(tmp_path).tiles[0]
    assert list(tile.dates) == days
    assert tile.read(WHOLE).image[:, 0, 0, 0].tolist() == list(range(1, len(days) + 1))


def test_two_dates_of_an_unknown_product_are_an_error_whose_patterns_work(tmp_path: Path) -> None:
    write_raster(tmp_path / "scene_20190606_20200828_B04.tif", image(1))
    with pytest.raises(AmbiguousNameError, match="2019-06-06, 2020-08-28") as error:
        open_imagery(tmp_path)
    patterns = [line.split("'")[1] for line in error.value.fix.splitlines() if "--pattern" in line]
    assert [open_imagery(tmp_path, pattern=one).dates for one in patterns] == [(dt.date(2019, 6, 6),), (dt.date(2020, 8, 28),)]


def test_day_and_month_that_could_be_swapped_are_an_error_whose_patterns_work(tmp_path: Path) -> None:
    write_raster(tmp_path / "B04_06-07-2019.tif", image(1))
    with pytest.raises(AmbiguousNameError, match="2019-06-07, 2019-07-06") as error:
        open_imagery(tmp_path)
    patterns = [line.split("'")[1] for line in error.value.fix.splitlines() if "--pattern" in line]
    assert [open_imagery(tmp_path, pattern=one).dates for one in patterns] == [(dt.date(2019, 6, 7),), (dt.date(2019, 7, 6),)]


@pytest.mark.parametrize(
    ("name", "pattern", "day"),
    [
        ("plot7_20190606_B04.tif", r"_(?P<date>\d{8})_", dt.date(2019, 6, 6)),
        ("x201906y_B04.tif", r"x(?P<date>\d{6})y", dt.date(2019, 6, 15)),
        ("B04_190606.tif", r"_(?P<year>\d\d)(?P<month>\d\d)(?P<day>\d\d)$", dt.date(2019, 6, 6)),
        ("B04_980606.tif", r"_(?P<year>\d\d)(?P<month>\d\d)(?P<day>\d\d)$", dt.date(1998, 6, 6)),
        ("B04_190631.tif", r"_(?P<year>\d\d)(?P<month>\d\d)(?P<day>\d\d)$", None),
        ("B04_06.2019.tif", r"(?P<month>\d\d)\.(?P<year>\d{4})", dt.date(2019, 6, 15)),
    ],
)
def test_a_pattern_may_name_the_date_alone(tmp_path: Path, name: str, pattern: str, day: dt.date | None) -> None:
    write_raster(tmp_path / name, image(1))
    if day is None:
        with pytest.raises(UnknownLayoutError, match="year '19'"):
            open_imagery(tmp_path, pattern=pattern)
    else:
        assert open_imagery(tmp_path, pattern=pattern).dates == (day,)


@pytest.mark.parametrize(("pattern", "told"), [(r"(?P<date>\d{4}x)", "matches nothing"), (r"(?P<date>B0\d)", "date 'B04'")])
def test_a_pattern_that_finds_no_date_says_what_it_matched(tmp_path: Path, pattern: str, told: str) -> None:
    write_raster(tmp_path / "20190606_B04.tif", image(1))
    with pytest.raises(UnknownLayoutError, match=told) as error:
        open_imagery(tmp_path, pattern=pattern)
    assert "20190606_B04" in str(error.value)


def test_one_day_for_several_images_of_a_band_is_an_error(tmp_path: Path) -> None:
    write_raster(tmp_path / "spring_B04.tif", image(1))
    write_raster(tmp_path / "spring_B08.tif", image(1))
    day = dt.date(2019, 6, 6)
    assert open_imagery(tmp_path, date=day).bands == ("B04", "B08")
    write_raster(tmp_path / "summer_B04.tif", image(2))
    with pytest.raises(OptionError, match=r"spring_B04\.tif and summer_B04\.tif"):
        open_imagery(tmp_path, date=day)


def test_one_day_for_several_cubes_of_a_band_is_an_error(tmp_path: Path) -> None:
    for name in ("a", "b"):
        data = cube({"B04": image(1, 2)}).isel(time=0, drop=True)
        data.to_netcdf(tmp_path / f"{name}.nc", engine="h5netcdf")
    with pytest.raises(OptionError, match=r"a\.nc and b\.nc"):
        open_imagery(tmp_path, date=dt.date(2019, 6, 6))


def test_name_and_description_with_different_dates_are_an_error(tmp_path: Path) -> None:
    write_raster(tmp_path / "20190606_B04.tif", image(1), descriptions=("20190707",))
    with pytest.raises(AmbiguousNameError, match=r"2019-06-06.*2019-07-07"):
        open_imagery(tmp_path)
    assert open_imagery(tmp_path, pattern=r"^(?P<date>\d{8})").dates == (dt.date(2019, 6, 6),)


def test_a_folder_with_another_date_than_its_file_is_told(tmp_path: Path) -> None:
    write_raster(tmp_path / "20200101" / "20190606_B04.tif", image(1))
    write_raster(tmp_path / "2019-07" / "20190706_B04.tif", image(1))
    imagery = open_imagery(tmp_path)
    assert imagery.dates == (dt.date(2019, 6, 6), dt.date(2019, 7, 6))
    (warning,) = imagery.warnings
    assert "2019-06-06, folder 2020-01-01" in warning


def test_a_year_alone_is_its_middle_day_unless_metadata_know_better(tmp_path: Path) -> None:
    names = tuple(f"A{number:02}" for number in range(64))
    write_raster(tmp_path / "embedding_2019.tif", image(1, 64), descriptions=tuple(names))
    imagery = open_imagery(tmp_path)
    assert imagery.dates == (dt.date(2019, 7, 2),)
    assert imagery.bands == names
    assert "only a year" in imagery.warnings[0]
    (tmp_path / "embedding_2019.json").write_text(json.dumps({"datetime": "2019-06-06T00:00:00Z"}))
    assert open_imagery(tmp_path).dates == (dt.date(2019, 6, 6),)


def test_suffixes_make_bands_of_their_own(tmp_path: Path) -> None:
    write_raster(tmp_path / "20190606.tif", np.stack([image(1), image(2), image(3)]), descriptions=("B4_p10", "B4_p50", "VV_asc"))
    tile = open_imagery(tmp_path).tiles[0]
    assert tile.bands == ("B4_p10", "B4_p50", "VV_asc")
    assert tile.read(WHOLE).image[0, :, 0, 0].tolist() == [1, 2, 3]


def test_passes_and_statistics_are_told_apart_where_a_day_has_both(tmp_path: Path) -> None:
    for number, name in enumerate(("s1-asc/20190606_VV", "s1-desc/20190606_VV", "s2/20190606_B04_mean", "s2/20190606_B04_max")):
        write_raster(tmp_path / f"{name}.tif", image(number + 1))
    tile = open_imagery(tmp_path).tiles[0]
    values = dict(zip(tile.bands, tile.read(WHOLE).image[0, :, 0, 0].tolist(), strict=True))
    assert values == {"VV_asc": 1, "VV_desc": 2, "B04_mean": 3, "B04_max": 4}


def test_bands_of_two_sensors_are_two_bands(tmp_path: Path) -> None:
    for name, value in (
        (f"{L8.format('20190606')}_SR_B5", 8),
        ("S2A_31TBL_20190606_0_L2A/B05", 2),
        ("S2A_31TBL_20190606_0_L2A/B8A", 3),
    ):
        write_raster(tmp_path / f"{name}.tif", image(value))
    tile = open_imagery(tmp_path).tiles[0]
    values = dict(zip(tile.bands, tile.read(WHOLE).image[0, :, 0, 0].tolist(), strict=True))
    assert values == {"B05": 2, "B8A": 3, "L8_B5": 8}
    for file in tmp_path.glob("LC08*"):
        file.rename(file.with_name(file.name.replace("SR_B5", "SR_B05")))
    assert set(open_imagery(tmp_path).bands) == {"B05", "L8_B05", "B8A"}


@pytest.mark.parametrize("names", [("20190606_B04.tif", "20190606_B04.tiff"), ("20190606_B04_10m.tif", "20190606_B04.tif")])
def test_two_files_that_would_be_one_band_are_an_error(tmp_path: Path, names: tuple[str, str]) -> None:
    for name in names:
        write_raster(tmp_path / name, image(1))
    with pytest.raises(AmbiguousNameError, match="two layers would be band B04 of 2019-06-06") as error:
        open_imagery(tmp_path)
    assert all(name in str(error.value) for name in names)


def test_two_layers_that_would_be_one_band_are_an_error(tmp_path: Path) -> None:
    write_raster(tmp_path / "20190606.tif", image(1, 2), descriptions=("winter_B04", "summer_B04"))
    with pytest.raises(AmbiguousNameError, match=r"layer 1 of 20190606\.tif and layer 2 of 20190606\.tif"):
        open_imagery(tmp_path)


@pytest.mark.parametrize(
    ("name", "bands"),
    [
        ("20190606_VV-VH", ("VV", "VH")),
        ("S1_20190606_VV_VH", ("VV", "VH")),
        ("S2_B04_B08_20190606", ("B04", "B08")),
        ("MODIS_20190606_sur_refl_b01_sur_refl_b02", ("sur_refl_b01", "sur_refl_b02")),
    ],
)
def test_layers_without_descriptions_take_the_names_that_the_file_lists(
    tmp_path: Path, name: str, bands: tuple[str, ...]
) -> None:
    write_raster(tmp_path / f"{name}.tif", np.stack([image(1), image(2)]))
    tile = open_imagery(tmp_path).tiles[0]
    assert tile.bands == bands
    assert tile.read(WHOLE).image[0, :, 0, 0].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("descriptions", "roles"),
    [
        (["Red", "Red Edge 1", "NIR narrow"], ["red", "rededge071", "nir08"]),
        (["vegetation_red_edge_2", "Near Infra Red", "short wave infra red"], ["rededge075", "nir", ""]),
        (["BLUE", "BROADNIR", "NIR"], ["blue", "nir", "nir08"]),  # FORCE
        (["band_2", "band_3", "band_8"], ["blue", "green", "nir"]),
        (["Band 1", "Band 2", "Band 3"], ["", "", ""]),
        (["", "", ""], ["", "", ""]),
    ],
)
def test_a_layer_is_the_band_that_its_whole_description_says(tmp_path: Path, descriptions: list[str], roles: list[str]) -> None:
    for day in ("20190606", "20190616"):
        write_raster(tmp_path / f"S2A_{day}.tif", image(700, 3), descriptions=tuple(descriptions))
    tile = open_imagery(tmp_path).tiles[0]
    assert [find_band(band, "sentinel-2").role for band in tile.bands] == roles
    assert any("Nothing says which bands band_1" in one for one in open_imagery(tmp_path).warnings) == (not any(roles))


def test_all_reflectances_get_one_unit_whatever_words_name_them(tmp_path: Path) -> None:
    names = ["blue", "re2", "nir_narrow", "BROADNIR", "vegetation_red_edge_1"]
    write_raster(tmp_path / "S2A_20190606.tif", np.full((5, 4, 6), 0.25, np.float32), descriptions=tuple(names))
    tile = open_imagery(tmp_path).tiles[0]
    assert tile.read(WHOLE).image[0, :, 0, 0].tolist() == [2500] * 5


@pytest.mark.parametrize("as_file", [False, True])
def test_bands_are_renamed(tmp_path: Path, as_file: bool) -> None:
    write_raster(tmp_path / "images" / "20190606.tif", np.stack([image(1), image(2)]))
    (tmp_path / "names.yaml").write_text("band_1: B04\nband_2: B08\n")
    tile = open_imagery(
        tmp_path / "images",
        band_names=str(tmp_path / "names.yaml") if as_file else "band_2=B08, band_1=B04",
        bands=["B08", "B04"],
    ).tiles[0]
    assert (tile.bands, tile.sensor) == (("B08", "B04"), "sentinel-2")
    assert tile.read(WHOLE).image[0, :, 0, 0].tolist() == [2, 1]


@pytest.mark.parametrize(
    ("band_names", "error", "told"),
    [
        ("B9=B09", MissingBandError, "B4, B5"),
        ("B4=red,B4=rot", OptionError, "named twice"),
        ("B4=red,B5=red", OptionError, "two bands"),
        ("B4=B5", OptionError, "two bands"),
        ("B4=", OptionError, "cannot be understood"),
    ],
)
def test_names_that_cannot_be_given_are_refused(tmp_path: Path, band_names: str, error: type[Exception], told: str) -> None:
    write_raster(tmp_path / "20190606.tif", image(1, 2), descriptions=("B4", "B5"))
    with pytest.raises(error, match=told):
        open_imagery(tmp_path, band_names=band_names)


def test_bands_of_an_unknown_sensor_are_told_where_it_matters(tmp_path: Path) -> None:
    write_raster(tmp_path / "20190606.tif", image(1, 2), descriptions=("B4", "B5"))
    (warning,) = open_imagery(tmp_path).warnings
    assert "B4, B5" in warning
    assert open_imagery(tmp_path, band_names="B4=L8_B4,B5=L8_B5").warnings == ()


@pytest.mark.parametrize("name", ["SCL", "scl", "S2-L2A-SCL"])
def test_a_class_band_masks_clouds_however_its_name_is_written(tmp_path: Path, name: str) -> None:
    classes = np.array([[4] * 6] * 3 + [[9] * 6], np.uint8)
    data = cube({"red": image(400, 1), name: classes[None]}, times=("2019-06-06",))
    data.to_netcdf(tmp_path / "cube.nc", engine="h5netcdf")
    tile = open_imagery(tmp_path).tiles[0]
    assert (tile.mask_bands, tile.sensor) == ((name,), "sentinel-2")
    assert tile.read(WHOLE).clear[0].sum() == 18


def test_two_digits_of_a_year_are_no_month_of_1904(tmp_path):
    for day in ("190405", "190515"):
        write_raster(tmp_path / f"{day}_B04.tif", image(700))
    with pytest.raises(UnknownLayoutError, match=r"If 190405 is a day, write its year with four digits: 20190405_B04\.tif"):
        open_imagery(tmp_path)


@pytest.mark.parametrize("days", [("200405", "200515"), ("200405", "200512")])  # of 2020; 200405 may be a month of 2004
def test_days_with_two_digits_of_the_year_that_may_be_months_are_refused(tmp_path, days):
    for day in days:
        write_raster(tmp_path / f"{day}_B04.tif", image(700))
    with pytest.raises(AmbiguousNameError, match="2004-05-01 to 2004-05-31, 2020-04-05"):
        open_imagery(tmp_path)


def test_layers_that_only_number_their_dates_are_refused_with_the_way_to_date_them(tmp_path):
    write_raster(tmp_path / "season2019.tif", image(700, 2), descriptions=("0_B4", "1_B4"))
    with pytest.raises(AmbiguousNameError, match="Layers of several days need the day"):
        open_imagery(tmp_path)


def test_a_spread_is_no_reflectance_whatever_its_capitals(tmp_path: Path) -> None:
    """Earth Engine's reducers write B4_stdDev."""
    names = ("B4_median", "B4_stdDev", "B8_variance", "NDVI_stdDev")
    write_raster(tmp_path / "S2_2019-06.tif", np.stack([image(value) for value in (400, 30, 20, 9)]), descriptions=names)
    tile = open_imagery(tmp_path).tiles[0]
    assert tile.bands == names
    assert tile.read(WHOLE).image[0, :, 0, 0].tolist() == [400, 30, 20, 9]


def test_the_name_of_a_file_with_a_spread_is_no_reflectance(tmp_path: Path) -> None:
    write_raster(tmp_path / "20190606_B04_stdDev.tif", image(30))
    write_raster(tmp_path / "20190606_B08.tif", image(3000))
    tile = open_imagery(tmp_path).tiles[0]
    assert set(tile.bands) == {"B08", "B04_stdDev"}


@pytest.mark.parametrize("descriptions", [("X2019.06.06", "X2019.06.16"), ("T20190606", "T20190616"), ("A2019157", "A2019167")])
def test_a_letter_before_the_date_of_a_layer_is_no_band(tmp_path: Path, descriptions: tuple[str, str]) -> None:
    for band in ("B04", "B08"):
        write_raster(tmp_path / f"{band}.tif", np.stack([image(1), image(2)]), descriptions=descriptions)
    imagery = open_imagery(tmp_path)
    assert (imagery.bands, imagery.dates) == (("B04", "B08"), (dt.date(2019, 6, 6), dt.date(2019, 6, 16)))
