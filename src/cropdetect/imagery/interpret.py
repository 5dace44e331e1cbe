"""What stored numbers mean: from what files declare, from files beside them, and from a sample of the pixels.

Nothing is guessed in silence: what the pixels tell is a warning where it is used, and an error where it contradicts the metadata.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cropdetect.imagery.backscatter import find_scales, in_decibels
from cropdetect.imagery.bands import is_reflectance
from cropdetect.imagery.fills import undeclared_fills
from cropdetect.imagery.identity import sensor_of
from cropdetect.imagery.indices import check_indices
from cropdetect.imagery.layers import Acquisition, FoundTile, Layer
from cropdetect.imagery.layouts.layout import OpenOptions
from cropdetect.imagery.masks import is_quality_layer
from cropdetect.imagery.metadata import Beside, beside, broken_items
from cropdetect.imagery.named_numbers import with_landsat_numbers, with_named_numbers
from cropdetect.imagery.sampling import BandSample, take_sample
from cropdetect.imagery.sidecars import unused_sidecars
from cropdetect.imagery.stores.attributes import Encoding
from cropdetect.imagery.units import check_offsets, early_without, find_units, kind_of
from cropdetect.imagery.values import BASELINE_0400, digital_numbers


@dataclass(frozen=True)
class Interpreted:
    """Tiles whose layers know what their numbers mean.

    Attributes:
        tiles: as the layout found them, completed.
        quality: a sample of the numbers of every quality layer.
        warnings: what the user should know.
    """

    tiles: tuple[FoundTile, ...]
    quality: Mapping[str, npt.NDArray[Any]]
    warnings: tuple[str, ...]


def interpret(found: Sequence[FoundTile], options: OpenOptions) -> Interpreted:
    """Complete the layers of all tiles.

    Raises:
        ContradictionError: metadata and pixels, or two places in the metadata, exclude each other.
    """
    tiles, by_name = with_named_numbers([_with_metadata(tile, options) for tile in found])
    beside_them = (*unused_sidecars(_layers(found)), *_broken_files(found, options))
    sample = take_sample(tiles)
    tiles, of_landsat = with_landsat_numbers(tiles, sample)
    sample = _of_tiles(sample, tiles)
    fills, told = undeclared_fills(sample)
    units, more = find_units(sample, fills)
    scales, of_radar = find_scales(sample, fills)
    of_indices = check_indices(sample, fills)

    def completed(name: str, layer: Layer) -> Layer:
        if is_quality_layer(name):
            return layer
        if name in scales:
            layer = in_decibels(layer, scales[name])
        unit = units.get(kind_of(layer)) if is_reflectance(name, layer.sensor) else None
        layer = layer if unit is None else unit.applied(layer)
        return replace(layer, fills=tuple(dict.fromkeys((*layer.fills, *fills.get(name, ())))))

    tiles = [tile.with_layers(completed) for tile in tiles]
    sample = _of_tiles(sample, tiles)
    offsets: tuple[str, ...] = ()
    of_sentinel2 = [one for one in sample if tiles[one.tile].sensor == "sentinel-2"]
    if options.offset:
        is_late, warning = early_without(of_sentinel2, fills, options.offset)
        if is_late:
            tiles, offsets = [_without_early_offset(tile) for tile in tiles], (warning,)
    elif options.offset is None:
        not_there, offsets = check_offsets(of_sentinel2, fills)
        if not_there:
            tiles = [_without_named_offset(tile) for tile in tiles]
    return Interpreted(
        tuple(tiles), _quality(sample), (*beside_them, *by_name, *of_landsat, *told, *more, *of_radar, *of_indices, *offsets)
    )


def _with_metadata(tile: FoundTile, options: OpenOptions) -> FoundTile:
    """Add what files beside the images declare, and the sensor; keep digital numbers as they are."""
    names = {name for acquisition in tile.acquisitions for name in acquisition.layers}
    known: dict[Path, Beside] = {}
    acquisitions = []
    for acquisition in tile.acquisitions:
        layers = dict(acquisition.layers)
        offset = acquisition.offset
        for name, layer in layers.items():
            if not is_reflectance(name, layer.sensor):
                continue
            path = layer.reader.path
            if path not in known:
                known[path] = beside(path, options.root)
            declared = known[path]
            if declared.files:
                layers[name] = _joined(layer, declared)
                offset = declared.offset if offset is None else offset
        named = offset is not None and offset == acquisition.offset and not _offset_in_metadata(acquisition)
        complete = digital_numbers(replace(acquisition, layers=layers, offset=offset), options.offset)
        acquisitions.append(replace(complete, offset_by_name=named and complete.offset == offset))
    return replace(tile, acquisitions=tuple(acquisitions), sensor=tile.sensor or sensor_of(names))


def _layers(found: Sequence[FoundTile]) -> list[Layer]:
    return [layer for tile in found for one in tile.acquisitions for layer in one.layers.values()]


def _broken_files(found: Sequence[FoundTile], options: OpenOptions) -> tuple[str, ...]:
    """Return a warning for files beside the images that should declare something of them, and cannot be read."""
    broken = broken_items(sorted({layer.reader.path for layer in _layers(found)}), options.root)
    if not broken:
        return ()
    return (f"{len(broken)} files beside the images, such as {broken[0].name}, are no JSON and are not used",)


def _offset_in_metadata(acquisition: Acquisition) -> bool:
    files = (file.name for layer in acquisition.layers.values() for file in layer.metadata_files)
    return any(name.startswith("MTD_MSIL") for name in files)


def _joined(layer: Layer, declared: Beside) -> Layer:
    own = Encoding(
        fills=tuple(fill for fill in (layer.nodata, *layer.fills) if fill is not None),
        valid_range=layer.valid_range,
        scale=None if layer.is_plain else layer.scale,
        add=None if layer.is_plain else layer.add,
        units=layer.units,
    )
    joined = own.joined(declared.encoding, layer.reader.path).applied(layer)
    return replace(joined, metadata_files=(*layer.metadata_files, *declared.files))


def _without_named_offset(tile: FoundTile) -> FoundTile:
    acquisitions = (replace(one, offset=0.0) if one.offset_by_name else one for one in tile.acquisitions)
    return replace(tile, acquisitions=tuple(acquisitions))


def _without_early_offset(tile: FoundTile) -> FoundTile:
    acquisitions = (replace(one, offset=0.0) if one.date < BASELINE_0400 else one for one in tile.acquisitions)
    return replace(tile, acquisitions=tuple(acquisitions))


def _of_tiles(sample: Sequence[BandSample], tiles: Sequence[FoundTile]) -> list[BandSample]:
    """Return the sample with the layers and acquisitions that the tiles have now."""
    now = {
        (number, name, id(layer.reader), layer.index): (acquisition, layer)
        for number, tile in enumerate(tiles)
        for acquisition in tile.acquisitions
        for name, layer in acquisition.layers.items()
    }
    result = []
    for one in sample:
        acquisition, layer = now[one.tile, one.band, id(one.layer.reader), one.layer.index]
        result.append(replace(one, acquisition=acquisition, layer=layer))
    return result


def _quality(sample: Sequence[BandSample]) -> dict[str, npt.NDArray[Any]]:
    names = dict.fromkeys(one.band for one in sample if is_quality_layer(one.band))
    return {name: np.concatenate([one.numbers for one in sample if one.band == name]) for name in names}
