"""The validation fields of each member of an ensemble."""

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

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
        cycle = len(splits) // folds
        sides = _sides(classes, groups, folds, seed + cycle, spare=min(members, folds) >= _CAN_SPARE)
        for position in range(min(folds, members - len(splits))):
            validating = sides[position % len(sides)] if sides else np.zeros(len(classes), np.bool_)
            splits.append(Split(np.flatnonzero(~validating), np.flatnonzero(validating)))
    if not any(np.isin(classes[split.validation], classes[split.training]).any() for split in splits):
        raise TrainingDataError(
            "no group can be validated on, since each holds all fields of a class",
            fix="Use smaller blocks or another group column, or leave out classes that occur in one place only.",
        )
    return splits


def _sides(
    classes: npt.NDArray[np.int64], groups: npt.NDArray[np.int64] | None, folds: int, seed: int, *, spare: bool
) -> list[npt.NDArray[np.bool_]]:
    """Return the folds that leave out fields, each (field,): whether it leaves the field out."""
    splitter = (StratifiedKFold if groups is None else StratifiedGroupKFold)(folds, shuffle=True, random_state=seed)
    groups = np.arange(len(classes)) if groups is None else groups
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class")  # `labelled_fields` has said so
        warnings.filterwarnings("ignore", message="The groups parameter is ignored")  # each field is its own group
        sides = [set(groups[held_out]) for _, held_out in splitter.split(classes, classes, groups)]
    if not spare:
        sides = [_without_whole_classes(side, classes, groups) for side in sides]
    return [np.isin(groups, list(side)) for side in sides if side]  # with few groups the splitter leaves folds empty


def _without_whole_classes(side: set[np.int64], classes: npt.NDArray[np.int64], groups: npt.NDArray[np.int64]) -> set[np.int64]:
    """Return `side` without the groups that must be trained on so that every class is."""
    side = set(side)
    for name in np.unique(classes):
        holders, n_fields = np.unique(groups[classes == name], return_counts=True)
        if set(holders) <= side:
            side.remove(holders[n_fields.argmax()])
    return side
