"""The grid of a cube: where its pixels lie, and the CRS, which is in the attributes in one of several forms.

Coordinates are the centres of pixels (CF conventions), unless the file says otherwise: by bounds of the coordinates, or by the
attribute `GeoTransform` (GDAL, rioxarray) or `proj:transform` (STAC). If coordinates lie on the corners of such a transform, the
transform counts. If they begin a whole number of pixels away from it, the cube was cropped later, and the coordinates count.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import xarray as xr
from affine import Affine
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox

from cropdetect.door import check_crs
from cropdetect.errors import ContradictionError, CropDetectError, GridError

_EVEN = 1e-2  # pixels by which a coordinate may be off an even spacing
_SAME = 0.02  # pixels
_WKT = re.compile(r"\s*(PROJ|GEOG|GEODC|BOUND|COMPOUND|COMPD|LOCAL|ENG)\w*\[", re.IGNORECASE)
_LONLAT = re.compile(r"\s*((urn:ogc:def:crs:)?OGC:[\d.]*:?CRS:?84|WGS[ _]?(19)?84|GCS_WGS_1984)\s*", re.IGNORECASE)
_DEGREES = re.compile(  # what is said of longitude and latitude in words
    r"\s*(geographic(al)?([ _]coordinates)?|(lat(itude)?[-/_ ,]*lon(g(itude)?)?)|(lon(g(itude)?)?[-/_ ,]*lat(itude)?)|"
    r"plate[ _]carr[eé]e|equirectangular|degrees?)\s*",
    re.IGNORECASE,
)
_CODES = ("epsg", "EPSG", "proj:epsg", "proj:code", "epsg_code")  # attributes, or coordinates as of stackstac
_METRES_IN = {  # units of coordinates that CF knows and CRSs hardly count in
    **dict.fromkeys(("km", "kilometer", "kilometers", "kilometre", "kilometres"), 1000.0),
    **dict.fromkeys(("cm", "centimeter", "centimeters", "centimetre", "centimetres"), 0.01),
    **dict.fromkeys(("rad", "radian", "radians"), 0.0),  # of a satellite's view
}
_WITHOUT_DATUM = 50_000.0  # metres by which places may be off where parameters leave out datum and ellipsoid
_CF_NAME = "grid_mapping_name"
_CRS_KEYS = ("crs_wkt", "spatial_ref", "proj:wkt2", *_CODES, "crs", "projection")


@dataclass(frozen=True)
class CubeGrid:
    """A north-up grid, and how the file's pixels lie on it.

    Attributes:
        geobox: the grid.
        south_up: whether the file has its southernmost row first.
        west_last: whether the file has its easternmost column first.
        warnings: what the user should know.
    """

    geobox: GeoBox
    south_up: bool
    west_last: bool
    warnings: tuple[str, ...] = ()


def cube_grid(path: Path, data: xr.Dataset, variable: xr.DataArray, y: str, x: str) -> CubeGrid:
    """Return the grid of a variable.

    Raises:
        GridError: coordinates are absent, uneven, or too few; the grid is rotated; or the CRS cannot be understood.
        ContradictionError: coordinates and transform exclude each other, or units and CRS, or two statements of the CRS.
    """
    transform = _transform(path, data, variable)
    left, width, warning_x = _edge(path, data, x, None if transform is None else (transform.c, transform.a))
    first, height, warning_y = _edge(path, data, y, None if transform is None else (transform.f, transform.e))
    rows, columns = data.sizes[y], data.sizes[x]
    south_up, west_last = height > 0, width < 0
    top = first + height * rows if south_up else first
    left = left + width * columns if west_last else left
    crs, warning_crs = _crs(path, data, variable, (y, x))
    if crs is not None:
        middle = left + abs(width) * columns / 2, top - abs(height) * rows / 2
        warning_crs = warning_crs or _other_crs(path, data, variable, crs, (*middle, abs(width)))
        _refuse_units(path, data, (y, x), crs)
    warning_turn = ""
    if crs is not None and crs.geographic and left >= 180:
        warning_turn = f"{path.name}: its longitudes, {left:g} to {left + abs(width) * columns:g}, are taken 360 degrees less"
        left -= 360
    geobox = GeoBox((rows, columns), Affine(abs(width), 0, left, 0, -abs(height), top), crs)
    return CubeGrid(
        geobox, south_up, west_last, tuple(dict.fromkeys(filter(None, (warning_x, warning_y, warning_crs, warning_turn))))
    )


def _transform(path: Path, data: xr.Dataset, variable: xr.DataArray) -> Affine | None:
    """Return the transform that the attributes declare.

    Raises:
        GridError: it is no transform, or a rotated one.
    """
    holders = [data[name].attrs for name in _mappings(data, variable) if name in data.variables]
    for attributes in (*holders, variable.attrs, data.attrs):
        for key in ("GeoTransform", "proj:transform"):
            value = attributes.get(key)
            if value is None or not str(value).strip():
                continue
            try:
                texts = re.split(r"[\s,]+", value.strip(" []()")) if isinstance(value, str) else np.asarray(value).reshape(-1)
                numbers = [float(number) for number in texts][:6]
                affine = Affine.from_gdal(*numbers) if key == "GeoTransform" else Affine(*numbers)
            except (TypeError, ValueError) as error:
                raise GridError(
                    f"the attribute {key} is no transform: {str(value)[:60]!r}", where=path, fix="Remove it, or correct it."
                ) from error
            if affine.b or affine.d:
                raise GridError("the grid is rotated", where=path, fix="Warp it to a north-up grid, e.g. with gdalwarp.")
            if affine.a and affine.e:
                return affine
    return None


def _edge(path: Path, data: xr.Dataset, name: str, transform: tuple[float, float] | None) -> tuple[float, float, str]:
    """Return outer edge of the first pixel, signed pixel size, and a warning or "".

    Args:
        path: the file.
        data: the cube.
        name: of the dimension.
        transform: edge and pixel size by the declared transform, or None.
    """
    if name not in data.coords:
        if transform is not None:
            return *transform, ""
        raise GridError(f"the dimension {name} has no coordinates", where=path, fix="Add the pixel centres as a coordinate.")
    if data[name].dtype.kind not in "iuf":
        raise GridError(f"the coordinate {name} holds no numbers", where=path, fix="Write the pixel centres as numbers.")
    centres = np.asarray(data[name].values, dtype=np.float64)
    if centres.size < 2:
        if transform is not None:
            return *transform, ""
        raise GridError(
            f"{name} has only one pixel, so the size of a pixel is not known", where=path, fix="Give at least 2 x 2 pixels."
        )
    pixel = float(centres[-1] - centres[0]) / (centres.size - 1)
    even = centres[0] + pixel * np.arange(centres.size)
    # Coordinates in single precision are off by their own rounding.
    rounding = float(np.abs(centres).max()) * (1e-6 if data[name].dtype == np.float32 else 0)
    if not np.isfinite(centres).all() or pixel == 0 or np.abs(centres - even).max() > _EVEN * abs(pixel) + rounding:
        raise GridError(f"the coordinate {name} is not evenly spaced", where=path, fix="Resample the cube to an even grid.")
    edge = float(centres[0]) - pixel / 2
    bounds = _bounds(data, name, pixel)
    if bounds is not None:
        return bounds, pixel, ""
    if transform is None:
        return edge, pixel, ""
    return _with_transform(path, name, (edge, pixel), centres.size, transform, rounding)


def _bounds(data: xr.Dataset, name: str, pixel: float) -> float | None:
    """Return the outer edge by the coordinate's CF bounds, or None."""
    bounds = data.variables.get(data[name].attrs.get("bounds"))
    if bounds is None or bounds.shape != (data.sizes[name], 2):
        return None
    first = np.sort(np.asarray(bounds.values[0], dtype=np.float64))
    return float(first[0] if pixel > 0 else first[1]) if np.isclose(first[1] - first[0], abs(pixel), rtol=1e-3) else None


