"""Images that a STAC catalogue knows, or an item collection on disk.

Each granule of the first collection that holds fields is a tile. Images of further collections are laid on it, where their CRS is
the same. Files are not fetched: their headers are read, and later the blocks that fields touch (`cropdetect.imagery.download`).
"""

import json
import os
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import geopandas as gpd
import numpy as np
import shapely
from odc.geo.geobox import GeoBox

from cropdetect.errors import CatalogueError, CropDetectError, GridError, MissingBandError, UnreadableFileError, UnsafePathError
from cropdetect.imagery.antimeridian import joined, laid_on, touch
from cropdetect.imagery.clear import parse_clear
from cropdetect.imagery.layers import FoundTile, Layer, group_layers
from cropdetect.imagery.layouts.folders import find_field_files, some_names
from cropdetect.imagery.layouts.layout import Layout, OpenOptions, Search
from cropdetect.imagery.layouts.stac_items import (
    AssetBand,
    all_bands,
    bands_of_item,
    described_layer,
    granule_of,
    unknown_assets,
    without_repeats,
    without_variant,
)
from cropdetect.imagery.layouts.stac_presets import CATALOGUES, Product, product_of
from cropdetect.imagery.layouts.stac_search import Item, Source, find_items, is_stac, items_and_others, parse_sources, read_items
from cropdetect.imagery.naming import name_layers
from cropdetect.imagery.stores.http import FetchError
from cropdetect.imagery.stores.placed import placed
from cropdetect.imagery.stores.rasters import read_header
from cropdetect.imagery.stores.remote import read_remote_header
from cropdetect.imagery.threads import side_by_side
from cropdetect.progress import Progress

THREADS = 16  # they wait for the network most of the time
_SHOWN = 3


class StacItems(Layout):
    """See the module."""

    name = "stac"
    description = "STAC: a catalogue (stac:earth-search/sentinel-2-l2a), or items on disk"
    tree = """ROOT/
├── items.json
├── S2A_36NYF_20190606/
│   ├── B04.tif
│   └── SCL.tif
└── fields.gpkg"""

    def recognises(self, path: Path, options: OpenOptions) -> bool:
        """See `Layout.recognises`; a file of items is opened to be told from a file of fields."""
        return is_stac(path) or is_item_collection(path)

    def find(self, path: Path, options: OpenOptions) -> list[FoundTile]:
        """See `Layout.find`.

        Raises:
            CatalogueError: the catalogue cannot be reached, or has no scene.
            MissingBandError: no scene has a band that is wanted.
        """
        sources = parse_sources(path) if is_stac(path) else [Source(None, str(_items_file(path)))]
        found: list[_Scene] = []
        warnings: list[str] = []
        for number, source in enumerate(sources):
            files = _Files(source, options.search, typed=is_stac(path))
            items = _with_fields(find_items(source, options.search), options.search)
            items, repeated = without_repeats(items)
            others = items_and_others(Path(source.collection))[1] if source.catalogue is None else 0
            if others:
                warnings.append(f"{others} entries of {Path(source.collection).name} are no STAC items and are left out")
            if repeated:
                warnings.append(f"{repeated} scenes of {source.collection} are older versions of others; the newest are taken")
            scenes, failed = _scenes(items, files, options, is_first=number == 0)
            warnings += failed
            found += scenes
        _check_bands(found, sources, options)
        tiles = _tiles(found, warnings, options)
        if sources[0].catalogue is not None:
            return tiles
        folder = Path(sources[0].collection).absolute().parent
        fields = find_field_files(folder, [], tile="", alone=True)
        return [replace(tile, field_files=fields) for tile in tiles]


def is_item_collection(path: Path) -> bool:
    """Whether a file, or the file items.json of a folder, holds STAC items."""
    path = _items_file(path)
    if path.suffix.lower() not in (".json", ".geojson") or not path.is_file():
        return False
    with path.open("rb") as file:
        if b'"stac_version"' not in file.read(2**16):
            return False
    try:
        return bool(read_items(path))
    except UnreadableFileError:
        return False


def _items_file(path: Path) -> Path:
    return path / "items.json" if path.is_dir() else path


