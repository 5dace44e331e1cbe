"""What is said on stderr, kept in a file, too."""

import datetime as dt
import io
from pathlib import Path
from typing import TextIO

from cropdetect.errors import OutputPathError


class LoggedStream(io.TextIOBase):
    """A stream that also appends each of its lines to a file, with the time; drawings of progress bars are left out.

    Args:
        stream: where the text goes as before.
        path: the file; it is made where it is not there.

    Raises:
        OutputPathError: the file cannot be written.
    """

    def __init__(self, stream: TextIO, path: Path) -> None:
        self._stream, self._begun = stream, ""
        try:
            self._file = path.open("a", encoding="utf-8")
        except OSError as error:
            raise OutputPathError(
                f"the log cannot be written ({error.strerror})", where=path, fix="Name another file."
            ) from error

    def write(self, text: str) -> int:
        """Write text, and keep the lines that it ends."""
        *lines, self._begun = (self._begun + text).split("\n")
        now = dt.datetime.now().astimezone().isoformat(timespec="seconds")
        self._file.writelines(f"{now} {line}\n" for line in lines if line.strip() and not _is_drawn(line))
        self._file.flush()
        return self._stream.write(text)

    def flush(self) -> None:
        """Flush the stream."""
        self._stream.flush()

    def isatty(self) -> bool:
        """Tell whether the stream is a terminal."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """Return the descriptor of the stream."""
        return self._stream.fileno()

    @property
    def raw(self) -> TextIO:
        """The terminal itself, for bars that move the cursor; they are not kept."""
        found: TextIO = getattr(self._stream, "raw", self._stream)
        return found

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Encoding of the stream."""
        return self._stream.encoding


def _is_drawn(line: str) -> bool:
    return "\x1b" in line or "\r" in line
