"""Fields of several places (chip folders, tiles) in one table: when is an id the same field, and when not.

An id in two places is one field where its parts lie within a few pixels of each other. Where they do not, the two places count
their fields each on their own, so no id of the one is a field of the other, and ids become ``<place>/<id>``.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS

from cropdetect.fields.fieldset import FieldSet
from cropdetect.imagery.notes import gathered

_SHOWN = 5  # names in a warning
_LONLAT = CRS.from_epsg(4326)
_METRES_A_DEGREE = 111_320

Rows = npt.NDArray[np.int64]


def together(
    sets: Sequence[FieldSet], places: Sequence[str], near: float
) -> tuple[gpd.GeoDataFrame, tuple["pd.Series[Any]", ...], tuple[str, ...]]:
    """Put the fields of several places into one table.

    A field of several places has the union of its parts, the sum of their `raster_pixels`, and otherwise the columns of its
    largest part.

    Args:
        sets: the fields of each place.
        places: names of the places.
        near: metres (without metric CRS: CRS units) up to which parts with the same id are one field.

    Returns:
        the table, in the CRS that all share, else in EPSG:4326; for each place a series that maps its ids to those of the table;
        and warnings.
    """
    table, place = _concatenated(sets)
    usable = (table["status"] == "ok").to_numpy()
    key, _ = pd.factorize(table["field_id"].astype(str))
    repeated = usable & _in_several(key, place, usable)
    rows = np.flatnonzero(repeated)
    if table.crs is not None and table.crs.is_geographic and not all(_geographic(one) for one in sets):
        near /= _METRES_A_DEGREE
    pairs = _close(table.geometry.to_numpy(), rows, key, place, near)
    part = _components(len(table), pairs)
    pairs = [(a, b) for a, b in pairs if not _at_odds(place[a], place[b], rows, key, place, part)]
    several = pd.Series(part[rows]).groupby(key[rows]).transform("nunique").to_numpy() > 1
    odd = np.unique(place[rows[several]])
    part = _components(len(table), pairs)
    ids = _ids(table["field_id"], part, place, odd, places)
    maps = tuple(
        pd.Series(ids[here].to_numpy(), index=table["field_id"].to_numpy()[here])
        for number in range(len(sets))
        for here in [(place == number) & usable]
    )
    warnings = gathered(places, [one.warnings for one in sets])
    if len(odd):
        names = ", ".join(places[number] for number in odd[:_SHOWN])
        warnings += (
            f"the same ids stand for different fields in {len(odd)} folders ({names}{', ...' if len(odd) > _SHOWN else ''}): "
            f"their ids are written with the folder's name, e.g. {ids[place == odd[0]].iloc[0]}",
        )
    table["field_id"] = ids
    return _merged(table, part), maps, warnings


def _concatenated(sets: Sequence[FieldSet]) -> tuple[gpd.GeoDataFrame, Rows]:
    """Return all rows in one CRS, and the place of each."""
    known = [one.table.crs for one in sets if one.table.crs is not None]
    crs = None if not known else known[0] if all(other == known[0] for other in known) else _LONLAT
    tables = []
    for one in sets:
        table = one.table if one.table.crs is not None or crs is None else one.table.set_crs(crs)
        tables.append(table if table.crs == crs else table.to_crs(crs))
    if not all(one["field_id"].dtype == np.int64 for one in tables):
        tables = [one.assign(field_id=one["field_id"].astype(str)) for one in tables]
    columns = dict.fromkeys(name for one in tables for name in one.columns if name != "geometry")
    joined = pd.concat([pd.DataFrame(one.drop(columns="geometry")) for one in tables], ignore_index=True)[list(columns)]
    for name in joined.select_dtypes(object).columns:
        joined[name] = joined[name].where(joined[name].notna(), None)
    geometry = np.concatenate([np.asarray(one.geometry.array, dtype=object) for one in tables])
    place = np.repeat(np.arange(len(tables)), [len(one) for one in tables])
    return gpd.GeoDataFrame(joined, geometry=geometry, crs=crs), place.astype(np.int64)


def _geographic(one: FieldSet) -> bool:
    return one.table.crs is not None and bool(one.table.crs.is_geographic)


def _in_several(key: Rows, place: Rows, usable: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Tell which rows have an id that is used in another place, too."""
    places = pd.Series(place[usable]).groupby(key[usable]).nunique()
    return np.isin(key, places.index[places > 1])


def _close(shapes: npt.NDArray[np.object_], rows: Rows, key: Rows, place: Rows, near: float) -> list[tuple[int, int]]:
    """Return pairs of rows with the same id in two places that lie near each other."""
    rows = rows[~shapely.is_missing(shapes[rows])]
    if len(rows) == 0:
        return []
    tree = shapely.STRtree(shapes[rows])
    first, second = (rows[found] for found in tree.query(shapes[rows], predicate="dwithin", distance=near))
    same = (first < second) & (key[first] == key[second]) & (place[first] != place[second])
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


def _at_odds(a: int, b: int, rows: Rows, key: Rows, place: Rows, part: Rows) -> bool:
    """Tell whether some id stands for different fields in two places."""
    of_a, of_b = ({int(key[row]): int(part[row]) for row in rows[place[rows] == one]} for one in (a, b))
    return any(of_b.get(one, field) != field for one, field in of_a.items())


def _ids(ids: "pd.Series[Any]", part: Rows, place: Rows, odd: Rows, places: Sequence[str]) -> "pd.Series[Any]":
    if len(odd) == 0:
        return ids
    is_odd = np.isin(place, odd)
    # A field of several places takes its name from the first of them that counts on its own.
    named_after = pd.Series(np.where(is_odd, place, len(places))).groupby(part).transform("min").to_numpy()
    names = [*(f"{name}/" for name in places), ""]
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
