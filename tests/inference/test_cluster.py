"""A prediction on a real Dask cluster of worker processes."""

import contextlib
import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from cropdetect import api
from cropdetect.api import _predict as predict_module
from cropdetect.checkpoint import shipped_path
from cropdetect.errors import ClusterError, MissingExtraError, OptionError
from cropdetect.inference import cluster

needs_dask = pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="needs the extra distributed")
FILES = ("predictions.csv", "fields.parquet", "series.parquet", "report.html", "crop_map.tif")


@pytest.mark.parametrize(
    ("first", "n", "threads", "expected"),
    [
        (0, 10, 1, [(0, 3), (3, 6), (6, 9), (9, 10)]),
        (7, 10, 2, [(7, 8), (8, 9), (9, 10)]),
        (0, 3, 100, [(0, 1), (1, 2), (2, 3)]),
        (4, 4, 3, []),
        (0, 1000, 2, [(k, min(k + 64, 1000)) for k in range(0, 1000, 64)]),
    ],
)
def test_tasks_cover_every_batch_once_and_in_order(first, n, threads, expected):
    assert list(cluster._ranges(first, n, threads)) == expected


def test_without_dask_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'cropdetect\[distributed\]'"):
        cluster.Cluster("tcp://127.0.0.1:9", lambda: None)


def test_data_in_memory_is_refused_in_words():
    table = pd.DataFrame({"field_id": ["1"], "date": ["2019-06-06"], "B04": [1.0]})
    with pytest.raises(OptionError, match="do not see data in memory"):
        api.predict(table, checkpoint=shipped_path("kenya-simulated"), scheduler="tcp://127.0.0.1:9")


@needs_dask
@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense://x", "127.0.0.1:notaport"])
def test_a_scheduler_that_does_not_answer_is_a_sentence(monkeypatch, address):
    monkeypatch.setattr("cropdetect.cluster._SECONDS", 0.5)
    with pytest.raises(ClusterError, match="no Dask scheduler answers"):
        cluster.Cluster(address, lambda: None)


@pytest.fixture(scope="module")
def season(tmp_path_factory):
    out = tmp_path_factory.mktemp("cluster") / "season"
    api.simulate(out, tiles=1, height=400, width=400, fields=160, seed=5)
    return out


@pytest.fixture(scope="module")
def alone(season, tmp_path_factory):
    """The answers of one process, file by file."""
    out = tmp_path_factory.mktemp("alone") / "out"
    api.predict(season, out, checkpoint=shipped_path("kenya-simulated"))
    return {name: (out / name).read_bytes() for name in FILES}


