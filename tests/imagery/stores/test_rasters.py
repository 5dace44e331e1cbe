"""Files whose blocks hold all bands together give the same numbers as files that keep bands apart."""

from pathlib import Path

import numpy as np
import pytest
import rasterio

from cropdetect.imagery import Window
from cropdetect.imagery.stores.rasters import read_header


@pytest.mark.parametrize("compress", ["deflate", "zstd", "lerc"])
@pytest.mark.parametrize("interleave", ["pixel", "band"])
def test_bands_come_out_in_the_order_that_was_asked_for(tmp_path: Path, interleave: str, compress: str) -> None:
    numbers = np.random.default_rng(3).integers(0, 9000, (4, 80, 96)).astype(np.uint16)
    layout = {"tiled": True, "blockxsize": 32, "blockysize": 32, "interleave": interleave, "compress": compress}
    place = {"crs": "EPSG:32636", "transform": rasterio.Affine(10, 0, 600_000, 0, -10, 100_000)}
    with rasterio.open(tmp_path / "a.tif", "w", "GTiff", 96, 80, 4, dtype="uint16", **layout, **place) as file:
        file.write(numbers)
    reader = read_header(tmp_path / "a.tif")[0].reader
    outs = [np.empty((50, 70), dtype) for dtype in (np.uint16, np.float32, np.uint16)]
    reader.read_into([2, 0, 3], Window(7, 9, 57, 79), outs)
    for out, band in zip(outs, (2, 0, 3), strict=True):
        np.testing.assert_array_equal(out, numbers[band, 7:57, 9:79])
