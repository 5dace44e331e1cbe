"""How results look in a notebook: small tables and pictures in HTML, all text escaped."""

import html
from collections.abc import Iterable, Mapping, Sequence

_MOST = 20  # rows of a table
_LARGE = 100  # numbers from which on decimals tell nothing

Cell = str | int | float | None


def table(heads: Sequence[str], rows: Iterable[Sequence[Cell]], caption: str = "", *, most: int = _MOST) -> str:
    """Return a table; of more than `most` rows the first ones are shown, and the number of the others is told."""
    rows = list(rows)
    shown = [[_shown(cell) for cell in row] for row in rows[:most]]
    if len(rows) > most:
        shown.append([f"... {len(rows) - most} more", *[""] * (len(heads) - 1)])
    head = "".join(f"<th>{html.escape(text)}</th>" for text in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in shown)
    above = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    return f"<table>{above}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def facts(facts: Mapping[str, object], caption: str = "") -> str:
    """Return a table of two columns: what, and how much."""
    return table(("", ""), [(name.replace("_", " "), str(value)) for name, value in facts.items()], caption, most=len(facts))


def matrix(names: Sequence[str], counts: Sequence[Sequence[int]], caption: str = "") -> str:
    """Return a square table whose cells are the darker the larger their share of the row is; at most 20 rows and columns."""
    names, counts = names[:_MOST], [row[:_MOST] for row in counts[:_MOST]]
    head = "".join(f"<th>{html.escape(name)}</th>" for name in ("", *names))
    body = ""
    for name, row in zip(names, counts, strict=True):
        shares = [count / max(1, sum(row)) for count in row]
        cells = "".join(
            f'<td style="background:rgba(68,119,170,{share:.2f})">{count}</td>' for count, share in zip(row, shares, strict=True)
        )
        body += f"<tr><th>{html.escape(name)}</th>{cells}</tr>"
    return f"<table><caption>{html.escape(caption)}</caption><tr>{head}</tr>{body}</table>"


def frame(page: str) -> str:
    """Return a page of its own inside a frame."""
    return f'<iframe srcdoc="{html.escape(page, quote=True)}" style="width:100%;height:720px;border:0"></iframe>'


def _shown(cell: Cell) -> str:
    if cell is None:
        return ""
    if not isinstance(cell, float):
        return html.escape(str(cell))
    return f"{cell:.3f}" if abs(cell) < _LARGE else f"{cell:,.0f}"
