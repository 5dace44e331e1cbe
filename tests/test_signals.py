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
        if sys.argv[2] == "error":
            raise ImportError("initialization failed")
except KeyboardInterrupt as stop:
    print(str(stop).partition(".")[0], signals.exit_code())
"""

_IN_A_FINALISER = """
import os, signal
from cropdetect import signals

class Ends:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)

signals.stop_in_order()
Ends()
try:
    signals.raise_again()
except KeyboardInterrupt:
    print("Stopped", signals.exit_code())
"""

_WHILE_FILES_ARE_MOVED = """
import os, signal, sys
from pathlib import Path
from cropdetect import signals
from cropdetect.runs import output

def moves(new, out, put_in_place=output.put_in_place):
    os.kill(os.getpid(), signal.SIGTERM)
    put_in_place(new, out)

output.put_in_place = moves
signals.stop_in_order()
try:
    with output.OutputFolder("simulate", {"out": Path(sys.argv[1])}).writing() as work:
        (work.new / "text.txt").write_text("whole", "utf-8")
except KeyboardInterrupt as stop:
    print(stop, signals.exit_code())
"""

_OUTSIDE_OF_THE_VERB = """
import os, signal, sys
from cropdetect import cli

def app():
    try:
        os.kill(os.getpid(), signal.SIGTERM)
    except KeyboardInterrupt:
        sys.exit(130)

cli.app = app
cli.main()
"""

_AFTER_THE_WORK = """
import atexit, os, signal, sys, threading, time
from cropdetect import cli

def end(kill=os.kill, process=os.getpid(), number=signal.SIGTERM): kill(process, number)

class Last:
    def __del__(self, end=end): end()

if sys.argv[1] == "threads": threading.Thread(target=lambda: (threading.main_thread().join(), end())).start()
if sys.argv[1] == "functions": atexit.register(end)
if sys.argv[1] == "modules": last = Last()
cli._run = lambda: 0
cli.main()
"""

_WITHIN_EVAL = """
import os, signal
from cropdetect import cli

cli._run = lambda: eval("os.kill(os.getpid(), signal.SIGTERM)")
cli.main()
"""


def run(code: str, *arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize("where", ["progress", "error", "end"])
def test_a_signal_that_other_code_lost_stops_the_work_at_its_next_step_or_before_its_output_is_put_in_place(
    where: str, tmp_path: Path
) -> None:
    ended = run(_LOST, tmp_path / "out", where)
    assert (ended.stdout, ended.stderr) == ("Stopped 143\n", "")
    assert not (tmp_path / "out").exists()


def test_a_signal_that_a_finaliser_lost_shows_no_trace_and_still_stops_the_work() -> None:
    ended = run(_IN_A_FINALISER)
    assert (ended.stdout, ended.stderr) == ("Stopped 143\n", "")


def test_a_signal_that_comes_while_an_output_is_put_in_place_leaves_it_whole(tmp_path: Path) -> None:
    ended = run(_WHILE_FILES_ARE_MOVED, tmp_path / "out")
    assert (ended.stdout, ended.stderr) == (f"Stopped. The output is finished: {tmp_path / 'out'} 143\n", "")
    assert sorted(entry.name for entry in (tmp_path / "out").iterdir()) == ["run.json", "text.txt"]


def test_a_signal_that_comes_outside_of_the_verb_ends_with_its_own_exit_code() -> None:
    ended = run(_OUTSIDE_OF_THE_VERB)
    assert (ended.returncode, ended.stderr) == (143, "Stopped.\n")


@pytest.mark.parametrize("at", ["threads", "functions", "modules"])
def test_a_signal_that_comes_while_python_ends_changes_no_exit_code(at: str) -> None:
    ended = run(_AFTER_THE_WORK, at)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_a_signal_that_comes_while_text_is_evaluated_ends_with_its_own_exit_code(tmp_path: Path) -> None:
    (tmp_path / "within.py").write_text(_WITHIN_EVAL, "utf-8")
    ended = subprocess.run([sys.executable, "-m", "within"], cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert (ended.returncode, ended.stderr) == (143, "Stopped.\n")
