"""In which order one pass over a tile reads blocks and completes chips, within a memory budget."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cropdetect.chips.windows import ChipWindow, ChipWindows
from cropdetect.imagery import Window


@dataclass(frozen=True)
class TileSchedule:
    """One pass over one tile, block by block, row by row of blocks.

    Attributes:
        shape: (height, width) of the tile, pixels.
        block: (height, width) of a block, pixels.
        chips: the chips in the order in which they become complete.
        read_alone: (chip,) bool, chips that are read by their own window because too many would be partly read at once.
    """

    shape: tuple[int, int]
    block: tuple[int, int]
    chips: ChipWindows
    read_alone: npt.NDArray[np.bool_]

    def of_fields(self, kept: npt.NDArray[np.bool_]) -> "TileSchedule":
        """Return the same pass without the chips of other fields.

        Args:
            kept: (field,) bool.
        """
        chips = kept[self.chips.fields]
        return TileSchedule(self.shape, self.block, ChipWindows(self.chips.numbers[chips]), self.read_alone[chips])

    def chips_of_blocks(self, first: int) -> list[tuple[Window, list[int]]]:
        """List the blocks in reading order, each with the chips (from `first` on) that need it.

        A chip that is read alone stands at its last block only.
        """
        chips_of: dict[tuple[int, int], list[int]] = {}
        for position in range(first, len(self.chips)):
            blocks = self._blocks(self.chips[position].window)
            for block in blocks[-1:] if self.read_alone[position] else blocks:
                chips_of.setdefault(block, []).append(position)
        return [(self._window(*block), chips) for block, chips in sorted(chips_of.items())]

    def _blocks(self, window: Window) -> list[tuple[int, int]]:
        """Return rows and columns of the blocks that a window touches."""
        rows = range(window.top // self.block[0], (window.bottom - 1) // self.block[0] + 1)
        columns = range(window.left // self.block[1], (window.right - 1) // self.block[1] + 1)
        return [(row, column) for row in rows for column in columns]

    def _window(self, row: int, column: int) -> Window:
        top, left = row * self.block[0], column * self.block[1]
        return Window(top, left, min(self.shape[0], top + self.block[0]), min(self.shape[1], left + self.block[1]))


def schedule_tile(chips: Sequence[ChipWindow], shape: tuple[int, int], block: tuple[int, int], most_partly: int) -> TileSchedule:
    """Order the chips, and let no more than some be partly read at any time.

    Args:
        chips: the tile's chips.
        shape: (height, width) of the tile.
        block: (height, width) of the blocks that are read; see `block_shape`.
        most_partly: chips.
    """
    across = -(-shape[1] // block[1])

    def span(chip: ChipWindow) -> tuple[int, int]:
        window = chip.window
        first = (window.top // block[0]) * across + window.left // block[1]
        last = ((window.bottom - 1) // block[0]) * across + (window.right - 1) // block[1]
        return first, last

    ordered = sorted(chips, key=lambda chip: (span(chip)[1], chip.field, chip.window.top, chip.window.left))
    spans = np.array([span(chip) for chip in ordered], np.int64).reshape(-1, 2)
    return TileSchedule(shape, block, ChipWindows.of(ordered), _too_many(spans, most_partly))


def _too_many(spans: npt.NDArray[np.int64], most: int) -> npt.NDArray[np.bool_]:
    """Mark chips that cross blocks (first, last) beyond the `most` that may be partly read at any time."""
    too_many = np.zeros(len(spans), bool)
    partly_read: list[int] = []  # last blocks of these chips
    for chip in np.argsort(spans[:, 0], kind="stable").tolist():
        first, last = spans[chip].tolist()
        if first == last:
            continue
        partly_read = [end for end in partly_read if end >= first]
        if len(partly_read) >= most:
            too_many[chip] = True
        else:
            partly_read.append(last)
    return too_many


def block_shape(shape: tuple[int, int], stored: tuple[int, int], most_pixels: int, enough_pixels: int) -> tuple[int, int]:
    """Grow the stored block, first to full rows, then downwards; shrink it where it is too large.

    Args:
        shape: (height, width) of the tile, pixels.
        stored: (height, width) of the blocks in the files.
        most_pixels: that a block may have.
        enough_pixels: up to which it grows; no more than `most_pixels`.
    """
    height, width = min(stored[0], shape[0]), min(stored[1], shape[1])
    while height * width > most_pixels and height > 1:
        height = -(-height // 2)
    while height * width > most_pixels and width > 1:
        width = -(-width // 2)
    width = min(shape[1], width * max(1, min(enough_pixels // (height * width), -(-shape[1] // width))))
    height = min(shape[0], height * max(1, min(enough_pixels // (height * width), -(-shape[0] // height))))
    return height, width
