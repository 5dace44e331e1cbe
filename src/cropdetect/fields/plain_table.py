"""Tables without geometry, CSV and Parquet, with the text and the whole numbers that the file has."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow
import pyarrow.parquet

from cropdetect.errors import UnreadableFileError
from cropdetect.fields.columns import ID_COLUMNS, LABEL_COLUMNS, plain_name
from cropdetect.fields.csv_form import CsvForm

_MANY_ROWS, _ROWS_A_BYTE = 100_000, 2  # a field takes several bytes, however well it is packed
_RATIO, _SMALL = 200, 2**28  # unpacked over packed size, bytes
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,17}")  # as people write numbers: 007 is text


def read_plain_table(path: Path, *, text: Sequence[str] = ()) -> pd.DataFrame:
    """Read CSV (separated by comma, semicolon, tab or a vertical bar) or Parquet.

    A CSV file says of no column what it holds. Ids and labels are text as it is written, where only an empty cell is missing;
    they are whole numbers where all of them look like such. Every other column is what pandas takes it for. Empty rows are left
    out.

    Args:
        path: the file, `.parquet`, `.geoparquet` or else CSV.
        text: columns of ids or labels beside those that are known by name.

    Raises:
        UnreadableFileError: the file is damaged.
    """
    try:
        if path.suffix.lower() in (".parquet", ".geoparquet"):
            return exact_table(read_parquet(path))
        form = CsvForm.of(path)
        options: dict[str, Any] = {
            "sep": form.delimiter,
            "encoding": "utf-8-sig",
            "skiprows": form.above,
            "skipinitialspace": form.blanks,
        }
        table = _rows(pd.read_csv(path, **options))
        wanted = [name for name in table.columns if _is_text(table[name], {*ID_COLUMNS, *LABEL_COLUMNS, *text})]
        if wanted:
            written = _rows(pd.read_csv(path, usecols=wanted, dtype=object, keep_default_na=False, na_values=[""], **options))
            for name in wanted:
                table[name] = _numbers_or_text(written[name])
    except (pyarrow.ArrowException, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UnreadableFileError(f"the table cannot be read ({reason})", where=path, fix="Export it again.") from error
    return table.dropna(how="all").reset_index(drop=True)


def _rows(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table without the one column that has no name, such as R's names of rows, which pandas makes the index."""
    if table.index.nlevels > 1:
        raise ValueError("rows have more cells than the header has names")
    return table.reset_index(drop=True)


def read_parquet(path: Path) -> pyarrow.Table:
    """Read a Parquet file whose rows can be as many as it says.

    Raises:
        UnreadableFileError: it would unpack to far more than its own size.
        pyarrow.ArrowException, OSError: it is damaged.
    """
    with pyarrow.parquet.ParquetFile(path) as file:
        packed, rows = path.stat().st_size, file.metadata.num_rows
        unpacked = sum(file.metadata.row_group(k).total_byte_size for k in range(file.metadata.num_row_groups))
        if (rows > _MANY_ROWS and rows > _ROWS_A_BYTE * packed) or unpacked > max(_SMALL, _RATIO * packed):
            raise UnreadableFileError(
                f"its {packed / 1e3:.0f} kB are said to hold {rows} rows, {unpacked / 1e6:.0f} MB: too much for memory",
                where=path,
                fix="If you trust it, write it again without compression.",
            )
        table = file.read()
    table.validate(full=True)  # text that is none
    return table


def exact_table(arrow: pyarrow.Table) -> pd.DataFrame:
    """Return a table with the whole numbers that it has, also beside missing ones, and the index that pandas kept as columns."""
    table: pd.DataFrame = arrow.to_pandas()
    named = [level for level in table.index.names if level is not None]
    table = (table.reset_index(level=named) if named else table).reset_index(drop=True)
    for name in arrow.column_names:
        column = arrow.column(name)
        if column.null_count and pyarrow.types.is_integer(column.type) and name in table.columns:
            unsigned = pyarrow.types.is_unsigned_integer(column.type)
            table[name] = pd.array(column.to_pylist(), dtype="UInt64" if unsigned else "Int64")
    return table


def _is_text(column: "pd.Series[Any]", known: set[str]) -> bool:
    """Tell whether a column holds text that pandas may have changed."""
    name = str(column.name)
    lost_a_word = not pd.api.types.is_numeric_dtype(column.dtype) and bool(column.isna().any())
    return lost_a_word or name in known or plain_name(name) in known


def _numbers_or_text(column: "pd.Series[Any]") -> "pd.Series[Any]":
    written = column.dropna()
    if len(written) == 0 or not all(_WHOLE.fullmatch(cell) for cell in written):
        return column
    if len(written) == len(column):
        return column.astype("int64")
    numbers = pd.array([int(cell) if isinstance(cell, str) else None for cell in column], dtype="Int64")
    return pd.Series(numbers, index=column.index)
