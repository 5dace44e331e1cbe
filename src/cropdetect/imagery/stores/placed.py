"""An image of another extent, laid on the extent of a tile: cut off where it is larger, without values where it is smaller."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from affine import Affine
from odc.geo.geobox import GeoBox

from cropdetect.imagery.layers import PixelReader, Pixels
from cropdetect.imagery.series import Window

_SAME = 0.01  # pixels


@dataclass(frozen=True, eq=False)
class PlacedReader(PixelReader):
    """See the module.

    Attributes:
        inner: the reader of the image.
        down: row of the image at the first row of the tile, and
        right: column of the image at its first column; below 0 where the image begins later.
    """

    inner: PixelReader
    down: int = 0
    right: int = 0

    @property
    def is_remote(self) -> bool:  # type: ignore[override]
        """See `PixelReader`."""
        return self.inner.is_remote

    def read_into(self, indexes: Sequence[int], window: Window, outs: Sequence[Pixels]) -> None:
        """See `PixelReader.read_into`; 0 outside the image."""
        part = self.within(window)
        for out in outs:
            out[:] = 0
        if part is None:
            return
        pixels = [np.empty(part.shape, out.dtype) for out in outs]
        self.inner.read_into(indexes, part, pixels)
        for out, one in zip(outs, pixels, strict=True):
            out[self._at(part, window)] = one

    def read_valid(self, index: int, window: Window) -> npt.NDArray[np.bool_] | None:
        """See `PixelReader.read_valid`; outside the image nothing has a value."""
        part = self.within(window)
        valid = np.zeros(window.shape, bool)
        if part is not None:
            inside = self.inner.read_valid(index, part)
            valid[self._at(part, window)] = True if inside is None else inside
        return valid

    def within(self, window: Window) -> Window | None:
        """Return what of a window of the tile lies in the image, as a window of the image; None where nothing does."""
        height, width = self.inner.geobox.shape
        top, bottom = max(0, window.top + self.down), min(height, window.bottom + self.down)
        left, right = max(0, window.left + self.right), min(width, window.right + self.right)
        return Window(top, left, bottom, right) if top < bottom and left < right else None

    def _at(self, part: Window, window: Window) -> tuple[slice, slice]:
        top, left = part.top - self.down - window.top, part.left - self.right - window.left
        return slice(top, top + part.shape[0]), slice(left, left + part.shape[1])


def placed(reader: PixelReader, tile: GeoBox) -> PixelReader:
    """Return a reader of an image on the extent of a tile, in the image's own pixels; both have one CRS.

    Args:
        reader: of the image.
        tile: grid of the tile.
    """
    mine, wanted, (height, width) = reader.geobox.affine, tile.affine, tile.shape
    pixel_x, pixel_y = mine.a, -mine.e
    left = math.floor((wanted.c - mine.c) / pixel_x + _SAME)
    top = math.floor((mine.f - wanted.f) / pixel_y + _SAME)
    right = math.ceil((wanted.c + wanted.a * width - mine.c) / pixel_x - _SAME)
    bottom = math.ceil((mine.f - (wanted.f + wanted.e * height)) / pixel_y - _SAME)
    if (top, left) == (0, 0) and (bottom, right) == tuple(reader.geobox.shape):
        return reader
    affine = Affine(pixel_x, 0, mine.c + left * pixel_x, 0, -pixel_y, mine.f - top * pixel_y)
    grid = GeoBox((bottom - top, right - left), affine, reader.geobox.crs)
    return PlacedReader(reader.path, grid, reader.dtype, reader.block_shape, inner=reader, down=top, right=left)
