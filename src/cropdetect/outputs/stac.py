"""A prediction's folder as a STAC item, with the extensions Projection 2.0.0 and Processing 1.2.0."""

import datetime as dt
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
from odc.geo.geobox import GeoBox
from rasterio.crs import CRS
from rasterio.warp import transform_bounds
from shapely import MultiPolygon, box, union_all

from cropdetect.files import sha256
from cropdetect.formats import PredictionRun
from cropdetect.imagery import Imagery

if TYPE_CHECKING:
    import pystac

STAC_ITEM = "stac-item.json"

_ANSWERS = "predictions.csv"
_PROCESSING = "https://stac-extensions.github.io/processing/v1.2.0/schema.json"  # pystac has no class for it
_COG = "image/tiff; application=geotiff; profile=cloud-optimized"

# By name first, then by its part before "_", then by suffix: title, media type, roles.
_KINDS: dict[str, tuple[str, str, list[str]]] = {
    "fields.parquet": ("Crop of every field, GeoParquet", "application/vnd.apache.parquet", ["data"]),
    "fields.gpkg": ("Crop of every field, GeoPackage", "application/geopackage+sqlite3", ["data"]),
    _ANSWERS: ("Crop of every field, without geometry", "text/csv", ["data"]),
    "code_list.csv": ("Codes and names of the crops", "text/csv", ["metadata"]),
    "submission.csv": ("Table of the CV4A competition", "text/csv", ["data"]),
    "series.parquet": ("Field means of every date", "application/vnd.apache.parquet", ["data"]),
    "report.html": ("Report", "text/html", ["overview"]),
    "run.json": ("What was run", "application/json", ["metadata"]),
    "preview": ("Picture of a clear day", "image/tiff; application=geotiff", ["overview"]),
    ".qml": ("Style of the crop map for QGIS", "application/xml", ["metadata"]),
    ".xml": ("Names of the crop map's values", "application/xml", ["metadata"]),
    ".tif": ("Crop map, crop_id a pixel", _COG, ["data", "visual"]),
}


def write_stac_item(folder: Path, *, run: PredictionRun, imagery: Imagery | None, bounds: Iterable[float] | None) -> Path:
    """Write `stac-item.json` for the files that lie in a folder; the same answers give the same bytes.

    Times, paths and machine are left to run.json. The geometry is the imagery's extent, or that of the fields where there is no
    imagery or it has no CRS; null where neither is known.

    Args:
        folder: the outputs, whole; asset links are relative to it.
        run: what was run; names the model and the dates.
        imagery: the grids of the crop maps, or None.
        bounds: west, south, east, north of the fields, degrees, or None.
    """
    import pystac
    from pystac.extensions.projection import ProjectionExtension

    box_of_tiles = _bounds(imagery)
    bbox = box_of_tiles if box_of_tiles is not None else list(bounds) if bounds is not None else None
    days = [dt.datetime.combine(dt.date.fromisoformat(day), dt.time(), dt.UTC) for day in run.dates]
    item = pystac.Item(
        id=answers_id(folder),
        geometry=None if bbox is None else _rectangle(*bbox),
        bbox=bbox,
        # an item needs one date, where it has no period
        datetime=None if days else dt.datetime.fromisoformat(run.started),
        start_datetime=min(days, default=None),
        end_datetime=max(days, default=None),
        properties={
            "title": f"Crops of {run.n_fields} fields",
            "processing:level": "L4",
            "processing:lineage": f"cropdetect predict: {run.n_chips} chips of {run.n_fields} fields on {len(days)} dates, "
            f"bands {', '.join(run.bands)}, precision {run.precision}",
            "processing:software": {name: run.versions[name] for name in ("cropdetect", "onnxruntime") if name in run.versions},
        },
    )
    ProjectionExtension.ext(item, add_if_missing=True).apply(**_projection(imagery))
    item.stac_extensions.append(_PROCESSING)
    for file in sorted(folder.iterdir()):
        kind = _KINDS.get(file.name) or _KINDS.get(file.stem.split("_")[0]) or _KINDS.get(file.suffix)
        if kind is not None:
            _add_asset(item, file, *kind)
    path = folder / STAC_ITEM
    text = json.dumps(item.to_dict(include_self_link=False, transform_hrefs=False), indent=2, ensure_ascii=False)
    path.write_text(text + "\n", "utf-8")
    return path


def answers_id(folder: Path) -> str:
    """Return what tells these answers from others: it comes from them, since a fingerprint of the run tells paths apart."""
    return f"crops-{sha256(folder / _ANSWERS)[:16]}"


def _key(file: Path) -> str:
    """Return the asset's name: the file's, without its suffix where that says nothing more."""
    return file.name if file.stem == "fields" or file.suffix in (".qml", ".xml") else file.stem


def _add_asset(item: "pystac.Item", file: Path, title: str, media_type: str, roles: list[str]) -> None:
    import pystac
    from pystac.extensions.projection import ProjectionExtension

    asset = pystac.Asset(f"./{file.name}", title=title, media_type=media_type, roles=roles)
    item.add_asset(_key(file), asset)
    if file.suffix == ".tif":
        with rasterio.open(file) as image:
            ProjectionExtension.ext(asset).apply(**_grid(image.shape, image.transform, image.crs))


def _projection(imagery: Imagery | None) -> dict[str, Any]:
    """Return the projection of the item: its CRS; shape and transform too where there is one grid."""
    grids: list[GeoBox] = [] if imagery is None else [tile.geobox for tile in imagery.tiles]
    crs = {None if grid.crs is None else grid.crs.to_wkt() for grid in grids}
    if len(crs) != 1:
        return {"code": None}
    wkt = crs.pop()
    known = None if wkt is None else CRS.from_wkt(wkt)
    if len(grids) == 1:
        return _grid(grids[0].shape, grids[0].affine, known)
    return _code(known)


def _grid(shape: Iterable[int], transform: Iterable[float], crs: CRS | None) -> dict[str, Any]:
    return {**_code(crs), "shape": [int(side) for side in shape], "transform": [float(n) for n in list(transform)[:6]]}


def _code(crs: CRS | None) -> dict[str, Any]:
    """Return the CRS by its authority's code; one without a code by its WKT."""
    if crs is None:
        return {"code": None}
    authority = crs.to_authority()
    return {"code": ":".join(authority)} if authority is not None else {"code": None, "wkt2": crs.to_wkt()}


def _bounds(imagery: Imagery | None) -> list[float] | None:
    """Return west, south, east, north of all tiles, degrees; None where no tile has a CRS."""
    grids = [] if imagery is None else [tile.geobox for tile in imagery.tiles]
    boxes = [
        transform_bounds(CRS.from_wkt(grid.crs.to_wkt()), "EPSG:4326", *grid.boundingbox)
        for grid in grids
        if grid.crs is not None
    ]
    if not boxes:
        return None
    if all(west <= east <= 180 for west, _, east, _ in boxes):
        return [float(number) for number in union_all([box(*one) for one in boxes]).bounds]
    west, south, east, north = np.array(boxes).T
    west, east = (np.where(x < 0, x + 360, x) for x in (west, east))  # they lie on both sides of longitude 180
    return [float(west.min()), float(south.min()), float(east.max()) - 360, float(north.max())]


def _rectangle(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    """Return a box as GeoJSON, in two parts where it crosses longitude 180 (RFC 7946, section 3.1.9)."""
    if west <= east:
        return dict(box(west, south, east, north).__geo_interface__)
    return dict(MultiPolygon([box(west, south, 180, north), box(-180, south, east, north)]).__geo_interface__)
