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

from cropdetect.errors import ContradictionError
from cropdetect.imagery.layers import Layer

_FILLS = ("_FillValue", "missing_value", "nodata", "nodatavals", "_nodata", "no_data", "nodata_value", "fill_value")
_SCALES = ("scale_factor", "scale")
_ADDS = ("add_offset", "offset")
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

    both = numbers("valid_range")
    low, high = both if len(both) == 2 else (-np.inf, np.inf)
    limits = next(iter(numbers("valid_min")), low), next(iter(numbers("valid_max")), high)
    units = attributes.get("units", "")
    return Encoding(
        fills=tuple(dict.fromkeys(meant(number) for number in numbers(*_FILLS))),
        valid_range=limits if limits[0] < limits[1] and limits != (-np.inf, np.inf) else None,
        scale=next((number for number in numbers(*_SCALES) if number), None),
        add=next(iter(numbers(*_ADDS)), None),
        units=units if isinstance(units, str) else "",
    )


def unread_attributes(attributes: Mapping[str, Any]) -> list[str]:
    """Return the attributes of fills, scales and summands that hold no number, and scales of 0, as a user reads them."""
    unread = [name for name in (*_FILLS, *_SCALES, *_ADDS) if name in attributes and not _numbers(attributes[name])]
    unread += [name for name in _SCALES if name in attributes and set(_numbers(attributes[name])) == {0.0}]
    return [f"{name} = {str(attributes[name])[:40]!r}" for name in unread]


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
