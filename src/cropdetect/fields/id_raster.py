"""A raster of whole numbers (field ids, label codes) on a tile's grid, read by window."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
from odc.geo.geobox import GeoBox
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.vrt import WarpedVRT

from cropdetect.door import check_crs, local_path
from cropdetect.errors import FieldsError, InputNotFoundError
from cropdetect.imagery import Window, gdal, raster_driver, unreadable

RASTER_SUFFIXES = (".tif", ".tiff")
_STRIP_PIXELS = 2**21  # pixels that a pass over the raster holds at once

Integers = npt.NDArray[np.int64]


class IdRaster:
    """Numbers painted on a grid; 0 is none. To be used in a `with` block.

    NaN, the raster's nodata value and negative numbers count as none too. A georeferenced raster on another grid is brought
    to the tile's by nearest neighbour; one without georeference must have the tile's shape.

    Args:
        path: a GeoTIFF (or JP2) of any numeric dtype; its first band counts.
        geobox: the tile's grid.

    Raises:
        InputNotFoundError: there is no such file.
        UnreadableFileError: it is damaged.
        UnsafePathError: it is a VRT, or an address.
        FieldsError: it cannot be laid on the grid.
    """

    def __init__(self, path: Path, geobox: GeoBox) -> None:
        self.path = path
        self.height, self.width = (int(side) for side in geobox.shape)
        self.had_negative = False
        self.layers = 1
        with ExitStack() as stack:
            stack.enter_context(gdal())
            source = stack.enter_context(open_raster(path))
            self.layers = int(source.count)
            self._nodata = source.nodata
            self._dtype = np.dtype(source.dtypes[0])
            if self._dtype.kind not in "iuf":
                raise FieldsError(f"numbers of type {self._dtype} are no ids", where=path, fix="Write whole numbers.")
            if not lies_on(source, geobox):
                source = stack.enter_context(_warped(source, geobox, path))
            self._source = source
            self._rows_per_block = int(source.block_shapes[0][0])
            self._stack = stack.pop_all()

    def __enter__(self) -> "IdRaster":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    def read(self, window: Window) -> Integers:
        """Return the numbers in a window inside the grid, (y, x) int64.

        Raises:
            UnreadableFileError: the file is damaged.
            FieldsError: a number is not whole.
        """
        at = rasterio.windows.Window(window.left, window.top, window.shape[1], window.shape[0])
        try:
            values = self._source.read(1, window=at)
        except (RasterioError, OSError) as error:
            raise unreadable(self.path, error) from error
        return self._whole(values)

    def strips(self) -> Iterator[tuple[int, Integers]]:
        """Yield (first row, numbers) of strips over the full width, top to bottom, that hold a bounded number of pixels."""
        rows = max(1, _STRIP_PIXELS // self.width)
        if rows > self._rows_per_block:
            rows -= rows % self._rows_per_block
        for top in range(0, self.height, rows):
            yield top, self.read(Window(top, 0, min(top + rows, self.height), self.width))

    def _whole(self, values: npt.NDArray[Any]) -> Integers:
        absent = np.zeros(values.shape, bool) if self._nodata is None else values == self._nodata
        if values.dtype.kind == "f":
            absent |= ~np.isfinite(values)
            values = np.where(absent, 0, values)
            if (values != np.floor(values)).any():
                broken = values[values != np.floor(values)].flat[0]
                raise FieldsError(
                    f"the id {broken} is not a whole number", where=self.path, fix="Write whole numbers; 0 is none."
                )
        numbers = values.astype(np.int64)
        numbers[absent] = 0
        negative = numbers < 0
        if negative.any():
            self.had_negative = True
            numbers[negative] = 0
        return numbers


def open_raster(path: Path) -> Any:
    """Open a GeoTIFF or JP2, and nothing else.

    Raises:
        InputNotFoundError: there is no such file.
        UnreadableFileError: it is damaged or neither.
        UnsafePathError: it is a VRT, or an address.
    """
    path = local_path(path)
    if not path.is_file():
        raise InputNotFoundError("there is no such file", where=path)
    driver = raster_driver(path)
    try:
        raster = rasterio.open(path, driver=driver)
        check_crs(raster.crs.to_wkt() if raster.crs else "")
    except (RasterioError, OSError, ValueError) as error:
        raise unreadable(path, error) from error
    return raster


def lies_on(source: Any, geobox: GeoBox) -> bool:
    """Tell whether an open raster has the grid: the same shape and, where both are georeferenced, the same place."""
    if source.shape != tuple(geobox.shape):
        return False
    if source.transform.is_identity or geobox.affine.is_identity:
        return True
    if source.crs is not None and geobox.crs is not None and not _same_crs(source, geobox):
        return False
    pixel = max(abs(geobox.affine.a), abs(geobox.affine.b))
    return bool(np.allclose(tuple(source.transform)[:6], tuple(geobox.affine)[:6], rtol=1e-9, atol=1e-3 * pixel))


def _same_crs(source: Any, geobox: GeoBox) -> bool:
    crs = geobox.crs
    return crs is not None and bool(source.crs == _rasterio_crs(crs.to_wkt()))


@lru_cache(maxsize=64)
def _rasterio_crs(wkt: str) -> rasterio.crs.CRS:
    return rasterio.crs.CRS.from_wkt(wkt)


def _warped(source: Any, geobox: GeoBox, path: Path) -> WarpedVRT:
    if source.crs is None or geobox.crs is None:
        raise FieldsError(
            f"the id raster ({source.height} x {source.width} pixels) does not lie on the imagery's grid "
            f"({geobox.shape[0]} x {geobox.shape[1]})",
            where=path,
            fix="Give both a coordinate reference system, or paint the ids on the imagery's grid.",
        )
    return WarpedVRT(
        source,
        crs=geobox.crs.to_wkt(),
        transform=geobox.affine,
        height=int(geobox.shape[0]),
        width=int(geobox.shape[1]),
        resampling=Resampling.nearest,
        src_nodata=source.nodata if source.nodata is not None else 0,
        nodata=source.nodata if source.nodata is not None else 0,
    )
