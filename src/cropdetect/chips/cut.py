"""Imagery and fields to chips: which windows of which tiles, before any pixel is read."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from cropdetect.chips.chipset import ChipInfo
from cropdetect.chips.footprints import Footprints, polygon_footprints, raster_footprints
from cropdetect.chips.overlaps import counted_once
from cropdetect.chips.reading import share_held
from cropdetect.chips.schedule import TileSchedule, block_shape, schedule_tile
from cropdetect.chips.selection import fields_inside
from cropdetect.chips.streaming import CutChips
from cropdetect.chips.windows import cv4a_windows, default_windows
from cropdetect.errors import GridError, MissingBandError, OptionError
from cropdetect.fields import FieldSet
from cropdetect.formats import Preset
from cropdetect.imagery import Imagery, ImageSeries, beside, middle_of

MEMORY_BUDGET = 512 * 2**20
_WHOLE = 0.999  # share of a field inside the imagery from which on it counts as wholly inside
_SMALLEST = 0.5  # pixels
_CV4A_SIZE = 32
_PIXELS_AT_ONCE = 2**20  # of footprints; bounds memory


def cut_chips(
    imagery: Imagery,
    fields: FieldSet,
    *,
    preset: Preset = "default",
    chip_size: int = 32,
    bands: Sequence[str] | None = None,
    until: dt.date | None = None,
    bbox: tuple[float, float, float, float] | None = None,
    limit: int | None = None,
    memory_budget: int = MEMORY_BUDGET,
) -> CutChips:
    """Plan a chip, or several, for every field; pixels are read when the chips are asked for.

    Preset "default": exact shares of polygons as masks, large fields as several chips. Preset "cv4a": as in 2020, 32 x 32 around
    the field's median pixel, one chip per field and tile, binary masks.

    Args:
        imagery: all tiles.
        fields: all fields.
        preset: how chips are cut.
        chip_size: height and width, pixels (preset cv4a: always 32).
        bands: bands to keep (default: all that every tile has).
        until: use dates up to this day.
        bbox: west, south, east, north in degrees; fields outside leave the table.
        limit: keep the first so many fields.
        memory_budget: bytes; half of them for a block, half for the chips that are partly read. Blocks grow to a quarter of
            their half, beyond the blocks of the files: larger ones are read no faster.

    Raises:
        MissingBandError: a tile lacks one of `bands`.
        OptionError: no date is left, or `bbox` is given without a CRS.
        GridError: fields have a CRS and the imagery has none, or the tiles have no band in common.
    """
    table = fields.table.reset_index(drop=True)
    table = table.iloc[fields_inside(table, bbox, limit)].reset_index(drop=True)
    names = _bands(imagery, bands)
    steps = [[s for s, day in enumerate(tile.dates) if until is None or day <= until] for tile in imagery.tiles]
    if not any(steps):
        raise OptionError(f"no date is left: all are later than {until}", fix="Give a later --until.")
    size = _CV4A_SIZE if preset == "cv4a" else chip_size
    dtype = np.result_type(*(tile.dtype for tile in imagery.tiles))
    usable = (table["status"] == "ok").to_numpy()
    indexed = table.copy()  # for all tiles; its spatial index is let go of with it
    footprints = [_footprints(tile, position, fields, indexed, usable, preset) for position, tile in enumerate(imagery.tiles)]
    counted = counted_once(footprints, [tile.geobox for tile in imagery.tiles])
    table["status"] = _status(imagery, table, _area(footprints, counted, len(table)), fields)
    with_chips = table["status"].isin(["ok", "partly_outside"]).to_numpy()
    windows = cv4a_windows if preset == "cv4a" else default_windows
    schedules = []
    for position, (tile, found) in enumerate(zip(imagery.tiles, footprints, strict=True)):
        shape = (int(tile.geobox.shape[0]), int(tile.geobox.shape[1]))
        pixel_bytes = len(steps[position]) * (len(names) * dtype.itemsize + 1)
        chip_bytes = size * size * (pixel_bytes + 4)
        chips = windows(found, position, shape, size)
        most = max(1, memory_budget // 2 // max(1, pixel_bytes))
        held = share_held(tile.dates_by_file(steps[position]), [chip.window for chip in chips], shape) if steps[position] else 1
        block = block_shape(shape, tile.block_shape, most, min(most, int(most / 4 / held)))
        schedule = schedule_tile(chips, shape, block, max(1, memory_budget // 2 // chip_bytes))
        schedules.append(schedule.of_fields(with_chips))
    warnings = _too_large(schedules, footprints, counted, table) if preset == "cv4a" else ()
    area = np.where(with_chips, _area(footprints, counted, len(table)), 0)
    options = {"preset": preset, "size": size, "bands": names, "until": str(until)}
    info = _info(imagery, names, steps, preset, size)
    info = replace(
        info,
        fingerprint=_fingerprint(imagery, table, fields, options, schedules),
        warnings=warnings,
        legend=fields.legend,
    )
    return CutChips(info, table, area, imagery, steps, schedules, footprints, dtype)


def _info(imagery: Imagery, bands: Sequence[str], steps: Sequence[Sequence[int]], preset: Preset, size: int) -> ChipInfo:
    """Describe chips of these steps of the tiles; the fingerprint is left empty."""
    first = imagery.tiles[0]
    crs = {tile.geobox.crs.to_wkt() if tile.geobox.crs else None for tile in imagery.tiles}
    return ChipInfo(
        bands=tuple(bands),
        size=size,
        n_steps=max(len(used) for used in steps),
        preset=preset,
        crs=crs.pop() if len(crs) == 1 else None,
        resolution=float(abs(first.geobox.affine.a)),
        units=first.units,
        sensor=first.sensor,
        offset=max(tile.offset for tile in imagery.tiles),
        sources=(imagery.path.name,),
        fingerprint="",
        n_bytes=sum(tile.n_bytes for tile in imagery.tiles),
        backscatter_unit=_common({tile.backscatter_unit for tile in imagery.tiles}),
        dates=tuple(sorted({tile.dates[s] for tile, used in zip(imagery.tiles, steps, strict=True) for s in used})),
    )


def _common(units: set[str]) -> str:
    """Return the unit of all tiles, "unknown" where they differ."""
    units = units - {""}
    return units.pop() if len(units) == 1 else "unknown" if units else ""


def _area(footprints: Sequence[Footprints], counted: Sequence[npt.NDArray[np.bool_]], n_fields: int) -> npt.NDArray[np.float64]:
    """Return the area of every field in all tiles, (field,), pixels; only `counted` ones count."""
    area = np.zeros(n_fields)
    for found, those in zip(footprints, counted, strict=True):
        for first in range(0, len(those), _PIXELS_AT_ONCE):
            some = slice(first, min(first + _PIXELS_AT_ONCE, len(those)))
            field = found.fields[np.searchsorted(found.starts, np.arange(some.start, some.stop), side="right") - 1]
            np.add.at(area, field, np.where(those[some], found.shares[some], 0))
    return area


def _bands(imagery: Imagery, wanted: Sequence[str] | None) -> list[str]:
    names = list(wanted or imagery.bands)
    if not names:
        raise GridError("the tiles have no band in common", where=imagery.path, fix="Name the --bands, or give one tile.")
    for tile in imagery.tiles:
        missing = [name for name in names if name not in tile.bands]
        if missing:
            raise MissingBandError(
                f"band {missing[0]} is missing", where=tile.name or imagery.path, fix=f"There are {', '.join(tile.bands)}."
            )
    return names


def _footprints(
    tile: ImageSeries, position: int, fields: FieldSet, table: gpd.GeoDataFrame, usable: npt.NDArray[np.bool_], preset: Preset
) -> Footprints:
    raster = fields.rasters[position] if fields.rasters else None
    if raster is not None:
        return raster_footprints(table, usable, raster, tile.geobox, fields.names_of(position))
    if table.crs is not None and tile.geobox.crs is None:
        raise GridError(
            "the fields have a CRS and the imagery has none", where=tile.name or "imagery", fix="Give the imagery's files a CRS."
        )
    return polygon_footprints(table, usable, tile.geobox, binary=preset == "cv4a")


def _status(imagery: Imagery, table: gpd.GeoDataFrame, area: npt.NDArray[np.float64], fields: FieldSet) -> "pd.Series[str]":
    """Return the fields' status, now that it is known where the imagery lies.

    Args:
        imagery: all tiles.
        table: the fields.
        area: (field,) pixels inside the imagery, each place once.
        fields: as they were read.
    """
    status = table["status"].to_numpy(object).copy()
    ok = status == "ok"
    status[ok & (area < _SMALLEST)] = "too_small"
    status[ok & (area == 0)] = "outside"
    painted = table["raster_pixels"].notna() if "raster_pixels" in table.columns and any(fields.rasters) else False
    inside = ok & (area >= _SMALLEST) & ~np.broadcast_to(painted, len(table))
    if inside.any():
        covered = _covered(imagery, table.geometry[inside])
        status[np.flatnonzero(inside)[covered < _WHOLE]] = "partly_outside"
    return pd.Series(status, index=table.index, dtype=object)


def _covered(imagery: Imagery, shapes: gpd.GeoSeries) -> npt.NDArray[np.float64]:
    """Return the share of every field's area that lies in some tile."""
    extents, first = [], imagery.tiles[0].geobox
    middle = (
        middle_of(first, shapes.crs) if first.crs is not None and shapes.crs is not None and shapes.crs.is_geographic else None
    )
    shapes = shapes if middle is None else beside(shapes, middle)
    for tile in imagery.tiles:
        box = gpd.GeoSeries([tile.geobox.extent.geom], crs=tile.geobox.crs.to_wkt() if tile.geobox.crs else None)
        if shapes.crs is not None and box.crs is not None:  # its edges bend in another CRS
            box = box.segmentize(max(tile.geobox.shape) * abs(tile.geobox.affine.a) / 64).to_crs(shapes.crs)
        extents.append((box if middle is None else beside(box, middle)).iloc[0])
    union = shapely.union_all(extents)
    shapely.prepare(union)
    polygons = shapes.to_numpy()
    covered = np.ones(len(polygons))
    crossing = np.flatnonzero(~shapely.covered_by(polygons, union))
    covered[crossing] = shapely.area(shapely.intersection(polygons[crossing], union)) / shapely.area(polygons[crossing])
    return covered


