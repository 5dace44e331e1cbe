"""What tells one call of a verb from another: its arguments, and the content of its inputs."""

import datetime as dt
import hashlib
import json
import os
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from cropdetect.door import is_catalogue
from cropdetect.in_memory import InMemory
from cropdetect.runs.inputs import files_of, items_file

_BLOCK = 4096
_BLOCKS = 8  # of a file, evenly spread
_FILES = 4096  # whose content is sampled; of the others only name, size and time count


def plain(value: Any) -> Any:
    """Return arguments as JSON holds them.

    Records become objects, paths (absolute) and dates text, data in memory its hash; STAC catalogues stay as they were typed.

    Raises:
        TypeError: a value is of a kind that is not known, so that no argument is left out of a fingerprint by accident.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, os.PathLike):
        path = items_file(Path(value)) or Path(value)
        return str(path if is_catalogue(path) else path.resolve())
    if isinstance(value, InMemory):
        return value.described()
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Mapping | BaseModel):
        return {str(name): plain(item) for name, item in dict(value).items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    raise TypeError(f"an argument of the type {type(value).__name__} has no place in a fingerprint")


def paths_in(value: Any) -> list[Path]:
    """Return all paths among some arguments, also those inside records and mappings."""
    if isinstance(value, os.PathLike):
        return [Path(value)]
    if isinstance(value, Mapping | BaseModel):
        return [path for item in dict(value).values() for path in paths_in(item)]
    if isinstance(value, list | tuple):
        return [path for item in value for path in paths_in(item)]
    return []


def fingerprint(verb: str, arguments: Mapping[str, Any], inputs: list[Path]) -> str:
    """Hash a call: the version of the package, the verb, all arguments, and the content of all inputs.

    Args:
        verb: name of the verb.
        arguments: as `plain` returns them.
        inputs: files and folders.
    """
    parts = {
        "version": version("cropdetect"),
        "verb": verb,
        "arguments": arguments,
        "inputs": [content(path) for path in inputs],
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()


def content(path: Path) -> str:
    """Hash the files of an input: names, sizes, times of change to the nanosecond, and samples of their bytes.

    An input that is not there has the hash of its absence.
    """
    digest = hashlib.sha256()
    files = files_of(path)
    sampled = max(1, -(-len(files) // _FILES))
    for position, (name, file) in enumerate(files):
        try:
            stat = file.stat()
            digest.update(f"{name}\0{stat.st_size}\0{stat.st_mtime_ns}\0".encode("utf-8", "surrogatepass"))
            if position % sampled == 0 and file.is_file():
                _sample(file, stat.st_size, digest)
        except OSError as error:
            digest.update(f"{name}\0{error.errno}\0".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _sample(file: Path, size: int, digest: "hashlib._Hash") -> None:
    starts = range(0, size, max(_BLOCK, size // _BLOCKS))
    with file.open("rb") as opened:
        for start in (*starts, max(0, size - _BLOCK)):
            opened.seek(start)
            digest.update(opened.read(_BLOCK))
