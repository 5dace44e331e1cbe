"""Colours of the classes, the same in maps and reports."""

import colorsys

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
