"""Progress on stderr: a bar on a terminal, plain lines elsewhere, nothing for what takes under two seconds."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from cropdetect import signals

T = TypeVar("T")

_quiet = False

_PATIENCE = 2.0  # seconds before the first sign of progress
_LINE_EVERY = 15.0  # seconds between plain lines


def be_quiet() -> None:
    """Show neither progress nor notes from now on; warnings and errors are still shown."""
    global _quiet
    _quiet = True


def note(text: str) -> None:
    """Tell the user something in passing, on stderr."""
    if not _quiet:
        print(text, file=sys.stderr, flush=True)


class Progress:
    """Counts `total` units of work and tells the user.

    Args:
        description: what is being done ("cutting chips").
        total: units of work in all, or None where that is not known.
        unit: what is counted ("chips").
    """

    def __init__(self, description: str, total: int | None = None, unit: str = "") -> None:
        self._description = description
        self._total = total
        self._unit = unit
        self._done = 0
        self._start = self._last_line = time.monotonic()
        self._bar: object | None = None

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *exception: object) -> None:
        from rich.progress import Progress as RichProgress

        if isinstance(self._bar, RichProgress):
            self._bar.stop()

    def advance(self, units: int = 1, note: str = "") -> None:
        """Count `units` more; `note` is shown behind the bar.

        Raises:
            KeyboardInterrupt: a signal came that nothing has raised yet.
        """
        signals.raise_again()
        self._done += units
        now = time.monotonic()
        if _quiet or now - self._start < _PATIENCE:
            return
        if sys.stderr.isatty():
            self._advance_bar(note)
        elif now - self._last_line >= _LINE_EVERY:
            self._last_line = now
            of = f"/{self._total}" if self._total else ""
            print(f"{self._description}: {self._done}{of} {self._unit} {note}".rstrip(), file=sys.stderr, flush=True)

    def _advance_bar(self, note: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        if not isinstance(self._bar, RichProgress):
            self._bar = RichProgress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn(self._unit),
                TimeRemainingColumn(),
                TextColumn("{task.fields[note]}"),
                console=Console(file=getattr(sys.stderr, "raw", sys.stderr)),  # bars move the cursor
                transient=True,
            )
            self._bar.add_task(self._description, total=self._total, note=note)
            self._bar.start()
        self._bar.update(self._bar.task_ids[0], completed=self._done, note=note)


def track(items: Iterable[T], description: str, total: int | None = None, unit: str = "") -> Iterator[T]:
    """Yield `items`, counting each as one unit of progress."""
    with Progress(description, total, unit) as progress:
        for item in items:
            yield item
            progress.advance()
