"""A folder of GeoTIFF or JP2 files: one a band and date, one with many bands a date, or one with many dates a band.

`names` tells how date, band and tile are found, `undated` where else a date is looked for. Sentinel-2 products (.SAFE folders or
their files) are known; each granule is a tile of its own.
"""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cropdetect.errors import UnknownLayoutError
from cropdetect.imagery.assemble import Found
from cropdetect.imagery.fieldfiles import find_field_files, is_field_raster
from cropdetect.imagery.layer import Layer
from cropdetect.imagery.layouts import accepted
from cropdetect.imagery.names import Name, parse_description, parse_path, to_date, to_time
from cropdetect.imagery.naming import Naming
from cropdetect.imagery.offset import offset_of
from cropdetect.imagery.passes import Piece, to_acquisitions
from cropdetect.imagery.raster import RasterFile, open_raster
from cropdetect.imagery.safety import raster_driver
from cropdetect.imagery.tiles import split_by_area
from cropdetect.imagery.tree import paths_with
from cropdetect.imagery.undated import day_of

NAME = "files"
SUFFIXES = (".tif", ".tiff", ".jp2")
_EMPTY_DESCRIPTION = re.compile(r"\s*((band|layer|gr[ae]y)[ _]?\d*)?\s*", re.IGNORECASE)
_SHOWN = 5  # file names in a warning


def recognise(path: Path, naming: Naming) -> bool:
    """Whether there is any such file; a virtual raster counts, to be refused by name."""
    return next(paths_with(path, (*SUFFIXES, ".vrt")), None) is not None


def find(path: Path, naming: Naming) -> list[Found]:
    """Return the tiles at `path`, from file heads only.

    Raises:
        UnreadableFileError: a file is damaged.
        UnsafePathError: a file is a virtual raster, or there is nothing else.
        UnknownLayoutError: no file tells date and band.
    """
    root = path if path.is_dir() else path.parent
    tiles: dict[str, list[Piece]] = {}
    strangers: list[Path] = []
    undated: list[Path] = []
    guessed: list[Path] = []
    named = root.parent if root.suffix.upper() == ".SAFE" else root  # the product's name tells something itself
    for file in paths_with(path, SUFFIXES):
        if is_field_raster(file.name):
            continue
        name = parse_path(file.relative_to(named).with_suffix("").as_posix(), naming.pattern)
        if name is None:
            continue
        head = open_raster(file)
        named_only = list(_named_layers(head, name))
        if all(not one.date for one in named_only) and any(one.band_is_sure for one in named_only):
            day, guess = day_of(file, head.tags, naming)
            (undated if day is None else guessed if guess else []).append(file)
            date = "" if day is None else day.isoformat()
            named_only = [replace(one, date=date) for one in named_only if one.band_is_sure]
        offset = offset_of(file, path)
        pieces = [
            Piece(day, to_time(one.date), one.band, name.pass_key, one.layer, offset)
            for one in named_only
            if one.band and (day := to_date(one.date)) is not None
        ]
        if pieces:
            tiles.setdefault(name.tile, []).extend(pieces)
        elif file not in undated[-1:]:
            strangers.append(file)
    if not tiles:
        raise _nothing(path, root, strangers, undated)
    if len(tiles) == 2 and "" in tiles:  # files that do not name the one tile there is
        (only,) = set(tiles) - {""}
        tiles = {only: tiles[only] + tiles[""]}
    tiles = split_by_area(tiles, root)
    folders = {tile: {piece.layer.store.path.parent for piece in pieces} for tile, pieces in tiles.items()}
    warnings = _listed("without date or band in their names are left out", strangers, root)
    warnings += _listed("of which no date is known are left out", undated, root)
    warnings += _listed("have no date in their names; it is taken from the TIFF tag DateTime", guessed, root)
    return [
        Found(
            name=tile,
            acquisitions=to_acquisitions(pieces),
            field_files=find_field_files(root, _own(root, tile, folders), tile=tile, alone=len(tiles) == 1),
            warnings=tuple(warnings) if number == 0 else (),
        )
        for number, (tile, pieces) in enumerate(sorted(tiles.items()))
    ]


@dataclass(frozen=True)
class _NamedLayer:
    """A layer with the date and band that names and descriptions tell; "" is unknown."""

    layer: Layer
    date: str
    band: str
    band_is_sure: bool


def _named_layers(head: RasterFile, name: Name) -> Iterator[_NamedLayer]:
    many = len(head.layers) > 1
    for number, (layer, text) in enumerate(zip(head.layers, head.descriptions, strict=True)):
        told = Name() if _EMPTY_DESCRIPTION.fullmatch(text) else parse_description(text)
        if many:
            date = told.date or name.date
            unnamed = f"{name.band}_{number + 1}" if name.band and name.sure else f"band_{number + 1}"
            band = told.band or (name.band if told.date else unnamed)
        else:
            date = name.date or told.date
            band = name.band if name.sure and name.band else told.band or name.band
        yield _NamedLayer(layer, date, band, bool(band and (name.sure or told.band)))


def _own(root: Path, tile: str, folders: dict[str, set[Path]]) -> Sequence[Path]:
    """Return the folders where a tile's field files may lie, besides the root."""
    others = [folder for other, theirs in folders.items() if other != tile for folder in theirs]
    common = Path(os.path.commonpath(folders[tile]))
    shared = any(folder.is_relative_to(common) for folder in others)
    named = [root / "fields" / tile, root / tile] if tile else []
    return named if shared or common == root else [*named, common]


def _listed(what: str, files: Sequence[Path], root: Path) -> list[str]:
    if not files:
        return []
    names = ", ".join(file.relative_to(root).as_posix() for file in files[:_SHOWN])
    return [f"{len(files)} files {what}: {names}{', ...' if len(files) > _SHOWN else ''}"]


def _nothing(path: Path, root: Path, strangers: Sequence[Path], undated: Sequence[Path]) -> Exception:
    """Return the error for a folder without a usable file."""
    for virtual in paths_with(path, (".vrt",)):
        raster_driver(virtual)  # raises UnsafePathError
    names = ", ".join(file.relative_to(root).as_posix() for file in (undated or strangers)[:_SHOWN])
    if undated:
        return UnknownLayoutError(
            f"no date is known of the images ({names})",
            where=path,
            fix='Put a stac.json or metadata.json with {"datetime": "2019-06-06"} beside them or in a folder around them, set '
            "the files' tag ACQUISITION_DATE, name them like 20190606_B04.tif, or give the day with --date 2019-06-06.",
        )
    return UnknownLayoutError(
        f"no file tells both date and band{f' ({names})' if names else ''}",
        where=path,
        fix=r"Name files like 20180415_B04.tif, describe their bands so, or give a --pattern with the groups date, band and tile,"
        r" e.g. (?P<date>\d{8})_(?P<band>\w+)."
        f"\n{accepted()}",
    )
