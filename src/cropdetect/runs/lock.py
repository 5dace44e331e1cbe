"""One command at a time writes an output: it holds a lock in `OUT/.partial`, where it says which process it is."""

import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from cropdetect.errors import OutputExistsError, OutputPathError
from cropdetect.runs.manifest import PARTIAL
from cropdetect.runs.paths import refusals_named

_TIMES = 100  # that another command may put its output in place, with its lock, before this one gets a lock
_WAIT = 0.1  # seconds, each time, for a command that has just taken the lock to say which process it is


@contextmanager
def locked(out: Path) -> Iterator[Path]:
    """Hold the lock of an output, and give `OUT/.partial`, which is made where it is not there.

    Raises:
        OutputExistsError: another command holds it.
        OutputPathError: nothing can be written here, or `.partial` is a link, behind which files are no output's.
        DiskFullError: the disk has no room.
    """
    with refusals_named(out):
        partial = out / PARTIAL
        if partial.is_symlink():
            raise OutputPathError(f"{PARTIAL} in it is a link, which may lead to other files", where=out, fix="Remove the link.")
        lock, holder = _acquired(partial), partial / "holder"
        try:
            holder.write_text(f"{os.getpid()} on {platform.node()}", "utf-8")
        except BaseException:
            lock.release()
            raise
    try:
        yield partial
    finally:
        with suppress(OSError):
            holder.unlink(missing_ok=True)
        lock.release()


def _acquired(partial: Path) -> FileLock:
    lock = FileLock(partial / "lock")
    for tried in range(_TIMES):
        last = tried == _TIMES - 1
        try:
            partial.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
            break
        except Timeout:
            said = _said(partial / "holder")
            if said or last:
                raise OutputExistsError(
                    f"another command is writing here{said}",
                    where=partial.parent,
                    fix="Wait until it has ended, or name another folder.",
                ) from None
            time.sleep(_WAIT)
        except FileNotFoundError:  # the folder has gone meanwhile
            if last:
                raise
    return lock


def _said(holder: Path) -> str:
    """Say which process writes, where it has said so."""
    try:
        said = holder.read_text("utf-8")
    except OSError:
        said = ""
    return f": process {said}" if said else ""
