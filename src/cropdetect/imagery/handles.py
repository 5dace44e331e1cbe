"""A bounded pool of open files, one a thread, so that a season of thousands of files never runs out of handles."""

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Protocol, TypeVar

_AT_MOST = 1024


class _Closable(Protocol):
    def close(self) -> Any: ...


T = TypeVar("T", bound=_Closable)


def _limit() -> int:
    """Leave half of the process' file descriptors to others."""
    try:
        import resource
    except ImportError:  # Windows
        return _AT_MOST // 4
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _AT_MOST if soft == resource.RLIM_INFINITY else max(16, min(_AT_MOST, soft // 2))


class _Pool(threading.local):
    def __init__(self) -> None:
        self.open: OrderedDict[Hashable, Any] = OrderedDict()
        self.limit = _limit()


_pool = _Pool()


def borrow(key: Hashable, opener: Callable[[], T]) -> T:
    """Return the open file of `key`; open it where it is not, and close the one unused for longest where there are too many.

    The file stays the pool's: use it at once, do not close or keep it.
    """
    files = _pool.open
    file: T | None = files.get(key)
    if file is None:
        while len(files) >= _pool.limit:
            files.popitem(last=False)[1].close()
        file = files[key] = opener()
    else:
        files.move_to_end(key)
    return file


def close_all() -> None:
    """Close all files that this thread holds open."""
    while _pool.open:
        _pool.open.popitem()[1].close()


# A forked child would share file positions with its parent, and each would read the other's bytes.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: _pool.open.clear())
