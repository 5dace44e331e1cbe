"""Files that appear whole or not at all."""

import errno
import glob
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cropdetect.errors import CropDetectError, DiskFullError
from cropdetect.scratch import machine

_WORDS = ("no space left", "disk is full", "file too large")
_ROOM = 2**24  # bytes
_DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def disk_full_named(path: Path) -> Iterator[None]:
    """Turn "no space left" into :class:`DiskFullError`, also where a library tells of it in words of its own or in none.

    Args:
        path: what is written.
    """
    try:
        yield
    except CropDetectError:
        raise
    except Exception as error:
        if not _tells_of_full_disk(error, path):
            raise
        raise DiskFullError(
            "the disk is full, or a file may be no larger", where=path, fix="Free some space, then run the same command again."
        ) from error


def _tells_of_full_disk(error: Exception, path: Path) -> bool:
    if isinstance(error, OSError) and error.errno in _DISK_FULL:
        return True
    words = f"{error} {error.__cause__ or ''}".lower()
    return any(sign in words for sign in _WORDS) or not _has_room(path)


def _has_room(path: Path) -> bool:
    """Tell whether 16 MiB can be written: SQLite and GDAL sometimes report what was missing, and not why."""
    folder = next((one for one in (path, *path.parents) if one.is_dir()), path)
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(_ROOM))
            probe.flush()
    except OSError as error:
        return error.errno not in _DISK_FULL
    return True


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it to `path` when the block ends without error.

    Raises:
        DiskFullError: the disk has no room.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.stem}.{machine()}-{os.getpid()}.partial{path.suffix}")
    try:
        with disk_full_named(path):
            yield partial
            with partial.open("rb") as written:
                os.fsync(written.fileno())
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def remove_unfinished(path: Path) -> None:
    """Remove what processes of this machine that were killed have left beside `path` when they wrote it."""
    pattern = f".{glob.escape(path.stem)}.{machine()}-*.partial{glob.escape(path.suffix)}"
    for partial in path.parent.glob(pattern):
        process = partial.name.removesuffix(f".partial{path.suffix}").rpartition("-")[2]
        if process.isdecimal() and not _runs(int(process)):
            partial.unlink(missing_ok=True)


def _runs(process: int) -> bool:
    if os.name != "posix":  # where signal 0 ends a process
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
