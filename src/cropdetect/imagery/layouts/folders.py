"""A user's folder: the images in it, and the field files that lie with them.

Folders are walked in order, without hidden files. Links have been refused or allowed before (`cropdetect.door`).
"""

import os
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from cropdetect.imagery.series import FieldFiles
from cropdetect.imagery.stores import zips

_VECTORS = ("fields.gpkg", "fields.geojson", "fields.parquet")
_IDS = re.compile(r"((?P<tile>.*)_)?field_?ids?\.tiff?", re.IGNORECASE)
_LABELS = re.compile(r"((?P<tile>.*?)_)?(raster_)?labels?\.tiff?", re.IGNORECASE)
_SHOWN = 5  # names in a warning


def is_zarr(path: Path) -> bool:
    """Whether a folder is a Zarr group."""
    return path.is_dir() and any((path / name).is_file() for name in zips.ZARR_GROUP)


def paths_with(root: Path, suffixes: Collection[str]) -> Iterator[Path]:
    """Yield files with these suffixes (lower case) anywhere under `root` and in zip archives, and, for ".zarr", Zarr folders.

    `root` may be such a file itself.
    """
    if ".zarr" in suffixes and is_zarr(root):
        yield root
    elif root.is_file():
        if root.suffix.lower() in suffixes:
            yield root
        elif root.suffix.lower() == zips.SUFFIX:
            yield from zips.images_in(root, suffixes)
    else:
        for folder, inner, files in os.walk(root, followlinks=True):
            here = Path(folder)
            stores = [name for name in inner if is_zarr(here / name)]
            inner[:] = sorted(name for name in inner if not name.startswith(".") and name not in stores)
            yield from (here / name for name in sorted(stores) if ".zarr" in suffixes)
            for name in sorted(files):
                if name.startswith("."):
                    continue
                if Path(name).suffix.lower() in suffixes:
                    yield here / name
                elif Path(name).suffix.lower() == zips.SUFFIX:
                    yield from zips.images_in(here / name, suffixes)


def is_field_raster(name: str) -> bool:
    """Whether a file of this name holds field ids or labels, not an image."""
    return bool(_IDS.fullmatch(name) or _LABELS.fullmatch(name))


def find_field_files(root: Path, own: Sequence[Path], *, tile: str, alone: bool) -> FieldFiles:
    """Return the field files of a tile; of each kind the first found.

    Args:
        root: folder of the whole imagery; its rasters are the tile's where they begin with the tile's name, or where the tile
            is `alone`.
        own: folders of this tile.
        tile: name of the tile.
        alone: whether there is no other tile.
    """
    folders = [folder for folder in (*own, root) if folder.is_dir()]

    def raster(kind: re.Pattern[str]) -> Path | None:
        for folder in folders:
            for path in sorted(folder.iterdir()):
                match = kind.fullmatch(path.name)
                if match and path.is_file() and (alone or folder != root or match["tile"] == tile):
                    return path
        return None

    vector = next((folder / name for folder in folders for name in _VECTORS if (folder / name).is_file()), None)
    return FieldFiles(field_ids=raster(_IDS), labels=raster(_LABELS), vector=vector)


def some_names(names: Sequence[str]) -> str:
    """Return the first names for a message, with an ellipsis where there are more."""
    return f"{', '.join(names[:_SHOWN])}{', ...' if len(names) > _SHOWN else ''}"
