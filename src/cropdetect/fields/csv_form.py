"""How a CSV file is written: where its header stands, and what separates its columns."""

import csv
import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from cropdetect.errors import UnreadableFileError

_DELIMITERS = ",;\t|"
_EXCEL = re.compile(r"\s*\"?sep=(.)\"?\s*", re.IGNORECASE)  # a line that Excel writes above the header
_LOOKED_AT = 20  # rows below the header


@dataclass(frozen=True)
class CsvForm:
    """How a CSV file is written.

    Attributes:
        names: of the columns, as written.
        delimiter: comma, semicolon, tab or vertical bar, whichever the header has most of.
        above: lines above the header: empty ones, and Excel's `sep=;`.
        blanks: whether a blank follows each delimiter.
    """

    names: tuple[str, ...]
    delimiter: str
    above: int
    blanks: bool

    @classmethod
    def of(cls, path: Path) -> "CsvForm":
        """Look at the first lines of a file.

        Raises:
            UnreadableFileError: a title or comments stand above the header.
            UnicodeDecodeError, csv.Error, OSError: the file is damaged, or its text is not UTF-8.
        """
        with path.open(encoding="utf-8-sig") as file:
            above, header = 0, file.readline()
            while header and (_EXCEL.fullmatch(header) or not header.strip(f'{_DELIMITERS}" \n')):
                above, header = above + 1, file.readline()
            below = [line.rstrip("\n") for line in islice(file, _LOOKED_AT)]
        header = header.rstrip("\n")
        delimiter = max(_DELIMITERS, key=header.count)
        blanks = 0 < header.count(delimiter) == header.count(f"{delimiter} ")
        names = next(csv.reader([header], delimiter=delimiter, skipinitialspace=blanks), [])
        widest = max((_filled(line, delimiter) for line in below), default=0)
        if 2 * _filled(header, delimiter) <= widest:
            raise UnreadableFileError(
                f"its first line, {header[:40]!a}, is no header: lines below it have {widest} cells",
                where=path,
                fix="Remove the lines above the names of the columns.",
            )
        return cls(tuple(names), delimiter, above, blanks)


def _filled(line: str, delimiter: str) -> int:
    """Return how many cells of a line are not empty."""
    try:
        return sum(bool(cell.strip()) for cell in next(csv.reader([line], delimiter=delimiter), []))
    except csv.Error:  # a cell of more than 131,072 characters, such as an outline
        return 0
