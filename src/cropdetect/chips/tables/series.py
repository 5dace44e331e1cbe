"""The observations of a table before values are looked at: which columns are bands, which days, which rows are clear."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cropdetect.chips.tables.bands import bands_of, parse_column
from cropdetect.chips.tables.column_map import proposed_map
from cropdetect.chips.tables.dates import days
from cropdetect.chips.tables.form import Observations, ReadOptions
from cropdetect.chips.tables.source import Source
from cropdetect.chips.tables.values import as_numbers, first_that_is_no_number, may_be_numbers
from cropdetect.errors import MissingBandError, OptionError, TableError
from cropdetect.fields import field_ids
from cropdetect.fields.columns import split_ids
from cropdetect.imagery.backscatter import is_backscatter
from cropdetect.imagery.bands import find_band, is_classes
from cropdetect.imagery.clear import parse_clear
from cropdetect.imagery.masks import default_clear


@dataclass(frozen=True)
class TableSeries:
    """The rows with bands and days, before values are looked at.

    Attributes:
        ids: without missing ones.
        dates: day of each row.
        values: one column a band, float64.
        clear: whether the quality columns say that a row is clear.
        others: columns that are no bands.
        sensor: as names tell.
        warnings: what a user should know.
    """

    ids: "pd.Series[Any]"
    dates: npt.NDArray[np.datetime64]
    values: pd.DataFrame
    clear: npt.NDArray[np.bool_]
    others: pd.DataFrame
    sensor: str | None
    warnings: tuple[str, ...]

    @classmethod
    def of(cls, rows: Observations, source: Source, options: ReadOptions, clear: str | None) -> "TableSeries":
        """Find the bands and the days of all rows that have an id."""
        where, said = source.path, options.columns
        warnings: list[str] = []
        date, more = days(rows.dates, where, date_format=said.date_format, year=said.year)
        warnings += more
        ids, no_id = field_ids(rows.ids)
        if no_id.any():
            warnings.append(f"{int(no_id.sum())} rows without a field id are left out")
        if ids.dtype != np.int64 and (told := split_ids(ids.unique())):
            warnings.append(told)
        given = rows.bands if rows.bands is not None else said.bands
        renamed = {} if given else _renamed_columns(rows.table, options.band_names)
        table = rows.table.rename(columns=renamed)
        numbers, empty = _numbers(table, rows, {*given, *renamed.values()}, where, warnings)
        _check_given(given, table, where)
        unnamed = [
            name for name in numbers if rows.every_number and may_be_numbers(name) and not _is_attribute(numbers[name], ids)
        ]
        unnamed += [name for name in numbers if name in renamed.values()]
        found, sensor, more = bands_of(list(numbers), given=given, told_sensor=rows.sensor, every_number=unnamed, where=where)
        done = {*renamed.values(), *(rows.bands or {}).values()}  # openEO's numbers have got their names already
        found = _renamed_bands(found, {old: new for old, new in options.band_names.items() if new not in done})
        warnings += more
        if empty:
            warnings.append(f"{', '.join(empty)} is empty throughout and left out")
        values = pd.DataFrame({band: numbers[column] for column, band in found.items()}, index=table.index)
        values, is_clear, more = _clear(values, clear)
        warnings += more
        if values.empty or not len(values.columns):
            raise _no_bands(table, rows, source)
        others = table.drop(columns=[*found, *empty], errors="ignore")
        keep = ~no_id
        return cls(ids[keep], date[keep], values[keep], is_clear[keep], others[keep], sensor, tuple(warnings))


def _numbers(
    table: pd.DataFrame, rows: Observations, told: Collection[str], where: Path, warnings: list[str]
) -> tuple[dict[str, "pd.Series[Any]"], list[str]]:
    """Return the columns of numbers that may be bands, and the names of those that are empty."""
    numbers: dict[str, pd.Series[Any]] = {}
    empty: list[str] = []
    for name in table.columns:
        sure = name in told or parse_column(name).is_known
        if not sure and not (rows.every_number and may_be_numbers(name)):
            continue
        found, word = as_numbers(table[name])
        if found is None:
            shown = ascii(first_that_is_no_number(table[name])[:40])
            fix = "Write numbers without separators of thousands." if "," in shown else "Remove it, or give numbers."
            raise TableError(f"column {name} does not hold numbers, but {shown}", where=where, fix=fix)
        if found.isna().all():
            empty.append(name)
            continue
        if word:
            warnings.append(f"{word!r} in {name} is taken for 'no value'")
        numbers[name] = found
    return numbers, empty


def _renamed_columns(table: pd.DataFrame, band_names: Mapping[str, str]) -> dict[str, str]:
    """Return column -> new name, of the columns that the user called by their name or by their band (`B4` of `B4_mean`)."""
    parsed = [parse_column(str(name)) for name in table.columns]
    of_band = {one.band: one.column for one in reversed(parsed) if one.reducer in ("", "mean", "median")}
    columns = of_band | {one.column: one.column for one in parsed}
    renamed = {columns[old]: new for old, new in band_names.items() if old in columns}
    _refuse_twice([renamed.get(one.column, one.column) for one in parsed])
    return renamed


def _renamed_bands(found: Mapping[str, str], band_names: Mapping[str, str]) -> dict[str, str]:
    """Return column -> band with the new names of those bands that have them."""
    absent = [old for old in band_names if old not in found.values()]
    if absent:
        raise MissingBandError(
            f"there is no band {', '.join(absent)} to be renamed", fix=f"The bands found are {', '.join(sorted(found.values()))}."
        )
    renamed = {column: band_names.get(band, band) for column, band in found.items()}
    _refuse_twice(list(renamed.values()))
    return renamed


def _refuse_twice(names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise OptionError(f"{', '.join(twice)} would be the name of two bands", fix="Give the other band another name, too.")


def _check_given(given: Mapping[str, str], table: pd.DataFrame, where: Path) -> None:
    lacking = [name for name in given if name not in table.columns and not name.isdigit() and not name.startswith("band_")]
    if lacking:
        raise TableError(
            f"there is no column {', '.join(lacking)} for a band",
            where=where,
            fix=f"The columns: {', '.join(map(str, table.columns))}.",
        )


def _is_attribute(numbers: "pd.Series[Any]", ids: "pd.Series[Any]") -> bool:
    """Tell whether a column of no known name is the same on all dates of each field: it is the field's, as its area is."""
    if parse_column(str(numbers.name)).is_known:
        return False
    groups = numbers.groupby(ids)
    return bool((groups.count() > 1).any() and (groups.nunique() <= 1).all() and numbers.nunique() > 1)


