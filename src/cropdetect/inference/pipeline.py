"""Cutting chips in one thread while networks score others, results in order, memory bounded."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar

import numpy as np

from cropdetect.chips.batch import ChipBatch
from cropdetect.chips.chipset import ChipSet
from cropdetect.errors import ChipStoreError

_AHEAD = 2  # batches cut or being cut, beside those the workers hold
_Result = TypeVar("_Result")


class Timings:
    """Where the time of a prediction went.

    Attributes:
        seconds: wall clock. "cutting": the thread that cuts chips was busy; "network": a worker was busy, the mean over
            workers; "predicting": the whole, in which the other two overlap.
        cpu_seconds: CPU time. "cutting" and "network" are those threads' own; "predicting" is the whole process, with
            what threads inside the libraries used.
    """

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(("cutting", "network", "predicting"), 0.0)
        self.cpu_seconds = dict(self.seconds)
        self._lock = Lock()

    @contextmanager
    def measure(self, stage: str, *, workers: int = 1, cpu_clock: Callable[[], float] = time.thread_time) -> Iterator[None]:
        """Add the time of a block, which any thread may run, to a stage.

        Args:
            stage: one of the three.
            workers: threads that share the wall clock of the stage.
            cpu_clock: of CPU seconds.
        """
        start, cpu_start = time.monotonic(), cpu_clock()
        try:
            yield
        finally:
            seconds, cpu_seconds = time.monotonic() - start, cpu_clock() - cpu_start
            with self._lock:
                self.seconds[stage] += seconds / workers
                self.cpu_seconds[stage] += cpu_seconds


def in_order(
    batches: Iterator[ChipBatch], run: Callable[[ChipBatch], _Result], n_batches: int, *, workers: int, timings: Timings
) -> Iterator[_Result]:
    """Yield the results of `n_batches` batches, in the order in which they are cut.

    At most `workers` + 2 batches exist at any time.

    Args:
        batches: advanced from one thread only.
        run: called from `workers` threads.
        n_batches: how many to take of `batches`.
        workers: threads that call `run`.
        timings: of "cutting" and "network".
    """

    def cut() -> ChipBatch:
        with timings.measure("cutting"):
            return next(batches)

    def run_on(batch: "Future[ChipBatch]") -> _Result:
        chips = batch.result()
        with timings.measure("network", workers=workers):
            return run(chips)

    under_way: deque[Future[_Result]] = deque()
    cutter = ThreadPoolExecutor(1, "cutting")
    pool = ThreadPoolExecutor(workers, "network")
    try:
        for _ in range(n_batches):
            under_way.append(pool.submit(run_on, cutter.submit(cut)))
            if len(under_way) >= workers + _AHEAD:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        cutter.shutdown(wait=True, cancel_futures=True)
        pool.shutdown(wait=True, cancel_futures=True)


def checked_batches(chips: ChipSet, batch_size: int, first: int) -> Iterator[ChipBatch]:
    """Yield one batch after the other from `first` on, and check that they are those the chip set announced."""
    batches = chips.batches(batch_size, first=first)
    for start in range(first * batch_size, len(chips), batch_size):
        batch = next(batches, None)
        if batch is None or not np.array_equal(batch.field, chips.field_of_chip[start : start + batch_size]):
            raise ChipStoreError(
                f"the chips from number {start} on do not belong to the listed fields",
                where=", ".join(chips.info.sources[:3]),
                fix="The inputs may have changed meanwhile: run the command again with --overwrite.",
            )
        yield batch
