"""A folder of GeoTIFF or JP2 files: one file a band and date, or all bands of a date in one, or all dates of a band in one.

Date, band and tile come from names (`cropdetect.imagery.names`); a date may also come from metadata (`cropdetect.imagery.dates`).
Sentinel-2 products (.SAFE folders or their files) are known. Each of their granules is a tile.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from cropdetect.errors import UnknownLayoutError
from cropdetect.imagery.dates import MetadataDate, date_from_metadata, parse_date, parse_time
from cropdetect.imagery.layers import FoundTile, Layer, group_layers
from cropdetect.imagery.layouts.folders import find_field_files, is_field_raster, paths_with, some_names
from cropdetect.imagery.layouts.layout import Layout, OpenOptions
from cropdetect.imagery.names import ParsedName, is_place_name, parse_description, parse_path
from cropdetect.imagery.stores.rasters import RasterFile, read_header
from cropdetect.imagery.stores.safety import raster_driver
from cropdetect.imagery.values import product_offset

_EMPTY_DESCRIPTION = re.compile(r"\s*((band|layer|gr[ae]y)[ _]?\d*)?\s*", re.IGNORECASE)


class Rasters(Layout):
    """See the module."""

    name = "files"
    description = "GeoTIFF or JP2 files with date and band in their names or band descriptions"
    tree = """ROOT/
├── 20190606_B04.tif
├── T36NYF_20190606T075611_B08_10m.jp2
├── 2019-07-01.tif
└── fields.gpkg"""
    suffixes: ClassVar = (".tif", ".tiff", ".jp2")

    def recognises(self, path: Path, options: OpenOptions) -> bool:
        """See `Layout.recognises`. A virtual raster counts, to be refused by name."""
        return next(paths_with(path, (*self.suffixes, ".vrt")), None) is not None

    def find(self, path: Path, options: OpenOptions) -> list[FoundTile]:
        """See `Layout.find`."""
        root = path if path.is_dir() else path.parent
        named_from = root.parent if root.suffix.upper() == ".SAFE" else root  # the product's name has date and tile, too
        tiles: dict[str, list[Layer]] = {}
        unnamed: list[Path] = []
        undated: list[Path] = []
        guessed: list[Path] = []
        for file in paths_with(path, self.suffixes):
            name = parse_path(file.relative_to(named_from).with_suffix("").as_posix(), options.pattern)
            if name is None or is_field_raster(file.name):
                continue
            layers, by_metadata = _named_layers(file, name, options)
            if by_metadata is not None and by_metadata.day is None:
                undated.append(file)
            elif by_metadata is not None and by_metadata.is_guess:
                guessed.append(file)
            offset, metadata = product_offset(file, path)
            if layers:
                same = tiles.setdefault(name.tile, [])
                same += (replace(one, offset=offset, metadata_files=(*one.metadata_files, *metadata)) for one in layers)
            elif file not in undated[-1:]:
                unnamed.append(file)
        if not tiles:
            raise _nothing_usable(path, root, unnamed, undated)
        if len(tiles) == 2 and "" in tiles:  # files that do not name the one tile there is
            (only,) = set(tiles) - {""}
            tiles = {only: tiles[only] + tiles[""]}
        tiles = _split_by_area(tiles, root)
        folders = {tile: {layer.reader.path.parent for layer in layers} for tile, layers in tiles.items()}
        warnings = [
            *_warning("without date or band in their names are left out", unnamed, root),
            *_warning("without a known date are left out", undated, root),
            *_warning("have no date in their names; the TIFF tag DateTime is used, maybe the day of writing", guessed, root),
        ]
        return [
            FoundTile(
                name=tile,
                acquisitions=group_layers(layers),
                field_files=find_field_files(root, _own_folders(root, tile, folders), tile=tile, alone=len(tiles) == 1),
                warnings=tuple(warnings) if number == 0 else (),
            )
            for number, (tile, layers) in enumerate(sorted(tiles.items()))
        ]


def _named_layers(file: Path, name: ParsedName, options: OpenOptions) -> tuple[list[Layer], MetadataDate | None]:
    """Return a file's layers with band and date; and the date by metadata, if it was looked for since names have none."""
    layers = read_header(file)
    reader = layers[0].reader
    assert isinstance(reader, RasterFile)
    names = list(_layer_names(reader.descriptions, name))
    by_metadata = None
    if all(not one.date for one in names) and any(one.band and one.is_sure for one in names):
        by_metadata = date_from_metadata(file, reader.tags, options.root) if options.date is None else MetadataDate(options.date)
        date = "" if by_metadata.day is None else by_metadata.day.isoformat()
        names = [replace(one, date=date, band=one.band if one.is_sure else "") for one in names]
    sidecars = (by_metadata.sidecar,) if by_metadata and by_metadata.sidecar else ()
    return [
        replace(layer, band=one.band, date=day, time=parse_time(one.date), group=name.group, metadata_files=sidecars)
        for layer, one in zip(layers, names, strict=True)
        if one.band and (day := parse_date(one.date)) is not None
    ], by_metadata


