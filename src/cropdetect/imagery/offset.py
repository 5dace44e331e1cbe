"""The 1000 that Sentinel-2 products carry in every reflectance from processing baseline 04.00 (25 January 2022) on.

Source: Sentinel-2 Products Specification Document 14.9, BOA_ADD_OFFSET and RADIO_ADD_OFFSET; the products' metadata hold it
with a minus sign, to be added to the digital number.
"""

import re
from pathlib import Path

_PRODUCT = re.compile(r"S2[A-D]_MSIL[12][AC]_\d{8}T\d{6}_N(?P<baseline>\d{4})_R\d{3}_T\w{5}_\d{8}T\d{6}")
_ADDED = re.compile(rb"<(?:BOA|RADIO)_ADD_OFFSET\b[^>]*>\s*(-?\d+(?:\.\d+)?)\s*</")
_FROM_0400 = 1000.0
_METADATA_LIMIT = 50_000_000  # bytes


def offset_of(path: Path, root: Path) -> float | None:
    """Return what the producer added to the reflectances of the file `path` somewhere under `root`.

    The metadata file of the product tells (MTD_MSIL2A.xml), or else the baseline in the product's name (_N0400_), in the
    file's own name or that of a folder around it. None where nothing does.
    """
    for place in (path, *path.parents):
        if place.is_dir():
            told = _from_metadata(place)
            if told is not None:
                return told
        product = _PRODUCT.match(place.name)
        if product:
            return _FROM_0400 if int(product["baseline"]) >= 400 else 0.0
        # Above the user's folder only within the same product, where the folder is a part of one.
        if not place.is_relative_to(root) and place.suffix.upper() == ".SAFE":
            break
        if place == root and not any(parent.suffix.upper() == ".SAFE" for parent in root.parents):
            break
    return None


def _from_metadata(folder: Path) -> float | None:
    """Read the offset in a product's metadata; a regular expression is safe from whatever else an XML file may hold."""
    for name in ("MTD_MSIL2A.xml", "MTD_MSIL1C.xml"):
        path = folder / name
        if path.is_file() and path.stat().st_size <= _METADATA_LIMIT:
            added = [float(number) for number in _ADDED.findall(path.read_bytes())]
            return max((-number for number in added), default=0.0)
    return None
