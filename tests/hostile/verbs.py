"""A small working call of every verb of the command line, and what these calls read."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

import pandas as pd
import torch

from cropdetect.formats import Statistics
from cropdetect.models import create
from tests.hostile.base import Base, make_base, squares
from tests.hostile.command import Command, Ended
from tests.runs.conftest import write_table

IMPORTED = ("cropdetect.training.train", "cropdetect.training.crossval", "cropdetect.figures", "matplotlib.figure")
"""What the verbs import late."""

_SMALL = "--config {config} --seed 1"
CALLS = {
    "map": "{table} {out} " + _SMALL,
    "crossval": "{table} {out} --folds random --n-folds 2 " + _SMALL,
    "train": "{table} {out} " + _SMALL,
    "predict": "{season} {out} --checkpoint {checkpoint}",
    "evaluate": "{answers} {out} --reference {reference}",
    "report": "{answers} {out}",
    "compare": "{scores} {others} {out}",
    "info": "{season}",
    "chips": "{season} {out}",
    "recipe": "openeo {out} --fields {fields} --from 2024-03-01 --to 2024-10-31",
    "demo": "{out}",
    "simulate": "{out} --tiles 1 --height 64 --width 64 --fields 4",
    "doctor": "",
    "import-cv4a": "{weights} {out} --stats {statistics}",
}
"""Verb -> its arguments; what stands in braces is the output or a path of `Given`."""

_TIMES = re.compile(rb"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)")
_ENDS = {"reference": ".csv", "config": ".yaml", "weights": ".pt", "statistics": ".json"}

CROPS = {"maize": "maïs", "wheat": "小麦"}  # names that neither ASCII nor Latin-1 can hold


@dataclass(frozen=True)
class Given:
    """What the calls read.

    Attributes:
        base: the inputs of the other hostile cases.
        folder: holds the others, by their names.
    """

    base: Base
    folder: Path

    def path(self, name: str) -> Path:
        """Return where an input lies."""
        if name != "table" and hasattr(self.base, name):
            found: Path = getattr(self.base, name)
            return found
        return self.folder / f"{name}{_ENDS.get(name, '')}"

    def call(self, verb: str, out: Path, **others: Path) -> list[str]:
        """Return the command line of a verb; `others` take the place of inputs."""
        paths = {"out": out} | {name: others.get(name, self.path(name)) for name in inputs(verb)}
        return [verb, *(word.format(**paths) for word in CALLS[verb].split())]


def inputs(verb: str) -> list[str]:
    """Return the names of the inputs of a call."""
    return [name for _, name, _, _ in Formatter().parse(CALLS[verb]) if name not in (None, "out")]


def contents(out: Path) -> dict[str, bytes]:
    """Return all files of an output but the record of the run, without the time when a checkpoint was made."""
    files = [out] if out.is_file() else (file for file in sorted(out.rglob("*")) if file.is_file() and file.name != "run.json")
    return {file.relative_to(out).as_posix(): _TIMES.sub(b"TIME", file.read_bytes()) for file in files}


WRITING = [verb for verb in CALLS if "{out}" in CALLS[verb]]
"""The verbs that write something."""


def make_given(root: Path, command: Command) -> Given:
    """Write all inputs below a folder."""
    given = Given(make_base(root), root / "given")
    write_table(given.path("table"))
    for name in ("series", "fields"):
        file = given.path("table") / f"{name}.csv"
        pd.read_csv(file).replace(CROPS).to_csv(file, index=False)
    given.path("config").write_text("model: tempcnn\narguments: {dense: 4}\nepochs: 3\nmembers: 2\n")
    squares(4).replace(CROPS).drop(columns="geometry").to_csv(given.path("reference"), index=False)
    network = create("conv-gru")
    torch.save(network.state_dict(), given.path("weights"))
    n = len(network.channels)
    statistics = Statistics(channels=list(network.channels), mean=[3.0] * n, std=[2.0] * n, origin="made up")
    given.path("statistics").write_text(statistics.model_dump_json())
    for verb, out in (("predict", "answers"), ("crossval", "scores"), ("crossval", "others")):
        more = ["--seed", "2"] if out == "others" else []
        ended = command.run(*given.call(verb, given.path(out)), *more)
        assert ended.code == 0, ended.err
    return given


@dataclass(frozen=True)
class Whole:
    """What a verb writes where nothing is in its way.

    Attributes:
        out: where; it is empty now. Pages and scripts name the place, so that only here the same bytes come again.
        seconds: that it took.
        contents: see `contents`.
        size: of all files, bytes.
        largest: size of the largest.
    """

    out: Path
    seconds: float
    contents: dict[str, bytes]
    size: int
    largest: int

    def clear(self) -> None:
        """Remove what is there."""
        for entry in self.out.parent.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    def check(self) -> None:
        """Check that it has been written, and nothing else."""
        assert contents(self.out) == self.contents
        assert [entry.name for entry in self.out.parent.iterdir()] == (["out"] if self.contents else [])


def make_whole(verb: str, place: Path, command: Command, given: Given) -> Whole:
    """Run a verb in an empty folder, and empty the folder again."""
    out = place / "out"
    ended = command.run(*given.call(verb, out))
    assert ended.code == 0, ended.err
    sizes = [file.stat().st_size for file in [out, *out.rglob("*")] if file.is_file()]
    found = Whole(out, ended.seconds, contents(out), sum(sizes), max(sizes, default=0))
    found.clear()
    return found


def write_again(verb: str, whole: Whole, command: Command, given: Given) -> Ended | None:
    """Run a verb after it was stopped, and check that the same bytes come; a page that is there already is refused."""
    again = None
    if verb != "report" or not whole.out.exists():
        again = command.run(*given.call(verb, whole.out))
        assert again.code == 0, again.err
    whole.check()
    return again