class _Scene:
    """The layers of one item.

    Args:
        item: the item.
        layers: with band and date.
        product: what its collection is.
        is_first: whether its collection is the first, whose grid the others take.
    """

    def __init__(self, item: Item, layers: list[Layer], product: Product | None, *, is_first: bool) -> None:
        self.item, self.layers, self.product, self.is_first = item, layers, product, is_first

    @property
    def grid(self) -> GeoBox:
        """Its finest grid."""
        return min(self.layers, key=lambda layer: layer.pixel_area).reader.geobox

    @property
    def tile(self) -> tuple[str, str]:
        """What is equal for the scenes of one tile: CRS and granule, or the grid where no granule is named."""
        granule = granule_of(self.item)
        return str(self.grid.crs), granule or f"{self.grid.affine[:6]} {self.grid.shape}"


class _Files:
    """Opens the files of a source.

    Args:
        source: where the items come from.
        search: holds the cache.
        typed: whether the user typed `stac:`, so that files may lie on the network and in other folders.
    """

    def __init__(self, source: Source, search: Search, *, typed: bool) -> None:
        self._source, self._typed = source, typed
        self._cache = search.cache or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cropdetect" / "stac"
        self.items_file = Path(source.collection).absolute() if source.catalogue is None else None

    def header(self, href: str, item: Item, key: str) -> list[Layer]:
        """Return the layers of a file.

        Args:
            href: where it is, as the item says.
            item: the item.
            key: what tells the files of an item apart.

        Raises:
            UnsafePathError: it lies where the user did not allow it.
            FetchError: it cannot be fetched.
        """
        href, signing = self._placed(href)
        if re.match(r"https?://", href):
            if not self._typed:
                raise UnsafePathError(
                    "the items name files on the network",
                    where=href.partition("?")[0],
                    fix=f"If they may be fetched, write stac:{self._source.collection}",
                )
            signing = signing or (self._source.catalogue.signing if self._source.catalogue else _signing_of(href))
            return read_remote_header(self._copy(href, item, key), href, signing)
        return [replace(layer, metadata_files=(self.items_file,)) for layer in read_header(self._local(href)) if self.items_file]

    def _placed(self, href: str) -> tuple[str, str]:
        """Return the address from which a file is fetched, and how it is signed."""
        catalogues = [self._source.catalogue] if self._source.catalogue else CATALOGUES.values() if self._typed else ()
        for catalogue in catalogues:
            for beginning, (address, signing) in catalogue.places.items():
                if href.startswith(beginning):
                    return f"{address}{href.removeprefix(beginning)}", signing
        return href, ""

    def _copy(self, href: str, item: Item, key: str) -> Path:
        """Return where the copy of a file lies; an item that was changed since has another."""
        parts = urlsplit(href)
        changed = item["properties"].get("updated") or item["properties"].get("created") or ""
        names = (parts.netloc, *(part for part in parts.path.split("/") if part not in ("", ".", "..")))
        folder = self._cache.absolute().joinpath(*(_safe(name) for name in names[:-1]))
        return folder / _safe(f"{changed}_{names[-1]}" if changed else names[-1])

    def _local(self, href: str) -> Path:
        if self.items_file is None or "://" in href or href.startswith("/vsi"):
            raise UnsafePathError(
                "the item names a file that cannot be fetched",
                where=href,
                fix="Use a catalogue whose files have https addresses: docs/stac.md lists some.",
            )
        folder = self.items_file.parent
        try:
            path = (folder / href).resolve()
            is_there = path.is_file()
        except (OSError, ValueError):  # it is too long, or has a null byte
            path, is_there = folder / ascii(href[:100]), False
        if not self._typed and not path.is_relative_to(folder.resolve()):
            raise UnsafePathError(
                "the items name a file outside their own folder",
                where=path,
                fix=f"If it may be read, write stac:{self._source.collection}",
            )
        if not is_there:
            raise UnreadableFileError(
                "there is no such file, which an item names", where=path, fix="Put it there, or remove the item."
            )
        return path


def _safe(name: str) -> str:
    return re.sub(r"[^\w.+-]", "_", name)[:150]