def _with_transform(
    path: Path, name: str, own: tuple[float, float], size: int, transform: tuple[float, float], rounding: float
) -> tuple[float, float, str]:
    """Settle where coordinates and transform differ."""
    edge, pixel = own
    declared, declared_pixel = transform
    if declared_pixel * pixel < 0:  # the transform counts from the other end
        declared, declared_pixel = declared + declared_pixel * size, -declared_pixel
    slack = _SAME + rounding / abs(pixel)
    if abs(pixel / declared_pixel - 1) > 1e-4 + rounding / abs(pixel * size):
        raise ContradictionError(
            f"the coordinate {name} has pixels of {abs(pixel):g}, the declared transform of {abs(declared_pixel):g}",
            where=path,
            fix="Remove the attribute GeoTransform if the coordinates are right, or correct it.",
        )
    shift = (edge - declared) / pixel
    if abs(shift) <= slack:
        return edge, pixel, ""
    if abs(abs(shift) - 0.5) <= slack:
        return (
            declared,
            declared_pixel,
            (f"{path.name}: its coordinates name corners of pixels, not centres, by the declared transform, which is used"),
        )
    if abs(shift - round(shift)) <= slack:
        return (
            edge,
            pixel,
            (
                f"{path.name}: the declared transform begins {abs(round(shift))} pixels away from the coordinates along {name}, "
                "as after cropping; the coordinates are used"
            ),
        )
    raise ContradictionError(
        f"the coordinate {name} begins at {edge:.10g}, the declared transform at {declared:.10g} ({shift:+.2f} pixels)",
        where=path,
        fix="Remove the attribute GeoTransform if the coordinates are right, or correct it.",
    )


