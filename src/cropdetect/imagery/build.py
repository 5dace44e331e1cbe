"""From the acquisitions that a layout found to a series: which bands, which dates, which grid."""

import datetime as dt
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from odc.geo.geobox import GeoBox

from cropdetect.errors import MissingBandError, UnknownLayoutError
from cropdetect.imagery.bands import in_order, is_quality, is_reflectance, parse_band
from cropdetect.imagery.clear import Condition, resolved
from cropdetect.imagery.fileseries import FileSeries
from cropdetect.imagery.identity import sensor_of
from cropdetect.imagery.layers import Acquisition, FoundTile, Layer, PixelReader
from cropdetect.imagery.layouts.layout import OpenOptions
from cropdetect.imagery.masks import Numbers, default_masks, is_mask_only, is_quality_layer, unused_warnings
from cropdetect.imagery.stores.grids import axes, common_grid, half_pixel_shift, usual_block
from cropdetect.imagery.stores.zips import on_disk
from cropdetect.imagery.values import BASELINE_0400, all_fills, check_offset, missing_value, units_of

_QA60_AGAIN = dt.date(2024, 2, 28)  # from when on Earth Engine fills QA60 again


def build_series(
    found: FoundTile, root: Path, options: OpenOptions, quality: Mapping[str, Numbers]
) -> tuple[FileSeries, tuple[str, ...]]:
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
    acquisitions: Sequence[Acquisition] = found.acquisitions
    names, conditions, masks_left_out = _wanted(present, found, options, quality)
    names, conditions, bands_left_out = _on_most_dates(acquisitions, names, conditions, found, options)
    mask_bands = tuple(dict.fromkeys(condition.band for condition in conditions))
    used = tuple(dict.fromkeys((*names, *mask_bands)))
    acquisitions, dates_left_out = _complete(acquisitions, used, found, options)
    readers = list({id(a.layers[name].reader): a.layers[name].reader for a in acquisitions for name in used}.values())
    grid = common_grid([[a.layers[name].reader for name in used] for a in acquisitions], options.resolution)
    ignored = _clear_but_missing(acquisitions, conditions)
    acquisitions = _on_grid(acquisitions, used, readers, grid, sensor, set(ignored))
    dtype = np.result_type(*(acquisition.layers[name].dtype for acquisition in acquisitions for name in names))
    offset = max(acquisition.offset or 0.0 for acquisition in acquisitions)
    check_offset(offset, dtype, names, options.offset)
    files = sorted({reader.path for reader in readers})
    on_disks = {on_disk(reader.path) for reader in readers if not reader.in_memory}
    series = FileSeries(
        name=found.name,
        geobox=grid,
        dates=tuple(sorted({acquisition.date for acquisition in acquisitions})),
        bands=names,
        mask_bands=mask_bands,
        dtype=dtype,
        block_shape=usual_block(readers, grid),
        sensor=sensor,
        units=units_of({name: acquisitions[0].layers[name] for name in names}, dtype),
        offset=offset if any(is_reflectance(name) for name in names) else 0.0,
        sources=tuple(_relative(path, root) for path in files),
        n_bytes=sum(_size(path) for path in on_disks) or len(acquisitions) * len(used) * math.prod(grid.shape) * dtype.itemsize,
        field_files=found.field_files,
        acquisitions=tuple(acquisitions),
        conditions=conditions,
    )
    warnings = (
        *found.warnings,
        *masks_left_out,
        *_empty_qa60(series, quality, options),
        *bands_left_out,
        *dates_left_out,
        *ignored.values(),
        *_shifted(readers, sensor),
    )
    return series, warnings


def _wanted(
    present: Sequence[str], found: FoundTile, options: OpenOptions, quality: Mapping[str, Numbers]
) -> tuple[tuple[str, ...], tuple[Condition, ...], tuple[str, ...]]:
    """Return bands, conditions and warnings before dates are looked at."""
    where = f"tile {found.name}" if found.name else ""
    warnings: tuple[str, ...] = ()
    asked_clear = found.clear if options.clear is None else options.clear
    if asked_clear is None:
        choice = default_masks([name for name in present if name not in (options.bands or ())], quality)
        conditions = choice.conditions + default_masks(options.bands or (), quality).conditions
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


def _empty_qa60(series: FileSeries, quality: Mapping[str, Numbers], options: OpenOptions) -> tuple[str, ...]:
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
        "settles it",
    )