def _too_large(
    schedules: Sequence[TileSchedule],
    footprints: Sequence[Footprints],
    counted: Sequence[npt.NDArray[np.bool_]],
    table: gpd.GeoDataFrame,
) -> tuple[str, ...]:
    """Warn of fields that are larger than their one chip, and stop counting the pixels that it does not show."""
    too_large = []
    for schedule, found, those in zip(schedules, footprints, counted, strict=True):
        for chip in schedule.chips:
            shown = chip.shows(found)
            those[chip.pixels] &= shown
            if not shown.all():
                too_large.append(str(table["field_id"].iloc[chip.field]))
    if not too_large:
        return ()
    some = ", ".join(too_large[:5])
    return (f"{len(too_large)} fields are larger than a chip of preset cv4a; what lies outside the chip is left out ({some}...)",)


def _fingerprint(
    imagery: Imagery, table: gpd.GeoDataFrame, fields: FieldSet, options: Mapping[str, object], schedules: Sequence[TileSchedule]
) -> str:
    """Hash the inputs: names, sizes and times of change of files, the fields, the options, and the order of the chips."""
    digest = hashlib.sha256(json.dumps(options, sort_keys=True).encode())
    # The order follows from the memory budget, too; a stopped run must not go on in another order.
    for schedule in schedules:
        digest.update(schedule.chips.places.tobytes())
    for tile in imagery.tiles:
        facts = (tile.name, str(tile.geobox), tile.dates, tile.bands, tile.mask_bands, str(tile.dtype), tile.offset, tile.n_bytes)
        digest.update(repr(facts).encode())
        for source in tile.sources:
            file = imagery.path / source if imagery.path.is_dir() else imagery.path
            stat = file.stat() if file.exists() else None
            digest.update(f"{source} {(stat.st_size, stat.st_mtime_ns) if stat else ''}".encode())
    for raster in fields.rasters:
        if raster is not None:
            digest.update(f"{raster.name} {raster.stat().st_size} {raster.stat().st_mtime_ns}".encode())
    columns = [column for column in ("field_id", "status", "label") if column in table.columns]
    digest.update(table[columns].astype(str).to_csv(index=False).encode())
    digest.update(b"".join(shape or b"-" for shape in shapely.to_wkb(table.geometry.to_numpy())))
    return digest.hexdigest()
