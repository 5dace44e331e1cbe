"""Long tables: one row a field and date, one column a band."""

from dataclasses import replace
from typing import Any, ClassVar

import pandas as pd

from cropdetect.chips.tables.bands import is_known_band
from cropdetect.chips.tables.column_map import proposed_map
from cropdetect.chips.tables.form import Form, Observations, ReadOptions
from cropdetect.chips.tables.rows import asked, geometry_of, id_column, read_dates
from cropdetect.chips.tables.source import DATES, Source
from cropdetect.errors import TableError
from cropdetect.fields.columns import known_columns


class LongTable(Form):
    """One row a field and date, with columns of ids, dates and bands that are known by name, or that `--columns` names."""

    name: ClassVar[str] = "long"
    description: ClassVar[str] = "one row a field and date: columns of ids, dates and bands"

    def recognises(self, source: Source, options: ReadOptions) -> bool:
        """See `Form`."""
        return (
            bool(source.columns)
            and options.has_bands(source.columns)
            and (
                options.columns.date is not None
                or bool(known_columns(source.columns, DATES))
                or len(known_columns(source.columns, ("year", "month"))) == 2
            )
        )

    def read(self, source: Source, options: ReadOptions) -> Observations:
        """See `Form`."""
        table = source.table(options.text)
        ids_in = id_column(source, options)
        dates, dates_in, warnings = read_dates(table, source, options)
        if dates is None or ids_in is None:
            raise no_column("dates" if dates is None else "field ids", source, ids_in, next(iter(dates_in), None))
        return self.rows(source, table, table[ids_in], dates, [ids_in, *dates_in], warnings)

    def rows(
        self,
        source: Source,
        table: pd.DataFrame,
        ids: "pd.Series[Any]",
        dates: "pd.Series[Any]",
        used: list[str],
        warnings: list[str],
    ) -> Observations:
        """Return the rows without the columns that are used up."""
        geometry, places = geometry_of(table, source, warnings)
        rest = table.drop(columns=[name for name in dict.fromkeys((*used, *places)) if name in table.columns])
        return Observations(ids=ids, dates=dates, table=rest, geometry=geometry, warnings=tuple(warnings))


def no_column(what: str, source: Source, id: str | None = None, date: str | None = None) -> TableError:
    """Return the error of a table in which no column is known to hold ids or dates; it shows a YAML that names them."""
    bands = None if any(map(is_known_band, source.columns)) else ()
    return TableError(
        f"no column is known to hold {what}; the columns are {', '.join(source.columns)}",
        where=source.path,
        fix=f"Write a YAML file and give it with --columns:\n{proposed_map(id=id, date=date, bands=bands)}",
    )


class WorldCereal(LongTable):
    """Extractions of WorldCereal, one row a sample and date.

    Source: WorldCereal/worldcereal-classification, worldcereal/utils/timeseries.py (columns `sample_id`, `timestamp`,
    `S2-L2A-B02`, `S1-SIGMA0-VV`, `AGERA5-PRECIP`; 65535 is no data).
    """

    name: ClassVar[str] = "worldcereal"
    description: ClassVar[str] = "WorldCereal extractions (Parquet): sample_id, timestamp, S2-L2A-B02 ..."

    def recognises(self, source: Source, options: ReadOptions) -> bool:
        """See `Form`."""
        names = source.columns
        return {"sample_id", "timestamp"} <= set(names) and any("S2-L2A-" in one or "S1-SIGMA0-" in one for one in names)

    def read(self, source: Source, options: ReadOptions) -> Observations:
        """See `Form`."""
        table = source.table(options.text)
        id = asked(source.columns, options.id, "ids", source) or "sample_id"
        date = options.columns.date or "timestamp"
        dates, dates_in, warnings = read_dates(table, source, ReadOptions(options.columns.model_copy(update={"date": date})))
        if dates is None:
            raise no_column("dates", source, id)
        if any("SIGMA0" in name for name in table.columns):
            warnings.append("backscatter is kept as whole numbers n, as WorldCereal does; decibels are 20 log10(n) - 83")
        return replace(self.rows(source, table, table[id], dates, [id, *dates_in], warnings), no_value=(65535.0,))
