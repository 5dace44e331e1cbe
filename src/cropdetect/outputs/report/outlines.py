"""The map of the page: simplified and quantised outlines, and the pictures under them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import rasterio
import shapely
from pyproj import CRS
from rasterio.errors import RasterioError
from rasterio.warp import Resampling, calculate_default_transform, reproject

from cropdetect.errors import UnreadableFileError
from cropdetect.imagery import bounds_in_degrees
from cropdetect.outputs.report.blobs import pack
from cropdetect.outputs.report.still import jpeg, still_map

_VERTICES = 400_000  # in the page, at most
_FINE = 0.02  # of the side of a median field: outlines may move by so much
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
_SATURATION = 0.45  # of the background's colours
_CONTRAST = 0.45  # of the background
_POLYGONS = (3, 6)
_WEB_MERCATOR = CRS.from_epsg(3857)
_PACIFIC = CRS.from_proj4("+proj=merc +a=6378137 +b=6378137 +lon_0=180 +units=m +no_defs")  # it has no edge at longitude 180


def map_of(
    table: gpd.GeoDataFrame,
    crop: npt.NDArray[np.int64],
    colours: list[tuple[int, int, int]],
    previews: Sequence[Path],
    arrays: dict[str, str],
    *,
    mercator: bool = False,
) -> tuple[dict[str, Any] | None, str]:
    """Pack outlines and pictures, and draw the still map; None and "" where no field has a place.

    Args:
        table: the fields that the page shows.
        crop: (field,) class, -1 where a field has none.
        colours: red, green, blue of each class, 0 to 255.
        previews: `preview*.tif`.
        mercator: draw in Web Mercator, as map tiles are.
        arrays: gets the packed arrays: `rings` of each field, `vertices` of each ring, `outlines` from vertex to vertex.

    Raises:
        UnreadableFileError: a picture is damaged.
    """
    geometry = table.geometry
    if geometry.isna().all():
        return None, ""
    crs = _WEB_MERCATOR if mercator and geometry.crs is not None else _crs_of_page(geometry, previews)
    if crs is not None and geometry.crs is not None and geometry.crs != crs:
        geometry = geometry.to_crs(crs)
    shapes = np.asarray(geometry.array, dtype=object)
    placed = shapely.is_valid_input(shapes) & ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)
    bounds = shapely.bounds(shapes)
    placed &= np.isfinite(bounds).all(axis=1)
    if not placed.any():
        return None, ""
    field, rings, tolerance = _simplified(shapes, np.flatnonzero(placed))
    west, south = bounds[placed][:, :2].min(axis=0)
    east, north = bounds[placed][:, 2:].max(axis=0)
    step = max(tolerance / 4, max(east - west, north - south) / 2**30, 1e-9)
    coordinates, ring = shapely.get_coordinates(rings, return_index=True)
    quantised = np.round((coordinates - [west, south]) / step).astype(np.int64)
    arrays["rings"] = pack(np.bincount(field, minlength=len(table)).astype(np.uint32))
    arrays["vertices"] = pack(np.bincount(ring, minlength=len(rings)).astype(np.uint32))
    arrays["outlines"] = pack(np.diff(quantised, axis=0, prepend=0).astype(np.int32))
    pictures = [picture for file in previews if (picture := _picture(file, crs)) is not None]
    extent = (float(west), float(south), float(east), float(north))
    still = still_map(shapes, crop, colours, extent, [(pixels, one["bounds"]) for one, pixels in pictures])
    page_map = {
        "crs": _name(crs),
        "unit_metres": _metres(crs, (south + north) / 2),
        "origin": [float(west), float(south)],
        "step": float(step),
        "bounds": list(extent),
        "tolerance": float(tolerance),
        "images": [one for one, _ in pictures],
    }
    return page_map, still


def _crs_of_page(geometry: gpd.GeoSeries, previews: Sequence[Path]) -> CRS | None:
    """Return the CRS of the first picture, or that of the fields; degrees become Web Mercator, or its like around 180."""
    if geometry.crs is None:
        return None
    for file in previews[:1]:
        with _opened(file) as picture:
            if picture.crs is not None and picture.crs.is_projected:
                return CRS.from_wkt(picture.crs.to_wkt())
    if geometry.crs.is_projected:
        return CRS(geometry.crs)
    west, _, east, _ = bounds_in_degrees(geometry)
    return _WEB_MERCATOR if west <= east <= 180 else _PACIFIC


def _simplified(
    shapes: npt.NDArray[np.object_], rows: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.object_], float]:
    """Return the field of each ring, the rings (a point is a ring of one vertex), and how far outlines moved at most."""
    polygonal = np.isin(shapely.get_type_id(shapes[rows]), _POLYGONS)
    points = rows[~polygonal]
    polygons = shapes[rows[polygonal]]
    dots = shapely.point_on_surface(shapes[points])
    if not len(polygons):
        return points, np.asarray(dots, dtype=object), 1.0
    tolerance = float(_FINE * np.sqrt(max(np.median(shapely.area(polygons)), 1e-12)))
    while True:
        simple = shapely.simplify(polygons, tolerance)
        parts, part_of = shapely.get_parts(simple, return_index=True)
        rings, ring_of = shapely.get_rings(parts, return_index=True)
        if shapely.get_num_coordinates(rings).sum() <= max(_VERTICES, 5 * len(rings)) or tolerance > 1e6:
            break
        tolerance *= 2
    field = np.concatenate([rows[polygonal][part_of][ring_of], points])
    order = np.argsort(field, kind="stable")
    return field[order], np.concatenate([rings, dots])[order], tolerance


def _name(crs: CRS | None) -> str | None:
    if crs is None:
        return None
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else str(crs.name)


def _metres(crs: CRS | None, middle: float) -> float | None:
    """Return metres a unit of the page's coordinates, in the middle of the map."""
    if crs is None or not crs.is_projected:
        return None
    if crs in (_WEB_MERCATOR, _PACIFIC):
        return float(1 / np.cosh(middle / 6_378_137.0))
    return float(crs.axis_info[0].unit_conversion_factor)


