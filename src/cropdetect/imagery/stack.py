"""The series that all layouts share: acquisitions that are read, masked, and merged by day."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from odc.geo.geobox import GeoBox

from cropdetect.imagery.clear import Condition
from cropdetect.imagery.layer import Pixels
from cropdetect.imagery.series import FieldFiles, ImageSeries, PixelBlock, Window
from cropdetect.imagery.source import Job, Mask, Source, run

_SAMPLE_SIDE = 256  # pixels
_SAMPLES = 5  # windows along each axis


@dataclass(frozen=True)
class Pass:
    """One acquisition that is ready to be read: every band and mask band of the series, and the day."""

    date: dt.date
    sources: Mapping[str, Source]


@dataclass(frozen=True, eq=False)
class StackSeries(ImageSeries):
    """See `ImageSeries`. Pickles, as it holds no open file.

    Attributes:
        passes: at least one a date.
        conditions: what makes a pixel clear, besides that every band that is read has a value there.
    """

    name: str
    geobox: GeoBox
    dates: tuple[dt.date, ...]
    bands: tuple[str, ...]
    mask_bands: tuple[str, ...]
    dtype: np.dtype[np.generic]
    block_shape: tuple[int, int]
    sensor: str | None
    units: str
    offset: float
    sources: tuple[str, ...]
    n_bytes: int
    field_files: FieldFiles
    passes: tuple[Pass, ...]
    conditions: tuple[Condition, ...]

    def read(self, window: Window, *, dates: Sequence[int] | None = None, bands: Sequence[str] | None = None) -> PixelBlock:
        """See `ImageSeries.read`. Bands that are not asked for are not read, so they do not count in `clear`.

        Where a day has several acquisitions, each pixel is taken, all bands together, from the first that is clear there, or
        else the first that has values; the acquisition that is clearest over the whole tile comes first.
        """
        height, width = self.geobox.shape
        if not (0 <= window.top < window.bottom <= height and 0 <= window.left < window.right <= width):
            raise ValueError(f"{window} does not lie inside the grid of {height} x {width} pixels")
        names = self.bands if bands is None else tuple(bands)
        unknown = [name for name in names if name not in self.bands]
        if unknown:
            raise ValueError(f"{', '.join(unknown)} is none of the bands {', '.join(self.bands)}")
        days = [self._days[position] for position in (range(len(self.dates)) if dates is None else dates)]
        image, valid, clear = self._read_passes([one for day in days for one in day], names, window)
        if len(image) == len(days):
            return PixelBlock(image, clear)
        return _merge([len(day) for day in days], image, valid, clear)

    @cached_property
    def _days(self) -> tuple[tuple[Pass, ...], ...]:
        """The acquisitions of each date, the clearest first."""
        by_day: dict[dt.date, list[Pass]] = defaultdict(list)
        for one in self.passes:
            by_day[one.date].append(one)
        for day in by_day.values():
            if len(day) > 1:
                day.sort(key=self._clear_share, reverse=True)
        return tuple(tuple(by_day[day]) for day in self.dates)

    def _clear_share(self, one: Pass) -> float:
        """Return the share of clear pixels in windows spread over the whole tile, so that it depends on no other window."""
        rows, columns = (
            sorted({round(step * max(0, size - _SAMPLE_SIDE) / (_SAMPLES - 1)) for step in range(_SAMPLES)})
            for size in self.geobox.shape
        )
        height, width = self.geobox.shape
        windows = [
            Window(top, left, min(top + _SAMPLE_SIDE, height), min(left + _SAMPLE_SIDE, width))
            for top in rows
            for left in columns
        ]
        return float(np.mean([self._read_passes([one], self.bands, window)[2].mean() for window in windows]))

    def _read_passes(self, passes: Sequence[Pass], names: Sequence[str], window: Window) -> tuple[Pixels, Mask, Mask]:
        """Return image (pass, band, y, x), valid (every band has a value) and clear, both (pass, y, x)."""
        shape = window.shape
        image = np.empty((len(passes), len(names), *shape), self.dtype)
        valid = np.ones((len(passes), *shape), bool)
        clear = np.ones((len(passes), *shape), bool)
        jobs = []
        asides: list[dict[str, Pixels]] = []  # mask bands that are not asked for, of each pass
        for number, one in enumerate(passes):
            aside = {name: np.empty(shape, one.sources[name].dtype) for name in self.mask_bands if name not in names}
            jobs += [Job(one.sources[name], image[number, place], valid[number]) for place, name in enumerate(names)]
            jobs += [Job(one.sources[name], pixels, clear[number]) for name, pixels in aside.items()]
            asides.append(aside)
        run(jobs, window)
        clear &= valid
        for number, aside in enumerate(asides):
            for condition in self.conditions:
                name = condition.band
                clear[number] &= condition.holds(aside[name] if name in aside else image[number, names.index(name)])
        return image, valid, clear


def _merge(passes_a_day: Sequence[int], image: Pixels, valid: Mask, clear: Mask) -> PixelBlock:
    """Make one date of the passes of each day: a clear pixel before a valid one, a valid one before none."""
    quality = valid.astype(np.int8) + clear
    merged = np.empty((len(passes_a_day), *image.shape[1:]), image.dtype)
    best = np.empty((len(passes_a_day), *valid.shape[1:]), np.int8)
    first = 0
    for day, count in enumerate(passes_a_day):
        merged[day], best[day] = image[first], quality[first]
        for number in range(first + 1, first + count):
            better = quality[number] > best[day]
            merged[day][:, better] = image[number][:, better]
            best[day][better] = quality[number][better]
        first += count
    return PixelBlock(merged, best == 2)
