"""Chip folders: many small areas, each a tile of its own with a grid, dates and fields of its own.

Two forms: ``ROOT/<chip_id>/...`` with `field_ids.tif` or `fields.gpkg|geojson|parquet` inside, and ``ROOT/Images/<chip_id>/...``
with the same field files in ``ROOT/fields/<chip_id>/``. Within a chip's folder the images lie as in any folder of files or cubes.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from cropdetect.errors import UnknownLayoutError
from cropdetect.imagery import cube, files
from cropdetect.imagery.assemble import Found
from cropdetect.imagery.fieldfiles import find_field_files, is_field_raster
from cropdetect.imagery.layouts import accepted
from cropdetect.imagery.names import says_nothing
from cropdetect.imagery.naming import Naming
from cropdetect.imagery.series import FieldFiles
from cropdetect.imagery.tree import paths_with
from cropdetect.progress import Progress

NAME = "chips"

_IMAGES, _FIELDS = "Images", "fields"
_SHOWN = 5  # names in a warning


def recognise(path: Path, naming: Naming) -> bool:
    """Whether `path` holds chip folders. A pattern with a group `tile` says that it does not.

    Folders whose names tell a date or a band are chips only where each of them has fields.
    """
    if naming.tells_tiles or not path.is_dir():
        return False
    if _form_with_images(path):
        return any(_holds_images(folder) for folder in _folders(path / _IMAGES))
    if any(_is_image(file) for file in path.iterdir()):
        return False
    with_fields = without = 0
    for folder in _folders(path):
        if not _has_fields(_own_files(folder)) or not _holds_images(folder):
            without += 1
        elif says_nothing(folder.name):
            return True
        else:
            with_fields += 1
    return with_fields > 0 and not without


def find(path: Path, naming: Naming) -> list[Found]:
    """Return a tile a chip folder, from file heads only.

    Raises:
        UnreadableFileError: a file is damaged.
        UnsafePathError: a file leads elsewhere.
        UnknownLayoutError: a chip's images tell no date and band, or no folder has any image.
    """
    images = _form_with_images(path)
    folders = list(_folders(path / _IMAGES if images else path))
    shared = find_field_files(path, [], tile="", alone=False)
    tiles: list[Found] = []
    empty = []
    with Progress("opening chip folders", len(folders), "folders") as progress:
        for folder in folders:
            if _holds_images(folder):
                own = _own_files(path / _FIELDS / folder.name) if images else FieldFiles()
                tiles += _in_folder(folder, naming, own, shared)
            else:
                empty.append(folder.name)
            progress.advance()
    if not tiles:
        raise UnknownLayoutError("no chip folder has any image", where=path, fix=accepted())
    if empty:
        names = ", ".join(empty[:_SHOWN])
        note = f"folders without an image are left out ({len(empty)}): {names}{', ...' if len(empty) > _SHOWN else ''}"
        tiles[0] = replace(tiles[0], warnings=(*tiles[0].warnings, note))
    return tiles


def _in_folder(folder: Path, naming: Naming, own: FieldFiles, shared: FieldFiles) -> Iterator[Found]:
    """Yield the tile (or, where a chip reaches over several granules, the tiles) of one chip folder."""
    layout = cube if cube.recognise(folder, naming) else files
    found = layout.find(folder, naming)
    for one in found:
        named = one.name.replace("/", "_")
        inside = one.field_files
        yield replace(
            one,
            name=folder.name if len(found) == 1 else f"{folder.name}_{named}",
            field_files=next((some for some in (inside, own, shared) if _has_fields(some)), FieldFiles()),
        )


def _form_with_images(path: Path) -> bool:
    return (path / _IMAGES).is_dir() and not any(_is_image(file) for file in (path / _IMAGES).iterdir())


def _folders(path: Path) -> Iterator[Path]:
    """Yield the folders that may be chips; links to folders are not followed."""
    for entry in sorted(path.iterdir()):
        if entry.is_dir() and not entry.is_symlink() and not entry.name.startswith("."):
            yield entry


def _own_files(folder: Path) -> FieldFiles:
    return find_field_files(folder, [], tile="", alone=True)


def _has_fields(found: FieldFiles) -> bool:
    return found.field_ids is not None or found.vector is not None


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in (*files.SUFFIXES, *cube.SUFFIXES) and not is_field_raster(path.name)


def _holds_images(folder: Path) -> bool:
    return any(_is_image(path) for path in paths_with(folder, (*files.SUFFIXES, *cube.SUFFIXES)))
