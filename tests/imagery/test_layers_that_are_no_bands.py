"""Layers that come along with bands: angles, previews, masks, and second versions of a band."""

from pathlib import Path

import numpy as np
import pytest

from cropdetect.imagery import Window, open_imagery
from tests.imagery.data import write_raster

SHAPE = (12, 12)
WHOLE = Window(0, 0, *SHAPE)
RED = np.full(SHAPE, 700, np.uint16)


@pytest.mark.parametrize(
    "name",
    [
        "angle",
        "localIncidenceAngle",
        "SAA",
        "VZA",
        "SolarZenith",
        "oa_solar_azimuth",
        "TCI_R",
        "visual",
        "AOT",
        "WVP",
        "label",
        "field_id",
    ],
)
def test_layers_that_are_no_bands_are_left_out_and_told(tmp_path: Path, name: str) -> None:
    write_raster(tmp_path / "20190606.tif", np.stack([RED, RED + 1]), descriptions=("B04", name))
    imagery = open_imagery(tmp_path)
    assert imagery.bands == ("B04",)
    assert f"{name}: not used" in imagery.warnings[0]
    assert open_imagery(tmp_path, band_names={name: "mine"}).bands == ("B04", "mine")


@pytest.mark.parametrize("name", ["rectangle", "VV", "elevation", "SAVI", "zen"])
def test_other_layers_are_bands(tmp_path: Path, name: str) -> None:
    write_raster(tmp_path / "20190606.tif", np.stack([RED, RED + 1]), descriptions=("B04", name))
    assert set(open_imagery(tmp_path).bands) == {"B04", name}


def test_radar_of_earth_engine_is_sentinel_1_without_its_angle(tmp_path: Path) -> None:
    image = np.stack([np.full(SHAPE, value, np.float32) for value in (-11.5, -18.0, 38.0)])
    name = "S1A_IW_GRDH_1SDV_20190606T055000_20190606T055025_027550_031BCD_ABCD.tif"
    write_raster(tmp_path / name, image, descriptions=("VV", "VH", "angle"))
    tile = open_imagery(tmp_path).tiles[0]
    assert (tile.sensor, tile.units, tile.bands) == ("sentinel-1", "decibel", ("VV", "VH"))


def test_radar_without_names_of_bands_is_told_with_those_of_radar(tmp_path: Path) -> None:
    name = "S1A_IW_GRDH_1SDV_20190606T055000_20190606T055025_027550_031BCD_ABCD_Cal_TC.tif"
    write_raster(tmp_path / name, np.full((2, *SHAPE), -12, np.float32))
    assert "--band-names, e.g. band_1=VV" in open_imagery(tmp_path).warnings[0]


def test_planets_described_mask_gives_no_band(tmp_path: Path) -> None:
    image = "20190606_101530_00_1032_3B"
    write_raster(tmp_path / f"{image}_AnalyticMS_SR.tif", np.stack([RED] * 4))
    words = ("clear", "snow", "shadow", "haze_light", "haze_heavy", "cloud", "confidence", "unusable")
    mask = np.zeros((8, *SHAPE), np.uint8)
    mask[0, 3:] = 1
    write_raster(tmp_path / f"{image}_udm2.tif", mask, descriptions=words)
    imagery = open_imagery(tmp_path)
    assert imagery.bands == ("blue", "green", "red", "nir")
    assert imagery.warnings == ()
    assert imagery.tiles[0].read(WHOLE).clear[0].sum() == 9 * 12


def test_reflectances_of_maja_that_are_corrected_for_slopes_are_taken(tmp_path: Path) -> None:
    product = "SENTINEL2A_20190606-105831-567_L2A_T31TCJ_C_V2-2"
    for kind, band, value in (("FRE", "B4", 700), ("SRE", "B4", 650), ("FRE", "B8", 3000), ("SRE", "B8", 2900)):
        write_raster(tmp_path / product / f"{product}_{kind}_{band}.tif", np.full(SHAPE, value, np.int16), nodata=-10000)
    write_raster(tmp_path / product / f"{product}_ATB_R1.tif", np.zeros((2, *SHAPE), np.uint8))
    write_raster(tmp_path / product / "MASKS" / f"{product}_IAB_R1.tif", np.zeros(SHAPE, np.uint8))
    imagery = open_imagery(tmp_path)
    tile = imagery.tiles[0]
    assert (tile.sensor, tile.bands) == ("sentinel-2", ("B4", "B8"))
    assert tile.read(WHOLE).image[0, :, 0, 0].tolist() == [700, 3000]
    (warning,) = imagery.warnings
    assert "SRE are left out" in warning


