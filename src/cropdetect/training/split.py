"""The validation fields of each member of an ensemble."""

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from cropdetect.errors import TrainingDataError


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


def validation_split(
    classes: npt.NDArray[np.int64],
    groups: npt.NDArray[np.int64] | None,
    *,
    validation_share: float,
    member: int,
    seed: int,
) -> Split:
    """Choose the validation fields of one member, each class about in proportion and no group on both sides.

    The members of an ensemble take one fold after the other, then the folds of another shuffle. A network cannot learn a
    class that it never sees: where a fold holds all fields of a class, the group with most of them is trained on.

    Args:
        classes: (field,) class of each field.
        groups: (field,) group of each field, or None: fields are drawn one by one.
        validation_share: about this share of the fields is validated on.
        member: position of the member.
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
    cycle, position = divmod(member, folds)
    if np.bincount(classes).max() < folds:
        raise TrainingDataError(
            f"no class has as many as {folds} fields", fix="Label more fields, join classes, or raise --validation-share."
        )
    splitter = (StratifiedKFold if groups is None else StratifiedGroupKFold)(folds, shuffle=True, random_state=seed + cycle)
    groups = np.arange(len(classes)) if groups is None else groups
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class")  # `labelled_fields` has said so
        warnings.filterwarnings("ignore", message="The groups parameter is ignored")  # each field is its own group
        sides = [set(groups[held_out]) for _, held_out in splitter.split(classes, classes, groups)]
    held_out = [side for side in (_without_whole_classes(side, classes, groups) for side in sides) if side]
    if not held_out:
        raise TrainingDataError(
            "no group can be validated on, since each holds all fields of a class",
            fix="Use smaller blocks or another group column, or leave out classes that occur in one place only.",
        )
    validating = np.isin(groups, list(held_out[position % len(held_out)]))
    return Split(np.flatnonzero(~validating), np.flatnonzero(validating))


def _without_whole_classes(side: set[np.int64], classes: npt.NDArray[np.int64], groups: npt.NDArray[np.int64]) -> set[np.int64]:
    """Return `side` without the groups that must be trained on so that every class is."""
    side = set(side)
    for name in np.unique(classes):
        holders, n_fields = np.unique(groups[classes == name], return_counts=True)
        if set(holders) <= side:
            side.remove(holders[n_fields.argmax()])
    return side
