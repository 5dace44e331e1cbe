"""NetCDF and Zarr cubes: dimensions time, y, x; one variable a band, or a band dimension.

Several cubes in one folder (bands, resolutions or periods) make one series. Cubes in different folders are different tiles, and
so are cubes that a pattern with a group `tile` tells apart. Variables without y or x are not bands. Variables may lie in groups;
of ESA's Sentinel-2 products in Zarr (EOPF) only the groups of reflectances and of cloud masks are read. A time that occurs twice
(granules of one overpass) is as many acquisitions of that day.
"""

import datetime as dt
import math
import os
import re
import shlex
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from cropdetect.errors import MemoryLimitError, UnknownLayoutError, UnreadableFileError
from cropdetect.imagery.bands import is_band
from cropdetect.imagery.dates import parse_date
from cropdetect.imagery.identity import sensor_in
from cropdetect.imagery.layers import FoundTile, Layer, group_layers
from cropdetect.imagery.layouts.folders import find_field_files, paths_with
from cropdetect.imagery.layouts.layout import Layout, OpenOptions
from cropdetect.imagery.metadata import offset_by_baseline
from cropdetect.imagery.names import parse_path
from cropdetect.imagery.naming import name_layers
from cropdetect.imagery.orbits import orbit_said
from cropdetect.imagery.stores.attributes import encoding, unread_attributes
from cropdetect.imagery.stores.cube_grid import cube_grid
from cropdetect.imagery.stores.cubes import CubeVariable, groups, header_files, open_cube
from cropdetect.imagery.stores.zips import archive_of
from cropdetect.imagery.values import product_offset

_STEPS = ("time", "timestamp", "t", "date")
_Y = ("y", "lat", "latitude", "northing")
_X = ("x", "lon", "longitude", "easting")
_BANDS = ("band", "bands", "variable", "channel")
_BASELINE_KEYS = ("s2:processing_baseline", "earthsearch:boa_offset_applied")
_SENSOR_KEYS = ("platform", "constellation", "mission", "satellite")  # coordinates of STAC's properties
DIMENSIONS = f"{', '.join(_STEPS)}; {', '.join(_Y)}; {', '.join(_X)}"
# Groups of ESA's products (EOPF) that hold bands; others have bands' names for footprints, angles and flags.
_EOPF = re.compile(r"measurements(/|$)|conditions/mask/l2a_classification(/|$)|quality/probability(/|$)")


class Cubes(Layout):
    """See the module."""

    name = "cube"
    description = "NetCDF or Zarr cubes with dimensions time, y, x"
    tree = """ROOT/
├── season_10m.nc
├── season_20m.zarr/
└── fields.gpkg"""
    suffixes: ClassVar = (".nc", ".nc4", ".zarr")

    def recognises(self, path: Path, options: OpenOptions) -> bool:
        """See `Layout.recognises`."""
        return next(paths_with(path, self.suffixes), None) is not None

    def find(self, path: Path, options: OpenOptions) -> list[FoundTile]:
        """See `Layout.find`."""
        cubes = list(paths_with(path, self.suffixes))
        root = path if path.is_dir() and cubes != [path] else path.parent
        tiles: dict[str, list[Layer]] = {}
        folders: dict[str, Path] = {}
        warnings: list[str] = []
        for cube in cubes:
            _refuse_packed(cube)
            relative = cube.relative_to(root)
            match = options.pattern.search(relative.with_suffix("").as_posix()) if options.pattern else None
            tile = (match.groupdict().get("tile") if match else None) or (
                "" if relative.parent == Path() else relative.parent.as_posix()
            )
            layers: list[Layer] = []
            for group in _groups_with_bands(cube):
                with open_cube(cube, group) as data:
                    headers = header_files(cube, map(str, data.data_vars), group)
                    reader = partial(_reader, data, options.memory, group=group, headers=headers)
                    layers += cube_layers(cube, data, reader, relative.with_suffix("").as_posix(), options, warnings)
            if layers:
                offset, metadata = product_offset(cube, path)
                tiles.setdefault(tile, []).extend(
                    replace(one, offset=one.offset if offset is None else offset, metadata_files=metadata) for one in layers
                )
                folders[tile] = cube.parent
        if not tiles:
            raise UnknownLayoutError(
                f"no variable has dates and the dimensions y and x{f' ({warnings[0]})' if warnings else ''}",
                where=path,
                fix=f"Name the dimensions {DIMENSIONS}; leave other dimensions out.",
            )
        return [
            FoundTile(
                name=tile.replace(os.sep, "_").replace("/", "_"),
                acquisitions=group_layers(list(numbered(named))),
                field_files=find_field_files(
                    root, [folders[tile]] if folders[tile] != root else [], tile=tile, alone=len(tiles) == 1
                ),
                sensor=tile_sensor,
                warnings=(*(dict.fromkeys(warnings) if number == 0 else ()), *doubts),
            )
            for number, (tile, layers) in enumerate(sorted(tiles.items()))
            for named, tile_sensor, doubts in [name_layers(layers, options.band_names)]
        ]


