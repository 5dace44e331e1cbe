"""What a STAC item says: where its bands lie, and what their numbers mean.

Sources: the extensions for electro-optical data, rasters, projections and SAR, of STAC 1.0 (`eo:bands`, `raster:bands`) and
1.1 (`bands`). Sentinel-2's offset: an item whose `boa_offset_applied` is true has it taken off already, whatever its
`raster:bands` declare; otherwise these declare it, or the processing baseline (04.00 and later) tells.
"""

import datetime as dt
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cropdetect.errors import UnreadableFileError
from cropdetect.imagery.bands import is_quality, is_reflectance, parse_band
from cropdetect.imagery.identity import Identity, identify, sensor_in
from cropdetect.imagery.layers import Layer
from cropdetect.imagery.layouts.stac_presets import Product
from cropdetect.imagery.layouts.stac_search import Item, moment
from cropdetect.imagery.masks import is_mask_only
from cropdetect.imagery.values import DIGITAL_NUMBER

_IMAGES = re.compile(r"image/(tiff|vnd\.stac\.geotiff|jp2|jpeg2000)|application/x-geotiff", re.IGNORECASE)
_SUFFIXES = re.compile(r"\.(tiff?|jp2)(\?|$)", re.IGNORECASE)
_NO_DATA_ROLES = {"thumbnail", "overview", "visual", "metadata", "saturation", "water-mask"}
_PICTURES = re.compile(r"visual|tci\w*|(rendered_)?preview|overview|thumbnail", re.IGNORECASE)
_RESOLUTION = re.compile(r"[_-](\d{2,3})m$")
_DIGITAL_NUMBERS = 10_000.0  # per reflectance of 1
_MOST = 2**16  # digital numbers
_OFFSET = 1000.0  # of Sentinel-2, from baseline 04.00 on
_GRANULE = re.compile(r"[_.-]T?(\d{2}[C-X][A-Z]{2})(?=[_.-]|$)")


@dataclass(frozen=True)
class AssetBand:
    """One band of an item.

    Attributes:
        href: where the file is.
        name: of the band.
        index: which layer of the file.
        declared: what the item says of its numbers: nodata, scale, offset.
        is_jp2: whether the file is a JP2.
    """

    href: str
    name: str
    index: int
    declared: Mapping[str, Any]
    is_jp2: bool = False


def sensor_of_item(item: Item, product: Product | None) -> str | None:
    """Return whose bands an item has, or None."""
    if product is not None and product.sensor not in (None, "landsat"):
        return product.sensor
    properties = item["properties"]
    words = (properties.get("platform"), properties.get("eo:platform"), properties.get("constellation"), item.get("collection"))
    return next((sensor for word in words if word and (sensor := sensor_in(str(word))) not in (None, "landsat")), None)


def bands_of_item(item: Item, product: Product | None, wanted: Sequence[str] | None) -> list[AssetBand]:
    """Return the bands of an item, of each name the one that is read best: GeoTIFF before JP2, fine before coarse.

    Args:
        item: the item.
        product: what its collection is, where that is known.
        wanted: names of the bands to read, besides quality layers; None: all.
    """
    sensor = sensor_of_item(item, product)
    asked = {identify(name, sensor): name for name in wanted or ()}
    kinds = {without_variant(name, sensor) for name in wanted or ()}
    found: dict[str, tuple[tuple[bool, float], AssetBand]] = {}
    for key, asset in item["assets"].items():
        if _PICTURES.fullmatch(key) or not _is_image(asset):
            continue
        for index, described in enumerate(_described(asset)):
            name = _band_name(key, described, sensor, product, single=len(_described(asset)) == 1)
            if name is None:
                continue
            known = asked.get(identify(name, sensor))
            is_wanted = wanted is None or without_variant(name, sensor) in kinds or is_quality(name) or is_mask_only(name)
            if not is_wanted:
                continue
            is_jp2 = "jp2" in f"{asset.get('type', '')}{asset['href']}".lower()
            one = AssetBand(str(asset["href"]), known or name, index, described, is_jp2)
            rank = (
                is_jp2,
                float(described.get("gsd") or asset.get("gsd") or described.get("raster:spatial_resolution") or _gsd(key)),
            )
            if one.name not in found or rank < found[one.name][0]:
                found[one.name] = rank, one
    return [one for _, one in found.values()]


