"""Field files that lie with the imagery."""

import re
from collections.abc import Sequence
from pathlib import Path

from cropdetect.imagery.series import FieldFiles

_VECTORS = ("fields.gpkg", "fields.geojson", "fields.parquet")
_IDS = re.compile(r"((?P<tile>.*)_)?field_?ids?\.tiff?", re.IGNORECASE)
_LABELS = re.compile(r"((?P<tile>.*?)_)?(raster_)?labels?\.tiff?", re.IGNORECASE)


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
