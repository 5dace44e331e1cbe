"""Imagery that lies in memory, for tests of what reads imagery."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox

from cropdetect.imagery import FieldFiles, Imagery, ImageSeries, PixelBlock, Window

DAYS = tuple(dt.date(2019, 6, 1) + dt.timedelta(days=20 * step) for step in range(4))


class MemorySeries(ImageSeries):
    """A tile of arrays that counts what is read."""

    def __init__(
        self,
        image: np.ndarray,
        *,
        name: str = "",
        west: float = 640_000.0,
        north: float = 60_000.0,
        clear: np.ndarray | None = None,
        dates: Sequence[dt.date] = DAYS,
        bands: Sequence[str] | None = None,
        block: tuple[int, int] = (16, 16),
        crs: str | None = "EPSG:32636",
    ) -> None:
        self.name = name
        self.geobox = GeoBox(image.shape[2:], Affine(10, 0, west, 0, -10, north), crs)
        self.dates = tuple(dates[: len(image)])
        self.bands = tuple(bands or (f"B{i + 1:02}" for i in range(image.shape[1])))
        self.mask_bands = ()
        self.dtype = image.dtype
        self.block_shape = block
        self.sensor = None
        self.units = "digital number"
        self.offset = 0.0
        self.sources = (name,)
        self.n_bytes = image.nbytes
        self.field_files = FieldFiles()
        self.image = image
        self.clear = np.ones((len(image), *image.shape[2:]), bool) if clear is None else clear
        self.reads = np.zeros(image.shape[2:], int)

    def read(
        self,
        window: Window,
        *,
        dates: Sequence[int] | None = None,
        bands: Sequence[str] | None = None,
        memory: np.ndarray | None = None,
    ) -> PixelBlock:
        height, width = self.image.shape[2:]
        assert 0 <= window.top < window.bottom <= height
        assert 0 <= window.left < window.right <= width
        at = (slice(window.top, window.bottom), slice(window.left, window.right))
        self.reads[at] += 1
        steps = list(range(len(self.dates)) if dates is None else dates)
        rows = [self.bands.index(band) for band in (bands or self.bands)]
        image = self.image[np.ix_(steps, rows)][..., at[0], at[1]].copy()
        if memory is not None and memory.size >= image.size:
            laid = memory[: image.size].reshape(image.shape)
            laid[...] = image
            image = laid
        return PixelBlock(image, self.clear[steps][:, at[0], at[1]].copy())


class FilePerDate(MemorySeries):
    """A tile whose dates lie in files of their own."""

    def dates_by_file(self, dates: Sequence[int]) -> list[list[int]]:
        return [[position] for position in dates]


def imagery(*tiles: MemorySeries) -> Imagery:
    return Imagery(path=Path("memory"), layout="cv4a", tiles=tiles)
