"""Colours and codes of the classes, the same in maps and reports."""

import colorsys
import itertools
import unicodedata
from collections.abc import Sequence

# Paul Tol, "Colour Schemes" (2021), bright and vibrant: told apart by colour-blind readers.
_FIRST = (
    (0x44, 0x77, 0xAA),
    (0xEE, 0x66, 0x77),
    (0x22, 0x88, 0x33),
    (0xCC, 0xBB, 0x44),
    (0x66, 0xCC, 0xEE),
    (0xAA, 0x33, 0x77),
    (0xEE, 0x77, 0x33),
    (0x00, 0x99, 0x88),
    (0xBB, 0xBB, 0xBB),
    (0x33, 0x22, 0x88),
)
_GOLDEN = 0.618033988749895


def class_colours(n_classes: int) -> list[tuple[int, int, int]]:
    """Return (red, green, blue), 0 to 255, of each class: ten chosen ones, then hues as far apart as they come."""
    more = range(max(0, n_classes - len(_FIRST)))
    hues = [colorsys.hsv_to_rgb(k * _GOLDEN % 1, (0.85, 0.55)[k % 2], (0.75, 0.95)[k // 2 % 2]) for k in more]
    return [*_FIRST[:n_classes], *((round(255 * r), round(255 * g), round(255 * b)) for r, g, b in hues)]


def class_codes(legend: Sequence[str]) -> list[str]:
    """Return a code of one or two letters for each class, e.g. "MA" for maize; no two are equal."""
    codes: list[str] = []
    for name in legend:
        letters = [letter for letter in unicodedata.normalize("NFC", name).upper() if letter.isalnum()]
        first = "".join(letters[:1])
        wanted = ["".join(letters[:2]), first + "".join(letters[2:3]), first + "".join(letters[-1:])]
        numbered = (f"{first or 'C'}{number}" for number in itertools.count(2))
        codes.append(next(code for code in itertools.chain(wanted, numbered) if code and code not in codes))
    return codes
