"""Tables that openEO's `aggregate_spatial` gives, CSV and JSON.

Source: openeo-python-client, openeo/rest/conversions.py, `timeseries_json_to_pandas` (JSON: date -> polygon -> band), and the CSV
of the Geotrellis back end: `date,feature_index,avg(band_0),avg(band_1)`, where `feature_index` counts the polygons that were
sent.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import pandas as pd

from cropdetect.chips.tables.bands import is_known_band, parse_column
from cropdetect.chips.tables.dates import days
from cropdetect.chips.tables.form import Form, Observations, ReadOptions
from cropdetect.chips.tables.long import LongTable
from cropdetect.chips.tables.rows import id_column, read_dates
from cropdetect.chips.tables.source import Source, damaged
from cropdetect.errors import TableError

_NUMBERED = re.compile(r"(?:\w+\()?band_(?P<number>\d+)\)?")
_DATE_KEY = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?")


class OpenEOCsv(LongTable):
    """One row a polygon and date."""

    name: ClassVar[str] = "openeo"
    description: ClassVar[str] = "openEO aggregate_spatial (CSV, Parquet): date, feature_index, a column a band"

    def recognises(self, source: Source, options: ReadOptions) -> bool:
        """See `Form`."""
        return {"date", "feature_index"} <= set(source.columns)

    def read(self, source: Source, options: ReadOptions) -> Observations:
        """See `Form`."""
        table = source.table(options.text)
        ids = id_column(source, options) or "feature_index"
        dates, used, warnings = read_dates(table, source, options)
        assert dates is not None
        bands = _bands([name for name in table.columns if name not in (ids, *used)], options, source)
        rows = self.rows(source, table, table[ids], dates, [ids, "feature_index", *used], warnings)
        return replace(rows, bands=bands, positions=ids == "feature_index")


class OpenEOJson(Form):
    """Date -> polygon -> band."""

    name: ClassVar[str] = "openeo-json"
    description: ClassVar[str] = "openEO aggregate_spatial (JSON): a list of polygons a date, a list of bands a polygon"

    def recognises(self, source: Source, options: ReadOptions) -> bool:
        """See `Form`."""
        content = source.document
        return (
            isinstance(content, dict)
            and bool(content)
            and all(_DATE_KEY.fullmatch(key) and isinstance(value, list) for key, value in content.items())
        )

    def read(self, source: Source, options: ReadOptions) -> Observations:
        """See `Form`."""
        rows: list[tuple[str, int, list[Any]]] = []
        for date, polygons in source.document.items():
            for number, values in enumerate(polygons):
                rows.append((date, number, values if isinstance(values, list) else [values]))
        width = max((len(values) for _, _, values in rows), default=0)
        if any(values and len(values) != width for _, _, values in rows):
            raise damaged(source.path, "the dates have different numbers of bands")
        columns = [f"band_{number}" for number in range(width)]
        try:
            table = pd.DataFrame([values or [None] * width for _, _, values in rows], columns=columns, dtype="float64")
        except (TypeError, ValueError, OverflowError) as error:
            raise damaged(source.path, "a value is no number") from error
        day, warnings = days(pd.Series([date for date, _, _ in rows], dtype=object), source.path)
        return Observations(
            ids=pd.Series([number for _, number, _ in rows]),
            dates=pd.Series(day),
            table=table,
            bands=_bands(columns, options, source),
            positions=True,
            has_attributes=False,
            warnings=tuple(warnings),
        )


def _bands(columns: Sequence[str], options: ReadOptions, source: Source) -> Mapping[str, str] | None:
    """Return column -> band where the columns have numbers only; None where their names tell the bands."""
    given = {**options.band_names, **options.columns.bands}
    known = {name: parse_column(name).band for name in columns if is_known_band(name)}
    if known:  # a list that names bands by their numbers is not needed then
        return known if given and all(key.isdigit() for key in given) else None
    numbered = {name: match["number"] for name in columns if (match := _NUMBERED.fullmatch(name))}
    found = {
        name: band
        for name, number in numbered.items()
        if (band := given.get(name) or given.get(f"band_{number}") or given.get(number))
    }
    if numbered and not found:
        names = "\n".join(f"  - ...   # {name}, e.g. B04" for name in numbered)
        raise TableError(
            f"openEO has numbered the bands ({', '.join(numbered)}), so that their names are not known",
            where=source.path,
            fix=f"Name them in the order of the cube, in a YAML file that --columns gives:\nbands:\n{names}",
        )
    return found or None
