"""Field files that lie with the imagery."""

import re
from pathlib import Path

from cropdetect.imagery.series import FieldFiles

_VECTORS = ("fields.gpkg", "fields.geojson", "fields.parquet")
_IDS = re.compile(r"(.*_)?field_?ids?\.tiff?", re.IGNORECASE)
_LABELS = re.compile(r"(.*_)?(raster_)?labels?\.tiff?", re.IGNORECASE)


def is_field_raster(name: str) -> bool:
    """Whether a file of this name holds field ids or labels, not an image."""
    return bool(_IDS.fullmatch(name) or _LABELS.fullmatch(name))


def find_field_files(*folders: Path) -> FieldFiles:
    """Return what the folders hold; of each kind the first found."""
    ids = labels = vector = None
    for folder in folders:
        if not folder.is_dir():
            continue
        files = sorted(path for path in folder.iterdir() if path.is_file())
        ids = ids or next((path for path in files if _IDS.fullmatch(path.name)), None)
        labels = labels or next((path for path in files if _LABELS.fullmatch(path.name)), None)
        vector = vector or next((folder / name for name in _VECTORS if (folder / name).is_file()), None)
    return FieldFiles(field_ids=ids, labels=labels, vector=vector)
