"""Spatial groups: fields that are near each other must not be on both sides of a validation split."""

import warnings
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from cropdetect.errors import TrainingDataError
from cropdetect.fields import field_positions, square_blocks
from cropdetect.formats import TrainOptions
from cropdetect.training.split import n_folds

_SMALLEST_BLOCK = 50.0  # metres; smaller blocks no longer part neighbours


@dataclass(frozen=True)
class Groups:
    """The group of each field.

    Attributes:
        of_field: (field,) int64, or None where nothing is known of the fields' places.
        description: how they were made, for the checkpoint.
        names: what the groups are called in the column; empty for blocks of the map.
    """

    of_field: npt.NDArray[np.int64] | None
    description: str
    names: tuple[str, ...] = ()


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
    metres = field_positions(fields)
    if metres is None:
        warnings.warn(
            "the fields have neither groups nor places: validation fields are drawn at random, "
            "and the validation scores will be too good where neighbours resemble each other",
            stacklevel=2,
        )
        return Groups(None, "random fields")
    side = block_side(metres, block_size, wanted)
    return Groups(square_blocks(metres, side)[0], f"spatial blocks of {side:g} m")


def training_groups(fields: gpd.GeoDataFrame, options: TrainOptions) -> Groups:
    """Return the groups that keep a member's validation fields apart; see `spatial_groups`.

    Args:
        fields: the labelled fields.
        options: name the column or the size of the blocks, and the share of validation fields.
    """
    wanted = 2 * n_folds(options.validation_share)
    return spatial_groups(fields, column=options.group_column, block_size=options.block_size, wanted=wanted)


def block_side(metres: npt.NDArray[np.float64], block_size: float, wanted: int) -> float:
    """Halve the side of the blocks, with a warning, until there are as many as wanted.

    Args:
        metres: (field, 2) places.
        block_size: side to begin with, metres.
        wanted: number of blocks that make a good split.

    Raises:
        TrainingDataError: the fields lie in one spot.
    """
    side = block_size
    while len(square_blocks(metres, side)[1]) < wanted:
        side /= 2
        if side < _SMALLEST_BLOCK:
            raise TrainingDataError(
                f"the labelled fields lie too close together for {wanted} spatial blocks",
                fix="Name a column of groups with --group-column (that of the ids makes each field a group), or "
                "label fields of a larger area.",
            )
    if side < block_size:
        warnings.warn(
            f"the area is small: validation blocks are {side:g} m wide instead of {block_size:g} m, "
            "and the validation scores may be too good",
            stacklevel=3,
        )
    return side


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
    return Groups(groups.astype(np.int64), f"groups of the column {column}", tuple(str(name) for name in names))
