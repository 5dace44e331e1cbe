"""Draw docs/images/folds.svg: the fields kept aside by random and by blocked folds.

Usage: python scripts/draw_folds.py
"""

import random
from pathlib import Path

from drawing import drawing, line, words

IMAGE = Path(__file__).parents[1] / "docs" / "images" / "folds.svg"
FIELDS, BLOCK, STEP = 12, 4, 24  # fields and blocks in a row; pixels of the drawing between fields
SIDE = FIELDS * STEP
ASIDE = {(0, 2), (1, 0), (2, 1)}  # blocks (row, column) of the fold that is kept aside


def pages() -> dict[Path, str]:
    """Return the drawing by its path."""
    places = [(row, column) for row in range(FIELDS) for column in range(FIELDS)]
    blocked = {place for place in places if (place[0] // BLOCK, place[1] // BLOCK) in ASIDE}
    drawn = set(random.Random(1).sample(places, len(blocked)))
    parts = [*_panel(20, "random fold", drawn), *_panel(SIDE + 80, "blocked fold", blocked, blocks=True)]
    parts += [_field(2 * SIDE + 130, 130, False), words("title", 2 * SIDE + 152, 143, "trained on", "start")]
    parts += [_field(2 * SIDE + 130, 160, True), words("title", 2 * SIDE + 152, 173, "kept aside", "start")]
    return {IMAGE: drawing("Fields kept aside by a random and by a blocked fold", 2 * SIDE + 260, SIDE + 60, parts)}


def _panel(left: int, title: str, aside: set[tuple[int, int]], *, blocks: bool = False) -> list[str]:
    parts = [words("title", left + SIDE / 2, 22, title)]
    for row in range(FIELDS):
        parts += [_field(left + column * STEP, 40 + row * STEP, (row, column) in aside) for column in range(FIELDS)]
    if blocks:
        for k in range(BLOCK, FIELDS, BLOCK):
            parts.append(line(f"M{left - 4} {36 + k * STEP}h{SIDE}"))
            parts.append(line(f"M{left - 4 + k * STEP} 36v{SIDE}"))
    return parts


def _field(left: float, top: float, aside: bool) -> str:
    fill = ' style="fill: #d1603d"' if aside else ""
    return f'<rect class="box" x="{left:g}" y="{top:g}" width="16" height="16" rx="2"{fill}/>'


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, "utf-8")
