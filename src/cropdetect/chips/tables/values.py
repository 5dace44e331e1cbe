"""The numbers of a table: missing values that nothing declares, the unit of reflectances, Sentinel-2's offset."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cropdetect.chips.tables.bands import NO_BANDS, parse_column
from cropdetect.errors import OptionError, TableError
from cropdetect.imagery.bands import find_band, is_reflectance
from cropdetect.imagery.fills import usual_fills
from cropdetect.imagery.metadata import landsat_default
from cropdetect.imagery.units import (
    LIKELY,
    NUMBERS_ABOVE,
    OFFSET_0400,
    PER_REFLECTANCE,
    REFLECTANCE_BELOW,
    impossible_reflectances,
    too_dark,
)
from cropdetect.imagery.values import BASELINE_0400

Numbers = npt.NDArray[np.float64]

_WORDS = (
    "no data",
    "nodata",
    "no_data",
    "masked",
    "--",
    "-",
    "none",
    "null",
    "nan",
    "na",
    "n/a",
    "#n/a",
    "#div/0!",
    "inf",
    "-inf",
    "",
)
_THOUSANDS = r"[1-9]\d{0,2}(,\d{3})+"
_LARGE = 100.0  # a band of any other kind whose values reach beyond this holds digital numbers
_IMPOSSIBLE = -1000.0  # digital numbers; the lowest that products hold
_BRIGHT_RED = 5000.0
_STORED = 7000.0  # Landsat's Collection 2 stores a reflectance of 0 as 7273


def is_optical(band: str) -> bool:
    """Whether a band's values are reflectances."""
    name = parse_column(band).band.rpartition("_p")[0] or band
    return is_reflectance(band) or is_reflectance(name) or band.upper().startswith("SR_B")


def as_numbers(column: "pd.Series[Any]") -> tuple["pd.Series[Any] | None", str]:
    """Return a column as float64, and a word that means "no value"; None where it holds something else than numbers.

    Decimal commas are understood. Commas that may as well separate thousands (`1,234` in all cells that have one) are not.
    """
    if pd.api.types.is_bool_dtype(column.dtype):
        return column.astype(np.float64), ""
    if pd.api.types.is_numeric_dtype(column.dtype):
        return pd.Series(column.to_numpy(np.float64, na_value=np.nan), index=column.index), ""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return None, ""
    text = column.astype(object).where(column.notna(), "").astype(str).str.strip()
    words = text.str.lower().isin(_WORDS)
    if not words.all() and text[~words].str.fullmatch(r"[-+]?\d+(,\d+)?([eE][-+]?\d+)?").all():
        with_comma = text[text.str.contains(",")]
        if with_comma.empty or not with_comma.str.fullmatch(_THOUSANDS).all():
            text = text.str.replace(",", ".", regex=False)
    numbers = pd.to_numeric(text.where(~words), errors="coerce")
    if (numbers.isna() & ~words).any():
        return None, ""
    return numbers.astype(np.float64), next(iter(text[words & (text != "")]), "")


def first_that_is_no_number(column: "pd.Series[Any]") -> str:
    """Return the first value of a column that is neither a number nor a word for "no value", as text."""
    text = column.dropna().astype(str).str.strip()
    odd = text[pd.to_numeric(text, errors="coerce").isna() & ~text.str.lower().isin(_WORDS)]
    return next(iter(odd), str(column.dtype))


def may_be_numbers(name: str) -> bool:
    """Whether a column may be a band although its name is not known."""
    return not NO_BANDS.fullmatch(name)


def without_fills(values: pd.DataFrame, known: Sequence[float] = ()) -> tuple[pd.DataFrame, list[str]]:
    """Return values with NaN for the numbers that mean "no value", and warnings that name them.

    A number is one where it is a usual one, lies apart from all other numbers of its band and, above zero, occurs more than once.
    Rows of zeros in all reflectances are no values either.

    Args:
        values: one column a band.
        known: numbers that mean "no value" in any case.
    """
    infinite = np.isinf(values.to_numpy(np.float64))
    values = values.replace([np.inf, -np.inf, *known], np.nan)
    found: dict[float, dict[str, int]] = {}
    alone: list[str] = []
    for band in values:
        numbers = values[band].to_numpy()
        usual = np.isin(numbers, usual_fills(parse_column(str(band)).band, numbers.dtype))
        others = numbers[~usual & np.isfinite(numbers)]
        for fill in np.unique(numbers[usual]):
            here = numbers == fill
            if len(others) and not _apart(float(fill), others, str(band)):
                continue
            if fill > 0 and here.sum() < 2:
                alone.append(f"{fill:g} in {band}")
                continue
            found.setdefault(float(fill), {})[str(band)] = int(here.sum())
            numbers = np.where(here, np.nan, numbers)
        values[band] = numbers
    warnings = [
        f"{fill:g} is taken for 'no value' ({sum(bands.values())} values of {', '.join(bands)})" for fill, bands in found.items()
    ]
    if infinite.any():
        bands_ = ", ".join(map(str, values.columns[infinite.any(axis=0)]))
        warnings.append(f"{int(infinite.sum())} infinite values of {bands_} are left out")
    if alone:
        warnings.append(f"{', '.join(alone)} occurs once: it may mean 'no value', but is kept")
    optical = [band for band in values if is_optical(str(band))]
    zeros = (values[optical] == 0).all(axis=1) if len(optical) > 1 else pd.Series(False, index=values.index)
    if zeros.any():
        values.loc[zeros, optical] = np.nan
        warnings.append(f"0 in all reflectances is taken for 'no value' ({int(zeros.sum())} rows)")
    return values, warnings


