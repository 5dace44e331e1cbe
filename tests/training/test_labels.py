"""Which fields are trained on."""

import numpy as np
import pytest

from cropdetect.chips import MemoryChips
from cropdetect.errors import LegendError, TrainingDataError
from cropdetect.training.labels import labelled_fields
from tests.training.seasons import season


def usable(chips: MemoryChips) -> np.ndarray:
    return np.ones(len(chips), bool)


def test_the_legend_is_the_sorted_labels_and_classes_are_positions_in_it() -> None:
    chips = season()
    found = labelled_fields(chips, usable(chips))
    assert found.legend == ("beans", "maize", "wheat")
    assert [found.legend[c] for c in found.classes] == chips.fields["label"].tolist()
    assert found.counts == {"beans": 20, "maize": 20, "wheat": 20}


def test_fields_without_label_or_without_usable_chip_are_left_out() -> None:
    chips = season()
    chips.fields.loc[3, "label"] = None
    may = usable(chips)
    may[7] = False
    assert set(range(60)) - set(labelled_fields(chips, may).rows) == {3, 7}


def test_a_given_legend_decides_order_and_leaves_other_classes_out() -> None:
    chips = season()
    found = labelled_fields(chips, usable(chips), ["wheat", "beans"])
    assert found.legend == ("wheat", "beans")
    assert set(chips.fields["label"].iloc[found.rows]) == {"wheat", "beans"}
    assert [found.legend[c] for c in found.classes] == chips.fields["label"].iloc[found.rows].tolist()


def test_classes_with_few_fields_are_kept_and_warned_of() -> None:
    chips = season()
    chips.fields.loc[[0, 1], "label"] = "sorghum"
    with pytest.warns(UserWarning, match=r"sorghum \(2\)"):
        found = labelled_fields(chips, usable(chips))
    assert found.counts["sorghum"] == 2


@pytest.mark.parametrize(
    ("spoil", "legend", "message"),
    [
        (lambda fields: fields.drop(columns="label"), None, "--labels"),
        (lambda fields: fields.assign(label=None), None, "--labels"),
        (lambda fields: fields.assign(label=["a", "b"] + [None] * 58), None, "2 fields have both"),
        (lambda fields: fields.assign(label="maize"), None, "all labelled fields are maize"),
        (lambda fields: fields, ["maize", "wheat", "rice"], "rice"),
    ],
)
def test_too_little_to_train_on_is_a_named_error(spoil: object, legend: list[str] | None, message: str) -> None:
    chips = season()
    chips.fields = spoil(chips.fields)  # type: ignore[operator]
    with pytest.raises(TrainingDataError, match=message):
        labelled_fields(chips, usable(chips), legend)


def test_a_legend_that_names_a_class_twice_is_refused() -> None:
    chips = season()
    with pytest.raises(LegendError, match="twice"):
        labelled_fields(chips, usable(chips), ["maize", "maize"])
