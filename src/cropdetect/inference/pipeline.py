"""Cutting chips in one thread while networks answer in others, results in order, memory bounded."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from types import TracebackType

from cropdetect.chips.batch import ChipBatch
from cropdetect.inference.chip_answers import ChipAnswers

_AHEAD = 2  # batches cut or being cut, beside those the workers hold


class Clock:
    """Adds up the wall and CPU seconds of the threads that enter it."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.cpu_seconds = 0.0
        self._lock = Lock()

    def measure(self) -> "_Lap":
        """Return a context manager that measures its block."""
        return _Lap(self)

    def add(self, seconds: float, cpu_seconds: float) -> None:
        """Count one block."""
        with self._lock:
            self.seconds += seconds
            self.cpu_seconds += cpu_seconds


class _Lap:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def __enter__(self) -> None:
        self._start = time.monotonic(), time.thread_time()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._clock.add(time.monotonic() - self._start[0], time.thread_time() - self._start[1])


def answers_in_order(
    cut: Callable[[], ChipBatch],
    answer: Callable[[ChipBatch], ChipAnswers],
    n_batches: int,
    *,
    workers: int,
    cutting: Clock,
    network: Clock,
) -> Iterator[ChipAnswers]:
    """Yield the answers to `n_batches` batches, in the order in which they are cut.

    At most `workers` + 2 batches exist at any time.

    Args:
        cut: gives the next batch; called from one thread only.
        answer: called from `workers` threads.
        n_batches: how often to call `cut`.
        workers: threads that answer.
        cutting: clock of `cut`.
        network: clock of `answer`.
    """

    def next_batch() -> ChipBatch:
        with cutting.measure():
            return cut()

    def answered(batch: "Future[ChipBatch]") -> ChipAnswers:
        chips = batch.result()
        with network.measure():
            return answer(chips)

    under_way: deque[Future[ChipAnswers]] = deque()
    cutter = ThreadPoolExecutor(1, "cutting")
    pool = ThreadPoolExecutor(workers, "network")
    try:
        for _ in range(n_batches):
            under_way.append(pool.submit(answered, cutter.submit(next_batch)))
            if len(under_way) >= workers + _AHEAD:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        cutter.shutdown(wait=True, cancel_futures=True)
        pool.shutdown(wait=True, cancel_futures=True)
