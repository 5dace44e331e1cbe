"""Vector files inside an archive (.zip, .rar, .7z): unpacked into a temporary folder, and nowhere else.

Only the files that belong to a data set are unpacked, under names of our own choice. An archive whose entries would lie outside
a folder, or that unpacks to far more than its own size, is refused.
"""

import ctypes
import ctypes.util
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from cropdetect.errors import CropDetectError, FieldsError, UnreadableFileError, UnsafePathError
from cropdetect.imagery import unreadable
from cropdetect.scratch import Scratch

ARCHIVE_SUFFIXES = (".zip", ".shz", ".rar", ".7z")

_ZIP = (".zip", ".shz")
_SIDECARS = {".shp": (".shx", ".dbf", ".prj", ".cpg")}
_RATIO = 200  # unpacked size over packed size from which on an archive is a bomb: parcels reach about 50
_SMALL = 64 * 2**20  # bytes: what any archive may unpack to
_BLOCK = 2**20


def data_sets(path: Path, suffixes: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """Return the data sets in an archive.

    Args:
        path: the archive.
        suffixes: of files (and of folders, such as `.gdb`) that are data sets.

    Returns:
        name of the data set -> the name of each of its files below a folder -> its entry in the archive.

    Raises:
        UnreadableFileError: the archive is damaged, locked with a password, or of a kind that this computer cannot read.
        UnsafePathError: an entry would lie outside the folder, is a link, or the archive unpacks to far more than its size.
    """
    sizes = _sizes(path)
    _refuse_bomb(path, sizes)
    found: dict[str, dict[str, str]] = {}
    for entry in sizes:
        place = _safe(path, entry)
        if any(part.startswith((".", "__MACOSX")) for part in place.parts):
            continue
        folder = next((part for part in place.parts[:-1] if PurePosixPath(part).suffix.lower() in suffixes), None)
        if folder is not None:
            found.setdefault(folder, {})[f"{folder}/{place.name}"] = entry
        elif place.suffix.lower() in suffixes:
            found.setdefault(str(place), {}).update(_with_sidecars(place, sizes))
    return found


@contextmanager
def unpacked(path: Path, files: Mapping[str, str]) -> Iterator[Path]:
    """Unpack entries of an archive for as long as the `with` block lasts.

    Args:
        path: the archive.
        files: where each entry shall lie below the folder -> the entry.

    Yields:
        the temporary folder.

    Raises:
        UnreadableFileError: the archive is damaged.
    """
    with Scratch() as folder:
        targets = {entry: Path(folder) / name for name, entry in files.items()}
        for target in targets.values():
            target.parent.mkdir(parents=True, exist_ok=True)
        _unpack(path, targets)
        yield Path(folder)


def _with_sidecars(place: PurePosixPath, entries: Mapping[str, int]) -> dict[str, str]:
    """Return a file and those that belong to it; suffixes become lower case, as GDAL looks for them."""
    wanted = (place.suffix.lower(), *_SIDECARS.get(place.suffix.lower(), ()))
    files = {}
    for entry in entries:
        other = PurePosixPath(entry.replace("\\", "/"))
        if other.parent == place.parent and other.stem == place.stem and other.suffix.lower() in wanted:
            files[f"{place.stem}{other.suffix.lower()}"] = entry
    return files


def _safe(path: Path, entry: str) -> PurePosixPath:
    place = PurePosixPath(entry.replace("\\", "/"))
    if place.is_absolute() or ".." in place.parts or ":" in place.parts[0]:
        raise UnsafePathError(f"the entry {entry!r} would lie outside the folder", where=path, fix="Pack the file again.")
    return place


def _refuse_bomb(path: Path, sizes: Mapping[str, int]) -> None:
    total, packed = sum(sizes.values()), path.stat().st_size
    if total > max(_SMALL, _RATIO * packed):
        raise UnsafePathError(
            f"it would unpack to {total / 1e9:.1f} GB, {total // max(packed, 1)} times its own size",
            where=path,
            fix="If you trust it, unpack it and give the file inside.",
        )
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if total > free:
        raise FieldsError(
            f"it unpacks to {total / 1e9:.1f} GB, but the folder for temporary files has {free / 1e9:.1f} GB left",
            where=path,
            fix="Make room, or unpack it elsewhere and give the file inside.",
        )


def _sizes(path: Path) -> dict[str, int]:
    """Return the size of every file in an archive, bytes."""
    if path.suffix.lower() not in _ZIP:
        return _Libarchive(path).sizes()
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if stat.S_ISLNK(info.external_attr >> 16):
                    raise UnsafePathError(f"the entry {info.filename!r} is a link", where=path, fix="Pack the file itself.")
            return _by_name(path, ((info.filename, info.file_size) for info in archive.infolist() if not info.is_dir()))
    except (zipfile.BadZipFile, OSError) as error:
        raise unreadable(path, error) from error


def _by_name(path: Path, entries: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return name of an entry -> its size.

    Raises:
        UnreadableFileError: two entries have one name, of which only one could be unpacked.
    """
    sizes: dict[str, int] = {}
    for name, size in entries:
        if name in sizes:
            raise UnreadableFileError(f"the archive holds {name!r} twice", where=path, fix="Pack it again, with one of them.")
        sizes[name] = size
    return sizes


def _unpack(path: Path, targets: Mapping[str, Path]) -> None:
    """Write entries to their targets."""
    if path.suffix.lower() not in _ZIP:
        _Libarchive(path).unpack(targets)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            for entry, target in targets.items():
                with archive.open(entry) as source, target.open("wb") as file:
                    shutil.copyfileobj(source, file, _BLOCK)
    except (zipfile.BadZipFile, EOFError, OSError, ValueError) as error:
        raise unreadable(path, error) from error
    except (RuntimeError, NotImplementedError) as error:  # a password; a way of packing that Python does not know
        raise UnreadableFileError(
            f"the archive cannot be unpacked ({error})", where=path, fix="Unpack it and give the file inside."
        ) from error


class _Libarchive:
    """An archive that the system's libarchive reads: RAR and 7-Zip, for which Python has nothing.

    References:
        https://github.com/libarchive/libarchive/wiki/ManPageArchiveRead3
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        name = ctypes.util.find_library("archive")
        if name is None:
            raise UnreadableFileError(
                f"{path.suffix} files are read only where libarchive is installed",
                where=path,
                fix="Unpack it and give the file inside, or install libarchive.",
            )
        self._library = library = ctypes.CDLL(name)
        for function in ("archive_read_new", "archive_entry_pathname_utf8", "archive_error_string"):
            getattr(library, function).restype = ctypes.c_void_p if function == "archive_read_new" else ctypes.c_char_p
        library.archive_entry_size.restype = ctypes.c_int64
        library.archive_read_data.restype = ctypes.c_ssize_t

    def sizes(self) -> dict[str, int]:
        """Return the size of every file, bytes."""
        return _by_name(self.path, ((name, size) for name, size, _ in self._entries()))

    def unpack(self, targets: Mapping[str, Path]) -> None:
        """Write entries to their targets, none longer than it says."""
        buffer = ctypes.create_string_buffer(_BLOCK)
        for name, size, archive in self._entries():
            if name not in targets:
                continue
            with targets[name].open("wb") as file:
                while n := self._library.archive_read_data(archive, buffer, ctypes.c_size_t(_BLOCK)):
                    if n < 0 or file.tell() + n > size:
                        raise self._error(archive)
                    file.write(buffer.raw[:n])

    def _entries(self) -> Iterator[tuple[str, int, ctypes.c_void_p]]:
        """Yield name and size of every file, with the handle from which its bytes are read."""
        library = self._library
        archive = ctypes.c_void_p(library.archive_read_new())
        try:
            library.archive_read_support_format_all(archive)
            if library.archive_read_open_filename(archive, str(self.path).encode(), ctypes.c_size_t(_BLOCK)):
                raise self._error(archive)
            entry = ctypes.c_void_p()
            while (code := library.archive_read_next_header(archive, ctypes.byref(entry))) == 0:
                name = library.archive_entry_pathname_utf8(entry)
                if stat.S_ISREG(library.archive_entry_filetype(entry)) and name:
                    yield name.decode("utf-8"), library.archive_entry_size(entry), archive
            if code != 1:  # ARCHIVE_EOF
                raise self._error(archive)
        finally:
            library.archive_read_free(archive)

    def _error(self, archive: ctypes.c_void_p) -> CropDetectError:
        reason = self._library.archive_error_string(archive) or b"its content does not fit its list of files"
        return unreadable(self.path, ValueError(reason.decode("utf-8", "replace")))
