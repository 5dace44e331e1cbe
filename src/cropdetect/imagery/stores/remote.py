"""GeoTIFF and JP2 files on the network, read block by block from partial copies in the cache.

GDAL never opens an address. It reads the header through a `ReadCopy`, which fetches what is asked for, once; then the blocks from
the copy, as from any file on disk and under the same settings, after they were fetched. So the pixels are those that the whole
file would give.
"""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.errors import NotGeoreferencedWarning
from xarray.backends import CachingFileManager

from cropdetect.errors import GridError
from cropdetect.imagery.layers import Layer, Pixels
from cropdetect.imagery.series import Window
from cropdetect.imagery.stores.open_files import file_manager
from cropdetect.imagery.stores.partial_copy import PartialCopy, Range, ReadCopy, failures_raised, partial_copy
from cropdetect.imagery.stores.rasters import RasterFile, layers_of, open_raster
from cropdetect.imagery.stores.safety import driver_of, gdal

_LEADER = 4  # bytes around each block of a COG that repeat its size
_PLACES_AT_ONCE = 256  # blocks whose places lie within one page of a copy, at 8 bytes each

Block = tuple[int, int]


@dataclass(frozen=True, eq=False)
class RemoteRaster(RasterFile):
    """One file; see `RasterFile`. `path` is its copy in the cache.

    Attributes:
        href: address.
        signing: how it is signed; see `SIGNERS`.
        complete: whether all blocks that are wanted were fetched, so that pixels of the others have no value. Until then they are
            fetched as they are read.
    """

    is_remote: ClassVar[bool] = True
    href: str = ""
    signing: str = ""
    complete: bool = False

    @property
    def copy(self) -> PartialCopy:
        """What of the file is there."""
        return partial_copy(self.path, self.href, self.signing)

    def blocks(self, window: Window) -> Iterator[Block]:
        """Yield (row, column) of the stored blocks that a window touches."""
        place, (height, width) = self._place(window), self.block_shape
        for row in range(place.row_off // height, (place.row_off + place.height - 1) // height + 1):
            for column in range(place.col_off // width, (place.col_off + place.width - 1) // width + 1):
                yield row, column

    def ranges(self, indexes: Iterable[int], blocks: Iterable[Block]) -> list[Range]:
        """Return the bytes of blocks of some layers; of a JP2 all bytes, as it does not say where they are.

        Raises:
            UnreadableFileError: the file is damaged.
        """
        if self.driver != "GTiff":
            return [(0, self.copy.size)]
        indexes, blocks = list(indexes), list(blocks)
        with failures_raised(self.path), gdal():
            manager = self._manager()
            file = manager.acquire()  # which the manager may close once it is let go of
            found = [_range(file, index, block) for index in indexes for block in blocks]
        return [one for one in found if one is not None]

    def read_into(self, indexes: Sequence[int], window: Window, outs: Sequence[Pixels]) -> None:
        """See `PixelReader.read_into`; 0 where a file that is complete has no block."""
        for index, out in zip(indexes, outs, strict=True):
            parts = self._parts_there(index, window)
            if parts is None:
                super().read_into([index], window, [out])
                continue
            out[:] = 0
            for part in parts:
                pixels = np.empty(part.shape, out.dtype)
                super().read_into([index], part, [pixels])
                out[_within(part, window)] = pixels

    def read_valid(self, index: int, window: Window) -> npt.NDArray[np.bool_] | None:
        """See `PixelReader.read_valid`; a block that was not fetched has no value."""
        parts = self._parts_there(index, window)
        if parts is None:
            return super().read_valid(index, window)
        valid = np.zeros(window.shape, bool)
        for part in parts:
            there = super().read_valid(index, part)
            valid[_within(part, window)] = True if there is None else there
        return valid

    def _parts_there(self, index: int, window: Window) -> list[Window] | None:
        """Return the parts of a window, one a block, that are there; None where all are.

        Blocks of a file that is not complete are fetched first.
        """
        blocks = list(self.blocks(window))
        if not self.complete or self.driver != "GTiff":
            self.copy.ensure(self.ranges([index], blocks))
            return None
        there = [all(self.copy.has(*one) for one in self.ranges([index], [block])) for block in blocks]
        if all(there):
            return None
        return [self._of_block(block, window) for block, is_there in zip(blocks, there, strict=True) if is_there]

    def _of_block(self, block: Block, window: Window) -> Window:
        (height, width), rows = self.block_shape, self.geobox.shape[0]
        top, bottom = block[0] * height, min((block[0] + 1) * height, rows)
        if self.south_up:
            top, bottom = rows - bottom, rows - top
        left, right = block[1] * width, (block[1] + 1) * width
        return Window(max(top, window.top), max(left, window.left), min(bottom, window.bottom), min(right, window.right))

    def _manager(self) -> CachingFileManager[rasterio.DatasetReader]:
        return file_manager(open_raster, self.path, self.driver, headers=(self.copy.source_file,))


def read_remote_header(path: Path, href: str, signing: str) -> list[Layer]:
    """Return the layers of a remote file, without band and date; only its header is fetched.

    Args:
        path: where its copy lies.
        href: address.
        signing: how it is signed.

    Raises:
        FetchError: it cannot be fetched.
        UnsafePathError: it is a VRT.
        UnreadableFileError: it is damaged or another format.
        GridError: it has no grid, its grid is rotated, or its CRS cannot be understood.
    """
    driver = driver_of(partial_copy(path, href, signing).read(0, 64), path)
    with failures_raised(path), gdal(), _open(path, driver, href, signing) as file:
        if not file.crs:
            radar = " but the ground control points of radar geometry" if file.gcps[0] else ""
            raise GridError(
                f"the image has no map grid{radar}",
                where=href.partition("?")[0],
                fix="Use images on a grid, e.g. stac:planetary-computer/sentinel-1-rtc instead of sentinel-1-grd.",
            )
        _read_places(file)
        return layers_of(file, RemoteRaster, path=path, driver=driver, href=href, signing=signing)


def _open(path: Path, driver: str, href: str, signing: str) -> rasterio.DatasetReader:
    def opened(*_: Any, **__: Any) -> ReadCopy:
        return ReadCopy(partial_copy(path, href, signing))

    with warnings.catch_warnings(action="ignore", category=NotGeoreferencedWarning):
        return rasterio.open(path, driver=driver, sharing=False, opener=opened)


def _read_places(file: rasterio.DatasetReader) -> None:
    """Let GDAL read where all blocks of a GeoTIFF lie, so that the copy has all of the header."""
    height, width = file.block_shapes[0]
    rows, columns = -(-file.height // height), -(-file.width // width)
    if file.driver == "GTiff":
        for index in range(file.count):
            for number in (*range(0, rows * columns, _PLACES_AT_ONCE), rows * columns - 1):
                _range(file, index, (number // columns, number % columns))


def _within(part: Window, window: Window) -> tuple[slice, slice]:
    rows, columns = (
        slice(part.top - window.top, part.bottom - window.top),
        slice(part.left - window.left, part.right - window.left),
    )
    return rows, columns


def _range(file: rasterio.DatasetReader, index: int, block: Block) -> Range | None:
    """Return the bytes of a block of a GeoTIFF; None where it has none, since all its pixels are "no value"."""
    place = f"{block[1]}_{block[0]}"
    offset = file.get_tag_item(f"BLOCK_OFFSET_{place}", "TIFF", index + 1)
    size = file.get_tag_item(f"BLOCK_SIZE_{place}", "TIFF", index + 1)
    return None if not offset or not size else (max(0, int(offset) - _LEADER), int(offset) + int(size) + _LEADER)
