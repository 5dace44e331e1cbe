"""One rule finds the columns of ids and labels, and never guesses between two that differ."""

import numpy as np
import pandas as pd
import pytest

from cropdetect.errors import FieldsError
from cropdetect.fields import NO_LABELS, find_label_column


def found(named: str | None = None, **columns: list[object]) -> str | None:
    return find_label_column(pd.DataFrame(columns), named, where="fields.csv")


@pytest.mark.parametrize("name", ["label", "crop", "crop:code", "crop_code", "Crop"])
def test_each_known_name_is_found_in_any_case(name: str) -> None:
    assert found(**{"field_id": [1], name: ["maize"]}) == name


def test_two_columns_that_differ_are_an_error_that_names_both_and_the_option() -> None:
    with pytest.raises(FieldsError, match=r"(?s)both label and crop .* differ in 1 of 3 rows.*--labels"):
        found(crop=["a", "b", "c"], label=["a", "b", "x"])
    with pytest.raises(FieldsError, match=r"label and crop_code"):
        found(label=["a", "b"], crop=["a", "b"], crop_code=["1", "2"])


def test_a_label_that_only_one_column_has_is_a_difference() -> None:
    with pytest.raises(FieldsError, match=r"1 of 2 rows"):
        found(label=["a", None], crop=["a", "b"])


def test_of_two_columns_that_agree_the_first_in_the_rule_is_taken_whatever_their_order_and_type() -> None:
    assert found(crop=["7", None], label=[7.0, np.nan]) == "label"


def test_a_column_without_values_is_passed_over() -> None:
    assert found(label=[None, None], crop=["a", "b"]) == "crop"
    assert found(label=[None, None], crop=[None, None]) == "label"


def test_a_name_decides_between_columns_that_differ() -> None:
    assert found("crop", label=["a"], crop=["b"]) == "crop"
    assert found(NO_LABELS, label=["a"], crop=["b"]) is None
    with pytest.raises(FieldsError, match=r"(?s)'kind'.*label, crop"):
        found("kind", label=["a"], crop=["b"])
