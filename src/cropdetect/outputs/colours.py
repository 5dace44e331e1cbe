"""Colours and codes of the classes, the same in maps and reports."""

import colorsys
import itertools
import re
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
_WORDS = re.compile(r"[\W_]+")
_LONGEST_CODE = 4
_SHORT_NAME = 3  # letters: such a name is its own code


def class_colours(n_classes: int) -> list[tuple[int, int, int]]:
    """Return (red, green, blue), 0 to 255, of each class: ten chosen ones, then hues as far apart as they come."""
    more = range(max(0, n_classes - len(_FIRST)))
    hues = [colorsys.hsv_to_rgb(k * _GOLDEN % 1, (0.85, 0.55)[k % 2], (0.75, 0.95)[k // 2 % 2]) for k in more]
    return [*_FIRST[:n_classes], *((round(255 * r), round(255 * g), round(255 * b)) for r, g, b in hues)]


def class_codes(legend: Sequence[str]) -> list[str]:
    """Return a short code for each class: the first letters of its words, e.g. "MCB" for "Maize & Common Bean"; no two are equal.

    A number at the end stays ("C13" for "crop type 13"), a single word gives two letters ("MA" for maize).
    """
    codes: list[str] = []
    for name in legend:
        numbered = (f"{_letters(name)[:1] or 'C'}{number}" for number in itertools.count(2))
        codes.append(next(code for code in itertools.chain(_wanted_codes(name), numbered) if code and code not in codes))
    return codes


def _wanted_codes(name: str) -> list[str]:
    letters, words = _letters(name), [word for word in map(_letters, _WORDS.split(name)) if word]
    numbered = words[-1:] and words[-1].isdecimal() and len(words[-1]) < _LONGEST_CODE and len(words) > 1
    if numbered:
        return [letters[0] + words[-1]]
    if letters.isdecimal() or len(letters) <= _SHORT_NAME:
        return [letters[:_LONGEST_CODE]]
    initials = "".join(word[0] for word in words)[: _LONGEST_CODE - 1] if len(words) > 1 else ""
    return [initials, letters[:2], letters[:1] + letters[2:3], letters[:1] + letters[-1:]]


def _letters(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFC", text).upper() if letter.isalnum())
