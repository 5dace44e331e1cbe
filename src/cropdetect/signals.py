"""Signals that stop a command: Ctrl-C, the end of a session or of a terminal, the shutdown of a machine."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

STOPPING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))

_AGAIN = 1.0  # seconds in which a second signal is the first: `timeout` sends two

_process = 0  # which stops; processes that it forks are ended by it
_number = 0  # of the signal that has stopped it
_when = 0.0
_held = False  # it raises nothing now


def end_at_once() -> None:
    """Let a signal end this process with one word: it has begun nothing yet."""
    _let(_end)


def stop_in_order() -> None:
    """Let a signal raise KeyboardInterrupt, so that unfinished work is kept or removed; one that follows later ends at once."""
    global _process, _number
    _process, _number = os.getpid(), 0
    _let(_interrupt)


@contextmanager
def held() -> Iterator[None]:
    """Let a signal raise KeyboardInterrupt at the end of this block only: while a process forks, Python loses what is raised."""
    global _held
    before, _held = _number, True
    try:
        yield
    finally:
        _held = False
    if _number != before:
        raise KeyboardInterrupt


def raise_again() -> None:
    """Raise KeyboardInterrupt if a signal came and work goes on: compiled code that Python was in has lost what was raised."""
    if _number and not _held and os.getpid() == _process and threading.current_thread() is threading.main_thread():
        raise KeyboardInterrupt


def end_without_a_word() -> None:
    """Let a signal end this process, whose work is done, unless one has stopped it already."""
    if not has_stopped():
        _let(signal.SIG_DFL)


def exit_code() -> int:
    """Return the exit code of a stopped command: 128 + the number of the signal."""
    return 128 + (_number or signal.SIGINT)


def has_stopped() -> bool:
    """Tell whether a signal has come since `stop_in_order`."""
    return _number != 0


def _let(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    for one in STOPPING:
        if signal.getsignal(one) is not signal.SIG_IGN:  # as with `nohup`
            signal.signal(one, handler)


def _end(number: int, _: FrameType | None) -> None:
    print("Stopped.", file=sys.stderr, flush=True)
    os._exit(128 + number)


def _interrupt(number: int, _: FrameType | None) -> None:
    global _number, _when
    if os.getpid() != _process:
        os._exit(128 + number)
    if not _number:
        _number, _when = number, time.monotonic()
        if not _held:
            raise KeyboardInterrupt
    elif time.monotonic() - _when > _AGAIN:
        _end(number, None)
