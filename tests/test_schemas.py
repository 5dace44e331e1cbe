"""The page of file formats is what the code says, and its schemas accept what the code writes."""

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import jsonschema
import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "schemas.md"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("write_schemas", ROOT / "scripts" / "write_schemas.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_up_to_date(script: ModuleType) -> None:
    assert PAGE.read_text("utf-8") == script.page(), "Run `make docs`."


def test_every_link_leads_to_a_section() -> None:
    text = PAGE.read_text("utf-8")
    sections = {name.lower() for name in re.findall(r"^## (\w+)$", text, re.MULTILINE)}
    assert set(re.findall(r"\]\(#(\w+)\)", text)) == sections


def test_the_printed_schemas_are_schemas_and_take_the_shipped_checkpoint() -> None:
    text = PAGE.read_text("utf-8")
    schemas = {s["title"]: s for s in map(json.loads, re.findall(r"```json\n(.*?)\n```", text, re.DOTALL))}
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    record = json.loads((ROOT / "src/cropdetect/demo_checkpoint/checkpoint.json").read_text("utf-8"))
    whole = schemas["CheckpointRecord"] | {"$defs": schemas}
    jsonschema.validate(record, whole)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(record | {"unknown": 1}, whole)
