"""Files of GDAL beside an image, which are not opened since they may lead elsewhere: a warning tells what they state."""

import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from cropdetect.imagery.layers import Layer

_HEAD = 2**16  # bytes of a sidecar that are looked at
_NUMBERS = re.compile(rb"<(NoDataValue|Scale|Offset)>\s*([^<\s]+)\s*<")
_PLACE = re.compile(rb"<(GeoTransform|SRS|GCPList)\b")
_WORLD = (".tfw", ".tifw", ".wld", ".j2w")  # files with a transform
_CALLED = {"NoDataValue": "a number for 'no value'", "Scale": "a scale", "Offset": "an offset"}


def unused_sidecars(layers: Iterable[Layer]) -> tuple[str, ...]:
    """Return warnings for masks, scales, 'no value' and places that only files beside the images state."""
    by_path = {layer.reader.path: layer for layer in layers}
    masks = sorted(mask for path in by_path if (mask := path.with_name(f"{path.name}.msk")).is_file())
    numbers = _first_of((path, text) for path, layer in by_path.items() for text in _numbers(path, layer))
    places = _first_of((path, text) for path, layer in by_path.items() for text in _places(path, layer))
    warnings = []
    if masks:
        warnings.append(
            f"{len(masks)} mask files such as {masks[0].name} are not used. Write the masks into the images: "
            "gdal_translate --config GDAL_TIFF_INTERNAL_MASK YES IN.tif OUT.tif"
        )
    if numbers:
        warnings.append(f"{numbers}, which is not used. Write it into the images: gdal_translate IN.tif OUT.tif")
    if places:
        warnings.append(
            f"{places}, which the image itself lacks, and is not used. Write it into the image: gdal_translate IN.tif OUT.tif"
        )
    return tuple(warnings)


def _first_of(found: Iterable[tuple[Path, str]]) -> str:
    """Return the first of some statements, and how many images have such ones; "" where there are none."""
    statements = sorted(found)
    if not statements:
        return ""
    n = len({path for path, _ in statements})
    return f"{statements[0][1]}{f' ({n} images have such files)' if n > 1 else ''}"


def _numbers(path: Path, layer: Layer) -> Iterator[str]:
    known = {"NoDataValue": layer.nodata, "Scale": layer.scale, "Offset": layer.add}
    file, content = _aux(path)
    for key, text in _NUMBERS.findall(content):
        try:
            number = float(text)
        except ValueError:
            continue
        name = key.decode()
        if not math.isnan(number) and number != known[name] and number not in layer.fills:
            yield f"{file.name} states {_CALLED[name]}, {number:g}"


def _places(path: Path, layer: Layer) -> Iterator[str]:
    grid = layer.reader.geobox
    file, content = _aux(path)
    if (grid.crs is None or grid.affine.is_identity) and _PLACE.search(content):
        yield f"{file.name} states a place"
    worlds = (path.with_suffix(suffix) for suffix in _WORLD)
    if grid.affine.is_identity and (world := next((one for one in worlds if one.is_file()), None)) is not None:
        yield f"{world.name} states a place"


def _aux(path: Path) -> tuple[Path, bytes]:
    """Return the auxiliary file of an image, and its beginning; empty where there is none."""
    file = path.with_name(f"{path.name}.aux.xml")
    if not file.is_file() or file.is_symlink():
        return file, b""
    with file.open("rb") as content:
        return file, content.read(_HEAD)