class Machines:
    """A scheduler and workers, each a process of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._started = folder, {}
        self.scheduler = self.start("scheduler", "--port", "0", "--no-dashboard", "--host", "127.0.0.1")
        self.address = self.said("scheduler", r"Scheduler at:\s+(tcp://\S+)")

    def start(self, kind: str, *arguments: str, name: str = "") -> subprocess.Popen:
        log = (self._folder / f"{name or kind}.log").open("w")
        command = [sys.executable, "-W", "ignore", "-m", "distributed.cli.dask_" + kind, *arguments]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment, start_new_session=True)
        self._started[name or kind] = process
        return process

    def worker(self, name: str, *more: str) -> subprocess.Popen:
        alone = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(self._folder))
        return self.start("worker", self.address, "--name", name, *alone, *more, name=name)

    def slow_down(self, name: str) -> None:
        """Let a worker that has registered, which takes long on a busy machine, get little of the processor."""
        for thread in Path(f"/proc/{self[name].pid}/task").glob("*"):
            with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
                os.setpriority(os.PRIO_PROCESS, int(thread.name), 19)

    def wait_for_work(self, name: str, seconds: float = 300) -> None:
        """Wait until the scheduler has given a worker something to do."""
        from distributed import Client

        deadline = time.monotonic() + seconds
        with Client(self.address, timeout=seconds, set_as_default=False) as client:
            address = next(at for at, one in client.scheduler_info()["workers"].items() if one["name"] == name)
            while not client.processing().get(address):
                assert time.monotonic() < deadline
                time.sleep(0.02)

    def __getitem__(self, name: str) -> subprocess.Popen:
        return self._started[name]

    def said(self, name: str, pattern: str, seconds: float = 300) -> str:
        deadline = time.monotonic() + seconds
        while not (found := re.search(pattern, (self._folder / f"{name}.log").read_text())):
            assert time.monotonic() < deadline, (self._folder / f"{name}.log").read_text()
            time.sleep(0.1)
        return found[found.re.groups and 1]

    def stop(self) -> None:
        for process in self._started.values():
            process.kill()
            process.wait()


@pytest.fixture
def machines(tmp_path):
    started = Machines(tmp_path)
    yield started
    started.stop()


@needs_dask
@pytest.mark.slow
def test_three_workers_of_which_one_dies_and_one_is_slow_give_the_bytes_of_one_process(machines, season, alone, tmp_path):
    workers = [machines.worker(name) for name in ("one", "two", "three")]
    for name in ("one", "two", "three"):
        machines.said(name, "Registered to")
    machines.slow_down("two")
    workers[0].send_signal(signal.SIGSTOP)  # what it is given is not done before it dies
    out = tmp_path / "out"
    command = [sys.executable, "-m", "cropdetect", "predict", str(season), str(out), "--scheduler", machines.address]
    client = subprocess.Popen([*command, "--checkpoint", "kenya-simulated"], stderr=subprocess.PIPE, text=True)
    machines.wait_for_work("one")
    workers[0].send_signal(signal.SIGKILL)
    _, said = client.communicate(timeout=600)
    assert client.returncode == 0, said
    assert {name: (out / name).read_bytes() for name in FILES} == alone


@needs_dask
@pytest.mark.slow
def test_a_scheduler_that_goes_away_is_a_sentence_and_the_same_command_continues(machines, season, alone, tmp_path, monkeypatch):
    from cropdetect.inference import parts

    monkeypatch.setattr(parts, "_SECONDS_A_PART", 0.0)
    machines.worker("one")
    machines.said("one", "Registered to")
    out = tmp_path / "out"
    given = {"checkpoint": shipped_path("kenya-simulated")}
    add = parts.Parts.add

    def add_and_stop(self, answers):
        add(self, answers)
        if self.done == 1:
            machines.scheduler.kill()
            machines.scheduler.wait()

    monkeypatch.setattr(parts.Parts, "add", add_and_stop)
    with pytest.raises(ClusterError, match="the same command again"):
        api.predict(season, out, scheduler=machines.address, **given)
    assert list(out.glob(".partial/state/answers-*.npz"))
    monkeypatch.setattr(parts.Parts, "add", add)
    api.predict(season, out, **given)  # here, without a cluster: the work is the same
    assert {name: (out / name).read_bytes() for name in FILES} == alone


@needs_dask
@pytest.mark.slow
def test_a_client_of_dask_is_a_scheduler_and_workers_that_see_other_data_are_refused(machines, season, alone, tmp_path):
    from distributed import Client

    machines.worker("one")
    with Client(machines.address, set_as_default=False) as client:
        client.wait_for_workers(1, timeout=300)
        api.predict(season, tmp_path / "out", checkpoint=shipped_path("kenya-simulated"), scheduler=client)
        assert {name: (tmp_path / "out" / name).read_bytes() for name in FILES} == alone
        _, opened, _ = predict_module._open(season, shipped_path("kenya-simulated"), api.DataOptions(), None)
        less = predict_module._opening(season, shipped_path("kenya-simulated"), api.DataOptions(limit=2), None)
        with cluster.Cluster.of(machines.address, less) as other, pytest.raises(ClusterError, match="other data"):
            list(other.scores(opened.chips, 0, 1, batch_size=4, device="cpu", precision="f32"))
