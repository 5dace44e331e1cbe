"""A command whose work a Dask cluster does is stopped: it says so, and the cluster does the same work for the next command."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cropdetect import api
from tests.hostile.verbs import contents
from tests.inference.test_cluster import Machines, needs_dask

pytestmark = [pytest.mark.slow, needs_dask]
TRAINING = ["--model", "tempcnn", "--epochs", "4", "--members", "2", "--block-size", "500"]


@pytest.fixture(scope="module")
def season(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cluster") / "season"
    return api.simulate(out, tiles=1, height=256, width=256, fields=60, seed=5)


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    started = Machines(tmp_path_factory.mktemp("machines"))
    started.worker("one")
    started.said("one", "Registered to")
    yield started
    started.stop()


@pytest.fixture
def worker(machines: Machines) -> Iterator["subprocess.Popen[str]"]:
    """The worker of the cluster, which goes on after the test."""
    yield machines["one"]
    machines["one"].send_signal(signal.SIGCONT)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("verb", ["predict", "train"])
def test_a_client_that_is_stopped_leaves_the_cluster_to_the_next(
    verb: str,
    number: signal.Signals,
    season: Path,
    machines: Machines,
    worker: "subprocess.Popen[str]",
    tmp_path: Path,
) -> None:
    out = tmp_path / "place" / "out"
    more = ["--checkpoint", "kenya-simulated"] if verb == "predict" else TRAINING
    command = [sys.executable, "-m", "cropdetect", verb, str(season), str(out), *more, "--scheduler", machines.address]

    def start() -> "subprocess.Popen[str]":
        return subprocess.Popen(
            command,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )

    worker.send_signal(signal.SIGSTOP)  # so that the work is not done before the signal comes
    client = start()
    machines.wait_for_work("one")
    client.send_signal(number)
    _, said = client.communicate(timeout=300)
    worker.send_signal(signal.SIGCONT)
    assert client.returncode == (-9 if number == signal.SIGKILL else 128 + number), said
    assert "Traceback" not in said, said
    assert number == signal.SIGKILL or "Stopped." in said
    again = start()
    _, said = again.communicate(timeout=600)
    assert again.returncode == 0, said
    assert [entry.name for entry in out.parent.iterdir()] == ["out"]
    assert contents(out)
    assert not list(out.rglob(".partial"))
