"""Threads that wait for a network, and begin nothing more when the command is stopped."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager


@contextmanager
def side_by_side(threads: int) -> Iterator[ThreadPoolExecutor]:
    """Give threads; at the end of the block, what they have not begun is left out."""
    pool = ThreadPoolExecutor(threads)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
