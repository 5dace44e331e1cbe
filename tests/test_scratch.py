"""A temporary folder of a killed process is removed by the next one; those in use, and what is none, stay."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cropdetect.scratch import Scratch, machine

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs POSIX locks")

HOLDER = """
import sys, time
from pathlib import Path
from cropdetect.scratch import Scratch
scratch = Scratch()
(Path(scratch.name) / "inner").mkdir()
(Path(scratch.name) / "inner" / "large").write_bytes(b"x")
print(scratch.name, flush=True)
time.sleep(600)
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def holder(place: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another process, and the scratch folder that it holds."""
    environment = {**os.environ, "TMPDIR": str(place)}
    with subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        yield process, Path(process.stdout.readline().strip())
        process.kill()


def test_what_a_killed_process_left_is_removed_by_the_next(place: Path, holder: tuple[subprocess.Popen[str], Path]) -> None:
    process, folder = holder
    with Scratch() as other:
        assert (folder / "inner" / "large").is_file()  # in use
    assert not Path(other).exists()
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert folder.is_dir()
    with Scratch() as mine:
        assert [entry.name for entry in place.iterdir()] == [Path(mine).name]
    assert not list(place.iterdir())


def test_links_and_folders_without_a_free_lock_of_this_machine_stay(
    place: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / ".lock").touch()
    prefix = f"cropdetect-{machine()}-"
    (place / f"{prefix}link").symlink_to(elsewhere)
    for name in (f"{prefix}unlocked", f"{prefix}linked", "cropdetect-ffffffff-other", "mine"):
        (place / name).mkdir()
    (place / f"{prefix}linked" / ".lock").symlink_to(elsewhere / ".lock")
    (place / "cropdetect-ffffffff-other" / ".lock").touch()
    (place / f"{prefix}file").touch()
    before = sorted(place.iterdir())
    with Scratch():
        pass
    assert sorted(place.iterdir()) == before
    assert (elsewhere / ".lock").is_file()


def test_a_folder_of_another_user_stays(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = place / f"cropdetect-{machine()}-theirs"
    theirs.mkdir()
    (theirs / ".lock").touch()
    user = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    with Scratch():
        assert theirs.is_dir()
    monkeypatch.undo()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    with Scratch():
        assert not theirs.exists()
