"""Bad input ends with a named error and exit code 2, or is read as it should; never with a traceback or a half-written output."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile import checkpoints, contradictions, damaged, machine, outside, places, sizes, text, values
from tests.hostile.base import Base, make_base
from tests.hostile.cases import Case
from tests.hostile.command import Command, Ended

KINDS = (
    *(outside.CASES, checkpoints.CASES, sizes.CASES, text.CASES, machine.CASES, places.CASES, values.CASES, damaged.CASES),
    contradictions.CASES,
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_EVENT = re.compile(r"^(socket|urllib|subprocess|os|pty|pickle)\.\w+ \(", re.MULTILINE)  # what the server's audit tells


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    return make_base(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="session")
def command(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    with Command(tmp_path_factory.mktemp("command")) as running:
        yield running


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{kind.kind}: {case.name}") for kind in KINDS for case in kind])
def test_it_ends_as_it_should(case: Case, base: Base, command: Command, tmp_path: Path) -> None:
    arguments = case.make(base, tmp_path)
    ended = command.run(*arguments, seconds=case.seconds, environment=case.environment, limits=case.limits)
    assert ended.code is not None, f"still running after {case.seconds} CPU s"
    assert "Traceback" not in ended.err, ended.err
    assert (ended.error, ended.code) == (case.error, 2 if case.error else 0), ended.err
    assert re.search(case.says, ended.err + ended.out), ended.err
    assert ended.megabytes <= case.megabytes
    assert not _EVENT.search(ended.err), ended.err
    assert not _CONTROL.search(ended.err + ended.out)
    check_output(tmp_path / "out", ended)


def check_output(out: Path, ended: Ended) -> None:
    """Check that an output is whole or not there."""
    if ended.code:
        assert not (out / "run.json").exists()
        assert not out.exists() or not list(out.iterdir())
