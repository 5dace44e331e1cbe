"""Processes of this machine that train members side by side.

A process is a fresh Python that runs no code of the caller's script. It takes jobs from its standard input and ends when that is
closed, also because this process was killed. The labelled fields lie in a file that all processes map into their memory once.
"""

import os
import pickle
import queue
import subprocess
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import joblib

from cropdetect.errors import MemoryLimitError
from cropdetect.files import whole_file
from cropdetect.training.data import TrainingData
from cropdetect.training.members import MemberJob, Tell, Weights, train_member
from cropdetect.training.monitor import EpochReport

# What fails before `serve` can say so is told in the same way, and not as a trace.
_COMMAND = """
import pickle, sys
sys.excepthook = lambda kind, error, trace: pickle.dump(error, sys.stdout.buffer)
from cropdetect.training.processes import serve
serve()
"""


class Processes:
    """Up to so many processes, begun when there is something to do.

    Args:
        data: all labelled fields.
        state: folder for the file of the labelled fields.
        n: number of processes.
        tell: called from another thread with each report.
    """

    def __init__(self, data: TrainingData, state: Path, n: int, tell: Tell) -> None:
        self._tell, self._closed = tell, False
        self._file = state / "labelled.joblib"
        with whole_file(self._file) as partial:
            joblib.dump(data, partial)
        self._threads = ThreadPoolExecutor(n, "member")
        self._idle: queue.LifoQueue[_Process | None] = queue.LifoQueue()
        self._begun: list[_Process] = []
        for _ in range(n):
            self._idle.put(None)

    def submit(self, job: MemberJob) -> "Future[Weights]":
        """Begin a job as soon as a process is free."""
        return self._threads.submit(self._run, job)

    def close(self) -> None:
        """End all processes, whatever they do."""
        self._closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        for process in self._begun:
            process.end()
        self._threads.shutdown()
        self._file.unlink(missing_ok=True)

    def _run(self, job: MemberJob) -> Weights:
        process = self._idle.get() or self._begin()
        try:
            return process.train(job, self._tell)
        finally:
            self._idle.put(process)

    def _begin(self) -> "_Process":
        process = _Process(self._file)
        self._begun.append(process)
        if self._closed:
            process.end()
        return process


class _Process:
    """One process.

    Args:
        data: file of the labelled fields.
    """

    def __init__(self, data: Path) -> None:
        # A session of its own: Ctrl-C reaches this process alone, which then ends the other.
        places = os.pathsep.join(place or str(Path.cwd()) for place in sys.path)
        environment = {**os.environ, "PYTHONPATH": places, "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-c", _COMMAND],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
        with suppress(OSError):  # it has ended, which `train` says
            self._send(data)

    def train(self, job: MemberJob, tell: Tell) -> Weights:
        """Train a member; raise what ended its training.

        Raises:
            MemoryLimitError: the process was killed.
        """
        assert self._process.stdout is not None
        try:
            self._send(job)
            while True:
                said = pickle.load(self._process.stdout)
                if isinstance(said, EpochReport):
                    tell(job.fold, said)
                elif isinstance(said, BaseException):
                    raise said
                else:
                    weights: Weights = said
                    return weights
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            code = self._process.wait()
            raise MemoryLimitError(
                f"a process that trained a member ended with the code {code}, perhaps because memory ran out",
                fix="Run the same command again with --workers 1: it continues from the saved state.",
            ) from error

    def end(self) -> None:
        """End the process: it does so when its input is closed."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()
        self._process.wait()

    def _send(self, what: Any) -> None:
        assert self._process.stdin is not None
        pickle.dump(what, self._process.stdin)
        self._process.stdin.flush()


def serve() -> None:
    """Train the members that come through standard input, until it is closed."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print does not get among the answers
    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(sys.stdin.buffer, inbox), daemon=True).start()

    def say(what: Any) -> None:
        pickle.dump(what, answers)
        answers.flush()

    sys.excepthook = lambda kind, error, trace: say(error)
    data: TrainingData = joblib.load(inbox.get(), mmap_mode="r")
    while True:
        try:
            say(train_member(inbox.get(), data, say))
        except Exception as error:
            say(error)


def _receive(requests: BinaryIO, inbox: "queue.SimpleQueue[Any]") -> None:
    """Take what comes; end this process at once where nothing can come any more."""
    try:
        while True:
            inbox.put(pickle.load(requests))
    except (EOFError, OSError, pickle.UnpicklingError):
        os._exit(1)
