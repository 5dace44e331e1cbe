"""Nothing in a user's folder may lead to the network, to other files, or to code.

GDAL may use only the driver that fits the first bytes of a file, so a VRT is refused whatever its name is. It does not look for
sidecar files, and gets absolute paths that it does not parse. HDF5 links to other files and pickled Zarr objects are refused.
"""

import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import rasterio

from cropdetect.documents import parse_json
from cropdetect.errors import CropDetectError, TooManyFilesError, UnreadableFileError, UnsafePathError, not_permitted

_SIGNATURES = {
    b"II*\0": "GTiff",
    b"MM\0*": "GTiff",
    b"II+\0": "GTiff",  # BigTIFF
    b"MM\0+": "GTiff",
    b"\0\0\0\x0c": "JP2OpenJPEG",
    b"\xff\x4f\xff\x51": "JP2OpenJPEG",
}

LONGEST_AXIS = 2**24  # entries of a coordinate, which is read as a whole
_WRITE_OUT = ", e.g. by: gdal_translate {0.name} {0.stem}.tif"
_LARGEST_CHUNK = 2**28  # numbers

_NO_FILTER = "can't open directory"  # HDF5 looks for a filter among its plug-ins
_NO_DRIVER = "as being in a supported file format"  # GDAL
_NO_TIMES = "unable to decode time units"  # xarray
_TIMES_AS_DATES = "Write its times in the standard calendar, with CF units such as 'days since 2018-01-01'."

_ZARR_METADATA = (".zarray", ".zmetadata", "zarr.json")

_SETTINGS = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",  # no .aux.xml, .ovr, .msk: they may name any other file
    "GDAL_PAM_ENABLED": "NO",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
    "GDAL_HTTP_MAX_RETRY": "0",
    "GDAL_CACHEMAX": 4 * 2**20,  # bytes: every block is decoded once, and what the processor's own cache holds is reused fastest
}


def gdal() -> rasterio.Env:
    """Return the settings under which files are opened and read."""
    return rasterio.Env(**_SETTINGS)


def driver_of(head: bytes, path: Path) -> str:
    """Return the GDAL driver that the first bytes of a file call for.

    Raises:
        UnsafePathError: it is a VRT or other XML that GDAL might follow elsewhere.
        UnreadableFileError: it is neither GeoTIFF nor JP2.
    """
    if path.suffix.lower() == ".vrt" or head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise _unsafe(
            path, "is a virtual raster (VRT or other XML), which may lead to other files or the network", _WRITE_OUT.format(path)
        )
    driver = _SIGNATURES.get(head[:4])
    if driver is None:
        raise unreadable(path, ValueError("it is neither GeoTIFF nor JP2" if head else "it is empty"))
    return driver


def refuse_hdf5_links(path: Path) -> None:
    """Raise UnsafePathError where an HDF5 file takes data from other files.

    Raises:
        UnreadableFileError: it is not HDF5, or damaged.
    """
    import h5py

    seen: set[int] = set()  # groups around the one that is looked at

    def check(group: Any) -> None:
        for name in group:
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                raise _unsafe(path, f"{name} is a link to another file")
            if isinstance(link, h5py.SoftLink):
                continue  # it leads to a place in this file, which is looked at there
            item = group.get(name)
            if isinstance(item, h5py.Group):
                place = h5py.h5o.get_info(item.id).addr
                if place in seen:
                    raise unreadable(path, ValueError(f"the group {name} holds itself"))
                seen.add(place)
                check(item)
                seen.remove(place)
            elif isinstance(item, h5py.Dataset):
                _check_axis(path, name, item.shape or (), item.chunks or ())
                if item.external or item.is_virtual or item.file.filename != group.file.filename:
                    raise _unsafe(path, f"the numbers of {name} lie in other files")

    try:
        with h5py.File(path, "r") as file:
            seen.add(h5py.h5o.get_info(file["/"].id).addr)
            check(file)
    except (OSError, RecursionError) as error:
        raise unreadable(path, error) from error


def refuse_zarr_objects(path: Path, group: str | None = None) -> None:
    """Raise UnsafePathError where a Zarr store holds pickled objects, which could run code when read.

    Args:
        path: the store.
        group: look at this group alone, and at the groups around it; else at all.

    Raises:
        UnreadableFileError: its metadata is damaged.
    """
    for metadata in path.rglob("*") if group is None else _around(path, group):
        if metadata.name not in _ZARR_METADATA or not metadata.is_file():
            continue
        try:
            content = parse_json(metadata.read_bytes())
        except (ValueError, OSError) as error:
            raise unreadable(metadata, error) from error
        _check_sizes(metadata, content)
        if "pickle" in set(_codecs(content)):
            raise _unsafe(metadata, "holds pickled objects, which could run code")


