"""Where the rows of a table lie, and which field a surveyed point or outline lies in, where its id does not tell."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from cropdetect.errors import FieldsError
from cropdetect.fields.columns import as_text

ON_EARTH = (360, 90)  # degrees east and north, at most: longitudes may count from 0
_LONLAT = (("lon", "lat"), ("longitude", "latitude"))
_AGREE = 0.9  # share of the ids in common whose places must agree


def lonlat_columns(table: pd.DataFrame) -> list[str] | None:
    """Return the columns of longitudes and latitudes, in any case of letters; None where there are none."""
    by_name = {str(name).lower().strip(): name for name in reversed(table.columns)}
    return next(([by_name[x], by_name[y]] for x, y in _LONLAT if x in by_name and y in by_name), None)


def points_of(table: pd.DataFrame, columns: Sequence[str], warnings: list[str]) -> gpd.GeoSeries:
    """Return the points of columns of longitudes and latitudes; None where they hold no numbers, which is a warning."""
    place = table[list(columns)].apply(_degrees)
    degrees = place.to_numpy(np.float64, na_value=np.nan)
    known = (np.isfinite(degrees) & (np.abs(degrees) <= ON_EARTH)).all(axis=1)
    lost = int((table[list(columns)].notna().any(axis=1) & ~known).sum())
    if lost:
        warnings.append(f"{' and '.join(columns)} hold no place on the Earth in {lost} rows")
    points = gpd.GeoSeries(gpd.points_from_xy(place[columns[0]], place[columns[1]]), index=table.index, crs="EPSG:4326")
    return points.where(known, None)


def _degrees(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return numbers, also where a comma stands before their decimals."""
    if not pd.api.types.is_numeric_dtype(column.dtype):
        column = column.astype("string").str.replace(",", ".", regex=False)
    numbers: pd.Series[Any] = pd.to_numeric(column, errors="coerce")
    return numbers


def lie_in_their_fields(shapes: gpd.GeoSeries, ids: "pd.Series[Any]", fields: gpd.GeoDataFrame) -> bool:
    """Tell whether shapes touch the fields that have their ids; no where no id is that of a field.

    Args:
        shapes: points or outlines, with a CRS.
        ids: of each, text or None.
        fields: with `field_id` and `geometry`, with a CRS.
    """
    outlines = pd.Series(fields.geometry.to_numpy(), index=as_text(fields["field_id"]))
    outlines = outlines[outlines.notna().to_numpy() & ~outlines.index.duplicated()]
    place = shapes.to_crs(fields.crs)
    known = (ids.isin(outlines.index) & place.notna().to_numpy()).to_numpy()
    if not known.any():
        return bool(ids.isin(as_text(fields["field_id"])).any())  # of fields without an outline
    touching = shapely.intersects(place.to_numpy()[known], outlines[ids[known]].to_numpy())
    return bool(touching.mean() >= _AGREE)


def most_lie_in(points: gpd.GeoSeries, fields: gpd.GeoDataFrame) -> bool:
    """Tell whether most of some points lie in a field, whichever it is."""
    there = points.dropna().to_crs(fields.crs).to_numpy()
    inside = shapely.STRtree(fields.geometry.to_numpy()).query(there, predicate="intersects")[0]
    return 2 * len(np.unique(inside)) > len(there)


def by_place(
    shapes: gpd.GeoSeries, table: pd.DataFrame, fields: gpd.GeoDataFrame, where: object
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Give rows of labels the ids of the fields that they lie in.

    Args:
        shapes: points or outlines, with a CRS; of an outline, a point inside it counts.
        table: `label` and further columns, a row a shape.
        fields: with `field_id` and `geometry`, with a CRS.
        where: the file of labels, for messages.

    Returns:
        The rows with `field_id`, text: one a field; those of fields with several labels are left out. And warnings.

    Raises:
        FieldsError: no shape lies in a field.
    """
    points = shapes.to_crs(fields.crs).representative_point()
    pairs = shapely.STRtree(fields.geometry.to_numpy()).query(points.to_numpy(), predicate="intersects")
    if not pairs.size:
        middle = [one.to_crs("EPSG:4326").total_bounds.reshape(2, 2).mean(axis=0) for one in (points, fields.geometry)]
        shown = ["{:.4f} E, {:.4f} N".format(*one) for one in middle]
        raise FieldsError(
            f"no label lies in a field: the labels lie around {shown[0]}, the fields around {shown[1]}",
            where=where,
            fix="Check the place and the CRS of both, or name the column of the field ids with --id-column.",
        )
    found = table.iloc[pairs[0]].assign(field_id=as_text(fields["field_id"].iloc[pairs[1]]).to_numpy())
    several = found.groupby("field_id")["label"].transform("nunique").to_numpy() > 1
    nowhere = len(table) - len(np.unique(pairs[0]))
    name = Path(str(where)).name
    warnings = [f"{name}: the labels are joined to the fields by place, not by ids"]
    if nowhere:
        warnings.append(f"{name}: {nowhere} of {len(table)} labels lie in no field and are not used")
    if several.any():
        ids = found.loc[several, "field_id"].unique()
        warnings.append(f"{name}: {len(ids)} fields have labels of several crops and count as unlabelled ({', '.join(ids[:5])})")
    return found[~several].drop_duplicates("field_id").reset_index(drop=True), tuple(warnings)
