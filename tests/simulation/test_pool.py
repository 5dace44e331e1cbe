"""Processes that work side by side: what they make, and a signal that comes while they are started."""

import subprocess
import sys

import pytest

from cropdetect.simulation.pool import side_by_side

# The callback stands for a signal that comes at that moment. What is raised there is lost.
_STOPPED_IN_A_FORK = """
import os, signal
from cropdetect import signals
from cropdetect.simulation.pool import side_by_side

signals.stop_in_order()
os.register_at_fork(after_in_parent=lambda: os.kill(os.getpid(), signal.SIGTERM))
try:
    with side_by_side(2) as run:
        print(list(run(abs, [-1, -2, -3])))
except KeyboardInterrupt:
    print("stopped,", signals.exit_code())
"""


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("jobs", [[], [-1], [-1, -2, -3]])
def test_answers_come_in_the_order_of_the_jobs(workers: int, jobs: list[int]) -> None:
    with side_by_side(workers) as run:
        assert list(run(abs, jobs)) == [-job for job in jobs]


@pytest.mark.skipif(sys.platform == "win32", reason="processes are not forked there")
def test_a_signal_that_comes_while_a_process_is_started_is_not_lost() -> None:
    ended = subprocess.run([sys.executable, "-c", _STOPPED_IN_A_FORK], capture_output=True, text=True, timeout=600)
    assert (ended.stdout, ended.stderr) == ("stopped, 143\n", "")
