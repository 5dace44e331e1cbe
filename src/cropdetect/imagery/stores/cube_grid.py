"""The grid of a cube: coordinates are the centres of pixels; the CRS is in the attributes, in one of several forms."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import xarray as xr
from affine import Affine
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox

from cropdetect.errors import GridError

_EVEN = 1e-2  # pixels by which a coordinate may be off an even spacing
_WKT = re.compile(r"\s*(PROJ|GEOG|GEODC|BOUND|COMPOUND|COMPD|LOCAL|ENG)\w*\[", re.IGNORECASE)
_CRS_KEYS = ("crs_wkt", "spatial_ref", "proj:wkt2", "epsg", "EPSG", "proj:epsg", "proj:code", "epsg_code", "crs", "projection")


def cube_grid(path: Path, data: xr.Dataset, variable: xr.DataArray, y: str, x: str) -> tuple[GeoBox, bool]:
    """Return the north-up grid of a variable, and whether the file has its southernmost row first.

    Raises:
        GridError: coordinates are absent, uneven, or too few; or the CRS cannot be understood.
    """
    left, width = _edge(path, data, x)
    if width < 0:
        raise GridError(f"the coordinate {x} descends", where=path, fix="Sort the cube from west to east.")
    first, height = _edge(path, data, y)
    south_up = height > 0
    top = first + height * data.sizes[y] if south_up else first
    affine = Affine(width, 0, left, 0, -abs(height), top)
    crs = _crs(path, data, variable)
    if crs is None and (y.lower().startswith("lat") and x.lower().startswith("lon")):
        crs = CRS("EPSG:4326")
    return GeoBox((data.sizes[y], data.sizes[x]), affine, crs), south_up


def _edge(path: Path, data: xr.Dataset, name: str) -> tuple[float, float]:
    """Return (outer edge of the first pixel, signed pixel size) of a dimension."""
    if name not in data.coords:
        raise GridError(f"the dimension {name} has no coordinates", where=path, fix="Add the pixel centres as a coordinate.")
    centres = np.asarray(data[name].values, dtype=np.float64)
    if centres.size < 2:
        raise GridError(
            f"{name} has only one pixel, so the size of a pixel is not known", where=path, fix="Give at least 2 x 2 pixels."
        )
    pixel = float(centres[-1] - centres[0]) / (centres.size - 1)
    even = centres[0] + pixel * np.arange(centres.size)
    # Coordinates in single precision are off by their own rounding.
    slack = _EVEN * abs(pixel) + float(np.abs(centres).max()) * (1e-6 if data[name].dtype == np.float32 else 0)
    if not np.isfinite(centres).all() or pixel == 0 or np.abs(centres - even).max() > slack:
        raise GridError(f"the coordinate {name} is not evenly spaced", where=path, fix="Resample the cube to an even grid.")
    return float(centres[0]) - pixel / 2, pixel


def _crs(path: Path, data: xr.Dataset, variable: xr.DataArray) -> CRS | None:
    for value in _crs_candidates(data, variable):
        try:
            crs = _parse(value)
        except (pyproj.exceptions.CRSError, ValueError) as error:
            raise GridError(f"the CRS {str(value)[:60]!r} cannot be understood", where=path, fix="Give an EPSG code.") from error
        if crs is not None:
            return crs
    return None


def _crs_candidates(data: xr.Dataset, variable: xr.DataArray) -> Iterator[Any]:
    """Yield all values that may be the CRS, the most reliable first."""
    mapping = variable.attrs.get("grid_mapping") or variable.encoding.get("grid_mapping") or data.attrs.get("grid_mapping")
    names = [str(mapping).split(":")[0].strip()] if mapping else []
    for name in dict.fromkeys([*names, "spatial_ref", "crs", "transverse_mercator"]):
        if name in data.variables:
            attributes = data[name].attrs
            yield from (attributes[key] for key in _CRS_KEYS if key in attributes)
            if "grid_mapping_name" in attributes:
                yield attributes
    for attributes in (variable.attrs, data.attrs):
        yield from (attributes[key] for key in _CRS_KEYS if key in attributes)


def _parse(value: Any) -> CRS | None:
    """Parse codes, WKT, PROJ strings and CF attributes; other texts are not a CRS, since they could be a file or an address."""
    if isinstance(value, dict):
        return CRS(pyproj.CRS.from_cf(value))
    text = str(np.asarray(value).reshape(-1)[0]) if not isinstance(value, str) else value
    code = re.fullmatch(r"\s*(?:(?:\+init=)?epsg:+|EPSG:)?(\d{4,6})(?:\.0)?\s*", text, re.IGNORECASE)
    code = code or re.fullmatch(r"urn:ogc:def:crs:EPSG:[\d.]*:(\d{4,6})", text, re.IGNORECASE)
    if code:
        return CRS(f"EPSG:{code[1]}")
    if _WKT.match(text):
        crs = pyproj.CRS.from_wkt(text)
    elif "+proj=" in text and "=@" not in text and "/" not in text:
        crs = pyproj.CRS.from_string(text)
    else:
        return None
    known = crs.to_epsg()
    return CRS(f"EPSG:{known}") if known else CRS(crs)
