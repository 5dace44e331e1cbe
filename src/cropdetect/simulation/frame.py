"""Where tiles lie: one mosaic of 10 m pixels, tiles two high as in 2020, and the window that is computed for each."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

PIXEL = 10.0  # metres
SUBPIXEL = 5.0  # metres: the grain of the scene
COARSE = 6  # 10 m pixels in a 60 m pixel


@dataclass(frozen=True)
class Frame:
    """One tile.

    Attributes:
        tile: its number.
        row, column: its upper left pixel in the mosaic, 10 m pixels.
        height, width: its size, 10 m pixels.
    """

    tile: int
    row: int
    column: int
    height: int
    width: int

    @property
    def window(self) -> tuple[int, int, int, int]:
        """(top, left, bottom, right): the tile on the mosaic's 60 m grid with one 60 m pixel more on each side, 10 m pixels."""

        def outwards(start: int, size: int) -> tuple[int, int]:
            return (start // COARSE - 1) * COARSE, (-(-(start + size) // COARSE) + 1) * COARSE

        top, bottom = outwards(self.row, self.height)
        left, right = outwards(self.column, self.width)
        return top, left, bottom, right

    def axes(self, step: float) -> tuple[Floats, Floats]:
        """Centres (x, y) of the window's cells of `step` metres, in metres from the mosaic's upper left corner, y downwards."""
        top, left, bottom, right = (edge * PIXEL for edge in self.window)
        x = np.arange(left + step / 2, right, step, dtype=np.float32)
        y = np.arange(top + step / 2, bottom, step, dtype=np.float32)
        return x, y

    def inside(self, resolution: int) -> tuple[slice, slice]:
        """Rows and columns of the window's `resolution` metre grid that cover the tile."""
        top, left, _, _ = self.window
        factor = resolution // int(PIXEL)
        rows = slice((self.row - top) // factor, -(-(self.row + self.height - top) // factor))
        columns = slice((self.column - left) // factor, -(-(self.column + self.width - left) // factor))
        return rows, columns


def mosaic(tiles: int, height: int, width: int, *, aligned: bool) -> tuple[list[Frame], float, float]:
    """Place the tiles: tile 0 below tile 1, the next two to their right, as in 2020; a single tile stands alone.

    Args:
        tiles: how many.
        height: rows of each, 10 m pixels.
        width: columns of each, 10 m pixels.
        aligned: let every tile begin on the 60 m grid (then there is a gap of up to 50 m between them).

    Returns:
        The frames, and width and height of the mosaic in metres.
    """
    down = COARSE * -(-height // COARSE) if aligned else height
    across = COARSE * -(-width // COARSE) if aligned else width
    rows = min(tiles, 2)
    frames = [Frame(t, (rows - 1 - t % 2) * down, t // 2 * across, height, width) for t in range(tiles)]
    return frames, -(-tiles // 2) * across * PIXEL, rows * down * PIXEL