def _layer_names(descriptions: Sequence[str], name: ParsedName) -> Iterator[ParsedName]:
    """Yield date and band of each layer, from the name of the file and the descriptions of the layers."""
    for number, text in enumerate(descriptions):
        described = ParsedName() if _EMPTY_DESCRIPTION.fullmatch(text) else parse_description(text)
        if len(descriptions) > 1:
            date = described.date or name.date
            unnamed = f"{name.band}_{number + 1}" if name.band and name.is_sure else f"band_{number + 1}"
            band = described.band or (name.band if described.date else unnamed)
        else:
            date = name.date or described.date
            band = name.band if name.is_sure and name.band else described.band or name.band
        yield ParsedName(date=date, band=band, is_sure=bool(name.is_sure or described.band))


def _split_by_area(tiles: Mapping[str, Sequence[Layer]], root: Path) -> dict[str, list[Layer]]:
    """Split each tile whose layers lie in folders of different areas, as several sites within one Sentinel-2 granule do.

    Only the first folder below `root` counts, and only if it may be named after a place. Files of one folder are never split:
    if one of them shows another area, that is an error, which `common_grid` raises.
    """
    result: dict[str, list[Layer]] = {}
    for tile, layers in tiles.items():
        folders: dict[str, list[Layer]] = {}
        for layer in layers:
            parts = layer.reader.path.relative_to(root).parts[:-1]
            folders.setdefault(parts[0] if parts and is_place_name(parts[0]) else "", []).append(layer)
        areas: dict[object, str] = {}  # area -> the first folder that shows it
        for folder, inside in folders.items():
            areas.setdefault(_area(inside), folder)
        if len(areas) == 1 or "" in folders:
            result[tile] = list(layers)
            continue
        for inside in folders.values():
            name = areas[_area(inside)]
            result.setdefault(name if len(tiles) == 1 else f"{tile}_{name}", []).extend(inside)
    return result


def _area(layers: Sequence[Layer]) -> object:
    """Return what is equal for layers of one place: CRS and extent of the finest, to a whole pixel."""
    grid = min(layers, key=lambda layer: layer.pixel_area).reader.geobox
    affine, (height, width) = grid.affine, grid.shape
    return grid.crs, round(affine.c / affine.a), round(affine.f / affine.e), height, width


def _own_folders(root: Path, tile: str, folders: Mapping[str, set[Path]]) -> Sequence[Path]:
    """Return the folders where a tile's field files may lie, besides the root."""
    others = [folder for other, inside in folders.items() if other != tile for folder in inside]
    common = Path(os.path.commonpath(folders[tile]))
    shared = any(folder.is_relative_to(common) for folder in others)
    named = [root / "fields" / tile, root / tile] if tile else []
    return named if shared or common == root else [*named, common]


def _warning(what: str, files: Sequence[Path], root: Path) -> list[str]:
    return [f"{len(files)} files {what}: {some_names([file.relative_to(root).as_posix() for file in files])}"] if files else []


def _nothing_usable(path: Path, root: Path, unnamed: Sequence[Path], undated: Sequence[Path]) -> Exception:
    """Return the error for a folder without a usable file."""
    from cropdetect.imagery.layouts import accepted_layouts  # the registry imports this module

    for virtual in paths_with(path, (".vrt",)):
        raster_driver(virtual)  # raises UnsafePathError
    names = some_names([file.relative_to(root).as_posix() for file in undated or unnamed])
    if undated:
        return UnknownLayoutError(
            f"no date is known for the images ({names})",
            where=path,
            fix='Put a stac.json or metadata.json with {"datetime": "2019-06-06"} beside them or in a folder around them, set '
            "the files' tag ACQUISITION_DATE, name them like 20190606_B04.tif, or give the day with --date 2019-06-06.",
        )
    return UnknownLayoutError(
        f"no file name has both a date and a band{f' ({names})' if names else ''}",
        where=path,
        fix=r"Name files like 20180415_B04.tif, describe their bands so, or give a --pattern with the groups date, band and tile,"
        r" e.g. (?P<date>\d{8})_(?P<band>\w+)."
        f"\n{accepted_layouts()}",
    )
