"""The page of file formats leads to schemas that accept what the code writes."""

import json
import re
from pathlib import Path

import jsonschema
import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "schemas.md"
SCHEMAS = sorted((ROOT / "docs" / "schemas").glob("*.json"))


def test_every_link_leads_to_a_section() -> None:
    text = PAGE.read_text("utf-8")
    sections = {name.lower() for name in re.findall(r"^## (\w+)$", text, re.MULTILINE)}
    assert set(re.findall(r"\]\(#(\w+)\)", text)) == sections


def test_the_page_is_tables_and_links_to_every_schema() -> None:
    text = PAGE.read_text("utf-8")
    assert "```json" not in text
    assert set(re.findall(r"\(schemas/(\w+)\.json\)", text)) == {file.stem for file in SCHEMAS}
    assert {"CheckpointRecord", "MetricsRecord", "PredictionRun", "TrainOptions"} <= {file.stem for file in SCHEMAS}


@pytest.mark.parametrize("file", SCHEMAS, ids=lambda file: file.stem)
def test_a_schema_is_one_and_names_no_other_file(file: Path) -> None:
    schema = json.loads(file.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    references = re.findall(r'"\$ref": "([^"]+)"', file.read_text("utf-8"))
    assert {name.removeprefix("#/$defs/") for name in references} <= set(schema.get("$defs", {}))
    assert (schema.get("additionalProperties") is False) == (file.stem != "RunRecord")  # which verbs add their own keys to


def test_the_schema_takes_the_shipped_checkpoint_and_refuses_unknown_keys() -> None:
    schema = json.loads((ROOT / "docs" / "schemas" / "CheckpointRecord.json").read_text("utf-8"))
    record = json.loads((ROOT / "src/cropdetect/checkpoint/shipped/kenya-simulated/checkpoint.json").read_text("utf-8"))
    jsonschema.validate(record, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(record | {"unknown": 1}, schema)
