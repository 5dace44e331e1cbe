"""Warnings of many tiles, told once."""

from collections.abc import Sequence

_SHOWN = 3  # tiles that are named


def gathered(tiles: Sequence[str], warnings: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Join the warnings of all tiles: what several tiles have in common is said once, with the tiles' names.

    Args:
        tiles: names of the tiles.
        warnings: of each tile; they may begin with "tile <name>: ".
    """
    who: dict[str, list[str]] = {}
    for tile, texts in zip(tiles, warnings, strict=True):
        for text in texts:
            who.setdefault(text.removeprefix(f"tile {tile}: "), []).append(tile)
    original = {text for texts in warnings for text in texts}
    said = []
    for text, names in who.items():
        if len(names) > 1:
            shown = ", ".join(names[:_SHOWN])
            said.append(f"{len(names)} tiles ({shown}{', ...' if len(names) > _SHOWN else ''}): {text}")
        else:
            said.append(text if text in original else f"tile {names[0]}: {text}")
    return tuple(said)
