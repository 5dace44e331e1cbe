"""The one door through which the files of a user come in.

A path that a user names may be a link: it is theirs, and it is followed. Nothing inside a folder that they name may lead out
of it: links are refused, and so is what is neither a plain file nor a folder (a FIFO would be waited for without end).
`links_followed` lets links through that lead to files and folders on the disks of this computer.

What lies *inside* files, and could lead elsewhere, is refused where the format is known: `cropdetect.imagery.stores.safety`,
`cropdetect.fields.contents`, `cropdetect.checkpoint.network`, and `check_crs` here.
"""

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

from cropdetect.errors import InputNotFoundError, UnreadableFileError, UnsafePathError, not_permitted

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:/|/vsi", re.IGNORECASE)  # pathlib makes http:/ of http://
_KINDS = {stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}
_ZARR = frozenset(("zarr.json", ".zgroup", ".zarray", ".zmetadata"))  # files of a folder whose hidden folders are read, too
_NO_DISKS = re.compile(
    r"nfs\d?|cifs|smb\d?|smbfs|9p|afs|ceph|autofs|proc|sysfs|devtmpfs|devpts|cgroup2?|fuse\.(sshfs|rclone|s3fs|gvfsd-fuse)"
)
_GRID_PATHS = re.compile(r"""(grids\s*=|PARAMETERFILE\["[^"]*",|PROJ4_GRIDS",|\+init\s*=)[^\s\]]*[/\\]""", re.IGNORECASE)

_links: ContextVar[bool] = ContextVar("links", default=False)


@contextmanager
def links_followed(allowed: bool) -> Iterator[None]:
    """Let links inside folders through, for the `with` block, or refuse them."""
    token = _links.set(allowed)
    try:
        yield
    finally:
        _links.reset(token)


def is_catalogue(path: object) -> bool:
    """Whether a path is what a user types for a STAC catalogue, which alone leads to the network."""
    return str(path).startswith("stac:")


def local_path(path: str | os.PathLike[str]) -> Path:
    """Return a user's path as an absolute one.

    Raises:
        UnsafePathError: it is an address, or one of GDAL's virtual file systems.
    """
    text = os.fspath(path)
    if _ADDRESS.match(text):
        raise UnsafePathError("this is not a local path", where=text, fix="Download the files, and name them here.")
    return Path(path).absolute()


def checked(path: str | os.PathLike[str]) -> Path:
    """Return a user's path as an absolute one, after a look at all that lies there; what is not there is for others to say.

    With a file, those beside it that have its name but for the suffix are looked at, since some formats have several.

    Raises:
        UnsafePathError: it is an address, a special file, or holds a link or a special file.
        InputNotFoundError: there can be no such path.
        UnreadableFileError: a folder cannot be listed, or the file cannot be read.
    """
    place = local_path(path)
    try:
        mode = place.stat().st_mode
    except (OSError, ValueError) as error:
        if isinstance(error, ValueError) or error.errno in (errno.ENAMETOOLONG, errno.EINVAL):
            shown = repr(str(place))[:200]
            raise InputNotFoundError("such a path cannot exist", where=shown, fix="Check the path.") from error
        if error.errno in (errno.EACCES, errno.ELOOP):
            raise _not_permitted(place, error) from error
        return place
    _refuse_special(place, mode)
    if stat.S_ISDIR(mode):
        _walk(place)
    else:
        _check_readable(place)
        for name, entry in _entries(place.parent):
            if name != place.name and name.startswith(f"{place.stem}."):
                _admit(entry)
    return place


def check_crs(text: str) -> None:
    """Refuse a coordinate reference system, as WKT or PROJ text, that has PROJ read a file of grid shifts at some path.

    Raises:
        ValueError: it does.
    """
    if _GRID_PATHS.search(text):
        raise ValueError("it names a file of grid shifts by its path, which is not followed")


def _check_readable(file: Path) -> None:
    try:
        file.open("rb").close()
    except PermissionError as error:
        raise not_permitted(file) from error


def _walk(root: Path) -> None:
    """Refuse what leads out of a folder. Hidden folders are not looked at, since nothing reads them, but for those of Zarr."""
    unvisited, seen = [(root, False)], {_identity(root)}
    while unvisited:
        folder, in_store = unvisited.pop()
        entries = list(_entries(folder))
        in_store = in_store or any(name in _ZARR for name, _ in entries)
        for name, entry in entries:
            if not _admit(entry) or (name.startswith(".") and not in_store) or name == "lost+found":
                continue
            inner = folder / name
            if entry.is_symlink():
                if _identity(inner) in seen:
                    raise UnsafePathError("this link leads in a circle", where=inner, fix="Remove it.")
                seen.add(_identity(inner))
            unvisited.append((inner, in_store))


def _entries(folder: Path) -> Iterator[tuple[str, "os.DirEntry[str]"]]:
    try:
        with os.scandir(folder) as entries:
            yield from sorted((entry.name, entry) for entry in entries)
    except OSError as error:
        if error.errno == errno.ENOENT:
            return
        raise _not_permitted(folder, error) from error


def _admit(entry: "os.DirEntry[str]") -> bool:
    """Refuse an entry that leads elsewhere; return whether it is a folder."""
    if entry.is_symlink():
        _refuse_link(Path(entry.path))
        return entry.is_dir()
    if entry.is_dir(follow_symlinks=False):
        return True
    if not entry.is_file(follow_symlinks=False):
        try:
            _refuse_special(Path(entry.path), entry.stat(follow_symlinks=False).st_mode)
        except FileNotFoundError:  # removed meanwhile
            return False
    return False


def _refuse_link(path: Path) -> None:
    """Refuse a link, or one that leads off this computer's disks where links are followed."""
    if not _links.get():
        raise UnsafePathError(
            "this is a link, which may lead out of the folder",
            where=path,
            fix="Replace it by the file or folder that it leads to, or add --follow-links if the command has that option.",
        )
    try:
        target = path.resolve(strict=True)
        mode = target.stat().st_mode
    except (OSError, RuntimeError) as error:
        raise UnsafePathError("this link leads nowhere", where=path, fix="Remove it, or correct it.") from error
    _refuse_special(path, mode)
    kind = _file_system(target)
    if _NO_DISKS.fullmatch(kind) and target.stat().st_dev != path.parent.stat().st_dev:
        raise UnsafePathError(
            f"this link leads to {target}, which is on no disk of this computer ({kind})", where=path, fix="Copy the file."
        )


def _refuse_special(path: Path, mode: int) -> None:
    kind = _KINDS.get(stat.S_IFMT(mode))
    if kind is not None:
        raise UnsafePathError(f"this is {kind}, not a plain file", where=path, fix="Name a file or a folder on a disk.")


def _file_system(path: Path) -> str:
    """Return the kind of the file system that holds a path, "" where it is not known."""
    mounts = _mounts()
    return next((mounts[str(one)] for one in (path, *path.parents) if str(one) in mounts), "")


@lru_cache(maxsize=1)
def _mounts() -> dict[str, str]:
    try:
        lines = Path("/proc/self/mounts").read_text("utf-8", "surrogateescape").splitlines()
    except OSError:  # not Linux
        return {}
    return {parts[1].replace("\\040", " "): parts[2] for parts in map(str.split, lines) if len(parts) > 2}


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def _not_permitted(path: Path, error: OSError) -> UnreadableFileError:
    reason = (error.strerror or str(error)).lower()
    return UnreadableFileError(f"this cannot be looked at ({reason})", where=path, fix="Change the rights, or move it away.")
