"""Numbers that mean "no value" though nothing declares it, found by how often they occur and how far they lie from all others."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cropdetect.imagery.bands import find_band
from cropdetect.imagery.masks import is_quality_layer
from cropdetect.imagery.sampling import BandSample

_WHOLE = (-9999, -99999, -999, -32768, -28672, 32767, 65535, -(2**31), 2**31 - 1)
_REAL = (*_WHOLE, float(np.finfo(np.float32).min), float(np.finfo(np.float64).min), 1e20, float(np.float32(9.96921e36)))
_INDEX = (-3000,)  # of MODIS, whose lowest value is -2000
_SHARE = 0.002  # of the pixels, from which on a number is frequent
_LEAST = 3  # pixels
_ZEROS = 0.01  # share of the pixels of an acquisition
_GAP = 0.25  # of the span of all other numbers
_MEASURED = ("reflectance", "backscatter")  # kinds of bands in which 0 is not measured


def undeclared_fills(sample: Sequence[BandSample]) -> tuple[dict[str, tuple[float, ...]], tuple[str, ...]]:
    """Return band -> numbers that are taken as missing, and a warning for each number."""
    by_band: dict[str, list[npt.NDArray[Any]]] = defaultdict(list)
    for one in sample:
        if not is_quality_layer(one.band):
            by_band[one.band].append(one.numbers)
    shares: dict[float, dict[str, float]] = defaultdict(dict)
    for band, parts in by_band.items():
        numbers = np.concatenate(parts)
        for fill in _frequent(band, numbers):
            shares[fill][band] = float((numbers == fill).mean())
    zeros = _zeros(sample)
    if zeros:
        shares[0.0] = zeros
    fills: dict[str, tuple[float, ...]] = defaultdict(tuple)
    for fill, bands in shares.items():
        for band in bands:
            fills[band] += (fill,)
    return dict(fills), tuple(_warning(fill, bands) for fill, bands in shares.items())


def without(numbers: npt.NDArray[Any], fills: Iterable[float]) -> npt.NDArray[Any]:
    """Return the numbers that are none of `fills`."""
    keep = np.ones(numbers.shape, bool)
    for fill in fills:
        keep &= numbers != fill  # compared in the numbers' own precision
    return numbers[keep]


def usual_fills(band: str, dtype: np.dtype[Any]) -> tuple[float, ...]:
    """Return the numbers that often mean "no value" in a band of images or a column of a table."""
    usual = _REAL if dtype.kind == "f" else _WHOLE
    return (*usual, *_INDEX) if find_band(band).kind == "index" else usual


def _frequent(band: str, numbers: npt.NDArray[Any]) -> list[float]:
    """Return the numbers of the usual kind that are frequent and far from all others."""
    if numbers.dtype.itemsize == 1:
        return []  # any byte may be a value
    with np.errstate(over="ignore"):  # a fill beyond the range of float32 is none of its numbers
        frequent = [
            float(fill)
            for fill in usual_fills(band, numbers.dtype)
            if np.count_nonzero(numbers == fill) >= max(_LEAST, _SHARE * numbers.size)
        ]
    rest = without(numbers, frequent).astype(np.float64)
    if not frequent or not rest.size:
        return frequent
    low, high = float(rest.min()), float(rest.max())
    span = float(np.subtract(*np.quantile(rest, (0.99, 0.01))))
    return [fill for fill in frequent if max(low - fill, fill - high) > min(_GAP * span, 990)]


def _zeros(sample: Sequence[BandSample]) -> dict[str, float]:
    """Return band -> share of zeros, of the bands that are zero together, as in a border.

    The zeros of Sentinel-2's digital numbers are not counted: its specification declares them. Nor are those of numbers that were
    packed with an addend above 0 (CF conventions, section 8.1), among which 0 is any value.
    """
    acquisitions: dict[int, dict[str, BandSample]] = defaultdict(dict)
    for one in sample:
        if not is_quality_layer(one.band) and one.numbers.size and one.layer.add <= 0:
            acquisitions[id(one.acquisition)][one.band] = one
    found: dict[str, float] = {}
    for bands in acquisitions.values():
        share = {name: float((one.numbers == 0).mean()) for name, one in bands.items()}
        measured = [name for name in bands if find_band(name).kind in _MEASURED]
        together = list(bands) if len(bands) > 1 else measured
        for names in (measured, together):
            if names and min(share[name] for name in names) >= _ZEROS:
                found |= {name: max(share[name], found.get(name, 0.0)) for name in names if not _specified(bands[name])}
    return found


def _specified(one: BandSample) -> bool:
    return find_band(one.band).sensor == "sentinel-2" and one.layer.reader.dtype.kind in "iu"


def _warning(fill: float, bands: Mapping[str, float]) -> str:
    names = sorted(bands)
    shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more bands" if len(names) > 4 else "")
    return (
        f'{fill:.7g} is taken as "no value" in {shown}: no file declares it, but up to {max(bands.values()):.0%} of the pixels '
        "that were looked at have it"
    )