def _clear_but_missing(acquisitions: Sequence[Acquisition], conditions: Sequence[Condition]) -> dict[str, str]:
    """Return mask band -> warning, where the number that is declared as "no value" is one that means clear."""
    warnings = {}
    for name in dict.fromkeys(condition.band for condition in conditions):
        declared = {a.layers[name].nodata for a in acquisitions if name in a.layers} - {None}
        meant = [
            number for number in declared if all(bool(one.holds(np.array([number]))[0]) for one in conditions if one.band == name)
        ]
        if meant and name.upper() != "CLD":
            warnings[name] = f'{name} declares {meant[0]:g} as "no value", but {meant[0]:g} means clear; it is taken as clear'
    return warnings


def _on_most_dates(
    acquisitions: Sequence[Acquisition],
    names: tuple[str, ...],
    conditions: tuple[Condition, ...],
    found: FoundTile,
    options: OpenOptions,
) -> tuple[tuple[str, ...], tuple[Condition, ...], list[str]]:
    """Leave out the bands that most acquisitions lack and nobody asked for; return bands, conditions and warnings."""
    asked = {*(options.bands or ()), *(condition.band for condition in options.clear or ())}
    dates_with = {
        name: [a.date for a in acquisitions if name in a.layers]
        for name in dict.fromkeys((*names, *(condition.band for condition in conditions)))
    }
    rare = [name for name in dates_with if name not in asked and _is_rare(name, dates_with, len(acquisitions))]
    warnings = []
    for name in rare:
        days = sorted(set(dates_with[name]))
        more = f" and {len(days) - 1} more dates" if len(days) > 1 else ""
        lacking = len(acquisitions) - len(dates_with[name])
        warnings.append(
            f"{_tile(found)}band {name} is left out: {lacking} of {len(acquisitions)} acquisitions lack it "
            f"(only {days[0]}{more} have it)"
        )
    names = tuple(name for name in names if name not in rare)
    if not names:
        raise UnknownLayoutError("no band is there on most dates", where=found.name, fix="Name the bands to use.")
    return names, tuple(condition for condition in conditions if condition.band not in rare), warnings


def _is_rare(name: str, dates_with: Mapping[str, Sequence[dt.date]], number: int) -> bool:
    """Whether a band goes, and not the dates that lack it: most lack it, or half do and a variant of it (mean, best) has more."""
    own, parsed = len(dates_with[name]), parse_band(name)
    if 2 * own != number or not parsed.variant:
        return 2 * own < number
    return any(len(dates) > own and parse_band(other).band is parsed.band for other, dates in dates_with.items())


def _complete(
    acquisitions: Sequence[Acquisition], used: Sequence[str], found: FoundTile, options: OpenOptions
) -> tuple[list[Acquisition], list[str]]:
    """Leave out the acquisitions that lack a band; return the others, and warnings."""
    tile = _tile(found)
    kept, warnings = [], []
    whole_days = {a.date for a in acquisitions if all(name in a.layers for name in used)}
    for acquisition in acquisitions:
        lacks = [name for name in used if name not in acquisition.layers]
        if not lacks:
            kept.append(acquisition)
        elif acquisition.date in whole_days:
            warnings.append(f"{tile}one of several acquisitions of {acquisition.date} lacks {', '.join(lacks)} and is left out")
        elif options.bands and set(lacks) & set(options.bands):
            raise MissingBandError(
                f"there is no band {', '.join(lacks)}",
                where=f"{tile}{acquisition.date}",
                fix="Add the file, move the date's other files away, or do not ask for the band.",
            )
        else:
            warnings.append(f"{tile}{acquisition.date} lacks {', '.join(lacks)} and is left out")
    if not kept:
        raise MissingBandError(
            "no date has all bands", where=found.name, fix=f"Name bands that one date has; found: {', '.join(used)}."
        )
    return kept, warnings


def _on_grid(
    acquisitions: Sequence[Acquisition],
    used: Sequence[str],
    readers: Sequence[PixelReader],
    grid: GeoBox,
    sensor: str | None,
    without_nodata: Collection[str],
) -> list[Acquisition]:
    """Return acquisitions with the bands in use, whose layers know how they become values on the grid.

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

    return [replace(a, layers={name: ready(name, a.layers[name], a.offset) for name in used}) for a in acquisitions]


def _tile(found: FoundTile) -> str:
    return f"tile {found.name}: " if found.name else ""


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) and path != root else path.name


def _size(path: Path) -> int:
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return path.stat().st_size
