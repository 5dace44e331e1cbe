"""Reading what the chips of a block show, each stored block once, with little memory."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cropdetect.chips.regions import regions
from cropdetect.imagery import ImageSeries, PixelBlock, Window

_WORTH_COPYING = 0.75  # share of a region's memory that dates one after the other, and the chips' pixels, may take


class Memory:
    """Memory that all blocks of all tiles are read into: to touch new memory takes as long as to read a part of a block."""

    def __init__(self) -> None:
        self._numbers: npt.NDArray[np.generic] = np.empty(0)
        self._used = 0

    def begin(self, size: int, dtype: np.dtype[np.generic]) -> None:
        """Make room for so many numbers; what was kept is let go."""
        if self._numbers.size < size or self._numbers.dtype != dtype:
            self._numbers = np.empty(0)  # before there is more
            self._numbers = np.empty(size, dtype)
        self._used = 0

    @property
    def rest(self) -> npt.NDArray[np.generic]:
        """What is not kept."""
        return self._numbers[self._used :]

    def keep(self, size: int) -> npt.NDArray[np.generic]:
        """Return the first so many numbers of the rest, and keep them."""
        kept = self.rest[:size]
        self._used += size
        return kept


class Part(NamedTuple):
    """Pixels that chips show a part of."""

    window: Window
    pixels: PixelBlock

    def cropped(self, window: Window) -> "Part":
        """Return a copy of what lies in a window."""
        inside = overlap(self.window, window)
        rows, columns = _within(inside, self.window)
        return Part(inside, PixelBlock(self.pixels.image[..., rows, columns].copy(), self.pixels.clear[:, rows, columns].copy()))

    def copy_to(self, window: Window, image: npt.NDArray[np.generic], clear: npt.NDArray[np.bool_]) -> None:
        """Copy what lies in a window to `image` (step, band, y, x) and `clear` (step, y, x), which begin where it begins."""
        inside = overlap(self.window, window)
        rows, columns = _within(inside, self.window)
        y, x = _within(inside, window)
        n_steps = len(self.pixels.clear)
        image[:n_steps, :, y, x] = self.pixels.image[..., rows, columns]
        clear[:n_steps, y, x] = self.pixels.clear[:, rows, columns]


def share_held(dates: Sequence[Sequence[int]], windows: Sequence[Window], shape: tuple[int, int]) -> float:
    """Return the share of the pixels of all dates that is held while windows are read; 1 where all dates are held together.

    Args:
        dates: see `ImageSeries.dates_by_file`.
        windows: what is needed.
        shape: (height, width) of what is read for them.
    """
    copied = sum(math.prod(window.shape) for window in windows) / math.prod(shape)
    at_once = max(map(len, dates)) / sum(map(len, dates))
    return copied + at_once if copied + at_once <= _WORTH_COPYING else 1.0


class BlockReader:
    """Reads windows of a tile, those near each other together.

    Where the windows show a small part of what is read, dates that lie in files of their own are read one after the other, and
    only what the windows show is kept. Elsewhere all dates are held.

    Args:
        series: the tile.
        steps: positions of the dates.
        bands: names.
        memory: what is read into it holds until the next call of `read`.
    """

    def __init__(self, series: ImageSeries, steps: Sequence[int], bands: Sequence[str], memory: Memory) -> None:
        self._series = series
        self._steps = steps
        self._bands = bands
        self._memory = memory
        self._dates = series.dates_by_file(steps)

    def read(self, windows: Sequence[Window], block: tuple[int, int]) -> list[Part]:
        """Return what holds each of the windows.

        Args:
            windows: parts of the tile, all in one block.
            block: (height, width) of the block.
        """
        self._memory.begin(math.prod(block) * len(self._steps) * len(self._bands), self._series.dtype)
        found, region_of = regions(windows, self._series.block_shape)
        inside: list[list[int]] = [[] for _ in found]
        for position, number in enumerate(region_of):
            inside[number].append(position)
        parts: dict[int, Part] = {}
        for region, positions in zip(found, inside, strict=True):
            shown = [windows[position] for position in positions]
            read = self._read_by_date if share_held(self._dates, shown, region.shape) < 1 else self._read_whole
            parts.update(zip(positions, read(region, shown), strict=True))
        return [parts[position] for position in range(len(windows))]

    def _read_whole(self, region: Window, windows: Sequence[Window]) -> list[Part]:
        pixels = self._series.read(region, dates=self._steps, bands=self._bands, memory=self._memory.rest)
        self._memory.keep(pixels.image.size)
        return [Part(region, pixels)] * len(windows)

    def _read_by_date(self, region: Window, windows: Sequence[Window]) -> list[Part]:
        parts = [Part(window, self._kept(window.shape)) for window in windows]
        places = [_within(window, region) for window in windows]
        step_of = {position: step for step, position in enumerate(self._steps)}
        for group in self._dates:
            pixels = self._series.read(region, dates=group, bands=self._bands, memory=self._memory.rest)
            for position, image, clear in zip(group, pixels.image, pixels.clear, strict=True):
                step = step_of[position]
                for (_, kept), (rows, columns) in zip(parts, places, strict=True):
                    kept.image[step] = image[:, rows, columns]
                    kept.clear[step] = clear[rows, columns]
        return parts

    def _kept(self, shape: tuple[int, int]) -> PixelBlock:
        """Return pixels of a window whose content is to be written."""
        image = (len(self._steps), len(self._bands), *shape)
        clear = np.empty((len(self._steps), *shape), bool)
        return PixelBlock(self._memory.keep(math.prod(image)).reshape(image), clear)


def lay(parts: Sequence[Part], window: Window, image: npt.NDArray[np.generic], clear: npt.NDArray[np.bool_]) -> None:
    """Copy all parts of a chip to where it lies; see `Part.copy_to`."""
    for part in parts:
        part.copy_to(window, image, clear)


def overlap(a: Window, b: Window) -> Window:
    """Return what two windows share."""
    return Window(max(a.top, b.top), max(a.left, b.left), min(a.bottom, b.bottom), min(a.right, b.right))


def _within(window: Window, outer: Window) -> tuple[slice, slice]:
    """Return rows and columns of a window in another one."""
    return slice(window.top - outer.top, window.bottom - outer.top), slice(window.left - outer.left, window.right - outer.left)
