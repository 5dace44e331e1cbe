"""What stored numbers mean: digital numbers, Sentinel-2's offset, "no value", units.

Sentinel-2 products of processing baseline 04.00 and later (from 25 January 2022) have 1000 added to every reflectance. Source:
Sentinel-2 Products Specification Document 14.9, BOA_ADD_OFFSET and RADIO_ADD_OFFSET. The products' metadata give the offset with
a minus sign, to be added to the digital number.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from cropdetect.errors import OptionError
from cropdetect.imagery.bands import is_classes, is_reflectance
from cropdetect.imagery.layers import Acquisition, Layer

_PRODUCT = re.compile(r"S2[A-D]_MSIL[12][AC]_\d{8}T\d{6}_N(?P<baseline>\d{4})_R\d{3}_T\w{5}_\d{8}T\d{6}")
_ADDED = re.compile(rb"<(?:BOA|RADIO)_ADD_OFFSET\b[^>]*>\s*(-?\d+(?:\.\d+)?)\s*</")
_FROM_0400 = 1000.0
#: From this day on products have the offset.
BASELINE_0400 = dt.date(2022, 1, 25)
#: Units of a series: reflectance x 10000, or one that nothing tells.
DIGITAL_NUMBER, UNKNOWN = "digital number", "unknown"
#: Units of numbers that are no reflectance, though their band is one: counts or radiance.
NO_REFLECTANCE = "no reflectance"

_METADATA_LIMIT = 50_000_000  # bytes
_REFLECTANCE_SCALE = 1e-4


def product_offset(path: Path, root: Path) -> tuple[float | None, tuple[Path, ...]]:
    """Return what the producer added to the reflectances of a file, and the metadata files that say so.

    The offset stands in the metadata file of the product (MTD_MSIL2A.xml). Otherwise it follows from the baseline in the
    product's name (_N0400_), which is the name of the file or of a folder around it. Where neither is known it is None.

    Args:
        path: the file.
        root: the user's folder. Folders above it are looked at only within the same product.
    """
    for place in (path, *path.parents):
        if place.is_dir():
            for name in ("MTD_MSIL2A.xml", "MTD_MSIL1C.xml"):
                metadata = place / name
                if metadata.is_file() and metadata.stat().st_size <= _METADATA_LIMIT:
                    return _metadata_offset(metadata), (metadata,)
        product = _PRODUCT.match(place.name)
        if product:
            return (_FROM_0400 if int(product["baseline"]) >= 400 else 0.0), ()
        if not place.is_relative_to(root) and place.suffix.upper() == ".SAFE":
            break
        if place == root and not any(parent.suffix.upper() == ".SAFE" for parent in root.parents):
            break
    return None, ()


def _metadata_offset(path: Path) -> float:
    """Read the offset in a product's metadata; a regular expression is safe from whatever else an XML file may hold."""
    return max((-float(number) for number in _ADDED.findall(path.read_bytes())), default=0.0)


def digital_numbers(acquisition: Acquisition, asked_offset: float | None) -> Acquisition:
    """Keep reflectances as digital numbers (reflectance x 10000), the unit that networks are trained in.

    A file with digital numbers declares a scale of 0.0001. From baseline 04.00 on it also declares an addend of -0.1, which is an
    offset of 1000. Any other addend, or several different ones, decode the numbers.

    Args:
        acquisition: as the layout found it.
        asked_offset: the offset that the user gave, which replaces all others, or None.
    """
    offset = acquisition.offset
    layers = dict(acquisition.layers)
    stored = {name for name, layer in layers.items() if is_reflectance(name, layer.sensor) and _is_of_digital_numbers(layer)}
    adds = {layers[name].add for name in stored}
    for name, layer in layers.items():
        if is_classes(name):
            layers[name] = replace(layer, scale=1.0, add=0.0)
        elif is_reflectance(name, layer.sensor) and not layer.is_plain:
            if name in stored and (layer.add == 0 or (layer.add < 0 and len(adds) == 1)):
                layers[name] = replace(layer, scale=1.0, add=0.0, units="")
                if layer.add < 0:
                    offset = float(round(-layer.add / layer.scale))
            else:
                offset = None  # decoding takes off whatever was added
    return replace(acquisition, layers=layers, offset=offset if asked_offset is None else asked_offset)


def _is_of_digital_numbers(layer: Layer) -> bool:
    return layer.reader.dtype.kind in "iu" and bool(np.isclose(layer.scale, _REFLECTANCE_SCALE, rtol=1e-6))


def all_fills(layer: Layer) -> tuple[float, ...]:
    """Return the further numbers that mean "no value", of those that the dtype can hold."""
    dtype = layer.reader.dtype
    if dtype.kind not in "iu":
        return tuple(float(dtype.type(fill)) for fill in layer.fills if not np.isnan(fill))
    limits = np.iinfo(str(dtype))
    return tuple(int(fill) for fill in layer.fills if limits.min <= fill <= limits.max and fill == int(fill))


def missing_value(name: str, layer: Layer, sensor: str | None) -> float | None:
    """Return the number that means "no value" in a band, or None.

    A declared number that the dtype cannot hold is ignored. In CLD every number from 0 to 100 is a probability, whatever the file
    declares. Sentinel-2 products declare nothing: 0 means "no data" in their reflectances (Sentinel-2 Products Specification
    Document, SPECIAL_VALUE NODATA), but for numbers that were packed with an addend above 0.
    """
    declared = layer.nodata
    dtype = layer.reader.dtype
    if dtype.kind not in "iu":
        return None if declared is None or np.isnan(declared) else float(dtype.type(declared))
    if declared is None:
        return 0 if sensor == "sentinel-2" and is_reflectance(name) and layer.add <= 0 else None
    limits = np.iinfo(str(dtype))
    if not (limits.min <= declared <= limits.max) or declared != int(declared):
        return None
    if name == "CLD" and 0 <= declared <= 100:
        return None
    return int(declared)


def check_offset(offset: float, dtype: np.dtype[np.generic], names: Sequence[str], asked_offset: float | None) -> None:
    """Raise OptionError where the offset cannot be taken off the numbers of a series."""
    if asked_offset and not any(is_reflectance(name) for name in names):
        raise OptionError("an offset was given, but no band is a reflectance", fix="Leave the offset out.")
    if dtype.kind in "iu" and (offset != int(offset) or offset > np.iinfo(dtype).max):  # type: ignore[type-var]
        raise OptionError(
            f"the offset {offset} cannot be subtracted from numbers of type {dtype}", fix="Give a whole number, e.g. 1000."
        )


def units_of(layers: Mapping[str, Layer], dtype: np.dtype[np.generic]) -> str:
    """Return what the numbers are: the unit of the reflectances where there are any.

    Otherwise whole numbers are "digital number", and others what all files say, or "unknown".
    """
    reflectances = [layer for name, layer in layers.items() if is_reflectance(name, layer.sensor)]
    if reflectances:
        return DIGITAL_NUMBER if all(layer.units == DIGITAL_NUMBER for layer in reflectances) else UNKNOWN
    units = {layer.units for layer in layers.values()}
    if dtype.kind in "iu":
        return DIGITAL_NUMBER
    return units.pop() if len(units) == 1 and units != {""} else UNKNOWN
