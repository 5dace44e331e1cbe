"""Tiles whose images lie in several coordinate reference systems, as where two UTM zones meet: one tile for each."""

from collections.abc import Sequence
from dataclasses import replace

from odc.geo.crs import CRS

from cropdetect.imagery.layers import Acquisition, FoundTile


def split_by_crs(found: Sequence[FoundTile]) -> list[FoundTile]:
    """Split tiles by CRS, with a warning.

    A tile stays as it is where one acquisition has several CRSs, or where the parts have no band in common: then a file is wrong,
    and `common_grid` names it.
    """
    return [part for tile in found for part in _split(tile)]


def _split(tile: FoundTile) -> list[FoundTile]:
    parts: dict[CRS | None, list[Acquisition]] = {}
    for acquisition in tile.acquisitions:
        crs = {layer.reader.geobox.crs for layer in acquisition.layers.values()}
        if len(crs) > 1:
            return [tile]
        parts.setdefault(crs.pop(), []).append(acquisition)
    bands = [{name for acquisition in part for name in acquisition.layers} for part in parts.values()]
    if len(parts) == 1 or None in parts or not set.intersection(*bands):
        return [tile]
    names = {crs: _name(crs, number) for number, crs in enumerate(parts, 1)}
    warning = (
        f"the images lie in {len(parts)} coordinate reference systems ({', '.join(names.values())}); each is a tile of its own"
    )
    return [
        replace(
            tile,
            name="_".join(filter(None, (tile.name, names[crs].replace(":", "").lower()))),
            acquisitions=tuple(part),
            warnings=(*tile.warnings, warning) if number == 0 else (),
        )
        for number, (crs, part) in enumerate(parts.items())
    ]


def _name(crs: CRS | None, number: int) -> str:
    return f"EPSG:{crs.epsg}" if crs is not None and crs.epsg else f"CRS {number}"
