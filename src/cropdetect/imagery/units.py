"""The unit of reflectances, and whether Sentinel-2's offset is in them: what files declare against what their pixels show.

All reflectances become digital numbers (reflectance x 10000), the unit that networks are trained in. The pixels decide where
nothing is declared: reflectance of land lies between 0 and 1, and that of bright clouds little above 1.
"""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from cropdetect.errors import ContradictionError
from cropdetect.imagery.bands import find_band, is_reflectance
from cropdetect.imagery.fills import without
from cropdetect.imagery.layers import Acquisition, Layer
from cropdetect.imagery.sampling import BandSample
from cropdetect.imagery.values import BASELINE_0400, DIGITAL_NUMBER, NO_REFLECTANCE, UNKNOWN

PER_REFLECTANCE = 10_000.0
_PER_PERCENT = 100.0
REFLECTANCE_BELOW = 2.0  # the 98th percentile of reflectances
NUMBERS_ABOVE = 150.0  # that of digital numbers: 0.015 would be darker than any land
_TOO_DARK = 0.02  # the 98th percentile of reflectances that were divided by 10000 twice
_POSSIBLE = 1e-4, 1e6  # the 98th percentile of what a declared scale makes: nothing lit is darker, nothing a hundred times white
LIKELY = 0.98  # quantile
# Atmospheric correction makes reflectances of dark water and shadow slightly negative, but seldom below -0.005 or -0.02.
_DARK, _DARK_SHARE = -200.0, 0.05
_BELOW, _BELOW_SHARE = -50.0, 0.2
OFFSET_0400 = 1000.0
_MOST = 0.2  # share of the dates that must be too dark, for the product's name to be disbelieved
_LEAST = 16  # pixels from which on anything is concluded
# Vegetation reflects about half of near infrared; clouds, which are brighter, seldom cover three quarters of a season.
_BRIGHT, _MOST_BRIGHT = 9000.0, 0.25
_DIM = 600.0  # any land has brighter pixels, but for water: this shows reflectance x 1000 or percent
_RADIANCE = re.compile(r"radiance|W\s*[/*.]?\s*\(?m", re.IGNORECASE)

Numbers = npt.NDArray[Any]
#: What tells layers apart whose numbers may be of different units: is a scale declared, are they real numbers, how wide are they.
Kind = tuple[float, float, str, int, str]


def kind_of(layer: Layer) -> Kind:
    """Return what layers of one unit have in common."""
    dtype = layer.reader.dtype
    return layer.scale, layer.add, "f" if dtype.kind == "f" else "i", 1 if dtype.itemsize == 1 else 2, layer.units


@dataclass(frozen=True)
class Unit:
    """What makes digital numbers of the values of layers of a kind.

    Attributes:
        factor: 1, 100 or 10000; None where the unit is not known.
    """

    factor: float | None

    def applied(self, layer: Layer) -> Layer:
        """Return a layer whose values are digital numbers, or of an unknown unit."""
        if self.factor is None:
            return replace(layer, units=UNKNOWN)
        if self.factor == 1:
            return replace(layer, units=DIGITAL_NUMBER)
        return replace(layer, scale=layer.scale * self.factor, add=layer.add * self.factor, units=DIGITAL_NUMBER)