def _crs(path: Path, data: xr.Dataset, variable: xr.DataArray, axes: tuple[str, str]) -> tuple[CRS | None, str]:
    """Return the CRS that the attributes state, and a warning or "".

    Where they state none, latitudes and longitudes by the names of the axes are those of EPSG:4326.

    Raises:
        GridError: no statement of a CRS can be understood.
    """
    y, x = axes
    in_degrees = y.lower().startswith("lat") and x.lower().startswith("lon")
    by_name = f"while its axes {y} and {x} are in degrees" if in_degrees else ""
    not_understood = []
    for value in _crs_candidates(data, variable):
        try:
            crs = _parse(value)
        except (pyproj.exceptions.CRSError, ValueError) as error:
            raise _unknown_crs(value, path, by_name) from error
        if crs is not None:
            return crs, ""
        if value is not None and str(value).strip() and not (in_degrees and _DEGREES.fullmatch(str(value))):
            not_understood.append(value)
    if not_understood:
        raise _unknown_crs(not_understood[0], path, by_name)
    stated = _mapping(data, variable)
    absent = stated is not None and stated not in data.variables
    crs = CRS("EPSG:4326") if in_degrees else None
    taken = "EPSG:4326 by the names of its axes" if in_degrees else "none"
    return (
        crs,
        f"{path.name}: it has no variable {stated}, which should state the CRS; that is taken as {taken}" if absent else "",
    )


def _other_crs(path: Path, data: xr.Dataset, variable: xr.DataArray, crs: CRS, place: tuple[float, float, float]) -> str:
    """Return a warning where an attribute of the cube states another CRS than the one that is used, or "".

    Args:
        path: the file.
        data: the cube.
        variable: the variable.
        crs: the CRS that is used.
        place: x and y of the middle of the grid, and the width of a pixel, by which two CRSs may differ there.

    Raises:
        ContradictionError: the variable of the grid mapping states both.
    """
    mapping = next((data[name].attrs for name in _mappings(data, variable) if name in data.variables), {})
    x, y, pixel = place
    of_mapping = [mapping[key] for key in _CRS_KEYS if key in mapping]
    of_mapping += [{key: value for key, value in mapping.items() if key not in _CRS_KEYS}] if _CF_NAME in mapping else []
    for number, value in enumerate((*of_mapping, *_attributed(data, variable))):
        near = max(pixel, 0.5 if crs.geographic else _WITHOUT_DATUM) if isinstance(value, dict) else pixel
        try:
            other = _parse(value)
            if other is None or other == crs or _same_place(other, crs, x, y, near):
                continue
        except (pyproj.exceptions.ProjError, CropDetectError, ValueError, KeyError):
            continue
        both = f"{str(crs)[:60]} and {_parameters(value) if isinstance(value, dict) else str(other)[:60]}"
        if number < len(of_mapping):
            raise ContradictionError(f"it states two CRSs: {both}", where=path, fix="Remove the wrong one from its grid mapping.")
        return f"{path.name}: two CRSs are stated, {both}; the first is used, which the grid mapping states"
    return ""


def _parameters(mapping: Mapping[str, Any]) -> str:
    """Return what tells one projection from another of those that CF's parameters state."""
    numbers = (f"{key} {np.ravel(mapping[key])[0]:.10g}" for key in mapping if re.match("longitude_of|latitude_of|false_", key))
    return f"{mapping[_CF_NAME]} ({', '.join(numbers)})"


