"""The page on imagery shows every layout and every band that is known."""

import re
from pathlib import Path

from cropdetect.imagery.bands import BANDS
from cropdetect.imagery.layouts import LAYOUTS
from cropdetect.imagery.masks import QUALITY_LAYERS
from cropdetect.imagery.products import PRODUCTS

PAGE = (Path(__file__).parents[1] / "docs" / "imagery.md").read_text("utf-8")


def test_the_page_shows_the_trees_that_error_messages_show() -> None:
    blocks = re.findall(r"^```\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert [block.rstrip("\n") for block in blocks] == [layout.tree for layout in LAYOUTS]
    assert all(f"## {layout.description}\n" in PAGE for layout in LAYOUTS)


def test_the_page_shows_the_table_of_bands() -> None:
    rows = [line for line in PAGE.partition("## Bands")[2].partition("\n## ")[0].splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{band.name}` | {band.kind} | {band.role} | {band.wavelength or ''} | {band.sensor or ''} | {band.clear} |"
        for band in BANDS
        if band.kind != "by-product"
    ]


def test_the_page_shows_the_table_of_quality_layers() -> None:
    rows = [line for line in PAGE.partition("## Clear pixels")[2].partition("\n## ")[0].splitlines() if line.startswith("| `")]
    assert rows == [f"| `{row.name}` | `{row.clear}` | {row.meaning} |" for row in QUALITY_LAYERS]


def test_the_page_shows_the_names_of_products() -> None:
    assert all(f"| {one.name} | {one.sensor or ''} | `{one.example}` |\n" in PAGE for one in PRODUCTS)
