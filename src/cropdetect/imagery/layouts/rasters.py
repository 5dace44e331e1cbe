"""A folder of GeoTIFF or JP2 files: one file a band and date, or all bands of a date in one, or all dates of a band in one.

Date, band and tile come from names (`cropdetect.imagery.names`); a date may also come from metadata (`cropdetect.imagery.dates`).
Sentinel-2 products (.SAFE folders or their files) are known. Each of their granules is a tile.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import rasterio

from cropdetect.errors import ContradictionError, CropDetectError, UnknownLayoutError
from cropdetect.imagery.dates import Period
from cropdetect.imagery.layers import FoundTile, Layer, group_layers
from cropdetect.imagery.layouts.folders import find_field_files, is_field_raster, paths_with, some_names
from cropdetect.imagery.layouts.layout import Layout, OpenOptions
from cropdetect.imagery.layouts.twice import refuse_another_day, refuse_two_bands, refuse_two_dates
from cropdetect.imagery.masks import is_quality_layer
from cropdetect.imagery.metadata_dates import MetadataDate, date_from_metadata
from cropdetect.imagery.names import ParsedName, is_place_name, parse_description, parse_path, quality_word
from cropdetect.imagery.naming import name_layers
from cropdetect.imagery.orbits import orbit_beside, orbit_said
from cropdetect.imagery.products import find_product
from cropdetect.imagery.stores.rasters import RasterFile, read_header
from cropdetect.imagery.stores.safety import gdal
from cropdetect.imagery.stores.zips import raster_driver
from cropdetect.imagery.values import product_offset

_SHOWN = 12  # bands in an error
_WAVELENGTH = r"[:,(-]?\s*\(?\d+(?:\.\d+)?\s*(?:nm|nanomet\w*|[uµμ]m|micro\w*)\)?"
_EMPTY_DESCRIPTION = re.compile(rf"\s*(?:(?:band|layer|gr[ae]y)[ _]?(?P<number>\d*)\s*(?:{_WAVELENGTH})?)?\s*", re.IGNORECASE)

# Planet, Imagery Product Specification: the order of the bands by sensor and number, where a file does not describe them.
_FOUR = ("blue", "green", "red", "nir")
_PLANET = {
    ("planetscope", 4): _FOUR,
    ("planetscope", 8): ("coastal_blue", "blue", "green_i", "green", "yellow", "red", "rededge", "nir"),
    ("skysat", 4): _FOUR,
    ("rapideye", 5): ("blue", "green", "red", "rededge", "nir"),
}


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
        # The name of a product has date and sensor, too.
        is_product = root.suffix.upper() == ".SAFE" or (options.pattern is None and find_product(root.name) is not None)
        named_from = root.parent if is_product else root
        tiles: dict[str, list[Layer]] = {}
        left_out = _LeftOut(root)
        for file in paths_with(path, self.suffixes):
            relative = file.relative_to(named_from).with_suffix("").as_posix()
            name = parse_path(relative, options.pattern)
            if name is None or is_field_raster(file.name):
                continue
            layers, by_metadata = _named_layers(file, name, options)
            left_out.add(file, name, by_metadata, layers)
            offset, metadata = product_offset(file, path)
            if layers:
                same = tiles.setdefault(name.tile, [])
                same += (replace(one, offset=offset, metadata_files=(*one.metadata_files, *metadata)) for one in layers)
        if not tiles:
            raise _nothing_usable(path, root, left_out, options)
        if len(tiles) == 2 and "" in tiles:  # files that do not name the one tile there is
            (only,) = set(tiles) - {""}
            tiles = {only: tiles[only] + tiles[""]}
        tiles = _split_by_area(tiles, root)
        folders = {tile: {layer.reader.path.parent for layer in layers} for tile, layers in tiles.items()}
        warnings = left_out.warnings()
        result = []
        for tile, found in sorted(tiles.items()):
            layers, sensor, about_names = name_layers(found, options.band_names)
            result.append(
                FoundTile(
                    name=tile,
                    acquisitions=group_layers(layers),
                    field_files=find_field_files(root, _own_folders(root, tile, folders), tile=tile, alone=len(tiles) == 1),
                    sensor=sensor,
                    warnings=(*warnings, *about_names),
                )
            )
            warnings = []
        return result


@dataclass
class _LeftOut:
    """The files of a folder about which the user should know something."""

    root: Path
    unnamed: list[Path] = field(default_factory=list)
    undated: list[Path] = field(default_factory=list)
    partly: list[Path] = field(default_factory=list)
    guessed: list[Path] = field(default_factory=list)
    of_a_year: list[Path] = field(default_factory=list)
    contradicted: dict[Path, str] = field(default_factory=dict)

    def add(self, file: Path, name: ParsedName, by_metadata: MetadataDate | None, layers: Sequence[Layer]) -> None:
        """Add a file.

        Args:
            file: the file.
            name: what its path tells.
            by_metadata: its date by metadata, if it was looked for.
            layers: those with band and date.
        """
        is_read = bool(layers)
        if layers and isinstance(reader := layers[0].reader, RasterFile) and len(layers) < len(reader.descriptions):
            self.partly.append(file)
        if name.contradiction and is_read and name.period is not None:
            self.contradicted[file] = f"{name.period}, folder {name.contradiction}"
        if by_metadata is not None and by_metadata.day is None:
            self.undated.append(file)
        elif not is_read:
            self.unnamed.append(file)
        elif by_metadata is not None and name.year is not None and by_metadata.day == name.year.day:
            self.of_a_year.append(file)
        elif by_metadata is not None and by_metadata.is_guess:
            self.guessed.append(file)

    def warnings(self) -> list[str]:
        """Return a sentence about each kind of files."""
        first = next(iter(self.contradicted.values()), "")
        return [
            *_warning("without date or band in their names are left out", self.unnamed, self.root),
            *_warning("without a known date are left out", self.undated, self.root, _two_digit_year),
            *_warning("have layers without date or band, which are left out", self.partly, self.root),
            *_warning(
                "have no date in their names; the TIFF tag DateTime is used, maybe the day of writing", self.guessed, self.root
            ),
            *_warning("have only a year in their names; its middle day is taken", self.of_a_year, self.root),
            *_warning(
                f"have another date than their folders; the file's is taken (the first: file {first})",
                list(self.contradicted),
                self.root,
            ),
        ]


def _named_layers(file: Path, name: ParsedName, options: OpenOptions) -> tuple[list[Layer], MetadataDate | None]:
    """Return a file's layers with band and date; and the date by metadata, if it was looked for since names have none."""
    layers = read_header(file)
    reader = layers[0].reader
    assert isinstance(reader, RasterFile)
    orbit = _orbit(file, reader.tags, name)
    groups = set() if options.pattern is None else set(options.pattern.groupindex)
    asked = bool({"date", "year"} & groups)
    names = list(_layer_names(file, reader.descriptions, name, path_goes_first=asked))
    if any(one.band and one.period for one in names):
        if not asked:
            refuse_another_day(file, name.period, reader.tags)
        if "band" not in groups:
            refuse_two_bands(file, name, _own_descriptions(reader.descriptions))
    if options.date is not None:  # the user says what bands without a name are
        asked_for = [f"band_{number}" for number in range(1, len(names) + 1)]
        names = [
            replace(one, band=band, is_sure=True) if not one.is_sure and band in options.band_names else one
            for one, band in zip(names, asked_for, strict=True)
        ]
    by_metadata = None
    if all(one.period is None for one in names) and any(one.band and one.is_sure for one in names) and not name.unread:
        by_metadata = _by_metadata(file, reader.tags, name, options)
        period = None if by_metadata.day is None else Period(by_metadata.day, by_metadata.day)
        names = [replace(one, period=period, band=one.band if one.is_sure else "") for one in names]
    sidecars = (by_metadata.sidecar,) if by_metadata and by_metadata.sidecar else ()
    return [
        replace(
            layer,
            band=one.band,
            date=one.period.day,
            time=one.period.time,
            group=name.group,
            sensor=one.sensor or name.sensor,
            variants=(orbit, name.variants[1]),
            date_given=one.period.first != one.period.last
            or (by_metadata is not None and by_metadata.day in (options.date, name.year and name.year.day)),
            place=f"layer {layer.index + 1} of {file.name}",
            metadata_files=sidecars,
        )
        for layer, one in zip(layers, names, strict=True)
        if one.band and one.period is not None
    ], by_metadata


