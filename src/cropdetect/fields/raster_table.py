"""From rasters of field ids and label codes to the table of fields, in one pass over the pixels."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox
from pyproj import CRS
from rasterio import features

from cropdetect.fields.columns import as_text
from cropdetect.fields.id_raster import IdRaster
from cropdetect.fields.legend import class_names

_LONLAT = CRS.from_epsg(4326)
_MANY_PARTS = 5  # of one id
MERGE_DISTANCE = 10.0  # pixels between the parts of a field in two tiles from which on they are hardly one field


@dataclass(frozen=True)
class TileRasters:
    """The rasters of one tile.

    Attributes:
        geobox: the tile's grid.
        ids: raster of field ids.
        labels: raster of label codes, or None.
    """

    geobox: GeoBox
    ids: Path
    labels: Path | None = None


@dataclass(frozen=True)
class _Tally:
    """What one tile holds: pixels by id, pixels by id and label code, outlines in pixel coordinates by id."""

    pixels: "pd.Series[Any]"
    labels: "pd.Series[Any]"
    outlines: "pd.Series[Any]"
    doubts: tuple[str, ...]


def raster_table(
    tiles: Sequence[TileRasters], *, legend: Mapping[str, str] | None
) -> tuple[gpd.GeoDataFrame, tuple[str, ...], bool]:
    """Build the table of the fields that are painted on some tiles; an id in two tiles is one field.

    Args:
        tiles: at least one.
        legend: label code -> class name; None: the code is the class.

    Returns:
        table: `field_id` int64 in rising order, `raster_pixels`, `label` (where label rasters are given; the code of most of
        the field's labelled pixels, the smaller where two are even), `status` and `geometry` (the pixels' outline, in the CRS of
        the tiles where they share one, else EPSG:4326; None where the tile has no CRS);
        warnings; and whether all label codes are in the legend.

    Raises:
        FieldsError, UnreadableFileError: see `IdRaster`.
        LegendError: the legend has none of the codes.
    """
    tallies = [_tally(tile) for tile in tiles]
    warnings = [text for one in tallies for text in one.doubts]
    pixels = pd.concat([one.pixels for one in tallies]).groupby(level=0).sum().sort_index()
    outlines, apart = _outlines(tiles, tallies)
    if apart:
        warnings.append(
            f"the field ids {', '.join(map(str, apart[:5]))}{', ...' if len(apart) > 5 else ''} lie in tiles that do not touch; "
            "each is read as one field; if they are different fields, give them different ids"
        )
    parts = shapely.get_num_geometries(outlines.dropna().to_numpy())
    if parts.size and np.median(parts) >= _MANY_PARTS:
        warnings.append(
            f"half of the field ids lie in {np.median(parts):.0f} separate parts or more. If the raster shows crops and not "
            "fields, give the fields as outlines, or number each part (gdal_polygonize)"
        )
    columns: dict[str, Any] = {"field_id": pixels.index.to_numpy(np.int64), "raster_pixels": pixels.to_numpy(np.int64)}
    all_known = True
    if any(tile.labels is not None for tile in tiles):
        codes = _majority(pd.concat([one.labels for one in tallies])).reindex(pixels.index)
        where = next(tile.labels for tile in tiles if tile.labels is not None)
        all_known = legend is None or bool(codes.dropna().map(lambda code: str(int(code)) in legend).all())
        names, missing = class_names(codes, legend, where=where)
        columns["label"] = pd.Series(names.to_numpy(), dtype=object)  # pandas would make NaN of None in text
        warnings += missing
    columns["status"] = pd.Series(["ok"] * len(pixels), dtype=object)
    geometry = outlines.reindex(pixels.index)
    table = gpd.GeoDataFrame(columns, geometry=geometry.where(geometry.notna(), None).to_numpy(), crs=_shared_crs(tiles))
    return table, tuple(warnings), all_known


def raster_parts(tiles: Sequence[TileRasters]) -> tuple[gpd.GeoDataFrame, npt.NDArray[np.int64], list[tuple[str, ...]]]:
    """Build a table of what is painted on many tiles: as `raster_table`, but a row an id and tile, labels as codes.

    Returns:
        the table; for each row the position of its tile; for each tile its warnings.

    Raises:
        FieldsError, UnreadableFileError: see `IdRaster`.
    """
    tallies = [_tally(tile) for tile in tiles]
    place = np.repeat(np.arange(len(tiles)), [len(one.pixels) for one in tallies]).astype(np.int64)
    pixels = pd.concat([one.pixels for one in tallies])
    columns: dict[str, Any] = {"field_id": pixels.index.to_numpy(np.int64), "raster_pixels": pixels.to_numpy(np.int64)}
    if any(tile.labels is not None for tile in tiles):
        codes = [_majority(one.labels).reindex(one.pixels.index).astype("float64") for one in tallies]
        columns["label"] = as_text(pd.concat(codes).reset_index(drop=True))
    columns["status"] = pd.Series(["ok"] * len(pixels), dtype=object)
    shapes, where = _placed(tiles, tallies)
    rows = pd.MultiIndex.from_arrays([where, shapes.index])
    wanted = pd.MultiIndex.from_arrays([place, columns["field_id"]])
    geometry = pd.Series(shapes.to_numpy(), index=rows, dtype=object).reindex(wanted)
    table = gpd.GeoDataFrame(columns, geometry=geometry.where(geometry.notna(), None).to_numpy(), crs=_shared_crs(tiles))
    return table, place, [one.doubts for one in tallies]


def _doubts(*rasters: IdRaster) -> tuple[str, ...]:
    """Return what a user should know of the rasters of a tile, the ids first."""
    negative = (f"{rasters[0].path.name}: negative ids count as no field",) if rasters[0].had_negative else ()
    several = (f"{one.path.name}: only the first of its {one.layers} layers is used" for one in rasters if one.layers > 1)
    return (*negative, *several)


def _tally(tile: TileRasters) -> _Tally:
    pixels, labelled, pieces = [], [], []
    with ExitStack() as stack:
        ids = stack.enter_context(IdRaster(tile.ids, tile.geobox))
        labels = stack.enter_context(IdRaster(tile.labels, tile.geobox)) if tile.labels is not None else None
        label_strips = labels.strips() if labels is not None else None
        for top, strip in ids.strips():
            codes = next(label_strips)[1] if label_strips is not None else None
            inside = strip != 0
            found = strip[inside]
            known, dense, counts = np.unique(found, return_inverse=True, return_counts=True)
            pixels.append(pd.Series(counts, index=known))
            if codes is not None:
                pairs = pd.DataFrame({"id": found, "code": codes[inside]})
                labelled.append(pairs[pairs["code"] != 0].groupby(["id", "code"]).size())
            pieces.append(_trace(known, dense, inside, top))
        doubts = _doubts(ids, *([] if labels is None else [labels]))
    return _Tally(
        pixels=pixels[0] if len(pixels) == 1 else pd.concat(pixels).groupby(level=0).sum(),
        labels=pd.concat(labelled) if labelled else pd.Series(dtype="int64"),
        outlines=_joined(pieces[0] if len(pieces) == 1 else pd.concat(pieces)),
        doubts=doubts,
    )


def _trace(
    known: npt.NDArray[np.int64], dense: npt.NDArray[np.integer], inside: npt.NDArray[np.bool_], top: int
) -> "pd.Series[Any]":
    """Outline the connected regions of a strip, in pixel coordinates (x right, y down), whole numbers throughout.

    Args:
        known: the ids.
        dense: for each pixel inside, its place in `known`.
        inside: which pixels have an id.
        top: row of the strip.
    """
    index = np.zeros(inside.shape, np.int32)  # GDAL traces 32-bit numbers
    index[inside] = dense + 1
    traced = list(features.shapes(index, mask=inside, connectivity=4, transform=Affine.translation(0, top)))
    outlines = np.empty(len(traced), dtype=object)
    outlines[:] = [shapely.geometry.shape(outline) for outline, _ in traced]
    return pd.Series(outlines, index=known[[int(value) - 1 for _, value in traced]], dtype=object)


def _joined(pieces: "pd.Series[Any]") -> "pd.Series[Any]":
    """Join the pieces of each id: parts that touch in one polygon, others in a multipolygon."""
    several = pieces.index.duplicated(keep=False)
    joined = pieces[several].groupby(level=0).agg(lambda parts: shapely.union_all(parts.to_numpy()))
    return pd.concat([pieces[~several], joined]) if several.any() else pieces


def _outlines(tiles: Sequence[TileRasters], tallies: Sequence[_Tally]) -> tuple["pd.Series[Any]", list[int]]:
    """Bring the tiles' outlines to one CRS and join them; also tell the ids whose parts in two tiles lie far apart."""
    everywhere, _ = _placed(tiles, tallies)
    target = _shared_crs(tiles)
    several = everywhere[everywhere.index.duplicated(keep=False)]
    near = MERGE_DISTANCE * max(abs(tile.geobox.affine.a) for tile in tiles)
    if target is not None and target.is_geographic and not all(_geographic(tile) for tile in tiles):
        near /= 111_320  # metres a degree
    apart = [int(str(one)) for one, parts in several.groupby(level=0) if shapely.distance(parts.iloc[0], parts.iloc[1]) > near]
    return _joined(everywhere), apart


