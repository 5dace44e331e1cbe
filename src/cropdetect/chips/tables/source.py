"""A file or folder with a table, read as far as a form asks."""

import csv
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow
import pyarrow.parquet

from cropdetect.documents import parse_json
from cropdetect.errors import TableError, UnreadableFileError
from cropdetect.fields import read_plain_table
from cropdetect.fields.columns import ID_COLUMNS
from cropdetect.fields.csv_form import CsvForm
from cropdetect.imagery import unreadable

CSV_SUFFIXES = (".csv", ".tsv", ".txt")
PARQUET_SUFFIXES = (".parquet", ".geoparquet")
JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
#: Names of columns of field ids, in lower case; they are read as text.
IDS = (*ID_COLUMNS, "feature_index", "name")
#: Names of columns of dates, likewise.
DATES = (
    "date",
    "datetime",
    "timestamp",
    "time",
    "day",
    "acquisition_date",
    "acquisition_time",
    "sensing_time",
    "sensing_date",
    "image_date",
    "img_date",
    "obs_date",
    "index",
    "t",
    "system:time_start",
    "time_start",
    "millis",
    "doy",
    "day_of_year",
)
_LIMIT = 2**31  # bytes of a JSON file


class Source:
    """What lies at a path: a folder, or a file of rows (CSV, Parquet) or JSON."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.suffix = path.suffix.lower() if path.is_file() else ""

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of a CSV or Parquet file, as written; of other files none.

        Raises:
            UnreadableFileError: the file is damaged.
            TableError: two columns have one name.
        """
        if self.suffix in PARQUET_SUFFIXES:
            try:
                names = pyarrow.parquet.read_schema(self.path).names
            except (pyarrow.ArrowException, OSError) as error:
                raise unreadable(self.path, error) from error
        elif self.suffix in CSV_SUFFIXES:
            try:
                names = list(CsvForm.of(self.path).names)
            except (OSError, UnicodeDecodeError, csv.Error) as error:
                raise unreadable(self.path, error) from error
        else:
            return ()
        twice = sorted(name for name, count in Counter(names).items() if count > 1 and name)
        if twice:
            raise TableError(f"two columns are called {twice[0]!r}", where=self.path, fix="Rename one of them, or remove it.")
        return tuple(names)

    def table(self, text: Sequence[str] = ()) -> pd.DataFrame:
        """Read all rows; ids, labels and the columns `text` are text as it is written."""
        table = read_plain_table(self.path, text=("system:index", *IDS, *text))
        table.columns = [str(name) for name in table.columns]
        return table.drop(columns=[name for name in table.columns if name.startswith("Unnamed: ")])

    @cached_property
    def has_geometry(self) -> bool:
        """Whether a Parquet file is GeoParquet."""
        return self.suffix in PARQUET_SUFFIXES and b"geo" in (pyarrow.parquet.read_schema(self.path).metadata or {})

    @cached_property
    def document(self) -> Any:
        """Content of a JSON file (one value a line: a list); None for other files, and where it is no JSON."""
        if self.suffix not in JSON_SUFFIXES or self.path.stat().st_size > _LIMIT:
            return None
        try:
            text = self.path.read_text("utf-8-sig")
            try:
                return parse_json(text)
            except ValueError:
                return [parse_json(line) for line in text.splitlines() if line.strip()]
        except (ValueError, OSError):
            return None


def damaged(path: Path, why: str) -> UnreadableFileError:
    """Return the error of a file that is not what its form asks for."""
    return UnreadableFileError(f"the table cannot be read ({why})", where=path, fix="Export it again.")
