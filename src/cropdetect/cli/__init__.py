"""The command line: one thin command a verb."""

import json
import os
import signal
import sys
import traceback
import warnings
from pathlib import Path

from cropdetect import signals
from cropdetect.cli import settings, verbs  # noqa: F401, `verbs` registers the commands
from cropdetect.cli.app import DEBUG, PipeClosedError, Shown, StoppedError, app
from cropdetect.cli.plain import plain_output
from cropdetect.errors import CropDetectError, InputNotFoundError, MemoryLimitError, named
from cropdetect.runs import command_line

__all__ = ["app", "main"]

_ADDRESS_SPACE = 2**30  # bytes that the libraries take


def main() -> None:
    """Run the command line; an error ends with its exit code, an interruption with 128 + the number of the signal."""
    warnings.simplefilter("ignore")
    warnings.simplefilter("always", UserWarning)
    warnings.showwarning = lambda message, *_: _show_warning(message)
    settings.leave_out()
    debug = DEBUG in sys.argv[1:]
    sys.argv = [argument for argument in sys.argv if argument != DEBUG]
    command_line.set(("cropdetect", *sys.argv[1:]))
    signals.stop_in_order()
    try:
        with plain_output():
            try:
                code = _ended(debug=debug)
            except KeyboardInterrupt as stop:
                code = _stopped(stop)
            finally:
                _drop_unwritten()
        signals.end_with(code)
    except KeyboardInterrupt:  # before or after the work
        code = _stopped()
        signals.end_with(code)
    exec("")  # else Python would end itself by SIGINT if a signal had come within an `exec` or `eval`
    sys.exit(code)


def _show_warning(message: Warning | str) -> None:
    """Show a warning once, however many steps of a command find its cause."""
    if str(message) in Shown.warnings:
        return
    Shown.warnings.append(str(message))
    print(f"Warning: {message}", file=sys.stderr)


def _ended(*, debug: bool) -> int:
    """Run the command that was typed, say what ended it, and return its exit code."""
    try:
        return _run()
    except StoppedError as stop:
        return _stopped(stop)
    except (PipeClosedError, BrokenPipeError):  # what reads our output has ended, e.g. `head`
        return 128 + signal.SIGPIPE
    except Exception as error:
        return _stopped() if _was_stopped(error) else _tell(named(error), error, debug=debug)


def _run() -> int:
    """Run the command that was typed; what it printed is written, or that fails here and not when Python ends."""
    _check_address_space()
    _check_folder()
    try:
        app()
    except SystemExit as stop:
        if signals.has_stopped():  # typer ends with a code of its own
            raise KeyboardInterrupt from stop
        sys.stdout.flush()
        return stop.code if isinstance(stop.code, int) else 0
    return 0


def _stopped(said: object = "") -> int:
    print(str(said) or "Stopped.", file=sys.stderr)
    return signals.exit_code()


def _was_stopped(error: BaseException | None) -> bool:
    """Tell whether a signal caused an error: compiled modules that are being imported make an ImportError of it."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None or signals.has_stopped()


def _check_address_space() -> None:
    """Refuse a limit of memory (`ulimit -v`) below which OpenBLAS ends the process or tries again without end.

    Raises:
        MemoryLimitError: it is too low.
    """
    try:
        import resource
    except ImportError:  # Windows
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < _ADDRESS_SPACE:
        raise MemoryLimitError(
            f"{limit / 2**20:.0f} MB of address space are allowed (ulimit -v), and {_ADDRESS_SPACE // 2**20} are needed to start",
            fix="Raise the limit.",
        )


def _check_folder() -> None:
    """Refuse to work where no path that does not begin with "/" leads anywhere.

    Raises:
        InputNotFoundError: the working folder has been deleted.
    """
    try:
        Path.cwd()
    except FileNotFoundError:
        raise InputNotFoundError("the working folder does not exist any more", fix="Change to another folder.") from None


def _drop_unwritten() -> None:
    """Lead standard output nowhere if it cannot be written, so that Python does not try it again when it ends."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _tell(error: CropDetectError, cause: Exception, *, debug: bool) -> int:
    """Say what is wrong, with `--json` as data too, and return the exit code. Here, and only here, unknown exceptions end."""
    if debug or Shown.tracebacks:
        traceback.print_exception(cause, file=sys.stderr)
    if "--json" in sys.argv:
        said = {"name": error.name, "what": error.what, "where": error.where, "fix": error.fix}
        print(json.dumps({"error": said}, indent=1, ensure_ascii=False))
    print(f"{error.name}: {error}", file=sys.stderr)
    return error.exit_code
