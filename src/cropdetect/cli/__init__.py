"""The command line: one thin command a verb."""

import json
import os
import signal
import sys
import traceback
import warnings

from cropdetect.cli import verbs  # noqa: F401, registers the commands
from cropdetect.cli.app import DEBUG, PipeClosedError, Shown, StoppedError, app
from cropdetect.cli.plain import plain_output
from cropdetect.errors import CropDetectError, MemoryLimitError, named
from cropdetect.runs import command_line

__all__ = ["app", "main"]

_ADDRESS_SPACE = 2**30  # bytes that the libraries take

_terminated = 0  # the signal that stopped the command


def main() -> None:
    """Run the command line; an error ends with its exit code, an interruption with 128 + the number of the signal."""
    warnings.simplefilter("ignore")
    warnings.simplefilter("always", UserWarning)
    warnings.showwarning = lambda message, *_: _show_warning(message)
    signal.signal(signal.SIGTERM, _terminate)
    debug = DEBUG in sys.argv[1:]
    sys.argv = [argument for argument in sys.argv if argument != DEBUG]
    command_line.set(("cropdetect", *sys.argv[1:]))
    with plain_output():
        try:
            _run()
        except StoppedError as stop:
            print(stop, file=sys.stderr)
            sys.exit(128 + (_terminated or signal.SIGINT))
        except (PipeClosedError, BrokenPipeError):  # what reads our output has ended, e.g. `head`
            sys.exit(128 + signal.SIGPIPE)
        except Exception as error:
            if _was_stopped(error):
                print("Stopped.", file=sys.stderr)
                sys.exit(128 + (_terminated or signal.SIGINT))
            sys.exit(_tell(named(error), error, debug=debug))
        finally:
            _drop_unwritten()


def _show_warning(message: Warning | str) -> None:
    Shown.warnings.append(str(message))
    print(f"Warning: {message}", file=sys.stderr)


def _run() -> None:
    """Run the command that was typed; what it printed is written, or that fails here and not when Python ends."""
    _check_address_space()
    try:
        app()
    except SystemExit:
        sys.stdout.flush()
        raise


def _was_stopped(error: BaseException | None) -> bool:
    """Tell whether a signal caused an error: compiled modules that are being imported make an ImportError of it."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None or _terminated != 0


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


def _terminate(number: int, _: object) -> None:
    """Stop as Ctrl-C does, so that unfinished work is kept or removed."""
    global _terminated
    _terminated = number
    raise KeyboardInterrupt
