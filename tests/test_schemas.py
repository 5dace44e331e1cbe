"""The page of file formats has schemas that accept what the code writes."""

import json
import re
from pathlib import Path

import jsonschema
import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "schemas.md"


def test_every_link_leads_to_a_section() -> None:
    text = PAGE.read_text("utf-8")
    sections = {name.lower() for name in re.findall(r"^## (\w+)$", text, re.MULTILINE)}
    assert set(re.findall(r"\]\(#(\w+)\)", text)) == sections


def test_the_printed_schemas_are_schemas_and_take_the_shipped_checkpoint() -> None:
    text = PAGE.read_text("utf-8")
    schemas = {s["title"]: s for s in map(json.loads, re.findall(r"```json\n(.*?)\n```", text, re.DOTALL))}
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    record = json.loads((ROOT / "src/cropdetect/checkpoint/shipped/kenya-simulated/checkpoint.json").read_text("utf-8"))
    whole = schemas["CheckpointRecord"] | {"$defs": schemas}
    jsonschema.validate(record, whole)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(record | {"unknown": 1}, whole)
