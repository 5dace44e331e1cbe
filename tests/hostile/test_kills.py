"""A command that is killed at any moment goes on, or begins again, when it is given again, and ends with the same bytes."""

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile.base import Base, make_base, squares
from tests.hostile.command import Command
from tests.runs.conftest import write_table

KILLS = 20
TINY = ("--model", "tempcnn", "--epochs", "3", "--members", "2", "--seed", "1")
_TIMES = re.compile(rb"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    return make_base(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    imported = ("cropdetect.training.train", "cropdetect.training.crossval", "cropdetect.figures", "matplotlib.figure")
    with Command(tmp_path_factory.mktemp("command"), imported) as running:
        yield running


def contents(folder: Path) -> dict[str, bytes]:
    """Return all files of an output but the record of the run, without the time when a checkpoint was made."""
    files = (file for file in sorted(folder.rglob("*")) if file.is_file() and file.name != "run.json")
    return {file.relative_to(folder).as_posix(): _TIMES.sub(b"TIME", file.read_bytes()) for file in files}


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["predict", "chips", "evaluate", "simulate", "train", "crossval"])
def test_a_killed_command_ends_with_the_same_bytes(verb: str, base: Base, command: Command, tmp_path: Path) -> None:
    write_table(tmp_path / "table")
    squares(4).to_file(tmp_path / "reference.gpkg")
    given = {
        "predict": ["predict", base.season, "OUT", "--checkpoint", base.checkpoint],
        "chips": ["chips", base.season, "OUT"],
        "evaluate": ["evaluate", tmp_path / "answers", "OUT", "--reference", tmp_path / "reference.gpkg"],
        "train": ["train", tmp_path / "table", "OUT", *TINY],
        "crossval": ["crossval", tmp_path / "table", "OUT", "--folds", "random", "--n-folds", "2", *TINY],
        "simulate": ["simulate", "OUT", "--tiles", "1", "--height", "64", "--width", "64", "--fields", "4"],
    }
    command.run(*(tmp_path / "answers" if one == "OUT" else one for one in given["predict"]))

    def run(out: Path, seconds: float) -> int | None:
        return command.run(*(out if one == "OUT" else one for one in given[verb]), seconds=seconds).code

    whole = tmp_path / "whole" / "out"  # pages name the folder
    first = command.run(*(whole if one == "OUT" else one for one in given[verb]), seconds=120)
    assert first.code == 0, first.err
    draw = random.Random(verb)
    for number in range(KILLS):
        out = tmp_path / f"killed-{number}" / "out"
        for _ in range(draw.choice((1, 1, 2))):
            run(out, draw.uniform(0, 1.1 * first.seconds))
        assert not (out / "run.json").exists() or contents(out) == contents(whole) or (out / ".partial").exists()
        ended = command.run(*(out if one == "OUT" else one for one in given[verb]), seconds=120)
        assert ended.code == 0, ended.err
        assert contents(out) == contents(whole)
        assert [entry.name for entry in out.parent.iterdir()] == ["out"]
