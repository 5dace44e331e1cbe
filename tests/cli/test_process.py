"""What surrounds a command: standard streams that are full, closed or read no further, a log, a limit of memory."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from cropdetect import api
from cropdetect.cli import main
from tests.runs.conftest import contents


def shell(arguments: str, redirected: str = "", folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command line as a shell does; the exit code is that of cropdetect."""
    command = f"set -o pipefail; {shlex.quote(sys.executable)} -m cropdetect {arguments} {redirected}"
    return subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=600, check=False, cwd=folder)


@pytest.mark.parametrize(
    ("arguments", "redirected", "code", "says"),
    [
        ("info nowhere", "", 2, "InputNotFoundError: "),
        ("info nowhere", ">&-", 2, "InputNotFoundError: "),
        ("info nowhere", "<&- >&-", 2, "InputNotFoundError: "),
        ("info nowhere", "2>&-", 2, ""),
        ("info nowhere", "2>/dev/full", 2, ""),
        ("doctor", ">&-", 0, ""),
        ("doctor", ">/dev/full", 2, "DiskFullError: "),
        ("doctor", "2>/dev/full", 0, ""),
        ("doctor", "| true", 141, ""),
    ],
)
def test_streams_that_take_nothing_change_no_answer(arguments: str, redirected: str, code: int, says: str) -> None:
    done = shell(arguments, redirected)
    assert (done.returncode, done.stderr[: len(says)]) == (code, says)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_closed_streams_do_not_lend_their_numbers_to_the_files_of_the_output(tmp_path: Path) -> None:
    arguments = "simulate {} --tiles 1 --height 64 --width 64 --fields 4"
    assert shell(arguments.format("whole"), folder=tmp_path).returncode == 0
    assert shell(arguments.format("closed"), "<&- >&- 2>&-", folder=tmp_path).returncode == 0
    files = [contents(tmp_path / name) for name in ("whole", "closed")]
    assert all(one.pop("run.json") for one in files)
    assert files[0] == files[1]


def test_the_log_keeps_lines_that_would_command_a_terminal_as_text(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    done = shell(f"--log-file {log} info $'a\\x1b[31mb\\rc'", folder=tmp_path)
    kept = [line.partition(" ")[2] for line in log.read_text("utf-8").splitlines()]
    assert kept == done.stderr.splitlines()
    assert kept[0].startswith(r"InputNotFoundError: a\u001b[31mb\u000dc: ")


def test_a_log_without_room_ends_with_a_warning_and_the_command_as_it_should(tmp_path: Path) -> None:
    done = shell("--log-file /dev/full info nowhere", folder=tmp_path)
    assert done.returncode == 2
    assert "InputNotFoundError: nowhere" in done.stderr
    assert done.stderr.count("Warning: the log /dev/full ends here") == 1


def test_a_fault_of_the_tool_ends_with_another_code_than_bad_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(**_: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(api, "doctor", fails)
    monkeypatch.setattr(sys, "argv", ["cropdetect", "doctor"])
    monkeypatch.setattr("signal.signal", lambda *_: None)
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 1
    assert capsys.readouterr().err.startswith("UnexpectedError: ")


def test_a_limit_of_memory_below_what_libraries_need_is_said_at_once() -> None:
    done = subprocess.run(
        ["bash", "-c", f"ulimit -v 600000; {shlex.quote(sys.executable)} -m cropdetect doctor"],
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("MemoryLimitError: 586 MB of address space are allowed (ulimit -v), and 1024 are needed")


def test_a_signal_that_a_library_makes_an_error_of_still_stops_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def imports(**_: object) -> None:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as stop:
            raise ImportError("initialization failed") from stop

    monkeypatch.setattr(api, "doctor", imports)
    monkeypatch.setattr(sys, "argv", ["cropdetect", "doctor"])
    monkeypatch.setattr("signal.signal", lambda *_: None)
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 130
    assert capsys.readouterr().err == "Stopped.\n"


@pytest.mark.parametrize(
    ("arguments", "what"),
    [("info x --nonsense", "no such option: --nonsense"), ("info", "missing argument"), ("nowhere", "no such command 'nowhere'")],
)
def test_a_wrong_call_is_named_and_data_where_data_are_asked_for(arguments: str, what: str) -> None:
    done = shell(f"{arguments} --json")
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["name"]) == (2, "OptionError")
    assert error["what"].startswith(what)
    assert error["fix"]
    assert shell(arguments).stderr.startswith(f"OptionError: {what}")
