"""Variables of NetCDF and Zarr cubes, read window by window through xarray. They may lie in groups.

NetCDF 3 is read through SciPy, NetCDF 4 through h5netcdf.
"""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from cropdetect.documents import parse_json
from cropdetect.imagery.layers import PixelReader, Pixels
from cropdetect.imagery.series import Window
from cropdetect.imagery.stores.open_files import file_manager
from cropdetect.imagery.stores.safety import changed_size, refuse_hdf5_links, refuse_zarr_objects, unreadable

# What HDF5, Zarr and their codecs raise on damaged bytes.
DAMAGE = (
    OSError,
    ValueError,
    RuntimeError,
    LookupError,
    EOFError,
    TypeError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    MemoryError,
)

_MOST_GROUPS, _DEEPEST_GROUP = 100, 20  # to open one takes a tenth of a second
_CLASSIC = b"CDF"  # the first bytes of NetCDF 3


@dataclass(frozen=True, eq=False)
class CubeVariable(PixelReader):
    """One variable; layer number = step x number of bands + band.

    Attributes:
        variable: its name.
        y, x: names of its spatial dimensions.
        step: name of its time dimension, or None.
        band: name of its band dimension, or None.
        n_bands: length of the band dimension, 1 where there is none.
        south_up: whether y ascends.
        west_last: whether x descends.
        unsigned: whether numbers are stored as signed but meant as unsigned (`_Unsigned`).
        group: the group it lies in, "" for the outermost.
        headers: see `header_files`.
    """

    variable: str = ""
    y: str = "y"
    x: str = "x"
    step: str | None = None
    band: str | None = None
    n_bands: int = 1
    south_up: bool = False
    west_last: bool = False
    unsigned: bool = False
    group: str = ""
    headers: tuple[Path, ...] = ()

    def read_into(self, indexes: Sequence[int], window: Window, outs: Sequence[Pixels]) -> None:
        """See `PixelReader.read_into`. Steps of one band that follow each other are read at once."""
        top, bottom, left, right = window.top, window.bottom, window.left, window.right
        height, width = self.geobox.shape
        if self.south_up:
            top, bottom = height - bottom, height - top
        if self.west_last:
            left, right = width - right, width - left
        order = np.argsort(indexes, kind="stable")
        runs: list[list[int]] = []  # positions in `indexes`; each run is one band and consecutive steps
        for position in sorted(order, key=lambda p: (indexes[p] % self.n_bands, indexes[p])):
            if runs and indexes[position] - indexes[runs[-1][-1]] == self.n_bands:
                runs[-1].append(int(position))
            else:
                runs.append([int(position)])
        try:
            variable = self.opened()
            if (variable.sizes[self.y], variable.sizes[self.x]) != self.geobox.shape:
                raise changed_size(self.path)
            for run in runs:
                step, band = divmod(indexes[run[0]], self.n_bands)
                place: dict[str, int | slice] = {self.y: slice(top, bottom), self.x: slice(left, right)}
                if self.band:
                    place[self.band] = band
                if self.step:
                    place[self.step] = slice(step, step + len(run))
                block = variable.isel(place).transpose(*([self.step] if self.step else []), self.y, self.x)
                pixels = np.asarray(block.values).reshape(len(run), *window.shape)
                if self.unsigned:
                    pixels = pixels.astype(pixels.dtype.newbyteorder("=")).view(self.dtype)
                pixels = pixels[:, :: -1 if self.south_up else 1, :: -1 if self.west_last else 1]
                for position, layer in zip(run, pixels, strict=True):
                    outs[position][...] = layer
        except DAMAGE as error:
            raise unreadable(self.path, error) from error

    def opened(self) -> xr.Variable:
        """Return the variable, none of whose numbers are read yet."""
        manager = file_manager(open_cube, self.path, self.group, headers=self.headers)
        return manager.acquire().variables[self.variable]


def header_files(path: Path, variables: Iterable[str], group: str = "") -> tuple[Path, ...]:
    """Return the files whose change means another cube: a NetCDF file itself; of a Zarr store its metadata.

    Zarr's chunks are read anew each time, so they are not among them.
    """
    if not path.is_dir():
        return (path,)
    place = path / group
    own = (place / name for name in ("zarr.json", ".zgroup", ".zmetadata"))
    return (*own, *(place / variable / name for variable in variables for name in ("zarr.json", ".zarray")))


def groups(path: Path) -> tuple[str, ...]:
    """Return the names of all groups of a cube, in order; "" is the outermost.

    Raises:
        UnreadableFileError: it is damaged.
        UnsafePathError: it takes data from elsewhere.
    """
    try:
        if path.is_dir():
            refuse_zarr_objects(path)
            return _not_too_many(tuple(sorted(_zarr_groups(path))))
        if _is_classic(path):
            return ("",)
        refuse_hdf5_links(path)
        import h5py

        names = [""]
        with h5py.File(path, "r") as file:
            file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Group) else None)
        return _not_too_many(tuple(sorted(names)))
    except DAMAGE as error:
        raise unreadable(path, error) from error


def _not_too_many(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(names) > _MOST_GROUPS or max(name.count("/") for name in names) > _DEEPEST_GROUP:
        raise ValueError(f"it has {len(names)} groups; {_MOST_GROUPS} can be read, {_DEEPEST_GROUP} levels deep")
    return names


def _zarr_groups(path: Path) -> Iterator[str]:
    yield ""
    for metadata in path.rglob(".zgroup"):
        if metadata.parent != path:
            yield metadata.parent.relative_to(path).as_posix()
    for metadata in path.rglob("zarr.json"):
        content = parse_json(metadata.read_bytes())
        if not isinstance(content, dict):
            raise ValueError(f"{metadata.relative_to(path)} is no JSON object")
        if metadata.parent != path and content.get("node_type") == "group":
            yield metadata.parent.relative_to(path).as_posix()


def open_cube(path: Path, group: str = "") -> xr.Dataset:
    """Open a group of a NetCDF file or Zarr store lazily, numbers as stored. Coordinates of outer groups are those of inner ones.

    Raises:
        UnreadableFileError: it is damaged.
        UnsafePathError: it takes data from elsewhere.
    """
    zarr = path.is_dir()
    classic = not zarr and _is_classic(path)
    if zarr:
        refuse_zarr_objects(path, group)
    elif not classic:
        refuse_hdf5_links(path)
    engine = "zarr" if zarr else "scipy" if classic else "h5netcdf"
    try:
        with warnings.catch_warnings(action="ignore"):

            def opened(inner: str) -> xr.Dataset:
                options: dict[str, Any] = {} if classic else {"group": inner or None}
                options["decode_times"] = xr.coders.CFDatetimeCoder(use_cftime=False)  # other calendars have other days
                return xr.open_dataset(path, engine=engine, chunks=None, cache=False, mask_and_scale=False, **options)

            data = opened(group)
            outer = group
            while outer:
                outer = outer.rpartition("/")[0]
                with opened(outer) as around:
                    given = {name: axis.load() for name, axis in around.coords.items() if _fits(name, axis, data)}
                data = data.assign_coords(given)
            return data
    except DAMAGE as error:
        raise unreadable(path, error) from error


def _fits(name: object, coordinate: xr.DataArray, data: xr.Dataset) -> bool:
    """Whether a coordinate of an outer group is one of these data, too."""
    return name not in data.variables and all(data.sizes.get(dim) == size for dim, size in coordinate.sizes.items())


def _is_classic(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(3) == _CLASSIC
    except OSError as error:
        raise unreadable(path, error) from error
