"""NetCDF 4 and Zarr cubes: dimensions time, y, x; one variable a band, or a band dimension.

Several cubes in a folder (bands, resolutions or periods) make one series; cubes in folders of their own are tiles of their own,
and so are those that a pattern with a group `tile` tells apart. Variables without y or x are no bands.
"""

import datetime as dt
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from cropdetect.errors import UnknownLayoutError
from cropdetect.imagery.assemble import Found
from cropdetect.imagery.bands import is_band
from cropdetect.imagery.cubegrid import cube_grid
from cropdetect.imagery.cubestore import CubeStore, open_cube
from cropdetect.imagery.fieldfiles import find_field_files
from cropdetect.imagery.layer import Layer
from cropdetect.imagery.names import parse_path, to_date
from cropdetect.imagery.naming import Naming
from cropdetect.imagery.offset import offset_of
from cropdetect.imagery.passes import Piece, to_acquisitions
from cropdetect.imagery.safety import unreadable
from cropdetect.imagery.tree import paths_with

NAME = "cube"

SUFFIXES = (".nc", ".nc4", ".zarr")
_STEPS = ("time", "timestamp", "t", "date")
_Y = ("y", "lat", "latitude", "northing")
_X = ("x", "lon", "longitude", "easting")
_BANDS = ("band", "bands", "variable", "channel")
_SENSOR = re.compile(r"(sentinel[-_ ]?[123])|(landsat)|(modis)", re.IGNORECASE)


def recognise(path: Path, naming: Naming) -> bool:
    """Whether there is any cube."""
    return next(paths_with(path, SUFFIXES), None) is not None


def find(path: Path, naming: Naming) -> list[Found]:
    """Return the tiles at `path`, from metadata and coordinates only.

    Raises:
        UnreadableFileError: a file is damaged, or its dates cannot be understood.
        UnsafePathError: a file takes data from elsewhere.
        GridError: coordinates make no grid.
        UnknownLayoutError: no cube has dates and bands.
    """
    cubes = list(paths_with(path, SUFFIXES))
    root = path if path.is_dir() and cubes != [path] else path.parent
    tiles: dict[str, list[Piece]] = {}
    folders: dict[str, Path] = {}
    sensor = None
    for cube in cubes:
        relative = cube.relative_to(root)
        match = naming.pattern.search(relative.with_suffix("").as_posix()) if naming.pattern else None
        tile = (match.groupdict().get("tile") if match else None) or (
            "" if relative.parent == Path() else relative.parent.as_posix()
        )
        with open_cube(cube) as data:
            pieces = list(_pieces(cube, data, relative.with_suffix("").as_posix(), naming, offset_of(cube, path)))
            sensor = sensor or _sensor(data)
        if pieces:
            tiles.setdefault(tile, []).extend(pieces)
            folders[tile] = cube.parent
    if not tiles:
        raise UnknownLayoutError(
            "no variable has dates and the dimensions y and x",
            where=path,
            fix=f"Name the dimensions {', '.join(_STEPS)}; {', '.join(_Y)}; {', '.join(_X)}.",
        )
    return [
        Found(
            name=tile.replace(os.sep, "_").replace("/", "_"),
            acquisitions=to_acquisitions(pieces),
            field_files=find_field_files(
                root, [folders[tile]] if folders[tile] != root else [], tile=tile, alone=len(tiles) == 1
            ),
            sensor=sensor,
        )
        for tile, pieces in sorted(tiles.items())
    ]