def _signing_of(href: str) -> str:
    """Return how the address of a saved item is signed; one that has a signature is taken as it is."""
    parts = urlsplit(href)
    return "planetary-computer" if (parts.hostname or "").endswith(".blob.core.windows.net") and not parts.query else ""


def _with_fields(items: Sequence[Item], search: Search) -> list[Item]:
    """Return the items whose outlines hold part of a field."""
    if search.places is None or not items:
        return list(items)
    outlines = gpd.GeoSeries(shapely.from_geojson([_geojson(item) for item in items], on_invalid="ignore"), crs="EPSG:4326")
    touched = touch(outlines, joined(search.places)) | outlines.isna().to_numpy()
    return [item for item, here in zip(items, touched, strict=True) if here]


def _geojson(item: Item) -> str | None:
    return json.dumps(item["geometry"]) if item.get("geometry") else None


def _scenes(items: Sequence[Item], files: _Files, options: OpenOptions, *, is_first: bool) -> tuple[list[_Scene], list[str]]:
    """Open the files of items; return the scenes, and a warning for those that cannot be read."""
    failures: dict[str, CropDetectError] = {}
    scenes: list[_Scene] = []
    bare: list[str] = []
    lacking: dict[str, None] = {}
    opened = partial(_open_item, files=files, options=options)
    with side_by_side(THREADS) as pool, Progress("reading headers", len(items), "scenes") as progress:
        for item, result in zip(items, pool.map(opened, items), strict=True):
            progress.advance()
            layers, product, lost = result if isinstance(result, tuple) else ([], None, [])
            lacking |= dict.fromkeys(lost)
            if isinstance(result, CropDetectError):
                failures[f"{str(item['properties'].get('datetime'))[:10]} ({item.get('id')})"] = result
            elif layers:
                scenes.append(_Scene(item, layers, product, is_first=is_first))
            else:
                bare.append(str(item.get("id")))
    if failures and (
        not scenes or any(not isinstance(one, FetchError | UnreadableFileError | GridError) for one in failures.values())
    ):
        raise next(iter(failures.values()))
    if items and not scenes:
        raise _no_assets(items)
    warnings = missing_dates(failures)
    if bare:
        warnings.append(f"{len(bare)} scenes have no asset that is a band that is known, and are left out: {some_names(bare)}")
    if lacking:
        warnings.append(f"described by items, but not in their files, or no bands that are known: {some_names(list(lacking))}")
    return scenes, warnings


def missing_dates(failures: Mapping[str, CropDetectError]) -> list[str]:
    """Return a warning that names the scenes that could not be read."""
    if not failures:
        return []
    first = next(iter(failures.values()))
    return [
        f"{len(failures)} scenes could not be read and are left out: {some_names(list(failures))}. The first: {first.what}. "
        "With --overwrite the same command tries them again."
    ]


def _open_item(
    item: Item, *, files: _Files, options: OpenOptions
) -> "tuple[list[Layer], Product | None, list[str]] | CropDetectError":
    """Return the layers of an item, its product, and the names of what is not read; or why it cannot be read."""
    product = product_of(str(item.get("collection") or ""))
    by_file: dict[str, list[AssetBand]] = defaultdict(list)
    layers = []
    lost = [] if product is not None else unknown_assets(item)
    try:
        for band in bands_of_item(item, product, options.bands):
            by_file[band.href].append(band)
        for href, bands in by_file.items():
            in_file = files.header(href, item, bands[0].name)
            layers += [described_layer(in_file[band.index], band, item, product) for band in bands if band.index < len(in_file)]
            lost += [band.name for band in bands if band.index >= len(in_file)]
    except CropDetectError as error:
        return error
    return layers, product, lost


def _check_bands(scenes: Sequence[_Scene], sources: Sequence[Source], options: OpenOptions) -> None:
    """Raise MissingBandError where no scene has a band that was asked for."""
    there = {layer.band for scene in scenes for layer in scene.layers}
    kinds = {without_variant(name, None) for name in there}
    lacking = [name for name in options.bands or () if name not in there and without_variant(name, None) not in kinds]
    if lacking and scenes:
        items = [scene.item for scene in scenes]
        has = dict.fromkeys(name for scene in scenes for name in all_bands([scene.item], scene.product))
        raise MissingBandError(
            f"{' and '.join(source.collection for source in sources)} lack(s) the band(s) {', '.join(lacking)}",
            where=items[0].get("id", ""),
            fix=f"There are {', '.join(has)}. Add a collection that has it (stac:A/B+C), or use a checkpoint trained without it.",
        )


