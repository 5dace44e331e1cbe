"""A Dataset or DataArray of xarray that the caller holds, as `odc.stac.load`, rioxarray and `xarray.open_dataset` give it.

Bands, units, fills, masks, dates and the CRS follow the rules of cubes in files. Numbers are those of the dataset: what xarray
has decoded is not decoded again.
"""

import math
from typing import Any

import xarray as xr

from cropdetect.errors import UnknownLayoutError
from cropdetect.imagery.layers import FoundTile, group_layers
from cropdetect.imagery.layouts.cubes import DIMENSIONS, cube_layers, numbered
from cropdetect.imagery.layouts.layout import OpenOptions
from cropdetect.imagery.naming import name_layers
from cropdetect.imagery.stores.memory import MemoryVariable
from cropdetect.in_memory import InMemory

NAME = "memory"

_BLOCK = 256  # pixels: side of the windows in which an array without chunks is read
_CHUNK_BYTES = 64 * 2**20  # of a Dask chunk, at most, without a warning


def find_in_memory(source: InMemory, options: OpenOptions) -> list[FoundTile]:
    """Return the one tile of a dataset.

    Raises:
        UnknownLayoutError: no variable is a series of images.
        UnreadableFileError: its times are no dates.
        GridError: it has no usable grid.
    """
    data = _dataset(source.value)
    warnings: list[str] = []

    def reader(**given: Any) -> MemoryVariable:
        return MemoryVariable(held=data[given["variable"]].variable, **given)

    layers = list(cube_layers(source.path, data, reader, "", options, warnings))
    warnings += _large_chunks(source.value)
    if not layers:
        raise UnknownLayoutError(
            "no variable has dates and the dimensions y and x",
            where=source.path,
            fix=f"Name the dimensions {DIMENSIONS}, and give the day of an image without a time as date=...",
        )
    named, sensor, doubts = name_layers(layers, options.band_names)
    return [FoundTile("", group_layers(list(numbered(named))), sensor=sensor, warnings=(*dict.fromkeys(warnings), *doubts))]


def _large_chunks(value: xr.Dataset | xr.DataArray) -> list[str]:
    """Return a warning where Dask computes much more for a window than the window."""
    arrays = value.data_vars.values() if isinstance(value, xr.Dataset) else [value]
    bytes_of = [one.dtype.itemsize * math.prod(max(sizes) for sizes in one.chunks) for one in arrays if one.chunks]
    if max(bytes_of, default=0) <= _CHUNK_BYTES:
        return []
    return [
        f"chunks of {max(bytes_of) / 1e6:.0f} MB are computed again for each window that is read; smaller ones are faster, "
        'e.g. chunks={"time": 1, "y": 512, "x": 512}'
    ]


def _dataset(value: xr.Dataset | xr.DataArray) -> xr.Dataset:
    """Return a dataset whose variables know their blocks."""
    if isinstance(value, xr.DataArray):
        value = value.to_dataset(name="image" if value.name is None or value.name in value.coords else value.name)
    return value.assign({name: _with_blocks(variable) for name, variable in value.data_vars.items()})


def _with_blocks(variable: xr.DataArray) -> xr.DataArray:
    """Return a variable whose encoding tells its blocks, and nothing of the file that it may come from but the grid mapping."""
    stored: Any = variable.encoding.get("chunks") or variable.encoding.get("chunksizes")
    computed = variable.chunks and [max(sizes) for sizes in variable.chunks]
    lazy = not variable.variable._in_memory
    usable = computed or (stored if lazy and stored and len(stored) == variable.ndim else [_BLOCK] * variable.ndim)
    result = variable.copy(deep=False)
    mapping = variable.encoding.get("grid_mapping")
    result.encoding = {"chunks": tuple(usable)} | ({} if mapping is None else {"grid_mapping": mapping})
    return result