def _orbit(file: Path, tags: Mapping[str, str], name: ParsedName) -> str:
    """Return the direction of the orbit by the name of a file, its tags, or a file beside it.

    Raises:
        ContradictionError: they tell different directions.
    """
    named = name.variants[0].lower()
    told = orbit_said(tags) or orbit_beside(file)
    if named and told and not named.startswith(told):
        raise ContradictionError(
            f"the name says that the orbit is {named}, and the metadata {told}ending", where=file, fix="Correct one of them."
        )
    return named or told


def _by_metadata(file: Path, tags: Mapping[str, str], name: ParsedName, options: OpenOptions) -> MetadataDate:
    """Return the date of an image whose name has none: the user's, by metadata, or the middle of the year in the name."""
    if options.date is not None:
        return MetadataDate(options.date)
    found = date_from_metadata(file, tags, options.root)
    return MetadataDate(name.year.day) if name.year is not None and (found.day is None or found.is_guess) else found


def _layer_names(file: Path, descriptions: Sequence[str], name: ParsedName, *, path_goes_first: bool) -> Iterator[ParsedName]:
    """Yield date and band of each layer, from the name of the file and the descriptions of the layers.

    Raises:
        AmbiguousNameError: name and descriptions have different dates.
    """
    described = [parse_description(text) if text else ParsedName() for text in _own_descriptions(descriptions)]
    periods = {one.period for one in described}
    if not name.band and (word := quality_word(file.stem)).lower() == "udm2":
        name = replace(name, band=word, is_sure=False)
    if not path_goes_first and len(periods) == 1:
        refuse_two_dates(file, name.period, described[0].period, "the description of its layers")
    for number, one in enumerate(described):
        if len(descriptions) > 1:
            period = name.period if path_goes_first and len(periods) == 1 else one.period or name.period
            listed = _undescribed(name, number, len(descriptions))
            band = one.band or (name.band if one.period else listed)
        else:
            period = name.period or one.period
            band = name.band if name.is_sure and name.band else one.band or name.band or quality_word(file.stem)
        yield ParsedName(period=period, band=band, is_sure=bool(name.is_sure or one.band), sensor=one.sensor)


