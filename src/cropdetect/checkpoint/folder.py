"""The checkpoint folder: written whole, read with every hash checked."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from cropdetect.checkpoint.shipped import shipped_names, shipped_path
from cropdetect.checkpoint.training_fields import TrainingFields
from cropdetect.checkpoint.validity import check_record
from cropdetect.documents import read_json
from cropdetect.errors import CheckpointError, UnreadableFileError
from cropdetect.files import disk_full_named, sha256
from cropdetect.formats import CheckpointRecord, MemberRecord, TrainingFieldsRecord
from cropdetect.notebook import facts

RECORD = "checkpoint.json"
STAC_ITEM = "stac-item.json"
TRAINING_FIELDS = "training-fields.npy"


_COPY_AGAIN = "Copy the whole checkpoint folder again."


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint folder whose files are all there and unchanged.

    Attributes:
        path: the folder.
        record: what `checkpoint.json` says.
    """

    path: Path
    record: CheckpointRecord

    def __fspath__(self) -> str:
        return str(self.path)

    def _repr_html_(self) -> str:
        record = self.record
        about = {"path": self.path, "classes": ", ".join(record.legend), "bands": ", ".join(record.bands)}
        about |= {"members": len(record.members), "fields": record.training.n_fields, "licence": record.training.licence}
        scores = {name: f"{value:.3f}" for name, value in record.metrics.items()}
        return facts(about, f"checkpoint: {record.model.name}") + facts(scores, "on fields that the networks did not see")

    def member_paths(self) -> list[Path]:
        """Return the members' ONNX files, in order."""
        return [self.path / member.onnx for member in self.record.members]

    def weight_paths(self) -> list[Path]:
        """Return the members' safetensors files, in order."""
        return [self.path / member.safetensors for member in self.record.members]

    def training_fields(self) -> TrainingFields | None:
        """Return the hashed training fields; None where the checkpoint does not know them.

        Raises:
            CheckpointError: the file is no list of hashes.
        """
        known = self.record.training_fields
        if known is None:
            return None
        file = self.path / known.file
        try:
            return TrainingFields.from_bytes(
                file.read_bytes(), cell_metres=known.cell_metres, by_place=known.by_place, salt=known.salt
            )
        except ValueError as error:
            raise CheckpointError(f"the file cannot be read: {error}", where=file, fix=_COPY_AGAIN) from error


@dataclass(frozen=True)
class MemberFiles:
    """The two files of one trained network, as bytes."""

    onnx: bytes
    safetensors: bytes


def write_checkpoint(
    path: Path, record: CheckpointRecord, members: Sequence[MemberFiles], training_fields: TrainingFields | None = None
) -> Checkpoint:
    """Write a checkpoint folder.

    Args:
        path: a folder that is empty, or made here.
        record: everything but `members` and `training_fields`, which are filled here.
        members: the networks, at least one.
        training_fields: the fields that they were trained on; None: the checkpoint will not know them.

    Returns:
        What was written. The same arguments give the same bytes.

    Raises:
        CheckpointError: there are no members.
        DiskFullError: the disk has no room.
    """
    if not members:
        raise CheckpointError("a checkpoint needs at least one member", where=path)
    records = [
        MemberRecord(
            onnx=f"members/{number:03d}.onnx",
            onnx_sha256=hashlib.sha256(member.onnx).hexdigest(),
            safetensors=f"members/{number:03d}.safetensors",
            safetensors_sha256=hashlib.sha256(member.safetensors).hexdigest(),
        )
        for number, member in enumerate(members)
    ]
    hashed = None if training_fields is None else training_fields.to_bytes()
    record = record.model_copy(update={"members": records, "training_fields": _described(training_fields, hashed)})
    with disk_full_named(path):
        (path / "members").mkdir(parents=True)
        for member, content in zip(record.members, members, strict=True):
            (path / member.onnx).write_bytes(content.onnx)
            (path / member.safetensors).write_bytes(content.safetensors)
        if hashed is not None:
            (path / TRAINING_FIELDS).write_bytes(hashed)
        write_record(path, record)
    return Checkpoint(path, record)


