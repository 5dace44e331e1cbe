"""Members trained in processes side by side: the bytes of one process, and no process is left behind."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cropdetect.errors import MemoryLimitError, TrainingDataError
from cropdetect.training import processes, train
from cropdetect.training.crossval import cross_validate
from cropdetect.training.data import read_training_data
from cropdetect.training.folds import make_folds
from cropdetect.training.pool import ALONE, Workforce
from tests.training.seasons import season
from tests.training.test_train import ROOT, options

pytestmark = [pytest.mark.filterwarnings("ignore:the area is small"), pytest.mark.slow]
TWO = Workforce(workers=2)


def files(folder: Path) -> dict[str, str]:
    """Return the hash of every file that a training writes, but those that tell the time."""
    found = [*folder.glob("members/*"), folder / "training.csv"]
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in found}


def children(process: int) -> list[int]:
    """Return the processes that a process has begun."""
    found: list[int] = []
    for thread in Path(f"/proc/{process}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            found += map(int, (thread / "children").read_text().split())
    return found


def wait_for(condition: Callable[[], Any], seconds: float = 300) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def runs(process: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_two_processes_write_the_bytes_of_one_and_every_epoch_is_told_once(tmp_path: Path) -> None:
    choices = options(members=3, epochs=4, snapshots=2, patience=3)
    told: list[tuple[int, int, int]] = []

    def hear(report: Any) -> None:
        told.append((report.member, report.cycle, report.epoch))

    train(season(), tmp_path / "one", choices, workforce=ALONE)
    train(season(), tmp_path / "two", choices, workforce=TWO, on_epoch=hear, state=tmp_path / "state")
    assert files(tmp_path / "one") == files(tmp_path / "two")
    assert len(told) == len(set(told)) == len((tmp_path / "two" / "training.csv").read_text().splitlines()) - 1
    assert not list(tmp_path.glob("state/*.joblib"))


def test_the_folds_of_a_cross_validation_have_the_same_answers(tmp_path: Path) -> None:
    choices = options(members=2, epochs=3)
    data = read_training_data(season())
    folds = make_folds(data.chips.fields, data.classes, "random", n_folds=3)
    one, two = (
        cross_validate(data, folds, choices, tmp_path / str(number), workforce=Workforce(workers=number)) for number in (1, 2)
    )
    np.testing.assert_array_equal(one.probabilities, two.probabilities)


def test_an_error_of_a_process_is_raised_here(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="learning rate"):
        train(season(), tmp_path / "out", options(members=2, learning_rate=1e25), workforce=TWO)


def test_a_process_that_is_killed_is_a_sentence_and_the_training_continues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choices = options(members=2, epochs=6)
    state = tmp_path / "state"
    state.mkdir()
    begin = processes._Process.__init__

    def begin_and_kill(self: Any, data: Path) -> None:
        begin(self, data)
        self._process.kill()

    with monkeypatch.context() as patch, pytest.raises(MemoryLimitError, match="--workers 1"):
        patch.setattr(processes._Process, "__init__", begin_and_kill)
        train(season(), tmp_path / "out", choices, workforce=TWO, state=state)
    train(season(), tmp_path / "out", choices, state=state)
    train(season(), tmp_path / "whole", choices)
    assert files(tmp_path / "out") == files(tmp_path / "whole")


LONG = """
from pathlib import Path
from cropdetect.training import train
from cropdetect.training.pool import Workforce
from tests.training.seasons import season
from tests.training.test_train import options
train(season(), Path("{out}"), options(epochs=4000, members=2), state=Path("{out}.state"), workforce=Workforce(workers=2))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_is_left_behind(number: signal.Signals, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", LONG.format(out=out)],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background ignores it
    )
    try:
        wait_for(lambda: len(list((tmp_path / "out.state").glob("*-000.pt"))) == 2)  # both are in the midst of it
        begun = children(process.pid)
        assert len(begun) == 2
        process.send_signal(number)
        assert process.wait(timeout=120) != 0
        wait_for(lambda: not any(runs(child) for child in begun), seconds=60)
    finally:
        process.kill()
    assert not out.exists()


def test_a_script_without_a_main_guard_trains(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(LONG.format(out=tmp_path / "out").replace("4000", "2"), "utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    assert (
        subprocess.run([sys.executable, "-W", "ignore", str(script)], cwd=tmp_path, env=environment, check=False).returncode == 0
    )
    assert len(list((tmp_path / "out" / "members").glob("*.onnx"))) == 2
