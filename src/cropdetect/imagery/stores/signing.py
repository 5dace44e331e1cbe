"""How addresses of files are made readable: tokens of the Planetary Computer, signatures of S3.

Sources: https://planetarycomputer.microsoft.com/docs/concepts/sas/ (tokens are given to anyone, for a container, for about an
hour); "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)" in the reference of Amazon S3.
"""

import datetime as dt
import hashlib
import hmac
import os
import threading
from collections.abc import Callable, Mapping
from urllib.parse import quote, urlencode, urlsplit

from cropdetect.errors import CatalogueError
from cropdetect.imagery.stores.session import session

_TOKEN = "https://planetarycomputer.microsoft.com/api/sas/v1/token"
_BLOBS = ".blob.core.windows.net"
_SPARE = dt.timedelta(minutes=5)  # a token is renewed so long before it expires
_VALID = 3600  # seconds, of a signature of S3

_tokens: dict[str, tuple[str, dt.datetime]] = {}  # container -> token, and when it expires
_lock = threading.Lock()


def planetary_computer(href: str, renew: bool) -> str:
    """Return an address with a token of its container; other hosts' addresses are returned as they are.

    Raises:
        CatalogueError: no token is given.
    """
    parts = urlsplit(href)
    host = parts.hostname or ""
    if not host.endswith(_BLOBS):
        return href
    place = f"{host.removesuffix(_BLOBS)}/{parts.path.split('/')[1]}"
    with _lock:
        token, expiry = _tokens.get(place, ("", None))
        if renew or expiry is None or expiry < dt.datetime.now(dt.UTC) + _SPARE:
            token, expiry = _tokens[place] = _new_token(place)
    return f"{href.partition('?')[0]}?{token}"


def _new_token(place: str) -> tuple[str, dt.datetime]:
    import requests

    try:
        response = session().get(f"{_TOKEN}/{place}", timeout=30)
        response.raise_for_status()
        answer = response.json()
        return str(answer["token"]), dt.datetime.fromisoformat(answer["msft:expiry"])
    except (requests.RequestException, ValueError, KeyError) as error:
        raise CatalogueError(
            f"the Planetary Computer gives no token for {place} ({type(error).__name__})",
            fix="Check the network, and run the same command again.",
        ) from error


def cdse(href: str, renew: bool) -> str:
    """Return an address of the Copernicus Data Space's S3 with a signature by the user's keys (`AWS_ACCESS_KEY_ID` ...).

    Raises:
        CatalogueError: there are no keys.
    """
    return presigned(href, _keys("Make S3 keys at https://eodata-s3keysmanager.dataspace.copernicus.eu"), region="default")


def requester_pays(href: str, renew: bool) -> str:
    """Return an address of Amazon's S3 (us-west-2) with a signature by the user's keys; the user pays for what is fetched.

    Raises:
        CatalogueError: there are no keys.
    """
    keys = _keys("The bucket is read with keys of Amazon Web Services, and you pay; planetary-computer has Landsat for free")
    return presigned(href, keys, region="us-west-2", extra={"x-amz-request-payer": "requester"})


def _keys(fix: str) -> tuple[str, str]:
    key, secret = os.environ.get("AWS_ACCESS_KEY_ID", ""), os.environ.get("AWS_SECRET_ACCESS_KEY", "")
    if not key or not secret:
        raise CatalogueError(
            "the files of this catalogue need S3 keys",
            fix=f"{fix}, and set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (docs/stac.md).",
        )
    return key, secret


def presigned(
    href: str,
    keys: tuple[str, str],
    *,
    region: str,
    extra: Mapping[str, str] | None = None,
    now: dt.datetime | None = None,
    valid: int = _VALID,
) -> str:
    """Return an address with a signature of S3 (version 4) for a GET.

    Args:
        href: https address of the file.
        keys: access key and secret key.
        region: of the bucket.
        extra: further parameters that are signed.
        now: when it is signed (default: now).
        valid: for so many seconds.
    """
    parts, (key, secret) = urlsplit(href), keys
    now = now or dt.datetime.now(dt.UTC)
    day, moment = now.strftime("%Y%m%d"), now.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{day}/{region}/s3/aws4_request"
    query = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{key}/{scope}",
        "X-Amz-Date": moment,
        "X-Amz-Expires": str(valid),
        "X-Amz-SignedHeaders": "host",
    } | dict(extra or {})
    signed = urlencode(sorted(query.items()), quote_via=quote, safe="")
    path = quote(parts.path, safe="/~%")
    canonical = "\n".join(("GET", path, signed, f"host:{parts.netloc}", "", "host", "UNSIGNED-PAYLOAD"))
    text = "\n".join(("AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    signature = f"AWS4{secret}".encode()
    for part in (day, region, "s3", "aws4_request", text):
        signature = hmac.new(signature, part.encode(), hashlib.sha256).digest()
    return f"{parts.scheme}://{parts.netloc}{path}?{signed}&X-Amz-Signature={signature.hex()}"


#: Name -> what returns an address that can be read: of (address, whether the last one was refused).
SIGNERS: Mapping[str, Callable[[str, bool], str]] = {
    "planetary-computer": planetary_computer,
    "cdse": cdse,
    "requester-pays": requester_pays,
}
