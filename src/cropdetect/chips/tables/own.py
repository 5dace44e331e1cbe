"""The tool's own form: a folder with `series` and `fields`, each Parquet or CSV."""

from pathlib import Path
from typing import ClassVar

import pandas as pd

from cropdetect.chips.tables.form import Form, Observations, ReadOptions
from cropdetect.chips.tables.rows import asked
from cropdetect.chips.tables.source import Source
from cropdetect.errors import InputNotFoundError, TableError

_SUFFIXES = (".parquet", ".csv")


class OwnFolder(Form):
    """`series.parquet|csv` (field_id, date, a column a band) beside `fields.parquet|csv` (field_id, label, lon, lat, ...)."""

    name: ClassVar[str] = "folder"
    description: ClassVar[str] = "a folder with series.parquet|csv and fields.parquet|csv"

    def recognises(self, source: Source, options: ReadOptions) -> bool:
        """See `Form`."""
        return source.path.is_dir() and any((source.path / f"series{suffix}").is_file() for suffix in _SUFFIXES)

    def read(self, source: Source, options: ReadOptions) -> Observations:
        """See `Form`."""
        series = _file(source.path, "series")
        fields = _file(source.path, "fields")
        id, date = options.columns.id or "field_id", options.columns.date or "date"
        series_table, fields_table = (_read(file, options) for file in (series, fields))
        for table, file, columns in ((series_table, series, (id, date)), (fields_table, fields, ("field_id",))):
            for column in columns:
                if column == "field_id" and options.id in table.columns:
                    continue
                asked(list(table.columns), column, "ids" if column == id else "dates", file)
        series_id = options.id if options.id in series_table.columns else id
        fields_id = options.id if options.id in fields_table.columns else "field_id"
        return Observations(
            ids=series_table[series_id],
            dates=series_table[date],
            table=series_table.drop(columns=[series_id, date]),
            every_number=True,
            fields=fields_table.rename(columns={fields_id: "field_id"}),
            fields_name=fields.path.name,
        )


def _file(folder: Path, name: str) -> Source:
    for suffix in _SUFFIXES:
        file = folder / f"{name}{suffix}"
        if file.is_file():
            return Source(file)
    raise InputNotFoundError(f"there is no {name}.parquet or {name}.csv", where=folder, fix="See docs/tables.md.")


def _read(file: Source, options: ReadOptions) -> pd.DataFrame:
    if not file.columns:
        raise TableError("the file has no columns", where=file.path, fix="Export it again.")
    return file.table(options.text)
