"""Planet's files as they are delivered: bands without descriptions, the mask of usable pixels beside them."""

from pathlib import Path

import numpy as np
import pytest

from cropdetect.imagery import Window, open_imagery
from tests.imagery.data import write_raster

EIGHT = ("coastal_blue", "blue", "green_i", "green", "yellow", "red", "rededge", "nir")


@pytest.mark.parametrize(
    ("name", "bands"),
    [
        ("20230606_075611_10_2413_3B_AnalyticMS_SR_8b", EIGHT),
        ("20230606_075611_10_2413_3B_AnalyticMS_SR_8b_harmonized_clip", EIGHT),
        ("20230606_075611_1032_3B_AnalyticMS_SR", ("blue", "green", "red", "nir")),
        ("20230606_075611_10_2413_3B_AnalyticMS_SR_clip", ("blue", "green", "red", "nir")),
    ],
)
def test_the_bands_of_planetscope_are_known_by_their_order(tmp_path: Path, name: str, bands: tuple[str, ...]) -> None:
    image = np.stack([np.full((8, 8), 500 + 100 * number, np.uint16) for number in range(len(bands))])
    write_raster(tmp_path / f"{name}.tif", image)
    usable = np.zeros((8, 8, 8), np.uint8)
    usable[0, :, :4] = 1
    write_raster(tmp_path / f"{name.split('_3B_')[0]}_3B_udm2.tif", usable)
    (tile,) = open_imagery(tmp_path).tiles
    block = tile.read(Window(0, 0, 8, 8))
    assert (tile.sensor, tile.clear_expression) == ("planetscope", "udm2_1=1")
    assert {band: block.image[0, place, 0, 0] for place, band in enumerate(tile.bands)} == {
        band: 500 + 100 * number for number, band in enumerate(bands)
    }
    assert block.clear[0].sum() == 32


@pytest.mark.parametrize(
    ("image", "mask", "bands"),
    [
        ("20230606_075611_ssc4_u0001_analytic_SR_clip", "20230606_075611_ssc4_u0001_udm2_clip", ("blue", "green", "red", "nir")),
        ("20230606_075611_ss01_u0001_analytic_SR", "20230606_075611_ss01_u0001_analytic_udm2", ("blue", "green", "red", "nir")),
        (
            "3159120_2023-06-06_RE3_3A_Analytic_SR",
            "3159120_2023-06-06_RE3_3A_udm2",
            ("blue", "green", "red", "rededge", "nir"),
        ),
        ("2023-06-06_composite", "2023-06-06_composite_udm2", ("band_1", "band_2")),
    ],
)
def test_a_mask_of_usable_pixels_is_no_image(tmp_path: Path, image: str, mask: str, bands: tuple[str, ...]) -> None:
    write_raster(tmp_path / f"{image}.tif", np.stack([np.full((8, 8), 500 + n, np.uint16) for n in range(len(bands))]))
    usable = np.zeros((8, 8, 8), np.uint8)
    usable[0, :, :4] = 1
    write_raster(tmp_path / f"{mask}.tif", usable)
    (tile,) = open_imagery(tmp_path).tiles
    block = tile.read(Window(0, 0, 8, 8))
    assert (tile.bands, tile.clear_expression) == (bands, "udm2_1=1")
    assert block.image[0, :, 0, 0].tolist() == [500 + n for n in range(len(bands))]
    assert block.clear[0].sum() == 32


@pytest.mark.parametrize(
    ("image", "preview"),
    [
        ("20230606_075611_10_2413_3B_AnalyticMS_SR", "20230606_075611_10_2413_3B_Visual"),
        ("20230606_075611_ssc4_u0001_analytic_SR", "20230606_075611_ssc4_u0001_visual"),
        ("3159120_2023-06-06_RE3_3A_Analytic_SR", "3159120_2023-06-06_RE3_3A_Visual"),
        ("20230606_075611_10_2413_3B_AnalyticMS_SR", "S2A_31TBL_20230606_0_L2A/visual"),
    ],
)
def test_a_preview_is_no_image(tmp_path: Path, image: str, preview: str) -> None:
    write_raster(tmp_path / f"{image}.tif", np.full((4, 8, 8), 500, np.uint16))
    write_raster(tmp_path / f"{preview}.tif", np.full((4, 8, 8), 90, np.uint8))
    (tile,) = open_imagery(tmp_path).tiles
    assert (tile.read(Window(0, 0, 8, 8)).image == 500).all()
    assert [Path(source).name for source in tile.sources] == [f"{image}.tif"]
