"""The folds of a cross-validation: which fields are answered together, by what is trained on which others."""

import warnings
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from cropdetect.errors import TrainingDataError
from cropdetect.fields import field_positions, square_blocks
from cropdetect.training.groups import block_side, spatial_groups
from cropdetect.training.split import renumbered, stratified_folds

MADE_HERE = ("random", "blocked", "grid", "leave-one-group-out")


@dataclass(frozen=True)
class Folds:
    """The folds of the labelled fields.

    Attributes:
        of_field: (field,) int64, fold in which the field is answered; -1: left out of all.
        training: for each fold, in order, (field,) positions of the fields that are trained on, ascending.
        names: for each fold what it is called: a number, or the group that is left out.
        description: how they were made, for the record.
    """

    of_field: npt.NDArray[np.int64]
    training: tuple[npt.NDArray[np.int64], ...]
    names: tuple[str, ...]
    description: str

    def test(self, fold: int) -> npt.NDArray[np.int64]:
        """Return the positions of the fields that are answered in a fold, ascending."""
        return np.flatnonzero(self.of_field == fold)


def make_folds(
    fields: gpd.GeoDataFrame,
    classes: npt.NDArray[np.int64],
    how: str,
    *,
    n_folds: int = 5,
    group_column: str | None = None,
    block_size: float = 5000.0,
    buffer: float = 0.0,
    seed: int = 0,
) -> Folds:
    """Make folds, or take them from a column.

    Fields of a class that lies in one group only cannot be both learnt and tested: if groups are kept apart, they are left out,
    with a warning.

    Args:
        fields: the labelled fields.
        classes: (field,) class of each.
        how: "random" (each class in proportion); "blocked" (no group in two folds; groups of `group_column`, or blocks of the
            map); "grid" (square blocks of the map, whatever the groups); "leave-one-group-out" (a fold a group); or a column
            of fold numbers, of which negative ones and empty ones are left out.
        n_folds: number of folds to make.
        group_column: column of groups; default: `group` where the table has it, else blocks.
        block_size: side of a block, metres.
        buffer: metres; fields nearer than this to a block that is answered are not trained on ("grid" only).
        seed: of the shuffle.

    Raises:
        TrainingDataError: there is no such column, it holds no folds, or groups and places are not known.
    """
    if how == "random":
        return _of(stratified_folds(classes, None, n_folds, seed), f"{n_folds} random folds, each class in proportion", classes)
    if how == "grid":
        return _grid(fields, classes, n_folds, block_size, buffer, seed)
    if how not in MADE_HERE:
        return _column(fields, how, classes)
    groups = spatial_groups(fields, column=group_column, block_size=block_size, wanted=2 * n_folds)
    if groups.of_field is None:
        raise TrainingDataError(
            "the groups and places of the fields are unknown", fix="Name a column with --group-column, or use --folds random."
        )
    if how == "blocked":
        of_field = _blocked(groups.of_field, classes, n_folds, seed)
        return _of(of_field, f"{n_folds} folds of whole groups ({groups.description})", classes)
    kept = _learnable(groups.of_field, classes)
    of_field = np.full(len(classes), -1, np.int64)
    of_field[kept] = renumbered(groups.of_field[kept])
    names = tuple(groups.names[group] for group in np.unique(groups.of_field[kept])) if groups.names else ()
    return _of(of_field, f"one group left out at a time ({groups.description})", classes, names)


def _blocked(groups: npt.NDArray[np.int64], classes: npt.NDArray[np.int64], n_folds: int, seed: int) -> npt.NDArray[np.int64]:
    kept = _learnable(groups, classes)
    of_field = np.full(len(classes), -1, np.int64)
    of_field[kept] = stratified_folds(classes[kept], groups[kept], n_folds, seed)
    return of_field


