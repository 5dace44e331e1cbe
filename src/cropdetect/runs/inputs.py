"""Which files an input consists of: those of a folder, and those that belong to a file."""

import os
from collections.abc import Iterator
from pathlib import Path

from cropdetect import door

_CATALOGUE = "stac:"
_LARGEST_ITEMS = 64 * 2**20  # bytes of a file that may be one of STAC items
_TEMPORARY = ("-shm",)  # ends of the names of what SQLite keeps while it reads
_IMAGES = frozenset({".tif", ".tiff", ".jp2"})
_METADATA = frozenset({".json", ".xml", ".txt"})  # which are looked for beside images


def items_file(path: Path) -> Path | None:
    """Return the file of STAC items that a user named as `stac:FILE`; None where it is something else."""
    file = Path(str(path).removeprefix(_CATALOGUE))
    return file if door.is_catalogue(path) and file.is_file() else None


def files_of(path: Path) -> list[tuple[str, Path]]:
    """Return the files that an input consists of, each with a name that does not depend on where the input lies.

    Args:
        path: a file, a folder, or `stac:FILE`.
    """
    path = items_file(path) or path
    if not path.is_file():
        return [(file.relative_to(path).as_posix(), file) for file in _walked(path)]
    return [(file.name, file) for file in (path, *_beside(path))] + list(_assets(path))


def _walked(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder in order, those behind links too."""
    for root, folders, names in os.walk(folder, followlinks=True):
        folders.sort()
        for name in sorted(names):
            yield Path(root) / name


def _beside(file: Path) -> Iterator[Path]:
    """Yield what belongs to a file: the others of a Shapefile, masks and georeferences, journals, metadata of an image."""
    stem, image = f"{file.stem}.".casefold(), file.suffix.lower() in _IMAGES
    temporary = {file.name + end for end in _TEMPORARY}
    try:
        there = sorted(entry.name for entry in os.scandir(file.parent) if entry.is_file())
    except OSError:
        there = []
    for name in there:
        other = file.with_name(name)
        described = image and other.suffix.lower() in _METADATA
        of_it = name.casefold().startswith(stem) and name not in temporary
        if name != file.name and (of_it or described):
            yield other
    for folder in file.parents:
        if image and folder.suffix.upper() == ".SAFE":
            yield from sorted(folder.glob("MTD_*.xml"))


def _assets(file: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files on this computer that STAC items name."""
    if file.suffix.lower() not in (".json", ".geojson") or file.stat().st_size > _LARGEST_ITEMS:
        return
    from cropdetect.documents import parse_json

    content = file.read_bytes()
    try:
        document = parse_json(content) if b'"assets"' in content else None
    except ValueError:  # said where the file is read
        return
    for href in sorted(_hrefs(document)):
        try:
            named = file.parent / href
            if "://" not in href and named.is_file():
                yield href, named
        except (OSError, ValueError):  # no path
            continue


def _hrefs(document: object) -> set[str]:
    """Return what the assets of items name."""
    features = document.get("features", [document]) if isinstance(document, dict) else []
    assets = [one.get("assets") for one in features if isinstance(one, dict)] if isinstance(features, list) else []
    named = [asset for group in assets if isinstance(group, dict) for asset in group.values()]
    return {one["href"] for one in named if isinstance(one, dict) and isinstance(one.get("href"), str)}
