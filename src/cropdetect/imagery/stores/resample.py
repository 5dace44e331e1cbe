"""Bring a layer to another grid of the same CRS: nearest for classes, bilinear up and average down for the rest.

Every output pixel is computed from its place in the whole grid, not in the window. So a large window and the small windows within
it give the same numbers, bit for bit. GDAL's warper works in window coordinates and rounds differently, so it is not used here.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_SNAP = 1e-6  # pixels; closer to a whole number than this is that number


@dataclass(frozen=True)
class Axis:
    """How rows (or columns) of the wanted grid lie on those of the source.

    Attributes:
        size: pixels of the source.
        scale: source pixels a wanted pixel.
        shift: source coordinate of the first wanted pixel's outer edge.
    """

    size: int
    scale: float
    shift: float

    @property
    def same(self) -> bool:
        """Whether wanted pixels are source pixels."""
        return self.scale == 1.0 and self.shift == int(self.shift)

    def nearest(self, start: int, stop: int) -> npt.NDArray[np.int64]:
        """Return the source pixel that holds the centre of each wanted pixel; -1 where there is none."""
        centre = (np.arange(start, stop) + 0.5) * self.scale + self.shift
        index = np.floor(centre + _SNAP).astype(np.int64)
        return np.where((index < 0) | (index >= self.size), -1, index)

    def taps(self, start: int, stop: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Return source pixels and their weights, both (tap, wanted pixel); weights sum to 1 inside the source."""
        return self._average(start, stop) if self.scale > 1 + _SNAP else self._bilinear(start, stop)

    def _bilinear(self, start: int, stop: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        centre = (np.arange(start, stop) + 0.5) * self.scale + self.shift - 0.5
        first = np.floor(centre)
        share = centre - first
        index = np.stack([first, first + 1]).astype(np.int64)
        return index.clip(0, self.size - 1), np.stack([1 - share, share])

    def _average(self, start: int, stop: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        low = np.arange(start, stop) * self.scale + self.shift
        high = low + self.scale
        first = np.floor(low + _SNAP).astype(np.int64)
        # One tap more than a wanted pixel is wide, rounded up, so that it may begin within a source pixel.
        index = first + np.arange(int(np.ceil(self.scale - _SNAP)) + 1)[:, None]
        weight = np.minimum(index + 1, high) - np.maximum(index, low)
        weight[(weight < _SNAP) | (index < 0) | (index >= self.size)] = 0
        return index.clip(0, self.size - 1), weight / self.scale


def axis(size: int, origin: float, pixel: float, wanted_origin: float, wanted_pixel: float) -> Axis:
    """Return how an axis of the wanted grid lies on the source's; `pixel` is signed."""
    scale = wanted_pixel / pixel
    shift = (wanted_origin - origin) / pixel
    for exact in (round(scale), 1 / max(1, round(1 / scale))):
        if exact and abs(scale / exact - 1) < _SNAP:
            scale = exact
    nearest_shift = round(shift / min(scale, 1)) * min(scale, 1)
    if abs(shift - nearest_shift) < 1e-3 * min(scale, 1):
        shift = nearest_shift
    return Axis(size, float(scale), float(shift))


@dataclass(frozen=True)
class Regridder:
    """One window of the wanted grid, and what of the source it needs.

    Attributes:
        rows: rows [top, bottom) of the source to read, and
        columns: columns [left, right).
    """

    rows: tuple[int, int]
    columns: tuple[int, int]
    _nearest: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
    _taps: tuple[tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]], ...]

    def nearest(self, values: npt.NDArray[Any], valid: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
        """Return (values, valid), both (..., y, x), on the wanted window: from the source pixel that holds a pixel's centre."""
        rows, columns = self._nearest
        at = (..., (rows - self.rows[0]).clip(0, None)[:, None], (columns - self.columns[0]).clip(0, None))
        inside = (rows >= 0)[:, None] & (columns >= 0)
        return values[at], valid[at] & inside

    def smooth(self, values: npt.NDArray[Any], valid: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
        """Return (values, valid), both (..., y, x), on the wanted window: weighted means of the valid source pixels.

        A pixel is valid where at least half of the weight is valid and, for what is finer than the source, the source pixel
        that it lies in.
        """
        exact = values.dtype.itemsize > 2 and values.dtype != np.float32
        work = np.float64 if exact else np.float32
        summed = self._weighted(np.where(valid, values, 0).astype(work))
        weight = self._weighted(valid.astype(work))
        good = weight > 0.5 - _SNAP
        if len(self._taps[0][0]) == 2 and len(self._taps[1][0]) == 2:
            good = self.nearest(valid, valid)[1]
        mean = np.divide(summed, weight, out=np.zeros_like(summed), where=weight > 0)
        if values.dtype.kind in "iu":
            limits = np.iinfo(values.dtype)
            mean = np.floor(mean + 0.5).clip(limits.min, limits.max)
        return mean.astype(values.dtype), good

    def _weighted(self, values: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        (rows, row_weights), (columns, column_weights) = self._taps
        down = sum(
            values[..., index - self.rows[0], :] * weight.astype(values.dtype)[:, None]
            for index, weight in zip(rows, row_weights, strict=True)
        )
        across = sum(
            down[..., index - self.columns[0]] * weight.astype(values.dtype)
            for index, weight in zip(columns, column_weights, strict=True)
        )
        return np.asarray(across)


def regridder(rows: Axis, columns: Axis, window: tuple[int, int, int, int]) -> Regridder:
    """Prepare one window (top, left, bottom, right) of the wanted grid."""
    top, left, bottom, right = window
    spans, nearest, taps = [], [], []
    for along, start, stop in ((rows, top, bottom), (columns, left, right)):
        index, weight = along.taps(start, stop)
        own = along.nearest(start, stop)
        needed = np.concatenate([index.ravel(), own[own >= 0]])
        spans.append((int(needed.min()), int(needed.max()) + 1))
        nearest.append(own)
        taps.append((index, weight))
    return Regridder(spans[0], spans[1], (nearest[0], nearest[1]), tuple(taps))
