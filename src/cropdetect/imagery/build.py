"""From the acquisitions that a layout found to a series: which bands, which dates, which grid."""

import datetime as dt
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from odc.geo.geobox import GeoBox

from cropdetect.errors import MissingBandError
from cropdetect.imagery.bands import in_order, is_quality, is_reflectance
from cropdetect.imagery.clear import Condition, resolved
from cropdetect.imagery.fileseries import FileSeries
from cropdetect.imagery.grid_of_parts import grid_of_parts
from cropdetect.imagery.identity import sensor_of
from cropdetect.imagery.jointseries import JointSeries
from cropdetect.imagery.layers import Acquisition, FoundTile, Layer, PixelReader
from cropdetect.imagery.layouts.layout import OpenOptions
from cropdetect.imagery.masks import Numbers, default_masks, is_mask_only, is_quality_layer, unused_warnings
from cropdetect.imagery.parts import Part, split_into_parts
from cropdetect.imagery.series import ImageSeries
from cropdetect.imagery.stores.grids import axes, half_pixel_shift, usual_block
from cropdetect.imagery.stores.zips import on_disk
from cropdetect.imagery.values import BASELINE_0400, UNKNOWN, all_fills, check_offset, missing_value, units_of

_QA60_AGAIN = dt.date(2024, 2, 28)  # from when on Earth Engine fills QA60 again


def build_series(
    found: FoundTile, root: Path, options: OpenOptions, quality: Mapping[str, Numbers]
) -> tuple[ImageSeries, tuple[str, ...]]:
    """Return a tile's series, and warnings.

    Args:
        found: the tile, its layers completed by `cropdetect.imagery.interpret`.
        root: what the user named.
        options: how it is opened.
        quality: a sample of the numbers of every quality layer.

    Raises:
        MissingBandError: a band that was asked for is absent.
        GridError: a file does not fit the others.
        OptionError: the resolution or the offset cannot be used.
        UnknownLayoutError: no date and band is left.
    """
    present = in_order(name for acquisition in found.acquisitions for name in acquisition.layers)
    sensor = found.sensor or sensor_of(present)
    names, conditions, masks_left_out = _wanted(present, found, options, quality)
    parts, left_out = split_into_parts(
        found.acquisitions, names, conditions, sensor, asked=options.clear is not None, where=found.name
    )
    grid = grid_of_parts(parts, options.resolution)
    ignored = _clear_but_missing(parts)
    offset = max(acquisition.offset or 0.0 for part in parts for acquisition in part.acquisitions)
    check_offset(offset, _dtype(parts), names, options.offset)
    built = [_part_series(part, found, root, grid, sensor, offset, set(ignored)) for part in parts]
    series = built[0] if len(built) == 1 else _joined(built, names, found, sensor)
    readers = list({id(reader): reader for part in parts for reader in _readers(part)}.values())
    warnings = (
        *found.warnings,
        *masks_left_out,
        *_empty_qa60(series, quality, options),
        *(f"{_tile(found)}{text}" for text in left_out),
        *ignored.values(),
        *_shifted(readers, sensor),
    )
    return series, warnings


def _part_series(
    part: Part, found: FoundTile, root: Path, grid: GeoBox, sensor: str | None, offset: float, ignored: Collection[str]
) -> FileSeries:
    """Return the series of one part on the grid of the tile."""
    readers = _readers(part)
    acquisitions = _on_grid(part, readers, grid, sensor, ignored)
    dtype = np.result_type(*(one.layers[name].dtype for one in acquisitions for name in part.bands))
    files = sorted({reader.path for reader in readers})
    on_disks = {on_disk(reader.path) for reader in readers if not reader.in_memory}
    return FileSeries(
        name=found.name,
        geobox=grid,
        dates=tuple(sorted({acquisition.date for acquisition in acquisitions})),
        bands=part.bands,
        mask_bands=tuple(dict.fromkeys(condition.band for condition in part.conditions)),
        dtype=dtype,
        block_shape=usual_block(readers, grid),
        sensor=sensor,
        units=units_of({name: acquisitions[0].layers[name] for name in part.bands}, dtype),
        offset=offset if any(is_reflectance(name) for name in part.bands) else 0.0,
        sources=tuple(_relative(path, root) for path in files),
        n_bytes=sum(_size(path) for path in on_disks) or _in_memory(acquisitions, part.used, grid, dtype),
        field_files=found.field_files,
        acquisitions=tuple(acquisitions),
        conditions=part.conditions,
    )


