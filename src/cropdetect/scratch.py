"""Temporary folders that leave nothing behind: what a killed process could not remove, the next one does."""

import os
import platform
import shutil
import stat
import sys
import tempfile
import zlib
from contextlib import suppress
from pathlib import Path

_LOCK = ".lock"


class Scratch(tempfile.TemporaryDirectory[str]):
    """A temporary folder that goes with its process, also where the process is killed.

    The process holds a lock on a file in it. A folder of the same user and machine whose lock is free belongs to no process:
    the next `Scratch` removes it. Windows has no such locks, so folders of killed processes stay there.
    """

    def __init__(self) -> None:
        prefix = f"cropdetect-{machine()}-"
        if sys.platform != "win32":
            for folder in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
                with suppress(OSError):
                    _remove_abandoned(folder)
        super().__init__(prefix=prefix)
        if sys.platform != "win32":
            with suppress(OSError):  # a file system without locks
                self._lock = _hold(Path(self.name))


def machine() -> str:
    """Return a word that tells this machine from others that share its folders."""
    return f"{zlib.crc32(platform.node().encode()):08x}"


if sys.platform != "win32":
    import fcntl

    def _hold(folder: Path) -> object:
        """Lock a file in a folder until the process ends, and only then give it the name that others look for."""
        new = folder / f"{_LOCK}-new"
        file = new.open("xb")
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        new.rename(folder / _LOCK)
        return file

    def _remove_abandoned(folder: Path) -> None:
        """Remove a folder of this user whose lock is free.

        Raises:
            OSError: it is in use, has no lock, or is a link or something else.
        """
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            return
        lock = os.open(folder / _LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)  # never follows a link
        finally:
            os.close(lock)
