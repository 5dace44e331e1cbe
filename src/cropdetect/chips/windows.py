"""Where the chips of a field lie."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import numpy.typing as npt

from cropdetect.chips.footprints import Footprints
from cropdetect.imagery import Window


@dataclass(frozen=True, slots=True)
class ChipWindow:
    """One chip of one field in one tile.

    Attributes:
        field: row of the fields table.
        tile: position of the tile.
        window: the part of the tile it shows; at most size x size pixels, the rest of the chip is empty.
        pixels: slice of the tile's footprints that holds the field's pixels.
    """

    field: int
    tile: int
    window: Window
    pixels: slice

    @property
    def numbers(self) -> tuple[int, ...]:
        """A row of `ChipWindows.numbers`."""
        window, pixels = self.window, self.pixels
        return self.field, self.tile, window.top, window.left, window.bottom, window.right, pixels.start, pixels.stop

    def shows(self, footprints: Footprints) -> npt.NDArray[np.bool_]:
        """Tell which of the field's pixels lie in the window, (pixel,)."""
        rows, columns, window = footprints.rows[self.pixels], footprints.columns[self.pixels], self.window
        return (rows >= window.top) & (rows < window.bottom) & (columns >= window.left) & (columns < window.right)


class ChipWindows(Sequence[ChipWindow]):
    """Many chips, in 64 bytes each: objects take 420, and there are as many as fields.

    Args:
        numbers: (chip, 8) int64: field, tile, the window's top, left, bottom and right, begin and end of the pixels.
    """

    def __init__(self, numbers: npt.NDArray[np.int64]) -> None:
        self.numbers = numbers

    @staticmethod
    def of(chips: Iterable[ChipWindow]) -> "ChipWindows":
        """Store chips."""
        return ChipWindows(np.array([chip.numbers for chip in chips], np.int64).reshape(-1, 8))

    def __len__(self) -> int:
        """Number of chips."""
        return len(self.numbers)

    @overload
    def __getitem__(self, key: int) -> ChipWindow: ...
    @overload
    def __getitem__(self, key: slice) -> "ChipWindows": ...
    def __getitem__(self, key: int | slice) -> "ChipWindow | ChipWindows":
        """Return one chip, or some."""
        if isinstance(key, slice):
            return ChipWindows(self.numbers[key])
        field, tile, top, left, bottom, right, first, end = self.numbers[key].tolist()
        return ChipWindow(field, tile, Window(top, left, bottom, right), slice(first, end))

    @property
    def fields(self) -> npt.NDArray[np.int64]:
        """(chip,) row of the fields table."""
        return self.numbers[:, 0]

    @property
    def places(self) -> npt.NDArray[np.int64]:
        """(chip, 4) field, tile, top and left of the window."""
        return self.numbers[:, :4]


def default_windows(footprints: Footprints, tile: int, shape: tuple[int, int], size: int) -> list[ChipWindow]:
    """Lay chips so that every pixel of every field lies in exactly one chip of its field.

    A field that fits into one chip lies in its middle; a larger one is covered by a grid of chips, of which those without a
    pixel of the field are left out. Chips are shifted to lie inside the tile where that is possible.
    """
    chips = []
    for field, pixels in footprints:
        rows, columns = footprints.rows[pixels], footprints.columns[pixels]
        vertical = _spans(int(rows.min()), int(rows.max()) + 1, size, shape[0])
        horizontal = _spans(int(columns.min()), int(columns.max()) + 1, size, shape[1])
        for top, bottom in vertical:
            for left, right in horizontal:
                chip = ChipWindow(field, tile, Window(top, left, bottom, right), pixels)
                if len(vertical) * len(horizontal) == 1 or chip.shows(footprints).any():
                    chips.append(chip)
    return chips


def _spans(first: int, end: int, size: int, limit: int) -> list[tuple[int, int]]:
    """Cover [first, end) by spans of at most `size`; a single span is centred and lies inside [0, limit) where it can."""
    extent = end - first
    if extent > size:
        count = -(-extent // size)
        edges = [first + size * step for step in range(count)]
        return [(start, min(start + size, limit)) for start in edges]
    start = min(max(0, first - (size - extent) // 2), max(0, limit - size))
    return [(start, min(start + size, limit))]


def cv4a_windows(footprints: Footprints, tile: int, shape: tuple[int, int], size: int) -> list[ChipWindow]:
    """Lay one chip a field as in 2020: rows [max(0, r - 16), r + 16) around the median pixel, columns alike."""
    half = size // 2
    chips = []
    for field, pixels in footprints:
        row, column = int(np.median(footprints.rows[pixels])), int(np.median(footprints.columns[pixels]))
        window = Window(max(0, row - half), max(0, column - half), min(shape[0], row + half), min(shape[1], column + half))
        chips.append(ChipWindow(field, tile, window, pixels))
    return chips
