"""Which pixels are clear: the small expressions of `--clear`.

An expression is "none", or conditions with blanks between them, all of which must hold::

    SCL=4,5 CLD<60 QA_PIXEL&63=0

    expression = "none" | condition { blank condition }
    condition  = band [ "&" bits ] ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) number { "," number }

The operators are ``=`` (any of the numbers), ``!=`` (none of the numbers), ``<``, ``<=``, ``>`` and ``>=``; the first two take
several numbers with commas between them. ``&`` keeps the bits of a whole number (decimal, or hexadecimal as 0x3f) before the
comparison: ``QA60&3072=0`` is clear where neither bit 10 nor bit 11 is set, ``state_1km&3=0,3`` where the two lowest bits are 0
or 3. The names of bands are found in any case. An expression replaces the default (`cropdetect.imagery.masks`). In any case every
band must have a value at the pixel; "none" asks for nothing else.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cropdetect.errors import OptionError

_CONDITION = re.compile(
    r"(?P<band>[^\s=!<>,&]+)(?:&(?P<bits>0[xX][0-9a-fA-F]+|\d+))?(?P<operator><=|>=|!=|=|<|>)(?P<numbers>[^\s=!<>&]+)"
)
_COMPARE: dict[str, Callable[..., npt.NDArray[np.bool_]]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


@dataclass(frozen=True)
class Condition:
    """One condition on one band, e.g. CLD<40.

    Attributes:
        band: name.
        operator: one of = != < <= > >=.
        numbers: what is compared with.
        bits: that are kept before the comparison; 0 keeps the number as it is.
    """

    band: str
    operator: str
    numbers: tuple[float, ...]
    bits: int = 0

    @property
    def text(self) -> str:
        """The condition as one writes it."""
        return f"{self.band}{f'&{self.bits}' if self.bits else ''}{self.operator}{','.join(f'{n:g}' for n in self.numbers)}"

    def holds(self, values: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
        """Return where the condition holds, same shape as `values`; bits of NaN are none, so nothing holds for them."""
        if self.bits:
            there = np.isfinite(values)
            flags = np.where(there, values, 0).astype(np.int64) & self.bits
            return np.asarray(there & Condition(self.band, self.operator, self.numbers).holds(flags))
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
    bits = int(match["bits"], 16 if match["bits"][:2].lower() == "0x" else 10) if match["bits"] else 0
    if match["bits"] and not 0 < bits < 2**63:
        raise _bad(text, f"{match['bits']!r} has no bit")
    return Condition(match["band"], match["operator"], numbers, bits)


def resolved(conditions: Sequence[Condition], bands: Sequence[str]) -> tuple[Condition, ...]:
    """Return conditions with the names that bands really have, which may differ in case; unknown names stay."""
    alike = {name.lower(): name for name in reversed(bands)}
    return tuple(
        condition if condition.band in bands else replace(condition, band=alike.get(condition.band.lower(), condition.band))
        for condition in conditions
    )


def _bad(text: str, why: str) -> OptionError:
    return OptionError(
        f"the clear expression {text!r} cannot be understood: {why}",
        fix='Write conditions with blanks between them, e.g. "SCL=4,5 CLD<60" or, for bits, "QA60&3072=0"; or "none" where all '
        "valid pixels are clear.",
    )
