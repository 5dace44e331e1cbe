"""Where the chips lie, and in which order one pass over the imagery completes them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cropdetect.chips.footprints import Footprints
from cropdetect.imagery import Window


@dataclass(frozen=True)
class ChipPlace:
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


def default_places(footprints: Footprints, tile: int, shape: tuple[int, int], size: int) -> list[ChipPlace]:
    """Place chips so that every pixel of every field lies in exactly one chip of its field.

    A field that fits into one chip lies in its middle; a larger one is covered by a grid of chips, of which those without a
    pixel of the field are left out. Chips are shifted to lie inside the tile where that is possible.
    """
    places = []
    for field, pixels in footprints:
        rows, columns = footprints.rows[pixels], footprints.columns[pixels]
        vertical = _spans(int(rows.min()), int(rows.max()) + 1, size, shape[0])
        horizontal = _spans(int(columns.min()), int(columns.max()) + 1, size, shape[1])
        for top, bottom in vertical:
            for left, right in horizontal:
                if len(vertical) * len(horizontal) > 1:
                    inside = (rows >= top) & (rows < bottom) & (columns >= left) & (columns < right)
                    if not inside.any():
                        continue
                places.append(ChipPlace(field, tile, Window(top, left, bottom, right), pixels))
    return places


def _spans(first: int, end: int, size: int, limit: int) -> list[tuple[int, int]]:
    """Cover [first, end) by spans of at most `size`; a single span is centred and lies inside [0, limit) where it can."""
    extent = end - first
    if extent > size:
        count = -(-extent // size)
        edges = [first + size * step for step in range(count)]
        return [(start, min(start + size, limit)) for start in edges]
    start = min(max(0, first - (size - extent) // 2), max(0, limit - size))
    return [(start, min(start + size, limit))]


def cv4a_places(footprints: Footprints, tile: int, shape: tuple[int, int], size: int) -> list[ChipPlace]:
    """Place one chip a field as in 2020: rows [max(0, r - 16), r + 16) around the median pixel, columns alike."""
    half = size // 2
    places = []
    for field, pixels in footprints:
        row, column = int(np.median(footprints.rows[pixels])), int(np.median(footprints.columns[pixels]))
        window = Window(max(0, row - half), max(0, column - half), min(shape[0], row + half), min(shape[1], column + half))
        places.append(ChipPlace(field, tile, window, pixels))
    return places


@dataclass(frozen=True)
class TilePass:
    """One pass over one tile, block by block, row by row of blocks.

    Attributes:
        block: (height, width) of a block, pixels.
        places: the chips in the order in which they become complete.
        alone: (chip,) bool, chips that are read by their own window because too many would be in the making.
    """

    block: tuple[int, int]
    places: tuple[ChipPlace, ...]
    alone: npt.NDArray[np.bool_]


def plan_pass(
    places: list[ChipPlace],
    shape: tuple[int, int],
    stored_block: tuple[int, int],
    pixel_bytes: int,
    chip_bytes: int,
    memory_budget: int,
) -> TilePass:
    """Choose blocks, order the chips, and keep the chips in the making within the budget.

    Args:
        places: the tile's chips.
        shape: (height, width) of the tile.
        stored_block: (height, width) of the blocks in the files.
        pixel_bytes: bytes of one pixel, all dates and bands; 0 where the tile has no date left.
        chip_bytes: bytes of one chip.
        memory_budget: bytes; half for a block, half for chips in the making.
    """
    block = block_shape(shape, stored_block, max(1, memory_budget // 2 // max(1, pixel_bytes)))
    across = -(-shape[1] // block[1])

    def span(place: ChipPlace) -> tuple[int, int]:
        window = place.window
        first = (window.top // block[0]) * across + window.left // block[1]
        last = ((window.bottom - 1) // block[0]) * across + (window.right - 1) // block[1]
        return first, last

    ordered = sorted(places, key=lambda place: (span(place)[1], place.field, place.window.top, place.window.left))
    spans = np.array([span(place) for place in ordered], np.int64).reshape(-1, 2)
    return TilePass(block, tuple(ordered), _too_many(spans, max(1, memory_budget // 2 // chip_bytes)))


def _too_many(spans: npt.NDArray[np.int64], most: int) -> npt.NDArray[np.bool_]:
    """Mark chips that cross blocks (first, last) beyond the `most` that may be in the making at any time."""
    alone = np.zeros(len(spans), bool)
    making: list[int] = []  # last blocks of the chips in the making
    for chip in np.argsort(spans[:, 0], kind="stable").tolist():
        first, last = spans[chip].tolist()
        if first == last:
            continue
        making = [end for end in making if end >= first]
        if len(making) >= most:
            alone[chip] = True
        else:
            making.append(last)
    return alone


def block_shape(shape: tuple[int, int], stored: tuple[int, int], most_pixels: int) -> tuple[int, int]:
    """Grow the stored block, first to full rows, then downwards, to at most `most_pixels`; shrink it where it is larger."""
    height, width = min(stored[0], shape[0]), min(stored[1], shape[1])
    while height * width > most_pixels and height > 1:
        height = -(-height // 2)
    while height * width > most_pixels and width > 1:
        width = -(-width // 2)
    width = min(shape[1], width * max(1, min(most_pixels // (height * width), -(-shape[1] // width))))
    height = min(shape[0], height * max(1, min(most_pixels // (height * width), -(-shape[0] // height))))
    return height, width