def _groups_with_bands(cube: Path) -> list[str]:
    found = groups(cube)
    if any(group.split("/")[0] == "measurements" for group in found):
        return [group for group in found if _EOPF.match(group)]
    return list(found)


def _refuse_packed(cube: Path) -> None:
    """Raise UnreadableFileError for a cube in an archive, or an archive that is a Zarr store."""
    archive = archive_of(cube / "zarr.json")
    if archive is None:
        return
    what = "a NetCDF file" if cube.suffix.lower().startswith(".nc") else "a Zarr store"
    command = shlex.join(["unzip", archive.name, "-d", archive.stem])
    raise UnreadableFileError(f"{what} is not read inside a zip archive", where=cube, fix=f"Unpack it, e.g. with: {command}")


def cube_layers(
    path: Path,
    data: xr.Dataset,
    make_reader: Callable[..., CubeVariable],
    relative: str,
    options: OpenOptions,
    warnings: list[str],
) -> Iterator[Layer]:
    """Yield the layers of all variables that are images, and add to the warnings.

    Args:
        path: the cube.
        data: its content, or that of one of its groups.
        make_reader: makes the reader of a variable, given its attributes.
        relative: path of the cube below what the user named, without suffix: its name may tell a date.
        options: how it is opened.
        warnings: get what the user should know.
    """
    bounds = {axis.attrs.get(key) for axis in data.variables.values() for key in ("bounds", "climatology")}
    for name, variable in data.data_vars.items():
        if variable.ndim < 2 or name in bounds:
            continue
        y, x = _dimension(variable, _Y), _dimension(variable, _X)
        step, band = _dimension(variable, _STEPS), _dimension(variable, _BANDS)
        others = [str(dim) for dim in variable.dims if dim not in (y, x, step, band)]
        if y is None or x is None or others or variable.dtype.kind not in "iufb":
            known = y is not None and x is not None and not others
            why = "it holds no numbers" if known else f"its dimensions are {', '.join(map(str, variable.dims))}"
            warnings.append(f"{path.name}: {name} is not used, since {why}")
            continue
        times, date_given = _times(path, data, variable, step, relative, options)
        warnings += _without_time(path, str(name), times)
        warnings += [f"{path.name}: {name}: the attribute {said} is not used" for said in unread_attributes(variable.attrs)]
        names = _band_names(data, variable, band) if band else None
        if band and names is None:
            names = [f"{name}_{number + 1}" for number in range(variable.sizes[band])]
        names = names or [str(name)]
        by_products = [one for one in names if not is_band(one) and one not in options.band_names]
        if by_products:
            warnings.append(f"{path.name}: {', '.join(by_products)}: not used, as by-products")
        grid = cube_grid(path, data, variable, y, x)
        warnings += grid.warnings
        orbit = orbit_said({**data.attrs, **variable.attrs})
        signed = variable.dtype.kind == "i" and str(variable.attrs.get("_Unsigned", "")).lower() == "true"
        reader = make_reader(
            path=path,
            geobox=grid.geobox,
            dtype=_dtype(variable, signed=signed),
            block_shape=_block(variable, y, x),
            variable=str(name),
            y=y,
            x=x,
            step=step,
            band=band,
            n_bands=len(names),
            south_up=grid.south_up,
            west_last=grid.west_last,
            unsigned=signed,
        )
        sensor, offset = _sensors(data, step, relative), _offsets(data, step)
        declared = encoding(variable.attrs, unsigned_bits=8 * variable.dtype.itemsize if signed else 0)
        for number, moment in enumerate(times):
            if moment is None:
                continue
            for place, band_name in enumerate(names):
                if band_name not in by_products:
                    layer = Layer(
                        reader,
                        number * len(names) + place,
                        band=band_name,
                        date=moment.date(),
                        time=moment.time().isoformat(),
                        sensor=sensor(number),
                        offset=offset(number),
                        variants=(orbit, ""),
                        date_given=date_given,
                    )
                    yield declared.applied(layer)


