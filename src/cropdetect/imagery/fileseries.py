"""The series of all layouts: acquisitions that are read from files, masked, and merged by day."""

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cropdetect.imagery.backscatter import DECIBEL, is_backscatter
from cropdetect.imagery.clear import Condition
from cropdetect.imagery.layers import Acquisition, Pixels
from cropdetect.imagery.series import ImageSeries, PixelBlock, Window
from cropdetect.imagery.stores.read import Mask, Target, read_layers
from cropdetect.imagery.stores.zips import on_disk
from cropdetect.imagery.values import UNKNOWN

_SAMPLE_SIDE = 256  # pixels
_SAMPLES = 5  # windows along each axis


@dataclass(eq=False, repr=False)
class FileSeries(ImageSeries):
    """See `ImageSeries`. Pickles, as it holds no open file.

    Attributes:
        acquisitions: at least one a date; each has every band and mask band of the series.
        conditions: what makes a pixel clear, besides that every band that is read has a value there.
    """

    acquisitions: tuple[Acquisition, ...]
    conditions: tuple[Condition, ...]

    @property
    def clear_expression(self) -> str:
        """See `ImageSeries.clear_expression`."""
        return " ".join(condition.text for condition in self.conditions)

    @property
    def backscatter_unit(self) -> str:
        """See `ImageSeries.backscatter_unit`."""
        units = {a.layers[band].units for a in self.acquisitions for band in self.bands if is_backscatter(band)}
        return "" if not units else DECIBEL if units == {DECIBEL} else UNKNOWN

    @cached_property
    def is_remote(self) -> bool:
        """See `ImageSeries.is_remote`."""
        return any(layer.reader.is_remote for one in self.acquisitions for layer in one.layers.values())

    def dates_by_file(self, dates: Sequence[int]) -> list[list[int]]:
        """See `ImageSeries.dates_by_file`."""
        groups: list[tuple[set[int], list[int]]] = []
        for position in dates:
            readers, together = {id(layer.reader) for one in self._days[position] for layer in one.layers.values()}, [position]
            for group in [group for group in groups if group[0] & readers]:
                groups.remove(group)
                readers, together = readers | group[0], group[1] + together
            groups.append((readers, together))
        return [sorted(together) for _, together in groups]

    def read(
        self,
        window: Window,
        *,
        dates: Sequence[int] | None = None,
        bands: Sequence[str] | None = None,
        memory: npt.NDArray[np.generic] | None = None,
    ) -> PixelBlock:
        """See `ImageSeries.read`. Bands that are not asked for are not read, so they do not count in `clear`.

        Of several acquisitions of a day each pixel is taken from one, all bands together: the first that is clear there,
        otherwise the first that has values. The acquisition that is clearest over the whole tile comes first.
        """
        height, width = self.geobox.shape
        if not (0 <= window.top < window.bottom <= height and 0 <= window.left < window.right <= width):
            raise ValueError(f"{window} does not lie inside the grid of {height} x {width} pixels")
        names = self.bands if bands is None else tuple(bands)
        unknown = [name for name in names if name not in self.bands]
        if unknown:
            raise ValueError(f"{', '.join(unknown)} is none of the bands {', '.join(self.bands)}")
        days = [self._days[position] for position in (range(len(self.dates)) if dates is None else dates)]
        image, valid, clear = self._read_acquisitions([acquisition for day in days for acquisition in day], names, window, memory)
        if len(image) == len(days):
            return PixelBlock(image, clear)
        return _merge([len(day) for day in days], image, valid, clear)

    @cached_property
    def _days(self) -> tuple[tuple[Acquisition, ...], ...]:
        """The acquisitions of each date, the clearest first."""
        by_day: dict[dt.date, list[Acquisition]] = defaultdict(list)
        for acquisition in self.acquisitions:
            by_day[acquisition.date].append(acquisition)
        for day in by_day.values():
            if len(day) > 1:
                day.sort(key=self._clear_share, reverse=True)
        return tuple(tuple(by_day[day]) for day in self.dates)

    def _clear_share(self, acquisition: Acquisition) -> float:
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
        return float(np.mean([self._read_acquisitions([acquisition], self.bands, window)[2].mean() for window in windows]))

    def _read_acquisitions(
        self, acquisitions: Sequence[Acquisition], names: Sequence[str], window: Window, memory: Pixels | None = None
    ) -> tuple[Pixels, Mask, Mask]:
        """Return image (acquisition, band, y, x), valid (every band has a value) and clear, both (acquisition, y, x)."""
        shape = window.shape
        image = _laid((len(acquisitions), len(names), *shape), self.dtype, memory)
        valid = np.ones((len(acquisitions), *shape), bool)
        clear = np.ones((len(acquisitions), *shape), bool)
        targets = []
        masks: list[dict[str, Pixels]] = []  # mask bands that are not asked for, of each acquisition
        for number, acquisition in enumerate(acquisitions):
            layers = acquisition.layers
            mask = {name: np.empty(shape, layers[name].dtype) for name in self.mask_bands if name not in names}
            targets += [Target(layers[name], image[number, place], valid[number]) for place, name in enumerate(names)]
            targets += [Target(layers[name], pixels, clear[number]) for name, pixels in mask.items()]
            masks.append(mask)
        read_layers(targets, window)
        clear &= valid
        for number, mask in enumerate(masks):
            for condition in self.conditions:
                name = condition.band
                clear[number] &= condition.holds(mask[name] if name in mask else image[number, names.index(name)])
        return image, valid, clear

    def files(self) -> list[Path]:
        """See `ImageSeries.files`."""
        layers = [layer for acquisition in self.acquisitions for layer in acquisition.layers.values()]
        read = {layer.reader.path for layer in layers if not layer.reader.in_memory} | {
            path for layer in layers for path in layer.metadata_files
        }
        return sorted({on_disk(path.absolute()) for path in read} | set(super().files()))


def _laid(shape: tuple[int, ...], dtype: np.dtype[np.generic], memory: Pixels | None) -> Pixels:
    """Return an array whose content is to be written, in `memory` where that is large enough."""
    size = math.prod(shape)
    return memory[:size].reshape(shape) if memory is not None and memory.size >= size else np.empty(shape, dtype)


def _merge(per_day: Sequence[int], image: Pixels, valid: Mask, clear: Mask) -> PixelBlock:
    """Make one date of the acquisitions of each day: a clear pixel before a valid one, a valid one before none."""
    quality = valid.astype(np.int8) + clear
    merged = np.empty((len(per_day), *image.shape[1:]), image.dtype)
    best = np.empty((len(per_day), *valid.shape[1:]), np.int8)
    first = 0
    for day, count in enumerate(per_day):
        merged[day], best[day] = image[first], quality[first]
        for number in range(first + 1, first + count):
            better = quality[number] > best[day]
            merged[day][:, better] = image[number][:, better]
            best[day][better] = quality[number][better]
        first += count
    return PixelBlock(merged, best == 2)
