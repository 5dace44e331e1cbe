"""GeoTIFF and JP2 files in a zip archive, which are read in place: `a.zip/folder/B04.tif` is a path like any other.

GDAL reads them through its /vsizip/ file system, with a path that is made here of an archive on disk and an entry in it.
Zarr stores in an archive are found, so that a message can name them, and are not read.
"""

import zipfile
from collections.abc import Collection
from functools import lru_cache
from itertools import pairwise
from pathlib import Path, PurePosixPath

from cropdetect.errors import UnreadableFileError, UnsafePathError
from cropdetect.imagery.stores.open_files import Version, file_version
from cropdetect.imagery.stores.safety import driver_of, unreadable

SUFFIX = ".zip"

ZARR_GROUP = ("zarr.json", ".zgroup", ".zmetadata")  # files that make a folder a Zarr group

_IMAGES = (".tif", ".tiff", ".jp2", ".zarr")
_VECTORS = (".shp", ".gpkg", ".geojson", ".json", ".gml", ".parquet", ".fgb", ".kml")


def archive_of(path: Path) -> Path | None:
    """Return the archive that a path leads into, or None."""
    return next((parent for parent in path.parents if parent.suffix.lower() == SUFFIX and parent.is_file()), None)


def on_disk(path: Path) -> Path:
    """Return the file on disk that holds a path: itself, or the archive around it."""
    return path if path.exists() else archive_of(path) or path


def gdal_name(path: Path) -> str | Path:
    """Return what GDAL opens for a path."""
    archive = None if path.exists() else archive_of(path)
    return path if archive is None else f"/vsizip/{{{archive}}}/{path.relative_to(archive).as_posix()}"


def first_bytes(path: Path, count: int) -> bytes:
    """Return the first bytes of a file on disk or in an archive.

    Raises:
        UnreadableFileError: it is damaged, locked with a password, or gone.
    """
    archive = None if path.exists() else archive_of(path)
    try:
        if archive is None:
            with path.open("rb") as file:
                return file.read(count)
        with zipfile.ZipFile(archive) as content, content.open(path.relative_to(archive).as_posix()) as entry:
            return entry.read(count)
    except (OSError, zipfile.BadZipFile, KeyError, RuntimeError, NotImplementedError) as error:
        raise unreadable(path, error) from error


def raster_driver(path: Path) -> str:
    """Return the GDAL driver that a file's first bytes call for.

    Raises:
        UnsafePathError: it is a VRT or other XML that GDAL might follow elsewhere.
        UnreadableFileError: it is neither GeoTIFF nor JP2.
    """
    return driver_of(first_bytes(path, 64), path)


def images_in(archive: Path, suffixes: Collection[str]) -> list[Path]:
    """Return the paths of all entries with these suffixes, in order, and of Zarr stores for ".zarr".

    A store that is packed without its folder has the path of the archive.

    Raises:
        UnreadableFileError: the archive is damaged.
        UnsafePathError: an entry would lie outside the archive.
    """
    version = file_version(archive)
    names, stores = ((), ()) if version is None else _names(archive, version)
    found = [archive / name for name in names if PurePosixPath(name).suffix.lower() in suffixes]
    return [*(archive / store for store in stores if ".zarr" in suffixes), *found]


def is_image_archive(path: Path) -> bool:
    """Whether a path is an archive with images and without vector files.

    Raises:
        UnreadableFileError: the archive is damaged.
        UnsafePathError: an entry would lie outside the archive.
    """
    if path.suffix.lower() != SUFFIX or not path.is_file():
        return False
    return bool(images_in(path, _IMAGES)) and not images_in(path, _VECTORS)


@lru_cache(maxsize=256)
def _names(archive: Path, version: Version) -> tuple[tuple[str, ...], tuple[PurePosixPath, ...]]:
    """Return the files in an archive that are not hidden and lie in no Zarr store, and the outermost stores."""
    try:
        with zipfile.ZipFile(archive) as content:
            names = sorted(info.filename for info in content.infolist() if not info.is_dir())
    except (OSError, zipfile.BadZipFile) as error:
        raise unreadable(archive, error) from error
    twice = next((name for name, following in pairwise(names) if name == following), None)
    if twice is not None:
        raise UnreadableFileError(f"the archive holds {twice!r} twice", where=archive, fix="Pack it again, with one of them.")
    for name in names:
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if name.startswith("/") or ".." in parts or ":" in name or "}" in name:
            raise UnsafePathError(f"the entry {name!r} would lie outside the archive", where=archive, fix="Pack the files again.")
    groups = {path.parent for path in map(PurePosixPath, names) if path.name in ZARR_GROUP and not _hidden(path.parent)}
    stores = sorted(group for group in groups if groups.isdisjoint(group.parents))
    files = (name for name in names if not _hidden(path := PurePosixPath(name)) and groups.isdisjoint(path.parents))
    return tuple(files), tuple(stores)


def _hidden(path: PurePosixPath) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in path.parts)
