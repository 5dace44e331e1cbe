"""Variables of NetCDF and Zarr cubes, read window by window through xarray."""

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from cropdetect.imagery.layers import PixelReader, Pixels
from cropdetect.imagery.series import Window
from cropdetect.imagery.stores.open_files import file_manager
from cropdetect.imagery.stores.safety import changed_size, refuse_hdf5_links, refuse_zarr_objects, unreadable

# What HDF5, Zarr and their codecs raise on damaged bytes.
DAMAGE = (OSError, ValueError, RuntimeError, KeyError, EOFError, IndexError, TypeError)


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
        headers: see `header_files`.
    """

    variable: str = ""
    y: str = "y"
    x: str = "x"
    step: str | None = None
    band: str | None = None
    n_bands: int = 1
    south_up: bool = False
    headers: tuple[Path, ...] = ()

    def read_into(self, indexes: Sequence[int], window: Window, outs: Sequence[Pixels]) -> None:
        """See `PixelReader.read_into`. Steps of one band that follow each other are read at once."""
        top, bottom = window.top, window.bottom
        if self.south_up:
            height = self.geobox.shape[0]
            top, bottom = height - window.bottom, height - window.top
        order = np.argsort(indexes, kind="stable")
        runs: list[list[int]] = []  # positions in `indexes`; each run is one band and consecutive steps
        for position in sorted(order, key=lambda p: (indexes[p] % self.n_bands, indexes[p])):
            if runs and indexes[position] - indexes[runs[-1][-1]] == self.n_bands:
                runs[-1].append(int(position))
            else:
                runs.append([int(position)])
        try:
            manager = file_manager(open_cube, self.path, headers=self.headers)
            variable = manager.acquire().variables[self.variable]
            if (variable.sizes[self.y], variable.sizes[self.x]) != self.geobox.shape:
                raise changed_size(self.path)
            for run in runs:
                step, band = divmod(indexes[run[0]], self.n_bands)
                place: dict[str, int | slice] = {self.y: slice(top, bottom), self.x: slice(window.left, window.right)}
                if self.band:
                    place[self.band] = band
                if self.step:
                    place[self.step] = slice(step, step + len(run))
                block = variable.isel(place).transpose(*([self.step] if self.step else []), self.y, self.x)
                pixels = np.asarray(block.values).reshape(len(run), *window.shape)
                for position, layer in zip(run, pixels, strict=True):
                    outs[position][...] = layer[::-1] if self.south_up else layer
        except DAMAGE as error:
            raise unreadable(self.path, error) from error


def header_files(path: Path, variables: Iterable[str]) -> tuple[Path, ...]:
    """Return the files whose change means another cube: a NetCDF file itself; of a Zarr store its metadata.

    Zarr's chunks are read anew each time, so they are not among them.
    """
    if not path.is_dir():
        return (path,)
    group = (path / name for name in ("zarr.json", ".zgroup", ".zmetadata"))
    return (*group, *(path / variable / name for variable in variables for name in ("zarr.json", ".zarray")))


def open_cube(path: Path) -> xr.Dataset:
    """Open a NetCDF file or Zarr store lazily, numbers as stored.

    Raises:
        UnreadableFileError: it is damaged, or NetCDF before version 4.
        UnsafePathError: it takes data from elsewhere.
    """
    zarr = path.is_dir()
    if zarr:
        refuse_zarr_objects(path)
    else:
        _refuse_classic(path)
        refuse_hdf5_links(path)
    try:
        with warnings.catch_warnings(action="ignore"):
            if zarr:
                return xr.open_dataset(path, engine="zarr", chunks=None, cache=False, mask_and_scale=False)
            return xr.open_dataset(path, engine="h5netcdf", chunks=None, cache=False, mask_and_scale=False)
    except DAMAGE as error:
        raise unreadable(path, error) from error


def _refuse_classic(path: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(3)
    except OSError as error:
        raise unreadable(path, error) from error
    if head == b"CDF":
        raise unreadable(path, ValueError("it is NetCDF 3; `nccopy -k nc4 old.nc new.nc` makes it NetCDF 4"))