def _pieces(path: Path, data: xr.Dataset, relative: str, naming: Naming, offset: float | None) -> Iterator[Piece]:
    for name, variable in data.data_vars.items():
        y, x = _dimension(variable, _Y), _dimension(variable, _X)
        if y is None or x is None or variable.dtype.kind not in "iuf":
            continue
        step, band = _dimension(variable, _STEPS), _dimension(variable, _BANDS)
        if set(variable.dims) - {y, x, step, band}:
            continue
        times = _times(path, data, variable, step, relative, naming)
        names = [str(text) for text in data[band].values] if band and band in data.coords else None
        if band and names is None:
            names = [f"{name}_{number + 1}" for number in range(variable.sizes[band])]
        names = names or [str(name)]
        geobox, south_up = cube_grid(path, data, variable, y, x)
        store = CubeStore(
            path=path,
            geobox=geobox,
            dtype=variable.dtype,
            block_shape=_block(variable, y, x),
            variable=str(name),
            y=y,
            x=x,
            step=step,
            band=band,
            n_bands=len(names),
            south_up=south_up,
        )
        nodata, scale, add, units = _encoding(variable)
        for number, moment in enumerate(times):
            if moment is None:
                continue
            for place, band_name in enumerate(names):
                if is_band(band_name):
                    layer = Layer(store, number * len(names) + place, nodata, scale, add, units)
                    yield Piece(moment.date(), moment.time().isoformat(), band_name, "", layer, offset)


def _dimension(variable: xr.DataArray, names: tuple[str, ...]) -> str | None:
    return next((str(dim) for dim in variable.dims if str(dim).lower() in names), None)


def _times(
    path: Path, data: xr.Dataset, variable: xr.DataArray, step: str | None, relative: str, naming: Naming
) -> list[dt.datetime | None]:
    """Return the moment of each step (None: not a time); of a variable without steps its one moment, if any is known."""
    if step is not None:
        return _moments(path, np.asarray(data[step].values))
    for name in _STEPS:
        if name in data.coords and data[name].ndim == 0:
            return _moments(path, np.asarray(data[name].values).reshape(1))
    named = parse_path(relative, naming.pattern)
    day = to_date(named.date) if named and named.date else naming.date
    return [] if day is None else [dt.datetime.combine(day, dt.time())]


def _moments(path: Path, times: np.ndarray[Any, Any]) -> list[dt.datetime | None]:
    if times.dtype.kind == "M":
        seconds = times.astype("datetime64[s]")
        return [None if np.isnat(moment) else moment.item() for moment in seconds]
    if times.dtype.kind in "OUS" or times.dtype.name.startswith("StringDType"):
        days = [to_date(str(text)[:10]) for text in times]
        if all(day is not None for day in days):
            return [dt.datetime.combine(day, dt.time()) for day in days if day is not None]
    raise unreadable(path, ValueError("its times are no dates; CF units such as 'days since 2018-01-01' make them dates"))


def _encoding(variable: xr.DataArray) -> tuple[float | None, float, float, str]:
    """Return nodata, scale, addend and units by the CF conventions."""

    def number(name: str) -> float | None:
        value = variable.attrs.get(name)
        return None if value is None else float(np.asarray(value).reshape(-1)[0])

    nodata = number("_FillValue") if number("_FillValue") is not None else number("missing_value")
    scale, add, units = number("scale_factor"), number("add_offset"), variable.attrs.get("units", "")
    return nodata, 1.0 if scale is None else scale, add or 0.0, units if isinstance(units, str) else ""


def _block(variable: xr.DataArray, y: str, x: str) -> tuple[int, int]:
    """Return the chunk's height and width; numbers that are stored in one piece lie row by row."""
    chunks = variable.encoding.get("chunks") or variable.encoding.get("chunksizes")
    if not chunks:
        return 1, variable.sizes[x]
    sizes = dict(zip(variable.dims, chunks, strict=True))
    return min(int(sizes[y]), variable.sizes[y]), min(int(sizes[x]), variable.sizes[x])


def _sensor(data: xr.Dataset) -> str | None:
    for text in data.attrs.values():
        match = _SENSOR.search(text) if isinstance(text, str) else None
        if match:
            return re.sub(r"sentinel[-_ ]?", "sentinel-", match[0].lower())
    return None
