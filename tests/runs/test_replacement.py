"""A file of a finished output takes the place of another together with its line in run.json, whenever the command is killed."""

import multiprocessing
import os
from pathlib import Path

import pytest

from cropdetect.runs import OutputFolder, Stopped, replace_files
from tests.runs.test_output import die_after, texts, write


def replace_and_die(out: Path, steps: int) -> None:
    die_after(steps)
    replace_files(out, {"page": b"new"}, overwrite=False)
    os._exit(0)


@pytest.mark.parametrize("unfinished", [True, False])
def test_a_kill_at_any_step_leaves_a_page_that_run_json_knows(tmp_path: Path, unfinished: bool) -> None:
    steps, ended = 0, False
    while not ended:
        out = tmp_path / str(steps)
        write(out, page="old")
        if unfinished:
            with (
                pytest.raises(Stopped),
                OutputFolder("test", {"out": out, "other": 1, "overwrite": True}).writing() as work,
            ):
                (work.state / "part").write_text("1")
                raise KeyboardInterrupt
        process = multiprocessing.get_context("fork").Process(target=replace_and_die, args=(out, steps))
        process.start()
        process.join()
        ended = process.exitcode == 0
        assert ended or process.exitcode == 9
        write(out, page="old")  # finds it finished, and unchanged
        there = texts(out)
        assert there.pop("page") in (("new",) if ended else ("old", "new"))
        replace_files(out, {"page": b"new"}, overwrite=False)
        assert texts(out)["page"] == "new"
        if unfinished:
            assert (out / ".partial" / "state" / "part").read_text() == "1"
        else:
            assert set(texts(out)) == {"page"}
        steps += 1
    assert steps > 4