def _grid(
    fields: gpd.GeoDataFrame, classes: npt.NDArray[np.int64], n_folds: int, block_size: float, buffer: float, seed: int
) -> Folds:
    metres = field_positions(fields)
    if metres is None:
        raise TrainingDataError(
            "the places of some labelled fields are unknown", fix="Give geometry, or columns lon and lat, or other --folds."
        )
    side = block_side(metres, block_size, 2 * n_folds)
    block, corner = square_blocks(metres, side)
    made = _of(
        _blocked(block, classes, n_folds, seed), f"{n_folds} folds of square blocks of {side:g} m, buffer {buffer:g} m", classes
    )
    training = []
    for fold, positions in enumerate(made.training):
        near = _nearest_block(metres[positions], corner[np.unique(block[made.test(fold)])], side) < buffer
        training.append(positions[~near])
        if len(np.unique(classes[positions[~near]])) < 2:
            raise TrainingDataError(
                f"a buffer of {buffer:g} m leaves too few fields to train on", fix="Use a smaller buffer, or larger blocks."
            )
    return Folds(made.of_field, tuple(training), made.names, made.description)


def _nearest_block(metres: npt.NDArray[np.float64], corners: npt.NDArray[np.float64], side: float) -> npt.NDArray[np.float64]:
    """Return the distance of each place to the nearest of some square blocks, metres; 0 inside."""
    nearest = np.full(len(metres), np.inf)
    for corner in corners:
        beyond = np.maximum(np.maximum(corner - metres, metres - corner - side), 0)
        nearest = np.minimum(nearest, np.hypot(beyond[:, 0], beyond[:, 1]))
    return nearest


def _column(fields: gpd.GeoDataFrame, column: str, classes: npt.NDArray[np.int64]) -> Folds:
    if column not in fields.columns:
        columns = ", ".join(str(name) for name in fields.columns if name != "geometry")
        raise TrainingDataError(
            f"the fields have no column {column} of folds",
            fix=f"Their columns: {columns}. Or use --folds {', '.join(MADE_HERE)}.",
        )
    values = fields[column]
    numbers = pd.to_numeric(values, errors="coerce")
    if (numbers.isna() & values.notna()).any():  # folds with names
        of_field, found = values.factorize(sort=True)
        names = tuple(str(name) for name in found)
    else:
        kept = numbers.where(numbers >= 0)
        of_field, found = kept.factorize(sort=True)
        names = tuple(f"{number:g}" for number in found)
    empty = int(values.isna().sum())
    if empty:
        warnings.warn(f"{empty} labelled fields have no {column} and are left out", stacklevel=3)
    return _of(of_field.astype(np.int64), f"folds of the column {column}", classes, names)


def _of(of_field: npt.NDArray[np.int64], description: str, classes: npt.NDArray[np.int64], names: tuple[str, ...] = ()) -> Folds:
    """Return the folds in which all that are not answered, and not left out, are trained on."""
    n = int(of_field.max(initial=-1)) + 1
    if n < 2:
        raise TrainingDataError(
            f"there is {'one fold' if n else 'no fold'} only ({description})", fix="Cross-validation needs two folds or more."
        )
    training = tuple(np.flatnonzero((of_field >= 0) & (of_field != fold)) for fold in range(n))
    for fold, positions in enumerate(training):
        if len(np.unique(classes[positions])) < 2:
            raise TrainingDataError(
                f"without fold {names[fold] if names else fold} there are fields of one class only",
                fix="Use fewer or other folds.",
            )
    return Folds(of_field, training, names or tuple(str(fold) for fold in range(n)), description)


def _learnable(groups: npt.NDArray[np.int64], classes: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Tell which fields are of a class that lies in several groups, (field,); warn of the others."""
    n_groups = np.array([len(np.unique(groups[classes == name])) for name in range(classes.max() + 1)])
    kept = np.asarray(n_groups[classes] > 1)
    if not kept.all():
        warnings.warn(
            f"{int((~kept).sum())} fields of classes that lie in one group only are left out: they cannot be both "
            "learnt and tested",
            stacklevel=4,
        )
    return kept
