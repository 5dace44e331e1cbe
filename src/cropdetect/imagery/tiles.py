"""Tell tiles apart: by name, and, where names do not, by folders that hold different areas."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from cropdetect.imagery.names import says_nothing
from cropdetect.imagery.passes import Piece


def split_by_area(tiles: Mapping[str, Sequence[Piece]], root: Path) -> dict[str, list[Piece]]:
    """Split each tile whose pieces lie in folders of different areas, as several sites within one Sentinel-2 granule do.

    Only the first folder below `root` counts, and only where its name has neither date nor band nor resolution. Files of one
    folder are never split: among them another area is an error, which the grid check names.
    """
    result: dict[str, list[Piece]] = {}
    for tile, pieces in tiles.items():
        folders: dict[str, list[Piece]] = {}
        for piece in pieces:
            parts = piece.layer.store.path.relative_to(root).parts[:-1]
            folders.setdefault(parts[0] if parts and says_nothing(parts[0]) else "", []).append(piece)
        areas: dict[object, str] = {}  # area -> the first folder that shows it
        for folder, theirs in folders.items():
            areas.setdefault(_area(theirs), folder)
        if len(areas) == 1 or "" in folders:
            result[tile] = list(pieces)
            continue
        for theirs in folders.values():
            name = areas[_area(theirs)]
            result.setdefault(name if len(tiles) == 1 else f"{tile}_{name}", []).extend(theirs)
    return result


def _area(pieces: Sequence[Piece]) -> object:
    """Return what is equal for pieces of one place: CRS and extent of the finest, to a whole pixel."""
    grids = [piece.layer.store.geobox for piece in pieces]
    grid = min(grids, key=lambda grid: abs(grid.affine.a * grid.affine.e))
    affine, (height, width) = grid.affine, grid.shape
    return grid.crs, round(affine.c / affine.a), round(affine.f / affine.e), height, width
