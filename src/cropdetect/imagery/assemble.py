"""From the acquisitions that a layout found to a series: which bands, which dates, which grid."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cropdetect.errors import MissingBandError, OptionError, UnknownLayoutError
from cropdetect.imagery import bands as band
from cropdetect.imagery.clear import Condition, default_clear
from cropdetect.imagery.grids import axes, common_grid, usual_block
from cropdetect.imagery.layer import Acquisition, Layer
from cropdetect.imagery.series import FieldFiles
from cropdetect.imagery.source import Source
from cropdetect.imagery.stack import Pass, StackSeries

_REFLECTANCE_SCALE = 1e-4
_BASELINE_0400 = dt.date(2022, 1, 25)


@dataclass(frozen=True)
class Options:
    """What the user asked of `open_imagery`; None is the default."""

    resolution: float | None = None
    clear: tuple[Condition, ...] | None = None
    offset: float | None = None
    bands: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Found:
    """One tile as a layout found it.

    Attributes:
        name: of the tile, "" where there is one only.
        acquisitions: in order of time.
        field_files: that belong to it.
        sensor: where metadata tell it; otherwise band names do.
        warnings: what the user should know.
    """

    name: str
    acquisitions: tuple[Acquisition, ...]
    field_files: FieldFiles
    sensor: str | None = None
    warnings: tuple[str, ...] = ()


def build_series(found: Found, root: Path, options: Options) -> tuple[StackSeries, tuple[str, ...]]:
    """Return a tile's series, and warnings.

    Raises:
        MissingBandError: a band that was asked for is absent.
        GridError: a file does not fit the others.
        OptionError: the resolution or the offset cannot be used.
        UnknownLayoutError: no date and band is left.
    """
    present = band.in_order(name for acquisition in found.acquisitions for name in acquisition.layers)
    sensor = found.sensor or band.sensor_of(present)
    acquisitions = [_decoded(acquisition, options.offset) for acquisition in found.acquisitions]
    names, conditions = _wanted(present, found, options)
    acquisitions, names, conditions, warnings = _complete(acquisitions, names, conditions, found, options)
    mask_bands = tuple(dict.fromkeys(condition.band for condition in conditions))
    used = tuple(dict.fromkeys((*names, *mask_bands)))
    stores = list({id(a.layers[name].store): a.layers[name].store for a in acquisitions for name in used}.values())
    grid = common_grid(stores, options.resolution)
    place = {id(store): axes(store.geobox, grid) for store in stores}

    def source(name: str, layer: Layer, offset: float | None) -> Source:
        return Source(
            store=layer.store,
            index=layer.index,
            nodata=band.nodata_of(name, layer, sensor),
            scale=layer.scale,
            add=layer.add,
            offset=(offset or 0.0) if band.is_reflectance(name) else 0.0,
            nearest=band.is_nearest(name),
            axes=place[id(layer.store)],
        )

    passes = tuple(
        Pass(acquisition.date, {name: source(name, acquisition.layers[name], acquisition.offset) for name in used})
        for acquisition in acquisitions
    )
    dtype = np.result_type(*(one.sources[name].dtype for one in passes for name in names))
    offset = max(acquisition.offset or 0.0 for acquisition in acquisitions)
    _check_offset(offset, dtype, names, options)
    warnings += _baseline_unknown(acquisitions, sensor, dtype)
    files = sorted({store.path for store in stores})
    series = StackSeries(
        name=found.name,
        geobox=grid,
        dates=tuple(sorted({acquisition.date for acquisition in acquisitions})),
        bands=names,
        mask_bands=mask_bands,
        dtype=dtype,
        block_shape=usual_block(stores, grid),
        sensor=sensor,
        units=_units(acquisitions, names, dtype),
        offset=offset if any(band.is_reflectance(name) for name in names) else 0.0,
        sources=tuple(_relative(path, root) for path in files),
        n_bytes=sum(_size(path) for path in files),
        field_files=found.field_files,
        passes=passes,
        conditions=conditions,
    )
    return series, found.warnings + warnings


def _decoded(acquisition: Acquisition, asked: float | None) -> Acquisition:
    """Keep reflectances as digital numbers (reflectance x 10000), the unit networks are trained in.

    A file that stores them so says scale 0.0001, from baseline 04.00 on with an addend of -0.1: an offset of 1000.
    """
    offset = acquisition.offset
    layers = dict(acquisition.layers)
    for name, layer in layers.items():
        if band.is_classes(name):
            layers[name] = replace(layer, scale=1.0, add=0.0)
        elif band.is_reflectance(name) and not layer.plain:
            if layer.store.dtype.kind in "iu" and np.isclose(layer.scale, _REFLECTANCE_SCALE, rtol=1e-6):
                layers[name] = replace(layer, scale=1.0, add=0.0, units="")
                if layer.add < 0:
                    offset = float(round(-layer.add / layer.scale))
            else:
                offset = None  # decoding takes off whatever was added
    return replace(acquisition, layers=layers, offset=offset if asked is None else asked)


def _wanted(present: Sequence[str], found: Found, options: Options) -> tuple[tuple[str, ...], tuple[Condition, ...]]:
    """Return bands and conditions before dates are looked at."""
    where = f"tile {found.name}" if found.name else ""
    conditions = default_clear(present) if options.clear is None else options.clear
    asked = options.bands or ()
    for name in (*asked, *(condition.band for condition in conditions)):
        if name not in present:
            raise MissingBandError(f"there is no band {name}", where=where, fix=f"The bands found are {', '.join(present)}.")
    names = tuple(dict.fromkeys(asked)) or tuple(name for name in present if not band.is_classes(name))
    if not names:
        raise MissingBandError(
            f"there are only classification bands ({', '.join(present)})", where=where, fix="Add reflectance bands."
        )
    return names, conditions


def _complete(
    acquisitions: list[Acquisition],
    names: tuple[str, ...],
    conditions: tuple[Condition, ...],
    found: Found,
    options: Options,
) -> tuple[list[Acquisition], tuple[str, ...], tuple[Condition, ...], tuple[str, ...]]:
    """Leave out the bands that most acquisitions lack, then the acquisitions that lack a band."""
    tile = f"tile {found.name}: " if found.name else ""
    warnings = []
    used = dict.fromkeys((*names, *(condition.band for condition in conditions)))
    lacking = Counter(name for a in acquisitions for name in used if name not in a.layers)
    for name, count in lacking.items():
        needed = name in (options.bands or ()) or (options.clear is not None and any(c.band == name for c in conditions))
        if count * 2 > len(acquisitions) and not needed:
            names = tuple(other for other in names if other != name)
            conditions = tuple(condition for condition in conditions if condition.band != name)
            with_it = sorted({a.date for a in acquisitions if name in a.layers})
            warnings.append(
                f"{tile}band {name} is left out: {count} of {len(acquisitions)} acquisitions lack it (only {with_it[0]}"
                f"{f' and {len(with_it) - 1} more dates' if len(with_it) > 1 else ''} have it)"
            )
    if not names:
        raise UnknownLayoutError("no band is there on most dates", where=found.name, fix="Name the bands to use.")
    used = dict.fromkeys((*names, *(condition.band for condition in conditions)))
    kept = []
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
    return kept, names, conditions, tuple(warnings)


def _check_offset(offset: float, dtype: np.dtype[np.generic], names: Sequence[str], options: Options) -> None:
    if options.offset is not None and options.offset and not any(band.is_reflectance(name) for name in names):
        raise OptionError("an offset was given, but no band is a reflectance", fix="Leave the offset out.")
    if dtype.kind in "iu" and (offset != int(offset) or offset > np.iinfo(dtype).max):  # type: ignore[type-var]
        raise OptionError(
            f"the offset {offset} cannot be taken off numbers of type {dtype}", fix="Give a whole number, e.g. 1000."
        )


def _baseline_unknown(acquisitions: Sequence[Acquisition], sensor: str | None, dtype: np.dtype[np.generic]) -> tuple[str, ...]:
    silent = sorted({a.date for a in acquisitions if a.offset is None and a.date >= _BASELINE_0400})
    if sensor != "sentinel-2" or dtype.kind not in "iu" or not silent:
        return ()
    return (
        f"Sentinel-2 products from {_BASELINE_0400} on carry an offset of 1000 unless the provider has taken it off; nothing "
        f"tells whether {len(silent)} dates from {silent[0]} on do. It is taken as 0: give the offset to be sure.",
    )


def _units(acquisitions: Sequence[Acquisition], names: Sequence[str], dtype: np.dtype[np.generic]) -> str:
    """Return what the numbers are: what the files say, "digital number" for whole numbers, otherwise "unknown"."""
    said = {acquisitions[0].layers[name].units for name in names}
    if dtype.kind in "iu":
        return "digital number"
    return said.pop() if len(said) == 1 and said != {""} else "unknown"


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) and path != root else path.name


def _size(path: Path) -> int:
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return path.stat().st_size
