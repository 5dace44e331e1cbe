"""Outputs of a prediction, damaged before they are read again."""

import json
import shutil
from pathlib import Path

import geopandas as gpd

from cropdetect import api
from tests.hostile.base import Base, squares
from tests.hostile.cases import Cases

CASES = Cases("damaged output")

FILES = ("fields.parquet", "series.parquet", "run.json", "preview.tif")
_made: dict[Path, Path] = {}


def predicted(base: Base, tmp: Path) -> Path:
    """Return a copy of a prediction, made once."""
    if base.season not in _made:
        squares().to_file(base.season.parent / "reference.gpkg", engine="pyogrio")
        _made[base.season] = base.season.parent / "predicted"
        api.predict(base.season, _made[base.season], checkpoint=base.checkpoint)
    return Path(shutil.copytree(_made[base.season], tmp / "answers"))


def _command(verb: str, base: Base, answers: Path) -> list[object]:
    if verb == "evaluate":
        return ["evaluate", answers, answers.parent / "out", "--reference", base.season.parent / "reference.gpkg"]
    return [verb, answers]


def flipped(content: bytes) -> bytes:
    """Change every 50th byte of the second half."""
    half = len(content) // 2
    return content[:half] + bytes(byte ^ 0xFF if k % 50 == 0 else byte for k, byte in enumerate(content[half:]))


DAMAGES = {
    "that is empty": lambda content: b"", "cut to half": lambda content: content[: len(content) // 2],
    "with flipped bytes": flipped,
}  # fmt: skip


def _damaged(verb: str, name: str, damage: str):
    def make(base: Base, tmp: Path):
        answers = predicted(base, tmp)
        files = sorted(answers.glob(name.replace(".", "*.")))
        for file in files:
            file.write_bytes(DAMAGES[damage](file.read_bytes()))
        assert files
        return _command(verb, base, answers)

    return make


def _gone(verb: str, name: str):
    def make(base: Base, tmp: Path):
        answers = predicted(base, tmp)
        for file in answers.glob(name.replace(".", "*.")):
            file.unlink()
        return _command(verb, base, answers)

    return make


def _edited(verb: str, key: str, value: object):
    def make(base: Base, tmp: Path):
        answers = predicted(base, tmp)
        run = json.loads((answers / "run.json").read_text())
        (answers / "run.json").write_text(json.dumps({**run, key: value}))
        return _command(verb, base, answers)

    return make


for verb in ("report", "evaluate"):
    for name in FILES:
        for damage in DAMAGES:
            CASES.add(f"{verb} of {name} {damage}", "UnreadableFileError", _damaged(verb, name, damage))
CASES.add("evaluate without fields.parquet", "InputNotFoundError", _gone("evaluate", "fields.parquet"))
for name in ("series.parquet", "preview.tif"):
    CASES.add(f"report without {name}", None, _gone("report", name))


def _answers(verb: str, column: str, value: object):
    def make(base: Base, tmp: Path):
        answers = predicted(base, tmp)
        table = gpd.read_parquet(answers / "fields.parquet")
        table[column] = value
        table.to_parquet(answers / "fields.parquet")
        return _command(verb, base, answers)

    return make


for verb in ("report", "evaluate"):
    for column, value in {"prob_maize": 7.0, "prob_rye": -1.0, "confidence": "x", "crop_id": "x"}.items():
        CASES.add(f"{verb} of answers whose {column} is {value}", "UnreadableFileError", _answers(verb, column, value))
    for column, value in {"crop": "<script>", "status": "<b>", "n_dates": -5}.items():
        CASES.add(f"{verb} of answers whose {column} is {value}", None, _answers(verb, column, value))


@CASES("FieldsError", says="nowhere on the Earth|no label lies in a field")
def _evaluate_of_answers_beyond_the_Earth(base: Base, tmp: Path):  # noqa: N802
    answers = predicted(base, tmp)
    table = gpd.read_parquet(answers / "fields.parquet")
    table.set_geometry(table.geometry.translate(1e12)).to_parquet(answers / "fields.parquet")
    return _command("evaluate", base, answers)


for key, value in {"legend": 7, "verb": None, "files": "x", "n_fields": 1e300, "dates": ["0000-00-00"], "bands": [None]}.items():
    CASES.add(f"report of run.json whose {key} is {value}", "UnreadableFileError", _edited("report", key, value))