def find_units(sample: Sequence[BandSample], fills: Mapping[str, tuple[float, ...]]) -> tuple[dict[Kind, Unit], tuple[str, ...]]:
    """Return kind of layer -> unit of its reflectances, and warnings.

    Raises:
        ContradictionError: numbers of one kind are of different units, or a declared scale was applied already or is impossible.
    """
    by_kind: dict[Kind, list[BandSample]] = defaultdict(list)
    for one in sample:
        if is_reflectance(one.band, one.layer.sensor):
            by_kind[kind_of(one.layer)].append(one)
    units: dict[Kind, Unit] = {}
    warnings: list[str] = []
    for kind, samples in by_kind.items():
        values = {id(one): _values(one, fills) for one in samples}
        used = [one for one in samples if values[id(one)].size]
        if not used:
            units[kind] = Unit(1 if kind[2] == "i" else None)
            continue
        numbers = np.concatenate([values[id(one)] for one in used])
        high = float(np.quantile(numbers, LIKELY))
        if kind[2] == "f" or kind[0] != 1:
            _refuse_mixture(used, values)
            _refuse_twice(kind, high, used[0])
        _refuse_impossible(kind, numbers, used[0])
        units[kind], warning = _unit(kind, high)
        warning = warning or (_unlike_land(used, values) if units[kind].factor == 1 else "")
        if warning:
            warnings.append(warning)
    return units, tuple(warnings)


def _unit(kind: Kind, high: float) -> tuple[Unit, str]:
    """Return the unit of a kind of layers whose 98th percentile is `high`, and a warning or ""."""
    scale, add, dtype, width, declared = kind
    plain = scale == 1 and add == 0
    if declared == NO_REFLECTANCE:
        return Unit(None), ""
    if _RADIANCE.search(declared):
        return Unit(None), f"the files declare the unit {declared!r}: radiance, which is no reflectance. Give reflectance x 10000"
    if declared.strip().lower() in ("%", "percent") and high <= 200:
        return Unit(_PER_PERCENT), ""
    if dtype == "i" and plain:
        if width > 1:
            return Unit(1), ""
        return Unit(None), (
            "the reflectances are bytes (0 to 255), and no file declares their scale; their unit is not known. Give images with "
            "reflectance x 10000, or set the files' scale and offset"
        )
    if high <= REFLECTANCE_BELOW:
        told = not plain or declared.strip().lower() in ("1", "reflectance", "dimensionless")
        return Unit(PER_REFLECTANCE), "" if told else (
            f"the reflectances are taken as numbers from 0 to 1, since nearly all lie below {high:.2g}; they are multiplied by "
            "10000"
        )
    if high >= NUMBERS_ABOVE:
        return Unit(1), ""
    return Unit(None), (
        f"the unit of the reflectances is not known: nearly all numbers lie below {high:.4g}, which is neither reflectance "
        "(0 to 1) nor reflectance x 10000. Set the files' scale and offset"
    )


def _unlike_land(samples: Iterable[BandSample], values: Mapping[int, Numbers]) -> str:
    """Return a warning where near infrared is brighter or darker than land is in reflectance x 10000, or ""."""
    by_band: dict[str, list[Numbers]] = defaultdict(list)
    for one in samples:
        if find_band(one.band, one.layer.sensor).role in ("nir", "nir08"):
            by_band[one.band].append(values[id(one)])
    for band, parts in by_band.items():
        numbers = np.concatenate(parts)
        if np.unique(numbers).size < _LEAST:
            continue
        low, high = (float(number) for number in np.quantile(numbers, (_MOST_BRIGHT, LIKELY)))
        told = f"above {low:.5g}, brighter" if low > _BRIGHT else f"below {high:.5g}, darker" if high < _DIM else ""
        if told:
            share = "three quarters" if low > _BRIGHT else "nearly all"
            return (
                f"{share} of the pixels of {band} that were looked at are {told} than land is in reflectance x 10000. If the "
                "unit is another one, set the files' scale and offset (gdal_edit.py -scale S)"
            )
    return ""


def impossible_reflectances(scaled: Numbers) -> str:
    """Return what is impossible of reflectances, or digital numbers, that a declared scale made of stored numbers; or ""."""
    least, most = _POSSIBLE
    there = np.abs(scaled[np.isfinite(scaled) & (scaled != 0)])
    high = float(np.quantile(there, LIKELY)) if there.size else 1.0
    return "" if least <= high < most else f"reach only {high:.2g}" if high < least else f"reach {high:.2g}"


