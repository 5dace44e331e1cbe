"""What attributes and tags declare of stored numbers, by the CF conventions and the habits of common tools.

Sources: CF conventions 1.11, section 2.5.1 (missing data, valid range) and 8.1 (packed data); NetCDF users' guide, appendix A
(`_Unsigned`); rioxarray and odc-stac (`nodata`); STAC's extension for rasters (`scale`, `offset`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from cropdetect.errors import ContradictionError, UnreadableFileError
from cropdetect.imagery.layers import Layer

_FILLS = ("_FillValue", "missing_value", "nodata", "nodatavals", "_nodata", "no_data", "nodata_value", "fill_value")
_SCALES = ("scale_factor", "scale")
_ADDS = ("add_offset", "offset")
_LIMITS = ("valid_range", "valid_min", "valid_max")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|nan", re.IGNORECASE)


@dataclass(frozen=True)
class Encoding:
    """What is declared of stored numbers; None and empty are "nothing".

    Attributes:
        fills: numbers that mean "no value".
        valid_range: lowest and highest number that is a value.
        scale: factor and
        add: summand of value = stored x scale + add.
        units: of the values.
    """

    fills: tuple[float, ...] = ()
    valid_range: tuple[float, float] | None = None
    scale: float | None = None
    add: float | None = None
    units: str = ""

    def checked(self, where: object) -> "Encoding":
        """Return this, if values can be computed by it.

        Raises:
            UnreadableFileError: the scale is 0, or scale or offset are NaN or infinite.
        """
        if self.scale == 0 or not np.isfinite([self.scale or 0.0, self.add or 0.0]).all():
            raise UnreadableFileError(
                f"no value can be computed by the scale and the offset that it declares ({self.scale} and {self.add})",
                where=where,
                fix="Correct them, or remove them if they are not known.",
            )
        return self

    def joined(self, other: "Encoding", path: Path) -> "Encoding":
        """Return what two places declare together.

        Raises:
            ContradictionError: both give a scale or a summand, and they differ.
        """
        for what, mine, others in (("scale", self.scale, other.scale), ("offset", self.add, other.add)):
            if mine is not None and others is not None and not np.isclose(mine, others, rtol=1e-6, atol=1e-12):
                raise ContradictionError(
                    f"two different numbers are declared as {what}: {mine:g} and {others:g}",
                    where=path,
                    fix="Remove the wrong one, e.g. with gdal_edit.",
                )
        return Encoding(
            fills=tuple(dict.fromkeys((*self.fills, *other.fills))),
            valid_range=self.valid_range or other.valid_range,
            scale=other.scale if self.scale is None else self.scale,
            add=other.add if self.add is None else self.add,
            units=self.units or other.units,
        )

    def applied(self, layer: Layer) -> Layer:
        """Return a layer with these numbers."""
        numbers = tuple(fill for fill in self.fills if not np.isnan(fill))
        return replace(
            layer,
            nodata=numbers[0] if numbers else None,
            fills=numbers[1:],
            valid_range=self.valid_range,
            scale=1.0 if self.scale is None else self.scale,
            add=0.0 if self.add is None else self.add,
            units=self.units,
        )


def encoding(attributes: Mapping[str, Any], *, unsigned_bits: int = 0) -> Encoding:
    """Read attributes.

    Args:
        attributes: of a variable, or tags of a file.
        unsigned_bits: width of numbers that are stored as signed but meant as unsigned; else 0.
    """

    def numbers(*names: str) -> tuple[float, ...]:
        return tuple(number for name in names for number in _numbers(attributes.get(name)))

    def meant(number: float) -> float:
        return number + 2**unsigned_bits if unsigned_bits and number < 0 else number

    units = attributes.get("units", "")
    return Encoding(
        fills=tuple(dict.fromkeys(meant(number) for number in numbers(*_FILLS))),
        valid_range=_valid_range(attributes),
        scale=next((number for name in _SCALES if (number := _one_number(attributes.get(name)))), None),
        add=next((number for name in _ADDS if (number := _one_number(attributes.get(name))) is not None), None),
        units=units if isinstance(units, str) else "",
    )


def unread_attributes(attributes: Mapping[str, Any]) -> list[str]:
    """Return the attributes that should hold a number and do not hold one that can be used, as a user reads them."""
    unread = [name for name in (*_FILLS, *_LIMITS) if name in attributes and not _numbers(attributes[name])]
    unread += [name for name in _SCALES if name in attributes and not _one_number(attributes[name])]
    unread += [name for name in _ADDS if name in attributes and _one_number(attributes[name]) is None]
    if not unread and _valid_range(attributes) is None:
        unread = [name for name in _LIMITS if name in attributes]
    return [f"{name} = {str(attributes[name])[:40]!r}" for name in unread]


def _valid_range(attributes: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return the lowest and the highest number that is a value; None where none is given, or where no number can be both."""
    both = _numbers(attributes.get("valid_range"))
    low, high = both if len(both) == 2 else (-np.inf, np.inf)
    low, high = (next(iter(_numbers(attributes.get(name))), one) for name, one in (("valid_min", low), ("valid_max", high)))
    return (low, high) if low < high and (low, high) != (-np.inf, np.inf) else None


def _one_number(value: Any) -> float | None:
    """Return the number of an attribute; None where it has none, several different ones, NaN or infinity."""
    found = set(_numbers(value))
    return found.pop() if len(found) == 1 and np.isfinite(list(found)).all() else None


def _numbers(value: Any) -> tuple[float, ...]:
    """Return the numbers of an attribute, which may be a number, several, or text such as "-9999.0" or "-100, 16000"."""
    if value is None or isinstance(value, bool):
        return ()
    if isinstance(value, str):
        return tuple(float(text) for text in _NUMBER.findall(value)) if re.fullmatch(r"[-+\d\s.,eEnaN\[\](){}]+", value) else ()
    try:
        return tuple(float(number) for number in np.asarray(value).reshape(-1))
    except (TypeError, ValueError):
        return ()
