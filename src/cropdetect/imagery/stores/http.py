"""Ranges of files on the network: with retries, signatures, and a count of what was fetched.

Nothing of this is used unless the user typed `stac:`. A request is tried five times, with growing pauses, where the server is
busy (429, 500, 502, 503, 504), the connection breaks, or fewer bytes come than were asked for.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from cropdetect.errors import CatalogueError
from cropdetect.imagery.stores.session import session
from cropdetect.imagery.stores.signing import SIGNERS

_TRIES = 5
_BUSY = (429, 500, 502, 503, 504)
_REFUSED = (400, 401, 403, 409)  # Azure answers 409 where a signature is missing
_TIMEOUT = (10, 60)  # seconds, to connect and to wait for bytes
pause = time.sleep


class FetchError(CatalogueError):
    """A file of a scene cannot be fetched.

    Attributes:
        refused: whether the server wants a signature or credentials.
    """

    def __init__(self, what: str, *, where: object = "", fix: str = "", refused: bool = False) -> None:
        super().__init__(what, where=where, fix=fix)
        self.refused = refused


@dataclass
class Traffic:
    """What was fetched since the process began.

    Attributes:
        requests: number of requests that were answered.
        bytes: of their bodies.
    """

    requests: int = 0
    bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, n_bytes: int) -> None:
        """Count one answer."""
        with self._lock:
            self.requests += 1
            self.bytes += n_bytes


TRAFFIC = Traffic()


@dataclass(frozen=True)
class Part:
    """Some bytes of a file.

    Attributes:
        start: place of the first.
        content: the bytes.
        size: of the whole file.
        version: what changes when the file does (its ETag or time of change), or "".
    """

    start: int
    content: bytes
    size: int
    version: str


def fetch_part(href: str, signing: str, start: int, stop: int) -> Part:
    """Fetch the bytes [start, stop) of a file; what lies beyond its end is left out.

    Args:
        href: http or https address.
        signing: name of an entry of `SIGNERS`, or "".
        start: place of the first byte.
        stop: place behind the last byte.

    Raises:
        FetchError: the server refuses, or does not answer after all tries.
        MissingExtraError: the extra [stac] is not installed.
    """
    why, renewed = "", False
    for attempt in range(_TRIES):
        if attempt and not renewed:
            pause(0.5 * 2 ** (attempt - 1))
        answer = _answer(SIGNERS[signing](href, renewed) if signing else href, start, stop)
        if isinstance(answer, Part):
            return answer
        status, why = answer
        if status in _REFUSED:
            if signing and not renewed:  # the signature may have expired meanwhile
                renewed = True
                continue
            raise _refused(href, why)
        renewed = False
        if status and status not in _BUSY:
            raise FetchError(why, where=_shown(href), fix="The catalogue may name a file that is gone.")
    raise FetchError(f"{why}, after {_TRIES} tries", where=_shown(href), fix="Check the network, and run the same command again.")


def _answer(url: str, start: int, stop: int) -> "Part | tuple[int, str]":
    """Return the bytes, or the status (0: no answer) and what went wrong."""
    kept = session()
    import requests

    try:
        with kept.get(url, headers={"Range": f"bytes={start}-{stop - 1}"}, timeout=_TIMEOUT) as response:
            if response.status_code == 416:
                return 416, "the file is shorter than its header says"
            if response.status_code not in (200, 206):
                return response.status_code, f"the server answers {response.status_code} ({response.reason})"
            if response.headers.get("Content-Type", "").startswith("text/html"):
                return 403, "the server answers with a web page instead of the file"
            content, headers = response.content, response.headers
            first = start if response.status_code == 206 else 0
            size = _size(headers, first + len(content))
            expected = min(stop, size) - start if response.status_code == 206 else size
            TRAFFIC.add(len(content))
            if len(content) != expected:
                return 0, f"{len(content)} bytes came instead of {expected}"
            return Part(first, content, size, headers.get("ETag") or headers.get("Last-Modified") or "")
    except requests.RequestException as error:
        return 0, f"no answer from the server ({type(error).__name__})"


def _size(headers: Mapping[str, str], at_least: int) -> int:
    total = headers.get("Content-Range", "").rpartition("/")[2]
    return int(total) if total.isdigit() else at_least


def _refused(href: str, why: str) -> FetchError:
    return FetchError(
        f"{why}: the signature has expired, or the file needs credentials",
        where=_shown(href),
        fix="Search again instead of keeping signed addresses (stac:CATALOGUE/COLLECTION, --from, --to); for credentials see "
        "docs/stac.md.",
        refused=True,
    )


def _shown(href: str) -> str:
    """Return an address without its query, which may hold a signature."""
    return href.partition("?")[0]
