"""Write docs/alternatives.md from docs/alternatives.csv.

Usage: python scripts/write_alternatives.py
"""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
TABLE, PAGE = DOCS / "alternatives.csv", DOCS / "alternatives.md"

Row = dict[str, str]

_HEAD = """# Alternatives

**Take another tool for these tasks. It does them better than cropdetect:**
"""
_OURS = """
**Take cropdetect** if you have field outlines and want one crop a field, with probabilities to rely on, from your own images
or tables.

## What cropdetect does not do

* It does not find the outlines of fields. Where you have no outlines, it makes no map.
* It has no foundation model. Its shipped [checkpoints](checkpoints.md) know French crops and a simulated Kenyan season.
  Elsewhere it needs your labels.
* It classifies: it estimates no yields, sowing dates or other quantities.
* It runs on one machine, or on a Dask [cluster](cluster.md) of your own. Nobody hosts it for you.
* It is young. It has few users, and was tried on Linux only.

## At a glance
"""
_MEASURED = """
Only the linked measurements compare a tool with cropdetect. So this page does not say which tool makes the better map. The
facts are of November 2026, from the sources below and in [alternatives.csv](alternatives.csv).
"""


def pages() -> dict[Path, str]:
    """Return the page by its path: what others do better first."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    overview = [
        [
            f"[{row['tool']}](#{_anchor(row['tool'])})",
            *(row[name] for name in ("answer_for", "images_from", "labels", "measured")),
        ]
        for row in rows
    ]
    ours = [
        "**cropdetect**",
        "fields whose outlines you give",
        "your files, tables, STAC catalogues",
        "yours",
        "[yes](accuracy.md)",
    ]
    parts = [
        _HEAD,
        _table(["you want", "take"], [[row["use_it_for"], f"[{row['tool']}](#{_anchor(row['tool'])})"] for row in rows]),
        _OURS,
        _table(["tool", "answers for", "images from", "labels", "measured here"], [*overview, ours]),
        _MEASURED,
        *map(_section, rows),
    ]
    return {PAGE: "\n".join(part.strip("\n") + "\n" for part in parts)}


def _section(row: Row) -> str:
    sources = ", ".join(f"[{number}]({address})" for number, address in enumerate(row["sources"].split(), start=1))
    return "\n".join(
        [
            f"## {row['tool']}\n",
            f"Made for: {row['made_for']}.\n",
            "What it does better:\n",
            *(f"* {one}" for one in row["does_better"].split("; ")),
            "\nWhat cropdetect adds:\n",
            *(f"* {one}" for one in row["cropdetect_adds"].split("; ")),
            f"\nLanguage: {row['language']}. "
            + (f"Licence: {row['licence']}. " if row["licence"] else "")
            + f"Sources: {sources}.",
        ]
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, ["---"] * len(head), *rows]) + "\n"


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, "utf-8")
