"""One file of a finished output in the place of another, and `run.json` with it: both or none."""

import json
import shutil
from pathlib import Path

from cropdetect.errors import OutputExistsError
from cropdetect.files import whole_file
from cropdetect.formats import PendingMoves
from cropdetect.runs.lock import locked
from cropdetect.runs.manifest import RUN, STATE, changed, described, read_run
from cropdetect.runs.paths import refusals_named
from cropdetect.runs.placement import finish_moves, finish_pending, write_moves


def replace_file(folder: Path, name: str, content: bytes, *, overwrite: bool) -> None:
    """Replace one file of a finished output, or add it, and note it in `run.json`.

    Raises:
        OutputExistsError: the file is not the one that the tool wrote, and is not to be overwritten or is not the tool's; or
            another command is writing the output.
        OutputPathError: nothing can be written here.
        DiskFullError: the disk has no room.
    """
    with refusals_named(folder):
        finish_pending(folder)
        with locked(folder) as partial:
            try:
                _refuse(folder, name, overwrite=overwrite)
                _replace(folder, partial / "new", name, content)
            finally:
                if not (partial / STATE).is_file():
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


def _replace(folder: Path, new: Path, name: str, content: bytes) -> None:
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    with whole_file(new / name) as whole:
        whole.write_bytes(content)
    record = json.loads((folder / RUN).read_text("utf-8"))
    others = [one for one in record["files"] if one["path"] != name]
    record["files"] = sorted([*others, described(new, name).model_dump(mode="json")], key=lambda one: one["path"])
    with whole_file(new / RUN) as whole:
        whole.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", "utf-8")
    write_moves(folder, PendingMoves(move=[name, RUN], remove=[], ends=not (new.parent / STATE).is_file()))
    finish_moves(folder)
