"""Data that a caller hands over in the place of a path: imagery of xarray, tables of pandas and geopandas.

A table is read as the Parquet file that it would be, so that ids, labels and coordinates follow the rules of files. Imagery is
read window by window (`cropdetect.imagery.layouts.memory`).
"""

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cropdetect.errors import CropDetectError, OptionError
from cropdetect.scratch import Scratch

_TYPES = (("xarray", "Dataset"), ("xarray", "DataArray"), ("geopandas", "GeoDataFrame"), ("pandas", "DataFrame"))
_TABLES = ("GeoDataFrame", "DataFrame")
_SAMPLES = 8  # blocks of a variable that is read lazily
_SIDE = 16  # pixels


@dataclass(frozen=True, eq=False, repr=False)
class InMemory:
    """Imagery or a table in memory.

    Attributes:
        value: a Dataset or DataArray of xarray, a GeoDataFrame, or a DataFrame of pandas.
    """

    value: Any

    def __post_init__(self) -> None:
        if not is_in_memory(self.value):
            raise TypeError(f"{type(self.value).__name__} is no data in memory")

    def __repr__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The type, which stands for the data in messages and in run.json."""
        return next(name for module, name in _TYPES if _is(self.value, module, name))

    @property
    def is_table(self) -> bool:
        """Whether it is a table, and not imagery."""
        return self.name in _TABLES

    @property
    def path(self) -> Path:
        """What stands in the place of a path in messages; nothing lies there."""
        return Path(f"<{self.name}>")

    def described(self) -> dict[str, Any]:
        """Return type, shape, dtypes and a hash of the content, for run.json and for the fingerprint of a call."""
        return self._described

    @cached_property
    def _described(self) -> dict[str, Any]:
        return self._of_table() if self.is_table else self._of_imagery()

    def _of_table(self) -> dict[str, Any]:
        table = self.value
        with as_file(self) as file:
            content = hashlib.sha256(file.read_bytes()).hexdigest()
        columns = {str(name): str(dtype) for name, dtype in table.dtypes.items()}
        return {"type": self.name, "shape": list(table.shape), "dtype": columns, "sha256": content}

    def _of_imagery(self) -> dict[str, Any]:
        data = self.value if self.name == "Dataset" else self.value.to_dataset(name="image")
        digest = hashlib.sha256(
            repr({name: sorted(map(str, one.attrs.items())) for name, one in data.variables.items()}).encode()
        )
        for name in sorted(data.variables, key=str):
            digest.update(f"{name} {data[name].dims} {data[name].shape} {data[name].dtype}".encode())
            for block in _blocks(data[name].variable):
                digest.update(block)
        return {
            "type": self.name,
            "shape": {str(name): int(size) for name, size in data.sizes.items()},
            "dtype": {str(name): str(one.dtype) for name, one in data.data_vars.items()},
            "sha256": digest.hexdigest(),
        }


def is_in_memory(value: object) -> bool:
    """Tell whether a value is of a type that `InMemory` takes, without importing the libraries of these types."""
    return any(_is(value, module, name) for module, name in _TYPES)


def as_source(value: Any, *, imagery: bool = True) -> Path | InMemory:
    """Return what a caller gave as data: text becomes a path.

    Args:
        value: what was given.
        imagery: whether it may be imagery, and not only a table.

    Raises:
        OptionError: it is of another type, or an empty path.
    """
    source = InMemory(value) if is_in_memory(value) else value
    if isinstance(source, InMemory) and (imagery or source.is_table):
        return source
    if isinstance(source, str) and not source:
        raise OptionError("the path is empty", fix="Name a file or a folder. The working folder is `.`.")
    if isinstance(source, str | os.PathLike):
        return Path(source)
    types = "a path, an xarray.Dataset or DataArray, a GeoDataFrame or a DataFrame"
    if not imagery:
        types = "a path, a GeoDataFrame or a DataFrame"
    raise OptionError(f"a value of the type {_type_name(value)} is not taken here", fix=f"Give {types}.")


def place_of(source: Path | InMemory) -> Path:
    """Return a path for messages."""
    return source.path if isinstance(source, InMemory) else source


@contextmanager
def as_file(source: Path | InMemory) -> Iterator[Path]:
    """Yield the path of a file or folder; of a table in memory a Parquet file that is there for the `with` block.

    Raises:
        OptionError: the table cannot be written as Parquet, or imagery is given where a table is needed.
        CropDetectError: whatever the block raises; an error that names the Parquet file names the table instead.
    """
    if not isinstance(source, InMemory):
        yield source
        return
    if not source.is_table:
        raise OptionError(f"{source.name} is imagery, and not a table", fix="Give a path, a GeoDataFrame or a DataFrame.")
    with Scratch() as folder:
        file = Path(folder) / f"{source.name}.parquet"
        _write(source.value, source.name, file)
        try:
            yield file
        except CropDetectError as error:
            if not error.where.startswith(folder):
                raise
            raise type(error)(error.what, where=source.path, fix=error.fix) from error


def _write(table: Any, name: str, file: Path) -> None:
    table = table.rename(columns=str)
    try:
        table.to_parquet(file, index=None if any(level is not None for level in table.index.names) else False)
    except Exception as error:  # of Arrow, pandas and geopandas: each has its own for columns of mixed values, no geometry ...
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise OptionError(f"the {name} cannot be used: {reason}", fix="Give every column one type of values.") from error


def _blocks(variable: Any) -> Iterator[bytes]:
    """Yield the numbers of a variable: all of them where they lie in memory, else of small blocks that are evenly spread."""
    import numpy as np

    if variable.ndim < 2 or variable._in_memory:  # asking for its numbers would read a lazy variable
        values = np.asarray(variable.values)
        for part in values if values.ndim > 1 else [values]:
            yield np.ascontiguousarray(part).tobytes() if part.dtype != object else repr(part.tolist()).encode()
        return
    for number in range(_SAMPLES):
        share = number / (_SAMPLES - 1)
        starts = [round(share * max(0, size - _SIDE)) for size in variable.shape[-2:]]
        leading = [round(share * (size - 1)) for size in variable.shape[:-2]]
        place = [*leading, *(slice(start, start + _SIDE) for start in starts)]
        yield np.ascontiguousarray(variable[tuple(place)].values).tobytes()


def _is(value: object, module: str, name: str) -> bool:
    loaded = sys.modules.get(module)  # a value of a type whose library is not loaded cannot be there
    kind = getattr(loaded, name, None)
    return kind is not None and isinstance(value, kind)


def _type_name(value: object) -> str:
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
