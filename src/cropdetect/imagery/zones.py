"""Tiles whose images lie in several coordinate reference systems, as where two UTM zones meet: one tile for each."""

import re
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
    names = _names(list(parts))
    warning = (
        f"the images lie in {len(parts)} coordinate reference systems ({', '.join(names.values())}); each is a tile of its own"
    )
    return [
        replace(
            tile,
            name="_".join(filter(None, (tile.name, _in_file_names(names[crs])))),
            acquisitions=tuple(part),
            warnings=(*tile.warnings, warning) if number == 0 else (),
        )
        for number, (crs, part) in enumerate(parts.items())
    ]


def _names(found: Sequence[CRS | None]) -> dict[CRS | None, str]:
    """Return what each CRS is called: by its code, else by its name; where two have one name, the second with its position."""
    names: dict[CRS | None, str] = {}
    for number, crs in enumerate(found, 1):
        known = "" if crs is None else f"EPSG:{crs.epsg}" if crs.epsg else crs.proj.name.removeprefix("unknown")
        names[crs] = f"{known or 'CRS'} {number}" if known in ("", *names.values()) else known
    return names


def _in_file_names(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower().replace(":", "")).strip("-")
