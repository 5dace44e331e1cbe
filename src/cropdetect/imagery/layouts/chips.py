"""Chip folders: many small areas. Each is a tile with its own grid, dates and fields.

Two layouts: ``ROOT/<chip_id>/...`` with `field_ids.tif` or `fields.gpkg|geojson|parquet` inside, and
``ROOT/Images/<chip_id>/...`` with the same field files in ``ROOT/fields/<chip_id>/``. Within a chip's folder the images lie as in
any folder of files or cubes.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from cropdetect.imagery.layers import FoundTile
from cropdetect.imagery.layouts.cubes import Cubes
from cropdetect.imagery.layouts.folders import find_field_files, is_field_raster, paths_with, some_names
from cropdetect.imagery.layouts.layout import Layout, OpenOptions
from cropdetect.imagery.layouts.rasters import Rasters
from cropdetect.imagery.names import is_place_name
from cropdetect.imagery.series import FieldFiles
from cropdetect.progress import Progress

_IMAGES, _FIELDS = "Images", "fields"
_INNER: tuple[Layout, ...] = (Cubes(), Rasters())  # how images lie within a chip's folder
_SUFFIXES = (*Cubes.suffixes, *Rasters.suffixes)


class ChipFolders(Layout):
    """A folder a chip, with its images and its fields."""

    name = "chips"
    description = "Chip folders: every area has a folder with its images and its fields"
    tree = """ROOT/
├── chip_1/
│   ├── 20190606_B04.tif
│   ├── 20190606_B08.tif
│   └── field_ids.tif
└── chip_2/
    ├── 20190606.tif
    └── fields.gpkg"""

    def recognises(self, path: Path, options: OpenOptions) -> bool:
        """See `Layout.recognises`. A user's pattern with a group `tile` rules it out.

        Folders with a date or a band in their names are chips only if all of them have fields.
        """
        if options.pattern_tells_tiles or not path.is_dir() or _has_images_folder(path):
            return False
        if any(_is_image(file) for file in path.iterdir()):
            return False
        with_fields = without = 0
        for folder in _folders(path):
            if not _has_fields(_fields_in(folder)) or not _holds_images(folder):
                without += 1
            elif is_place_name(folder.name):
                return True
            else:
                with_fields += 1
        return with_fields > 0 and not without

    def find(self, path: Path, options: OpenOptions) -> list[FoundTile]:
        """See `Layout.find`."""
        return _find_chips(path, path, None, options)


class ImagesAndFields(Layout):
    """A folder a chip for its images, and another for its fields."""

    name = "chips"
    description = "Images and fields in folders of their own"
    tree = """ROOT/
├── Images/
│   └── chip_1/
│       ├── B01.tif ... B12.tif
│       └── stac.json
└── fields/
    └── chip_1/
        └── field_ids.tif"""

    def recognises(self, path: Path, options: OpenOptions) -> bool:
        """See `Layout.recognises`. A user's pattern with a group `tile` rules it out."""
        if options.pattern_tells_tiles or not path.is_dir() or not _has_images_folder(path):
            return False
        return any(_holds_images(folder) for folder in _folders(path / _IMAGES))

    def find(self, path: Path, options: OpenOptions) -> list[FoundTile]:
        """See `Layout.find`."""
        return _find_chips(path, path / _IMAGES, path / _FIELDS, options)


def _find_chips(path: Path, images: Path, fields: Path | None, options: OpenOptions) -> list[FoundTile]:
    """Return a tile a chip folder of `images`.

    The fields of a chip are those beside its images; otherwise those in its folder of `fields`; otherwise those in `path`.
    """
    folders = list(_folders(images))
    of_all = find_field_files(path, [], tile="", alone=False)
    tiles: list[FoundTile] = []
    empty = []
    with Progress("opening chip folders", len(folders), "folders") as progress:
        for folder in folders:
            if _holds_images(folder):
                elsewhere = FieldFiles() if fields is None else _fields_in(fields / folder.name)
                tiles += _find_in_chip(folder, options, elsewhere if _has_fields(elsewhere) else of_all)
            else:
                empty.append(folder.name)
            progress.advance()
    if empty:
        warning = f"folders without an image are left out ({len(empty)}): {some_names(empty)}"
        tiles[0] = replace(tiles[0], warnings=(*tiles[0].warnings, warning))
    return tiles


def _find_in_chip(folder: Path, options: OpenOptions, elsewhere: FieldFiles) -> Iterator[FoundTile]:
    """Yield the tile (or, where a chip reaches over several granules, the tiles) of one chip folder."""
    layout = next(layout for layout in _INNER if layout.recognises(folder, options))
    found = layout.find(folder, options)
    for tile in found:
        inside = tile.field_files
        yield replace(
            tile,
            name=folder.name if len(found) == 1 else f"{folder.name}_{tile.name.replace('/', '_')}",
            field_files=inside if _has_fields(inside) else elsewhere if _has_fields(elsewhere) else FieldFiles(),
        )


def _has_images_folder(path: Path) -> bool:
    return (path / _IMAGES).is_dir() and not any(_is_image(file) for file in (path / _IMAGES).iterdir())


def _folders(path: Path) -> Iterator[Path]:
    """Yield the folders that may be chips."""
    for entry in sorted(path.iterdir()):
        if entry.is_dir() and not entry.name.startswith("."):
            yield entry


def _fields_in(folder: Path) -> FieldFiles:
    return find_field_files(folder, [], tile="", alone=True)


def _has_fields(found: FieldFiles) -> bool:
    return found.field_ids is not None or found.vector is not None


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in _SUFFIXES and not is_field_raster(path.name)


def _holds_images(folder: Path) -> bool:
    return any(_is_image(path) for path in paths_with(folder, _SUFFIXES))