def _placed(tiles: Sequence[TileRasters], tallies: Sequence[_Tally]) -> tuple["pd.Series[Any]", npt.NDArray[np.int64]]:
    """Return the outlines of all tiles that have a CRS, by id, in one CRS; and the tile of each."""
    target = _shared_crs(tiles)
    by_crs: dict[Any, list[int]] = {}
    for position, tile in enumerate(tiles):
        if tile.geobox.crs is not None:
            by_crs.setdefault(str(tile.geobox.crs), []).append(position)
    shapes, ids, where = [], [], []
    for positions in by_crs.values():
        on_map = [_affine(np.asarray(tallies[p].outlines.to_numpy(), dtype=object), tiles[p].geobox.affine) for p in positions]
        here = gpd.GeoSeries(np.concatenate(on_map), crs=tiles[positions[0]].geobox.crs.to_wkt())  # type: ignore[union-attr]
        shapes.append(np.asarray((here if here.crs == target else here.to_crs(target)).array, dtype=object))
        ids += [tallies[p].outlines.index.to_numpy(np.int64) for p in positions]
        where.append(np.repeat(positions, [len(tallies[p].outlines) for p in positions]))
    nothing = np.zeros(0, np.int64)
    index = np.concatenate([*ids, nothing])
    found = pd.Series(np.concatenate([*shapes, np.zeros(0, object)]), index=index, dtype=object)
    return found, np.concatenate([*where, nothing]).astype(np.int64)


