"""What the drawings of the documentation have in common: boxes, words and arrows in SVG, for light and dark."""

from html import escape

STYLE = """
.page { fill: #ffffff } .box { fill: #f2f6ee; stroke: #4a6b3a; stroke-width: 1.5 }
.title { fill: #1d2b16; font-size: 14px } .detail { fill: #50604a; font-size: 12px }
.arrow { stroke: #4a6b3a; stroke-width: 1.5; fill: none; marker-end: url(#head) } .head { fill: #4a6b3a }
@media (prefers-color-scheme: dark) {
  .page { fill: #10160d } .box { fill: #1e2a18; stroke: #9cc482 }
  .title { fill: #eef5e8 } .detail { fill: #b9c8ae } .arrow { stroke: #9cc482 } .head { fill: #9cc482 }
}
""".strip()


def drawing(title: str, width: int, height: int, parts: list[str]) -> str:
    """Return an SVG file of a size in pixels."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            'font-family="Helvetica, Arial, sans-serif" role="img">',
            f"<title>{escape(title)}</title>",
            f"<style>\n{STYLE}\n</style>",
            '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
            '<path class="head" d="M0 0L8 4L0 8z"/></marker></defs>',
            f'<rect class="page" width="{width}" height="{height}"/>',
            *parts,
            "</svg>\n",
        ]
    )


def box(left: int, top: int, width: int, height: int) -> str:
    return f'<rect class="box" x="{left}" y="{top}" width="{width}" height="{height}" rx="6"/>'


def words(style: str, x: float, y: float, text: str, anchor: str = "middle") -> str:
    """Return words of a style ("title" or "detail") at a place."""
    return f'<text class="{style}" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(text)}</text>'


def arrow(path: str) -> str:
    """Return an arrow along an SVG path."""
    return f'<path class="arrow" d="{path}"/>'


def line(path: str) -> str:
    """Return a line along an SVG path."""
    return f'<path class="arrow" d="{path}" style="marker-end: none"/>'
