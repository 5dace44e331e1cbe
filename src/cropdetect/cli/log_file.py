"""What is said on stderr, kept in a file, too."""

import datetime as dt
import io
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from cropdetect.cli.plain import plain
from cropdetect.errors import OutputPathError


class LoggedStream(io.TextIOBase):
    """A stream that also appends each of its lines to a file, with the time.

    The lines hold no commands for a terminal, as on the screen. A log that can be written no longer does not stop the work.

    Args:
        stream: where the text goes as before.
        path: the file; it is made where it is not there.

    Raises:
        OutputPathError: the file cannot be written.
    """

    def __init__(self, stream: TextIO, path: Path) -> None:
        self._stream, self._begun, self._path = stream, "", path
        try:
            self._file: TextIO | None = path.open("a", encoding="utf-8")
        except OSError as error:
            raise OutputPathError(
                f"the log cannot be written ({error.strerror})", where=path, fix="Name another file."
            ) from error

    def write(self, text: str) -> int:
        """Write text, and keep the lines that it ends."""
        *lines, self._begun = (self._begun + text).split("\n")
        written = self._stream.write(text)
        self._keep([plain(line) for line in lines if line.strip()])
        return written

    def _keep(self, lines: Sequence[str]) -> None:
        now = dt.datetime.now().astimezone().isoformat(timespec="seconds")
        if self._file is None:
            return
        try:
            self._file.writelines(f"{now} {line}\n" for line in lines)
            self._file.flush()
        except OSError as error:
            file, self._file = self._file, None
            with suppress(OSError):
                file.close()
            self._stream.write(f"Warning: the log {self._path} ends here: {error.strerror}\n")

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