def _refuse_impossible(kind: Kind, values: Numbers, one: BandSample) -> None:
    """Raise ContradictionError where the declared scale turns reflectances round, or makes them far too small or large."""
    scale, add, *_ = kind
    if scale == 1 and add == 0:
        return
    what = "grow where these fall" if scale < 0 else impossible_reflectances(values - add)
    if what:
        raise ContradictionError(
            f"by its declared scale of {scale:g} for the stored numbers, the reflectances {what}, which is impossible",
            where=one.layer.reader.path,
            fix="Correct the scale in the file, or remove it if it is not known (gdal_edit.py -scale 1 -offset 0, or the "
            "attributes scale_factor and add_offset).",
        )


def _refuse_mixture(samples: Iterable[BandSample], values: Mapping[int, Numbers]) -> None:
    """Raise ContradictionError where some layers of a kind hold reflectance from 0 to 1 and others digital numbers."""
    small = large = None
    for one in samples:
        numbers = values[id(one)]
        high = float(np.quantile(numbers, LIKELY))
        if numbers.size >= _LEAST and 0 < high <= REFLECTANCE_BELOW:
            small = small or (one, high)
        elif numbers.size >= _LEAST and high >= NUMBERS_ABOVE:
            large = large or (one, high)
    if small and large:
        (one, low), (other, high) = small, large
        raise ContradictionError(
            f"{_named(one)} holds numbers up to {low:.3g}, as reflectance has them, but {_named(other)} "
            f"({other.layer.reader.path}) numbers up to {high:.5g}, as reflectance x 10000 has them",
            where=one.layer.reader.path,
            fix="Bring all images to one unit.",
        )


def _refuse_twice(kind: Kind, high: float, one: BandSample) -> None:
    """Raise ContradictionError where the declared scale makes reflectances of numbers that are reflectances already."""
    scale, add, dtype, _, _ = kind
    stored = (high - add) / scale
    if dtype == "f" and scale <= 1e-3 and stored <= REFLECTANCE_BELOW and high - add <= _TOO_DARK:
        raise ContradictionError(
            f"a scale of {scale:g} is declared, but the stored numbers reach only {stored:.3g}, so they are reflectance already",
            where=one.layer.reader.path,
            fix="Remove the scale and the offset from the file (gdal_edit.py -scale 1 -offset 0, or the attributes scale_factor "
            "and add_offset).",
        )


def early_without(sample: Sequence[BandSample], fills: Mapping[str, tuple[float, ...]], offset: float) -> tuple[bool, str]:
    """Return whether an offset that the user gave is in the later dates of a season alone, and a warning.

    Args:
        sample: of Sentinel-2; its layers have digital numbers as values.
        fills: band -> numbers that are taken as missing.
        offset: as the user gave it.
    """
    optical = [one for one in sample if is_reflectance(one.band)]
    early = [one for one in optical if one.acquisition.date < BASELINE_0400]
    numbers = [numbers for one in early if (numbers := _values(one, fills)).size >= _LEAST]
    if len(early) == len(optical) or not any(too_dark(values, offset) for values in numbers):
        return False, ""
    return True, (
        f"the offset of {offset:g} is subtracted from {BASELINE_0400} on. Pixels of the dates before are too dark to contain it, "
        "as Sentinel-2 products were until then"
    )