def _around(path: Path, group: str) -> Iterator[Path]:
    """Yield the metadata of a group of a Zarr store, of its arrays, and of the groups around it and theirs."""
    inner = path / group
    for folder in (inner, *(one for one in inner.parents if one.is_relative_to(path))):
        yield from (folder / name for name in _ZARR_METADATA)
        yield from (array / name for array in sorted(folder.glob("*/")) for name in _ZARR_METADATA)


def _check_sizes(metadata: Path, content: Any) -> None:
    """Refuse an array that says that one of its axes, or one chunk of it, is larger than can be read."""
    if not isinstance(content, dict) or not isinstance(content.get("shape"), list):
        return
    grid = content.get("chunk_grid")
    settings = grid.get("configuration") if isinstance(grid, dict) else None
    chunk = content.get("chunks") or (settings.get("chunk_shape") if isinstance(settings, dict) else None) or [1]
    sizes = [*content["shape"], *(chunk if isinstance(chunk, list) else [None])]
    if not all(isinstance(size, int) and size >= 0 for size in sizes):
        raise unreadable(metadata, ValueError("its shape or the shape of its chunks is impossible"))
    _check_axis(metadata, "it", content["shape"], chunk)
    if math.prod(chunk) > _LARGEST_CHUNK:
        raise UnreadableFileError(
            f"one chunk of it has {math.prod(chunk)} numbers; {_LARGEST_CHUNK} can be read",
            where=metadata,
            fix="Write it again in smaller chunks.",
        )


def _check_axis(path: Path, name: str, shape: Sequence[int], chunk: Sequence[int]) -> None:
    """Refuse a coordinate, which is read as a whole, with more entries than can be read; a chunk may be longer than it."""
    longest = max((*shape, *chunk)) if len(shape) == 1 else 0
    if longest > LONGEST_AXIS:
        raise unreadable(path, ValueError(f"{name} says that it has {longest} entries; {LONGEST_AXIS} can be read"))


def _codecs(content: Any) -> Iterator[str]:
    """Yield every `id` and `name` in Zarr metadata, at any depth."""
    if isinstance(content, dict):
        for key, value in content.items():
            if key in ("id", "name") and isinstance(value, str):
                yield value.removeprefix("numcodecs.").lower()
            yield from _codecs(value)
    elif isinstance(content, list):
        for value in content:
            yield from _codecs(value)


def unreadable(path: Path, error: BaseException) -> CropDetectError:
    """Return the error that names a damaged file, or says that it may not be read, or that no more files can be opened."""
    if "Too many open files" in str(error):
        return TooManyFilesError("no more files can be opened", where=path, fix=TooManyFilesError.cure)
    if "Permission denied" in str(error):
        return not_permitted(path)
    reason, fix = (str(error).strip() or type(error).__name__).splitlines()[0], "Copy or download it again."
    if isinstance(error, UnicodeDecodeError):
        fix = "Save its text as UTF-8, or copy or download it again."
    if _NO_DRIVER in reason and (driver := _SIGNATURES.get(_head(path))) is not None:
        with rasterio.Env() as settings:
            if driver not in settings.drivers():
                return without_driver(path, driver)
    if _NO_FILTER in reason:
        reason, fix = "its numbers are compressed in a way that is not known here", "Write it again with deflate (zlib) or none."
    if reason.startswith(_NO_TIMES):
        reason, fix = reason.partition(". Try opening")[0], _TIMES_AS_DATES
    return UnreadableFileError(f"the file cannot be read ({reason})", where=path, fix=fix)


def without_driver(path: Path, driver: str) -> UnreadableFileError:
    """Return the error for a file whose driver GDAL does not have here."""
    skipped = next((f"{name}={os.environ[name]}" for name in ("GDAL_SKIP", "OGR_SKIP") if name in os.environ), "")
    fix = f"Remove {skipped} from the environment." if skipped else "Install rasterio and pyogrio from PyPI, which have it."
    return UnreadableFileError(f"GDAL's driver {driver}, which this file needs, is left out here", where=path, fix=fix)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4)


def changed_size(path: Path) -> UnreadableFileError:
    """Return the error that names a file whose image has another size than when the imagery was opened."""
    return UnreadableFileError("the image has another size than it had when it was opened", where=path, fix="Start again.")


def _unsafe(path: object, why: str, more: str = "") -> UnsafePathError:
    return UnsafePathError(why, where=path, fix=f"Give local GeoTIFF, JP2, NetCDF or Zarr files with the pixels in them{more}.")
