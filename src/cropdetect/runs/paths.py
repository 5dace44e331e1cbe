"""Where an output may lie: apart from all inputs, in a place that can be written."""

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from cropdetect.errors import OutputPathError
from cropdetect.files import disk_full_named

_REFUSALS = frozenset(
    (
        errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOENT, errno.ENAMETOOLONG,
        errno.ELOOP, errno.EINVAL, errno.EBUSY,
    )
)  # fmt: skip


def refuse_overlap(out: Path, inputs: Sequence[Path]) -> None:
    """Refuse an output that equals, contains or lies in an input, whatever links or mounts name it.

    Raises:
        OutputPathError: it does.
    """
    around_out = _identities(out)
    for given in inputs:
        path = resolved(given)
        around = _identities(path)
        if not around:
            continue
        if path == out or (out.exists() and around_out[0] == around[0]):
            relation = "is"
        elif out.exists() and around_out[0] in around:
            relation = "contains"
        elif path.exists() and around[0] in around_out:
            relation = "lies in"
        else:
            continue
        raise OutputPathError(
            f"the output {relation} the input {given}",
            where=out,
            fix=f"Name a folder apart from it, e.g. {_apart(path, out)}.",
        )


def resolved(path: Path) -> Path:
    """Return the path without links and "..".

    Raises:
        OutputPathError: it cannot be one.
    """
    try:
        return path.resolve()
    except (OSError, ValueError, RuntimeError) as error:  # a null byte, links in a circle
        raise _unusable(path, error) from error


def output_path(path: Path) -> Path:
    """Return the path of an output, `resolved`.

    Raises:
        OutputPathError: it cannot be one: it is too long, or no text that GDAL, Arrow and pages can hold.
    """
    try:
        str(path).encode("utf-8")
        with suppress(PermissionError):
            path.exists()
    except (OSError, ValueError) as error:
        raise _unusable(path, error) from error
    return resolved(path)


def _unusable(path: Path, error: Exception) -> OutputPathError:
    reason = error.strerror.lower() if isinstance(error, OSError) and error.strerror else str(error)
    return OutputPathError(f"the path cannot be used ({reason})", where=ascii(str(path))[:200], fix="Name another one.")


@contextmanager
def refusals_named(out: Path, *, around: bool = False) -> Iterator[None]:
    """Turn the operating system's refusal to write `out` (or, with `around`, a folder around it) into a named error.

    Raises:
        OutputPathError: nothing can be written there.
        DiskFullError: the disk has no room.
    """
    try:
        with disk_full_named(out):
            yield
    except OSError as error:
        refused = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else None
        ours = refused is not None and (refused == out or out in refused.parents or (around and refused in out.parents))
        if not ours or error.errno not in _REFUSALS:
            raise
        raise _unwritable(out, error) from error


def _unwritable(out: Path, error: OSError) -> OutputPathError:
    above = next((path for path in (out, *out.parents) if os.path.lexists(path)), out)
    if not above.is_dir():
        return OutputPathError(f"{above} is a file, not a folder", where=out, fix="Name another folder.")
    return OutputPathError(
        f"nothing can be written here ({(error.strerror or str(error)).lower()})",
        where=out,
        fix=f"Name a folder that you may write to, or change the rights of {above}.",
    )


def _identities(path: Path) -> list[tuple[int, int] | str]:
    """Return what tells the path and each folder around it apart, innermost first; a name where nothing is there yet."""
    found: list[tuple[int, int] | str] = []
    for one in (path, *path.parents):
        try:
            stat = one.stat()
            found.append((stat.st_dev, stat.st_ino))
        except (OSError, ValueError):
            found.append(str(one))
    return found


def _apart(path: Path, out: Path) -> Path:
    """Return a place beside a path, for an output; the root folder has none."""
    if not path.name:
        return out.absolute()
    name = f"{path.stem}-{out.name}" if out.name != path.name else f"{path.stem}-output"
    return path.with_name(name)
