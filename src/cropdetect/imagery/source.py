"""Read layers into the numbers and the grid of a series."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cropdetect.imagery.layer import PixelStore
from cropdetect.imagery.resample import Axis, Regridder, regridder
from cropdetect.imagery.series import Window

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[Any]  # arithmetic in place, which mypy cannot type for every dtype

_PIXELS_AT_ONCE = 4_000_000  # that are regridded at a time; bounds memory


@dataclass(frozen=True)
class Source:
    """A layer, and how it becomes a band of a series.

    Attributes:
        store, index: where it lies.
        nodata: the stored number that means "no value", or None (NaN always means that).
        scale, add: value = stored number x scale + add.
        offset: what is taken off every value; the result is at least 0.
        nearest: whether it is never interpolated.
        axes: how rows and columns of the series' grid lie on the store's; None where they are the same.
    """

    store: PixelStore
    index: int
    nodata: float | None
    scale: float
    add: float
    offset: float
    nearest: bool
    axes: tuple[Axis, Axis] | None

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The smallest dtype that holds the values."""
        stored = self.store.dtype
        if self.scale == 1 and self.add == 0:
            return stored
        return np.result_type(stored, np.float32)


@dataclass(frozen=True)
class Job:
    """A source to read.

    Attributes:
        source: what is read.
        out: (y, x), filled with values: NaN (floats) or `nodata` where there is none.
        valid: (y, x), set to false where there is no value.
    """

    source: Source
    out: Numbers
    valid: Mask


def run(jobs: Iterable[Job], window: Window) -> None:
    """Read a window of all sources, each file once.

    Raises:
        UnreadableFileError: a file is damaged; it is named.
    """
    by_store: dict[int, list[Job]] = {}
    for job in jobs:
        by_store.setdefault(id(job.source.store), []).append(job)
    for of_store in by_store.values():
        first = of_store[0].source
        if first.axes is None:
            first.store.read_into([job.source.index for job in of_store], window, [job.out for job in of_store])
            for job in of_store:
                _finish(job, _missing(job.out, job.source))
        else:
            plan = regridder(*first.axes, (window.top, window.left, window.bottom, window.right))
            (top, bottom), (left, right) = plan.rows, plan.columns
            at_once = max(1, _PIXELS_AT_ONCE // max((bottom - top) * (right - left), of_store[0].out.size))
            for start in range(0, len(of_store), at_once):
                _run_regridded(of_store[start : start + at_once], plan)


def _run_regridded(jobs: list[Job], plan: Regridder) -> None:
    """Read layers of one store in its own grid and bring them to the series'."""
    (top, bottom), (left, right) = plan.rows, plan.columns
    store = jobs[0].source.store
    stored = np.empty((len(jobs), bottom - top, right - left), store.dtype)
    store.read_into([job.source.index for job in jobs], Window(top, left, bottom, right), list(stored))
    alike: dict[tuple[bool, float | None], list[int]] = {}
    for place, job in enumerate(jobs):
        alike.setdefault((job.source.nearest, job.source.nodata), []).append(place)
    for (nearest, nodata), places in alike.items():
        pixels = stored[places] if len(alike) > 1 else stored
        missing = _missing(pixels, jobs[places[0]].source)
        there = np.ones(pixels.shape, bool) if missing is None else ~missing
        values, good = (plan.nearest if nearest else plan.smooth)(pixels, there)
        if values.dtype.kind in "iu":
            values[~good] = 0 if nodata is None else nodata
        for place, layer, valid in zip(places, values, good, strict=True):
            jobs[place].out[...] = layer
            _finish(jobs[place], ~valid)


def _missing(pixels: Numbers, source: Source) -> Mask | None:
    """Return where stored numbers are no values; None where all are."""
    missing = None if source.nodata is None else pixels == source.nodata
    if source.store.dtype.kind == "f":
        nan = np.isnan(pixels)
        missing = nan if missing is None else missing | nan
    return missing


def _finish(job: Job, missing: Mask | None) -> None:
    """Turn stored numbers, read into `job.out`, into values."""
    out, source = job.out, job.source
    if source.scale != 1:
        out *= source.scale
    if source.add != 0:
        out += source.add
    if source.offset:
        offset = out.dtype.type(source.offset)
        np.maximum(out, offset, out=out)
        out -= offset
    if missing is None:
        return
    np.logical_and(job.valid, ~missing, out=job.valid)
    if out.dtype.kind == "f":
        out[missing] = np.nan
    elif source.offset:
        out[missing] = 0 if source.nodata is None else source.nodata