def _no_bands(table: pd.DataFrame, rows: Observations, source: Source) -> TableError:
    names = [str(name) for name in table.columns]
    fix = "Give every band a column of numbers."
    if not rows.every_number:
        fix = f"Say which columns are bands, in a YAML file that --columns gives:\n{proposed_map(bands=names[:6])}".replace(
            "id: ...\ndate: ...\n", ""
        )
    return TableError(f"no band holds a number; the columns are {', '.join(names)}", where=source.path, fix=fix)


def _clear(values: pd.DataFrame, expression: str | None) -> tuple[pd.DataFrame, npt.NDArray[np.bool_], list[str]]:
    """Apply the conditions on quality columns; return the bands without classes, and which rows are clear.

    Where there is radar, what optical bands show in cloudy rows is missing instead: clouds do not hide radar.
    """
    warnings = []
    usable = {}
    for band in values:
        numbers = values[band].dropna()
        if is_classes(str(band)) and bool((numbers != np.round(numbers)).any()):
            warnings.append(f"{band} holds means of classes, which do not show clouds: it is not used")
        else:
            usable[str(band)] = values[band]
    seen = {band: numbers.dropna().to_numpy() for band, numbers in usable.items()}
    conditions = default_clear(list(usable), seen) if expression is None else parse_clear(expression)
    clear = np.ones(len(values), bool)
    for condition in conditions:
        if condition.band not in usable:
            raise MissingBandError(
                f"there is no band {condition.band}", fix=f"The bands are {', '.join(map(str, values.columns))}."
            )
        here = usable[condition.band].notna().to_numpy()
        clear &= ~here | condition.holds(usable[condition.band].to_numpy())
    by_condition = {condition.band for condition in conditions}
    for band in by_condition:
        warnings.append(f"{band} shows which rows are clear")
    quality = [str(band) for band in values if find_band(str(band)).kind in ("classes", "mask")]
    unused = [band for band in quality if band in usable and band not in by_condition]
    if unused:
        warnings.append(f"{', '.join(unused)} may show clouds, but is not used; --clear uses it")
    values = values.drop(columns=quality)
    radar = [band for band in values if is_backscatter(str(band))]
    if radar and not clear.all():
        values = values.where(clear[:, None] | values.columns.isin(radar))
        clear = np.ones(len(values), bool)
    return values, clear, warnings
