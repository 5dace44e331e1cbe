"""A record whose parts contradict each other, or that says what cannot be, is refused with a sentence that says which."""

from pathlib import Path
from typing import Any

import pytest

from cropdetect.checkpoint.validity import check_record
from cropdetect.errors import CheckpointError
from cropdetect.formats import CalibrationRecord, CheckpointRecord, MemberRecord, NoveltyRecord

MEMBERS = [MemberRecord(onnx=f"{k}.onnx", onnx_sha256="0", safetensors="-", safetensors_sha256="-") for k in range(2)]
TWO_CELLS = {"bands": ["B04"], "edges": [0, 100, 200], "centres": [[1.0, 2.0]], "covariance": [[1.0, 0.5], [0.5, 1.0]]}


@pytest.fixture
def whole(record: CheckpointRecord) -> CheckpointRecord:
    return record.model_copy(update={"members": MEMBERS})


def changed(record: CheckpointRecord, path: str, value: Any) -> CheckpointRecord:
    """The record with another value at a path such as `season.years`."""
    name, _, rest = path.partition(".")
    return record.model_copy(update={name: changed(getattr(record, name), rest, value) if rest else value})


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("members", [], "it has no members"),
        ("legend", ["maize"], "the legend must hold two or more different classes"),
        ("legend", ["maize", "maize"], "the legend must hold two or more different classes"),
        ("legend", ["maize", " "], "a class without a name"),
        ("legend", ["maize", "x" * 501], "more than 500 letters"),
        ("bands", [], "the bands must be one or more"),
        ("bands", ["B04", "B04"], "each named once"),
        ("statistics.mean", [1.0], "channels without mean or standard deviation"),
        ("season.years", [], "the season has no year"),
        ("season.first_day", 301, "a season from day 301 to day 300 is not possible"),
        ("region.north", 0.0, "the region lies beyond the degrees of the Earth, or ends before it begins"),
        ("region.east", -100.0, "the region lies beyond"),
        ("region.south", -91.0, "the region lies beyond"),
        ("region.east", 361.0, "the region lies beyond"),
    ],
)
def test_a_record_that_cannot_be_is_refused(whole: CheckpointRecord, path: str, value: Any, says: str) -> None:
    check_record(Path("checkpoint.json"), whole)
    with pytest.raises(CheckpointError, match=says) as caught:
        check_record(Path("checkpoint.json"), changed(whole, path, value))
    assert str(caught.value.where) == "checkpoint.json"


@pytest.mark.parametrize(
    ("calibration", "says"),
    [
        ({"method": "vector", "scale": [1.0], "bias": [0.0]}, "the calibration is not of the classes of the legend"),
        ({"each_scale": [1.0], "each_bias": [0.0]}, "the calibration of each training is not of the classes"),
        ({"method": "temperature", "scale": [1.0, 0.0, 1.0], "bias": [0.0] * 3}, "a temperature that is not above 0"),
        ({"method": "temperature", "scale": [1.0] * 3, "bias": [0.0, 0.1, 0.0]}, "is a temperature, and has biases"),
        ({"method": "temperature", "scale": [1.0, 2.0, 1.0], "bias": [0.0] * 3}, "another scale for each class"),
        ({"snapshots": 3}, "its members are no whole trainings of so many snapshots"),
    ],
)
def test_a_calibration_that_does_not_fit_is_refused(whole: CheckpointRecord, calibration: dict[str, Any], says: str) -> None:
    with pytest.raises(CheckpointError, match=says):
        check_record(Path("checkpoint.json"), changed(whole, "calibration", CalibrationRecord(**calibration)))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({}, None),
        ({"edges": [0, 200, 100]}, "portions of the season for unlike_training are in no order"),
        ({"bands": []}, "in no order"),
        ({"centres": [[1.0]]}, "another size than bands and portions"),
        ({"covariance": [[1.0, 0.5]]}, "another size"),
        ({"centres": [[1.0, 2.0]] * 4}, "another size"),
        ({"covariance": [[1.0, 2.0], [2.0, 1.0]]}, "the covariance for unlike_training is no covariance matrix"),
        ({"covariance": [[1.0, 0.5], [0.4, 1.0]]}, "the covariance"),
    ],
)
def test_what_tells_unlike_fields_has_one_size(whole: CheckpointRecord, change: dict[str, Any], says: str | None) -> None:
    told = NoveltyRecord(**TWO_CELLS, threshold=1.0, false_alarm_rate=0.05, origin="made up").model_copy(update=change)
    record = changed(whole, "familiarity", told)
    if says is None:
        check_record(Path("checkpoint.json"), record)
        return
    with pytest.raises(CheckpointError, match=says):
        check_record(Path("checkpoint.json"), record)
