"""Plain GeoTIFFs on a tile's grid."""

from pathlib import Path
from typing import Any

import numpy.typing as npt
import rasterio
from rasterio.transform import Affine

from cropdetect.simulation.frame import PIXEL, Frame
from cropdetect.simulation.region import Region

_ROWS_A_STRIP = 32


def grid(region: Region, frame: Frame, resolution: float) -> Affine:
    """Return the affine transform of a tile's grid."""
    left = region.left + frame.column * PIXEL
    top = region.top - frame.row * PIXEL
    return Affine(resolution, 0, left, 0, -resolution, top)


def write_geotiff(
    path: Path, image: npt.NDArray[Any], region: Region, frame: Frame, resolution: float, compress: str | None = None
) -> None:
    """Write one band in strips of 32 rows: fast to write, and a chip reads few strips."""
    height, width = image.shape
    options: dict[str, object] = {"compress": compress, "predictor": 2} if compress else {}
    with rasterio.open(
        path, "w", driver="GTiff", height=height, width=width, count=1, dtype=image.dtype, crs=f"EPSG:{region.epsg}",
        transform=grid(region, frame, resolution), blockysize=min(_ROWS_A_STRIP, height), **options,
    ) as file:  # fmt: skip
        file.write(image, 1)
