"""In which direction a radar passed: by names, metadata, or the time of day.

Ascending and descending passes look at the ground from other sides, so their bands are bands of their own.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from odc.geo.geobox import GeoBox

from cropdetect.documents import read_json
from cropdetect.errors import UnreadableFileError
from cropdetect.imagery.stores.open_files import Version, file_version

_KEYS = ("sat:orbit_state", "orbit_state", "orbitproperties_pass", "orbit_direction", "pass", "orbit")
_LIMIT = 10_000_000  # bytes
_DAWN, _DUSK = 6.0, 18.0  # hours, mean local solar time at the equator
_NEAR = 2.5  # hours: between 65 degrees south and north


def orbit_said(metadata: Mapping[str, Any]) -> str:
    """Return "asc" or "desc" where tags or attributes say so (STAC's `sat:orbit_state`, Earth Engine, SNAP), else ""."""
    lower = {str(key).lower(): value for key, value in metadata.items()}
    for key in _KEYS:
        match = re.fullmatch(r"(asc|desc)(?:ending)?", str(lower.get(key, "")).strip(), re.IGNORECASE)
        if match:
            return match[1].lower()
    return ""


def orbit_beside(path: Path) -> str:
    """Return what a JSON file beside an image says of its orbit, or ""."""
    for file in (path.with_suffix(".json"), path.with_name(f"{path.name}.json")):
        version = file_version(file)
        if version is not None and version[0] <= _LIMIT:
            return _orbit_in(file, version)
    return ""


@lru_cache(maxsize=4096)
def _orbit_in(file: Path, version: Version) -> str:
    try:
        content = read_json(file)
    except UnreadableFileError:
        return ""  # the search for dates names it where it matters
    if not isinstance(content, dict):
        return ""
    properties = content.get("properties")
    return orbit_said({**content, **(properties if isinstance(properties, dict) else {})})


def orbit_by_time(time: str, grid: GeoBox) -> str:
    """Return the direction of a Sentinel-1 pass by its time, or "" where that does not tell it.

    Sentinel-1 flies along the border of day and night: it crosses the equator northwards at 18:00 mean local solar time, and
    southwards at 6:00 (ESA, Sentinel-1 User Handbook, section 2.1).

    Args:
        time: of day, UTC, as hhmmss or hh:mm:ss; "" or midnight where it is not known.
        grid: where the image lies.
    """
    digits = re.sub(r"\D", "", time)
    if len(digits) < 4 or not int(digits) or grid.crs is None:
        return ""
    hour = (int(digits[:2]) + int(digits[2:4]) / 60 + _longitude(grid) / 15) % 24
    if abs(hour - _DAWN) <= _NEAR:
        return "desc"
    return "asc" if abs(hour - _DUSK) <= _NEAR else ""


@lru_cache(maxsize=256)
def _longitude(grid: GeoBox) -> float:
    """Return the longitude of the middle of a grid, degrees."""
    return float(grid.geographic_extent.centroid.coords[0][0])
