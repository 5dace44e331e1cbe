"""A training on a real Dask cluster of worker processes: the bytes of one process."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cropdetect import api
from cropdetect.errors import ClusterError, OptionError
from cropdetect.training import on_cluster
from tests.inference.test_cluster import Machines, needs_dask
from tests.training.test_side_by_side import files, wait_for

SETTINGS = {"members": 4, "epochs": 12, "block_size": 500.0, "seed": 3}
NAMES = ("one", "two", "three")
HALTS = """
import threading

def dask_setup(worker):
    log_event, told = type(worker).log_event, []

    def log_and_halt(topic, message):
        log_event(worker, topic, message)
        if topic.startswith("cropdetect-"):
            told.append(message)
            if len(told) == 3:
                print("told three epochs", flush=True)
                threading.Event().wait()

    worker.log_event = log_and_halt
"""


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    started = Machines(tmp_path)
    yield started
    started.stop()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store")
    api.simulate(folder / "season", tiles=1, height=256, width=256, fields=60, seed=5)
    api.chips(folder / "season", folder / "chips.zarr")
    return folder / "chips.zarr"


@pytest.fixture(scope="module")
def alone(store: Path) -> dict[str, str]:
    """The files of one process."""
    out = store.parent / "alone"
    api.train(store, out, workers=1, **SETTINGS)
    return files(out)


def test_a_baseline_takes_no_cluster(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="this process alone"):
        api.crossval(tmp_path / "in", tmp_path / "out", folds="random", model="random-forest", scheduler="tcp://127.0.0.1:9")


@needs_dask
@pytest.mark.slow
def test_three_workers_of_which_one_dies_and_one_is_slow_train_the_bytes_of_one_process(
    machines: Machines, store: Path, alone: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "halts.py").write_text(HALTS, "utf-8")
    workers = [machines.worker(name, *(("--preload", str(tmp_path / "halts.py")) if name == "one" else ())) for name in NAMES]
    for name in NAMES:
        machines.said(name, "Registered to")
    machines.slow_down("two")
    out = tmp_path / "out"
    options = [f"--{name.replace('_', '-')}={value}" for name, value in SETTINGS.items()]
    command = [sys.executable, "-m", "cropdetect", "train", str(store), str(out), "--scheduler", machines.address, *options]
    client = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    machines.said("one", "told three epochs")  # in the midst of a member, where it waits for its end
    table = out / ".partial" / "state" / "training.csv"
    wait_for(lambda: table.is_file() and len(table.read_text().splitlines()) > 2)
    workers[0].send_signal(signal.SIGKILL)
    _, said = client.communicate(timeout=600)
    assert client.returncode == 0, said
    assert files(out) == alone


@needs_dask
@pytest.mark.slow
def test_a_scheduler_that_goes_away_is_a_sentence_and_the_members_that_are_finished_are_kept(
    machines: Machines, store: Path, alone: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machines.worker("one")
    machines.said("one", "Registered to")
    keep = on_cluster.KeptMember.keep

    def keep_and_stop(self: on_cluster.KeptMember, *arguments: object) -> None:
        keep(self, *arguments)  # type: ignore[arg-type]
        machines.scheduler.kill()
        machines.scheduler.wait()

    out = tmp_path / "out"
    with monkeypatch.context() as patch, pytest.raises(ClusterError, match="the same command again"):
        patch.setattr(on_cluster.KeptMember, "keep", keep_and_stop)
        api.train(store, out, scheduler=machines.address, **SETTINGS)
    kept = out / ".partial" / "state" / "000.pt"
    assert kept.is_file()
    api.train(store, out, workers=1, **SETTINGS)  # here, without a cluster
    assert files(out) == alone
