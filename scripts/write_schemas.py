"""Write docs/schemas.md: every file format of `cropdetect.formats` as a table and as JSON Schema.

Usage: python scripts/write_schemas.py
"""

import inspect
import json
from pathlib import Path
from typing import Any

from cropdetect import formats

PAGE = Path(__file__).parents[1] / "docs" / "schemas.md"

_HEAD = """# File formats

Every file that cropdetect writes or takes as configuration is one of these. All refuse unknown keys. This page is made from
`cropdetect.formats` by `make docs`; `Record.model_json_schema()` gives the same schemas to a program.
"""


def pages() -> dict[Path, str]:
    """Return the page by its path."""
    records = [record for record in vars(formats).values() if _is_format(record)]
    inner = {name for record in records for name in record.model_json_schema().get("$defs", {})}
    first = [record for record in records if record.__name__ not in inner]  # a part of others is shown once, after them
    parts = [record for record in records if record.__name__ in inner]
    contents = "\n".join(f"* [{record.__name__}](#{record.__name__.lower()})" for record in (*first, *parts))
    return {PAGE: "\n".join([_HEAD, contents, *(_section(record) for record in (*first, *parts))])}


def _is_format(value: object) -> bool:
    return inspect.isclass(value) and issubclass(value, formats.Record) and value is not formats.Record


def _section(record: type[formats.Record]) -> str:
    schema = record.model_json_schema()
    required = set(schema.get("required", ()))
    rows = [
        f"| `{name}` | {_type(field)} | {'required' if name in required else _default(field)} | {_text(field)} |"
        for name, field in schema.get("properties", {}).items()
    ]
    schema.pop("$defs", None)
    lines = [f"\n## {record.__name__}\n", inspect.cleandoc(record.__doc__ or ""), ""]
    if rows:
        lines += ["| key | type | default | meaning |", "|---|---|---|---|", *rows, ""]
    lines += ["<details><summary>JSON Schema</summary>\n", "```json", json.dumps(schema, indent=1), "```", "\n</details>"]
    return "\n".join(lines)


def _type(field: dict[str, Any]) -> str:
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in field:
        return " or ".join(_type(option) for option in field["anyOf"])
    if "const" in field:
        return f"`{json.dumps(field['const'])}`"
    if "enum" in field:
        return ", ".join(f"`{json.dumps(value)}`" for value in field["enum"])
    if "prefixItems" in field:
        return f"[{', '.join(_type(item) for item in field['prefixItems'])}]"
    if field.get("type") == "array":
        return f"list of {_type(field.get('items', {}))}"
    if isinstance(field.get("additionalProperties"), dict):
        return f"map of {_type(field['additionalProperties'])}"
    return str(field.get("format") or field.get("type") or "anything")


def _default(field: dict[str, Any]) -> str:
    return f"`{json.dumps(field['default'])}`" if "default" in field else "empty"


def _text(field: dict[str, Any]) -> str:
    limits = (("minimum", "at least"), ("exclusiveMinimum", "above"), ("maximum", "at most"), ("exclusiveMaximum", "below"))
    bounds = ", ".join(f"{word} {field[key]}" for key, word in limits if key in field)
    text = " ".join(str(field.get("description", "")).split()).replace("|", "\\|")
    return f"{text} ({bounds})" if text and bounds else text or bounds


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, "utf-8")
