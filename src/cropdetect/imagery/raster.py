"""GeoTIFF and JP2 files."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from cropdetect.errors import GridError
from cropdetect.imagery.handles import borrow
from cropdetect.imagery.layer import Layer, Pixels, PixelStore
from cropdetect.imagery.safety import gdal, raster_driver, unreadable
from cropdetect.imagery.series import Window


@dataclass(frozen=True)
class RasterStore(PixelStore):
    """One file; its layers are its GDAL bands, counted from 0.

    Attributes:
        driver: GDAL's name of its format.
        south_up: whether its first row is the southernmost.
    """

    driver: str = "GTiff"
    south_up: bool = False

    def read_into(self, indexes: Sequence[int], window: Window, outs: Sequence[Pixels]) -> None:
        """See `PixelStore.read_into`."""
        (height, width), top = window.shape, window.top
        if self.south_up:
            top = self.geobox.shape[0] - window.bottom
        place = rasterio.windows.Window(window.left, top, width, height)
        try:
            with gdal():
                file = borrow(self.path, self._open)
                for index, out in zip(indexes, outs, strict=True):
                    file.read(index + 1, window=place, out=out)
                    if self.south_up:
                        out[:] = out[::-1].copy()
        except RasterioError as error:
            raise unreadable(self.path, error) from error

    def _open(self) -> rasterio.DatasetReader:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            return rasterio.open(self.path, driver=self.driver, sharing=False)


@dataclass(frozen=True)
class RasterFile:
    """What the head of a file says.

    Attributes:
        layers: its layers, in order.
        descriptions: of the layers; "" where there is none.
        tags: what else the file says of itself, e.g. TIFFTAG_DATETIME.
    """

    path: Path
    layers: tuple[Layer, ...]
    descriptions: tuple[str, ...]
    tags: Mapping[str, str]


def open_raster(path: Path) -> RasterFile:
    """Read the head of a GeoTIFF or JP2.

    Raises:
        UnsafePathError: it is a VRT.
        UnreadableFileError: it is damaged or another format.
        GridError: its grid is rotated, or its CRS cannot be understood.
    """
    driver = raster_driver(path)
    try:
        with (
            gdal(),
            warnings.catch_warnings(action="ignore", category=NotGeoreferencedWarning),
            rasterio.open(path, driver=driver, sharing=False) as file,
        ):
            dtypes = {np.dtype(dtype) for dtype in file.dtypes}
            if any(dtype.kind not in "iuf" for dtype in dtypes):
                raise unreadable(path, ValueError(f"pixels are {sorted(map(str, dtypes))}, not real numbers"))
            affine, south_up = _north_up(file.transform, file.height)
            if affine.b or affine.d or affine.a <= 0:
                raise GridError("the grid is rotated", where=path, fix="Warp it to a north-up grid, e.g. with gdalwarp.")
            store = RasterStore(
                path=path,
                geobox=GeoBox(file.shape, affine, _crs(file, path)),
                dtype=np.result_type(*dtypes),
                block_shape=_block(file),
                driver=driver,
                south_up=south_up,
            )
            layers = tuple(
                Layer(store, index, file.nodatavals[index], file.scales[index], file.offsets[index], file.units[index] or "")
                for index in range(file.count)
            )
            descriptions = tuple(text or "" for text in file.descriptions)
            return RasterFile(path, layers, descriptions, file.tags() | file.tags(ns="IMAGERY"))
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
