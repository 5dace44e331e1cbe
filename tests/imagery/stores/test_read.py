"""Stored numbers become values some rows after others: the same values, with little memory beside the image."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import rasterio

from cropdetect.imagery import Window, open_imagery
from cropdetect.imagery.stores import read
from tests.imagery.data import write_raster

SIDE = 40


@pytest.mark.parametrize("at_once", [1, 7 * SIDE, 2**16])
def test_values_are_the_same_however_many_rows_are_taken_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    numbers = np.random.default_rng(0).integers(1, 9000, (SIDE, SIDE)).astype(np.int16)
    numbers[5:30, 4] = -9999
    hidden = np.zeros((SIDE, SIDE), bool)
    hidden[20:, 30] = True
    path = write_raster(tmp_path / "20190606_NDVI.tif", numbers, nodata=-9999)
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "r+") as file:
        file.scales = (0.5,)
        file.write_mask(~hidden)
    monkeypatch.setattr(read, "_NUMBERS_AT_ONCE", at_once)
    block = open_imagery(tmp_path).tiles[0].read(Window(1, 2, SIDE - 1, SIDE))
    missing = (hidden | (numbers == -9999))[1 : SIDE - 1, 2:]
    np.testing.assert_array_equal(block.clear[0], ~missing)
    np.testing.assert_array_equal(block.image[0, 0], np.where(missing, np.nan, numbers[1 : SIDE - 1, 2:] / np.float32(2)))


def test_a_large_window_takes_little_memory_beside_the_image(tmp_path: Path) -> None:
    side = 1500
    for day in ("20190606", "20190616"):
        write_raster(tmp_path / f"{day}_B04.tif", np.full((side, side), 500, np.uint16), tiled=True, compress="deflate")
    tile, whole = open_imagery(tmp_path).tiles[0], Window(0, 0, side, side)
    tile.read(Window(0, 0, 16, 16))
    tracemalloc.start()
    block = tile.read(whole)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert block.image.dtype == np.uint16
    assert peak - block.image.nbytes - 2 * block.clear.nbytes < 0.2 * side**2  # a mask of all pixels has a byte for each
