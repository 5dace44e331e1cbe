"""The command line: one thin command a verb."""

import signal
import sys
import traceback
import warnings

from cropdetect.cli import verbs  # noqa: F401, registers the commands
from cropdetect.cli.app import Shown, StoppedError, app
from cropdetect.errors import CropDetectError
from cropdetect.runs import command_line

__all__ = ["app", "main"]

_terminated = 0  # the signal that stopped the command


def main() -> None:
    """Run the command line; a named error ends with exit code 2, an interruption with 128 + the number of the signal."""
    warnings.simplefilter("ignore")
    warnings.simplefilter("always", UserWarning)
    warnings.showwarning = lambda message, *_: print(f"Warning: {message}", file=sys.stderr)
    signal.signal(signal.SIGTERM, _terminate)
    command_line.set(("cropdetect", *sys.argv[1:]))
    try:
        app()
    except CropDetectError as error:
        if Shown.tracebacks:
            traceback.print_exception(error)
        print(f"{error.name}: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except StoppedError as stop:
        print(stop, file=sys.stderr)
        sys.exit(128 + (_terminated or signal.SIGINT))


def _terminate(number: int, _: object) -> None:
    """Stop as Ctrl-C does, so that unfinished work is kept or removed."""
    global _terminated
    _terminated = number
    raise KeyboardInterrupt
