"""Which fields can be trained on, and the class of each."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from cropdetect.chips.chipset import ChipSet
from cropdetect.errors import LegendError, TrainingDataError

_NOT_LABELS = ("field_id", "label", "status", "geometry", "raster_pixels")
FEWEST_FIELDS = 10
FEW_OF_CLASS = 5  # below this a class can hardly be learnt, and is often missing from validation


@dataclass(frozen=True)
class LabelledFields:
    """The fields to train on.

    Attributes:
        rows: (field,) int64, rows of `ChipSet.fields`, ascending.
        classes: (field,) int64, positions in `legend`.
        legend: class names.
    """

    rows: npt.NDArray[np.int64]
    classes: npt.NDArray[np.int64]
    legend: tuple[str, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Number of fields of each class."""
        return dict(zip(self.legend, np.bincount(self.classes, minlength=len(self.legend)).tolist(), strict=True))


def labelled_fields(chips: ChipSet, usable: npt.NDArray[np.bool_], legend: Sequence[str] | None = None) -> LabelledFields:
    """Find the fields that have a label and a usable chip.

    Args:
        chips: chips and their fields table with a column `label`.
        usable: (chip,) whether a chip shows its field on at least one date.
        legend: the classes to train, in this order; fields of other classes are left out. Default: all labels,
            in the order of the data's own legend, or else sorted.

    Raises:
        TrainingDataError: there is no label, or too few fields or classes are left.
        LegendError: `legend` names a class twice.
    """
    if "label" not in chips.fields.columns or chips.fields["label"].isna().all():
        others = [str(name) for name in chips.fields.columns if name not in _NOT_LABELS]
        shown = f" The columns: {', '.join(others)}." if others else ""
        raise TrainingDataError("no field has a label", fix=f"Name the column that holds the crop with --labels COLUMN.{shown}")
    if legend is not None and len(set(legend)) < len(legend):
        raise LegendError("the legend names a class twice")
    labels = chips.fields["label"]
    with_chip = np.zeros(len(labels), bool)
    with_chip[chips.field_of_chip[usable]] = True
    labelled = labels.notna().to_numpy(bool)
    if legend is None:
        present = set(labels[labelled & with_chip].astype(str))
        names = [name for name in chips.info.legend if name in present] or sorted(present)
    else:
        names = list(legend)
    position = pd.Index(names).get_indexer(labels).astype(np.int64)  # -1 where a label is missing or of no class
    rows = np.flatnonzero(with_chip & (position >= 0))
    found = LabelledFields(rows, position[rows], tuple(names))
    _check(found, n_labelled=int(labelled.sum()))
    return found


def _check(found: LabelledFields, n_labelled: int) -> None:
    counts = found.counts
    present = [name for name, n in counts.items() if n > 0]
    if len(found.rows) < FEWEST_FIELDS:
        raise TrainingDataError(
            f"{len(found.rows)} fields have both a label of the legend and a clear pixel ({n_labelled} have a label); "
            f"training needs at least {FEWEST_FIELDS}",
            fix="Add labelled fields, or check that the field outlines lie on the imagery.",
        )
    if len(present) < 2:
        raise TrainingDataError(
            f"all labelled fields are {present[0]}", fix="Training needs fields of at least two classes: check --labels."
        )
    if len(present) < len(counts):
        absent = ", ".join(name for name, n in counts.items() if n == 0)
        raise TrainingDataError(f"no field with a clear pixel is of the class {absent}", fix="Take it out of the legend.")
    few = [f"{name} ({n})" for name, n in counts.items() if n < FEW_OF_CLASS]
    if few:
        warnings.warn(f"classes with few fields will hardly be found: {', '.join(few)}", stacklevel=3)
