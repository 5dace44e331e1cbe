"""Processes of this machine that work side by side, and end with the command, however it ends."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from cropdetect.errors import MemoryLimitError
from cropdetect.signals import STOPPING, held

Run = Callable[[Callable[[Any], Any], Sequence[Any]], Iterator[Any]]
"""Yields what a function makes of each job, in their order."""


@contextmanager
def side_by_side(workers: int) -> Iterator[Run]:
    """Give a way to run jobs in processes, which end with the block, or with this process.

    Args:
        workers: processes; one is this process itself.

    Raises:
        MemoryLimitError: a process was killed.
    """
    if workers == 1:
        yield map
        return
    context = multiprocessing.get_context("fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn")
    listening, alive = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(workers, context, _end_with_the_pipe, (listening, alive))

    def run(work: Callable[[Any], Any], jobs: Sequence[Any]) -> Iterator[Any]:
        if len(jobs) <= 1:
            return map(work, jobs)
        with held():  # the first jobs start the processes
            return pool.map(work, jobs)

    try:
        yield run
    except BrokenProcessPool as error:
        raise MemoryLimitError(
            "a process was killed, perhaps because memory ran out", fix="Give more memory, or ask for smaller tiles."
        ) from error
    finally:
        alive.close()  # before it waits for them
        pool.shutdown(cancel_futures=True)
        listening.close()


def _end_with_the_pipe(listening: Connection, alive: Connection) -> None:
    """Let this process end when its parent does, or says so, and not by a signal from the terminal."""
    alive.close()
    for one in STOPPING:
        signal.signal(one, signal.SIG_IGN)
    sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115, errors are told by the parent
    threading.Thread(target=_wait_for_end, args=(listening,), daemon=True).start()


def _wait_for_end(listening: Connection) -> None:
    listening.poll(None)
    os._exit(1)
