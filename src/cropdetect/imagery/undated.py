"""The day of an image whose name and band descriptions tell none.

In this order: what the user said; a tag of the file such as ACQUISITION_DATE; a sidecar file, JSON, with the keys that STAC items
or other metadata have: ``B04.json`` beside ``B04.tif``, or ``stac.json``, ``stac-item.json``, ``item.json``, ``metadata.json`` or
``<folder>.json`` in the image's folder or one of those around it; at last the TIFF tag DateTime, which may be the day on which
the file was written.
"""

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from cropdetect.imagery.names import to_date
from cropdetect.imagery.naming import Naming
from cropdetect.imagery.safety import unreadable

DATETIME_TAG = "TIFFTAG_DATETIME"

_TAGS = ("acquisition_date", "acquisitiondatetime", "acquisition_datetime", "acquisition_time", "date_acquired", "sensing_time")
_KEYS = ("datetime", "start_datetime", *_TAGS, "date")
_SIDECARS = ("stac.json", "stac-item.json", "item.json", "metadata.json")
_LIMIT = 10_000_000  # bytes


def day_of(file: Path, tags: Mapping[str, str], naming: Naming) -> tuple[dt.date | None, bool]:
    """Return the day, and whether it is a guess (the TIFF tag DateTime).

    Args:
        file: the image.
        tags: its tags.
        naming: what the user said.

    Raises:
        UnreadableFileError: a sidecar file is no JSON.
    """
    if naming.date is not None:
        return naming.date, False
    told = _first_day({key.lower(): text for key, text in tags.items()}, _TAGS)
    if told is None:
        told = next((day for sidecar in _sidecars(file, naming.root) if (day := _day_in(sidecar)) is not None), None)
    if told is not None:
        return told, False
    return to_date(tags.get(DATETIME_TAG, "")[:10]), True


def _sidecars(file: Path, root: Path) -> Iterator[Path]:
    yield file.with_suffix(".json")
    for folder in file.parents:
        if not folder.is_relative_to(root):
            break
        yield from (folder / name for name in (*_SIDECARS, f"{folder.name}.json"))


@lru_cache(maxsize=4096)
def _day_in(sidecar: Path) -> dt.date | None:
    if not sidecar.is_file() or sidecar.stat().st_size > _LIMIT:
        return None
    try:
        content = json.loads(sidecar.read_bytes())
    except ValueError as error:
        raise unreadable(sidecar, error) from error
    if not isinstance(content, dict):
        return None
    properties = content.get("properties")
    parts = [part for part in (properties, content) if isinstance(part, dict)]
    return next((day for part in parts if (day := _first_day(part, _KEYS)) is not None), None)


def _first_day(told: Mapping[str, Any], keys: tuple[str, ...]) -> dt.date | None:
    days = (to_date(told[key][:10]) for key in keys if isinstance(told.get(key), str))
    return next((day for day in days if day is not None), None)
