"""Fields of several tiles (or chip folders) in one table: when is an id the same field, and when not.

An id in two tiles is one field where its parts lie within a few pixels of each other. Where they do not, the two tiles number
their fields independently, so no id of the one is a field of the other, and ids become ``<tile>/<id>``.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS

_SHOWN = 5  # names in a warning
_LONLAT = CRS.from_epsg(4326)

Rows = npt.NDArray[np.int64]


def merge_fields(
    table: gpd.GeoDataFrame, tile: Rows, tiles: Sequence[str], near: float
) -> tuple[gpd.GeoDataFrame, tuple["pd.Series[Any]", ...], tuple[str, ...]]:
    """Tell which rows of several tiles are one field, and merge them.

    A field of several tiles has the union of its parts, the sum of their `raster_pixels`, and otherwise the columns of its
    largest part.

    Args:
        table: the fields of all tiles.
        tile: for each row, the position of its tile.
        tiles: names of the tiles.
        near: units of the table's CRS up to which parts with the same id are one field.

    Returns:
        the table; for each tile a series that maps its ids to those of the table; and warnings.
    """
    usable = (table["status"] == "ok").to_numpy()
    key, _ = pd.factorize(table["field_id"].astype(str))
    rows = np.flatnonzero(usable & _in_several(key, tile, usable))
    pairs = _close(table.geometry.to_numpy(), rows, key, tile, near)
    part = _components(len(table), pairs)
    pairs = [(a, b) for a, b in pairs if not _disagree(tile[a], tile[b], rows, key, tile, part)]
    several = pd.Series(part[rows]).groupby(key[rows]).transform("nunique").to_numpy() > 1
    odd = np.unique(tile[rows[several]])
    part = _components(len(table), pairs)
    ids = _ids(table["field_id"], part, tile, odd, tiles)
    old, new, order = table["field_id"].to_numpy(), ids.to_numpy(), np.flatnonzero(usable)
    order = order[np.argsort(tile[order], kind="stable")]
    ends = np.searchsorted(tile[order], np.arange(len(tiles) + 1))
    maps = tuple(pd.Series(new[order[a:b]], index=old[order[a:b]]) for a, b in pairwise(ends))
    warnings: tuple[str, ...] = ()
    if len(odd):
        names = ", ".join(tiles[number] for number in odd[:_SHOWN])
        warnings = (
            f"the same ids stand for different fields in {len(odd)} folders ({names}{', ...' if len(odd) > _SHOWN else ''}): "
            f"their ids are written with the folder's name, e.g. {ids[tile == odd[0]].iloc[0]}",
        )
    return _merged(table.assign(field_id=ids), part), maps, warnings


def concatenate(tables: Sequence[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Put tables under each other, in the CRS that all share, else in EPSG:4326; ids are text where some are."""
    known = [one.crs for one in tables if one.crs is not None]
    crs = None if not known else known[0] if all(other == known[0] for other in known) else _LONLAT
    geometry = [
        np.asarray((one if one.crs is None or one.crs == crs else one.to_crs(crs)).geometry.array, dtype=object) for one in tables
    ]
    if not all(one["field_id"].dtype == np.int64 for one in tables):
        tables = [one.assign(field_id=one["field_id"].astype(str)) for one in tables]
    joined = pd.concat([pd.DataFrame(one.drop(columns="geometry")) for one in tables], ignore_index=True)
    for name in joined.columns[joined.dtypes.map(pd.api.types.is_object_dtype)]:
        joined[name] = joined[name].where(joined[name].notna(), None)
    return gpd.GeoDataFrame(joined, geometry=np.concatenate(geometry), crs=crs)


def _in_several(key: Rows, tile: Rows, usable: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Tell which rows have an id that another tile has, too."""
    tiles = pd.Series(tile[usable]).groupby(key[usable]).nunique()
    return np.isin(key, tiles.index[tiles > 1])


def _close(shapes: npt.NDArray[np.object_], rows: Rows, key: Rows, tile: Rows, near: float) -> list[tuple[int, int]]:
    """Return pairs of rows with the same id in two tiles that lie near each other."""
    rows = rows[~shapely.is_missing(shapes[rows])]
    if len(rows) == 0:
        return []
    tree = shapely.STRtree(shapes[rows])
    first, second = (rows[found] for found in tree.query(shapes[rows], predicate="dwithin", distance=near))
    same = (first < second) & (key[first] == key[second]) & (tile[first] != tile[second])
    return list(zip(first[same].tolist(), second[same].tolist(), strict=True))


def _components(n: int, pairs: Iterable[tuple[int, int]]) -> Rows:
    """Return for each of `n` rows the first row that pairs connect it with."""
    root = list(range(n))

    def find(row: int) -> int:
        while root[row] != row:
            root[row] = root[root[row]]
            row = root[row]
        return row

    for a, b in pairs:
        low, high = sorted((find(a), find(b)))
        root[high] = low
    return np.array([find(row) for row in range(n)], np.int64)


def _disagree(a: int, b: int, rows: Rows, key: Rows, tile: Rows, part: Rows) -> bool:
    """Tell whether some id stands for different fields in two tiles."""
    of_a, of_b = ({int(key[row]): int(part[row]) for row in rows[tile[rows] == one]} for one in (a, b))
    return any(of_b.get(one, field) != field for one, field in of_a.items())


def _ids(ids: "pd.Series[Any]", part: Rows, tile: Rows, odd: Rows, tiles: Sequence[str]) -> "pd.Series[Any]":
    if len(odd) == 0:
        return ids
    is_odd = np.isin(tile, odd)
    # A field of several tiles takes its name from the first of them that counts on its own.
    named_after = pd.Series(np.where(is_odd, tile, len(tiles))).groupby(part).transform("min").to_numpy()
    names = [*(f"{name}/" for name in tiles), ""]
    return pd.Series([names[number] + text for number, text in zip(named_after, ids.astype(str), strict=True)], dtype=object)


def _merged(table: gpd.GeoDataFrame, part: Rows) -> gpd.GeoDataFrame:
    size = table["raster_pixels"] if "raster_pixels" in table.columns else pd.Series(np.nan, index=table.index)
    drop: list[int] = []
    for first, rows in pd.Series(part).groupby(part).groups.items():
        if len(rows) == 1:
            continue
        shapes = table.geometry.to_numpy()[rows]
        weight = size[rows].fillna(0).to_numpy() + shapely.area(shapes) * 1e-12  # pixels first, then area
        largest = rows[int(weight.argmax())]
        merged = table.loc[largest].to_dict() | {"geometry": shapely.union_all(shapes)}
        if size[rows].notna().any():
            merged["raster_pixels"] = size[rows].sum()
        for name, value in merged.items():
            table.at[first, name] = value
        drop += [row for row in rows if row != first]
    return table.drop(index=drop).reset_index(drop=True)
