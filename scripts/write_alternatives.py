"""Write docs/alternatives.md from docs/alternatives.csv.

Usage: python scripts/write_alternatives.py
"""

import csv
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
TABLE, PAGE = DOCS / "alternatives.csv", DOCS / "alternatives.md"

_HEAD = """# Alternatives

Other open tools map crops and land cover from satellite images. They may be better for your work: this page says when. It is made
from [alternatives.csv](alternatives.csv), which names a source for each row. The facts are those of November 2026. None of these
tools was timed or scored beside cropdetect, so this page does not say which one makes the better map.
"""
_CHOICE = """
## Which one?

| you want | use |
|---|---|
| the crop of fields whose outlines you have, from your own images, with probabilities to rely on | cropdetect |
| a map of all pixels, and you work in R | sits |
| a map without labels and without downloading images | WorldCereal |
| the best result from few labels, for a past year | TESSERA, or OlmoEarth with rslearn |
| to develop new networks on public data sets | torchgeo |
| your own chain of processing steps around Sentinel Hub | eo-learn |
| land cover of a country, every year, on a cluster | iota2 |
"""


def pages() -> dict[Path, str]:
    """Return the page by its path."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {PAGE: "\n".join([_HEAD, *map(_section, rows)]) + _CHOICE}


def _section(row: dict[str, str]) -> str:
    sources = ", ".join(f"[{number}]({address})" for number, address in enumerate(row["sources"].split(), start=1))
    lines = [
        f"## {row['tool']}\n",
        f"Made for: {row['made_for']}.\n",
        "| | |\n|---|---|",
        f"| what it does better | {row['does_better']} |",
        f"| what cropdetect adds | {row['cropdetect_adds']} |",
        f"| language | {row['language']} |",
        *([f"| licence | {row['licence']} |"] if row["licence"] else []),
        f"| sources | {sources} |\n",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, "utf-8")
