"""Connections to servers, one session a thread."""

import threading
from typing import TYPE_CHECKING

from cropdetect.errors import MissingExtraError

if TYPE_CHECKING:
    import requests

_threads = threading.local()


def session() -> "requests.Session":
    """Return this thread's session, which keeps connections open.

    Raises:
        MissingExtraError: the extra [stac] is not installed.
    """
    try:
        import requests
    except ImportError as error:
        raise missing_extra() from error
    if not hasattr(_threads, "session"):
        _threads.session = requests.Session()
    kept: requests.Session = _threads.session
    return kept


def missing_extra() -> MissingExtraError:
    """Return the error for a missing extra [stac]."""
    return MissingExtraError("a STAC catalogue needs packages that are not installed", fix="pip install 'cropdetect[stac]'")
