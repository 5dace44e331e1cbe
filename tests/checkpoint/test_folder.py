"""The checkpoint folder: what is written is read, and what is wrong is named."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cropdetect.checkpoint import MemberFiles, read_checkpoint, write_checkpoint
from cropdetect.errors import CheckpointError
from cropdetect.formats import CheckpointRecord


@pytest.fixture
def folder(tmp_path: Path, record: CheckpointRecord, members: list[MemberFiles]) -> Path:
    return write_checkpoint(tmp_path / "checkpoint", record, members).path


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    file = folder / "checkpoint.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    change(content)
    file.write_text(json.dumps(content), encoding="utf-8")


def test_what_is_written_is_read(tmp_path: Path, record: CheckpointRecord, members: list[MemberFiles]) -> None:
    written = write_checkpoint(tmp_path / "deep" / "checkpoint", record, members)
    read = read_checkpoint(tmp_path / "deep" / "checkpoint")
    assert read == written
    assert read.record.model_copy(update={"members": []}) == record
    assert [path.read_bytes() for path in read.member_paths()] == [b"graph 0", b"graph 1"]
    assert [path.read_bytes() for path in read.weight_paths()] == [b"weights 0", b"weights 1"]
    assert read.record.members[1].onnx_sha256 == hashlib.sha256(b"graph 1").hexdigest()


def test_the_folder_holds_exactly_the_files_of_the_format(folder: Path) -> None:
    assert list(contents(folder)) == [
        "checkpoint.json",
        "docker-compose.yml",
        "members/000.onnx",
        "members/000.safetensors",
        "members/001.onnx",
        "members/001.safetensors",
        "stac-item.json",
    ]


def test_the_same_arguments_give_the_same_bytes(
    tmp_path: Path, folder: Path, record: CheckpointRecord, members: list[MemberFiles]
) -> None:
    again = write_checkpoint(tmp_path / "again", record, members).path
    assert contents(again) == contents(folder)


def test_it_can_be_moved(folder: Path, tmp_path: Path) -> None:
    moved = folder.rename(tmp_path / "elsewhere")
    assert all(path.is_file() and path.is_relative_to(moved) for path in read_checkpoint(moved).member_paths())


def test_a_checkpoint_without_members_is_not_written(tmp_path: Path, record: CheckpointRecord) -> None:
    with pytest.raises(CheckpointError, match="at least one member"):
        write_checkpoint(tmp_path / "checkpoint", record, [])
    assert not (tmp_path / "checkpoint").exists()


def test_a_missing_folder_or_record_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such folder"):
        read_checkpoint(tmp_path / "absent")
    with pytest.raises(CheckpointError, match=r"no checkpoint\.json"):
        read_checkpoint(tmp_path)


@pytest.mark.parametrize("version", [2, 1000])
def test_a_newer_format_is_told_apart_from_damage(folder: Path, version: int) -> None:
    edit(folder, lambda content: content.update(format_version=version, unheard_of={"key": 1}))
    with pytest.raises(CheckpointError, match="made by a newer cropdetect") as caught:
        read_checkpoint(folder)
    assert "Update cropdetect" in caught.value.fix


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: content.pop("legend"), "legend"),
        (lambda content: content.update(lengend=[]), "lengend"),
        (lambda content: content.update(format_version=0), "format_version"),
        (lambda content: content.update(format_version="2"), "format_version"),
        (lambda content: content.update(format="something-else"), "format"),
        (lambda content: content.update(calibration={"method": "vector", "scale": [1.0], "bias": [0.0]}), "calibration"),
        (lambda content: content["calibration"].update(each_scale=[1.0]), "calibration of each training"),
        (lambda content: content["calibration"].update(snapshots=1000), "no whole trainings"),
        (lambda content: content.update(members=[]), "no members"),
        (lambda content: content.update(legend=["a", "a", "b"]), "legend"),
        (lambda content: content["statistics"]["mean"].pop(), "statistics"),
        (lambda content: content["statistics"].update(std=[1.0, 0.0, 1.0]), "statistics"),
        (lambda content: content["statistics"].update(mean=[1.0, float("nan"), 1.0]), "statistics"),
    ],
)
def test_a_wrong_record_is_refused_and_the_key_named(
    folder: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    edit(folder, change)
    with pytest.raises(CheckpointError, match=message):
        read_checkpoint(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b"null", b"\xff\xfe\x00", b"[" * 100_000])
def test_a_record_that_is_not_json_is_refused(folder: Path, content: bytes) -> None:
    (folder / "checkpoint.json").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"checkpoint\.json"):
        read_checkpoint(folder)


@pytest.mark.parametrize("name", ["members/001.onnx", "members/000.safetensors"])
def test_a_changed_or_missing_member_file_is_named(folder: Path, name: str) -> None:
    (folder / name).write_bytes((folder / name).read_bytes() + b"!")
    with pytest.raises(CheckpointError, match="hash") as caught:
        read_checkpoint(folder)
    assert caught.value.where.endswith(name)
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match="missing") as caught:
        read_checkpoint(folder)
    assert caught.value.where.endswith(name)


@pytest.mark.parametrize("name", ["../outside.onnx", "members/../../outside.onnx", "ABSOLUTE", "..\\outside.onnx"])
def test_a_path_out_of_the_folder_is_refused(folder: Path, name: str) -> None:
    outside = folder.parent / "outside.onnx"
    outside.write_bytes(b"graph 0")  # its hash would be right
    name = str(outside) if name == "ABSOLUTE" else name
    edit(folder, lambda content: content["members"][0].update(onnx=name))
    with pytest.raises(CheckpointError, match="outside the checkpoint"):
        read_checkpoint(folder)


def test_a_link_out_of_the_folder_is_refused(folder: Path) -> None:
    outside = folder.parent / "outside.onnx"
    outside.write_bytes(b"graph 0")
    (folder / "members" / "000.onnx").unlink()
    (folder / "members" / "000.onnx").symlink_to(outside)
    with pytest.raises(CheckpointError, match="outside the checkpoint"):
        read_checkpoint(folder)


def test_a_folder_reached_by_a_link_is_read(folder: Path) -> None:
    link = folder.parent / "link"
    link.symlink_to(folder)
    assert len(read_checkpoint(link).member_paths()) == 2
