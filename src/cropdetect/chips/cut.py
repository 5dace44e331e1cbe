"""Imagery and fields to chips, in one pass over the imagery in blocks."""

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from cropdetect.chips.batch import ChipBatch
from cropdetect.chips.chipset import ChipInfo, ChipSet
from cropdetect.chips.footprints import Footprints, polygon_footprints, raster_footprints
from cropdetect.chips.narrow import selected_fields
from cropdetect.chips.plan import ChipPlace, TilePass, cv4a_places, default_places, plan_pass
from cropdetect.errors import GridError, MissingBandError, OptionError
from cropdetect.fields import FieldSet
from cropdetect.formats import Preset
from cropdetect.imagery import Imagery, ImageSeries, PixelBlock, Window

MEMORY_BUDGET = 512 * 2**20
_WHOLE = 0.999  # share of a field inside the imagery from which on it counts as wholly inside
_SMALLEST = 0.5  # pixels
_CV4A_SIZE = 32


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
) -> ChipSet:
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
        memory_budget: bytes for blocks and chips in the making.

    Raises:
        MissingBandError: a tile lacks one of `bands`.
        OptionError: no date is left, or `bbox` is given without a CRS.
        GridError: fields have a CRS and the imagery has none, or the tiles have no band in common.
    """
    table = selected_fields(fields.table, bbox, limit).reset_index(drop=True)
    names = _bands(imagery, bands)
    steps = [[s for s, day in enumerate(tile.dates) if until is None or day <= until] for tile in imagery.tiles]
    if not any(steps):
        raise OptionError(f"no date is left up to {until}", fix="Give a later --until.")
    size = _CV4A_SIZE if preset == "cv4a" else chip_size
    usable = (table["status"] == "ok").to_numpy()
    footprints = [_footprints(tile, position, fields, table, usable, preset) for position, tile in enumerate(imagery.tiles)]
    dtype = np.result_type(*(tile.dtype for tile in imagery.tiles))
    warnings: list[str] = []
    passes = []
    for position, (tile, found) in enumerate(zip(imagery.tiles, footprints, strict=True)):
        place = cv4a_places if preset == "cv4a" else default_places
        shape = (int(tile.geobox.shape[0]), int(tile.geobox.shape[1]))
        pixel_bytes = len(steps[position]) * (len(names) * dtype.itemsize + 1)
        chip_bytes = size * size * (pixel_bytes + 4)
        passes.append(
            plan_pass(place(found, position, shape, size), shape, tile.block_shape, pixel_bytes, chip_bytes, memory_budget)
        )
    if preset == "cv4a":
        warnings += _left_out(passes, footprints, table)
    table["status"] = _status(imagery, table, footprints, fields)
    answered = table["status"].isin(["ok", "partly_outside"]).to_numpy()
    passes = [_only(one, answered) for one in passes]
    first = imagery.tiles[0]
    crs = {tile.geobox.crs.to_wkt() if tile.geobox.crs else None for tile in imagery.tiles}
    options = {"preset": preset, "size": size, "bands": names, "until": str(until)}
    info = ChipInfo(
        bands=tuple(names),
        size=size,
        n_steps=max(len(one) for one in steps),
        preset=preset,
        crs=crs.pop() if len(crs) == 1 else None,
        resolution=float(abs(first.geobox.affine.a)),
        units=first.units,
        sensor=first.sensor,
        offset=max(tile.offset for tile in imagery.tiles),
        sources=(imagery.path.name,),
        fingerprint=_fingerprint(imagery, table, fields, options, passes),
        n_bytes=sum(tile.n_bytes for tile in imagery.tiles),
        warnings=tuple(warnings),
        legend=fields.legend,
        dates=tuple(sorted({tile.dates[s] for tile, used in zip(imagery.tiles, steps, strict=True) for s in used})),
    )
    return CutChips(info, table, imagery, steps, passes, footprints, dtype)


class CutChips(ChipSet):
    """Chips that are cut while they are streamed. Made by `cut_chips`."""

    def __init__(
        self,
        info: ChipInfo,
        fields: gpd.GeoDataFrame,
        imagery: Imagery,
        steps: Sequence[Sequence[int]],
        passes: Sequence[TilePass],
        footprints: Sequence[Footprints],
        dtype: np.dtype[np.generic],
    ) -> None:
        self.info = info
        self.fields = fields
        self.field_of_chip = np.array([place.field for one in passes for place in one.places], np.int64)
        self._imagery = imagery
        self._steps = steps
        self._passes = passes
        self._footprints = footprints
        self._dtype = dtype

    def batches(self, batch_size: int, *, first: int = 0) -> Iterator[ChipBatch]:
        """See `ChipSet.batches`."""
        waiting: list[ChipBatch] = []
        for chip in self._chips(first * batch_size):
            waiting.append(chip)
            if len(waiting) == batch_size:
                yield _stacked(waiting)
                waiting = []
        if waiting:
            yield _stacked(waiting)

    def _chips(self, skip: int) -> Iterator[ChipBatch]:
        """Yield chips one by one, leaving out the first `skip`."""
        for tile, one in enumerate(self._passes):
            if skip >= len(one.places):
                skip -= len(one.places)
                continue
            yield from self._cut_tile(tile, one, skip)
            skip = 0

    def _cut_tile(self, tile: int, one: TilePass, skip: int) -> Iterator[ChipBatch]:
        series, steps, bands = self._imagery.tiles[tile], self._steps[tile], self.info.bands
        pieces = _pieces(one, skip)
        making: dict[int, ChipBatch] = {}
        remaining = Counter(chip for chips in pieces.values() for chip in chips)
        for block, chips in sorted(pieces.items()):
            shared = [one.places[chip].window for chip in chips if not one.alone[chip] and steps]
            pixels = None  # let go of the last block before the next is read: the budget holds one
            if shared:
                whole = _block_window(block, one.block, series)
                there = _hull([_overlap(window, whole) for window in shared])
                pixels = series.read(there, dates=steps, bands=bands)
            for chip in chips:
                place = one.places[chip]
                made = making[chip] if chip in making else self._empty(place, series)
                if pixels is not None and not one.alone[chip]:
                    _copy(pixels, there, place.window, made)
                elif steps:
                    _copy(series.read(place.window, dates=steps, bands=bands), place.window, place.window, made)
                remaining[chip] -= 1
                if remaining[chip]:
                    making[chip] = made
                else:
                    making.pop(chip, None)
                    yield made

    def _empty(self, place: ChipPlace, series: ImageSeries) -> ChipBatch:
        """Return a chip (batch of one) with mask and dates, without pixels."""
        size, steps = self.info.size, self._steps[place.tile]
        found, window = self._footprints[place.tile], place.window
        rows, columns = found.rows[place.pixels] - window.top, found.columns[place.pixels] - window.left
        inside = (rows >= 0) & (columns >= 0) & (rows < window.shape[0]) & (columns < window.shape[1])
        mask = np.zeros((1, size, size), np.float32)
        mask[0, rows[inside], columns[inside]] = found.shares[place.pixels][inside]
        date = np.full((1, self.info.n_steps), np.datetime64("NaT"), "datetime64[D]")
        date[0, : len(steps)] = [np.datetime64(series.dates[step], "D") for step in steps]
        return ChipBatch(
            field=np.array([place.field], np.int64),
            image=np.zeros((1, self.info.n_steps, len(self.info.bands), size, size), self._dtype),
            mask=mask,
            clear=np.zeros((1, self.info.n_steps, size, size), bool),
            date=date,
        )


def _pieces(one: TilePass, skip: int) -> dict[int, list[int]]:
    """Return block -> the chips (from `skip` on) that need it, in order; a chip read alone stands at its last block only."""
    pieces: dict[int, list[int]] = {}
    for chip, place in enumerate(one.places):
        if chip < skip:
            continue
        window = place.window
        top, bottom = window.top // one.block[0], (window.bottom - 1) // one.block[0]
        left, right = window.left // one.block[1], (window.right - 1) // one.block[1]
        blocks = [(row, column) for row in range(top, bottom + 1) for column in range(left, right + 1)]
        for row, column in blocks[-1:] if one.alone[chip] else blocks:
            pieces.setdefault(row * 2**32 + column, []).append(chip)
    return pieces


def _block_window(block: int, shape: tuple[int, int], series: ImageSeries) -> Window:
    row, column = divmod(block, 2**32)
    height, width = series.geobox.shape
    top, left = row * shape[0], column * shape[1]
    return Window(top, left, min(height, top + shape[0]), min(width, left + shape[1]))


def _overlap(a: Window, b: Window) -> Window:
    return Window(max(a.top, b.top), max(a.left, b.left), min(a.bottom, b.bottom), min(a.right, b.right))


def _hull(windows: Sequence[Window]) -> Window:
    return Window(
        min(w.top for w in windows), min(w.left for w in windows), max(w.bottom for w in windows), max(w.right for w in windows)
    )


def _copy(pixels: PixelBlock, there: Window, place: Window, made: ChipBatch) -> None:
    """Copy what a block that lies at `there` has of a chip that lies at `place`."""
    part = _overlap(there, place)
    rows_from, columns_from = (
        slice(part.top - there.top, part.bottom - there.top),
        slice(part.left - there.left, part.right - there.left),
    )
    rows_to, columns_to = (
        slice(part.top - place.top, part.bottom - place.top),
        slice(part.left - place.left, part.right - place.left),
    )
    steps = len(pixels.clear)
    made.image[0, :steps, :, rows_to, columns_to] = pixels.image[:, :, rows_from, columns_from]
    made.clear[0, :steps, rows_to, columns_to] = pixels.clear[:, rows_from, columns_from]


def _stacked(chips: Sequence[ChipBatch]) -> ChipBatch:
    return ChipBatch(
        field=np.concatenate([chip.field for chip in chips]),
        image=np.concatenate([chip.image for chip in chips]),
        mask=np.concatenate([chip.mask for chip in chips]),
        clear=np.concatenate([chip.clear for chip in chips]),
        date=np.concatenate([chip.date for chip in chips]),
    )


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


def _status(imagery: Imagery, table: gpd.GeoDataFrame, footprints: Sequence[Footprints], fields: FieldSet) -> "pd.Series[str]":
    """Return the fields' status, now that it is known where the imagery lies."""
    area = np.sum([found.area(len(table)) for found in footprints], axis=0)
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
    extents = []
    for tile in imagery.tiles:
        box = gpd.GeoSeries([tile.geobox.extent.geom], crs=tile.geobox.crs.to_wkt() if tile.geobox.crs else None)
        if shapes.crs is not None and box.crs is not None:  # its edges bend in another CRS
            box = box.segmentize(max(tile.geobox.shape) * abs(tile.geobox.affine.a) / 64).to_crs(shapes.crs)
        extents.append(box.iloc[0])
    union = shapely.union_all(extents)
    shapely.prepare(union)
    polygons = shapes.to_numpy()
    covered = np.ones(len(polygons))
    crossing = np.flatnonzero(~shapely.covered_by(polygons, union))
    covered[crossing] = shapely.area(shapely.intersection(polygons[crossing], union)) / shapely.area(polygons[crossing])
    return covered


