"""Write docs/schemas.md, every file format of `cropdetect.formats` as a table, and docs/schemas/*.json, the same as JSON Schema.

Usage: python scripts/write_schemas.py
"""

import inspect
import json
from pathlib import Path
from typing import Any

from cropdetect import formats

PAGE = Path(__file__).parents[1] / "docs" / "schemas.md"
SCHEMAS = PAGE.with_suffix("")

_HEAD = """# File formats

Every JSON or YAML file that cropdetect writes or reads as configuration is one of these. Unknown keys are refused (in `RunRecord`
they are what single commands add). A program can check a file with the JSON Schema of its format. This page and the schemas are
made from `cropdetect.formats` by `make docs`.
"""


def pages() -> dict[Path, str]:
    """Return the page and the schemas by their paths."""
    records = [record for record in vars(formats).values() if _is_format(record)]
    inner = {name for record in records for name in record.model_json_schema().get("$defs", {})}
    parts = [one for one in records if one.__name__ in inner and not _summary(one).startswith("`")]  # shown once, after the files
    files = [record for record in records if record not in parts]
    page = [_HEAD, *map(_entry, files), "\nParts of these files:\n", *map(_entry, parts)]
    for record in files:
        page += [_section(record), f"\n[JSON Schema](schemas/{record.__name__}.json)"]
    page += map(_section, parts)
    schemas = {SCHEMAS / f"{one.__name__}.json": json.dumps(one.model_json_schema(), indent=1) + "\n" for one in files}
    return {PAGE: "\n".join(page) + "\n", **schemas}


def _entry(record: type[formats.Record]) -> str:
    return f"* [{record.__name__}](#{record.__name__.lower()}): {_summary(record)[:1].lower()}{_summary(record)[1:]}"


def _summary(record: type[formats.Record]) -> str:
    return inspect.cleandoc(record.__doc__ or "").partition("\n")[0]


def _is_format(value: object) -> bool:
    return inspect.isclass(value) and issubclass(value, formats.Record) and value is not formats.Record


def _section(record: type[formats.Record]) -> str:
    schema = record.model_json_schema()
    required = set(schema.get("required", ()))
    rows = [
        f"| `{name}` | {_type(field)} | {'required' if name in required else _default(field)} | {_text(field)} |"
        for name, field in schema.get("properties", {}).items()
    ]
    lines = [f"\n## {record.__name__}\n", inspect.cleandoc(record.__doc__ or "")]
    if rows:
        lines += ["", "| key | type | default | meaning |", "|---|---|---|---|", *rows]
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
    SCHEMAS.mkdir(exist_ok=True)
    for path, text in pages().items():
        path.write_text(text, "utf-8")
