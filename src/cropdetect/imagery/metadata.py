"""What files beside an image declare of its numbers: Sentinel-2 products, Landsat products, STAC items.

Sources: Sentinel-2 Products Specification Document 14.9 (QUANTIFICATION_VALUE, ADD_OFFSET); Landsat 8-9 Collection 2 Level 2
Science Product Guide, section 5 (surface reflectance = number x 0.0000275 - 0.2, 0 is fill); STAC's extensions `raster` and
`processing`; Earth Search's property `earthsearch:boa_offset_applied`.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from cropdetect.documents import parse_json
from cropdetect.imagery.stores.attributes import Encoding
from cropdetect.imagery.stores.open_files import Version, file_version
from cropdetect.imagery.stores.safety import unreadable

_LIMIT = 50_000_000  # bytes
_QUANTIFICATION = re.compile(rb"<(?:BOA_)?QUANTIFICATION_VALUE\b[^>]*>\s*(\d+(?:\.\d+)?)\s*</")
_LANDSAT = re.compile(
    r"(?P<product>L[COTEM]0[4-9]_L2S[PR]_\d{6}_\d{8}_\d{8}_\d{2}_(?:T1|T2|RT))_SR_B(?P<number>\d+)$", re.IGNORECASE
)
_LANDSAT_BAND = re.compile(r"(^|.*[_-])SR_B(?P<number>\d+)$", re.IGNORECASE)
_LANDSAT_SCALE, _LANDSAT_ADD = 2.75e-5, -0.2
_MTL = r'(?:"|<)?(?P<key>REFLECTANCE_(?:MULT|ADD)_BAND_{number})(?:"\s*:\s*"?|>|\s*=\s*)(?P<value>[-+.\dEe]+)'
_BASELINE_0400 = 4.0
_ITEMS = ("stac.json", "stac-item.json", "item.json", "metadata.json")


@dataclass(frozen=True)
class Beside:
    """What files beside an image declare.

    Attributes:
        encoding: of the image's first layer.
        offset: what the producer added to reflectances, where a STAC item says so; else None.
        files: that declare it.
    """

    encoding: Encoding = field(default_factory=Encoding)
    offset: float | None = None
    files: tuple[Path, ...] = ()


def beside(path: Path, root: Path) -> Beside:
    """Return what files beside an image declare of its numbers; the first that does counts.

    Args:
        path: the image.
        root: the user's folder; nothing above it is looked at.

    Raises:
        UnreadableFileError: no value can be computed by what they declare.
    """
    found = next(filter(None, (_landsat(path), _stac(path, root), _sentinel2(path, root))), Beside())
    found.encoding.checked(", ".join(map(str, found.files)))
    return found


def landsat_default(path: Path) -> Encoding | None:
    """Return scale and summand of a Landsat Collection 2 surface reflectance by its name alone, or None."""
    if not _LANDSAT.search(path.stem) and not _LANDSAT_BAND.search(path.stem):
        return None
    return Encoding(fills=(0.0,), scale=_LANDSAT_SCALE, add=_LANDSAT_ADD)


def _landsat(path: Path) -> Beside | None:
    match = _LANDSAT.search(path.stem)
    if match is None:
        return None
    for name in ("MTL.txt", "MTL.json", "MTL.xml"):
        metadata = path.with_name(f"{path.stem[: match.start()]}{match['product']}_{name}")
        version = file_version(metadata)
        if version is not None and version[0] <= _LIMIT:
            numbers = _mtl(metadata, version, match["number"])
            if len(numbers) == 2:
                # The file lists the top of atmosphere's numbers, too, which come later.
                return Beside(Encoding(fills=(0.0,), scale=numbers["MULT"], add=numbers["ADD"]), files=(metadata,))
    return None


@lru_cache(maxsize=1024)
def _mtl(metadata: Path, version: Version, number: str) -> Mapping[str, float]:
    text = metadata.read_text("utf-8", errors="replace")
    start = text.find("LEVEL2_SURFACE_REFLECTANCE_PARAMETERS")
    found: dict[str, float] = {}
    for match in re.finditer(_MTL.replace("{number}", number), text[max(start, 0) :]):
        try:
            found.setdefault("MULT" if "MULT" in match["key"] else "ADD", float(match["value"]))
        except ValueError as error:
            raise unreadable(metadata, error) from error
    return found


def _sentinel2(path: Path, root: Path) -> Beside | None:
    for folder in path.parents:
        if not folder.is_relative_to(root) and ".SAFE" not in {parent.suffix.upper() for parent in (folder, *folder.parents)}:
            return None
        for name in ("MTD_MSIL2A.xml", "MTD_MSIL1C.xml"):
            metadata = folder / name
            version = file_version(metadata)
            if version is not None and version[0] <= _LIMIT:
                value = _quantification(metadata, version)
                return None if value in (None, 10000.0) else Beside(Encoding(scale=1 / value), files=(metadata,))
    return None


@lru_cache(maxsize=1024)
def _quantification(metadata: Path, version: Version) -> float | None:
    match = _QUANTIFICATION.search(metadata.read_bytes())
    return float(match[1]) if match and float(match[1]) > 0 else None


def _stac(path: Path, root: Path) -> Beside | None:
    for file in _items(path, root):
        version = file_version(file)
        item = _item(file, version) if version is not None and version[0] <= _LIMIT else None
        if item is None:
            continue
        asset = next((one for one in item["assets"].values() if _points_to(one, path)), None)
        if asset is None:
            continue
        given = item.get("properties")
        properties: dict[str, Any] = given if isinstance(given, dict) else {}
        return Beside(_of_asset(asset, properties), offset_by_baseline(properties), (file,))
    return None


def _items(path: Path, root: Path) -> Iterator[Path]:
    yield path.with_suffix(".json")
    yield path.with_name(f"{path.name}.json")
    yield from _items_around(path.parent, root)


@lru_cache(maxsize=1024)
def _items_around(folder: Path, root: Path) -> tuple[Path, ...]:
    """Return where the items of a folder, and of those around it up to the root, would lie."""
    inside = [one for one in (folder, *folder.parents) if one.is_relative_to(root)]
    return tuple(one / name for one in inside for name in (*_ITEMS, f"{one.name}.json"))


def broken_items(paths: Iterable[Path], root: Path) -> list[Path]:
    """Return the files beside images that should be STAC items or other metadata, and are no JSON."""
    beside_them = dict.fromkeys(file for path in paths for file in _items(path, root))
    versions = {file: version for file in beside_them if (version := file_version(file)) is not None and version[0] <= _LIMIT}
    return [file for file, version in versions.items() if _content(file, version) is None]


def _item(file: Path, version: Version) -> dict[str, Any] | None:
    (item,) = _content(file, version) or (None,)
    return item if isinstance(item, dict) and isinstance(item.get("assets"), dict) else None


@lru_cache(maxsize=1024)
def _content(file: Path, version: Version) -> tuple[Any] | None:
    """Return the content of a JSON file, None where it is no JSON."""
    try:
        return (parse_json(file.read_bytes()),)
    except ValueError:
        return None


def _points_to(asset: object, path: Path) -> bool:
    href = asset.get("href") if isinstance(asset, dict) else None
    return isinstance(href, str) and href.split("?")[0].rpartition("/")[2] == path.name


def _of_asset(asset: Mapping[str, Any], properties: Mapping[str, Any]) -> Encoding:
    bands = asset.get("raster:bands") or asset.get("bands") or [{}]
    band = {**asset, **bands[0]} if isinstance(bands, list) and isinstance(bands[0], dict) else asset

    def number(key: str) -> float | None:
        value = band.get(key, band.get(f"raster:{key}"))
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    nodata = number("nodata")
    applied = properties.get("earthsearch:boa_offset_applied") is True
    return Encoding(fills=() if nodata is None else (nodata,), scale=number("scale"), add=0.0 if applied else number("offset"))


def offset_by_baseline(properties: Mapping[str, Any]) -> float | None:
    """Return what was added by the baseline that the properties of an item of Sentinel-2 name; None where they do not."""
    applied = properties.get("earthsearch:boa_offset_applied")
    if applied is True:
        return 0.0
    try:
        baseline = float(properties.get("s2:processing_baseline", properties.get("processing:version", "")))
    except (TypeError, ValueError):
        return None
    if "s2:processing_baseline" not in properties and not str(properties.get("constellation", "")).lower().startswith(
        "sentinel-2"
    ):
        return None
    if math.isnan(baseline):
        return None
    return 1000.0 if baseline >= _BASELINE_0400 else 0.0
