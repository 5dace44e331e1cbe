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
