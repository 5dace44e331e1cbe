"""GeoTIFF and JP2 files.

A file's own mask (an internal mask band, or an alpha band) hides pixels. "No value", scale and summand stand in GDAL's fields, or
as text in the file's tags under the names of the CF conventions (`_FillValue`, `missing_value`, `valid_range`, `scale_factor`,
`add_offset`), as products that were made from HDF have them.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
from affine import Affine
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox
from rasterio._err import CPLE_BaseError
from rasterio.enums import ColorInterp, Interleaving, MaskFlags
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from xarray.backends import CachingFileManager

from cropdetect.door import check_crs
from cropdetect.errors import GridError, UnreadableFileError
from cropdetect.imagery.layers import Layer, PixelReader, Pixels
from cropdetect.imagery.series import Window
from cropdetect.imagery.stores.attributes import Encoding, encoding
from cropdetect.imagery.stores.open_files import file_manager
from cropdetect.imagery.stores.safety import changed_size, gdal, unreadable
from cropdetect.imagery.stores.zips import gdal_name, on_disk, raster_driver

_DAMAGE = (RasterioError, CPLE_BaseError, MemoryError, UnicodeDecodeError)
_MOST_LAYERS = 10_000
_LARGEST = 1e12  # of a coordinate or a pixel
_SMALLEST = 1e-9  # of a pixel
_BLOCK_BYTES = 2**29  # of a block, which is read as a whole
_ALPHA_SIDE = 64  # pixels that are looked at, along each axis


@dataclass(frozen=True, eq=False)
class RasterFile(PixelReader):
    """One file; its layers are its GDAL bands, counted from 0.

    Attributes:
        driver: GDAL's name of its format.
        south_up: whether its first row is the southernmost.
        descriptions: of the layers; "" where there is none.
        tags: what else the file says of itself, e.g. TIFFTAG_DATETIME.
        masked: whether the file has a mask of its own.
        alpha: which GDAL band (from 0) is transparency, or None.
    """

    driver: str = "GTiff"
    south_up: bool = False
    descriptions: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    masked: bool = False
    alpha: int | None = None

    def read_into(self, indexes: Sequence[int], window: Window, outs: Sequence[Pixels]) -> None:
        """See `PixelReader.read_into`."""
        try:
            with gdal():
                manager = self._manager()
                file = manager.acquire()  # which the manager may close once it is let go of
                if file.shape != self.geobox.shape:
                    raise changed_size(self.path)
                if len(indexes) > 1 and file.interleaving == Interleaving.pixel:  # a block holds all bands: decode it once
                    together = file.read([index + 1 for index in indexes], window=self._place(window))
                    for out, pixels in zip(outs, together, strict=True):
                        out[...] = pixels
                else:
                    for index, out in zip(indexes, outs, strict=True):
                        file.read(index + 1, window=self._place(window), out=out)
                if self.south_up:
                    for out in outs:
                        out[:] = out[::-1].copy()
        except _DAMAGE as error:
            raise unreadable(self.path, error) from error

    def read_valid(self, index: int, window: Window) -> npt.NDArray[np.bool_] | None:
        """See `PixelReader.read_valid`: where neither the mask nor the alpha band is 0."""
        if not self.masked and self.alpha is None:
            return None
        valid = np.ones(window.shape, bool)
        try:
            with gdal():
                manager = self._manager()
                file = manager.acquire()
                if self.masked:
                    valid &= file.read_masks(index + 1, window=self._place(window)) > 0
                if self.alpha is not None:
                    valid &= file.read(self.alpha + 1, window=self._place(window)) > 0
        except _DAMAGE as error:
            raise unreadable(self.path, error) from error
        return valid[::-1] if self.south_up else valid

    def _manager(self) -> CachingFileManager[rasterio.DatasetReader]:
        return _manager(self.path, self.driver)

    def _place(self, window: Window) -> rasterio.windows.Window:
        (height, width), top = window.shape, window.top
        return rasterio.windows.Window(window.left, self.geobox.shape[0] - window.bottom if self.south_up else top, width, height)


def _manager(path: Path, driver: str) -> CachingFileManager[rasterio.DatasetReader]:
    return file_manager(open_raster, path, driver, headers=(on_disk(path),))


def open_raster(path: Path, driver: str) -> rasterio.DatasetReader:
    """Open a file with its driver alone; call it under `gdal()`."""
    with warnings.catch_warnings(action="ignore", category=NotGeoreferencedWarning):
        return rasterio.open(gdal_name(path), driver=driver, sharing=False)


def read_header(path: Path) -> list[Layer]:
    """Return the layers of a GeoTIFF or JP2, without band and date; all share one `RasterFile`. An alpha band is no layer.

    Raises:
        UnsafePathError: it is a VRT.
        UnreadableFileError: it is damaged or another format, or declares a scale by which no value can be computed.
        GridError: its grid is rotated, or its CRS cannot be understood.
        ContradictionError: GDAL's fields and the tags declare different numbers.
    """
    driver = raster_driver(path)
    try:
        with gdal():
            manager = _manager(path, driver)  # the file stays open for the sample of its pixels
            return layers_of(manager.acquire(), RasterFile, path=path, driver=driver)
    except _DAMAGE as error:
        raise unreadable(path, error) from error


def layers_of(file: rasterio.DatasetReader, kind: type[RasterFile], *, path: Path, driver: str, **more: Any) -> list[Layer]:
    """Return the layers of an open file; `read_header` says which errors are raised.

    Args:
        file: the file.
        kind: of the reader of the layers.
        path: where the file lies.
        driver: GDAL's name of its format.
        more: further attributes of the reader.
    """
    if file.count > _MOST_LAYERS:
        raise unreadable(path, ValueError(f"it says that it has {file.count} layers; {_MOST_LAYERS} can be read"))
    dtypes = {np.dtype(dtype) for dtype in file.dtypes}
    if any(dtype.kind not in "iuf" for dtype in dtypes):
        raise UnreadableFileError(
            f"its pixels are of the type {', '.join(sorted(map(str, dtypes)))}, not real numbers",
            where=path,
            fix="Write them as integers or floating-point numbers; of complex numbers, write the amplitude or the intensity.",
        )
    _check_transform(file.transform, path)
    affine, south_up = _north_up(file.transform, file.height)
    if affine.b or affine.d or affine.a <= 0:
        raise GridError("the grid is rotated", where=path, fix="Warp it to a north-up grid, e.g. with gdalwarp.")
    alpha = _alpha(file)
    reader = kind(
        path=path,
        geobox=GeoBox(file.shape, affine, _crs(file, path)),
        dtype=np.result_type(*dtypes),
        block_shape=_block(file),
        driver=driver,
        south_up=south_up,
        descriptions=tuple(text or "" for index, text in enumerate(file.descriptions) if index != alpha),
        tags=file.tags() | file.tags(ns="IMAGERY"),
        masked=any(MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags for flags in file.mask_flag_enums),
        alpha=alpha,
        **more,
    )
    return [_layer(file, reader, index) for index in range(file.count) if index != alpha]


def _layer(file: rasterio.DatasetReader, reader: RasterFile, index: int) -> Layer:
    """Return a layer with all that GDAL's fields and the tags declare."""
    gdals = Encoding(
        fills=() if file.nodatavals[index] is None else (file.nodatavals[index],),
        scale=None if file.scales[index] == 1 else file.scales[index],
        add=None if file.offsets[index] == 0 else file.offsets[index],
        units=file.units[index] or "",
    ).checked(reader.path)
    declared = gdals.joined(encoding(file.tags() | file.tags(index + 1)), reader.path)
    return declared.applied(Layer(reader, index))