def _band_names(data: xr.Dataset, variable: xr.DataArray, band: str) -> list[str] | None:
    """Return the names along a band dimension: its coordinate, or where that only counts, the attribute of rioxarray."""
    names = [str(text) for text in data[band].values] if band in data.coords else None
    described = [str(text) for text in np.atleast_1d(variable.attrs.get("long_name", ()))]
    counts = names is None or all(name.isdigit() for name in names)
    return described if counts and len(set(described)) == variable.sizes[band] == len(described) else names


def numbered(layers: list[Layer]) -> Iterator[Layer]:
    """Tell layers apart that have band, time and resolution in common: they are granules of one overpass."""
    before: Counter[tuple[object, ...]] = Counter()
    for layer in layers:
        key = layer.band, layer.date, layer.time, layer.pixel_area
        yield replace(layer, group=str(before[key] or ""))
        before[key] += 1


def _dimension(variable: xr.DataArray, names: tuple[str, ...]) -> str | None:
    return next((str(dim) for dim in variable.dims if str(dim).lower() in names), None)


def _times(
    path: Path, data: xr.Dataset, variable: xr.DataArray, step: str | None, relative: str, options: OpenOptions
) -> tuple[list[dt.datetime | None], bool]:
    """Return the moment of each step (None: not a time). A variable without steps has one moment, if it is known.

    Returns:
        The moments; and whether they are not the images' own, but the user's or the middle of a longer time (`Layer.date_given`).

    Raises:
        UnreadableFileError: its times are no dates, or all of them are missing.
    """
    if step is not None:
        return _middles(data, step) or _moments(path, np.asarray(data[step].values)), False
    for name in _STEPS:
        if name in data.coords and data[name].ndim == 0:
            return _moments(path, np.asarray(data[name].values).reshape(1)), False
    named = parse_path(relative, options.pattern)
    period = named.period if named else None
    day = period.day if period else options.date or (named.year.day if named and named.year else None)
    is_own = period is not None and period.first == period.last
    return ([] if day is None else [dt.datetime.combine(day, dt.time())]), not is_own


def _middles(data: xr.Dataset, step: str) -> list[dt.datetime | None]:
    """Return the middle of each step by the bounds of the times (CF conventions, 7.1); [] without them, and for single days."""
    bounds = data.variables.get(str(data[step].attrs.get("bounds", "")))
    if bounds is None or bounds.dims[:1] != (step,) or bounds.shape[1:] != (2,) or bounds.dtype.kind != "M":
        return []
    first, after = bounds.values.astype("datetime64[s]").T
    if np.isnat(first).any() or np.isnat(after).any() or (after - first <= np.timedelta64(1, "D")).any():
        return []
    return [
        start.item() + (end.item() - start.item() - dt.timedelta(days=1)) // 2 for start, end in zip(first, after, strict=True)
    ]


