"""Files appear whole or not at all, and a full disk is named."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from cropdetect.errors import DiskFullError
from cropdetect.files import disk_full_named, remove_unfinished, whole_file

KILLED = """
import os, pathlib, sys
from cropdetect.files import whole_file

with whole_file(pathlib.Path(sys.argv[1])) as partial:
    partial.write_text("half")
    os._exit(9)
"""


def test_what_a_killed_process_left_is_removed_and_what_one_that_runs_writes_is_not(tmp_path: Path) -> None:
    page, other = tmp_path / "page.html", tmp_path / "page-2.html"
    for file in (page, other):
        subprocess.run([sys.executable, "-c", KILLED, str(file)], check=False)
    with whole_file(page) as mine:
        mine.write_text("whole")
        assert len(list(tmp_path.iterdir())) == 3
        remove_unfinished(page)
        assert len(list(tmp_path.iterdir())) == 2
    assert page.read_text() == "whole"
    assert [file.name.startswith(".page-2.") for file in sorted(tmp_path.iterdir())] == [True, False]


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "x"),
        OSError(errno.EDQUOT, "x"),
        OSError(errno.EFBIG, "x"),
        RuntimeError("write failed: No space left on device"),
        ValueError("database or disk is full"),
    ],
)
def test_a_full_disk_is_named_in_whatever_words_it_is_told(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(DiskFullError, match="disk is full"), disk_full_named(tmp_path / "new" / "file"):
        raise error


@pytest.mark.parametrize("error", [OSError(errno.EACCES, "x"), RuntimeError("another")])
def test_another_error_stays_as_it_is_where_there_is_room(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(type(error)), disk_full_named(tmp_path):
        raise error
