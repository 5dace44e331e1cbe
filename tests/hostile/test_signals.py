"""A command that a signal stops at any moment says so, keeps or removes what it has begun, and leaves no process behind."""

import random
import signal
from collections.abc import Callable

import pytest

from cropdetect.signals import STOPPING
from tests.hostile.command import Command, Ended
from tests.hostile.verbs import CALLS, WRITING, Given, Whole, write_again

MOMENTS = 2
LONG = ("map", "crossval", "train", "demo")  # one moment

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
    verb: str, number: signal.Signals, verbs: Command, given: Given, whole: Callable[[str], Whole]
) -> None:
    expected = whole(verb)
    draw = random.Random(f"{verb} {number}")
    for _ in range(1 if verb in LONG else MOMENTS):
        expected.clear()
        when = draw.uniform(0, expected.seconds)
        twice = [(when, number), (when + 0.01, number)]  # as `timeout` does
        stopped = verbs.run(*given.call(verb, expected.out), signals=twice, to_group=draw.random() < 0.5)
        check_stopped(stopped, number)
        if verb in WRITING:
            again = write_again(verb, expected, verbs, given)
            if again is not None:
                said, continued = "To continue, run again" in stopped.err, "Continuing from" in again.err
                kept = verb == "demo" and "is finished already" in again.err  # one of its steps
                assert said == continued or (said and kept)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("verb", ["train", "crossval", "predict", "simulate"])
def test_processes_that_work_side_by_side_end_with_the_command_and_their_work_is_kept(
    verb: str, number: signal.Signals, verbs: Command, given: Given, whole: Callable[[str], Whole]
) -> None:
    expected = whole(verb)
    call = [*given.call(verb, expected.out), *(() if verb == "simulate" else ("--workers", "2"))]
    draw = random.Random(f"{verb} {number}")
    for share in (draw.uniform(0.3, 0.6), draw.uniform(0.6, 1)):
        signals = [(share * expected.seconds, number)]
        stopped = verbs.run(*call, signals=signals, to_group=draw.random() < 0.5)
        assert not stopped.left
        assert "Traceback" not in stopped.err, stopped.err
        assert number == signal.SIGKILL or stopped.code in (0, 128 + number), stopped.err
    again = verbs.run(*call)
    assert again.code == 0, again.err
    expected.check()
