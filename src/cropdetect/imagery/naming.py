"""How the user told dates, bands and tiles apart."""

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Naming:
    """What a layout needs beside the files.

    Attributes:
        root: the folder that the user named; sidecar files are looked for up to it.
        pattern: regular expression with the groups date, band, tile, or None.
        date: day of images whose names tell none, or None.
    """

    root: Path
    pattern: re.Pattern[str] | None = None
    date: dt.date | None = None

    @property
    def tells_tiles(self) -> bool:
        """Whether the pattern tells tiles apart, so that folders do not."""
        return self.pattern is not None and "tile" in self.pattern.groupindex
