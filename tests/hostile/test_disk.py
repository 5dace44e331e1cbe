"""A full disk ends every verb by name, with nothing half-written; with room the same command ends well."""

import os
import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hostile.command import Command, Ended
from tests.hostile.verbs import WRITING, Given, Whole, write_again

pytestmark = pytest.mark.slow


def times(verb: str) -> int:
    return 1 if verb == "demo" else 2


def check_full(ended: Ended, out: Path) -> None:
    """Check that a command had room, or says that it had none and has put nothing in place."""
    assert "Traceback" not in ended.err, ended.err
    assert (ended.code, ended.error) in ((0, None), (2, "DiskFullError")), ended.err
    assert not ended.left
    if ended.code:
        assert not (out / "run.json").exists()
        assert not out.is_file()
        assert not out.is_dir() or not [entry for entry in out.iterdir() if entry.is_file()]


@pytest.mark.parametrize("verb", WRITING)
def test_a_limit_on_the_size_of_files_is_named(verb: str, verbs: Command, given: Given, whole: Callable[[str], Whole]) -> None:
    expected = whole(verb)
    draw = random.Random(verb)
    for _ in range(times(verb)):
        expected.clear()
        limits = {"RLIMIT_FSIZE": int(expected.largest ** draw.uniform(0.5, 1))}
        check_full(verbs.run(*given.call(verb, expected.out), limits=limits), expected.out)
        write_again(verb, expected, verbs, given)


@pytest.mark.parametrize("verb", WRITING)
def test_a_full_disk_is_named_and_with_room_the_same_command_ends(
    verb: str, verbs: Command, given: Given, whole: Callable[[str], Whole]
) -> None:
    expected = whole(verb)
    disk = expected.out.parent
    draw = random.Random(verb)
    for _ in range(times(verb)):
        kilobytes = 4 + int(draw.uniform(0, 1.2) * expected.size / 1024)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(disk)]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("cannot mount a small disk")
        try:
            check_full(verbs.run(*given.call(verb, expected.out)), expected.out)
            subprocess.run(["mount", "-o", "remount,size=1g", str(disk)], check=True)
            write_again(verb, expected, verbs, given)
        finally:
            subprocess.run(["umount", str(disk)], check=True)
