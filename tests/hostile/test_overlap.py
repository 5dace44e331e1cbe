"""Several runs into one place at once: one writes, the others end by name or find it finished, and the output is whole."""

import signal
from pathlib import Path

import pytest

from tests.hostile.command import Command
from tests.hostile.verbs import WRITING, Given, contents

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("verb", WRITING)
def test_of_three_runs_into_one_place_one_writes_and_the_others_say_so(
    verb: str, verbs: Command, given: Given, tmp_path: Path
) -> None:
    out = tmp_path / "place" / "out"
    ended = verbs.run_at_once(3, *given.call(verb, out))
    for one in ended:
        assert "Traceback" not in one.err, one.err
        assert (one.code, one.error) in ((0, None), (2, "OutputExistsError")), one.err
        assert not one.left
    assert 0 in [one.code for one in ended]
    assert [entry.name for entry in out.parent.iterdir()] == ["out"]
    assert verb == "report" or not list(out.rglob(".partial"))
    at_once = contents(out)
    if verb == "report":
        out.unlink()
    again = verbs.run(*given.call(verb, out))
    assert again.code == 0, again.err
    assert verb == "report" or "nothing to do" in again.err
    assert contents(out) == at_once


def test_a_run_that_is_halted_is_named_by_the_others_and_then_goes_on(verbs: Command, given: Given, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = verbs.run(*given.call("predict", out))
    whole = contents(out)
    for share in (0.4, 0.6, 0.8):
        signals = [(share * first.seconds, signal.SIGSTOP), (share * first.seconds + 0.5, signal.SIGCONT)]
        other = tmp_path / str(share)
        for one in verbs.run_at_once(2, *given.call("predict", other), signals=signals):
            assert (one.code, one.error) in ((0, None), (2, "OutputExistsError")), one.err
            assert one.code == 0 or "process " in one.err
        assert contents(other) == whole
