"""From the acquisitions that a layout found to a series: which bands, which dates, which grid."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from odc.geo.geobox import GeoBox

from cropdetect.errors import MissingBandError, UnknownLayoutError
from cropdetect.imagery.bands import in_order, is_classes, is_quality, is_reflectance, parse_band
from cropdetect.imagery.clear import Condition, default_clear
from cropdetect.imagery.fileseries import FileSeries
from cropdetect.imagery.identity import sensor_of
from cropdetect.imagery.layers import Acquisition, FoundTile, Layer, PixelReader
from cropdetect.imagery.layouts.layout import OpenOptions
from cropdetect.imagery.stores.grids import axes, common_grid, usual_block
from cropdetect.imagery.values import check_offset, digital_numbers, missing_value, units_of, unknown_offset


def build_series(found: FoundTile, root: Path, options: OpenOptions) -> tuple[FileSeries, tuple[str, ...]]:
    """Return a tile's series, and warnings.

    Raises:
        MissingBandError: a band that was asked for is absent.
        GridError: a file does not fit the others.
        OptionError: the resolution or the offset cannot be used.
        UnknownLayoutError: no date and band is left.
    """
    present = in_order(name for acquisition in found.acquisitions for name in acquisition.layers)
    sensor = found.sensor or sensor_of(present)
    acquisitions = [digital_numbers(acquisition, options.offset) for acquisition in found.acquisitions]
    names, conditions = _wanted(present, found, options)
    names, conditions, bands_left_out = _on_most_dates(acquisitions, names, conditions, found, options)
    mask_bands = tuple(dict.fromkeys(condition.band for condition in conditions))
    used = tuple(dict.fromkeys((*names, *mask_bands)))
    acquisitions, dates_left_out = _complete(acquisitions, used, found, options)
    readers = list({id(a.layers[name].reader): a.layers[name].reader for a in acquisitions for name in used}.values())
    grid = common_grid(readers, options.resolution)
    acquisitions = _on_grid(acquisitions, used, readers, grid, sensor)
    dtype = np.result_type(*(acquisition.layers[name].dtype for acquisition in acquisitions for name in names))
    offset = max(acquisition.offset or 0.0 for acquisition in acquisitions)
    check_offset(offset, dtype, names, options.offset)
    files = sorted({reader.path for reader in readers})
    series = FileSeries(
        name=found.name,
        geobox=grid,
        dates=tuple(sorted({acquisition.date for acquisition in acquisitions})),
        bands=names,
        mask_bands=mask_bands,
        dtype=dtype,
        block_shape=usual_block(readers, grid),
        sensor=sensor,
        units=units_of([acquisitions[0].layers[name] for name in names], dtype),
        offset=offset if any(is_reflectance(name) for name in names) else 0.0,
        sources=tuple(_relative(path, root) for path in files),
        n_bytes=sum(_size(path) for path in files),
        field_files=found.field_files,
        acquisitions=tuple(acquisitions),
        conditions=conditions,
    )
    return series, (*found.warnings, *bands_left_out, *dates_left_out, *unknown_offset(acquisitions, sensor, dtype))


def _wanted(present: Sequence[str], found: FoundTile, options: OpenOptions) -> tuple[tuple[str, ...], tuple[Condition, ...]]:
    """Return bands and conditions before dates are looked at."""
    where = f"tile {found.name}" if found.name else ""
    conditions = default_clear(present) if options.clear is None else options.clear
    asked = options.bands or ()
    for name in (*asked, *(condition.band for condition in conditions)):
        if name not in present:
            raise MissingBandError(f"there is no band {name}", where=where, fix=f"The bands found are {', '.join(present)}.")
    names = tuple(dict.fromkeys(asked)) or tuple(name for name in present if not is_classes(name))
    if not names:
        raise MissingBandError(
            f"there are only classification bands ({', '.join(present)})", where=where, fix="Add reflectance bands."
        )
    return names, conditions


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
    acquisitions: Sequence[Acquisition], used: Sequence[str], readers: Sequence[PixelReader], grid: GeoBox, sensor: str | None
) -> list[Acquisition]:
    """Return acquisitions with the bands in use, whose layers know how they become values on the grid."""
    axes_of = {id(reader): axes(reader.geobox, grid) for reader in readers}

    def ready(name: str, layer: Layer, offset: float | None) -> Layer:
        return replace(
            layer,
            nodata=missing_value(name, layer, sensor),
            offset=offset if is_reflectance(name) else None,
            interpolated=not is_quality(name),
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
