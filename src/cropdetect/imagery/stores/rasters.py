"""GeoTIFF and JP2 files."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from cropdetect.errors import GridError
from cropdetect.imagery.layers import Layer, PixelReader, Pixels
from cropdetect.imagery.series import Window
from cropdetect.imagery.stores.open_files import file_manager
from cropdetect.imagery.stores.safety import changed_size, gdal, raster_driver, unreadable


@dataclass(frozen=True, eq=False)
class RasterFile(PixelReader):
    """One file; its layers are its GDAL bands, counted from 0.

    Attributes:
        driver: GDAL's name of its format.
        south_up: whether its first row is the southernmost.
        descriptions: of the layers; "" where there is none.
        tags: what else the file says of itself, e.g. TIFFTAG_DATETIME.
    """

    driver: str = "GTiff"
    south_up: bool = False
    descriptions: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)

    def read_into(self, indexes: Sequence[int], window: Window, outs: Sequence[Pixels]) -> None:
        """See `PixelReader.read_into`."""
        (height, width), top = window.shape, window.top
        if self.south_up:
            top = self.geobox.shape[0] - window.bottom
        place = rasterio.windows.Window(window.left, top, width, height)
        try:
            with gdal():
                manager = file_manager(_open, self.path, self.driver)
                file = manager.acquire()
                if file.shape != self.geobox.shape:
                    raise changed_size(self.path)
                for index, out in zip(indexes, outs, strict=True):
                    file.read(index + 1, window=place, out=out)
                    if self.south_up:
                        out[:] = out[::-1].copy()
        except RasterioError as error:
            raise unreadable(self.path, error) from error


def _open(path: Path, driver: str) -> rasterio.DatasetReader:
    with warnings.catch_warnings(action="ignore", category=NotGeoreferencedWarning):
        return rasterio.open(path, driver=driver, sharing=False)


def read_header(path: Path) -> list[Layer]:
    """Return the layers of a GeoTIFF or JP2, without band and date; all share one `RasterFile`.

    Raises:
        UnsafePathError: it is a VRT.
        UnreadableFileError: it is damaged or another format.
        GridError: its grid is rotated, or its CRS cannot be understood.
    """
    driver = raster_driver(path)
    try:
        with gdal(), _open(path, driver) as file:
            dtypes = {np.dtype(dtype) for dtype in file.dtypes}
            if any(dtype.kind not in "iuf" for dtype in dtypes):
                raise unreadable(path, ValueError(f"pixels are {sorted(map(str, dtypes))}, not real numbers"))
            affine, south_up = _north_up(file.transform, file.height)
            if affine.b or affine.d or affine.a <= 0:
                raise GridError("the grid is rotated", where=path, fix="Warp it to a north-up grid, e.g. with gdalwarp.")
            reader = RasterFile(
                path=path,
                geobox=GeoBox(file.shape, affine, _crs(file, path)),
                dtype=np.result_type(*dtypes),
                block_shape=_block(file),
                driver=driver,
                south_up=south_up,
                descriptions=tuple(text or "" for text in file.descriptions),
                tags=file.tags() | file.tags(ns="IMAGERY"),
            )
            return [
                Layer(
                    reader,
                    index,
                    nodata=file.nodatavals[index],
                    scale=file.scales[index],
                    add=file.offsets[index],
                    units=file.units[index] or "",
                )
                for index in range(file.count)
            ]
    except RasterioError as error:
        raise unreadable(path, error) from error


def _north_up(affine: Affine, height: int) -> tuple[Affine, bool]:
    if affine.e < 0:
        return affine, False
    if affine.is_identity:  # no georeference at all: rows count downwards
        return affine, False
    return Affine(affine.a, affine.b, affine.c, affine.d, -affine.e, affine.f + affine.e * height), True


def _crs(file: rasterio.DatasetReader, path: Path) -> CRS | None:
    if not file.crs:
        return None
    try:
        return _known_crs(file.crs.to_wkt())
    except (ValueError, RuntimeError) as error:  # pyproj's CRSError is a RuntimeError
        raise GridError(
            f"its CRS cannot be understood ({error})", where=path, fix="Assign a CRS that has an EPSG code."
        ) from error


@lru_cache(maxsize=64)
def _known_crs(wkt: str) -> CRS:
    code = rasterio.CRS.from_wkt(wkt).to_epsg()
    return CRS(f"EPSG:{code}" if code else wkt)


def _block(file: rasterio.DatasetReader) -> tuple[int, int]:
    height, width = file.block_shapes[0]
    return min(height, file.height), min(width, file.width)
