"""Where the chips of a field lie on a tile's grid."""

from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Placement:
    """Chips on one tile; all arrays (chip,) int64.

    Attributes:
        field: row of the field.
        top, left: first row and column of the chip, inside the tile.
        height, width: rows and columns that are read; what a chip lacks of its size is padding at the bottom and right.
    """

    field: Integers
    top: Integers
    left: Integers
    height: Integers
    width: Integers

    def __len__(self) -> int:
        """Number of chips."""
        return len(self.field)

    def take(self, chips: npt.NDArray[np.integer] | npt.NDArray[np.bool_]) -> "Placement":
        """Return the chips at these positions, or where a mask is true."""
        return replace(self, **{f.name: getattr(self, f.name)[chips] for f in fields(self)})


@dataclass(frozen=True)
class Boxes:
    """Bounding boxes of fields in whole pixels, clipped to the tile: rows [top, bottom), columns [left, right)."""

    top: Integers
    left: Integers
    bottom: Integers
    right: Integers


def around_boxes(field: Integers, boxes: Boxes, size: int, shape: tuple[int, int]) -> Placement:
    """Cover each box by one chip, or by a grid of adjoining chips where it is larger.

    The chips are centred on the box and shifted to lie in the tile where they can.

    Args:
        field: row of each box's field.
        boxes: at least one pixel each.
        size: chip height and width, pixels.
        shape: height and width of the tile.
    """
    down, first_row = _span(boxes.top, boxes.bottom, size, shape[0])
    across, first_column = _span(boxes.left, boxes.right, size, shape[1])
    count = down * across
    box = np.repeat(np.arange(len(field)), count)
    nth = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    top = first_row[box] + size * (nth // across[box])
    left = first_column[box] + size * (nth % across[box])
    height, width = np.minimum(size, shape[0] - top), np.minimum(size, shape[1] - left)
    return Placement(field[box], top, left, height, width).take((height > 0) & (width > 0))


def _span(first: Integers, stop: Integers, size: int, length: int) -> tuple[Integers, Integers]:
    """Return how many chips cover [first, stop) along one axis, and where the first begins."""
    count = -(-(stop - first) // size)
    start = first - (count * size - (stop - first)) // 2
    return count, np.clip(start, 0, np.maximum(length - count * size, 0))


def around_medians(field: Integers, row: Integers, column: Integers, size: int, shape: tuple[int, int]) -> Placement:
    """Cut as in 2020: rows [max(0, row - size / 2), row + size / 2) and columns alike, ended at the tile's border.

    Args:
        field: row of each field in the table.
        row, column: median pixel row and column of each field, truncated to whole numbers.
        size: chip height and width, pixels.
        shape: height and width of the tile.
    """
    top, left = np.maximum(0, row - size // 2), np.maximum(0, column - size // 2)
    bottom = np.minimum(row - size // 2 + size, shape[0])
    right = np.minimum(column - size // 2 + size, shape[1])
    return Placement(field, top, left, bottom - top, right - left)


def median_of_counts(owner: Integers, position: Integers, count: Integers, n_owners: int) -> Integers:
    """Return the median of each owner's positions, truncated to a whole number.

    Args:
        owner: (entry,) sorted; every owner 0 to n_owners - 1 occurs.
        position: (entry,) rising within an owner, not negative.
        count: (entry,) how often the position occurs.
        n_owners: number of owners.
    """
    total = np.bincount(owner, weights=count, minlength=n_owners).astype(np.int64)
    before = np.cumsum(total) - total
    running = np.cumsum(count)
    low = position[np.searchsorted(running, before + (total - 1) // 2, side="right")]
    high = position[np.searchsorted(running, before + total // 2, side="right")]
    return np.asarray((low + high) // 2, dtype=np.int64)
