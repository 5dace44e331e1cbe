"""Which pixels of a tile belong to which field, and how much of each: exact shares for polygons, ids for rasters."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import rasterio.features
from odc.geo.geobox import GeoBox
from pyproj import CRS
from shapely import box

from cropdetect.fields import IdRaster
from cropdetect.imagery import Window, laid_on

_AT_ONCE = 4096  # fields whose pixels are looked for at a time, at a hundred bytes a pixel; 12 of them are kept
_TOUCHED = 1e-6  # share below which a pixel is touched by rounding only
# Straight edges bend when they are reprojected: edges of this length by 2 cm.
_LONGEST_EDGE_METRES = 1000.0
_LONGEST_EDGE_DEGREES = 0.01
_STAND_IN = CRS.from_epsg(3857)  # pixel coordinates have no CRS, but exactextract wants the same one on both sides


@dataclass(frozen=True)
class Footprints:
    """The fields' pixels in one tile, sorted by field.

    Attributes:
        fields: (n,) int64, rows of the fields table that have pixels here, ascending.
        starts: (n + 1,) int64, where each field's pixels begin in the arrays below.
        rows, columns: (pixel,) int32, positions in the tile.
        shares: (pixel,) float32, share of the pixel inside the field.
    """

    fields: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int32]
    columns: npt.NDArray[np.int32]
    shares: npt.NDArray[np.float32]

    def __iter__(self) -> Iterator[tuple[int, slice]]:
        """Yield each field's row and the slice of its pixels."""
        for position, field in enumerate(self.fields.tolist()):
            yield field, slice(int(self.starts[position]), int(self.starts[position + 1]))

    @property
    def field_of_pixel(self) -> npt.NDArray[np.int64]:
        """(pixel,) int64, row of the fields table."""
        return np.repeat(self.fields, np.diff(self.starts))

    @staticmethod
    def of(
        field: npt.NDArray[np.int64],
        row: npt.NDArray[np.integer],
        column: npt.NDArray[np.integer],
        share: npt.NDArray[np.floating],
    ) -> "Footprints":
        """Sort loose pixels by field, row and column."""
        order = np.lexsort((column, row, field))
        fields, starts = np.unique(field[order], return_index=True)
        return Footprints(
            fields=fields.astype(np.int64),
            starts=np.append(starts, len(field)).astype(np.int64),
            rows=row[order].astype(np.int32),
            columns=column[order].astype(np.int32),
            shares=share[order].astype(np.float32),
        )

    @staticmethod
    def joined(parts: Sequence["Footprints"]) -> "Footprints":
        """Put footprints of ascending fields behind each other."""
        firsts = np.cumsum([0, *(len(part.rows) for part in parts)])
        starts = [part.starts[:-1] + first for part, first in zip(parts, firsts, strict=False)]
        return Footprints(
            fields=np.concatenate([np.zeros(0, np.int64), *(part.fields for part in parts)]),
            starts=np.concatenate([*starts, firsts[-1:]]).astype(np.int64),
            rows=np.concatenate([np.zeros(0, np.int32), *(part.rows for part in parts)]),
            columns=np.concatenate([np.zeros(0, np.int32), *(part.columns for part in parts)]),
            shares=np.concatenate([np.zeros(0, np.float32), *(part.shares for part in parts)]),
        )


def polygon_footprints(table: gpd.GeoDataFrame, usable: npt.NDArray[np.bool_], geobox: GeoBox, *, binary: bool) -> Footprints:
    """Find the pixels of polygons.

    Args:
        table: the fields; a CRS where the grid has one.
        usable: (field,) which rows to look at.
        geobox: the tile's grid.
        binary: share 1 for pixels whose centre is inside (the field-id rasters of 2020), instead of exact shares.
    """
    shapes = table.geometry[usable & _near(table.geometry, geobox)]
    longest = _LONGEST_EDGE_DEGREES if table.crs is not None and table.crs.is_geographic else _LONGEST_EDGE_METRES
    shapes = laid_on(shapes, geobox, longest)
    height, width = geobox.shape
    inverse = ~geobox.affine
    # In pixel coordinates (x right, y down) every tile is the same unit grid, with or without a CRS.
    pixels = shapes.affine_transform([inverse.a, inverse.b, inverse.d, inverse.e, inverse.c, inverse.f])
    bounds = pixels.bounds
    inside = (
        np.isfinite(bounds).all(axis=1)
        & (bounds["maxx"] > 0)
        & (bounds["minx"] < width)
        & (bounds["maxy"] > 0)
        & (bounds["miny"] < height)
    )
    pixels = pixels[inside]
    find = _centres if binary else _exact_shares
    slices = [pixels.iloc[start : start + _AT_ONCE] for start in range(0, len(pixels), _AT_ONCE)]
    return Footprints.joined([Footprints.of(*find(some, height, width)) for some in slices])