def _apart(fill: float, others: Numbers, band: str) -> bool:
    if fill < 0 and is_optical(band):
        return True
    low, high = float(others.min()), float(others.max())
    distance = low - fill if fill < low else fill - high if fill > high else 0.0
    return distance > max(0.5 * (high - low), 1.0)


def in_one_unit(
    values: pd.DataFrame, sensor: str | None, scale: float | None, where: object
) -> tuple[pd.DataFrame, str, list[str]]:
    """Return the values with the reflectances of Sentinel-2 and Landsat x 10000 (digital numbers), the unit, and warnings.

    Raises:
        TableError: bands, or rows of a band, are in different units, the unit cannot be told, or the scale is impossible.
    """
    optical = [str(band) for band in values if is_optical(str(band)) and values[band].notna().any()]
    warnings: list[str] = []
    if scale is not None and optical:
        values = values.assign(**{band: values[band] * (scale * PER_REFLECTANCE) for band in optical})
        impossible = impossible_reflectances(values[optical].to_numpy() / PER_REFLECTANCE)
        if impossible:
            raise TableError(
                f"multiplied by the scale of {scale:g}, the reflectances {impossible}, which is impossible",
                where=where,
                fix="Correct the line `scale` of the YAML file (--columns), or remove it.",
            )
        return values, "digital number", [f"reflectances are multiplied by {scale:g} to lie from 0 to 1 and kept x 10000"]
    values, decoded = _decoded(values, optical, where)
    warnings += [*decoded, *_too_bright(values, optical)]
    if optical and (sensor == "sentinel-2" or str(sensor).startswith("landsat") or any(map(_is_landsat_product, optical))):
        high = {band: float(values[band].quantile(LIKELY)) for band in optical}
        small = [band for band in optical if high[band] <= REFLECTANCE_BELOW and find_band(band).role != "cirrus"]
        large = [band for band in optical if high[band] >= NUMBERS_ABOVE]
        fix = "Bring all bands to one unit, or say in a YAML file (--columns) what makes them lie from 0 to 1: `scale: 0.0001`."
        if small and large:
            raise TableError(
                f"{small[0]} holds reflectances from 0 to 1 (up to {high[small[0]]:.3g}) and {large[0]} digital numbers from 0 "
                f"to 10000 (up to {high[large[0]]:.5g})",
                where=where,
                fix=fix,
            )
        if not large and max(high.values()) > REFLECTANCE_BELOW:
            band = max(high, key=lambda name: high[name])
            raise TableError(
                f"the unit of {band} is not clear: its values, up to {high[band]:.3g}, are neither reflectances from 0 to 1 "
                "nor digital numbers from 0 to 10000",
                where=where,
                fix=fix.replace("0.0001", "0.01"),
            )
        if small:
            values = values.assign(**{band: values[band] * PER_REFLECTANCE for band in optical})
            warnings.append("reflectances lie from 0 to 1 and are kept as digital numbers (x 10000)")
        else:
            _check_rows(values, large, where, fix)
        values, more = _without_impossible(values, optical)
        return values, "digital number", warnings + more
    digital = bool(len(values)) and float(np.nanmax(values.to_numpy(np.float64), initial=0)) > _LARGE
    return values, "digital number" if digital else "as in the table", warnings


def _is_landsat_product(band: str) -> bool:
    """Tell whether a band is called as in Landsat's surface reflectance products, Collection 2: SR_B4."""
    return landsat_default(Path(band)) is not None


