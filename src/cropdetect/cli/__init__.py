"""The command line: one thin command a verb."""

import sys
import warnings

from cropdetect.cli import data, learning, prediction  # noqa: F401, in the order in which --help lists them
from cropdetect.cli.app import app
from cropdetect.errors import CropDetectError

__all__ = ["app", "main"]


def main() -> None:
    """Run the command line; a named error ends with exit code 2 and no traceback."""
    warnings.simplefilter("ignore")
    warnings.simplefilter("always", UserWarning)
    warnings.showwarning = lambda message, *_: print(f"Warning: {message}", file=sys.stderr)
    try:
        app()
    except CropDetectError as error:
        print(f"{error.name}: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("Stopped. Run the same command again to go on.", file=sys.stderr)
        sys.exit(130)