def _opened(file: Path) -> Any:
    try:
        return rasterio.open(file, driver="GTiff")
    except RasterioError as error:
        raise UnreadableFileError(f"the picture cannot be read: {error}", where=file, fix="Predict again.") from error


def _light(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return (3, y, x) in pale and light colours, so that the fields stand out."""
    grey = np.tensordot(_LUMA, pixels.astype(np.float32), 1)
    pale = grey + _SATURATION * (pixels - grey)
    return np.asarray(np.round(255 - _CONTRAST * (255 - pale)), np.uint8)


def _picture(file: Path, crs: CRS | None) -> tuple[dict[str, Any], npt.NDArray[np.uint8]] | None:
    """Return a picture as a JPEG and as (3, y, x), axis-aligned in the page's CRS; None where it has no place there."""
    with _opened(file) as source:
        if crs is None or source.crs is None:
            return None
        transform, pixels, tags = source.transform, source.read(), source.tags()
        target = rasterio.crs.CRS.from_wkt(crs.to_wkt())
        if source.crs != target or transform.b or transform.d:
            bounds = source.bounds
            transform, width, height = calculate_default_transform(source.crs, target, source.width, source.height, *bounds)
            if width < 1 or height < 1:  # it lies on both sides of the map's edge
                return None
            warped = np.full((3, height, width), 255, np.uint8)
            reproject(
                pixels,
                warped,
                src_transform=source.transform,
                src_crs=source.crs,
                dst_transform=transform,
                dst_crs=target,
                dst_nodata=255,
                resampling=Resampling.bilinear,
            )
            pixels = warped
    pixels = _light(pixels)
    height, width = pixels.shape[1:]
    west, north = transform @ (0, 0)
    east, south = transform @ (width, height)
    one = {"bounds": [west, south, east, north], "jpeg": jpeg(pixels)}
    return one | {"date": tags.get("date", ""), "picture": tags.get("picture", "")}, pixels