def test_a_monthly_synthesis_of_theia_is_read_with_its_flags(tmp_path: Path) -> None:
    product = "SENTINEL2X_20190615-000000-000_L3A_T31TCJ_C_V1-2"
    write_raster(tmp_path / product / f"{product}_FRC_B4.tif", RED.astype(np.int16), nodata=-10000)
    flags = np.full(SHAPE, 4, np.uint8)
    flags[:3], flags[3] = 1, 0
    write_raster(tmp_path / product / "MASKS" / f"{product}_FLG_R1.tif", flags)
    write_raster(tmp_path / product / "MASKS" / f"{product}_WGT_B4_R1.tif", RED)
    write_raster(tmp_path / product / "MASKS" / f"{product}_DTS_R1.tif", RED)
    imagery = open_imagery(tmp_path)
    tile = imagery.tiles[0]
    assert (tile.sensor, tile.bands, str(tile.dates[0]), imagery.warnings) == ("sentinel-2", ("B4",), "2019-06-15", ())
    assert tile.read(WHOLE).clear[0].sum() == 8 * 12


def test_the_time_series_of_force_are_bands_of_the_days_that_their_layers_name(tmp_path: Path) -> None:
    days = ("20190606", "20190616")
    for name, value in (("NDV", 6000), ("BNR", 3000)):
        image = np.stack([np.full(SHAPE, value + step, np.int16) for step in range(2)])
        write_raster(tmp_path / f"2019-2019_001-365_HL_TSA_SEN2L_{name}_TSI.tif", image, descriptions=days, nodata=-9999)
    tile = open_imagery(tmp_path).tiles[0]
    assert [f"{day:%Y%m%d}" for day in tile.dates] == list(days)
    assert dict(zip(tile.bands, tile.read(WHOLE).image[1, :, 0, 0], strict=True)) == {"NDV": 6001, "BNR": 3001}


def test_enmap_is_read_with_its_masks_of_clouds(tmp_path: Path) -> None:
    product = "ENMAP01-____L2A-DT0000001234_20220606T105031Z_001_V010301_20230922T131734Z"
    write_raster(tmp_path / f"{product}-SPECTRAL_IMAGE.TIF", np.stack([RED] * 30))
    cloud = np.zeros(SHAPE, np.uint8)
    cloud[0] = 1
    write_raster(tmp_path / f"{product}-QL_QUALITY_CLOUD.TIF", cloud)
    write_raster(tmp_path / f"{product}-QL_SWIR.TIF", np.zeros((3, *SHAPE), np.uint8))
    imagery = open_imagery(tmp_path)
    assert [str(day) for day in imagery.dates] == ["2022-06-06"]
    assert imagery.bands == tuple(f"band_{number}" for number in range(1, 31))
    assert imagery.tiles[0].read(WHOLE).clear[0].sum() == 11 * 12
    assert "band_1, band_2, band_3, ..., band_30" in imagery.warnings[0]


def test_transparency_of_an_orthophoto_hides_pixels(tmp_path: Path) -> None:
    image = np.stack([RED, np.where(np.arange(12)[:, None] < 2, 0, 255) + np.zeros(SHAPE)]).astype(np.uint16)
    write_raster(tmp_path / "20190606.tif", image, descriptions=("Red", "Alpha"))
    assert open_imagery(tmp_path).tiles[0].read(WHOLE).clear[0].sum() == 10 * 12


def test_a_file_whose_name_sounds_like_a_mask_is_told_with_its_numbers(tmp_path: Path) -> None:
    write_raster(tmp_path / "SENTINEL-2_MSI_31UDS_B04_2019-06-06.tif", RED)
    write_raster(tmp_path / "SENTINEL-2_MSI_31UDS_CLOUD_2019-06-06.tif", np.full(SHAPE, 9, np.uint8))
    imagery = open_imagery(tmp_path)
    assert imagery.bands == ("B04",)
    (warning,) = imagery.warnings
    assert "the quality layer CLOUD is not used. Its most frequent numbers are 9" in warning
    assert not open_imagery(tmp_path, clear="CLOUD!=9").tiles[0].read(WHOLE).clear.any()


def test_a_name_that_sounds_like_a_mask_names_no_bands_of_an_image(tmp_path: Path) -> None:
    write_raster(tmp_path / "farm_cloud_free_20190606.tif", np.stack([RED, RED]))
    assert open_imagery(tmp_path).bands == ("band_1", "band_2")


@pytest.mark.parametrize("described", ["Band {}: {} nm", "band {} ({}.000000 Nanometers)", "Band {}"])
def test_layers_that_only_count_are_no_bands_of_sentinel_2(tmp_path: Path, described: str) -> None:
    descriptions = tuple(described.format(number, 390 + 10 * number) for number in range(1, 21))
    write_raster(tmp_path / "DESIS-HSI-L2A_20200606.tif", np.stack([RED] * 20), descriptions=descriptions)
    imagery = open_imagery(tmp_path)
    assert imagery.bands == tuple(f"band_{number}" for number in range(1, 21))
    assert imagery.tiles[0].sensor is None
    assert "band_1, band_2, band_3, ..., band_20" in imagery.warnings[0]
