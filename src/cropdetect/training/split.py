"""Which fields each member of an ensemble leaves out, and stratified folds in general."""

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cropdetect.errors import TrainingDataError

_CAN_SPARE = 4  # as many members, or more, can do with one that does not know a class


@dataclass(frozen=True)
class Split:
    """Positions of the fields on either side, ascending.

    Attributes:
        training: (field,) int64.
        validation: (field,) int64.
    """

    training: npt.NDArray[np.int64]
    validation: npt.NDArray[np.int64]


def n_folds(validation_share: float) -> int:
    """Return the number of folds of which one is about `validation_share` of the fields."""
    return max(2, round(1 / validation_share))


def validation_splits(
    classes: npt.NDArray[np.int64],
    groups: npt.NDArray[np.int64] | None,
    *,
    validation_share: float,
    members: int,
    seed: int,
) -> list[Split]:
    """Choose the validation fields of each member, each class about in proportion and no group on both sides.

    The members take one fold after the other, then the folds of another shuffle. Where all fields of a class lie in one
    group, no network can tell the class from the group: it takes much that is unlike its other groups for that class. The
    member that leaves the group out does not know the class, and outvotes such mistakes. Few members cannot spare one: where
    one of their folds holds all fields of a class, the group with most of them is trained on.

    Args:
        classes: (field,) class of each field.
        groups: (field,) group of each field, or None: fields are drawn one by one.
        validation_share: about this share of the fields is validated on.
        members: number of members.
        seed: of the shuffle.

    Raises:
        TrainingDataError: no fields are left to validate on.
    """
    folds = n_folds(validation_share)
    if groups is not None:
        folds = min(folds, len(np.unique(groups)))  # with few groups, a larger share of the fields is left out
        if folds < 2:
            raise TrainingDataError(
                "all fields to train on lie in one group", fix="Use smaller blocks, another group column, or random validation."
            )
    if np.bincount(classes).max() < folds:
        raise TrainingDataError(
            f"no class has as many as {folds} fields", fix="Label more fields, join classes, or raise --validation-share."
        )
    splits: list[Split] = []
    while len(splits) < members:
        sides = stratified_folds(classes, groups, folds, seed + len(splits) // folds)
        left_out = [sides == fold for fold in range(sides.max() + 1)]
        if min(members, folds) < _CAN_SPARE:
            left_out = [_without_whole_classes(fields, classes, groups) for fields in left_out]
        left_out = [fields for fields in left_out if fields.any()] or [np.zeros(len(classes), np.bool_)]
        for position in range(min(folds, members - len(splits))):
            validating = left_out[position % len(left_out)]
            splits.append(Split(np.flatnonzero(~validating), np.flatnonzero(validating)))
    if not any(np.isin(classes[split.validation], classes[split.training]).any() for split in splits):
        raise TrainingDataError(
            "no group can be kept aside for validation: each holds all fields of a class",
            fix="Use smaller blocks or another group column, or leave out classes that occur in one place only.",
        )
    return splits


def _without_whole_classes(
    left_out: npt.NDArray[np.bool_], classes: npt.NDArray[np.int64], groups: npt.NDArray[np.int64] | None
) -> npt.NDArray[np.bool_]:
    """Return `left_out` without the groups that must be trained on so that every class is."""
    groups = np.arange(len(classes)) if groups is None else groups
    left_out = left_out.copy()
    for name in np.unique(classes):
        of_class = classes == name
        if left_out[of_class].all():
            holders, n_fields = np.unique(groups[of_class], return_counts=True)
            left_out[groups == holders[n_fields.argmax()]] = False
    return left_out


def stratified_folds(
    classes: npt.NDArray[np.int64], groups: npt.NDArray[np.int64] | None, n_folds: int, seed: int
) -> npt.NDArray[np.int64]:
    """Return a fold for each field, each class about in proportion and no group in two folds.

    With few groups some folds may stay empty; the others are numbered from 0 without gaps.

    Raises:
        TrainingDataError: there are too few fields or groups.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold  # takes a second to import

    n_units = len(classes) if groups is None else len(np.unique(groups))
    most = int(np.bincount(classes).max(initial=0))
    if n_units < n_folds or most < n_folds:
        units = f"{n_units} {'fields' if groups is None else 'groups'}"
        raise TrainingDataError(
            f"{n_folds} folds cannot be made of {units}" + (f": no class has more than {most} fields" if most < n_folds else ""),
            fix="Use --n-folds with a smaller number, or smaller groups.",
        )
    splitter = (StratifiedKFold if groups is None else StratifiedGroupKFold)(n_folds, shuffle=True, random_state=seed)
    of_field = np.empty(len(classes), np.int64)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class")  # `labelled_fields` has said so
        warnings.filterwarnings("ignore", message="The groups parameter is ignored")
        for fold, (_, held_out) in enumerate(splitter.split(classes, classes, groups)):
            of_field[held_out] = fold
    return renumbered(of_field)


def renumbered(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the same folds numbered from 0 without gaps."""
    return np.unique(values, return_inverse=True)[1].reshape(-1).astype(np.int64)
