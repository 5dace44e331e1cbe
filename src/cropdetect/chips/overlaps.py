"""Fields that several tiles show: each of their places is counted once."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
from affine import Affine
from odc.geo.geobox import GeoBox

from cropdetect.chips.footprints import Footprints

_ALIGNED = 1e-3  # pixels that two grids may differ by and still be one


def counted_once(footprints: Sequence[Footprints], geoboxes: Sequence[GeoBox]) -> list[npt.NDArray[np.bool_]]:
    """Tell which pixels of the fields no earlier tile shows, so that their shares add up to the area of the fields.

    Where two tiles lie on one grid, a place is a pixel: a field has the pixels that any tile gives it. On other grids (another
    UTM zone, a grid shifted by part of a pixel) a place is the centre of a pixel, and an earlier tile shows it where it reaches.
    There the area is exact up to half a pixel along the edge of a tile that cuts through the field. Of tiles without a CRS it is
    not known where they lie: they count as tiles that do not overlap.

    Args:
        footprints: of each tile.
        geoboxes: grid of each tile.

    Returns:
        For each tile (pixel,) bool, in the order of its footprints.
    """
    counted = [np.ones(len(found.rows), bool) for found in footprints]
    for earlier, later in _pairs_that_share_fields(footprints):
        if geoboxes[earlier].crs is None or geoboxes[later].crs is None:
            continue
        one, other = footprints[earlier], footprints[later]
        shared = np.flatnonzero(np.isin(other.field_of_pixel, one.fields))
        x, y = _positions_in(geoboxes[earlier], geoboxes[later], other.rows[shared], other.columns[shared])
        height, width = geoboxes[earlier].shape
        inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
        if _on_one_grid(geoboxes[earlier], geoboxes[later]):
            keys = other.field_of_pixel[shared] * (height * width) + np.floor(y).astype(np.int64) * width + np.floor(x)
            inside &= np.isin(keys, one.field_of_pixel * (height * width) + one.rows.astype(np.int64) * width + one.columns)
        counted[later][shared[inside]] = False
    return counted


def _pairs_that_share_fields(footprints: Sequence[Footprints]) -> list[tuple[int, int]]:
    """Return the pairs of tiles (the earlier first) that have pixels of a field in common."""
    tile = np.repeat(np.arange(len(footprints)), [len(found.fields) for found in footprints])
    table = pd.DataFrame({"field": np.concatenate([found.fields for found in footprints]), "tile": tile})
    table = table[table["field"].duplicated(keep=False)]
    pairs = table.merge(table, on="field")
    pairs = pairs.loc[pairs["tile_x"] < pairs["tile_y"], ["tile_x", "tile_y"]].drop_duplicates()
    return [(int(earlier), int(later)) for earlier, later in sorted(pairs.itertuples(index=False, name=None))]


def _on_one_grid(one: GeoBox, other: GeoBox) -> bool:
    """Tell whether the pixels of two tiles coincide where both have some."""
    if one.crs != other.crs:
        return False
    relative = ~one.affine @ other.affine
    scale = np.array([relative.a - 1, relative.b, relative.d, relative.e - 1])
    shift = np.array([relative.c, relative.f])
    return bool((np.abs(scale) * max(other.shape) < _ALIGNED).all() and (np.abs(shift - np.round(shift)) < _ALIGNED).all())


def _positions_in(
    one: GeoBox, other: GeoBox, rows: npt.NDArray[np.int32], columns: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]]:
    """Return where the centres of pixels of `other` lie in `one`, in pixels from its left and upper edge."""
    x, y = _transformed(other.affine, columns + 0.5, rows + 0.5)
    if one.crs is not None and other.crs is not None and one.crs != other.crs:
        x, y = pyproj.Transformer.from_crs(other.crs.proj, one.crs.proj, always_xy=True).transform(x, y)
    return _transformed(~one.affine, x, y)


def _transformed(
    affine: Affine, x: npt.NDArray[np.floating], y: npt.NDArray[np.floating]
) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]]:
    return affine.a * x + affine.b * y + affine.c, affine.d * x + affine.e * y + affine.f