def _geographic(tile: TileRasters) -> bool:
    return tile.geobox.crs is not None and bool(tile.geobox.crs.geographic)


def _affine(shapes: npt.NDArray[np.object_], affine: Affine) -> npt.NDArray[np.object_]:
    def placed(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        a, b, c, d, e, f = tuple(affine)[:6]
        return np.column_stack([a * xy[:, 0] + b * xy[:, 1] + c, d * xy[:, 0] + e * xy[:, 1] + f])

    return np.asarray(shapely.transform(shapes, placed), dtype=object)


def _shared_crs(tiles: Sequence[TileRasters]) -> CRS | None:
    known = {str(tile.geobox.crs): tile.geobox.crs for tile in tiles if tile.geobox.crs is not None}
    if not known:
        return None
    first, *others = (CRS.from_user_input(crs.to_wkt()) for crs in known.values())
    return first if all(crs == first for crs in others) else _LONLAT


def _majority(counts: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return the most frequent code of each id from counts by (id, code)."""
    if counts.empty:
        return pd.Series(dtype="float64")
    table = counts.groupby(level=[0, 1]).sum().rename_axis(["id", "code"]).rename("count").reset_index()
    table = table.sort_values(["id", "count", "code"], ascending=[True, False, True])
    return table.drop_duplicates("id").set_index("id")["code"]