def _own_descriptions(descriptions: Sequence[str]) -> list[str]:
    """Return descriptions, "" for those that only count the layers (Band 1, Band 2; but Band 2, Band 4 are names)."""
    empty = [_EMPTY_DESCRIPTION.fullmatch(text) for text in descriptions]
    counts = all(match is None or int(match["number"] or place) == place for place, match in enumerate(empty, 1))
    return ["" if match and (counts or not match["number"]) else text for match, text in zip(empty, descriptions, strict=True)]


def _undescribed(name: ParsedName, number: int, count: int) -> str:
    """Return the band of a layer without a description, out of `count`."""
    if len(name.bands) == count:
        return name.bands[number]
    if name.band and (name.is_sure or is_quality_layer(name.band)):
        return f"{name.band}_{number + 1}"
    known = _PLANET.get((name.sensor or "", count))
    return known[number] if known else f"band_{number + 1}"


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


def _warning(what: str, files: Sequence[Path], root: Path, hint: Callable[[Path], str] = lambda file: "") -> list[str]:
    if not files:
        return []
    names = some_names([file.relative_to(root).as_posix() for file in files])
    return [f"{len(files)} files {what}: {names}. {hint(files[0])}".rstrip(". ")]


def _two_digit_year(file: Path) -> str:
    """Return what to do about a name such as 190606_B04, or ""."""
    found = re.search(r"(?<!\d)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)", file.stem)
    if found is None:
        return ""
    return f"If {found[0]} is a day, write its year with four digits: {file.name.replace(found[0], f'20{found[0]}')}. "


def _nothing_usable(path: Path, root: Path, left_out: _LeftOut, options: OpenOptions) -> Exception:
    """Return the error for a folder without a usable file."""
    for virtual in paths_with(path, (".vrt",)):
        raster_driver(virtual)  # raises UnsafePathError
    undated, unnamed = left_out.undated, left_out.unnamed
    names = some_names([file.relative_to(root).as_posix() for file in undated or unnamed])
    if options.pattern is not None and (undated or unnamed):
        example = (undated or unnamed)[0].relative_to(root).with_suffix("").as_posix()
        return UnknownLayoutError(
            f"the pattern {options.pattern.pattern!r} finds no file with date and band; {_matched(options.pattern, example)}",
            where=path,
            fix="The group date takes any form of docs/imagery.md (20190606, 201906, 2019W23, ...), and the groups year, month "
            "and day together are a date, too. Without a group band, the bands are those of names and descriptions.",
        )
    if undated:
        return UnknownLayoutError(
            f"no date is known for the images ({names}){_layers_of(undated[0])}",
            where=path,
            fix=f"{_two_digit_year(undated[0])}Give the day with --date 2019-06-06 if all are of one. Else put a stac.json or "
            'metadata.json with {"datetime": "2019-06-06"} beside them or in a folder around them, set '
            "the files' tag ACQUISITION_DATE, or name them like 20190606_B04.tif.",
        )
    return UnknownLayoutError(
        f"no file name has both a date and a band{f' ({names})' if names else ''}{_layers_of(unnamed[0]) if unnamed else ''}",
        where=path,
        fix=r"Say what the bands are with --band-names band_1=B04,... and, if no name has the day, --date 2019-06-06. Or "
        r"name files like 20180415_B04.tif, describe their bands so, or give a --pattern with the groups date, band and tile,"
        r" e.g. (?P<date>\d{8})_(?P<band>\w+) (docs/imagery.md).",
    )


def _layers_of(file: Path) -> str:
    """Say how many bands a file has, and what their descriptions call them; "" where it cannot be read."""
    try:
        with gdal(), rasterio.open(file, driver=raster_driver(file)) as source:
            called = [text or f"band_{number}" for number, text in enumerate(source.descriptions, 1)]
    except (CropDetectError, rasterio.errors.RasterioError, UnicodeDecodeError):
        return ""
    shown = f"{', '.join(called[:_SHOWN])}{', ...' if len(called) > _SHOWN else ''}"
    return f"; {file.name} has {len(called)} band{'s' if len(called) > 1 else ''}: {shown}"


def _matched(pattern: re.Pattern[str], example: str) -> str:
    """Say what a pattern matched in a path."""
    match = pattern.search(example)
    if match is None:
        return f"in {example!r} it matches nothing"
    groups = ", ".join(f"{key} {text!r}" for key, text in match.groupdict().items() if text)
    return f"in {example!r} it matched {match[0]!r}, of which {groups or 'no group'}"
