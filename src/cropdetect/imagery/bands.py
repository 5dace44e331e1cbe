"""What a band's name tells: its kind, its place, the sensor."""

import re
from collections.abc import Iterable

import numpy as np

from cropdetect.imagery.layer import Layer

SENTINEL2_ORDER = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12", "CLD")

_SENTINEL2 = re.compile(r"B(0[1-9]|1[0-2]|8A)")
_SENTINEL1 = re.compile(r"VV|VH|HH|HV")
_CLASSES = re.compile(r"SCL|CLM|FMASK|B?QA.*|.*_QA|QC|MSK.*", re.IGNORECASE)
_REFLECTANCE = re.compile(r"B\d{1,2}A?|coastal|blue|green|red|rededge\d*|nir\d*|swir\d*", re.IGNORECASE)
_QUALITY = frozenset(("SNW", "SCL_20m", "dataMask"))  # what the other patterns do not match
_NOT_A_BAND = re.compile(r"TCI|PVI|AOT|WVP|field_?ids?|labels?", re.IGNORECASE)


def is_band(name: str) -> bool:
    """Whether a layer of this name is a band at all: previews, by-products and field rasters are not."""
    return not _NOT_A_BAND.fullmatch(name)


def is_classes(name: str) -> bool:
    """Whether the band's numbers are classes or flags (SCL, QA...), which serve the clear mask and not a network."""
    return bool(_CLASSES.fullmatch(name))


def is_nearest(name: str) -> bool:
    """Whether the band must not be interpolated: classes, and cloud probability."""
    return is_classes(name) or name == "CLD"


def is_quality(name: str) -> bool:
    """Whether the band tells about the atmosphere or the data, not about the crop: no network or baseline learns from it."""
    return is_nearest(name) or name in _QUALITY


def is_reflectance(name: str) -> bool:
    """Whether the band is a reflectance, from which Sentinel-2's offset is taken off."""
    return bool(_REFLECTANCE.fullmatch(name))


def sensor_of(names: Iterable[str]) -> str | None:
    """Guess the sensor from band names: "sentinel-2", "sentinel-1" or None."""
    names = [name for name in names if not is_nearest(name)]
    if any(_SENTINEL2.fullmatch(name) for name in names):
        return "sentinel-2"
    if names and all(_SENTINEL1.fullmatch(name) for name in names):
        return "sentinel-1"
    return None


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Sort names into Sentinel-2's order; other names follow as they come."""
    place = {name: position for position, name in enumerate(SENTINEL2_ORDER)}
    return tuple(sorted(dict.fromkeys(names), key=lambda name: place.get(name, len(place))))


def nodata_of(name: str, layer: Layer, sensor: str | None) -> float | None:
    """Return the number that means "no value" in a band, or None.

    A declared number that the dtype cannot hold is none. For CLD every number from 0 to 100 is a probability, whatever the
    file declares. Sentinel-2 products declare nothing: in their reflectances 0 is "no data" (Sentinel-2 Products
    Specification Document, SPECIAL_VALUE NODATA).
    """
    declared = layer.nodata
    dtype = layer.store.dtype
    if dtype.kind not in "iu":
        return None if declared is None or np.isnan(declared) else float(dtype.type(declared))
    if declared is None:
        return 0 if sensor == "sentinel-2" and is_reflectance(name) else None
    limits = np.iinfo(str(dtype))
    if not (limits.min <= declared <= limits.max) or declared != int(declared):
        return None
    if name == "CLD" and 0 <= declared <= 100:
        return None
    return int(declared)
