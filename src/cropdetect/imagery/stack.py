"""The series that all layouts share: acquisitions whose layers are read, regridded, masked and merged by day."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from odc.geo.geobox import GeoBox

from cropdetect.imagery.bands import is_nearest, is_reflectance
from cropdetect.imagery.clear import Condition
from cropdetect.imagery.grids import axes
from cropdetect.imagery.layer import Acquisition, Layer, Pixels, PixelStore
from cropdetect.imagery.resample import Axis, regridder
from cropdetect.imagery.series import FieldFiles, ImageSeries, PixelBlock, Window

Mask = npt.NDArray[np.bool_]

_SAMPLE_SIDE = 256  # pixels
_SAMPLES = 5  # windows along each axis


@dataclass(frozen=True)
class _Job:
    """One layer to read, and where it goes."""

    layer: Layer
    values: Pixels  # (y, x)
    valid: Mask  # (y, x); false is set where the layer has no value


@dataclass(frozen=True, eq=False)
class StackSeries(ImageSeries):
    """See `ImageSeries`. Pickles, as it holds no open file.

    Attributes:
        acquisitions: at least one a date; all have every band and mask band.
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
    acquisitions: tuple[Acquisition, ...]
    conditions: tuple[Condition, ...]

    def read(
        self, window: Window, *, dates: Sequence[int] | None = None, bands: Sequence[str] | None = None
    ) -> PixelBlock:
        """See `ImageSeries.read`. Bands that are not asked for are not read, so they do not count in `clear`."""
        height, width = self.geobox.shape
        if not (0 <= window.top < window.bottom <= height and 0 <= window.left < window.right <= width):
            raise ValueError(f"{window} does not lie inside the grid of {height} x {width} pixels")
        positions = range(len(self.dates)) if dates is None else dates
        names = self.bands if bands is None else tuple(bands)
        for name in names:
            if name not in self.bands:
                raise ValueError(f"{name} is none of the bands {', '.join(self.bands)}")
        days = [self._days[position] for position in positions]
        taken = [acquisition for day in days for acquisition in day]
        image, valid, clear = self._read_acquisitions(taken, names, window)
        if len(taken) == len(days):
            return PixelBlock(image, clear)
        return self._merge_days(days, image, valid, clear)

    @cached_property
    def _days(self) -> tuple[tuple[Acquisition, ...], ...]:
        """The acquisitions of each date, the clearest first."""
        by_day: dict[dt.date, list[Acquisition]] = defaultdict(list)
        for acquisition in self.acquisitions:
            by_day[acquisition.date].append(acquisition)
        return tuple(
            tuple(sorted(by_day[day], key=self._clear_share, reverse=True) if len(by_day[day]) > 1 else by_day[day])
            for day in self.dates
        )

    def _clear_share(self, acquisition: Acquisition) -> float:
        """Return the share of clear pixels in windows spread over the whole grid, the same whatever window is being read."""
        starts = [
            sorted({round(step * max(0, size - _SAMPLE_SIDE) / (_SAMPLES - 1)) for step in range(_SAMPLES)})
            for size in self.geobox.shape
        ]
        height, width = self.geobox.shape
        counts = []
        for top in starts[0]:
            for left in starts[1]:
                window = Window(top, left, min(top + _SAMPLE_SIDE, height), min(left + _SAMPLE_SIDE, width))
                counts.append(self._read_acquisitions([acquisition], self.bands, window)[2].mean())
        return float(np.mean(counts))

    def _read_acquisitions(
        self, taken: Sequence[Acquisition], names: Sequence[str], window: Window
    ) -> tuple[Pixels, Mask, Mask]:
        """Return image (acquisition, band, y, x), valid and clear (acquisition, y, x)."""
        shape = window.shape
        image = np.empty((len(taken), len(names), *shape), self.dtype)
        valid = np.ones((len(taken), *shape), bool)
        known = valid.copy() if set(self.mask_bands) - set(names) else valid  # of bands and mask bands
        jobs: dict[PixelStore, list[_Job]] = defaultdict(list)
        masks: list[dict[str, Pixels]] = []
        for number, acquisition in enumerate(taken):
            values: dict[str, Pixels] = {name: image[number, place] for place, name in enumerate(names)}
            for name in self.mask_bands:
                values.setdefault(name, np.empty(shape, self._value_dtype(acquisition.layers[name])))
            for name, pixels in values.items():
                layer = acquisition.layers[name]
                jobs[layer.store].append(_Job(layer, pixels, (valid if name in names else known)[number]))
            masks.append(values)
        resampled = {name: is_nearest(name) for name in (*names, *self.mask_bands)}
        for store, of_store in jobs.items():
            self._fill(store, of_store, window, masks, resampled)
        clear = valid & known if known is not valid else valid.copy()
        for number, acquisition in enumerate(taken):
            for condition in self.conditions:
                clear[number] &= condition.holds(masks[number][condition.band])
            if acquisition.offset:
                self._take_off(acquisition, names, image[number], window)
        return image, valid, clear