def _no_assets(items: Sequence[Item]) -> CatalogueError:
    collection = str(items[0].get("collection") or "the items")
    keys = some_names(sorted({key for item in items for key in item["assets"]}))
    return CatalogueError(
        f"no asset of {collection} is a band that is known ({keys})",
        fix="Use a collection of docs/stac.md, or one whose assets are GeoTIFFs named by bands (B04, red, VV).",
    )


def _tiles(scenes: Sequence[_Scene], warnings: list[str], options: OpenOptions) -> list[FoundTile]:
    """Return a tile for each granule of the first collection that is needed."""
    granules: dict[tuple[str, str], list[_Scene]] = defaultdict(list)
    for scene in scenes:
        if scene.is_first:
            granules[scene.tile].append(scene)
    if not granules:
        raise CatalogueError("no scene shows a field", fix="Check the period, and the CRS of the fields.")
    names = _needed(granules, options.search.places)
    others = [scene for scene in scenes if not scene.is_first]
    foreign = [scene for scene in others if not any(str(scene.grid.crs) == crs for crs, _ in names)]
    if foreign:
        warnings.append(
            f"{len(foreign)} scenes lie in another UTM zone than the tiles and are left out: "
            f"{some_names([str(scene.item.get('id')) for scene in foreign])}"
        )
    tiles = []
    for number, key in enumerate(names):
        own = granules[key]
        grid = own[0].grid
        layers = [layer for scene in own for layer in scene.layers]
        for scene in others:
            if str(scene.grid.crs) == key[0]:
                layers += _placed(scene.layers, grid)
        named, sensor, told = name_layers(layers, options.band_names)
        conditions = {part for scene in own if scene.product for part in scene.product.clear.split()}
        present = {layer.band for layer in named}
        clear = tuple(one for one in parse_clear(" ".join(sorted(conditions)) or "none") if one.band in present)
        tiles.append(
            FoundTile(
                name=key[1] if granule_of(own[0].item) else "",
                acquisitions=group_layers(named),
                sensor=sensor,
                warnings=(*(warnings if number == 0 else ()), *told),
                clear=clear or None,
                is_declared=all(_is_declared(scene) for scene in (*own, *others)),
            )
        )
    return tiles


def _is_declared(scene: _Scene) -> bool:
    """Whether it is known what all numbers mean, so that no pixel has to be looked at."""
    product = scene.product
    if product is None:
        return False
    return not product.has_offset or all(layer.offset is not None for layer in scene.layers if layer.units)


def _placed(layers: Sequence[Layer], grid: GeoBox) -> list[Layer]:
    readers: dict[int, Any] = {}
    for layer in layers:
        readers.setdefault(id(layer.reader), placed(layer.reader, grid))
    return [replace(layer, reader=readers[id(layer.reader)]) for layer in layers]


def _needed(granules: Mapping[tuple[str, str], Sequence[_Scene]], places: gpd.GeoSeries | None) -> list[tuple[str, str]]:
    """Return the granules that hold fields which no other granule holds wholly, since granules overlap."""
    if places is None or len(granules) == 1:
        return sorted(granules)
    within, touches = {}, {}
    for key, scenes in granules.items():
        grid = scenes[0].grid
        in_crs = laid_on(places, grid).to_numpy()
        extent = grid.extent.geom
        within[key], touches[key] = shapely.covers(extent, in_crs), shapely.intersects(extent, in_crs)
    left = np.logical_or.reduce(list(within.values()))
    chosen: list[tuple[str, str]] = []
    while left.any():
        best = max(sorted(within), key=lambda key: (int((within[key] & left).sum()), len(granules[key])))
        chosen.append(best)
        left = left & ~within[best]
    whole = np.logical_or.reduce([within[key] for key in chosen]) if chosen else np.zeros(len(places), bool)
    chosen += [key for key in granules if key not in chosen and (touches[key] & ~whole).any()]
    return sorted(chosen)
