"""The unit of radar backscatter: everything becomes decibels, 10 log10 of the power, in which speckle is about normal.

Producers give power (openEO, OPERA, ASF by default, Earth Engine's S1_GRD_FLOAT), decibels (Earth Engine's S1_GRD) or amplitude,
the root of the power (ASF on request). The names of ASF's products tell which (RTC Product Guide, Naming Convention). Where
nothing is declared the pixels tell: power is never far below 0 and seldom above 10, and land is mostly darker than 0 dB. Numbers
that are neither (of products that are not calibrated, say) stay as they are, and their unit is "unknown".
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from cropdetect.errors import ContradictionError
from cropdetect.imagery.bands import find_band, parse_band
from cropdetect.imagery.fills import without
from cropdetect.imagery.layers import Layer
from cropdetect.imagery.sampling import BandSample
from cropdetect.imagery.values import UNKNOWN

DECIBEL = "decibel"
Scale = Literal["decibel", "power", "amplitude"]

_FACTOR: dict[str, float] = {"decibel": 0.0, "power": 10.0, "amplitude": 20.0}
_NEGATIVE = -1.0  # power that noise was taken off is slightly below 0; decibels of any land are below this somewhere
_LOWEST = -70.0  # decibels; below are whole numbers that a scale is missing of
_HIGHEST = 10.0  # power that all but the brightest roofs keep below
_LIKELY = 0.98  # quantile
_LEAST = 16  # pixels from which on anything is concluded
_ASF = re.compile(r"S1[A-D]_\w\w_\d{8}T\d{6}_[SD][VH][PRO]_RTC\d\d_\w_[gs](?P<scale>[pad])\w{4}_", re.IGNORECASE)
_WORDS: tuple[tuple[str, Scale], ...] = (
    (r"(?:.*[^a-z])?(?:db|decibels?)(?:[^a-z].*)?", "decibel"),
    (r"(?:.*[^a-z])?(?:lin(?:ear)?(?:[ _]power)?|power|m2[ /_]?m-?2)(?:[^a-z].*)?", "power"),
    (r"(?:.*[^a-z])?amplitude(?:[^a-z].*)?", "amplitude"),
)


def is_backscatter(name: str) -> bool:
    """Whether a band is a radar's backscatter."""
    return find_band(name).kind == "backscatter"


def scale_of(values: npt.NDArray[np.floating]) -> Scale | None:
    """Return on which scale backscatter is, by its values without missing ones; None where they do not tell."""
    if values.size == 0:
        return None
    low, high = (float(number) for number in np.quantile(values, (1 - _LIKELY, _LIKELY)))
    if low < _NEGATIVE:
        return "decibel" if low > _LOWEST and high < -_LOWEST else None
    return "power" if 0 < high <= _HIGHEST else None


def find_scales(
    sample: Sequence[BandSample], fills: Mapping[str, tuple[float, ...]]
) -> tuple[dict[str, Scale | None], tuple[str, ...]]:
    """Return band -> scale of its backscatter, and warnings.

    Raises:
        ContradictionError: dates of one band are on different scales, or names and pixels tell different ones.
    """
    bands = dict.fromkeys(one.band for one in sample if is_backscatter(one.band))
    scales: dict[str, Scale | None] = {}
    unknown: dict[str, npt.NDArray[np.float64]] = {}
    taken: dict[str, float] = {}  # band -> its 98th percentile, where pixels alone tell that it is power
    for band in bands:
        of_band = [(one, _values(one, fills)) for one in sample if one.band == band]
        scales[band], is_told = _scale_of_band(of_band)
        numbers = np.concatenate([values for _, values in of_band])
        if scales[band] is None and numbers.size:
            unknown[band] = numbers
        if scales[band] == "power" and not is_told:
            taken[band] = float(np.quantile(numbers, _LIKELY))
    warnings = []
    if taken:
        warnings.append(
            f"{', '.join(taken)}: numbers up to {max(taken.values()):.2g} are taken as backscatter power, and read as decibels "
            "(10 log10)"
        )
    if unknown:
        low, high = np.quantile(np.concatenate([*unknown.values()]), (1 - _LIKELY, _LIKELY))
        warnings.append(
            f"{', '.join(unknown)}: the unit of the backscatter is not known, and its numbers stay as they are. Most lie between "
            f"{low:.4g} and {high:.4g}, which is neither decibels nor power. Write decibels; ALOS PALSAR's and WorldCereal's are "
            "20 log10(number) - 83, and images of level GRD must be calibrated first"
        )
    return scales, tuple(warnings)


def in_decibels(layer: Layer, scale: Scale | None) -> Layer:
    """Return a layer of backscatter whose values are decibels, or of an unknown unit."""
    if scale is None:
        return replace(layer, units=UNKNOWN)
    return replace(layer, decibels=_FACTOR[scale], units=DECIBEL)


def _scale_of_band(of_band: Sequence[tuple[BandSample, npt.NDArray[np.float64]]]) -> tuple[Scale | None, bool]:
    """Return the scale of a band, and whether names or metadata tell it."""
    told = [(one, _told(one)) for one, _ in of_band]
    seen = [(one, _seen(one, values)) for one, values in of_band if values.size >= _LEAST]
    for found, whose in ((told, "by its name or metadata"), (seen, "by its pixels")):
        known = {scale: one for one, scale in found if scale is not None}
        if len(known) > 1:
            (first, one), (second, other) = list(known.items())[:2]
            raise ContradictionError(
                f"{_named(one)} is {first} {whose}, and {_named(other)} ({other.layer.reader.path}) is {second}",
                where=one.layer.reader.path,
                fix="Bring all images of a band to one unit.",
            )
    declared = next(((one, scale) for one, scale in told if scale is not None), None)
    shown = next(((one, scale) for one, scale in seen if scale is not None), None)
    if declared is None:
        return (shown[1] if shown else None), False
    if shown and (shown[1] == "decibel") != (declared[1] == "decibel"):
        raise ContradictionError(
            f"names or metadata say that {_named(declared[0])} is {declared[1]}, but its pixels are {shown[1]}",
            where=declared[0].layer.reader.path,
            fix="Correct the name or the metadata (units).",
        )
    return declared[1], True


def _seen(one: BandSample, values: npt.NDArray[np.float64]) -> Scale | None:
    """Return the scale that the values show; whole numbers without a scale are no power, which is mostly below 1."""
    scale = scale_of(values)
    is_whole = one.layer.reader.dtype.kind in "iu" and one.layer.is_plain
    return None if scale == "power" and is_whole else scale


def _told(one: BandSample) -> Scale | None:
    """Return the scale that metadata, the band's name or the file's name declare."""
    named = re.search(r"(?:^|_)(db|lin(?:ear)?)(?:_|$)", parse_band(one.band).variant)
    for text in (one.layer.units.strip().lower(), named[1] if named else ""):
        for words, scale in _WORDS:
            if text and re.fullmatch(words, text, re.IGNORECASE):
                return scale
    match = _ASF.search(one.layer.reader.path.name)
    letters: dict[str, Scale] = {"p": "power", "a": "amplitude", "d": "decibel"}
    return letters[match["scale"].lower()] if match else None


def _values(one: BandSample, fills: Mapping[str, tuple[float, ...]]) -> npt.NDArray[np.float64]:
    numbers: npt.NDArray[Any] = without(one.numbers, (*fills.get(one.band, ()), 0.0)).astype(np.float64)
    return np.asarray(numbers * one.layer.scale + one.layer.add)


def _named(one: BandSample) -> str:
    return f"{one.band} of {one.acquisition.date}"
