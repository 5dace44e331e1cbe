"""`series.parquet`: the season of every field, as a table that other commands read again."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from cropdetect.errors import UnreadableFileError
from cropdetect.inference import FieldSeries, Predictions

_KEYS = ("field_id", "date")


def write_series(predictions: Predictions, path: Path) -> None:
    """Write one row a field and date: field_id, date, one column a band (null: no clear pixel)."""
    series = predictions.series
    if series is None:
        raise ValueError("the seasons are not known")
    ids = predictions.fields["field_id"].reset_index(drop=True)
    if not pd.api.types.is_integer_dtype(ids):
        ids = ids.astype("string")
    columns = {
        "field_id": pa.Array.from_pandas(ids.iloc[series.field]),
        "date": pa.array(series.date.astype("datetime64[s]")),
    } | {band: pa.array(series.values[:, k], from_pandas=True) for k, band in enumerate(series.bands)}
    pq.write_table(pa.table(columns), path, compression="zstd", row_group_size=1_000_000)


def read_series(path: Path, field_ids: "pd.Series[int] | pd.Series[str]") -> FieldSeries | None:
    """Read `series.parquet`; None where there is no such file. Rows of unknown fields are left out.

    Args:
        path: the file.
        field_ids: ids in the order of the fields table.

    Raises:
        UnreadableFileError: the file is damaged or not such a table.
    """
    if not path.is_file():
        return None
    try:
        table = pq.read_table(path)
        bands = tuple(name for name in table.column_names if name not in _KEYS)
        ids = pd.Index(field_ids.astype(str))
        known = table.column("field_id").to_pandas().astype(str)
        codes, unique = pd.factorize(known)
        field = ids.get_indexer(pd.Index(unique))[codes] if ids.is_unique else _first(ids).get_indexer(pd.Index(unique))[codes]
        date = table.column("date").to_numpy().astype("datetime64[D]")
        values = np.stack([_numbers(table.column(band)) for band in bands], axis=1)
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise UnreadableFileError(f"the seasons cannot be read: {error}", where=path, fix="Predict again.") from error
    there = field >= 0
    order = np.lexsort((date[there], field[there]))
    return FieldSeries(bands, field[there][order].astype(np.int64), date[there][order], values[there][order])


def _first(ids: "pd.Index[str]") -> "pd.Index[str]":
    """Give later rows of an id that is there already a name that no series has."""
    again = ids.duplicated()
    return pd.Index([f"\0{k}" if repeated else name for k, (name, repeated) in enumerate(zip(ids, again, strict=True))])


def _numbers(column: pa.ChunkedArray) -> npt.NDArray[np.float32]:
    return np.asarray(column.to_pandas().to_numpy(dtype=np.float32, na_value=np.nan))
