"""Signals that stop a command: Ctrl-C, the end of a session or of a terminal, the shutdown of a machine."""

import atexit
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
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
    sys.unraisablehook = _tell_what_was_lost
    _let(_interrupt)


@contextmanager
def held() -> Iterator[None]:
    """Let a signal raise KeyboardInterrupt at the end of this block only, whose work must not be left half-done.

    One such work is a fork, where Python loses what is raised.
    """
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


def end_with(code: int) -> None:
    """Let a signal end this process, whose work is done, with its exit code while threads end, and nothing later.

    Python removes its handlers before it ends, and a signal would then kill the process.
    """
    if not has_stopped():
        _let(lambda *_: os._exit(code))
    atexit.register(_let, signal.SIG_IGN)


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


def _tell_what_was_lost(lost: "sys.UnraisableHookArgs") -> None:
    """Keep quiet about a KeyboardInterrupt that a finaliser or a callback cannot raise: `raise_again` does."""
    if not issubclass(lost.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(lost)


def _end(number: int, _: FrameType | None) -> None:
    with suppress(Exception):  # it came while the same stream was written, or nobody reads
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