def _near(shapes: gpd.GeoSeries, geobox: GeoBox) -> npt.NDArray[np.bool_]:
    """Tell which fields may touch a tile, so that not all are reprojected to each of thousands of tiles."""
    around = geobox.pad(2 + max(geobox.shape) // 4)  # more than edges bend in another CRS
    extent = gpd.GeoSeries([around.extent.geom], crs=None if geobox.crs is None else geobox.crs.to_wkt())
    if extent.crs is not None and shapes.crs is not None:
        extent = extent.segmentize(max(around.shape) * abs(geobox.affine.a) / 32).to_crs(shapes.crs)
    bounds = extent.total_bounds
    near = np.full(len(shapes), not np.isfinite(bounds).all())
    if not near.any():
        west, south, east, north = bounds
        turns = (-360, 0, 360) if shapes.crs is not None and shapes.crs.is_geographic else (0,)
        for turn in turns:  # longitude 190 is -170
            near[shapes.sindex.query(box(west + turn, south, east + turn, north))] = True
    return near


_Pixels = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]


def _exact_shares(pixels: gpd.GeoSeries, height: int, width: int) -> _Pixels:
    from exactextract import exact_extract
    from exactextract.raster import NumPyRasterSource

    # exactextract counts y upwards: flip the polygons, so that row 0 is at the top again.
    flipped = pixels.affine_transform([1, 0, 0, -1, 0, height]).to_numpy()
    upward = gpd.GeoDataFrame({"field": pixels.index}, geometry=flipped, crs=_STAND_IN)
    grid = NumPyRasterSource(
        np.broadcast_to(np.uint8(1), (height, width)), xmin=0, ymin=0, xmax=width, ymax=height, srs_wkt=_STAND_IN.to_wkt()
    )
    answer = exact_extract(
        grid, upward, ["cell_id", "coverage"], include_cols=["field"], output="pandas", max_cells_in_memory=10**7
    )
    lengths = answer["cell_id"].map(len).to_numpy()
    field = np.repeat(answer["field"].to_numpy(np.int64), lengths)
    cell = np.concatenate([*answer["cell_id"], np.zeros(0)]).astype(np.int64)
    share = np.concatenate([*answer["coverage"], np.zeros(0)]).astype(np.float64)
    touched = share > _TOUCHED
    return field[touched], cell[touched] // width, cell[touched] % width, share[touched]


def _centres(pixels: gpd.GeoSeries, height: int, width: int) -> _Pixels:
    fields, rows, columns = [], [], []
    for field, shape in pixels.items():
        left, top, right, bottom = shape.bounds
        window = Window(max(0, int(top)), max(0, int(left)), min(height, int(bottom) + 1), min(width, int(right) + 1))
        offset = rasterio.Affine.translation(window.left, window.top)
        row, column = np.nonzero(rasterio.features.rasterize([shape], window.shape, transform=offset, dtype="uint8"))
        fields.append(np.full(len(row), field, np.int64))
        rows.append(row + window.top)
        columns.append(column + window.left)
    field_, row_, column_ = (np.concatenate(part).astype(np.int64) for part in (fields, rows, columns))
    return field_, row_, column_, np.ones(len(field_))


def raster_footprints(
    table: pd.DataFrame,
    usable: npt.NDArray[np.bool_],
    path: Path,
    geobox: GeoBox,
    names: "pd.Series[Any] | None" = None,
) -> Footprints:
    """Find the pixels of the fields whose ids are painted in a raster.

    Args:
        table: the fields; with integer ids unless there are `names`.
        usable: (field,) which rows to look at.
        path: the raster.
        geobox: the tile's grid.
        names: painted id -> field id; None: they are the same.

    Raises:
        UnreadableFileError: the file is damaged.
        FieldsError: it cannot be laid on the grid.
    """
    ids_in_table = table["field_id"].to_numpy()
    field_of = pd.Series(np.flatnonzero(usable), index=ids_in_table[usable])
    if names is not None:
        field_of = field_of.reindex(names.to_numpy()).set_axis(names.index).dropna().astype(np.int64)
    parts = [(np.zeros(0, np.int64),) * 3]
    with IdRaster(path, geobox) as raster:
        for top, ids in raster.strips():
            row, column = np.nonzero(ids)
            place = field_of.index.get_indexer(pd.Index(ids[row, column]))
            known = place >= 0
            parts.append((field_of.to_numpy()[place[known]], row[known] + top, column[known]))
    field, row, column = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Footprints.of(field, row, column, np.ones(len(field)))
