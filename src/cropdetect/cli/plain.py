"""What goes to the terminal: text that a user's file holds is shown, and cannot command the terminal."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

# Control characters but for line ends and tabs, marks that turn the direction of text, and halves of characters.
_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def plain(text: str) -> str:
    r"""Write characters that would command a terminal as JSON does: an escape becomes \u001b."""
    return _COMMANDS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


@contextmanager
def plain_output() -> Iterator[None]:
    """Let standard output and standard error pass through `plain`, for the `with` block."""
    _replace_closed()
    streams = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Plain(sys.stdout), _Messages(sys.stderr)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = streams


def _replace_closed() -> None:
    """Lead standard streams that are closed nowhere, lest the next file that is opened gets their numbers, and their text."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115, it is open until the program ends
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


class _Plain:
    """A stream of plain text; `raw` is the stream itself, for bars that move the cursor."""

    def __init__(self, stream: TextIO) -> None:
        self.raw = stream
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # whatever the locale's letters are

    def write(self, text: str) -> int:
        return self.raw.write(plain(text))

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)


class _Messages(_Plain):
    """Messages beside the work, which goes on where nobody can read them: the disk is full, or the reader has ended."""

    def write(self, text: str) -> int:
        with suppress(OSError):
            return super().write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self.raw.flush()
