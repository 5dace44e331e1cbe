"""One rule finds the columns of ids and labels, and never guesses between two that differ."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from cropdetect.errors import FieldsError
from cropdetect.fields import NO_LABELS, as_text, field_ids, find_label_column


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


TEXTS = {
    "bytes": ([b"7", "ä".encode()], ["7", "ä"]),
    "decimals": ([Decimal("7.00"), Decimal("1.50")], ["7", "1.5"]),
    "decimals beyond 64 bits": ([Decimal("1E+20"), Decimal("-20")], ["100000000000000000000", "-20"]),
    "numbers of 32 bits": (np.array([1.1, 7.0], np.float32), ["1.1", "7"]),
    "days": ([dt.date(2019, 6, 6), None], ["2019-06-06", None]),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_a_value_is_the_text_that_people_write(kind: str) -> None:
    values, texts = TEXTS[kind]
    assert as_text(pd.Series(values)).tolist() == texts


def test_decimal_numbers_without_a_fraction_are_whole_numbers() -> None:
    ids, missing = field_ids(pd.Series([Decimal("7.00"), None, Decimal("12")]))
    assert ids.tolist() == [7, -2, 12]
    assert missing.tolist() == [False, True, False]


@pytest.mark.parametrize("values", [[[1], [2]], [{"a": 1}, {"a": 2}], [(1, 2), None], [b"\xff", b"a"], [b"\x00\x01", b"b"]])
def test_lists_records_and_bytes_that_are_no_text_are_refused_by_the_name_of_the_column(values: list[object]) -> None:
    with pytest.raises(FieldsError, match=r"the column crop: its values are .*, which are no ids, labels or groups"):
        as_text(pd.Series(values, name="crop"))


def test_a_name_that_a_shapefile_has_cut_is_told() -> None:
    with pytest.raises(
        FieldsError, match=r"no column 'crop_name_2019'\nA Shapefile cuts names: it may be crop_name_\. The columns"
    ):
        found("crop_name_2019", crop_name_=["rye"])
    with pytest.raises(FieldsError, match=r"no column 'crop_name_2019'\nThe columns"):
        found("crop_name_2019", crop_name=["rye"])
