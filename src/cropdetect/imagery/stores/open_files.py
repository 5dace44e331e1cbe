"""Files that stay open between reads.

Every thread has files of its own, since GDAL's must not be shared. A file that was replaced is opened again. Where too many are
open, the one unused for longest is closed.
"""

import atexit
import os
import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from xarray.backends import CachingFileManager

from cropdetect.imagery.stores.safety import unreadable

_AT_MOST = 1024


class _Closable(Protocol):
    def close(self) -> Any: ...


T = TypeVar("T", bound=_Closable)
Version = tuple[int, int, int]


def file_manager(
    opener: Callable[..., T], path: Path, *arguments: Hashable, headers: Sequence[Path] = ()
) -> CachingFileManager[T]:
    """Return what opens a file for this thread; keep it while the file is read, or the file may be closed meanwhile.

    Args:
        opener: opens `path` with `arguments`.
        path: the file, or a folder with `headers`.
        arguments: of the opener.
        headers: files whose change means that the folder is another one.

    Raises:
        UnreadableFileError: the file is gone.
    """
    versions = tuple([file_version(header) for header in headers or (path,)])
    if not any(versions):
        raise unreadable(path, FileNotFoundError("it is gone"))
    file = _files(_limit())(threading.get_ident(), opener, path, *arguments)
    if file.versions != versions:
        file.manager.close()
        file.versions = versions
    return file.manager


def file_version(path: Path) -> Version | None:
    """Return what changes when a file is replaced or written to (size, time of change, inode); None where there is no file."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns, stat.st_ino


def close_files() -> None:
    """Close all files, but for those that a thread is reading just now; the next read opens what it needs."""
    _files.cache_clear()


def _limit() -> int:
    """Leave half of the file descriptors to others."""
    try:
        import resource
    except ImportError:  # Windows
        return _AT_MOST // 4
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _AT_MOST if soft == resource.RLIM_INFINITY else max(16, min(_AT_MOST, soft // 2))


@dataclass
class _File(Generic[T]):
    """One thread's file, and the versions of its headers when it was opened."""

    manager: CachingFileManager[T]
    versions: tuple[Version | None, ...] = ()


@lru_cache(maxsize=1)
def _files(limit: int) -> Callable[..., _File[Any]]:
    """Return the cache of at most so many files; where the limit has become another one, it begins anew."""
    return lru_cache(maxsize=limit)(_file)


def _file(thread: int, opener: Callable[..., T], path: Path, *arguments: Hashable) -> _File[T]:
    # A cache of its own: xarray's common one closes files beyond 128, fewer than a season of Sentinel-2 has.
    return _File(CachingFileManager(opener, path, *arguments, cache={}, manager_id=thread))


# Libraries are half gone when Python itself drops what is left: rasterio 1.5 then complains on the screen.
atexit.register(close_files)

# A forked child would share file positions with its parent, and each would read the other's bytes.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_files.cache_clear)
