"""Names that would command a terminal, a page or a spreadsheet."""

import json
from pathlib import Path

from tests.hostile.base import Base, squares
from tests.hostile.cases import Cases

CASES = Cases("text")

NAMES = {
    "that clears the screen": "\x1b[2J",
    "that sets the title": "\x1b]0;owned\x07",
    "with an 8-bit escape": "\x9b31m",
    "that rings": "\x07bell",
    "that goes back": "maize\b\b\b\b\brye",
    "with a carriage return": "maize\rrye",
    "that turns the direction": "\u202eezaim",
    "that is HTML": "<script>alert(1)</script>",
    "that ends a script": "</script><script>alert(1)</script>",
    "that is a template": "{{ 7 * 7 }}",
    "that is a formula": "=cmd|' /C calc'!A0",
    "that is markup of rich": "[bold red]x[/bold red]",
    "that is SQL": "x'); drop table fields; --",
    "that leads upwards": "../../../etc/passwd",
    "of 300 letters": "x" * 300,
    "with a null byte": "a\0b",
}  # fmt: skip


def _ids(name: str):
    def make(base: Base, tmp: Path):
        fields = squares()
        fields["field_id"] = [name.replace("\0", ""), "b", "c", "d"]
        fields.to_file(tmp / "fields.geojson", driver="GeoJSON")
        return ["predict", base.cube, tmp / "out", "--checkpoint", base.checkpoint, "--fields", tmp / "fields.geojson"]

    return make


def _labels(name: str):
    def make(base: Base, tmp: Path):
        fields = squares()
        fields["crop"] = [name.replace("\0", ""), "b", "c", "d"]
        fields.to_file(tmp / "fields.geojson", driver="GeoJSON")
        return ["info", base.cube, "--fields", tmp / "fields.geojson", "--labels", "crop"]

    return make


def _classes(name: str):
    def make(base: Base, tmp: Path):
        folder = base.copy("checkpoint", tmp)
        record = json.loads((folder / "checkpoint.json").read_text())
        record["legend"] = [name, "other"]
        (folder / "checkpoint.json").write_text(json.dumps(record))
        return ["predict", base.season, tmp / "out", "--checkpoint", folder]

    return make


def _missing(name: str):
    def make(base: Base, tmp: Path):
        return ["info", tmp / name.replace("\0", "").replace("/", "_")]

    return make


for kind, name in NAMES.items():
    CASES.add(f"an id {kind}", None, _ids(name))
    CASES.add(f"a label {kind}", None, _labels(name))
    CASES.add(f"a class {kind}", None, _classes(name))
    CASES.add(f"a path {kind}", "InputNotFoundError", _missing(name))
