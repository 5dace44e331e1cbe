"""What `info` says of imagery: grid, dates, each band and mask with its numbers, what was not used, and the fields."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cropdetect.api._describe.facts import Facts, counts, period, quantiles, quartiles
from cropdetect.api._describe.fields import field_facts
from cropdetect.chips import open_fields, open_images
from cropdetect.errors import CropDetectError
from cropdetect.fields import is_vector_file, outside_imagery, where_both_lie
from cropdetect.imagery import Imagery, ImageSeries, PixelBlock, Window, parse_band, stated_bands, stated_masks
from cropdetect.in_memory import InMemory
from cropdetect.options import DataOptions
from cropdetect.runs import read_run

_LOOK = 256  # pixels: side of the window in each tile's centre that is read, at most
_LOOK_BYTES = 64 * 2**20
_TILES = 8  # that are looked into
_FILES = 20_000  # of a folder that are listed, at most
_SHOWN = 4
_IMAGES = (".tif", ".tiff", ".jp2", ".nc", ".nc4")


def imagery_facts(source: Path | InMemory, options: DataOptions) -> Facts:
    """Describe imagery, and the fields that lie with it or that `--fields` names."""
    imagery = open_images(source, options)
    first = imagery.tiles[0]
    # Of remote imagery no pixel is fetched.
    looks = [] if imagery.is_remote else [_look(tile) for tile in imagery.tiles[:_TILES]]
    masks = {name: said for tile in imagery.tiles for name, said in stated_masks(tile).items()}
    sensors = sorted({sensor for band in first.bands if (sensor := parse_band(band, first.sensor).sensor)})
    run = read_run(imagery.path) if imagery.path.is_dir() else None
    known: dict[str, Any] = {
        "layout": imagery.layout,
        "made_by": None if run is None else f"cropdetect {run.verb}, {run.finished}",
        "tiles": len(imagery.tiles),
        "size": counts(f"{t.geobox.height} x {t.geobox.width}" for t in imagery.tiles),
        "crs": counts(_crs(tile) for tile in imagery.tiles),
        "resolution": abs(first.geobox.affine.a),
        "dates": period(imagery.dates),
        "days": [str(day) for day in imagery.dates],
        "days_without_a_clear_pixel": _never_clear(imagery, looks) if looks else None,
        "bands": list(imagery.bands),
        "mask_bands": list(masks),
        "dtype": str(first.dtype),
        "sensor": first.sensor,
        "sensors": sensors if len(sensors) > 1 else None,
        "units": first.units,
        "offset_taken_off": first.offset,
        "megabytes": round(sum(t.n_bytes for t in imagery.tiles) / 1e6, 1) if looks else None,
        "clear_where": "; ".join(dict.fromkeys(tile.clear_expression or "every band has a value" for tile in imagery.tiles)),
        "clear_share": quartiles(np.concatenate([look.clear.mean(axis=(1, 2)) for look in looks])) if looks else None,
        "masks": {name: {"clear_where": text, "meaning": meaning} for name, (text, meaning) in masks.items()},
        "values_are_of": f"tile {first.name}, the first" if len(imagery.tiles) > 1 else None,
        "values": _values(first, looks[0]) if looks else None,
        "not_used": _not_used(imagery, options),
    }
    warnings = list(imagery.warnings)
    try:
        found = open_fields(imagery, options)
    except CropDetectError as error:
        beside = _fields_beside(imagery)
        meant = f" These may be meant: {', '.join(f'--fields {one}' for one in beside)}." if beside else ""
        known["fields"] = f"not read: {error.what}. {error.fix}".rstrip() + meant
    else:
        known |= field_facts(found)
        warnings += found.warnings
        outside = outside_imagery(found.table, imagery)
        known["fields_outside_the_images"] = outside or None
        if outside and outside == len(found.table):
            warnings.append(
                f"no field lies on the images. {where_both_lie(found.table, imagery)} Check the place and the CRS of both."
            )
    return Facts({name: value for name, value in known.items() if value is not None or name == "sensor"}, warnings)


def _look(tile: ImageSeries) -> PixelBlock:
    """Read all dates and bands of a window in the centre of a tile."""
    height, width = tile.geobox.shape
    pixel = len(tile.dates) * len(tile.bands) * tile.dtype.itemsize
    side = max(16, min(_LOOK, int((_LOOK_BYTES / pixel) ** 0.5)))
    top, left = max(0, (height - side) // 2), max(0, (width - side) // 2)
    return tile.read(Window(top, left, min(height, top + side), min(width, left + side)))


def _never_clear(imagery: Imagery, looks: Sequence[PixelBlock]) -> list[str]:
    """Return the days that have no clear pixel in any of the windows."""
    clear: dict[Any, bool] = {}
    for tile, look in zip(imagery.tiles, looks, strict=False):
        for number, day in enumerate(tile.dates):
            clear[day] = clear.get(day, False) or bool(look.clear[number].any())
    return [str(day) for day in sorted(clear) if not clear[day]]


def _values(tile: ImageSeries, look: PixelBlock) -> dict[str, dict[str, Any]]:
    """Say of each band what it is, on how many dates it has clear values in the window, and how large they are."""
    rows: dict[str, dict[str, Any]] = {}
    stated = stated_bands(tile)
    for place, band in enumerate(tile.bands):
        said = parse_band(band, tile.sensor)
        pixels = look.image[:, place]
        known = look.clear & np.isfinite(pixels)
        row: dict[str, Any] = {"sensor": said.sensor, "kind": said.band.kind, "role": said.band.role or None}
        if band in stated:
            one = stated[band]
            row |= {"unit": one.unit or None, "scale": one.scale, "offset": one.offset}
            row |= {"no_value": list(one.no_value), "dates": one.dates}
        rows[band] = row | {"clear_dates": int(known.any(axis=(1, 2)).sum()), **quantiles(pixels[known])}
    return rows


def _not_used(imagery: Imagery, options: DataOptions) -> list[str]:
    """Say which files of a folder are not read; the warnings say why where it is not in the nature of the file."""
    if not imagery.path.is_dir():
        return []
    read = {*imagery.files(), *((options.fields.absolute(),) if isinstance(options.fields, Path) else ())}
    images, others = [], Counter[str]()
    for file in _files(imagery.path.absolute()):
        if file in read or any(parent in read for parent in file.parents):
            continue
        if file.suffix.lower() in _IMAGES:
            images.append(file.name)
        else:
            others[file.suffix[1:].upper() or "no suffix"] += 1
    names = ", ".join(sorted(images)[:_SHOWN]) + (", ..." if len(images) > _SHOWN else "")
    kinds = ", ".join(f"{count} {kind}" for kind, count in others.most_common())
    count = sum(others.values())
    return [
        *([f"{len(images)} image{'' if len(images) == 1 else 's'}: {names}"] if images else []),
        *([f"{count} other file{'' if count == 1 else 's'}: {kinds}"] if others else []),
    ]


def _files(root: Path) -> list[Path]:
    """Return the files below a folder, hidden ones and those behind links left out."""
    found: list[Path] = []
    for folder, inner, names in os.walk(root):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        found += (Path(folder) / name for name in sorted(names) if not name.startswith("."))
        if len(found) > _FILES:
            break
    return found[:_FILES]


def _fields_beside(imagery: Imagery) -> list[Path]:
    """Return files of fields in the folder of the images, by names that are not those that are read by themselves."""
    if not imagery.path.exists():
        return []
    folder = imagery.path if imagery.path.is_dir() else imagery.path.parent
    return [path for path in sorted(folder.iterdir()) if path.suffix.lower() != ".json" and is_vector_file(path)][:_SHOWN]


def _crs(tile: ImageSeries) -> str:
    from pyproj import CRS

    if tile.geobox.crs is None:
        return "none"
    crs = CRS.from_user_input(tile.geobox.crs.to_wkt())
    code = crs.to_epsg()
    name = crs.source_crs.name if crs.is_bound and crs.source_crs is not None else crs.name
    return f"EPSG:{code}" if code else name