def _moments(path: Path, times: np.ndarray[Any, Any]) -> list[dt.datetime | None]:
    if times.dtype.kind == "M":
        seconds = times.astype("datetime64[s]")
        if times.size and np.isnat(seconds).all():
            what = f"all of its {times.size} times are missing (NaT)"
            raise UnreadableFileError(what, where=path, fix="Write the day of each image into its coordinate of times.")
        return [None if np.isnat(moment) else moment.item() for moment in seconds]
    as_numbers = times.dtype.kind in "iu" and all(len(str(number)) == 8 for number in times)  # 20190606
    if as_numbers or times.dtype.kind in "OUS" or times.dtype.name.startswith("StringDType"):
        days = [parse_date(str(text)) or parse_date(str(text)[:10]) for text in times]
        if all(day is not None for day in days):
            return [dt.datetime.combine(day, dt.time()) for day in days if day is not None]
    raise UnreadableFileError(
        f"its times are no dates ({', '.join(map(str, times[:2]))}, ...)",
        where=path,
        fix="Give them CF units such as 'days since 2018-01-01', or write them as 2018-04-15.",
    )


def _without_time(path: Path, name: str, times: Sequence[dt.datetime | None]) -> list[str]:
    """Return a warning about the images of a variable that have no time, and are left out."""
    if not times:
        return [f"{path.name}: {name} is not used, since it has no date; --date gives the day of an image"]
    missing = sum(moment is None for moment in times)
    return [f"{path.name}: {missing} of {len(times)} times are missing (NaT); these images are left out"] if missing else []


def _reader(data: xr.Dataset, memory: int, **given: Any) -> CubeVariable:
    """Return what reads a variable.

    Raises:
        MemoryLimitError: one of its chunks, which are read as a whole, takes more than these megabytes.
    """
    variable = data[given["variable"]]
    n_bytes = variable.dtype.itemsize * math.prod(_chunks(variable))
    if n_bytes > memory * 2**20:
        raise MemoryLimitError(
            f"one chunk of {given['variable']} takes {n_bytes / 2**20:.0f} MB and is read as a whole; {memory} MB are allowed",
            where=given["path"],
            fix="Write smaller chunks, e.g. of 1 date and 512 x 512 pixels, or raise --memory.",
        )
    return CubeVariable(**given)


def _chunks(variable: xr.DataArray) -> tuple[int, ...]:
    """Return the shape of a stored chunk, () where there are none."""
    return tuple(variable.encoding.get("chunks") or variable.encoding.get("chunksizes") or ())


def _block(variable: xr.DataArray, y: str, x: str) -> tuple[int, int]:
    """Return height and width of a chunk; a variable without chunks is stored row by row."""
    chunks = _chunks(variable)
    if not chunks:
        return 1, variable.sizes[x]
    sizes = dict(zip(variable.dims, chunks, strict=True))
    return min(int(sizes[y]), variable.sizes[y]), min(int(sizes[x]), variable.sizes[x])


def _dtype(variable: xr.DataArray, *, signed: bool) -> np.dtype[np.generic]:
    """Return the type of a variable's numbers, where true is 1; `signed` ones are meant as unsigned."""
    if signed:
        return np.dtype(f"u{variable.dtype.itemsize}")
    return np.dtype(np.uint8) if variable.dtype.kind == "b" else variable.dtype.newbyteorder("=")


def _offsets(data: xr.Dataset, step: str | None) -> Callable[[int], float | None]:
    """Return what tells the offset of a step: coordinates with the baseline, as stackstac makes them of STAC."""
    told = {
        key: np.atleast_1d(data[key].values) for key in _BASELINE_KEYS if key in data.coords and data[key].dims in ((), (step,))
    }

    def offset(number: int) -> float | None:
        values = {key: values[min(number, len(values) - 1)] for key, values in told.items()}
        return offset_by_baseline(
            {key: value.item() if isinstance(value, np.generic) else value for key, value in values.items()}
        )

    return offset


def _sensors(data: xr.Dataset, step: str | None, relative: str) -> Callable[[int], str | None]:
    """Return what tells the sensor of a step: a coordinate, as stackstac makes them of STAC, an attribute, or the path."""
    texts = [text for text in data.attrs.values() if isinstance(text, str)]
    of_all = next((sensor for text in (*texts, relative) if (sensor := sensor_in(text))), None)
    for key in _SENSOR_KEYS:
        if key in data.coords and data[key].dims in ((), (step,)):
            named = [sensor_in(str(text)) or of_all for text in np.atleast_1d(data[key].values)]
            return lambda number: named[min(number, len(named) - 1)]
    return lambda number: of_all
