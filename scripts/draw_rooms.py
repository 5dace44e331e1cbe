"""Draw docs/images/rooms.svg: the rooms of the package in layer order, and which room imports which.

Usage: python scripts/draw_rooms.py

The rooms and their order are those of the layers in pyproject.toml, the imports those of the source.
"""

import tomllib
from pathlib import Path

import grimp

from drawing import arrow, box, drawing, line, words

ROOT = Path(__file__).parents[1]
IMAGE = ROOT / "docs" / "images" / "rooms.svg"
BOX_WIDTH, BOX_HEIGHT = 92, 26  # pixels
STEP_RIGHT, STEP_DOWN = 56, 36  # from room to room
MARGIN, HEAD = 12, 44


def rooms() -> list[str]:
    """Return the modules and packages that are rooms, the last layer first."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    layers = next(contract["layers"] for contract in settings["contracts"] if contract["type"] == "layers")
    return [room.strip() for layer in layers for room in layer.split("|")]


def imports(names: list[str]) -> dict[str, list[str]]:
    """Return for each room those that it imports itself, for types alone or when it runs."""
    graph = grimp.build_graph("cropdetect", cache_dir=None)
    return {
        importer: [
            imported
            for imported in names
            if imported != importer and graph.direct_import_exists(importer=importer, imported=imported, as_packages=True)
        ]
        for importer in names
    }


def pages() -> dict[Path, str]:
    """Return the drawing by its path."""
    names = rooms()
    left = {name: MARGIN + STEP_RIGHT * k for k, name in enumerate(names)}
    top = {name: HEAD + STEP_DOWN * k for k, name in enumerate(names)}
    row = {name: top[name] + BOX_HEIGHT // 2 for name in names}
    column = {name: left[name] + BOX_WIDTH // 2 for name in names}
    imported = imports(names)
    parts = [words("detail", MARGIN, 24, "Each dot is an import: the room of its row imports the room below it.", anchor="start")]
    for name in names:
        if imported[name]:
            farthest = max(column[other] for other in imported[name])
            parts.append(line(f"M{left[name] + BOX_WIDTH} {row[name]}H{farthest}"))
        importers = [other for other in names if name in imported[other]]
        if importers:
            parts.append(arrow(f"M{column[name]} {min(row[other] for other in importers)}V{top[name] - 2}"))
        parts += [f'<circle class="head" cx="{column[name]}" cy="{row[other]}" r="4"/>' for other in importers]
    for name in names:
        parts.append(box(left[name], top[name], BOX_WIDTH, BOX_HEIGHT))
        parts.append(words("title", column[name], row[name] + 5, name.removeprefix("cropdetect.")))
    width, height = left[names[-1]] + BOX_WIDTH + MARGIN, top[names[-1]] + BOX_HEIGHT + MARGIN
    return {IMAGE: drawing("The rooms of cropdetect and their imports", width, height, parts)}


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, "utf-8")
