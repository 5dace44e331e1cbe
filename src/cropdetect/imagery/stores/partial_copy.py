"""The cache of remote files: a copy of each, in which only the parts that were needed are filled.

A copy is three files: the bytes, at the places where the remote file has them (a sparse file); a CRC-32 for each page that is
there (0: absent); and a small JSON file that says what it is a copy of. A page whose bytes do not fit its CRC is fetched again,
so a copy that was cut off or changed does no harm. A remote file that has changed since is copied anew.
"""

import io
import json
import threading
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from rasterio.errors import RasterioError

from cropdetect.errors import CropDetectError, OutputPathError, UnreadableFileError
from cropdetect.files import disk_full_named, whole_file
from cropdetect.imagery.stores.http import Part, fetch_part
from cropdetect.imagery.stores.safety import unreadable

_PAGE = 4096  # bytes
_AT_LEAST = 2 * _PAGE  # bytes that are fetched where a reader asks for fewer; the header of most COGs
_AT_ONCE = 32 * 2**20  # bytes of one request

Range = tuple[int, int]

_threads = threading.local()


class PartialCopy:
    """A copy of a remote file; safe to use from several threads.

    Args:
        path: where the copy lies.
        href: address of the remote file.
        signing: how it is signed; see `SIGNERS`.
    """

    def __init__(self, path: Path, href: str, signing: str) -> None:
        self.path, self.href, self._signing = path, href, signing
        self._pages_file, self.source_file = path.with_name(f"{path.name}.pages"), path.with_name(f"{path.name}.json")
        self._lock = threading.RLock()
        self._size, self._version = self._known()
        self._pages = self._stored_pages()
        self._seen: set[int] = set()  # pages whose bytes fit their CRC

    @property
    def size(self) -> int:
        """Size of the whole remote file, bytes.

        Raises:
            FetchError: it is not known yet, and the file cannot be fetched.
        """
        if self._size is None:
            self.ensure([(0, _AT_LEAST)])
        assert self._size is not None
        return self._size

    def has(self, start: int, stop: int) -> bool:
        """Whether the bytes [start, stop) are there."""
        return not any(self._absent([(start, stop)]))

    def whole_bytes(self, ranges: Iterable[Range]) -> int:
        """Return how many bytes some ranges have, in whole pages."""
        pages = {page for start, stop in ranges for page in range(start // _PAGE, -(-min(stop, self.size) // _PAGE))}
        return sum(min(_PAGE, self.size - page * _PAGE) for page in pages)

    def missing_bytes(self, ranges: Iterable[Range]) -> int:
        """Return how many bytes would be fetched for some ranges."""
        return sum(stop - start for start, stop in self._absent(ranges))

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes [start, stop), fetching what is not there.

        Raises:
            FetchError: they cannot be fetched.
        """
        stop = min(stop, self.size)
        if start >= stop:
            return b""
        if not self.has(start, stop):
            self.ensure([(start, max(stop, min(start + _AT_LEAST, self.size)))])
        with self.path.open("rb") as file:
            file.seek(start)
            return file.read(stop - start)

    def ensure(self, ranges: Iterable[Range]) -> None:
        """Fetch what is not there of some ranges; neighbours in one request.

        Raises:
            FetchError: something cannot be fetched.
        """
        for start, stop in list(self._absent(ranges)):
            for first in range(start, stop, _AT_ONCE):
                self._keep(fetch_part(self.href, self._signing, first, min(first + _AT_ONCE, stop)))

    def _absent(self, ranges: Iterable[Range]) -> Iterator[Range]:
        """Yield the parts of some ranges that are not there, in whole pages, neighbours joined."""
        wanted: set[int] = set()
        for start, stop in ranges:
            end = stop if self._size is None else min(stop, self._size)
            wanted.update(range(start // _PAGE, -(-end // _PAGE)))
        absent = sorted(page for page in wanted if not self._is_whole(page))
        first = 0
        for place, page in enumerate(absent):
            if place + 1 == len(absent) or absent[place + 1] != page + 1:
                end = (page + 1) * _PAGE
                yield absent[first] * _PAGE, end if self._size is None else min(end, self._size)
                first = place + 1

    def _is_whole(self, page: int) -> bool:
        """Whether a page is there, and its bytes fit its CRC; they are read once in a process."""
        if page >= len(self._pages) or not self._pages[page]:
            return False
        if page not in self._seen:
            with self.path.open("rb") as file:
                file.seek(page * _PAGE)
                if _crc(file.read(_PAGE)) != self._pages[page]:
                    return False
            self._seen.add(page)
        return True

    def _keep(self, part: Part) -> None:
        with self._lock, disk_full_named(self.path):
            if (self._size, self._version) != (part.size, part.version):
                self._begin(part)
            with self.path.open("r+b") as file:
                file.seek(part.start)
                file.write(part.content)
            first = part.start // _PAGE
            pages = [part.content[place : place + _PAGE] for place in range(0, len(part.content), _PAGE)]
            self._pages[first : first + len(pages)] = [_crc(page) for page in pages]
            self._seen.update(range(first, first + len(pages)))
            with self._pages_file.open("r+b") as file:
                file.seek(4 * first)
                file.write(self._pages[first : first + len(pages)].tobytes())

    def _begin(self, part: Part) -> None:
        """Begin an empty copy.

        Raises:
            OutputPathError: the folder cannot be written.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.touch()
        except OSError as error:
            raise OutputPathError(
                f"the cache cannot be written ({error.strerror})",
                where=self.path.parent,
                fix="Give another folder: --cache FOLDER",
            ) from error
        self._size, self._version = part.size, part.version
        self._pages, self._seen = np.zeros(-(-part.size // _PAGE), np.uint32), set()
        self._pages_file.write_bytes(self._pages.tobytes())
        with self.path.open("wb") as file:
            file.truncate(part.size)
        content = {"href": self.href.partition("?")[0], "size": part.size, "version": part.version}
        with whole_file(self.source_file) as whole:
            whole.write_text(json.dumps(content), "utf-8")

    def _known(self) -> tuple[int | None, str]:
        try:
            content: dict[str, Any] = json.loads(self.source_file.read_bytes())
            size, version = int(content["size"]), str(content["version"])
        except (OSError, ValueError, KeyError, TypeError):
            return None, ""
        there = self.path.is_file() and self.path.stat().st_size == size and content.get("href") == self.href.partition("?")[0]
        return (size, version) if there else (None, "")

    def _stored_pages(self) -> "np.ndarray[Any, np.dtype[np.uint32]]":
        if self._size is None:
            return np.zeros(0, np.uint32)
        try:
            pages = np.frombuffer(self._pages_file.read_bytes(), np.uint32).copy()
        except (OSError, ValueError):
            pages = np.zeros(0, np.uint32)
        return pages if len(pages) == -(-self._size // _PAGE) else np.zeros(-(-self._size // _PAGE), np.uint32)


def _crc(page: bytes) -> int:
    return zlib.crc32(page) or 1


@lru_cache(maxsize=65536)
def partial_copy(path: Path, href: str, signing: str) -> PartialCopy:
    """Return the one copy of this process that lies at a path."""
    return PartialCopy(path, href, signing)


class ReadCopy(io.RawIOBase):
    """A copy as a file that GDAL reads; what is not there is fetched.

    Args:
        copy: what is read.
    """

    def __init__(self, copy: PartialCopy) -> None:
        super().__init__()
        self._copy, self._place = copy, 0

    def readable(self) -> bool:
        """See `io.IOBase`."""
        return True

    def seekable(self) -> bool:
        """See `io.IOBase`."""
        return True

    def tell(self) -> int:
        """See `io.IOBase`."""
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """See `io.IOBase`."""
        if whence == io.SEEK_END:
            offset += self._copy.size
        self._place = offset + (self._place if whence == io.SEEK_CUR else 0)
        return self._place

    def read(self, size: int = -1) -> bytes:
        """See `io.RawIOBase`. GDAL takes no exception, so what goes wrong is kept for `failures_raised`."""
        try:
            content = self._copy.read(self._place, self._copy.size if size < 0 else self._place + size)
        except CropDetectError as error:
            _threads.failure = error
            return b""
        self._place += len(content)
        return content


@contextmanager
def failures_raised(path: Path) -> Iterator[None]:
    """Raise what went wrong while GDAL read copies in this thread.

    Args:
        path: of the copy, for messages.

    Raises:
        FetchError: bytes cannot be fetched.
        UnreadableFileError: the file is damaged.
    """
    _threads.failure = None
    error: Exception | None = None
    try:
        yield
    except (RasterioError, UnreadableFileError) as raised:
        error = raised
    failure: CropDetectError | None = _threads.failure
    if failure is not None:
        raise failure from error
    if error is not None:
        raise error if isinstance(error, UnreadableFileError) else unreadable(path, error) from error