def _described(training_fields: TrainingFields | None, hashed: bytes | None) -> TrainingFieldsRecord | None:
    if training_fields is None or hashed is None:
        return None
    return TrainingFieldsRecord(
        file=TRAINING_FIELDS,
        sha256=hashlib.sha256(hashed).hexdigest(),
        cell_metres=training_fields.cell_metres,
        by_place=training_fields.by_place,
        salt=training_fields.salt,
    )


def write_record(folder: Path, record: CheckpointRecord) -> None:
    """Write `checkpoint.json`, and what others read of it."""
    (folder / RECORD).write_text(record.model_dump_json(indent=2) + "\n", encoding="utf-8")
    write_description(folder, record)


def write_description(folder: Path, record: CheckpointRecord) -> None:
    """Write what others read of a checkpoint: its STAC item, and the compose file that predicts with it."""
    from cropdetect.checkpoint.stac import COMPOSE, stac_item

    item = json.dumps(stac_item(record), indent=2, ensure_ascii=False)
    (folder / STAC_ITEM).write_text(item + "\n", encoding="utf-8")
    (folder / COMPOSE).write_bytes((files(__package__) / COMPOSE).read_bytes())


def checkpoint_path(path: Path) -> Path:
    """Return the folder of a checkpoint; where there is none, that of the checkpoint of this name that comes with the package."""
    return shipped_path(str(path)) if not path.exists() and str(path) in shipped_names() else path


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint folder and check that every file is there and unchanged.

    Args:
        path: see `checkpoint_path`.

    Raises:
        CheckpointError: the folder or a file is missing, damaged, of a newer version, or leads outside the folder.
    """
    path = checkpoint_path(path)
    record = _read_record(path)
    for member in record.members:
        _check_file(path, member.onnx, member.onnx_sha256)
        _check_file(path, member.safetensors, member.safetensors_sha256)
    if record.training_fields is not None:
        _check_file(path, record.training_fields.file, record.training_fields.sha256)
    return Checkpoint(path, record)


def _read_record(path: Path) -> CheckpointRecord:
    file = path / RECORD
    if not file.is_file():
        raise CheckpointError(
            f"there is no {RECORD}" if path.is_dir() else "there is no such folder",
            where=path,
            fix="Name the folder that `cropdetect train` or `cropdetect import-cv4a` made, or a checkpoint that comes with the "
            f"package: {', '.join(shipped_names())}.",
        )
    damaged = "Copy the checkpoint again, or make it again."
    try:
        content = read_json(file)
    except UnreadableFileError as error:
        if isinstance(error.__cause__, PermissionError):
            raise
        raise CheckpointError(error.what, where=file, fix=damaged) from error
    version = content.get("format_version") if isinstance(content, dict) else None
    known = CheckpointRecord.model_fields["format_version"].default
    if isinstance(version, int) and version > known:
        raise CheckpointError(
            f"it has format version {version} and was made by a newer cropdetect; this one knows {known}",
            where=file,
            fix="Update cropdetect.",
        )
    try:
        record = CheckpointRecord.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise CheckpointError(f"{key}: {first['msg']}", where=file, fix=damaged) from error
    check_record(file, record)
    return record


def _check_file(folder: Path, name: str, expected: str) -> None:
    """Raise :class:`CheckpointError` unless the file lies inside the folder and has the expected hash."""
    pure = PurePosixPath(name)
    inside = not pure.is_absolute() and ".." not in pure.parts and name.isprintable() and "\\" not in name and 0 < len(name) < 256
    file = folder / name
    if not inside or not file.resolve().is_relative_to(folder.resolve()):
        raise CheckpointError(
            f"{name[:100]!r} leads outside the checkpoint", where=folder / RECORD, fix="Do not use this checkpoint."
        )
    if not file.is_file():
        raise CheckpointError("the file is missing", where=file, fix=_COPY_AGAIN)
    if sha256(file) != expected:
        raise CheckpointError(
            "the file is not the one the checkpoint was made with: its hash differs",
            where=file,
            fix=_COPY_AGAIN,
        )
