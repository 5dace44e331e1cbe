"""The numbers of the records: each has a range, and what lies beyond it is refused by its place."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from cropdetect.formats import CheckpointRecord, MetricsRecord

ROOT = Path(__file__).parents[1]
SCHEMAS = sorted((ROOT / "docs" / "schemas").glob("*.json"))
# Sums of numbers in the data's own unit, and what is checked beside others (`cropdetect.checkpoint.validity`).
OF_ANY_SIZE = {
    "offset",
    "mean",
    "centres",
    "covariance",
    "west",
    "south",
    "east",
    "north",
    "edges",
    "value",
    "field_id",
    "season",
}
OF_ANY_SIZE |= {"difference", "difference_interval", "interval", "intervals", "metrics", "metrics_without", "metrics_alone"}
SHIPPED = ROOT / "src/cropdetect/checkpoint/shipped/kenya-simulated/checkpoint.json"


def _numbers(schema: dict[str, Any], name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if schema.get("type") in ("number", "integer"):
        yield name, schema
    for key, inner in schema.get("properties", {}).items():
        yield from _numbers(inner, key)
    for inner in schema.get("$defs", {}).values():
        yield from _numbers(inner)
    for inner in [*schema.get("anyOf", ()), *schema.get("prefixItems", ())]:
        yield from _numbers(inner, name)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from _numbers(schema[key], name)


@pytest.mark.parametrize("file", SCHEMAS, ids=lambda file: file.stem)
def test_every_number_has_a_range(file: Path) -> None:
    bounded = {"minimum", "exclusiveMinimum", "const", "enum"}
    found = {name for name, schema in _numbers(json.loads(file.read_text("utf-8"))) if not bounded & set(schema)}
    assert found <= OF_ANY_SIZE


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("calibration.pooling", -0.1), ("calibration.pooling", 11.0), ("calibration.scale", [101.0]),
        ("calibration.ece_after", 1.5), ("calibration.log_loss_before", -0.1), ("statistics.std", [0.0]), ("chips.size", 0),
        ("chips.size", 1025), ("chips.resolution", 0.0), ("model.context", -1), ("season.years", [10_000]),
        ("season.last_day", 3661), ("season.median_dates", -1), ("training.n_fields", -1),
        ("training.class_counts", {"maize": -1}), ("metrics", {"accuracy": 1.5}), ("metrics", {"log_loss": -1.0}),
        ("metrics", {"kappa": -1.5}), ("familiarity.false_alarm_rate", 2.0), ("familiarity.threshold", -1e9),
    ],
)  # fmt: skip
def test_a_number_of_a_checkpoint_beyond_its_range_is_refused_by_its_place(path: str, value: Any) -> None:
    content = json.loads(SHIPPED.read_text("utf-8"))
    CheckpointRecord.model_validate(content)
    record, (*outer, last) = content, path.split(".")
    for name in outer:
        record = record[name]
    assert last in record or path == "calibration.pooling"
    record[last] = value
    with pytest.raises(ValidationError, match=path.replace(".", r"\.")):
        CheckpointRecord.model_validate(content)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("accuracy", 1.1),
        ("n_fields", -1),
        ("log_loss", "NaN"),
        ("ece", "Infinity"),
        ("kappa", -2),
        ("intervals", {"ece": [2, 1]}),
    ],
)
def test_scores_that_cannot_be_are_refused(name: str, value: Any) -> None:
    good = {
        "n_fields": 9,
        "log_loss": 0.3,
        "accuracy": 1.0,
        "balanced_accuracy": 1.0,
        "macro_f1": 1.0,
        "ece": 0.1,
        "per_class": {},
    }
    MetricsRecord.model_validate_json(json.dumps(good))
    text = json.dumps(good | {name: value}).replace('"NaN"', "NaN").replace('"Infinity"', "Infinity")
    with pytest.raises(ValidationError, match=name):
        MetricsRecord.model_validate_json(text)
