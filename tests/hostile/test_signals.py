"""A command that a signal stops at any moment says so, keeps or removes what it has begun, and leaves no process behind."""

import random
import shutil
import signal
from pathlib import Path

import pytest

from cropdetect.signals import STOPPING
from tests.hostile.command import Command, Ended
from tests.hostile.verbs import CALLS, WRITING, Given, contents

MOMENTS = 2

pytestmark = pytest.mark.slow


def check_stopped(ended: Ended, number: int) -> None:
    """Check that a command was stopped by a signal, or had ended before it came."""
    assert ended.code in (0, 128 + number), ended.err
    assert ended.code == 0 or "Stopped." in ended.err
    assert "Traceback" not in ended.err, ended.err
    assert "Exception" not in ended.err, ended.err
    assert not ended.left


@pytest.mark.parametrize("number", STOPPING)
@pytest.mark.parametrize("verb", CALLS)
def test_a_signal_stops_every_verb_at_any_moment_and_the_same_command_then_ends(
    verb: str, number: signal.Signals, verbs: Command, given: Given, tmp_path: Path
) -> None:
    out = tmp_path / "place" / "out"
    whole = verbs.run(*given.call(verb, out), seconds=120)
    assert whole.code == 0, whole.err
    expected = contents(out)
    draw = random.Random(f"{verb} {number}")
    for _ in range(1 if verb == "demo" else MOMENTS):
        shutil.rmtree(out.parent, ignore_errors=True)
        when = draw.uniform(0, whole.seconds)
        twice = [(when, number), (when + 0.01, number)]  # as `timeout` does
        stopped = verbs.run(*given.call(verb, out), seconds=120, signals=twice, to_group=draw.random() < 0.5)
        check_stopped(stopped, number)
        if verb in WRITING and not (verb == "report" and out.exists()):
            again = verbs.run(*given.call(verb, out), seconds=120)
            assert again.code == 0, again.err
            assert ("To continue, run again" in stopped.err) == ("Continuing from" in again.err)
        assert contents(out) == expected
        assert verb not in WRITING or [entry.name for entry in out.parent.iterdir()] == ["out"]


@pytest.mark.parametrize("number", [*STOPPING, signal.SIGKILL])
@pytest.mark.parametrize("verb", ["train", "crossval", "predict", "simulate"])
def test_processes_that_work_side_by_side_end_with_the_command_and_their_work_is_kept(
    verb: str, number: signal.Signals, verbs: Command, given: Given, tmp_path: Path
) -> None:
    out = tmp_path / "place" / "out"
    more = ["--layout", "geotiff", "--sentinel1", "6"] if verb == "simulate" else ["--workers", "2"]
    whole = verbs.run(*given.call(verb, out), *more, seconds=120)
    assert whole.code == 0, whole.err
    expected = contents(out)
    draw = random.Random(f"{verb} {number}")
    shutil.rmtree(out.parent)
    for share in (draw.uniform(0.3, 0.6), draw.uniform(0.6, 1)):
        signals = [(share * whole.seconds, number)]
        stopped = verbs.run(*given.call(verb, out), *more, seconds=120, signals=signals, to_group=draw.random() < 0.5)
        assert not stopped.left
        assert "Traceback" not in stopped.err, stopped.err
        assert number == signal.SIGKILL or stopped.code in (0, 128 + number), stopped.err
    again = verbs.run(*given.call(verb, out), *more, seconds=120)
    assert again.code == 0, again.err
    assert contents(out) == expected