def _joined(parts: Sequence[FileSeries], names: Sequence[str], found: FoundTile, sensor: str | None) -> JointSeries:
    """Return one series of several parts."""
    dtype = np.result_type(np.float32, *(part.dtype for part in parts))
    used = {band for part in parts for band in part.bands}
    optical = [part for part in parts if any(is_reflectance(band) for band in part.bands)]
    layers = [layer for part in parts for one in part.acquisitions for layer in one.layers.values()]
    files = {on_disk(layer.reader.path) for layer in layers if not layer.reader.in_memory}
    return JointSeries(
        name=found.name,
        geobox=parts[0].geobox,
        dates=tuple(sorted({day for part in parts for day in part.dates})),
        bands=tuple(name for name in names if name in used),
        mask_bands=tuple(dict.fromkeys(band for part in parts for band in part.mask_bands)),
        dtype=dtype,
        block_shape=max(parts, key=lambda part: len(part.bands) * len(part.dates)).block_shape,
        sensor=sensor,
        units=_common_units(optical or parts),
        offset=max(part.offset for part in parts),
        sources=tuple(sorted({source for part in parts for source in part.sources})),
        n_bytes=sum(_size(path) for path in files) or sum(part.n_bytes for part in parts),
        field_files=found.field_files,
        parts=tuple(replace(part, dtype=dtype) for part in parts),
    )


def _in_memory(acquisitions: Sequence[Acquisition], used: Sequence[str], grid: GeoBox, dtype: np.dtype[np.generic]) -> int:
    """Return the bytes of pixels that no file holds."""
    return len(acquisitions) * len(used) * math.prod(grid.shape) * dtype.itemsize


def _common_units(parts: Sequence[FileSeries]) -> str:
    units = {part.units for part in parts}
    return units.pop() if len(units) == 1 else UNKNOWN


def _readers(part: Part) -> list[PixelReader]:
    return list({id(a.layers[name].reader): a.layers[name].reader for a in part.acquisitions for name in part.used}.values())


def _dtype(parts: Sequence[Part]) -> np.dtype[np.generic]:
    """Return the dtype of the numbers that offsets are taken off."""
    return np.result_type(*(a.layers[name].dtype for part in parts for a in part.acquisitions for name in part.bands))


def _wanted(
    present: Sequence[str], found: FoundTile, options: OpenOptions, quality: Mapping[str, Numbers]
) -> tuple[tuple[str, ...], tuple[Condition, ...], tuple[str, ...]]:
    """Return bands, conditions and warnings before dates are looked at."""
    where = f"tile {found.name}" if found.name else ""
    warnings: tuple[str, ...] = ()
    asked_clear = found.clear if options.clear is None else options.clear
    if asked_clear is None:
        files = {name: layer.reader.path.name for one in found.acquisitions for name, layer in one.layers.items()}
        choice = default_masks([name for name in present if name not in (options.bands or ())], quality, files)
        conditions = choice.conditions + default_masks(options.bands or (), quality, files).conditions
        warnings = unused_warnings(choice)
    else:
        conditions = resolved(asked_clear, present)
    asked = options.bands or ()
    for name in (*asked, *(condition.band for condition in conditions)):
        if name not in present:
            raise MissingBandError(f"there is no band {name}", where=where, fix=f"The bands found are {', '.join(present)}.")
    names = tuple(dict.fromkeys(asked)) or tuple(name for name in present if not is_mask_only(name))
    if not names:
        raise MissingBandError(
            f"there are only classification bands ({', '.join(present)})", where=where, fix="Add reflectance bands."
        )
    return names, conditions, warnings


