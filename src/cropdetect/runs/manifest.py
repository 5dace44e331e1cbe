"""`run.json`: what was run, and which files it wrote."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from cropdetect.files import sha256
from cropdetect.formats import OutputFile, PendingMoves, RunRecord, UnfinishedState

RUN = "run.json"
PARTIAL = ".partial"
STATE = "state.json"  # in it: whose unfinished work it is
_LISTED = 5  # files that an error names

_Format = TypeVar("_Format", RunRecord, UnfinishedState, PendingMoves)


def read_run(folder: Path) -> RunRecord | None:
    """Return what `run.json` of an output says; None where there is no such file, or none that this tool wrote."""
    file = folder / RUN
    return read_record(file, RunRecord) if file.is_file() else None


def unfinished_work(folder: Path) -> UnfinishedState | None:
    """Return which run lies in a folder unfinished, so that the same command continues it; None where there is none."""
    file = folder / PARTIAL / STATE
    return read_record(file, UnfinishedState) if file.is_file() else None


def described(folder: Path, path: str) -> OutputFile:
    """Return the size and hash of a file of a folder."""
    file = folder / path
    return OutputFile(path=path, bytes=file.stat().st_size, sha256=sha256(file))


def changed(folder: Path, file: OutputFile) -> bool:
    """Tell whether a file is another one than the tool wrote."""
    there = folder / file.path
    return there.is_symlink() or there.stat().st_size != file.bytes or sha256(there) != file.sha256


def some_of(names: Sequence[str]) -> str:
    """Return the first names, for an error."""
    listed = ", ".join(sorted(names)[:_LISTED])
    return listed if len(names) <= _LISTED else f"{listed}, ... ({len(names)} in all)"


def read_record(file: Path, kind: type[_Format]) -> _Format | None:
    """Read a small JSON file; None where it cannot be read or is of another format."""
    try:
        return kind.model_validate_json(file.read_bytes())
    except (ValidationError, OSError):
        return None