def _only(one: TilePass, answered: npt.NDArray[np.bool_]) -> TilePass:
    """Leave out the chips of fields that get no answer."""
    kept = np.array([bool(answered[place.field]) for place in one.places], bool)
    return TilePass(one.block, tuple(place for place, keep in zip(one.places, kept, strict=True) if keep), one.alone[kept])


def _left_out(passes: Sequence[TilePass], footprints: Sequence[Footprints], table: gpd.GeoDataFrame) -> list[str]:
    """Warn of fields that are larger than their one chip."""
    cut = []
    for one in passes:
        for place in one.places:
            found, window = footprints[place.tile], place.window
            rows, columns = found.rows[place.pixels], found.columns[place.pixels]
            inside = (rows >= window.top) & (rows < window.bottom) & (columns >= window.left) & (columns < window.right)
            if not inside.all():
                cut.append(str(table["field_id"].iloc[place.field]))
    if not cut:
        return []
    return [f"{len(cut)} fields are larger than a chip of preset cv4a; their outside is left out ({', '.join(cut[:5])}...)"]


def _fingerprint(
    imagery: Imagery, table: gpd.GeoDataFrame, fields: FieldSet, options: Mapping[str, object], passes: Sequence[TilePass]
) -> str:
    """Hash the inputs: names, sizes and times of change of files, the fields, the options, and the order of the chips."""
    digest = hashlib.sha256(json.dumps(options, sort_keys=True).encode())
    # The order follows from the memory budget, too; a stopped run must not go on in another order.
    order = [(place.field, place.tile, place.window.top, place.window.left) for one in passes for place in one.places]
    digest.update(np.array(order, np.int64).tobytes())
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
