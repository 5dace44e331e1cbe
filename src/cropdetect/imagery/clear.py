"""Which pixels are clear: the default, and the small expressions of `--clear`.

An expression is "none", or conditions with blanks between them, all of which must hold::

    SCL=4,5 CLD<60

A condition is a band, an operator and a number. The operators are ``=`` (any of the numbers), ``!=`` (none of the numbers),
``<``, ``<=``, ``>`` and ``>=``; the first two take several numbers with commas between them. An expression replaces the default.
In any case every band must have a value at the pixel; "none" asks for nothing else.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cropdetect.errors import OptionError
from cropdetect.imagery.bands import BANDS, parse_band

#: The conditions of all bands that the table knows to tell of clouds.
DEFAULT = " ".join(f"{band.name}{band.clear}" for band in BANDS if band.clear)

_CONDITION = re.compile(r"(?P<band>[^\s=!<>,]+)(?P<operator><=|>=|!=|=|<|>)(?P<numbers>[^\s=!<>]+)")
_COMPARE: dict[str, Callable[..., npt.NDArray[np.bool_]]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


@dataclass(frozen=True)
class Condition:
    """One condition on one band, e.g. CLD<40."""

    band: str
    operator: str
    numbers: tuple[float, ...]

    def holds(self, values: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
        """Return where the condition holds, same shape as `values`."""
        if self.operator in _COMPARE:
            return _COMPARE[self.operator](values, self.numbers[0])
        return np.isin(values, self.numbers, invert=self.operator == "!=")


def parse_clear(text: str) -> tuple[Condition, ...]:
    """Parse an expression.

    Raises:
        OptionError: it is not an expression.
    """
    words = text.split()
    if words == ["none"]:
        return ()
    if not words:
        raise _bad(text, "it is empty")
    return tuple(_parse_condition(word, text) for word in words)


def _parse_condition(word: str, text: str) -> Condition:
    match = _CONDITION.fullmatch(word)
    if match is None:
        raise _bad(text, f"{word!r} is not BAND, operator, number")
    try:
        numbers = tuple(float(number) for number in match["numbers"].split(","))
    except ValueError:
        raise _bad(text, f"{match['numbers']!r} is not a number") from None
    if not np.isfinite(numbers).all():
        raise _bad(text, f"{match['numbers']!r} is not a finite number")
    if match["operator"] in _COMPARE and len(numbers) > 1:
        raise _bad(text, f"{word!r}: only = and != take several numbers")
    return Condition(match["band"], match["operator"], numbers)


def _bad(text: str, why: str) -> OptionError:
    return OptionError(
        f"the clear expression {text!r} cannot be understood: {why}",
        fix='Write conditions with blanks between them, e.g. "SCL=4,5 CLD<60", or "none" where all valid pixels are clear.',
    )


def default_clear(bands: Collection[str]) -> tuple[Condition, ...]:
    """Return the conditions of the default on the bands that exist, however their names are written (SCL, scl, S2-L2A-SCL)."""
    rows = {name: parse_band(name) for name in bands}
    return tuple(
        replace(condition, band=name)
        for condition in parse_clear(DEFAULT)
        for name, row in rows.items()
        if row.band.name == condition.band and not row.variant
    )
