"""Files and folders that appear whole or not at all."""

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cropdetect.errors import DiskFullError, OutputExistsError

_DISK_FULL = {errno.ENOSPC, errno.EDQUOT}


@contextmanager
def disk_full_named(path: Path) -> Iterator[None]:
    """Turn the operating system's "no space left" into :class:`DiskFullError`."""
    try:
        yield
    except OSError as error:
        if error.errno in _DISK_FULL:
            raise DiskFullError(
                "the disk is full", where=path, fix="Free some space, then run the same command again."
            ) from error
        raise


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it to `path` when the block ends without error.

    Raises:
        DiskFullError: the disk has no room.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        with disk_full_named(path):
            yield partial
            with partial.open("rb") as written:
                os.fsync(written.fileno())
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Give a temporary folder beside `path`; rename it to `path` when the block ends without error, else keep what was there.

    Raises:
        OutputExistsError: `path` exists, is not an empty folder, and `overwrite` is false.
        DiskFullError: the disk has no room.
    """
    refuse_existing(path, overwrite=overwrite)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent))
    replaced = partial.with_suffix(".replaced")
    try:
        with disk_full_named(path):
            yield partial
            partial.chmod(0o755)
            if path.exists():  # moved away, not deleted file by file: who reads it meanwhile would find a part of it
                path.rename(replaced)
            partial.rename(path)
    finally:
        if replaced.exists() and not path.exists():  # the new one did not come to stand in its place
            replaced.rename(path)
        for rest in (partial, replaced):
            if rest.is_file() or rest.is_symlink():
                rest.unlink()
            shutil.rmtree(rest, ignore_errors=True)


def refuse_existing(path: Path, *, overwrite: bool) -> None:
    """Raise :class:`OutputExistsError` unless `path` is free, an empty folder, or may be overwritten."""
    free = not path.exists() or (path.is_dir() and not any(path.iterdir()))
    if not (free or overwrite):
        raise OutputExistsError(
            "the output exists already", where=path, fix="Name another output, or add --overwrite to replace it."
        )


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
