"""Draw docs/images/architecture.svg: how imagery and fields become crops.

Usage: python scripts/draw_architecture.py
"""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from drawing import arrow, box, drawing, words

IMAGE = Path(__file__).parents[1] / "docs" / "images" / "architecture.svg"


@dataclass(frozen=True)
class Step:
    """One step. Lengths are pixels of the drawing."""

    left: int
    top: int
    width: int
    height: int
    title: str
    details: tuple[str, ...]

    def svg(self) -> str:
        """Return the box and its centred lines."""
        middle = self.left + self.width / 2
        first = self.top + self.height / 2 - 9 * len(self.details) + 5
        lines = [words("title", middle, first, self.title)]
        lines += [words("detail", middle, first + 18 * k, line) for k, line in enumerate(self.details, start=1)]
        return box(self.left, self.top, self.width, self.height) + "".join(lines)


IMAGERY = Step(12, 35, 140, 70, "imagery", ("dates, bands, clouds",))
FIELDS = Step(12, 165, 140, 70, "fields", ("polygons or ids",))
STEPS = (
    Step(190, 85, 130, 100, "chips", ("image, mask, clear", "a window a field")),
    Step(350, 85, 115, 100, "convolutions", ("of the pixels,", "date by date")),
    Step(485, 85, 130, 100, "averaging", ("clear pixels", "of the field")),
    Step(638, 85, 152, 100, "season", ("2020: a GRU; default:", "calendar, convolutions")),
    Step(815, 85, 133, 100, "probabilities", ("mean of members,", "one crop a field")),
)


def pages() -> dict[Path, str]:
    """Return the drawing by its path."""
    first = STEPS[0]
    arrows = [
        arrow(f"M{step.left + step.width} {step.top + step.height / 2:g}H{first.left - 20}V{bend}H{first.left - 2}")
        for step, bend in ((IMAGERY, 118), (FIELDS, 152))
    ]
    arrows += [arrow(f"M{a.left + a.width} 135H{b.left - 2}") for a, b in pairwise(STEPS)]
    parts = [*(step.svg() for step in (IMAGERY, FIELDS, *STEPS)), *arrows]
    return {IMAGE: drawing("From imagery and fields to the crop of every field", 960, 270, parts)}


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, "utf-8")
