"""Signatures against the published example of AWS, tokens against a made-up answer."""

import datetime as dt
from typing import Any

import pytest

from cropdetect.errors import CatalogueError
from cropdetect.imagery.stores import signing


def test_a_signature_is_that_of_amazons_published_example() -> None:
    # "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)", the example of the reference.
    signed = signing.presigned(
        "https://examplebucket.s3.amazonaws.com/test.txt",
        ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        region="us-east-1",
        now=dt.datetime(2013, 5, 24, tzinfo=dt.UTC),
        valid=86400,
    )
    assert signed.endswith("&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")


@pytest.mark.parametrize("name", ["cdse", "requester-pays"])
def test_keys_that_are_missing_are_asked_for(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    with pytest.raises(CatalogueError, match="AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
        signing.SIGNERS[name]("https://host/bucket/a.jp2", False)


class _Answer:
    def __init__(self, content: dict[str, str]) -> None:
        self._content = content

    def raise_for_status(self) -> None:
        pass

    def json(self) -> dict[str, str]:
        return self._content


def test_one_token_serves_a_container_until_it_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Session:
        def get(self, url: str, **_: Any) -> _Answer:
            asked.append(url)
            expiry = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
            return _Answer({"token": f"sig={len(asked)}", "msft:expiry": expiry.isoformat().replace("+00:00", "Z")})

    monkeypatch.setattr(signing, "session", Session)
    monkeypatch.setattr(signing, "_tokens", {})
    sign = signing.SIGNERS["planetary-computer"]
    first = sign("https://sentinel2l2a01.blob.core.windows.net/sentinel2-l2/36/B04.tif", False)
    assert first == "https://sentinel2l2a01.blob.core.windows.net/sentinel2-l2/36/B04.tif?sig=1"
    assert sign("https://sentinel2l2a01.blob.core.windows.net/sentinel2-l2/36/B08.tif", False).endswith("?sig=1")
    assert sign("https://sentinel2l2a01.blob.core.windows.net/sentinel2-l2/36/B04.tif?sig=old", True).endswith("B04.tif?sig=2")
    assert asked[0].endswith("/api/sas/v1/token/sentinel2l2a01/sentinel2-l2")
    assert sign("https://elsewhere.org/a.tif", False) == "https://elsewhere.org/a.tif"
    assert len(asked) == 2
