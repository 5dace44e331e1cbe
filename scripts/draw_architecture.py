"""Draw docs/images/architecture.svg: light by day, dark where the reader's system is dark.

Usage: python scripts/draw_architecture.py
"""

from dataclasses import dataclass
from html import escape
from itertools import pairwise
from pathlib import Path

OUT = Path(__file__).parents[1] / "docs" / "images" / "architecture.svg"
WIDTH, HEIGHT = 960, 270
STYLE = """
.page { fill: #ffffff } .box { fill: #f2f6ee; stroke: #4a6b3a; stroke-width: 1.5 }
.title { fill: #1d2b16; font-size: 14px } .detail { fill: #50604a; font-size: 12px }
.arrow { stroke: #4a6b3a; stroke-width: 1.5; fill: none; marker-end: url(#head) } .head { fill: #4a6b3a }
@media (prefers-color-scheme: dark) {
  .page { fill: #10160d } .box { fill: #1e2a18; stroke: #9cc482 }
  .title { fill: #eef5e8 } .detail { fill: #b9c8ae } .arrow { stroke: #9cc482 } .head { fill: #9cc482 }
}
""".strip()


@dataclass(frozen=True)
class Box:
    """One step. Lengths are pixels of the picture."""

    left: int
    top: int
    width: int
    height: int
    title: str
    details: tuple[str, ...]

    def svg(self) -> str:
        """Return the rectangle and its centred lines."""
        middle = self.left + self.width / 2
        first = self.top + self.height / 2 - 9 * len(self.details) + 5
        lines = [_text("title", middle, first, self.title)]
        lines += [_text("detail", middle, first + 18 * k, line) for k, line in enumerate(self.details, start=1)]
        size = f'x="{self.left}" y="{self.top}" width="{self.width}" height="{self.height}"'
        return f'<rect class="box" {size} rx="6"/>' + "".join(lines)


IMAGERY = Box(12, 35, 140, 70, "imagery", ("dates, bands, clouds",))
FIELDS = Box(12, 165, 140, 70, "fields", ("polygons or ids",))
STEPS = (
    Box(190, 85, 130, 100, "chips", ("image, mask, clear", "a window a field")),
    Box(350, 85, 115, 100, "convolutions", ("three layers,", "on each date")),
    Box(495, 85, 140, 100, "masked averaging", ("pixels in the field", "(v2: and clear)")),
    Box(665, 85, 120, 100, "GRU", ("both directions,", "over the season")),
    Box(815, 85, 133, 100, "probabilities", ("mean of members,", "one crop a field")),
)


def _text(style: str, x: float, y: float, words: str) -> str:
    return f'<text class="{style}" x="{x:g}" y="{y:g}" text-anchor="middle">{escape(words)}</text>'


def _arrow(path: str) -> str:
    return f'<path class="arrow" d="{path}"/>'


def picture() -> str:
    """Return the SVG."""
    first = STEPS[0]
    arrows = [
        _arrow(f"M{box.left + box.width} {box.top + box.height / 2:g}H{first.left - 20}V{bend}H{first.left - 2}")
        for box, bend in ((IMAGERY, 118), (FIELDS, 152))
    ]
    arrows += [_arrow(f"M{a.left + a.width} 135H{b.left - 2}") for a, b in pairwise(STEPS)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            'font-family="Helvetica, Arial, sans-serif" role="img">',
            "<title>From imagery and fields to the crop of every field</title>",
            f"<style>\n{STYLE}\n</style>",
            '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
            '<path class="head" d="M0 0L8 4L0 8z"/></marker></defs>',
            f'<rect class="page" width="{WIDTH}" height="{HEIGHT}"/>',
            *(box.svg() for box in (IMAGERY, FIELDS, *STEPS)),
            *arrows,
            "</svg>\n",
        ]
    )


if __name__ == "__main__":
    OUT.write_text(picture(), "utf-8")
