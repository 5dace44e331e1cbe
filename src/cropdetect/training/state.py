"""What an unfinished training leaves beside its output, so that it can go on."""

import hashlib
import json
import shutil
from pathlib import Path

from pydantic import ValidationError

from cropdetect.errors import OptionError
from cropdetect.files import whole_file
from cropdetect.formats import TrainingState, TrainOptions
from cropdetect.training.data import TrainingData


def fingerprint(data: TrainingData, groups: list[int] | None, options: TrainOptions) -> str:
    """Return a hash of all that decides what is trained: chips, labels, groups, options."""
    parts = [
        data.chips.info.fingerprint,
        list(data.chips.info.bands),
        [str(name) for name in data.chips.fields["field_id"]],
        data.classes.tolist(),
        list(data.legend),
        groups,
        options.model_dump(mode="json"),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def state_folder(out: Path) -> Path:
    """Return the folder in which the training of `out` keeps its state."""
    return out.parent / f".{out.name}.train"


def open_state(out: Path, expected: str, *, resume: bool) -> Path:
    """Make the state folder, empty unless the same training is to go on.

    Args:
        out: the checkpoint to be.
        expected: fingerprint of this training.
        resume: go on with what is there; otherwise it is removed.

    Raises:
        OptionError: what is there belongs to other data or options.
    """
    folder = state_folder(out)
    file = folder / "state.json"
    if resume and file.is_file():
        if _read(file) != expected:
            raise OptionError(
                "the unfinished training is of other data or other options",
                where=folder,
                fix="Give the data and options it was begun with, or leave out --resume to begin anew.",
            )
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with whole_file(file) as partial:
        partial.write_text(TrainingState(fingerprint=expected).model_dump_json(indent=2) + "\n", encoding="utf-8")
    return folder


def _read(file: Path) -> str | None:
    try:
        return TrainingState.model_validate_json(file.read_bytes()).fingerprint
    except ValidationError:
        return None
