"""Spatial groups: fields that are near each other must not be on both sides of a validation split."""

import warnings
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from cropdetect.errors import TrainingDataError

_SMALLEST_BLOCK = 50.0  # metres; smaller blocks no longer part neighbours


@dataclass(frozen=True)
class Groups:
    """The group of each field.

    Attributes:
        of_field: (field,) int64, or None where nothing is known of the fields' places.
        description: how they were made, for the checkpoint.
    """

    of_field: npt.NDArray[np.int64] | None
    description: str


def spatial_groups(fields: gpd.GeoDataFrame, *, column: str | None, block_size: float, wanted: int) -> Groups:
    """Group fields by a column, else by square blocks of the map, else not at all (with a warning).

    Args:
        fields: the labelled fields; geometry, or columns `lon` and `lat`, give their places.
        column: name of a column of groups; default: `group` where the table has it.
        block_size: side of a block, metres. Halved, with a warning, until there are `wanted` blocks.
        wanted: number of blocks that make a good split.

    Raises:
        TrainingDataError: `column` is absent, incomplete or all the same, or the fields lie in one spot.
    """
    if column is not None and column not in fields.columns:
        raise TrainingDataError(
            f"the fields have no column {column}", fix=f"Their columns are: {', '.join(map(str, fields.columns))}."
        )
    column = column or ("group" if "group" in fields.columns else None)
    if column is not None:
        return _from_column(fields, column)
    metres = _places(fields)
    if metres is None:
        warnings.warn(
            "the fields have neither groups nor places: validation fields are drawn at random, "
            "and the validation scores will be too good where neighbours resemble each other",
            stacklevel=2,
        )
        return Groups(None, "random fields")
    side = block_size
    while True:
        blocks = np.unique(np.floor(metres / side), axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
        if blocks.max() + 1 >= wanted:
            break
        side /= 2
        if side < _SMALLEST_BLOCK:
            raise TrainingDataError(
                f"the labelled fields lie too close together for {wanted} spatial blocks",
                fix="Add a column of groups to the fields, or label fields of a larger area.",
            )
    if side < block_size:
        warnings.warn(
            f"the area is small: validation blocks are {side:g} m wide in place of {block_size:g} m, "
            "and the validation scores may be too good",
            stacklevel=2,
        )
    return Groups(blocks, f"spatial blocks of {side:g} m")


def _from_column(fields: gpd.GeoDataFrame, column: str) -> Groups:
    groups, names = fields[column].factorize()
    if (groups < 0).any():
        raise TrainingDataError(
            f"the column {column} is empty for {int((groups < 0).sum())} labelled fields",
            fix="Give every labelled field a group, or name another column.",
        )
    if len(names) < 2:
        raise TrainingDataError(
            f"all labelled fields have the same {column}",
            fix="Name another group column, or take this one out of the fields to use spatial blocks.",
        )
    return Groups(groups.astype(np.int64), f"groups of the column {column}")


def _places(fields: gpd.GeoDataFrame) -> npt.NDArray[np.float64] | None:
    """Return x and y of each field, metres in the UTM zone of the area, (field, 2); None where a place is unknown."""
    points = degrees(fields)
    if points is None:
        return None
    projected = points.to_crs(points.estimate_utm_crs())
    return np.stack([projected.x, projected.y], axis=1)


def degrees(fields: gpd.GeoDataFrame) -> gpd.GeoSeries | None:
    """Return a point for each field, degrees (EPSG:4326), from geometry or `lon` and `lat`; None unless all have one."""
    geometry = fields.geometry
    if fields.crs is not None and not (geometry.isna() | geometry.is_empty).any():
        # representative_point: on degrees, GeoPandas warns of centroids, and a point inside the field serves as well.
        return geometry.representative_point().to_crs("EPSG:4326")
    if {"lon", "lat"} <= set(fields.columns) and fields[["lon", "lat"]].notna().all(axis=None):
        return gpd.GeoSeries(gpd.points_from_xy(fields["lon"], fields["lat"], crs="EPSG:4326"), index=fields.index)
    return None