def unknown_assets(item: Item) -> list[str]:
    """Return the names of the images of an item of no known collection that are no bands."""
    sensor = sensor_of_item(item, None)
    return [
        key
        for key, asset in item["assets"].items()
        if _is_image(asset)
        and not _PICTURES.fullmatch(key)
        and all(_band_name(key, one, sensor, None, single=len(_described(asset)) == 1) is None for one in _described(asset))
    ]


def without_variant(name: str, sensor: str | None) -> Identity:
    """Return which band a name is, whatever orbit or statistic it names."""
    return replace(identify(name, sensor), variant="")


def _gsd(key: str) -> float:
    """Return the resolution in the name of an asset, such as B02_10m, in metres; 0 where there is none."""
    match = _RESOLUTION.search(key)
    return float(match[1]) if match else 0.0


def _is_image(asset: Mapping[str, Any]) -> bool:
    if not asset.get("href") or set(asset.get("roles") or ()) & _NO_DATA_ROLES:
        return False
    return bool(_IMAGES.match(asset["type"]) if asset.get("type") else _SUFFIXES.search(asset["href"]))


def _described(asset: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what an asset says of each of its layers, under the names of STAC 1.0's `raster:bands` and `eo:bands`."""
    for name in ("bands", "raster:bands", "eo:bands"):
        listed = asset.get(name) or []
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            fix = "Save the search's item collection again."
            raise UnreadableFileError(f"{name} of a STAC asset is no list of objects", where=asset.get("href"), fix=fix)
    new = [
        one | {key.removeprefix("raster:").removeprefix("eo:"): value for key, value in one.items()}
        for one in asset.get("bands") or ()
    ]
    old, optical = asset.get("raster:bands") or (), asset.get("eo:bands") or ()
    number = max(len(new), len(old), len(optical), 1)
    whole = {
        key: asset[name]
        for key, name in (("scale", "raster:scale"), ("offset", "raster:offset"), ("nodata", "nodata"))
        if name in asset
    }
    parts = [[*part, *({} for _ in range(number - len(part)))] for part in (new, optical, old)]
    return [whole | dict(a) | dict(b) | dict(c) for a, b, c in zip(*parts, strict=True)]


def _band_name(
    key: str, described: Mapping[str, Any], sensor: str | None, product: Product | None, *, single: bool
) -> str | None:
    """Return the name of a band as the table of bands has it; None where it is none."""
    renamed = product.names.get(key.lower()) if product else None
    own = [described.get("name"), described.get("common_name")]
    for candidate in (renamed, *([_RESOLUTION.sub("", key), *own] if single else own)):
        if not candidate:
            continue
        parsed = parse_band(str(candidate), sensor)
        if parsed.is_known:
            return None if parsed.band.kind == "by-product" else identify(str(candidate), sensor).name
        if is_mask_only(str(candidate)):
            return str(candidate)
    return key if single and product is None and sensor is None else None


def granule_of(item: Item) -> str:
    """Return which part of the grid of its mission an item shows, "" where it does not say."""
    properties = item["properties"]
    for name in ("grid:code", "s2:mgrs_tile", "odc:region_code"):
        if properties.get(name):
            return str(properties[name]).removeprefix("MGRS-")
    if "landsat:wrs_path" in properties and "landsat:wrs_row" in properties:
        return f"{properties['landsat:wrs_path']}{properties['landsat:wrs_row']}"
    match = _GRANULE.search(str(item.get("id", "")))
    return match[1] if match else ""


def described_layer(layer: Layer, band: AssetBand, item: Item, product: Product | None) -> Layer:
    """Return a layer with what its item and its product say of it.

    Args:
        layer: as its file describes it.
        band: which band it is.
        item: the item.
        product: what the item's collection is, where that is known.

    Raises:
        UnreadableFileError: the item does not say when it was taken.
    """
    try:
        taken = dt.datetime.fromisoformat(moment(item))
    except ValueError as error:
        raise UnreadableFileError(
            f"the item has no datetime that can be read ({moment(item)!r})", where=item.get("id", ""), fix="Correct its datetime."
        ) from error
    taken = taken if taken.tzinfo is None else taken.astimezone(dt.UTC)
    layer = replace(
        layer,
        band=band.name,
        date=taken.date(),
        time=taken.time().isoformat(),
        group=str(item.get("id", "")),
        sensor=sensor_of_item(item, product),
        variants=(str(item["properties"].get("sat:orbit_state") or "").lower(), ""),
        place=f"{band.name} of {item.get('id')}",
    )
    return _with_numbers(layer, band, item, product)


def _with_numbers(layer: Layer, band: AssetBand, item: Item, product: Product | None) -> Layer:
    """Return a layer whose numbers are understood; reflectances become digital numbers (reflectance x 10000)."""
    declared = [_number(band.declared.get("nodata")), layer.nodata, *layer.fills]
    optical = is_reflectance(band.name)
    if product is not None and optical:
        declared.insert(0, product.nodata)
    fills = tuple(dict.fromkeys(number for number in declared if number is not None))
    layer = replace(layer, nodata=fills[0] if fills else None, fills=fills[1:])
    scale, add = _number(band.declared.get("scale")), _number(band.declared.get("offset"))
    if not optical:
        keeps = layer.is_plain and scale not in (None, 0.0, 1.0) and not is_quality(band.name)
        return replace(layer, scale=scale or 1.0, add=add or 0.0) if keeps else layer
    if product is None or product.scale is None:
        return replace(layer, scale=scale, add=add or 0.0) if layer.is_plain and scale not in (None, 0.0, 1.0) else layer
    if product.has_offset:
        offset = sentinel2_offset(item, scale, add)
        return replace(layer, scale=1.0, add=0.0, offset=offset, units=DIGITAL_NUMBER)
    # Rounded, so that 0.0001 x 10000 is 1 and whole numbers stay whole.
    factor, summand = round(product.scale * _DIGITAL_NUMBERS, 9), round(product.add * _DIGITAL_NUMBERS, 9)
    return replace(layer, scale=factor, add=summand, units=DIGITAL_NUMBER)


def sentinel2_offset(item: Item, scale: float | None, add: float | None) -> float | None:
    """Return what has to be taken off the numbers of a Sentinel-2 item: 0 or 1000, or None where nothing tells.

    Args:
        item: the item.
        scale: factor and
        add: summand that the item declares, if it does.

    Raises:
        UnreadableFileError: the summand is greater than any number of an image.
    """
    properties = item["properties"]
    if any(str(properties.get(name)).lower() == "true" for name in properties if name.endswith(":boa_offset_applied")):
        return 0.0
    if add:
        taken_off = float(round(-add / (scale or 1e-4)))
        if abs(taken_off) > _MOST:
            where, fix = item.get("id"), "Save the search's item collection again."
            raise UnreadableFileError(f"the offset {add:g} cannot be that of an image", where=where, fix=fix)
        return taken_off
    for name in ("s2:processing_baseline", "sentinel:processing_baseline", "processing:version"):
        match = re.match(r"(\d\d)\.?\d\d", str(properties.get(name)))
        if match:
            return _OFFSET if int(match[1]) >= 4 else 0.0
    return None if add is None else 0.0


def without_repeats(items: Sequence[Item]) -> tuple[list[Item], int]:
    """Leave out older versions of a scene; return the items, and how many were left out.

    Two items of one granule, platform and second are one scene that was processed twice: the newer processing is kept.
    """
    newest: dict[tuple[str, ...], Item] = {}
    kept: list[Item] = []
    for item in items:
        properties = item["properties"]
        key = (granule_of(item), str(properties.get("platform")), moment(item)[:19], str(item.get("collection")))
        other = newest.get(key)
        if not key[0] or other is None:
            kept.append(item)
            newest[key] = item
        elif _processed(item) > _processed(other):
            kept[kept.index(other)] = newest[key] = item
    return kept, len(items) - len(kept)


def _processed(item: Item) -> tuple[str, str]:
    properties = item["properties"]
    return str(properties.get("s2:processing_baseline") or properties.get("processing:version") or ""), str(
        properties.get("s2:generation_time") or properties.get("created") or properties.get("updated") or ""
    )


def _number(value: Any) -> float | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def all_bands(items: Sequence[Item], product: Product | None) -> Iterator[str]:
    """Yield the names of all bands that items have."""
    yield from dict.fromkeys(band.name for item in items for band in bands_of_item(item, product, None))