def _same_place(other: CRS, crs: CRS, x: float, y: float, near: float) -> bool:
    """Tell whether coordinates lie at the same place in both CRSs, by so many units of the second."""
    there = pyproj.Transformer.from_crs(other.proj, crs.proj, always_xy=True).transform(x, y)
    return bool(np.hypot(there[0] - x, there[1] - y) <= near)


def _refuse_units(path: Path, data: xr.Dataset, axes: tuple[str, str], crs: CRS) -> None:
    """Refuse coordinates whose unit is not that of the CRS.

    Raises:
        ContradictionError: it is not.
    """
    counted = crs.proj.axis_info[0].unit_conversion_factor if crs.projected and crs.proj.axis_info else None
    for name in axes if counted is not None else ():
        unit = str(data[name].attrs.get("units", "")).strip() if name in data.coords else ""
        factor = _METRES_IN.get(unit.lower())
        if factor is not None and factor != counted:
            raise ContradictionError(
                f"the coordinate {name} is in {unit}, but its CRS, {str(crs)[:60]}, counts in {crs.proj.axis_info[0].unit_name}",
                where=path,
                fix=f"Bring {name} to the unit of the CRS, or correct its attribute units.",
            )


def _unknown_crs(value: Any, path: Path, by_name: str) -> GridError:
    what = f"the CRS {str(value)[:60]!r} cannot be understood"
    return GridError(f"{what}, {by_name}" if by_name else what, where=path, fix="Give an EPSG code, or remove it.")


def _crs_candidates(data: xr.Dataset, variable: xr.DataArray) -> Iterator[Any]:
    """Yield all values that may be the CRS, the most reliable first."""
    for name in _mappings(data, variable):
        if name in data.variables:
            attributes = data[name].attrs
            yield from (attributes[key] for key in _CRS_KEYS if key in attributes)
            if _CF_NAME in attributes:
                yield attributes
    yield from _attributed(data, variable)


def _attributed(data: xr.Dataset, variable: xr.DataArray) -> Iterator[Any]:
    """Yield what attributes and coordinates state of the CRS beside the grid mapping."""
    for attributes in (variable.attrs, data.attrs):
        yield from (attributes[key] for key in _CRS_KEYS if key in attributes)
    for key in _CODES:
        if key in data.coords and key not in data.dims:
            # A cube of several CRS has several codes, which together are none.
            yield ", ".join(dict.fromkeys(str(code) for code in np.ravel(data[key].values)))


def _mappings(data: xr.Dataset, variable: xr.DataArray) -> Iterator[str]:
    """Return the names that the variable of the grid mapping may have."""
    stated = _mapping(data, variable)
    return iter(dict.fromkeys([*([] if stated is None else [stated]), "spatial_ref", "crs", "transverse_mercator"]))


def _mapping(data: xr.Dataset, variable: xr.DataArray) -> str | None:
    """Return the name that the variable of the grid mapping should have, or None."""
    mapping = variable.attrs.get("grid_mapping") or variable.encoding.get("grid_mapping") or data.attrs.get("grid_mapping")
    return str(mapping).split(":")[0].strip() if mapping else None


def _parse(value: Any) -> CRS | None:
    """Parse codes, WKT, PROJ strings and CF attributes; other texts are not a CRS, since they could be a file or an address."""
    if isinstance(value, dict):
        described = pyproj.CRS.from_cf(value)
        check_crs(described.to_wkt())
        return CRS(described)
    text = str(np.asarray(value).reshape(-1)[0]) if not isinstance(value, str) else value
    code = re.fullmatch(r"\s*(?:(?:\+init=)?epsg:+|EPSG:)?(\d{4,6})(?:\.0)?\s*", text, re.IGNORECASE)
    code = code or re.fullmatch(r"urn:ogc:def:crs:EPSG:[\d.]*:(\d{4,6})", text, re.IGNORECASE)
    if code:
        return CRS(f"EPSG:{code[1]}")
    if _LONLAT.fullmatch(text):
        return CRS("EPSG:4326")
    check_crs(text)
    if _WKT.match(text):
        crs = pyproj.CRS.from_wkt(text)
    elif "+proj=" in text:
        crs = pyproj.CRS.from_string(text)
    else:
        return None
    known = crs.to_epsg()
    return CRS(f"EPSG:{known}") if known else CRS(crs)
