"""The fingerprint of a call changes with every argument and with the content of every input."""

import datetime as dt
import os
import random
from pathlib import Path

import numpy as np
import pytest
import zarr

from cropdetect.api import DataOptions
from cropdetect.runs import OutputFolder
from cropdetect.runs.fingerprint import content, paths_in, plain

OTHER = {
    "fields": Path("other.gpkg"), "id_column": "x", "layer": "x", "labels": "x", "legend": Path("other.yaml"), "buffer": 1.0,
    "pattern": "x", "date": dt.date(2019, 6, 6), "bands": ("x",), "band_names": "x=y", "resolution": 1.0, "clear": "none",
    "offset": 1.0, "columns": Path("other.yaml"), "until": dt.date(2019, 6, 6),
    "bbox": (0.0, 0.0, 1.0, 1.0), "limit": 1, "chip_size": 1, "memory": 64, "follow_links": True,
    "from_": dt.date(2019, 6, 6), "to": dt.date(2019, 6, 6), "max_cloud": 1.0, "cache": Path("other"),
    "reference": Path("other.gpkg"),
}  # fmt: skip


def fingerprint(tmp_path: Path, **arguments: object) -> str:
    return OutputFolder("test", {"out": tmp_path / "out", **arguments}).fingerprint


@pytest.mark.parametrize("name", list(DataOptions.model_fields))
def test_every_option_of_data_counts(tmp_path: Path, name: str) -> None:
    other = DataOptions(**{name: OTHER[name]})
    assert fingerprint(tmp_path, options=DataOptions()) != fingerprint(tmp_path, options=other)


def test_a_new_argument_counts_and_where_the_output_lies_does_not(tmp_path: Path) -> None:
    assert fingerprint(tmp_path) != fingerprint(tmp_path, invented_later=1)
    assert fingerprint(tmp_path, workers=1) == fingerprint(tmp_path, workers=2) == fingerprint(tmp_path / "elsewhere", workers=2)


def test_a_kind_of_argument_that_is_not_known_is_no_silent_gap() -> None:
    with pytest.raises(TypeError):
        plain({"given": object()})


def test_paths_are_found_wherever_they_are() -> None:
    given = {"data": Path("a"), "options": DataOptions(fields=Path("b")), "more": [{"x": Path("c")}, "d"]}
    assert paths_in(given) == [Path("a"), Path("b"), Path("c")]


def write_in_place(file: Path, position: int) -> None:
    with file.open("r+b") as opened:
        opened.seek(position)
        byte = opened.read(1)
        opened.seek(position)
        opened.write(bytes([byte[0] ^ 1]))


def test_a_file_changed_in_place_is_another(tmp_path: Path) -> None:
    file = tmp_path / "a.tif"
    file.write_bytes(random.Random(0).randbytes(100_000))
    before, stat = content(file), file.stat()
    write_in_place(file, 50_001)
    assert content(file) != before
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    write_in_place(file, 50_001)
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert content(file) == before
    write_in_place(file, 0)  # the time is put back, and a sampled byte is another
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert content(file) != before
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    later = content(file)
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns + 2))
    assert content(file) != later


def test_a_chunk_of_a_zarr_store_changed_in_place_is_another_store(tmp_path: Path) -> None:
    array = zarr.create_array(tmp_path / "a.zarr", shape=(64, 64), chunks=(8, 8), dtype="int32")
    array[:] = np.arange(4096).reshape(64, 64)
    before = content(tmp_path / "a.zarr")
    array[40, 40] = -1
    assert content(tmp_path / "a.zarr") != before


@pytest.mark.parametrize("change", ["add", "remove", "rename", "move"])
def test_the_files_of_a_folder_count(tmp_path: Path, change: str) -> None:
    folder = tmp_path / "data"
    (folder / "sub").mkdir(parents=True)
    (folder / "a").write_text("1")
    (folder / "b").write_text("1")
    before = content(folder)
    assert content(folder) == before
    if change == "add":
        (folder / "sub" / "c").write_text("1")
    elif change == "remove":
        (folder / "a").unlink()
    elif change == "rename":
        (folder / "a").rename(folder / "c")
    else:
        (folder / "a").rename(folder / "sub" / "a")
    assert content(folder) != before


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "nowhere").symlink_to("missing")
    assert content(tmp_path) == content(tmp_path)
