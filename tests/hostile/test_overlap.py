"""Several runs into one folder at once: one writes, the others end by name, and the output is whole."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.hostile.base import Base, make_base
from tests.runs.conftest import contents


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    return make_base(tmp_path_factory.mktemp("base"))


def heeds_interrupts() -> None:
    """Let a new process heed SIGINT, also where these tests run in the background of a shell."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


Start = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture
def start(base: Base, tmp_path: Path) -> Iterator[Start]:
    """Start the same prediction into the same folder, again and again."""
    arguments = ["predict", base.season, tmp_path / "out", "--checkpoint", base.checkpoint]
    running = []

    def begin() -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "cropdetect", *map(str, arguments)]
        pipe = subprocess.PIPE
        running.append(subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, preexec_fn=heeds_interrupts))
        return running[-1]

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def hold(process: "subprocess.Popen[str]", out: Path) -> None:
    """Stop a run for a while as soon as it writes."""
    deadline = time.monotonic() + 120
    while not (out / ".partial" / "state.json").is_file():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.001)
    os.kill(process.pid, signal.SIGSTOP)


@pytest.mark.slow
def test_of_three_runs_into_one_folder_one_writes_and_the_others_say_who_does(start: Start, tmp_path: Path) -> None:
    first, out = start(), tmp_path / "out"
    hold(first, out)
    for other in (start(), start()):
        _, said = other.communicate(timeout=120)
        assert (other.returncode, said.partition(":")[0]) == (2, "OutputExistsError"), said
        assert f"process {first.pid}" in said
        assert "Traceback" not in said
    os.kill(first.pid, signal.SIGCONT)
    _, said = first.communicate(timeout=120)
    assert first.returncode == 0, said
    assert not (out / ".partial").exists()
    before = contents(out)
    last = start()
    _, said = last.communicate(timeout=120)
    assert "nothing to do" in said
    assert contents(out) == before


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_stopped_says_so_and_leaves_the_folder_to_the_next(start: Start, tmp_path: Path, number: int) -> None:
    first, out = start(), tmp_path / "out"
    hold(first, out)
    os.kill(first.pid, number)
    os.kill(first.pid, signal.SIGCONT)
    _, said = first.communicate(timeout=120)
    assert first.returncode == 128 + number, said
    assert "Stopped." in said
    assert "Traceback" not in said
    again = start()
    _, said = again.communicate(timeout=120)
    assert again.returncode == 0, said
