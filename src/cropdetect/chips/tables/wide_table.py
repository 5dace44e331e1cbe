"""Wide tables as a form: Earth Engine's `toBands`, sits, and any table with a column a date and band."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from cropdetect.chips.tables.bands import is_known_band
from cropdetect.chips.tables.column_map import proposed_map
from cropdetect.chips.tables.dates import days
from cropdetect.chips.tables.earth_engine import sensor_of_image_names
from cropdetect.chips.tables.form import Form, Observations, ReadOptions
from cropdetect.chips.tables.rows import geometry_of, id_column
from cropdetect.chips.tables.source import IDS, Source
from cropdetect.chips.tables.wide import WideColumn, dated_columns, numbered_columns, to_long
from cropdetect.errors import TableError
from cropdetect.fields.columns import known_columns

_PERIOD = ("start_date", "end_date")


class WideTable(Form):
    """One row a field; a column is called after a date (or its number) and a band."""

    name: ClassVar[str] = "wide"
    description: ClassVar[str] = "one row a field, a column a date and band: 20190606_B4, B4_2019-06-06, 0_B4, NDVI1"

    def recognises(self, source: Source, options: ReadOptions) -> bool:
        """See `Form`."""
        return bool(self._columns(source, options))

    def _columns(self, source: Source, options: ReadOptions) -> list[WideColumn]:
        columns = dated_columns(source.columns)
        if any(is_known_band(one.band) or one.band in options.columns.bands for one in columns):
            return columns
        return numbered_columns(source.columns)

    def read(self, source: Source, options: ReadOptions) -> Observations:
        """See `Form`."""
        table = source.table(options.text)
        columns = self._columns(source, options)
        texts = list(dict.fromkeys(one.date for one in columns))
        warnings: list[str] = []
        dates: dict[str, object] = {}
        period = known_columns(list(table.columns), _PERIOD)
        if dated_columns([columns[0].column]):
            day, warnings = days(pd.Series(texts, dtype=object), source.path, date_format=options.columns.date_format)
            dates = dict(zip(texts, day, strict=True))
        else:
            dates = self._numbered(texts, columns, table, period, source, options, warnings)
        long = to_long(table, columns, dates)
        if not dated_columns([columns[0].column]) and options.columns.dates is None:
            long["date"] = _between(table, period, long, source)
        ids, ids_in = _ids(table, source, options, warnings)
        geometry, places = geometry_of(table, source, warnings)
        wide_names = {one.column for one in columns}
        used = {*wide_names, *places, *ids_in, "system:index", *period}
        fields = table.drop(columns=[name for name in table.columns if name in used]).assign(field_id=ids)
        if geometry is not None:
            fields["geometry"] = geometry
        return Observations(
            ids=long["row"].map(ids),
            dates=long["date"],
            table=long.drop(columns=["row", "date"]),
            fields=fields,
            fields_name=source.path.name,
            sensor=sensor_of_image_names(pd.Series([one.column for one in columns])),
            warnings=tuple(warnings),
        )

    @staticmethod
    def _numbered(
        texts: Sequence[str],
        columns: Sequence[WideColumn],
        table: pd.DataFrame,
        period: Sequence[str],
        source: Source,
        options: ReadOptions,
        warnings: list[str],
    ) -> dict[str, object]:
        """Return the day of each number, or the number where a column tells the first and the last day."""
        first = min(int(text) for text in texts)
        if options.columns.dates is not None:
            found = {text: options.columns.day_of(text, first) for text in texts}
            lacking = [text for text, day in found.items() if day is None]
            if lacking:
                raise TableError(
                    f"--columns gives no day for the numbers {', '.join(lacking)} in the columns' names",
                    where=source.path,
                    fix="Give `dates` a day for each number.",
                )
            return {text: np.datetime64(str(day)) for text, day in found.items()}
        if len(period) == 2 and len(texts) > 1:
            warnings.append(
                f"the columns number their dates ({columns[0].column} ... {columns[-1].column}) but not the days: they "
                f"are spread evenly from {period[0]} to {period[1]}; a YAML file can give them (--columns), `dates: [...]`"
            )
            return {text: int(text) - first for text in texts}
        shown = proposed_map(id=id_column(source, options), dates=texts, bands=None)
        raise TableError(
            f"the columns number their dates ({columns[0].column} ... {columns[-1].column}) but nothing gives the days",
            where=source.path,
            fix=f"Write a YAML file and give it with --columns:\n{shown}",
        )


def _between(table: pd.DataFrame, period: Sequence[str], long: pd.DataFrame, source: Source) -> "pd.Series[Any]":
    first, last = (pd.Series(days(table[name], source.path)[0], index=table.index) for name in period)
    number = long["date"].astype("float64").to_numpy()
    start, end = (long["row"].map(one).to_numpy().astype("datetime64[D]").astype("float64") for one in (first, last))
    day = np.rint(start + (end - start) * number / number.max())
    return pd.Series(day.astype("int64").astype("datetime64[D]"), index=long.index)


def _ids(table: pd.DataFrame, source: Source, options: ReadOptions, warnings: list[str]) -> tuple["pd.Series[Any]", list[str]]:
    """Return the ids, and the column that holds them: the named or a known one that tells the rows apart, or no column."""
    if options.id is not None:
        name = str(id_column(source, options))
        return table[name], [name]
    for name in known_columns(list(table.columns), (*IDS, "system:index")):
        if table[name].notna().all() and not table[name].duplicated().any():
            return table[name], [name]
        warnings.append(f"the column {name} repeats values, or has none, so it holds no field ids; --id-column names another")
    warnings.append("no column holds field ids: the row number, from 1, is the id")
    return pd.Series(np.arange(1, len(table) + 1), index=table.index), []
