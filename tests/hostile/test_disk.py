"""A full disk ends every verb by name, with nothing half-written; with room the same command ends well."""

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.hostile.command import Command, Ended
from tests.hostile.verbs import WRITING, Given, contents

TIMES = 3

pytestmark = pytest.mark.slow


def check_full(ended: Ended, out: Path) -> None:
    """Check that a command had room, or says that it had none and has put nothing in place."""
    assert "Traceback" not in ended.err, ended.err
    assert (ended.code, ended.error) in ((0, None), (2, "DiskFullError")), ended.err
    assert not ended.left
    if ended.code:
        assert not (out / "run.json").exists()
        assert not out.is_file()
        assert not out.is_dir() or not [entry for entry in out.iterdir() if entry.is_file()]


def size_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


@pytest.mark.parametrize("verb", WRITING)
def test_a_limit_on_the_size_of_files_is_named(verb: str, verbs: Command, given: Given, tmp_path: Path) -> None:
    out = tmp_path / "place" / "out"
    whole = verbs.run(*given.call(verb, out), seconds=120)
    assert whole.code == 0, whole.err
    expected, largest = contents(out), max(file.stat().st_size for file in [out, *out.rglob("*")] if file.is_file())
    draw = random.Random(verb)
    for _ in range(1 if verb == "demo" else TIMES):
        shutil.rmtree(out.parent)
        limit = int(largest ** draw.uniform(0.5, 1))
        check_full(verbs.run(*given.call(verb, out), seconds=120, limits={"RLIMIT_FSIZE": limit}), out)
        check_ends(verbs, given, verb, out, expected)


@pytest.mark.parametrize("verb", WRITING)
def test_a_full_disk_is_named_and_with_room_the_same_command_ends(
    verb: str, verbs: Command, given: Given, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    out = disk / "out"
    whole = verbs.run(*given.call(verb, out), seconds=120)
    assert whole.code == 0, whole.err
    expected, size = contents(out), size_of(disk)
    shutil.rmtree(disk)
    disk.mkdir()
    draw = random.Random(verb)
    for _ in range(1 if verb == "demo" else TIMES):
        kilobytes = 4 + int(draw.uniform(0, 1.2) * size / 1024)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(disk)]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("cannot mount a small disk")
        try:
            check_full(verbs.run(*given.call(verb, out), seconds=120), out)
            subprocess.run(["mount", "-o", "remount,size=1g", str(disk)], check=True)
            check_ends(verbs, given, verb, out, expected)
        finally:
            subprocess.run(["umount", str(disk)], check=True)


def check_ends(verbs: Command, given: Given, verb: str, out: Path, expected: dict[str, bytes]) -> None:
    """Check that the same command ends as it should, with room."""
    if verb != "report" or not out.exists():
        again = verbs.run(*given.call(verb, out), seconds=120)
        assert again.code == 0, again.err
    assert contents(out) == expected
    assert [entry.name for entry in out.parent.iterdir()] == ["out"]
