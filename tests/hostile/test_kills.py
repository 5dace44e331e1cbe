"""A command that is killed at any moment goes on, or begins again, when it is given again, and ends with the same bytes."""

import random
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hostile.command import Command
from tests.hostile.verbs import WRITING, Given, Whole, contents, write_again

LONG = ("map", "crossval", "train", "predict", "evaluate", "compare", "chips", "simulate")
KILLS = dict.fromkeys(WRITING, 5) | dict.fromkeys(LONG, 20) | {"demo": 2}


@pytest.mark.slow
@pytest.mark.parametrize("verb", WRITING)
def test_a_killed_command_ends_with_the_same_bytes(
    verb: str, verbs: Command, given: Given, whole: Callable[[str], Whole]
) -> None:
    expected = whole(verb)
    out, draw = expected.out, random.Random(verb)
    for _ in range(KILLS[verb]):
        expected.clear()
        for _ in range(draw.choice((1, 1, 2))):
            when = draw.uniform(0, 1.1 * expected.seconds)
            killed = verbs.run(*given.call(verb, out), signals=[(when, signal.SIGKILL)], to_group=draw.random() < 0.5)
            assert not killed.left
            assert "Traceback" not in killed.err, killed.err
        assert not (out / "run.json").exists() or contents(out) == expected.contents or (out / ".partial").exists()
        write_again(verb, expected, verbs, given)


@pytest.mark.slow
def test_a_report_that_is_killed_in_its_own_folder_leaves_a_page_that_the_next_one_replaces(
    verbs: Command, given: Given, tmp_path: Path
) -> None:
    answers = Path(shutil.copytree(given.path("answers"), tmp_path / "answers"))
    first = verbs.run("report", answers)
    before = contents(answers)
    for number in range(10):
        verbs.run("report", answers, signals=[((0.5 + number / 20) * first.seconds, signal.SIGKILL)])
        again = verbs.run("report", answers)
        assert again.code == 0, again.err
        assert contents(answers) == before