def _empty_qa60(series: ImageSeries, quality: Mapping[str, Numbers], options: OpenOptions) -> tuple[str, ...]:
    """Return a warning where QA60 is all that marks clouds, in the time in which Earth Engine's is empty."""
    empty = [day for day in series.dates if BASELINE_0400 <= day < _QA60_AGAIN]
    seen = [quality[name] for name in series.mask_bands if name.upper().endswith("QA60") and name in quality]
    if options.clear is not None or not empty or len(seen) != len(series.mask_bands) or not seen or any(q.any() for q in seen):
        return ()
    return (
        f"QA60 marks no cloud in the pixels that were looked at; in Earth Engine it is empty from {BASELINE_0400} to "
        f"{_QA60_AGAIN}. Export MSK_CLASSI_OPAQUE and MSK_CLASSI_CIRRUS, SCL or a cloud probability, too.",
    )


def _shifted(readers: Sequence[PixelReader], sensor: str | None) -> tuple[str, ...]:
    """Return a warning where bands of different resolution are shifted against each other, which Sentinel-2's are not."""
    shifted = half_pixel_shift(readers) if sensor == "sentinel-2" else None
    if shifted is None:
        return ()
    fine, coarse = shifted
    half = (coarse.geobox.affine.a - fine.geobox.affine.a) / 2
    return (
        f"{coarse.path.name} begins {half:g} units of the CRS away from {fine.path.name}, half the difference of their pixels: "
        "their coordinates may name corners of pixels. They are read as centres; an attribute GeoTransform of the grid mapping "
        "decides it",
    )


def _clear_but_missing(parts: Sequence[Part]) -> dict[str, str]:
    """Return mask band -> warning, where the number that is declared as "no value" is one that means clear."""
    warnings = {}
    acquisitions = [acquisition for part in parts for acquisition in part.acquisitions]
    conditions = [condition for part in parts for condition in part.conditions]
    for name in dict.fromkeys(condition.band for condition in conditions):
        declared = {a.layers[name].nodata for a in acquisitions if name in a.layers} - {None}
        meant = [
            number for number in declared if all(bool(one.holds(np.array([number]))[0]) for one in conditions if one.band == name)
        ]
        if meant and name.upper() != "CLD":
            warnings[name] = f'{name} declares {meant[0]:g} as "no value", but {meant[0]:g} means clear; it is taken as clear'
    return warnings


def _on_grid(
    part: Part, readers: Sequence[PixelReader], grid: GeoBox, sensor: str | None, without_nodata: Collection[str]
) -> list[Acquisition]:
    """Return a part's acquisitions, whose layers know how they become values on the grid.

    Declared "no value" numbers of the bands `without_nodata` are not used.
    """
    axes_of = {id(reader): axes(reader.geobox, grid) for reader in readers}

    def ready(name: str, layer: Layer, offset: float | None) -> Layer:
        return replace(
            layer,
            nodata=None if name in without_nodata else missing_value(name, layer, sensor),
            fills=() if name in without_nodata else all_fills(layer),
            offset=offset if is_reflectance(name) else None,
            interpolated=not (is_quality(name) or is_quality_layer(name)),
            axes=axes_of[id(layer.reader)],
        )

    return [
        replace(a, layers={name: ready(name, layer, a.offset) for name, layer in a.layers.items()}) for a in part.acquisitions
    ]


def _tile(found: FoundTile) -> str:
    return f"tile {found.name}: " if found.name else ""


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) and path != root else path.name


def _size(path: Path) -> int:
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return path.stat().st_size
