"""Dates in the metadata of images whose names have none.

They are tried in this order: a tag of the file such as ACQUISITION_DATE; a sidecar file (JSON) with the keys of STAC items or
other metadata; the TIFF tag DateTime, which may be the day on which the file was written. Sidecar files are ``B04.json`` beside
``B04.tif``, or ``stac.json``, ``stac-item.json``, ``item.json``, ``metadata.json`` or ``<folder>.json`` in the image's folder or
in one of those around it.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from cropdetect.documents import parse_json
from cropdetect.imagery.dates import parse_date
from cropdetect.imagery.stores.open_files import Version, file_version
from cropdetect.imagery.stores.safety import unreadable

DATETIME_TAG = "TIFFTAG_DATETIME"

_TAGS = ("acquisition_date", "acquisitiondatetime", "acquisition_datetime", "acquisition_time", "date_acquired", "sensing_time")
_KEYS = ("datetime", "start_datetime", *_TAGS, "date")
_SIDECARS = ("stac.json", "stac-item.json", "item.json", "metadata.json")
_LIMIT = 10_000_000  # bytes


@dataclass(frozen=True)
class MetadataDate:
    """The day of an image by its metadata.

    Attributes:
        day: None where it is not known.
        sidecar: the file that it comes from, if there is one.
        is_guess: whether it is the TIFF tag DateTime.
    """

    day: dt.date | None
    sidecar: Path | None = None
    is_guess: bool = False


def date_from_metadata(file: Path, tags: Mapping[str, str], root: Path) -> MetadataDate:
    """Return the day of an image by its tags and the sidecar files from its folder up to `root`.

    Raises:
        UnreadableFileError: a sidecar file is not JSON.
    """
    day = _first_day({key.lower(): text for key, text in tags.items()}, _TAGS)
    if day is not None:
        return MetadataDate(day)
    for sidecar in _sidecars(file, root):
        version = file_version(sidecar)
        day = None if version is None else _day_in(sidecar, version)
        if day is not None:
            return MetadataDate(day, sidecar)
    return MetadataDate(parse_date(tags.get(DATETIME_TAG, "")), is_guess=True)


def stated_day(file: Path, tags: Mapping[str, str]) -> tuple[dt.date | None, str]:
    """Return the day on which an image was taken by its own tags, or by the sidecar of its name, and what says so.

    What may tell of the file, such as DateTime and the key `date`, does not count.

    Raises:
        UnreadableFileError: the sidecar is not JSON.
    """
    own = {key.lower(): text for key, text in tags.items()}
    day = _first_day(own, _TAGS)
    if day is not None:
        return day, "its tag of the acquisition"
    sidecar = file.with_suffix(".json")
    version = file_version(sidecar)
    return (None if version is None else _day_in(sidecar, version, ("datetime", *_TAGS))), sidecar.name


def _sidecars(file: Path, root: Path) -> Iterator[Path]:
    yield file.with_suffix(".json")
    for folder in file.parents:
        if not folder.is_relative_to(root):
            break
        yield from (folder / name for name in (*_SIDECARS, f"{folder.name}.json"))


@lru_cache(maxsize=4096)
def _day_in(sidecar: Path, version: Version, keys: tuple[str, ...] = _KEYS) -> dt.date | None:
    if not sidecar.is_file() or version[0] > _LIMIT:
        return None
    try:
        content = parse_json(sidecar.read_bytes())
    except ValueError as error:
        raise unreadable(sidecar, error) from error
    if not isinstance(content, dict):
        return None
    properties = content.get("properties")
    parts = [part for part in (properties, content) if isinstance(part, dict)]
    return next((day for part in parts if (day := _first_day(part, keys)) is not None), None)


def _first_day(metadata: Mapping[str, Any], keys: tuple[str, ...]) -> dt.date | None:
    days = (parse_date(metadata[key]) for key in keys if isinstance(metadata.get(key), str))
    return next((day for day in days if day is not None), None)