def check_offsets(sample: Sequence[BandSample], fills: Mapping[str, tuple[float, ...]]) -> tuple[bool, tuple[str, ...]]:
    """Compare Sentinel-2's offsets with the pixels.

    Args:
        sample: its layers have digital numbers as values.
        fills: band -> numbers that are taken as missing.

    Returns:
        Whether offsets that only the products' names tell are not in the pixels; and warnings. One says that an offset is not
        known and may matter.

    Raises:
        ContradictionError: pixels are darker than they can be with the offset that the metadata declare.
    """
    seen = [
        _seen(acquisition, sample, fills) for acquisition in {id(one.acquisition): one.acquisition for one in sample}.values()
    ]
    for one in seen:
        if one.too_dark and not one.acquisition.offset_by_name:
            raise _contradicted(one)
    named = [one for one in seen if one.acquisition.offset_by_name and one.acquisition.offset and one.values]
    dark = [one for one in named if one.too_dark]
    if dark and len(dark) < _MOST * len(named):
        raise _contradicted(dark[0])
    warnings = []
    if dark:
        warnings.append(
            f"{_contradicted(dark[0]).what}. So the offset seems to be subtracted already. Give --offset 0 if that is right, or "
            f"--offset {dark[0].acquisition.offset:g} to subtract it in any case"
        )
    unknown = [one for one in seen if one.acquisition.offset is None and one.acquisition.date >= BASELINE_0400]
    if unknown and not any(too_dark(numbers, OFFSET_0400) for one in unknown for _, numbers in one.values):
        warnings.append(_unknown(min(one.acquisition.date for one in unknown), looked=any(one.values for one in unknown)))
    return bool(dark), tuple(warnings)


@dataclass(frozen=True)
class _Seen:
    """The reflectances of an acquisition, and the first band of them that is too dark for its offset."""

    acquisition: Acquisition
    values: tuple[tuple[BandSample, Numbers], ...]
    too_dark: tuple[BandSample, Numbers] | None


def _seen(acquisition: Acquisition, sample: Sequence[BandSample], fills: Mapping[str, tuple[float, ...]]) -> _Seen:
    samples = [one for one in sample if one.acquisition is acquisition and is_reflectance(one.band)]
    values = tuple((one, numbers) for one in samples if (numbers := _values(one, fills)).size >= _LEAST)
    offset = acquisition.offset
    return _Seen(acquisition, values, next((each for each in values if offset and too_dark(each[1], offset)), None))


def _unknown(first: dt.date, *, looked: bool) -> str:
    shown = "no pixel of the sample is darker than 1000, so it may still be in them" if looked else "the pixels do not show it"
    return (
        f"Sentinel-2 products from {BASELINE_0400} on have an offset of 1000, unless the provider has removed it. The metadata "
        f"do not say which is true for the dates from {first} on, and {shown}. Nothing is subtracted; give --offset 1000 to "
        "subtract it, or --offset 0 if it was removed."
    )


def too_dark(numbers: Numbers, offset: float) -> bool:
    """Whether reflectances (digital numbers, none missing) are darker than they can be if an offset is in them."""
    below = numbers - offset
    return bool((below < _DARK).mean() >= _DARK_SHARE or (below < _BELOW).mean() >= _BELOW_SHARE)


def _contradicted(seen: _Seen) -> ContradictionError:
    offset = seen.acquisition.offset
    assert seen.too_dark is not None
    one, numbers = seen.too_dark
    source = "the product's name or baseline says" if seen.acquisition.offset_by_name else "the metadata say"
    return ContradictionError(
        f"{source} that an offset of {offset:g} was added to the reflectances, but {(numbers < offset).mean():.0%} of the pixels "
        f"of {_named(one)} that were looked at are below {offset:g} (lowest: {float(numbers.min()):g})",
        where=one.layer.reader.path,
        fix=f"Give --offset 0 if the provider has subtracted the offset already, or --offset {offset:g} to subtract it in any "
        "case.",
    )


def _values(one: BandSample, fills: Mapping[str, tuple[float, ...]]) -> Numbers:
    """Return the values of a sample without missing ones; zeros of Sentinel-2's and other digital numbers are among these."""
    numbers = without(one.numbers, (*fills.get(one.band, ()), 0.0)).astype(np.float64)
    return np.asarray(numbers * one.layer.scale + one.layer.add)


def _named(one: BandSample) -> str:
    return f"{one.band} of {one.acquisition.date}"