def _decoded(values: pd.DataFrame, optical: Sequence[str], where: object) -> tuple[pd.DataFrame, list[str]]:
    """Return the values with Landsat's stored numbers as reflectance x 10000, and a warning.

    Raises:
        TableError: some bands hold stored numbers, others do not.
    """
    middle = {band: float(values[band].median()) for band in optical if _is_landsat_product(band)}
    stored = [band for band, median in middle.items() if median >= _STORED]
    if not stored:
        return values, []
    other = next((band for band in middle if band not in stored), None)
    if other is not None:
        raise TableError(
            f"{stored[0]} holds numbers as Landsat's products store them (half of them above {middle[stored[0]]:.5g}), {other} "
            f"others (half of them below {middle[other]:.5g})",
            where=where,
            fix="Bring all bands to one unit: reflectance is stored number x 0.0000275 - 0.2.",
        )
    encoding = landsat_default(Path(stored[0]))
    assert encoding is not None
    factor, add = encoding.scale or 1.0, encoding.add or 0.0
    reflectance = {band: values[band].where(values[band] != 0) * factor + add for band in stored}
    values = values.assign(**{band: numbers * PER_REFLECTANCE for band, numbers in reflectance.items()})
    return values, [
        f"{', '.join(stored)}: Landsat's stored numbers are decoded (x {factor:g} {add:+g}) and kept as reflectance x 10000"
    ]


def _too_bright(values: pd.DataFrame, optical: Sequence[str]) -> list[str]:
    """Return a warning where red is mostly brighter than land is in reflectance x 10000, as in Landsat's stored numbers."""
    low = {band: float(values[band].quantile(0.25)) for band in optical if find_band(band).role == "red"}
    bright = [band for band, number in low.items() if number > _BRIGHT_RED]
    if not bright:
        return []
    return [
        f"three quarters of the values of {bright[0]} are above {low[bright[0]]:.5g}, brighter than land is in reflectance x "
        "10000. If they are numbers as Landsat's products store them, call the bands SR_B4, ... (--band-names)"
    ]


def _check_rows(values: pd.DataFrame, bands: Sequence[str], where: object, fix: str) -> None:
    for band in bands:
        numbers = values[band].dropna().to_numpy()
        small = (numbers > 0) & (numbers < REFLECTANCE_BELOW) & (numbers != np.round(numbers))
        if small.sum() >= max(3, 0.01 * len(numbers)):
            raise TableError(
                f"{band} holds reflectances from 0 to 1 in {small.sum()} rows (such as {numbers[small][0]:g}) and digital "
                f"numbers in {(~small).sum()} (such as {numbers[~small][0]:g})",
                where=where,
                fix=fix,
            )


def _without_impossible(values: pd.DataFrame, bands: Sequence[str]) -> tuple[pd.DataFrame, list[str]]:
    below = values[list(bands)] < _IMPOSSIBLE
    if not below.to_numpy().any():
        return values, []
    names = [band for band in bands if below[band].any()]
    values = values.assign(**{band: values[band].where(~below[band]) for band in names})
    count = int(below.to_numpy().sum())
    why = f"lie below {_IMPOSSIBLE:g}, as means over missing pixels do: they are left out"
    return values, [f"{count} values of {', '.join(names)} {why}"]


def _without_asked(
    values: pd.DataFrame, optical: Sequence[str], late: "npt.NDArray[np.bool_]", asked: float
) -> tuple[pd.DataFrame, list[str]]:
    """Take an offset off all rows, or off those since baseline 04.00 if the ones before it are too dark to contain it."""
    numbers = values.loc[~late, list(optical)].to_numpy()
    is_late = bool(late.any() and numbers.size and too_dark(numbers[np.isfinite(numbers)], asked))
    rows = late if is_late else np.ones(len(values), bool)
    below = float((values.loc[rows, list(optical)] < asked).to_numpy().mean())
    values = values.assign(**{band: values[band].where(~rows, (values[band] - asked).clip(lower=0)) for band in optical})
    warnings = [f"{below:.0%} of the reflectances lie below the offset of {asked:g} and become 0"] if below > 0.01 else []
    if is_late:
        warnings.append(f"the offset of {asked:g} is subtracted from {BASELINE_0400} on: earlier rows are too dark to contain it")
    return values, warnings


def without_offset(
    values: pd.DataFrame, dates: "npt.NDArray[np.datetime64]", sensor: str | None, units: str, asked: float | None
) -> tuple[pd.DataFrame, list[str]]:
    """Take the asked offset off the reflectances, clipped at 0; warn where Sentinel-2's offset seems to be in them.

    Raises:
        OptionError: an offset was given, and no band is a reflectance.
    """
    optical = [str(band) for band in values if is_optical(str(band))]
    if asked and not optical:
        raise OptionError("an offset was given, but no band is a reflectance", fix="Leave the offset out.")
    late = dates >= np.datetime64(BASELINE_0400)
    if asked:
        return _without_asked(values, optical, late, asked)
    numbers = values.loc[late, optical].to_numpy()
    numbers = numbers[np.isfinite(numbers)]
    if (
        asked is None
        and sensor == "sentinel-2"
        and units == "digital number"
        and len(numbers) >= 20
        and numbers.min() >= OFFSET_0400
    ):
        return values, [
            f"no reflectance from {BASELINE_0400} on is below 1000, so they seem to contain Sentinel-2's offset of 1000: "
            "--offset 1000 subtracts it, --offset 0 keeps the numbers"
        ]
    return values, []