def _alpha(file: rasterio.DatasetReader) -> int | None:
    """Return which GDAL band (from 0) is transparency.

    GDAL calls the fourth band of any file of bytes alpha. It is one only if nothing else is said of it, and if nearly all of its
    numbers are 0 or the largest.
    """
    kinds = [index for index, kind in enumerate(file.colorinterp) if kind == ColorInterp.alpha]
    if not kinds or file.count == 1 or (file.descriptions[kinds[-1]] or "alpha").lower() not in ("alpha", "mask", "dataset_mask"):
        return None
    shape = tuple(min(size, _ALPHA_SIDE) for size in file.shape)
    numbers = file.read(kinds[-1] + 1, out_shape=shape)
    return kinds[-1] if np.isin(numbers, (0, numbers.max())).mean() > 0.9 else None


def _check_transform(affine: Affine, path: Path) -> None:
    if not all(abs(number) < _LARGEST for number in affine) or 0 < abs(affine.a) < _SMALLEST or 0 < abs(affine.e) < _SMALLEST:
        raise GridError(  # NaN is not below the largest, either
            "its transform has impossible numbers", where=path, fix="Correct it, e.g. with gdal_edit -a_ullr."
        )


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
    check_crs(wkt)
    code = rasterio.CRS.from_wkt(wkt).to_epsg()
    return CRS(f"EPSG:{code}" if code else wkt)


def _block(file: rasterio.DatasetReader) -> tuple[int, int]:
    height, width = file.block_shapes[0]
    n_bytes = min(height, file.height) * min(width, file.width) * np.dtype(file.dtypes[0]).itemsize
    if n_bytes > _BLOCK_BYTES:
        raise UnreadableFileError(
            f"its pixels are stored in blocks of {height} x {width}, which are read as a whole ({n_bytes / 1e9:.1f} GB)",
            where=file.name,
            fix="Store it in tiles, e.g. with gdal_translate -co TILED=YES.",
        )
    return min(height, file.height), min(width, file.width)
