"""Open any source of pixels."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from cropdetect.door import checked
from cropdetect.errors import OptionError, UnknownLayoutError
from cropdetect.imagery.build import build_series
from cropdetect.imagery.clear import parse_clear
from cropdetect.imagery.interpret import interpret
from cropdetect.imagery.layers import FoundTile
from cropdetect.imagery.layouts import LAYOUTS, SEE_LAYOUTS, OpenOptions, Search
from cropdetect.imagery.layouts.folders import is_zarr
from cropdetect.imagery.layouts.memory import NAME as IN_MEMORY
from cropdetect.imagery.layouts.memory import find_in_memory
from cropdetect.imagery.layouts.rasters import Rasters
from cropdetect.imagery.layouts.stac_search import address_without_prefix, is_address, is_stac
from cropdetect.imagery.names import compile_pattern
from cropdetect.imagery.naming import parse_band_names
from cropdetect.imagery.other_formats import how_to_read
from cropdetect.imagery.places import beyond_180, check_crs_kinds
from cropdetect.imagery.series import Imagery, ImageSeries, merge_warnings
from cropdetect.imagery.zones import split_by_crs
from cropdetect.in_memory import InMemory, as_source
from cropdetect.options import ImagerySource
from cropdetect.paths import contents_of, not_found

_SHOWN = 4  # tiles in a warning


def open_imagery(
    path: ImagerySource,
    *,
    pattern: str | None = None,
    date: dt.date | None = None,
    resolution: float | None = None,
    clear: str | None = None,
    offset: float | None = None,
    bands: Sequence[str] | None = None,
    band_names: str | Mapping[str, str] | None = None,
    search: Search | None = None,
    memory: int = 512,
) -> Imagery:
    r"""Open imagery of any layout; only names, metadata, coordinates and a small sample of the pixels are read.

    Args:
        path: folder or file, `stac:CATALOGUE/COLLECTION`, or a Dataset or DataArray of xarray, which is read by window, too.
        pattern: regular expression with the groups date (or year, month, day), band, tile (see `cropdetect.imagery.names`),
            searched in the paths of the files, e.g. ``(?P<tile>\w+)/(?P<date>\d{8})_(?P<band>\w+)``; within chip folders, in
            the paths below the chip.
        date: day of the images without a date in their names (default: from metadata, see `cropdetect.imagery.metadata_dates`).
        resolution: pixel size in units of the CRS (default: that of the finest band that is used).
        clear: which pixels are clear, e.g. "SCL=4,5 CLD<60", or "none" (see `cropdetect.imagery.clear`; default: all quality
            layers that are known, see `cropdetect.imagery.masks`).
        offset: what to subtract from every reflectance (default: what the metadata of Sentinel-2 products say, otherwise 0).
        bands: names of the bands to use, in order (default: all but classification bands, where most dates have them).
        band_names: other names for bands: old -> new, `old=new,...`, or the path of a YAML file (default: the data's names).
        search: which images of a STAC catalogue are wanted.
        memory: megabytes; a cube with a chunk that takes more is refused, since a chunk is read as a whole.

    Raises:
        InputNotFoundError: the path does not exist.
        UnknownLayoutError: no imagery was recognised.
        UnreadableFileError: a file is damaged.
        UnsafePathError: a file leads elsewhere (VRT, links, addresses).
        AmbiguousNameError: a name has several dates, or two layers would be one band.
        MissingBandError: a band that was named is absent.
        GridError: a file of a tile does not fit the others.
        OptionError: an argument cannot be used.
        ContradictionError: metadata and pixels exclude each other, e.g. an offset and dark pixels.
        CatalogueError: a STAC catalogue cannot be reached, or has no such scenes.
        MemoryLimitError: a chunk of a cube takes more memory than is allowed.
    """
    source = as_source(path)
    root = source.path if isinstance(source, InMemory) else source if is_stac(source) else _folder(source)
    options = OpenOptions(
        root=root if root.is_dir() else root.parent,
        pattern=None if pattern is None else compile_pattern(pattern),
        date=date,
        resolution=resolution,
        clear=None if clear is None else parse_clear(clear),
        offset=_checked_offset(offset),
        bands=_checked_bands(bands),
        band_names=parse_band_names(band_names) if isinstance(band_names, str) else band_names or {},
        search=search or Search(),
        memory=memory,
    )
    if isinstance(source, InMemory):
        layout, found = IN_MEMORY, find_in_memory(source, options)
    else:
        layout, found = _found(root, options)
    check_crs_kinds(found)
    found = split_by_crs(found)
    if len(found) == 1:
        found = [replace(found[0], name="")]
    known = interpret(found, options)
    tiles, warnings = zip(*(build_series(tile, root, options, known.quality) for tile in known.tiles), strict=True)
    of_tiles = merge_warnings([tile.name for tile in known.tiles], warnings)
    others = how_to_read(root) if root.is_dir() and not is_zarr(root) else ()
    return Imagery(
        path=root,
        layout=layout,
        tiles=tiles,
        warnings=(*of_tiles, *_not_everywhere(tiles), *beyond_180(tiles), *known.warnings, *others),
    )


def _not_everywhere(tiles: Sequence[ImageSeries]) -> tuple[str, ...]:
    """Return a warning that names the bands that some tiles lack, which are not used."""
    lacking = {
        band: [tile.name for tile in tiles if band not in tile.bands] for band in dict.fromkeys(b for t in tiles for b in t.bands)
    }
    lost = {band: names for band, names in lacking.items() if names}
    if not lost:
        return ()
    without = ", ".join(list(dict.fromkeys(name for names in lost.values() for name in names))[:_SHOWN])
    return (f"{', '.join(lost)}: not used, since some of the {len(tiles)} tiles lack the band ({without})",)


def _folder(path: Path) -> Path:
    """Return the absolute path of the imagery, which is there."""
    if is_address(path):
        raise address_without_prefix(path)
    root = checked(path)
    if not root.exists():
        raise not_found(root)
    return _chips_folder(root)


def _found(root: Path, options: OpenOptions) -> tuple[str, list[FoundTile]]:
    """Return the name of the layout that recognises a path, and the tiles that it finds."""
    for layout in LAYOUTS:
        if layout.recognises(root, options):
            return layout.name, layout.find(root, options)
    raise UnknownLayoutError(
        f"this is {contents_of(root)}, and no image that can be read lies there",
        where=root,
        fix=" ".join([*(f"{text}." for text in how_to_read(root)), SEE_LAYOUTS]),
    )


def is_imagery(path: Path) -> bool:
    """Tell whether an existing path is of one of the layouts of imagery, by its names alone."""
    return any(layout.recognises(_chips_folder(path), OpenOptions(path)) for layout in LAYOUTS)


def _chips_folder(root: Path) -> Path:
    """Return the folder `chips` in a folder that has no other imagery, as the input folder of the container is."""
    inner = root / "chips"
    if not inner.is_dir():
        return root
    others = [entry for entry in root.iterdir() if entry.name not in ("chips", "checkpoint") and not entry.name.startswith(".")]
    return root if any(entry.is_dir() or Rasters().recognises(entry, OpenOptions(root)) for entry in others) else inner


def _checked_offset(offset: float | None) -> float | None:
    if offset is not None and not 0 <= offset < float("inf"):
        raise OptionError(f"the offset {offset} is not 0 or more", fix="Give what the producer added, e.g. 1000.")
    return offset


def _checked_bands(bands: Sequence[str] | None) -> tuple[str, ...] | None:
    if bands is None:
        return None
    if isinstance(bands, str) or not bands or len(set(bands)) < len(bands):
        raise OptionError(f"the bands {bands!r} are no list of different names", fix="Leave it out, or name each band once.")
    return tuple(bands)
