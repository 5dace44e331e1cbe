"""Images in formats that are not read: what they are called, and how they become files that are.

A season of which some dates lie in such files would be read without them, so each kind is told.
"""

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cropdetect.imagery.layouts.folders import is_zarr

_ENVI = ".hdr"  # the header beside an image, whose own name may end with anything
_OF_SNAP = ".data"  # the folder beside a BEAM-DIMAP file, which holds its layers


@dataclass(frozen=True)
class OtherFormat:
    """A format that is not read.

    Attributes:
        name: of one such file, with its article.
        several: of several.
        endings: of the names of its files, in lower case.
        fix: what the user does with it; `NAME` is the file, and `STEM` the file without its ending.
        is_archive: whether its content may have been unpacked beside it.
    """

    name: str
    several: str
    endings: tuple[str, ...]
    fix: str
    is_archive: bool = False


_SIDECAR = (".xml", ".txt", ".enp", ".sta")
_TRANSLATE = "gdal_translate NAME STEM.tif"
OTHER_FORMATS: tuple[OtherFormat, ...] = (
    OtherFormat(
        "a tar archive", "tar archives", (".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz"), "unpack it: tar -xf NAME",
        is_archive=True,
    ),
    OtherFormat(
        "a compressed image", "compressed images", (".tif.gz", ".tiff.gz", ".nc.gz"), "unpack it: gunzip NAME", is_archive=True
    ),
    OtherFormat(
        "a GeoTIFF by another suffix", "GeoTIFFs by other suffixes", (".gtiff", ".geotiff", ".gtif"), "rename it: STEM.tif"
    ),
    OtherFormat("a virtual raster", "virtual rasters", (".vrt",), f"write its pixels into a file: {_TRANSLATE}"),
    OtherFormat(
        "an HDF file", "HDF files", (".hdf", ".h5", ".he5", ".hdf4", ".hdf5"),
        "gdalinfo NAME lists its layers; write each that is needed: gdal_translate LAYER DATE_BAND.tif",
    ),
    OtherFormat("a BEAM-DIMAP file", "BEAM-DIMAP files", (".dim",), "export it in SNAP as GeoTIFF or NetCDF4-CF"),
    OtherFormat(
        "an ERDAS or ENVI image", "ERDAS or ENVI images", (".img", ".bsq", ".bil", ".bip", _ENVI), f"convert it: {_TRANSLATE}"
    ),
    OtherFormat("an image", "images", (".pix", ".ecw", ".sid", ".ers"), f"convert it: {_TRANSLATE}"),
    OtherFormat(
        "an array without a place", "arrays without a place", (".npy", ".npz"),
        "write GeoTIFF, or give an xarray Dataset with coordinates in Python",
    ),
)  # fmt: skip


def how_to_read(path: Path) -> tuple[str, ...]:
    """Return a sentence about each kind of image at a path, a file or a folder, that is not read."""
    return tuple(_sentence(other, files, path) for other, files in _found(path).items())


def _sentence(other: OtherFormat, files: list[Path], root: Path) -> str:
    first = files[0]
    shown = first.name if first == root else first.relative_to(root).as_posix()
    one = len(files) == 1
    what = f"{shown} is {other.name}, which is" if one else f"{len(files)} files such as {shown} are {other.several}, which are"
    stem = first.name.removesuffix(_ending(first, other))
    return f"{what} not read; {other.fix.replace('NAME', first.name).replace('STEM', stem)}"


def _ending(file: Path, other: OtherFormat) -> str:
    """Return how the name of a file ends, as it is written."""
    known = next((ending for ending in other.endings if file.name.lower().endswith(ending)), file.suffix)
    return file.name[len(file.name) - len(known) :]


def _found(path: Path) -> dict[OtherFormat, list[Path]]:
    """Return format -> its files at a path, in order; an archive that lies beside its content does not count."""
    found: dict[OtherFormat, list[Path]] = defaultdict(list)
    for folder, names in [(path.parent, [path.name])] if path.is_file() else _walk(path):
        for name in names:
            other = next((one for one in OTHER_FORMATS if name.lower().endswith(one.endings)), None)
            if other is None or (other.is_archive and folder / name != path and _is_unpacked(folder / name, other)):
                continue
            if name.lower().endswith(_ENVI):
                found[other] += [folder / one for one in _beside_header(name, names) if not one.lower().endswith(other.endings)]
            else:
                found[other].append(folder / name)
    return {other: files for other, files in found.items() if files}


def _walk(root: Path) -> Iterator[tuple[Path, list[str]]]:
    for place, inner, files in os.walk(root):
        folder = Path(place)
        inner[:] = sorted(
            name for name in inner if not name.startswith(".") and not name.endswith(_OF_SNAP) and not is_zarr(folder / name)
        )
        yield folder, sorted(name for name in files if not name.startswith("."))


def _is_unpacked(archive: Path, other: OtherFormat) -> bool:
    """Whether something beside an archive begins with its name, as its content does."""
    stem = archive.name[: -len(_ending(archive, other))]
    return any(one.name.startswith(stem) and one != archive for one in archive.parent.iterdir())


def _beside_header(header: str, names: list[str]) -> list[str]:
    """Return the images that a header of ENVI may belong to: `a.dat` or `a` of `a.hdr`."""
    stem = header[: -len(_ENVI)]
    return [name for name in names if name != header and stem in (name, Path(name).stem) and not name.endswith(_SIDECAR)]
