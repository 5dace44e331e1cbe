"""What names tell of numbers that no file declares: Landsat's, radiance, scales of other producers."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cropdetect.imagery import Window, open_imagery
from cropdetect.imagery.named_numbers import NAMED_NUMBERS
from tests.imagery.data import cube, write_raster

SHAPE = (12, 12)
WHOLE = Window(0, 0, *SHAPE)
RED, NIR = np.random.default_rng(0).integers(300, 4000, (2, *SHAPE))
DAYS = ("2019-06-06", "2019-06-16")


def stored(wanted: Any) -> np.ndarray[Any, Any]:
    """Return reflectance x 10000 as Landsat's Collection 2, Level 2 stores it (LSDS-1619, section 5)."""
    return np.round((np.asarray(wanted) / 1e4 + 0.2) / 2.75e-5)


@pytest.mark.parametrize("dtype", ["uint16", "int32", "float32", "float64"])
def test_landsats_stored_numbers_in_an_export_of_earth_engine_become_reflectance(tmp_path: Path, dtype: str) -> None:
    images = np.stack([stored(RED), stored(NIR), np.full(SHAPE, 21_824)]).astype(dtype)
    images[:2, 0, 0] = 0
    write_raster(tmp_path / "LC08_199025_20190606.tif", images, descriptions=("SR_B4", "SR_B5", "QA_PIXEL"))
    imagery = open_imagery(tmp_path)
    block = imagery.tiles[0].read(WHOLE)
    np.testing.assert_allclose(block.image[0, :, 1:], np.stack([RED, NIR])[:, 1:], atol=0.3)
    assert (imagery.tiles[0].units, imagery.warnings) == ("digital number", ())
    assert not block.clear[0, 0, 0]


def test_landsats_stored_numbers_under_the_names_of_stac_become_reflectance_with_a_warning(tmp_path: Path) -> None:
    images = {"red": stored([RED, RED]), "nir08": stored([NIR, NIR]), "qa_pixel": np.full((2, *SHAPE), 21_824)}
    cube({name: image.astype(np.uint16) for name, image in images.items()}, times=DAYS).to_netcdf(tmp_path / "landsat.nc")
    imagery = open_imagery(tmp_path)
    np.testing.assert_allclose(imagery.tiles[0].read(WHOLE).image[0], np.stack([RED, NIR]), atol=0.3)
    (warning,) = imagery.warnings
    assert "x 0.0000275 - 0.2" in warning


def test_landsats_bands_of_any_level_have_no_unit_until_they_are_named(tmp_path: Path) -> None:
    write_raster(tmp_path / "LC08_199025_20190606.tif", stored([RED, NIR]).astype(np.uint16), descriptions=("B4", "B5"))
    imagery = open_imagery(tmp_path)
    assert imagery.tiles[0].units == "unknown"
    assert "SR_B4" in imagery.warnings[0]
    named = open_imagery(tmp_path, band_names={"B4": "SR_B4", "B5": "SR_B5"})
    np.testing.assert_allclose(named.tiles[0].read(WHOLE).image[0, 0], RED, atol=0.3)


def test_landsats_reflectances_of_10000_stay(tmp_path: Path) -> None:
    write_raster(tmp_path / "LC08_199025_20190606.tif", np.stack([RED, NIR]).astype(np.uint16), descriptions=("SR_B4", "SR_B5"))
    imagery = open_imagery(tmp_path)
    np.testing.assert_array_equal(imagery.tiles[0].read(WHOLE).image[0], np.stack([RED, NIR]))
    assert imagery.warnings == ()


@pytest.mark.parametrize(
    "name", ["LC08_L1TP_199025_20190606_20200828_02_T1_B4.tif", "20190606_101530_00_1032_3B_AnalyticMS_clip.tif"]
)
def test_counts_and_radiance_have_no_unit(tmp_path: Path, name: str) -> None:
    images = np.stack([RED, RED, RED, NIR] if "Analytic" in name else [RED]).astype(np.uint16)
    write_raster(tmp_path / name, images)
    imagery = open_imagery(tmp_path)
    assert imagery.tiles[0].units == "unknown"
    assert "unit is not known. Order" in imagery.warnings[0]


