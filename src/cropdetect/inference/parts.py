"""What an unfinished prediction continues from: the answers so far, one small file every few seconds."""

import re
import time
import zipfile
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np

from cropdetect.files import whole_file
from cropdetect.inference.ensemble import ChipScores

_SECONDS_A_PART = 3.0
_PART = re.compile(r"answers-(\d{7})-(\d{7})\.npz")


class Parts:
    """Answers to batches [0, n), kept on disk as they come.

    Each file appears whole and is named after its batches, so a run that was killed goes on behind the last one.

    Args:
        folder: holds nothing but the answers of this prediction; made when missing.

    Raises:
        DiskFullError: the disk has no room.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._waiting: list[ChipScores] = []
        self._saved = self._done = 0
        self._last = time.monotonic()

    def finished(self) -> Iterator[ChipScores]:
        """Yield the answers of the runs before, in order, up to the first that is missing or damaged."""
        names = sorted(path.name for path in self._folder.iterdir())
        by_first = {int(match[1]): match for match in map(_PART.fullmatch, names) if match}
        while self._done in by_first:
            match = by_first[self._done]
            try:
                with np.load(self._folder / match[0], allow_pickle=False) as part:
                    answers = ChipScores(**{item.name: part[item.name] for item in fields(ChipScores)})
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
                (self._folder / match[0]).unlink()  # it would hide the whole one that now takes its place
                return
            self._done = self._saved = int(match[2])
            yield answers

    @property
    def done(self) -> int:
        """Number of batches whose answers are known."""
        return self._done

    def add(self, answers: ChipScores) -> None:
        """Keep the answers to the next batch; they reach the disk within a few seconds."""
        self._waiting.append(answers)
        self._done += 1
        if time.monotonic() - self._last >= _SECONDS_A_PART:
            self.save()

    def save(self) -> None:
        """Write what waits."""
        if self._waiting:
            joined = ChipScores.concatenate(self._waiting)
            with whole_file(self._folder / f"answers-{self._saved:07d}-{self._done:07d}.npz") as partial:
                np.savez(partial, **{item.name: getattr(joined, item.name) for item in fields(joined)})
        self._waiting = []
        self._saved = self._done
        self._last = time.monotonic()
