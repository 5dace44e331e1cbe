"""What names tell of stored numbers, where the files themselves declare nothing.

Some products hold numbers that look like reflectance x 10000 and are not: counts of the sensor, radiance, or reflectance on
another scale. Their names show it, or the sensor together with the pixels. A new product is one more row.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from cropdetect.imagery.bands import is_reflectance, parse_band
from cropdetect.imagery.layers import FoundTile, Layer
from cropdetect.imagery.metadata import landsat_default
from cropdetect.imagery.sampling import BandSample, Numbers
from cropdetect.imagery.stores.attributes import Encoding
from cropdetect.imagery.stores.rasters import RasterFile
from cropdetect.imagery.values import NO_REFLECTANCE

_LANDSAT_LEAST, _LANDSAT_SHARE = 5000, 0.05  # Collection 2 stores reflectance from 0 on as 7273 and more
_NUMBERED = re.compile(r"B\d+", re.IGNORECASE)


@dataclass(frozen=True)
class NamedNumbers:
    """What a name tells.

    Attributes:
        pattern: regular expression, searched in the parts of a path, in any case.
        encodings: dtype -> what makes reflectance of the numbers.
        units: of numbers of 16 bits, `NO_REFLECTANCE` or "".
        warning: what the user should know, or "".
        source: where the producer says so.
    """

    pattern: str
    encodings: Mapping[str, Encoding] = field(default_factory=dict)
    units: str = ""
    warning: str = ""
    source: str = ""

    def encoding(self, dtype: np.dtype[np.generic]) -> Encoding | None:
        """Return what a layer of a dtype holds, or None where its numbers are the values."""
        if self.units and dtype.kind in "iu":
            return Encoding(units=self.units)
        return self.encodings.get(dtype.name)


NAMED_NUMBERS: tuple[NamedNumbers, ...] = (
    NamedNumbers(
        r"L[COTEM]0[1-9]_L1(?:TP|GT|GS)_\d{6}_\d{8}",
        units=NO_REFLECTANCE,
        warning="Landsat's Level-1 products hold numbers at the top of the atmosphere, which become reflectance only by the "
        "height of the sun; their unit is not known. Order Level-2 products (L2SP)",
        source="USGS, Landsat 8 Data Users Handbook, LSDS-1574, section 5",
    ),
    NamedNumbers(
        r"(?<!\d)(?:\d{8}_\d{6}_(?:\d\d_)?[0-9a-z]{4,5}_(?:u\d{4}|[13][A-Z])|\d{7}_\d{4}-\d\d-\d\d_(?:RE\d_3A|\w{4}_BGRN))"
        r"_(?:basic_)?analytic(?!.*(?:_SR|reflectance))",
        units=NO_REFLECTANCE,
        warning="Planet's analytic images without SR in their names hold radiance (W/m2/sr/um x 100); their unit is not known. "
        "Order surface reflectance (analytic_sr)",
        source="Planet, Imagery Product Specification, section PlanetScope Analytic Ortho Scene",
    ),
    NamedNumbers(
        r"\d{4}-\d\d-\d\d-\d\d[:_-]?\d\d_\d{4}-\d\d-\d\d-\d\d[:_-]?\d\d_\w.*_\(?Raw\)?$",
        encodings={"uint16": Encoding(scale=1 / 65_535), "uint8": Encoding(scale=1 / 255)},
        warning="the raw bands of the Copernicus Browser hold reflectance x 65535 (16 bits) or x 255 (8 bits); they are read so",
        source="Sentinel Hub, EO Browser, source code, constructV3Evalscript",
    ),
    NamedNumbers(
        r"S2[A-D]_(?:OPER_PRD_)?MSIL1C_",
        warning="the Sentinel-2 products are level 1C, reflectance at the top of the atmosphere. Checkpoints that learned from "
        "level 2A, such as s2-parcels-france, answer worse on them",
        source="ESA, Sentinel-2 Products Specification Document, S2-PDGS-TAS-DI-PSD",
    ),
)


def named_numbers(path: Path) -> NamedNumbers | None:
    """Return what the name of a file, or of a folder around it, tells of its numbers."""
    return next((row for part in (path.stem, *path.parts[-2::-1]) if (row := _row(part)) is not None), None)


@lru_cache(maxsize=8192)
def _row(part: str) -> NamedNumbers | None:
    return next((row for row in NAMED_NUMBERS if re.search(row.pattern, part, re.IGNORECASE)), None)


def with_named_numbers(tiles: Sequence[FoundTile]) -> tuple[list[FoundTile], tuple[str, ...]]:
    """Give reflectances that declare nothing what the names of their files tell; return warnings, too."""
    rows: dict[Path, NamedNumbers | None] = {}
    warnings: dict[str, None] = {}

    def told(name: str, layer: Layer) -> Layer:
        path = layer.reader.path
        if path not in rows:
            rows[path] = named_numbers(path)
        row = rows[path]
        if row is None or not layer.is_plain or not is_reflectance(name):
            return layer
        encoding = row.encoding(layer.reader.dtype)
        if encoding is not None or not (row.units or row.encodings):
            warnings[row.warning] = None
        return layer if encoding is None else replace(layer, scale=encoding.scale or 1.0, units=encoding.units or layer.units)

    return [tile if tile.is_declared else tile.with_layers(told) for tile in tiles], tuple(warnings)


def with_landsat_numbers(tiles: Sequence[FoundTile], sample: Sequence[BandSample]) -> tuple[list[FoundTile], tuple[str, ...]]:
    """Give Landsat's reflectances that declare no scale what their names and pixels tell; return warnings, too.

    Surface reflectances of Collection 2 (SR_B4) have the scale of the product guide. So have red, nir08 ..., with a warning.
    Numbers of B4 may be of any level: their unit is not known.
    """

    def kind(name: str, layer: Layer, sensor: str | None) -> str:
        if not layer.is_plain or layer.units == NO_REFLECTANCE or layer.reader.dtype.itemsize == 1 or not is_reflectance(name):
            return ""
        if _surface(name, layer) is not None:
            return "surface"
        whose = layer.sensor or sensor
        if not str(parse_band(name, whose).sensor or whose).startswith("landsat"):
            return ""
        return "numbered" if _NUMBERED.search(name) else "named"

    numbers: dict[str, list[Numbers]] = defaultdict(list)
    for one in sample:
        numbers[kind(one.band, one.layer, tiles[one.tile].sensor)].append(one.numbers[one.numbers > 0])
    pooled = {which: np.concatenate(parts) for which, parts in numbers.items() if which}
    stored = {which for which, values in pooled.items() if values.size and (values < _LANDSAT_LEAST).mean() <= _LANDSAT_SHARE}
    if not stored:
        return list(tiles), ()
    found: dict[str, dict[str, None]] = defaultdict(dict)

    def scaled(tile: FoundTile, name: str, layer: Layer) -> Layer:
        which = kind(name, layer, tile.sensor)
        if which not in stored:
            return layer
        found[which][name] = None
        if which == "numbered":
            return replace(layer, units=NO_REFLECTANCE)
        encoding = _surface("SR_B1", layer)
        assert encoding is not None
        own = Encoding(fills=tuple(fill for fill in (layer.nodata, *layer.fills) if fill is not None), units=layer.units)
        return own.joined(encoding, layer.reader.path).applied(layer)

    tiles = [tile.with_layers(partial(scaled, tile)) for tile in tiles]
    warnings = []
    if found["named"]:
        warnings.append(
            f"{', '.join(found['named'])}: the numbers look like those of Landsat's Collection 2, Level 2; they are read so "
            "(reflectance = number x 0.0000275 - 0.2)"
        )
    if found["numbered"]:
        warnings.append(
            f"{', '.join(found['numbered'])}: the numbers are not reflectance x 10000, but as Landsat's products store them; "
            "their unit is not known. Surface reflectances of Collection 2 are called SR_B4; --band-names renames, e.g. "
            f"{next(iter(found['numbered']))}=SR_{next(iter(found['numbered']))}"
        )
    return tiles, tuple(warnings)


def _surface(name: str, layer: Layer) -> Encoding | None:
    """Return how Landsat's surface reflectances are stored, where the file, the band or the layer is called as one."""
    described = layer.reader.descriptions[layer.index : layer.index + 1] if isinstance(layer.reader, RasterFile) else ()
    found = (landsat_default(Path(text)) for text in (layer.reader.path.name, name, *described) if text)
    return next((encoding for encoding in found if encoding is not None), None)
