"""`run.json`: what was run, and which files it wrote."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from cropdetect.errors import OutputExistsError
from cropdetect.files import sha256, whole_file
from cropdetect.formats import OutputFile, PendingMoves, RunRecord, UnfinishedState
from cropdetect.runs.paths import refusals_named

RUN = "run.json"
PARTIAL = ".partial"
_LISTED = 5  # files that an error names

_Format = TypeVar("_Format", RunRecord, UnfinishedState, PendingMoves)


def read_run(folder: Path) -> RunRecord | None:
    """Return what `run.json` of an output says; None where there is no such file, or none that this tool wrote."""
    file = folder / RUN
    return read_record(file, RunRecord) if file.is_file() else None


def unfinished_work(folder: Path) -> UnfinishedState | None:
    """Return which run lies in a folder unfinished, so that the same command continues it; None where there is none."""
    file = folder / PARTIAL / "state.json"
    return read_record(file, UnfinishedState) if file.is_file() else None


def replace_file(folder: Path, name: str, content: bytes, *, overwrite: bool) -> None:
    """Replace one file of a finished output, or add it, and note it in `run.json`.

    Raises:
        OutputExistsError: the file is not the one that the tool wrote, and is not to be overwritten or is not the tool's.
        OutputPathError: nothing can be written here.
        DiskFullError: the disk has no room.
    """
    with refusals_named(folder):
        file, run = folder / name, read_run(folder)
        listed = next((one for one in run.files if one.path == name), None) if run is not None else None
        if file.exists() or file.is_symlink():
            if listed is None:
                raise OutputExistsError("cropdetect did not write this file", where=file, fix="Name another file.")
            if changed(folder, listed) and not overwrite:
                raise OutputExistsError(
                    "the file was changed after it was written",
                    where=file,
                    fix="Name another file, or add --overwrite to replace it.",
                )
        with whole_file(file) as whole:
            whole.write_bytes(content)
        if run is not None:
            files = [*(one for one in run.files if one.path != name), described(folder, name)]
            amend_run(folder, files=[one.model_dump(mode="json") for one in sorted(files, key=lambda one: one.path)])


def amend_run(folder: Path, **said: Any) -> None:
    """Change what `run.json` of a finished output says.

    Raises:
        OutputPathError: nothing can be written here.
        DiskFullError: the disk has no room.
    """
    with refusals_named(folder):
        record = json.loads((folder / RUN).read_text("utf-8"))
        with whole_file(folder / RUN) as whole:
            whole.write_text(json.dumps(record | said, indent=2, ensure_ascii=False) + "\n", "utf-8")


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
