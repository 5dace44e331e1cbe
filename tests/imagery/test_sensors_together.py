"""Seasons of several sensors: missing values, each sensor's own clouds, passes, grids, units of backscatter."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from cropdetect.errors import ContradictionError, GridError
from cropdetect.imagery import Imagery, Window, open_imagery, stated_bands, stated_masks
from cropdetect.imagery.backscatter import scale_of
from cropdetect.imagery.orbits import orbit_by_time
from cropdetect.imagery.sensors import orbit_of, sensor_bands
from tests.imagery.data import LEFT, TOP, cube, write_raster

SHAPE = (6, 8)
WHOLE = Window(0, 0, *SHAPE)
GRD = "S1A_IW_GRDH_1SDV_{day}T{time}_{day}T{time}_027550_031BCD_ABCD"
DAWN, DUSK = "034500", "155000"  # UTC at 33.9 degrees east: local 6:00 and 18:05
MISSING = None


def optical(root: Path, day: str, value: int = 800, *, scl: Any = 4, bands: tuple[str, ...] = ("B04", "B08")) -> None:
    """Write Sentinel-2 bands and SCL, which may be one class or an image."""
    for number, band in enumerate(bands):
        write_raster(root / f"T36NYF_{day}T075611_{band}_10m.tif", np.full(SHAPE, value + 100 * number, np.uint16))
    if scl is not None:
        write_raster(root / f"T36NYF_{day}T075611_SCL_10m.tif", np.broadcast_to(np.uint8(scl), SHAPE))


def radar(root: Path, name: str, decibels: float = -12.0, **how: Any) -> None:
    """Write backscatter in decibels, all pixels alike."""
    write_raster(root / f"{name}.tif", np.full(SHAPE, decibels, np.float32), **how)


def table(imagery: Imagery) -> dict[str, list[float | None]]:
    """Return band -> its value at pixel (0, 0) on each date, None where it is missing."""
    (tile,) = imagery.tiles
    image = tile.read(WHOLE).image[:, :, 0, 0]
    rounded = [[None if np.isnan(number) else round(float(number), 2) for number in row] for row in image.astype(float)]
    return {band: [row[place] for row in rounded] for place, band in enumerate(tile.bands)}


def test_two_sensors_on_different_days_are_one_season(tmp_path: Path) -> None:
    optical(tmp_path, "20190606", 800)
    optical(tmp_path, "20190616", 900)
    radar(tmp_path, "20190608_VV", -11)
    imagery = open_imagery(tmp_path)
    assert imagery.dates == (dt.date(2019, 6, 6), dt.date(2019, 6, 8), dt.date(2019, 6, 16))
    assert table(imagery) == {"B04": [800, MISSING, 900], "B08": [900, MISSING, 1000], "VV": [MISSING, -11, MISSING]}
    (tile,) = imagery.tiles
    assert tile.read(WHOLE).clear.all()
    assert (tile.sensor, tile.units, tile.backscatter_unit) == ("sentinel-2", "digital number", "decibel")
    assert [day.day for day in tile.dates_with("VV")] == [8]
    assert not imagery.warnings
    stated = stated_bands(tile)
    assert {name: (one.unit, one.dates) for name, one in stated.items()} == {
        "B04": ("reflectance x 10000", 2),
        "B08": ("reflectance x 10000", 2),
        "VV": ("decibel", 1),
    }
    assert stated_masks(tile)["SCL"][0] == "SCL=4,5,6,7"


@pytest.mark.parametrize(
    ("scl", "clear", "red"),
    [(4, True, 800), (5, True, 800), (8, True, MISSING), (3, True, MISSING), (0, True, MISSING)],
)
def test_an_optical_cloud_hides_no_radar_of_its_day(tmp_path: Path, scl: int, clear: bool, red: float | None) -> None:
    optical(tmp_path, "20190606", scl=scl)
    radar(tmp_path, "20190606_VV", -9)
    imagery = open_imagery(tmp_path)
    assert table(imagery)["VV"] == [-9]
    assert table(imagery)["B04"] == [red]
    assert bool(imagery.tiles[0].read(WHOLE).clear.all()) is clear
    alone = open_imagery(tmp_path, bands=["B04", "B08"]).tiles[0].read(WHOLE)
    assert bool(alone.clear.any()) is (red is not MISSING)


def test_each_pixel_has_its_own_cloud(tmp_path: Path) -> None:
    scl = np.full(SHAPE, 4, np.uint8)
    scl[:3] = 9
    optical(tmp_path, "20190606", scl=scl)
    backscatter = np.full(SHAPE, -12, np.float32)
    backscatter[:, :2] = np.nan  # the end of the swath
    write_raster(tmp_path / "20190606_VV.tif", backscatter)
    (tile,) = open_imagery(tmp_path).tiles
    block = tile.read(WHOLE)
    red, vv = (block.image[0, tile.bands.index(band)] for band in ("B04", "VV"))
    assert np.array_equal(block.clear[0], (scl == 4) | ~np.isnan(backscatter))
    assert np.array_equal(np.isnan(red[block.clear[0]]), (scl != 4)[block.clear[0]])
    assert np.array_equal(np.isnan(vv), np.isnan(backscatter))


def test_a_mask_of_one_optical_sensor_hides_nothing_of_another(tmp_path: Path) -> None:
    optical(tmp_path, "20190606", scl=9)
    product = "LC08_L2SP_170060_20190606_20200828_02_T1"
    for name, value in (("SR_B4", 9000), ("QA_PIXEL", 21824)):
        write_raster(tmp_path / f"{product}_{name}.tif", np.full(SHAPE, value, np.uint16))
    found = table(open_imagery(tmp_path))
    assert found["B04"] == [MISSING]
    assert next(values for band, values in found.items() if "B4" in band and band != "B04") != [MISSING]


def test_a_window_and_some_dates_and_bands_are_those_of_the_whole(tmp_path: Path) -> None:
    optical(tmp_path, "20190606")
    optical(tmp_path, "20190616", scl=np.arange(48).reshape(SHAPE) % 11)
    write_raster(tmp_path / "20190616_VV.tif", -np.arange(48, dtype=np.float32).reshape(SHAPE) / 5 - 2)
    (tile,) = open_imagery(tmp_path).tiles
    whole, part = tile.read(WHOLE), tile.read(Window(1, 2, 5, 7), dates=[1], bands=["VV", "B08"])
    places = [tile.bands.index(band) for band in ("VV", "B08")]
    np.testing.assert_array_equal(part.image[0], whole.image[1, places, 1:5, 2:7])
    np.testing.assert_array_equal(part.clear[0], whole.clear[1, 1:5, 2:7])
    with pytest.raises(ValueError, match="B99"):
        tile.read(WHOLE, bands=["B99"])


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("s1-asc/20190606_VV", "s1-desc/20190608_VV"), {"VV_asc": [1, 0], "VV_desc": [0, 1]}),
        (("20190606_VV_asc", "20190608_VV_desc"), {"VV_asc": [1, 0], "VV_desc": [0, 1]}),
        (("20190606_VV_ascending", "20190608_VV_descending"), {"VV_ascending": [1, 0], "VV_descending": [0, 1]}),
        (("s1-asc/20190606_VV", "s1-asc/20190608_VV"), {"VV": [1, 1]}),
        (("20190606_VV", "20190608_VV"), {"VV": [1, 1]}),
        (  # Earth Engine's and Copernicus' names tell the time
            (f"{GRD.format(day='20190606', time=DAWN)}_VV", f"{GRD.format(day='20190608', time=DUSK)}_VV"),
            {"VV_asc": [0, 1], "VV_desc": [1, 0]},
        ),
        (
            (f"S1A_IW_20190606T{DAWN}_DVD_RTC30_G_gdunem_1A2B_VV", f"S1B_IW_20190608T{DUSK}_DVD_RTC30_G_gdunem_1A2B_VV"),
            {"VV_asc": [0, 1], "VV_desc": [1, 0]},
        ),
        (
            tuple(
                f"OPERA_L2_RTC-S1_T069-147170-IW1_{day}T{time}Z_20230915T101112Z_S1A_30_v1.0_VV"
                for day, time in (("20190606", DAWN), ("20190608", DUSK))
            ),
            {"VV_asc": [0, 1], "VV_desc": [1, 0]},
        ),
        ((f"{GRD.format(day='20190606', time=DAWN)}_VV", f"{GRD.format(day='20190618', time=DAWN)}_VV"), {"VV": [1, 1]}),
    ],
)
def test_passes_are_bands_of_their_own(tmp_path: Path, names: tuple[str, str], expected: dict[str, list[int]]) -> None:
    for name in names:
        radar(tmp_path, name)
    found = {band: [int(value is not MISSING) for value in values] for band, values in table(open_imagery(tmp_path)).items()}
    assert found == expected


@pytest.mark.parametrize("state", ["ascending", "ASCENDING", "asc"])
@pytest.mark.parametrize("where", ["item", "flat", "tag"])
def test_the_orbit_of_metadata_tells_the_pass(tmp_path: Path, state: str, where: str) -> None:
    other = {"ascending": "descending", "ASCENDING": "DESCENDING", "asc": "desc"}[state]
    for day, orbit in (("20190606", state), ("20190608", other)):
        radar(tmp_path, f"{day}_VV")
        if where == "tag":
            import rasterio

            with rasterio.open(tmp_path / f"{day}_VV.tif", "r+") as file:
                file.update_tags(orbitProperties_pass=orbit)
        else:
            content = {"properties": {"sat:orbit_state": orbit}} if where == "item" else {"orbit": orbit}
            (tmp_path / f"{day}_VV.json").write_text(json.dumps(content))
    assert table(open_imagery(tmp_path)) == {"VV_asc": [-12, MISSING], "VV_desc": [MISSING, -12]}


def test_name_and_metadata_that_tell_other_passes_are_an_error(tmp_path: Path) -> None:
    radar(tmp_path, "s1-asc/20190606_VV")
    (tmp_path / "s1-asc/20190606_VV.json").write_text(json.dumps({"properties": {"sat:orbit_state": "descending"}}))
    with pytest.raises(ContradictionError, match=r"asc.*descending"):
        open_imagery(tmp_path)


def test_the_passes_of_a_cube_are_told_by_its_attributes(tmp_path: Path) -> None:
    for day, orbit in (("2019-06-06", "ascending"), ("2019-06-08", "descending")):
        data: xr.Dataset = cube({"VV": np.full((1, *SHAPE), -12, np.float32)}, times=(day,))
        data.attrs["sat:orbit_state"] = orbit
        data.to_netcdf(tmp_path / f"{orbit}.nc", engine="h5netcdf")
    assert table(open_imagery(tmp_path)) == {"VV_asc": [-12, MISSING], "VV_desc": [MISSING, -12]}


@pytest.mark.parametrize(
    ("time", "longitude", "expected"),
    [
        ("055000", 3.0, "desc"), ("172500", 3.0, "asc"), ("05:50:00", 3.0, "desc"), ("155000", 34.2, "asc"),
        ("034500", 34.2, "desc"), ("210000", -52.0, "asc"), ("093000", -52.0, "desc"), ("103000", 3.0, ""), ("000000", 3.0, ""),
        ("", 3.0, ""),
    ],
)  # fmt: skip
def test_the_local_time_of_day_tells_the_pass(time: str, longitude: float, expected: str) -> None:
    from odc.geo.geobox import GeoBox

    grid = GeoBox.from_bbox((longitude - 0.1, 0.0, longitude + 0.1, 0.2), "EPSG:4326", resolution=0.01)
    assert orbit_by_time(time, grid) == expected


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((-25.0, -5.0), "decibel"), ((-18.0, 4.0), "decibel"), ((0.001, 0.3), "power"), ((-0.002, 2.0), "power"),
        ((30.0, 900.0), None), ((-2500.0, -300.0), None), ((0.0, 0.0), None),
    ],
)  # fmt: skip
def test_the_values_tell_the_scale_of_backscatter(numbers: tuple[float, float], expected: str | None) -> None:
    assert scale_of(np.linspace(*numbers, 200)) == expected


@pytest.mark.parametrize(
    ("name", "stored", "units", "decibels"),
    [
        ("20190606_VV", 0.1, "", -10.0),
        ("20190606_VV", -10.0, "", -10.0),
        ("20190606_VV", 0.1, "linear power", -10.0),
        ("20190606_VV", -10.0, "dB", -10.0),
        ("S1A_IW_20190606T055000_DVP_RTC30_G_gpuned_1A2B_VV", 0.1, "", -10.0),
        ("S1A_IW_20190606T055000_DVP_RTC30_G_gauned_1A2B_VV", 0.1, "", -20.0),  # amplitude
    ],
)
def test_backscatter_is_read_in_decibels(tmp_path: Path, name: str, stored: float, units: str, decibels: float) -> None:
    import rasterio

    radar(tmp_path, name, stored)
    if units:
        with rasterio.open(tmp_path / f"{name}.tif", "r+") as file:
            file.units = (units,)
    imagery = open_imagery(tmp_path)
    assert table(imagery)["VV"] == [decibels]
    assert imagery.tiles[0].backscatter_unit == "decibel"
    assert any("power" in text for text in imagery.warnings) is (stored > 0 and not units and "RTC" not in name)


def test_backscatter_of_an_unknown_scale_stays(tmp_path: Path) -> None:
    radar(tmp_path, "20190606_VV", 350.0)
    imagery = open_imagery(tmp_path)
    assert table(imagery) == {"VV": [350]}
    assert imagery.tiles[0].backscatter_unit == "unknown"
    assert "VV: the unit of the backscatter is not known" in imagery.warnings[0]


def test_power_that_is_not_positive_is_missing(tmp_path: Path) -> None:
    power = np.full(SHAPE, 0.1, np.float32)
    power[0, :4] = -0.001
    write_raster(tmp_path / "20190606_VV.tif", power)
    block = open_imagery(tmp_path).tiles[0].read(WHOLE)
    assert np.isnan(block.image[0, 0, 0, :4]).all()
    assert block.clear.sum() == block.clear.size - 4
    assert block.image[0, 0, 1, 1] == pytest.approx(-10, abs=1e-5)


@pytest.mark.parametrize(("names", "values"), [(("20190606_VV", "20190618_VV"), (0.1, -10.0))])
def test_dates_on_two_scales_are_an_error_that_names_both(
    tmp_path: Path, names: tuple[str, str], values: tuple[float, float]
) -> None:
    for name, value in zip(names, values, strict=True):
        radar(tmp_path, name, value)
    with pytest.raises(ContradictionError, match=r"(?s)VV of 2019-06-06 is power.*VV of 2019-06-18.*decibel"):
        open_imagery(tmp_path)


def test_a_name_that_contradicts_the_pixels_is_an_error(tmp_path: Path) -> None:
    radar(tmp_path, "S1A_IW_20190606T055000_DVP_RTC30_G_gpuned_1A2B_VV", -10.0)
    with pytest.raises(ContradictionError, match=r"power.*decibel"):
        open_imagery(tmp_path)


@pytest.mark.parametrize(
    ("pixel", "shift", "shape"),
    [(10.0, 0.0, SHAPE), (20.0, 0.0, (3, 4)), (10.0, 5.0, (8, 10)), (10.0, -200.0, (40, 50)), (30.0, -100.0, (20, 20))],
)
def test_radar_on_another_grid_is_brought_to_the_optical_one(
    tmp_path: Path, pixel: float, shift: float, shape: tuple[int, int]
) -> None:
    optical(tmp_path, "20190606")
    write_raster(tmp_path / "20190608_VV.tif", np.full(shape, -12, np.float32), pixel=pixel, left=LEFT + shift, top=TOP - shift)
    (tile,) = open_imagery(tmp_path).tiles
    assert (tile.geobox.shape, tile.geobox.affine.c, tile.geobox.affine.f) == (SHAPE, LEFT, TOP)
    block = tile.read(WHOLE)
    seen = block.image[1, tile.bands.index("VV")]
    assert np.array_equal(np.isnan(seen), ~block.clear[1])
    covered = 8 * 6 if shift <= 0 else 8 * 6 - 0
    assert (~np.isnan(seen)).sum() >= covered - 16
    assert np.nanmin(seen) == np.nanmax(seen) == -12


def test_a_finer_radar_sets_the_pixels(tmp_path: Path) -> None:
    write_raster(tmp_path / "20190606_B04.tif", np.full((2, 3), 900, np.uint16), pixel=30)
    write_raster(tmp_path / "20190608_VV.tif", np.full((6, 9), -12, np.float32), pixel=10)
    (tile,) = open_imagery(tmp_path).tiles
    assert (tile.geobox.shape, tile.geobox.affine.a) == ((6, 9), 10)


@pytest.mark.parametrize(
    ("place", "message"),
    [({"crs": "EPSG:4326", "pixel": 0.001, "left": 34.0, "top": 1.0}, "CRS"), ({"left": LEFT + 5000}, "areas")],
)
def test_sensors_that_cannot_lie_on_one_grid_are_an_error(tmp_path: Path, place: dict[str, Any], message: str) -> None:
    optical(tmp_path, "20190606")
    radar(tmp_path, "20190606_VV", **place)
    with pytest.raises(GridError, match=message):
        open_imagery(tmp_path)


@pytest.mark.parametrize(
    ("names", "sensor", "expected"),
    [
        (("B04", "VV"), None, {"sentinel-2": ("B04",), "sentinel-1": ("VV",)}),
        (("B04", "NDVI", "VV"), None, {"sentinel-2": ("B04", "NDVI"), "sentinel-1": ("VV",)}),
        (("B04", "L8_B5", "mine"), None, {"sentinel-2": ("B04",), "landsat-8": ("L8_B5",), "": ("mine",)}),
        (("red", "nir"), "planetscope", {"planetscope": ("red", "nir")}),
        (("mine", "yours"), None, {"": ("mine", "yours")}),
        (("VV_asc", "VH_desc"), None, {"sentinel-1": ("VV_asc", "VH_desc")}),
    ],
)
def test_bands_are_told_apart_by_sensor(names: tuple[str, ...], sensor: str | None, expected: dict[str, tuple[str, ...]]) -> None:
    assert sensor_bands(names, sensor) == expected


@pytest.mark.parametrize(
    ("name", "expected"), [("VV_asc", "asc"), ("VH_descending", "desc"), ("VV", ""), ("B04_p50", ""), ("S1-VV-db_asc", "asc")]
)
def test_the_name_of_a_band_tells_its_pass(name: str, expected: str) -> None:
    assert orbit_of(name) == expected


def test_the_real_composites_are_one_season(shared_data: Path) -> None:
    imagery = open_imagery(shared_data / "sentinel1_and_2")
    (tile,) = imagery.tiles
    assert tile.bands[:4] == ("VV_asc", "VH_asc", "VV_desc", "VH_desc")
    assert [day.day for day in imagery.dates] == [7, 14]
    assert [len(tile.dates_with(band)) for band in ("VV_asc", "B02_best", "B02_mean")] == [2, 1, 2]
    block = tile.read(Window(0, 0, 52, 52))
    best = block.image[:, tile.bands.index("B02_best")]
    assert np.isnan(best[1]).all()
    assert not np.isnan(best[0]).all()
    medians = np.nanmedian(block.image[:, :4], axis=(0, 2, 3))
    assert ((medians > -20) & (medians < -8)).all(), "decibels of farmland"


def test_backscatter_in_the_whole_numbers_of_worldcereal_is_told_with_the_way_to_decibels(tmp_path: Path) -> None:
    numbers = np.full((2, *SHAPE), round(10 ** ((-12 + 83) / 20)), np.uint16)
    cube({"S1-SIGMA0-VV": numbers, "S2-L2A-B04": numbers}).to_netcdf(tmp_path / "cube.nc", engine="h5netcdf")
    imagery = open_imagery(tmp_path)
    (warning,) = imagery.warnings
    assert warning.startswith("S1-SIGMA0-VV: the unit of the backscatter is not known")
    assert "20 log10(number) - 83" in warning
    assert imagery.tiles[0].read(WHOLE, bands=["S1-SIGMA0-VV"]).image[0, 0, 0, 0] == 3548  # 20 log10(3548) - 83 = -12.0


def test_of_asfs_products_the_previews_and_maps_are_no_bands(tmp_path: Path) -> None:
    name = "S1A_IW_20190606T055000_DVP_RTC30_G_gpuned_1A2B"
    write_raster(tmp_path / name / f"{name}_VV.tif", np.full(SHAPE, 0.1, np.float32))
    write_raster(tmp_path / name / f"{name}_rgb.tif", np.full((3, *SHAPE), 90, np.uint8))
    for layer in ("ls_map", "inc_map", "dem", "area"):
        write_raster(tmp_path / name / f"{name}_{layer}.tif", np.full(SHAPE, 1, np.float32))
    imagery = open_imagery(tmp_path)
    assert (imagery.bands, imagery.warnings) == (("VV",), ())
    assert imagery.tiles[0].read(WHOLE).image[0, 0, 0, 0] == pytest.approx(-10)
