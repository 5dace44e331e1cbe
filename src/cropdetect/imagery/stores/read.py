"""Read layers into the numbers and the grid of a series."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cropdetect.imagery.layers import Layer
from cropdetect.imagery.series import Window
from cropdetect.imagery.stores.resample import Regridder, regridder

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[Any]  # arithmetic in place, which mypy cannot type for every dtype

_PIXELS_AT_ONCE = 4_000_000  # that are regridded at a time; bounds memory
_NUMBERS_AT_ONCE = 2**16  # of a layer; masks of so few stay in the processor's cache, and take no new memory


class Target(NamedTuple):
    """A layer to read, and where to.

    Attributes:
        layer: what is read.
        out: (y, x), filled with values: NaN (floats) or `nodata` where there is none.
        valid: (y, x), set to false where there is no value.
    """

    layer: Layer
    out: Numbers
    valid: Mask


def read_layers(targets: Iterable[Target], window: Window) -> None:
    """Read a window of all layers, each file once.

    Raises:
        UnreadableFileError: a file is damaged; it is named.
    """
    by_reader: dict[int, list[Target]] = {}
    for target in targets:
        by_reader.setdefault(id(target.layer.reader), []).append(target)
    for same in by_reader.values():
        first = same[0].layer
        if first.axes is None:
            first.reader.read_into([target.layer.index for target in same], window, [target.out for target in same])
            for target in same:
                _read_values(target, window)
        else:
            plan = regridder(*first.axes, (window.top, window.left, window.bottom, window.right))
            (top, bottom), (left, right) = plan.rows, plan.columns
            at_once = max(1, _PIXELS_AT_ONCE // max((bottom - top) * (right - left), same[0].out.size))
            for start in range(0, len(same), at_once):
                _read_regridded(same[start : start + at_once], plan)


def _read_values(target: Target, window: Window) -> None:
    """Turn stored numbers, read into `target.out` from a window of the layer's own grid, into values, some rows after others."""
    layer, (height, width) = target.layer, window.shape
    valid = layer.reader.read_valid(layer.index, window)
    at_once = max(1, _NUMBERS_AT_ONCE // width)
    for rows in (slice(top, top + at_once) for top in range(0, height, at_once)):
        part = Target(layer, target.out[rows], target.valid[rows])
        _to_values(part, _missing(part.out, layer, None if valid is None else valid[rows]))


def _read_regridded(targets: list[Target], plan: Regridder) -> None:
    """Read layers of one file in its own grid and bring them to the series'."""
    (top, bottom), (left, right) = plan.rows, plan.columns
    reader = targets[0].layer.reader
    stored = np.empty((len(targets), bottom - top, right - left), reader.dtype)
    source = Window(top, left, bottom, right)
    reader.read_into([target.layer.index for target in targets], source, list(stored))
    alike: dict[tuple[Any, ...], list[int]] = {}
    for place, target in enumerate(targets):
        layer = target.layer
        alike.setdefault((layer.interpolated, layer.nodata, layer.fills, layer.valid_range), []).append(place)
    for (interpolated, nodata, _, _), places in alike.items():
        pixels = stored[places] if len(alike) > 1 else stored
        missing = _missing(pixels, targets[places[0]].layer)
        there = np.ones(pixels.shape, bool) if missing is None else ~missing
        for place, one in zip(places, there, strict=True):
            valid = reader.read_valid(targets[place].layer.index, source)
            if valid is not None:
                one &= valid
        values, good = (plan.smooth if interpolated else plan.nearest)(pixels, there)
        if values.dtype.kind in "iu":
            values[~good] = 0 if nodata is None else nodata
        for place, pixels_of_one, good_of_one in zip(places, values, good, strict=True):
            targets[place].out[...] = pixels_of_one
            _to_values(targets[place], ~good_of_one)


def missing_numbers(pixels: Numbers, layer: Layer, window: Window) -> Mask | None:
    """Return where stored numbers, read from a window of the layer's own grid, are no values; None where all are."""
    return _missing(pixels, layer, layer.reader.read_valid(layer.index, window))


def _missing(pixels: Numbers, layer: Layer, valid: Mask | None = None) -> Mask | None:
    """Return where stored numbers are no values, by themselves or by the file's own mask `valid`; None where all are."""
    missing = None if layer.nodata is None else pixels == layer.nodata
    for fill in layer.fills:
        missing = pixels == fill if missing is None else missing | (pixels == fill)
    if layer.valid_range is not None:
        low, high = layer.valid_range
        outside = (pixels < low) | (pixels > high)
        missing = outside if missing is None else missing | outside
    if layer.reader.dtype.kind == "f":
        infinite = ~np.isfinite(pixels)
        missing = infinite if missing is None else missing | infinite
    if valid is not None:
        missing = ~valid if missing is None else missing | ~valid
    return missing


def _to_values(target: Target, missing: Mask | None) -> None:
    """Turn stored numbers, read into `target.out`, into values."""
    out, layer = target.out, target.layer
    if layer.scale != 1:
        out *= layer.scale
    if layer.add != 0:
        out += layer.add
    if layer.offset:
        offset = out.dtype.type(layer.offset)
        np.maximum(out, offset, out=out)
        out -= offset
    if layer.decibels:
        none = ~(out > 0)
        out[...] = layer.decibels * np.log10(out, out=np.full(out.shape, np.nan, out.dtype), where=~none)
        missing = none if missing is None else missing | none
    if missing is None:
        return
    np.logical_and(target.valid, ~missing, out=target.valid)
    if out.dtype.kind == "f":
        out[missing] = np.nan
    elif layer.offset:
        out[missing] = 0 if layer.nodata is None else layer.nodata
