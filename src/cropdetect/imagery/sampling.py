"""A small sample of the pixels, read when imagery is opened: what files do not declare shows in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cropdetect.errors import UnreadableFileError
from cropdetect.imagery.layers import Acquisition, FoundTile, Layer, PixelReader
from cropdetect.imagery.series import Window
from cropdetect.imagery.stores.open_files import close_files
from cropdetect.imagery.stores.read import missing_numbers

Numbers = npt.NDArray[Any]

_ACQUISITIONS = 32  # of all tiles together
_SLOW_ACQUISITIONS = 6  # where one block takes long to decode
_SLOW_BLOCK = 1_000_000  # pixels
_WHOLE = 128 * 128  # pixels of an image that is read whole
_SIDE = 48  # pixels of a window


@dataclass(frozen=True)
class BandSample:
    """Stored numbers of one band of one acquisition, without those that are declared as missing.

    Attributes:
        tile: position of the tile.
        acquisition: the acquisition it is of.
        band: name.
        layer: where the numbers come from.
        numbers: (pixel,), in the stored dtype.
    """

    tile: int
    acquisition: Acquisition
    band: str
    layer: Layer
    numbers: Numbers


def take_sample(tiles: Sequence[FoundTile]) -> list[BandSample]:
    """Read a few windows of acquisitions that are spread evenly over all tiles and dates; leave no file open.

    A file that cannot be read is left out here; reading its pixels in earnest names it.

    Args:
        tiles: with all that metadata declare.
    """
    unsure = [(number, tile) for number, tile in enumerate(tiles) if not tile.is_declared]
    everything = [(number, acquisition) for number, tile in unsure for acquisition in tile.acquisitions]
    slow = any(
        layer.reader.is_remote or layer.reader.block_shape[0] * layer.reader.block_shape[1] >= _SLOW_BLOCK
        for _, acquisition in everything
        for layer in acquisition.layers.values()
    )
    at_most = min(len(everything), _SLOW_ACQUISITIONS if slow else _ACQUISITIONS)
    chosen = sorted({round(place) for place in np.linspace(0, len(everything) - 1, at_most)}) if everything else []
    sample: list[BandSample] = []
    for number, acquisition in (everything[place] for place in chosen):
        by_reader: dict[int, list[tuple[str, Layer]]] = {}
        for band, layer in acquisition.layers.items():
            by_reader.setdefault(id(layer.reader), []).append((band, layer))
        for same in by_reader.values():
            numbers = _read([layer for _, layer in same], whole_side=not slow)
            if numbers is not None:
                sample += [
                    BandSample(number, acquisition, band, layer, one) for (band, layer), one in zip(same, numbers, strict=True)
                ]
    close_files()
    return sample


def _read(layers: Sequence[Layer], *, whole_side: bool) -> list[Numbers] | None:
    """Return the numbers of layers of one reader, each (pixel,); None where the file cannot be read."""
    reader = layers[0].reader
    parts: list[list[Numbers]] = [[] for _ in layers]
    try:
        for window in _windows(reader, several=whole_side):
            stored = np.empty((len(layers), *window.shape), reader.dtype)
            reader.read_into([layer.index for layer in layers], window, list(stored))
            for part, layer, pixels in zip(parts, layers, stored, strict=True):
                missing = missing_numbers(pixels, layer, window)
                part.append(pixels.ravel() if missing is None else pixels[~missing])
    except UnreadableFileError:
        return None
    return [np.concatenate(part) for part in parts]


def _windows(reader: PixelReader, *, several: bool) -> list[Window]:
    """Return the whole of a small image; of a large one windows along its diagonal, or one where blocks are slow to decode."""
    height, width = reader.geobox.shape
    if height * width <= _WHOLE:
        return [Window(0, 0, height, width)]
    if not several:
        block_height, block_width = reader.block_shape
        top, left = height // 2 // block_height * block_height, width // 2 // block_width * block_width
        return [Window(top, left, min(top + _SIDE, height), min(left + _SIDE, width))]
    rows, columns = min(_SIDE, height), min(_SIDE, width)
    corners = [(round(share * (height - rows)), round(share * (width - columns))) for share in (0, 0.25, 0.5, 0.75, 1)]
    return [Window(top, left, top + rows, left + columns) for top, left in corners]
