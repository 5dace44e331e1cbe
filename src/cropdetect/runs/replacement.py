"""Files of a finished output in the place of others, and `run.json` with them: all or none."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cropdetect import signals
from cropdetect.errors import OutputExistsError
from cropdetect.files import whole_file
from cropdetect.formats import PendingMoves
from cropdetect.runs.lock import locked
from cropdetect.runs.manifest import RUN, STATE, changed, described, read_run
from cropdetect.runs.paths import refusals_named
from cropdetect.runs.placement import finish_moves, finish_pending, moves_are_pending, write_moves


def replace_files(folder: Path, files: Mapping[str, bytes], *, overwrite: bool, said: Mapping[str, Any] | None = None) -> None:
    """Replace files of a finished output, or add them, and note them in `run.json`.

    Args:
        folder: the output.
        files: contents by name.
        overwrite: replace files that were changed after the tool wrote them.
        said: other facts of `run.json` that change with the files.

    Raises:
        OutputExistsError: a file is not the one that the tool wrote, and is not to be overwritten or is not the tool's; or
            another command is writing the output.
        OutputPathError: nothing can be written here.
        DiskFullError: the disk has no room.
    """
    with refusals_named(folder):
        finish_pending(folder)
        with locked(folder) as partial:
            try:
                for name in files:
                    _refuse(folder, name, overwrite=overwrite)
                _replace(folder, partial / "new", files, said or {})
            finally:
                if not (partial / STATE).is_file() and not moves_are_pending(folder):
                    shutil.rmtree(partial, ignore_errors=True)


def _refuse(folder: Path, name: str, *, overwrite: bool) -> None:
    file, run = folder / name, read_run(folder)
    listed = next((one for one in run.files if one.path == name), None) if run is not None else None
    if not (file.exists() or file.is_symlink()):
        return
    if listed is None:
        raise OutputExistsError("cropdetect did not write this file", where=file, fix="Name another file.")
    if changed(folder, listed) and not overwrite:
        raise OutputExistsError(
            "the file was changed after it was written", where=file, fix="Name another file, or add --overwrite to replace it."
        )


def _replace(folder: Path, new: Path, files: Mapping[str, bytes], said: Mapping[str, Any]) -> None:
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    for name, content in files.items():
        with whole_file(new / name) as whole:
            whole.write_bytes(content)
    record = json.loads((folder / RUN).read_text("utf-8")) | said
    others = [one for one in record["files"] if one["path"] not in files]
    ours = [described(new, name).model_dump(mode="json") for name in files]
    record["files"] = sorted([*others, *ours], key=lambda one: one["path"])
    with whole_file(new / RUN) as whole:
        whole.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", "utf-8")
    with signals.held():
        write_moves(folder, PendingMoves(move=[*files, RUN], remove=[], ends=not (new.parent / STATE).is_file()))
        finish_moves(folder)
