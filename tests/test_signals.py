"""Signals whose KeyboardInterrupt other code loses, or that come in an odd moment."""

import subprocess
import sys
from pathlib import Path

import pytest

# The `except` stands for compiled code, which clears any error that a module raises while it is imported.
_LOST = """
import os, signal, sys
from pathlib import Path
from cropdetect import signals
from cropdetect.progress import Progress
from cropdetect.runs.output import OutputFolder

signals.stop_in_order()
try:
    with OutputFolder("simulate", {"out": Path(sys.argv[1])}).writing() as work:
        (work.new / "text.txt").write_text("whole", "utf-8")
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        except BaseException:
            pass
        if sys.argv[2] == "progress":
            Progress("work").advance()
            print("went on")
except KeyboardInterrupt as stop:
    print(str(stop).partition(".")[0], signals.exit_code())
"""

_WITHIN_EVAL = """
import os, signal
from cropdetect import cli

cli._run = lambda: eval("os.kill(os.getpid(), signal.SIGTERM)")
cli.main()
"""


@pytest.mark.parametrize("where", ["progress", "end"])
def test_a_signal_that_other_code_lost_stops_the_work_at_its_next_step_or_before_its_output_is_put_in_place(
    where: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    ended = subprocess.run([sys.executable, "-c", _LOST, out, where], capture_output=True, text=True, timeout=60)
    assert (ended.stdout, ended.stderr) == ("Stopped 143\n", "")
    assert not out.exists()


def test_a_signal_that_comes_while_text_is_evaluated_ends_with_its_own_exit_code(tmp_path: Path) -> None:
    (tmp_path / "within.py").write_text(_WITHIN_EVAL, "utf-8")
    ended = subprocess.run([sys.executable, "-m", "within"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (143, "Stopped.\n")