def test_surface_reflectance_of_planet_has_its_unit(tmp_path: Path) -> None:
    write_raster(tmp_path / "20190606_101530_00_1032_3B_AnalyticMS_SR_clip.tif", np.stack([RED, RED, RED, NIR]).astype(np.uint16))
    imagery = open_imagery(tmp_path)
    assert (imagery.tiles[0].units, imagery.warnings) == ("digital number", ())


@pytest.mark.parametrize("unit", ["W m-2 sr-1 um-1", "mW/(m2 sr nm)", "radiance"])
def test_a_declared_unit_of_radiance_is_no_reflectance(tmp_path: Path, unit: str) -> None:
    data = cube({"B04": np.stack([RED, NIR]).astype(np.uint16)}, times=DAYS)
    data["B04"].attrs["units"] = unit
    data.to_netcdf(tmp_path / "cube.nc")
    imagery = open_imagery(tmp_path)
    assert imagery.tiles[0].units == "unknown"
    assert unit in imagery.warnings[0]


@pytest.mark.parametrize(("dtype", "full", "atol"), [("uint16", 65_535, 0.1), ("uint8", 255, 20), ("float32", 1, 0.01)])
def test_raw_bands_of_the_copernicus_browser_become_reflectance(tmp_path: Path, dtype: str, full: int, atol: float) -> None:
    stored = RED / 1e4 * full
    name = "2019-06-06-00:00_2019-06-06-23:59_Sentinel-2_L2A_B04_(Raw).tiff"
    write_raster(tmp_path / name, (stored if dtype == "float32" else np.round(stored)).astype(dtype))
    tile = open_imagery(tmp_path).tiles[0]
    np.testing.assert_allclose(tile.read(WHOLE).image[0, 0], RED, atol=atol)
    assert (tile.units, tile.sensor, str(tile.dates[0])) == ("digital number", "sentinel-2", "2019-06-06")


def test_level_1c_is_told(tmp_path: Path) -> None:
    write_raster(tmp_path / "S2A_MSIL1C_20190606T105031_N0207_R051_T31TBL_20190606T125031" / "B04.tif", RED.astype(np.uint16))
    imagery = open_imagery(tmp_path)
    assert imagery.tiles[0].units == "digital number"
    assert "level 1C" in imagery.warnings[0]


@pytest.mark.parametrize(("factor", "told"), [(1, ""), (2, "brighter"), (0.01, "darker")])
def test_near_infrared_that_is_unlike_land_is_told(tmp_path: Path, factor: float, told: str) -> None:
    nir = np.linspace(4500, 6500, 144).reshape(SHAPE) * factor
    write_raster(tmp_path / "20190606.tif", np.stack([RED, nir]).astype(np.uint16), descriptions=("B04", "B08"))
    warnings = open_imagery(tmp_path).warnings
    assert len(warnings) == bool(told)
    assert all(f"{told} than land" in warning and "B08" in warning for warning in warnings)


def test_an_offset_that_is_asked_for_is_not_taken_off_dates_that_are_too_dark_for_it(tmp_path: Path) -> None:
    days = {"20211205": 0, "20220110": 0, "20220214": 1000, "20220319": 1000}
    for day, added in days.items():
        write_raster(tmp_path / f"{day}.tif", (np.stack([RED, NIR]) + added).astype(np.uint16), descriptions=("B04", "B08"))
    imagery = open_imagery(tmp_path, offset=1000)
    for image in imagery.tiles[0].read(WHOLE).image:
        np.testing.assert_array_equal(image, np.stack([RED, NIR]))
    assert "2022-01-25" in imagery.warnings[0]


def test_an_offset_that_is_asked_for_is_taken_off_all_dates_that_may_contain_it(tmp_path: Path) -> None:
    for day in ("20211205", "20220214"):  # all of one later baseline
        write_raster(tmp_path / f"{day}_B04.tif", (RED + 1000).astype(np.uint16))
    imagery = open_imagery(tmp_path, offset=1000, band_names={"B04": "B04"})
    np.testing.assert_array_equal(imagery.tiles[0].read(WHOLE).image[:, 0], np.stack([RED, RED]))
    assert imagery.warnings == ()


def test_patterns_and_sources_of_named_numbers_are_written() -> None:
    assert all(re.compile(row.pattern) and row.source and row.warning for row in NAMED_NUMBERS)
