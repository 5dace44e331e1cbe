"""What the forms of rows and columns have in common: where ids, dates and places stand."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from cropdetect.chips.tables.dates import days
from cropdetect.chips.tables.form import ReadOptions
from cropdetect.chips.tables.source import DATES, IDS, Source, damaged
from cropdetect.documents import parse_json
from cropdetect.door import check_crs
from cropdetect.errors import TableError
from cropdetect.fields.columns import known_columns
from cropdetect.fields.geometry import from_wkb
from cropdetect.fields.places import ON_EARTH, lonlat_columns, points_of

_OF_YEAR = ("doy", "day_of_year")


def asked(columns: Sequence[str], name: str | None, what: str, source: Source) -> str | None:
    """Return the column that the user named, or None where none was named.

    Raises:
        TableError: there is no such column.
    """
    if name is not None and name not in columns:
        raise TableError(
            f"there is no column {name!r} for the {what}", where=source.path, fix=f"The columns: {', '.join(columns)}."
        )
    return name


def id_column(source: Source, options: ReadOptions) -> str | None:
    """Return the column of field ids, or None."""
    return asked(source.columns, options.id, "ids", source) or next(iter(known_columns(source.columns, IDS)), None)


def read_dates(table: pd.DataFrame, source: Source, options: ReadOptions) -> tuple["pd.Series[Any] | None", list[str], list[str]]:
    """Return the day of each row, the columns that tell it, and warnings; None where no column is known to hold dates.

    Raises:
        TableError: the dates cannot be read, or two columns give different days.
    """
    columns = options.columns
    wanted = asked(list(table.columns), columns.date, "dates", source)
    candidates = [wanted] if wanted else known_columns(list(table.columns), DATES)
    warnings: list[str] = []
    parts = known_columns(list(table.columns), ("year", "month", "day"))
    if len(parts) > 1 and "month" in parts[1].lower() and set(candidates) <= set(parts):
        return _of_parts(table[parts], source.path, warnings), parts, warnings
    year = next(iter(known_columns(list(table.columns), ("year",))), None)
    found: dict[str, pd.Series[Any]] = {}
    used: list[str] = []
    for name in candidates:
        numbers = table[name].astype(str).str.fullmatch(r"\d{1,3}(\.0)?")
        of_year = name.lower() in _OF_YEAR or (bool(numbers.all()) and (year is not None or columns.year is not None))
        if of_year and columns.year is None and year is not None:
            found[name] = _of_years(table[year], table[name], source.path)
            used += [name, year]
            if name.lower() not in _OF_YEAR:
                warnings.append(f"{name} is taken for the day of the year, since {year} is there, too")
            continue
        if of_year and columns.year is None and found:
            continue  # another column has told the days
        if name.lower() in ("index", "t", "time") and name != wanted and found:
            continue
        day, more = days(table[name], source.path, date_format=columns.date_format, year=columns.year if of_year else None)
        found[name] = pd.Series(day, index=table.index)
        warnings += more
        used.append(name)
    for name in list(found)[1:]:
        first = next(iter(found))
        differ = (found[name] != found[first]).to_numpy()
        if differ.any():
            place = int(np.flatnonzero(differ)[0])
            raise TableError(
                f"the columns {first} and {name} give different days in {int(differ.sum())} rows: "
                f"{table[first].iloc[place]} and {table[name].iloc[place]}",
                where=source.path,
                fix=f"Name the right one in a YAML file (--columns): `date: {first}`.",
            )
    return (next(iter(found.values())) if found else None), used, warnings


def _of_parts(table: pd.DataFrame, where: Path, warnings: list[str]) -> "pd.Series[Any]":
    """Return the days of columns year, month and day; the middle of the month where there is no day."""
    try:
        texts = ["-".join(f"{int(part):02}" for part in row) for row in table.itertuples(index=False)]
    except (TypeError, ValueError) as error:
        raise TableError(f"{', '.join(table.columns)} do not hold whole numbers", where=where, fix="Correct them.") from error
    found, more = days(pd.Series(texts, dtype=object), where)
    warnings += more
    return pd.Series(found, index=table.index)


def _of_years(year: "pd.Series[Any]", day: "pd.Series[Any]", where: Path) -> "pd.Series[Any]":
    parts = []
    for one, part in day.groupby(year.astype("int64")):
        found, _ = days(part, where, year=int(str(one)))
        parts.append(pd.Series(found, index=part.index))
    together: pd.Series[Any] = pd.concat(parts).reindex(day.index)
    return together


def geometry_of(table: pd.DataFrame, source: Source, warnings: list[str]) -> tuple[gpd.GeoSeries | None, list[str]]:
    """Return the place of each row, from `.geo`, a geometry or longitude and latitude, and the columns that hold it.

    Raises:
        UnreadableFileError: the CRS of a GeoParquet file cannot be understood.
    """
    if ".geo" in table.columns:
        shapes = _parsed(table[".geo"], _geojson, warnings)
        return gpd.GeoSeries(shapes, index=table.index, crs="EPSG:4326"), [".geo"]
    for name in known_columns(list(table.columns), ("geometry", "wkt", "geom")):
        values = table[name]
        if values.map(lambda value: isinstance(value, bytes)).any():
            raw = [value if isinstance(value, bytes) else None for value in values]
            shapes = [_flat(shape) for shape in from_wkb(raw)]
            broken = sum(shape is None for shape in shapes) - raw.count(None)
            if broken:
                warnings.append(f"{name} holds no geometry that can be read in {broken} rows")
            return gpd.GeoSeries(shapes, index=table.index, crs=_parquet_crs(source, name)), [name]
        doubts: list[str] = []
        shapes = _parsed(values, _wkt, doubts)
        if any(shape is not None for shape in shapes):
            warnings += doubts
            return gpd.GeoSeries(shapes, index=table.index, crs="EPSG:4326"), [name]
    columns = lonlat_columns(table)
    return (None if columns is None else points_of(table, columns, warnings)), []


def _flat(shape: Any) -> Any:
    """Return a geometry in two dimensions; None where it is empty, or has coordinates that are no numbers."""
    flat = shapely.force_2d(shape)
    return flat if np.isfinite(shapely.bounds(flat)).all() else None


def _parsed(values: "pd.Series[Any]", parse: Any, warnings: list[str]) -> list[Any]:
    """Return geometries in degrees that are written as text; None where there is none, or none on the Earth."""
    seen: dict[str, Any] = {}
    for text in values.dropna().astype(str).unique():
        shape = _flat(parse(text))
        on_earth = shape is not None and (np.abs(shapely.bounds(shape)) <= 2 * ON_EARTH).all()
        seen[text] = shape if on_earth else None
    broken = [text for text, shape in seen.items() if shape is None]
    if broken:
        rows = int(values.isin(broken).sum())
        warnings.append(f"{values.name} holds no geometry that can be read in {rows} rows, such as {broken[0][:40]!r}")
    return [seen.get(str(value)) if isinstance(value, str) else None for value in values]


def _geojson(text: str) -> Any:
    try:
        return shapely.from_geojson(text) if parse_json(text) else None
    except (ValueError, shapely.errors.GEOSException):
        return None


def _wkt(text: str) -> Any:
    try:
        return shapely.from_wkt(text)
    except shapely.errors.GEOSException:
        return None


def _parquet_crs(source: Source, column: str) -> CRS | str | None:
    """Return the CRS of a GeoParquet column; longitude and latitude where it says none (GeoParquet 1.1)."""
    metadata = pyarrow.parquet.read_schema(source.path).metadata or {}
    if b"geo" not in metadata:
        return None
    try:
        told = parse_json(metadata[b"geo"])["columns"][column].get("crs", "OGC:CRS84")
        crs = None if told is None else CRS.from_user_input(told)
        if crs is not None:
            check_crs(crs.to_wkt())
        return crs
    except (KeyError, ValueError, TypeError, AttributeError, CRSError) as error:
        raise damaged(source.path, f"its description of geometries is broken: {error}") from error
