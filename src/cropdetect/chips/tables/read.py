"""From a file or folder with a table of series to chips of 1 x 1 pixel."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from cropdetect.chips.batch import ChipBatch
from cropdetect.chips.chipset import ChipInfo
from cropdetect.chips.memory import MemoryChips
from cropdetect.chips.tables.bands import bands_of, is_known_band, parse_column
from cropdetect.chips.tables.column_map import ColumnMap, proposed_map, read_column_map
from cropdetect.chips.tables.dates import days
from cropdetect.chips.tables.earth_engine import EarthEngineLong
from cropdetect.chips.tables.eurocropsml import EuroCropsML
from cropdetect.chips.tables.fields import attributes, field_rows, joined, read_fields_file
from cropdetect.chips.tables.form import Form, Observations, ReadOptions
from cropdetect.chips.tables.long import LongTable, WorldCereal
from cropdetect.chips.tables.openeo import OpenEOCsv, OpenEOJson
from cropdetect.chips.tables.own import OwnFolder
from cropdetect.chips.tables.rows import DATES, IDS, named
from cropdetect.chips.tables.sentinel_hub import SentinelHub
from cropdetect.chips.tables.source import CSV_SUFFIXES, JSON_SUFFIXES, PARQUET_SUFFIXES, Source
from cropdetect.chips.tables.values import as_numbers, in_one_unit, may_be_numbers, without_fills, without_offset
from cropdetect.chips.tables.wide_table import WideTable
from cropdetect.errors import CropDetectError, FieldsError, InputNotFoundError, MissingBandError, TableError
from cropdetect.fields import NO_LABELS, field_ids, find_label_column
from cropdetect.fields.columns import LABEL_COLUMNS
from cropdetect.imagery.bands import find_band, is_classes
from cropdetect.imagery.clear import parse_clear
from cropdetect.imagery.masks import default_clear

#: All forms; the first that recognises a source reads it.
FORMS: tuple[Form, ...] = (
    OwnFolder(),
    SentinelHub(),
    OpenEOJson(),
    EuroCropsML(),
    WorldCereal(),
    OpenEOCsv(),
    EarthEngineLong(),
    LongTable(),
    WideTable(),
)


def is_table(path: Path) -> bool:
    """Tell whether a folder or file is a table of series.

    A CSV file and a Parquet file without geometry always are; what lacks is said when the table is read. A file that may be a
    vector file as well (GeoParquet, JSON) is one where a form recognises it.
    """
    source = Source(path)
    if source.suffix in CSV_SUFFIXES:
        return True
    try:
        if source.suffix in PARQUET_SUFFIXES and not source.has_geometry:
            return True
        if path.is_dir() or source.suffix in (*PARQUET_SUFFIXES, *JSON_SUFFIXES):
            return _form_of(source, ReadOptions(ColumnMap())) is not None
    except (CropDetectError, ValueError, OSError):
        return False
    return False


def read_table(
    path: Path,
    *,
    label_column: str | None = None,
    id_column: str | None = None,
    fields: Path | None = None,
    layer: str | None = None,
    legend: Mapping[str, str] | None = None,
    columns: Path | None = None,
    bands: Sequence[str] | None = None,
    clear: str | None = None,
    offset: float | None = None,
) -> MemoryChips:
    """Read a table of series: a folder with `series` and `fields`, or an export as a file (see `FORMS`).

    A missing value is NaN; a step is clear where some band has a value. Bands that are empty throughout are left out.

    Args:
        path: folder or file.
        label_column: column of labels (default: label, crop, crop:code or crop_code, if there is one).
        id_column: column of the field ids (default: found by name).
        fields: vector file or plain table of the fields, joined by id (default: what the table itself tells).
        layer: layer of `fields`.
        legend: label code -> class name.
        columns: YAML file that names the columns (see `ColumnMap`).
        bands: bands to keep (default: all).
        clear: expression of what counts as clear (default: as for imagery, where the table has such bands).
        offset: offset to take off reflectances.

    Raises:
        InputNotFoundError: a file is missing.
        UnreadableFileError: a file is damaged.
        TableError: a column is missing, holds something else than it should, or contradicts another.
        FieldsError: a named column is absent, or two columns could be the labels.
        MissingBandError: there is no such band.
    """
    if not path.exists():
        raise InputNotFoundError("no such file or folder", where=path, fix="Check the path.")
    said = ColumnMap() if columns is None else read_column_map(columns)
    label_column = label_column or said.label
    source = Source(path)
    own = ReadOptions(said, id_column if fields is None or _has(source, id_column) else None, label_column)
    form = _form_of(source, own)
    if form is None:
        raise _not_recognised(source)
    rows = form.read(source, own)
    chips = _Series.of(rows, source, said, clear)
    warnings = [*(f"{path.name}: {text}" for text in (*rows.warnings, *chips.warnings))]
    table, place, more = _fields(rows, chips, source, own, _FieldsFile(fields, layer, id_column), legend)
    warnings += more
    values, units, more = _values(chips, rows.no_value, said, source, offset)
    warnings += [f"{path.name}: {text}" for text in more]
    values = _wanted(values, bands, source)
    used = _in_order(chips, values, place, warnings, path.name)
    files = _files(path, fields, columns)
    info = _info(path, files, (own, layer, legend, clear, offset), list(values.columns), units, chips.sensor, offset, warnings)
    return MemoryChips(*_chips(info, table, used, list(values.columns)))


def _has(source: Source, column: str | None) -> bool:
    return column is None or column in source.columns or not source.columns


def _form_of(source: Source, options: ReadOptions) -> Form | None:
    return next((form for form in FORMS if form.recognises(source, options)), None)


def _not_recognised(source: Source) -> CropDetectError:
    if source.path.is_dir():
        return InputNotFoundError("there is no series.parquet or series.csv", where=source.path, fix="See the README's Tables.")
    names = list(source.columns)
    if not names:
        return TableError(
            "the file is none of the tables that are known", where=source.path, fix="docs/tables.md shows what can be read."
        )
    date = next(iter(named(names, DATES)), None) or _column_of_dates(source)
    known = named(names, (*IDS, *DATES, *LABEL_COLUMNS))
    numbers = [name for name in names if may_be_numbers(name) and name != date and name not in known]
    shown = proposed_map(
        id=next(iter(named(names, IDS)), None),
        date=date,
        bands=[name for name in names if is_known_band(name)] or numbers[:6],
        label=next(iter(named(names, LABEL_COLUMNS)), None),
    )
    return TableError(
        f"the table is of no known form; its columns are {', '.join(names)}",
        where=source.path,
        fix=f"Say what they hold, in a YAML file that --columns gives:\n{shown}",
    )


def _column_of_dates(source: Source) -> str | None:
    """Return a column whose values can be read as dates."""
    table = source.table()
    for name in table.columns:
        try:
            if not pd.api.types.is_numeric_dtype(table[name].dtype):
                days(table[name], source.path)
                return str(name)
        except TableError:
            continue
    return None


@dataclass(frozen=True)
class _Series:
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
    def of(cls, rows: Observations, source: Source, said: ColumnMap, clear: str | None) -> "_Series":
        """Find the bands and the days of all rows that have an id."""
        where = source.path
        warnings: list[str] = []
        date, more = days(rows.dates, where, date_format=said.date_format, year=said.year)
        warnings += more
        ids, no_id = field_ids(rows.ids)
        if no_id.any():
            warnings.append(f"{int(no_id.sum())} rows without a field id are left out")
        table = rows.table
        numbers, empty = _numbers(table, rows, said, where, warnings)
        given = rows.bands if rows.bands is not None else said.bands
        _check_given(given, table, where)
        unnamed = [
            name for name in numbers if rows.every_number and may_be_numbers(name) and not _is_attribute(numbers[name], ids)
        ]
        found, sensor, more = bands_of(list(numbers), given=given, told_sensor=rows.sensor, every_number=unnamed, where=where)
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
    table: pd.DataFrame, rows: Observations, said: ColumnMap, where: Path, warnings: list[str]
) -> tuple[dict[str, "pd.Series[Any]"], list[str]]:
    """Return the columns of numbers that may be bands, and the names of those that are empty."""
    numbers: dict[str, pd.Series[Any]] = {}
    empty: list[str] = []
    for name in table.columns:
        sure = name in (rows.bands or said.bands) or parse_column(name).is_known
        if not sure and not (rows.every_number and may_be_numbers(name)):
            continue
        found, word = as_numbers(table[name])
        if found is None:
            raise TableError(f"column {name} does not hold numbers", where=where, fix="Remove it, or give numbers.")
        if found.isna().all():
            empty.append(name)
            continue
        if word:
            warnings.append(f"{word!r} in {name} is taken for 'no value'")
        numbers[name] = found
    return numbers, empty


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
    """Apply the conditions on quality columns; return the bands without classes, and which rows are clear."""
    warnings = []
    usable = {}
    for band in values:
        numbers = values[band].dropna()
        if is_classes(str(band)) and bool((numbers != np.round(numbers)).any()):
            warnings.append(f"{band} holds means of classes, which tell nothing of clouds: it is not used")
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
        warnings.append(f"{band} tells which rows are clear")
    quality = [str(band) for band in values if find_band(str(band)).kind in ("classes", "mask")]
    unused = [band for band in quality if band in usable and band not in by_condition]
    if unused:
        warnings.append(f"{', '.join(unused)} may tell of clouds and is not used; --clear uses it")
    return values.drop(columns=quality), clear, warnings


@dataclass(frozen=True)
class _FieldsFile:
    path: Path | None
    layer: str | None
    id_column: str | None


def _fields(
    rows: Observations, series: _Series, source: Source, own: ReadOptions, file: _FieldsFile, legend: Mapping[str, str] | None
) -> tuple[gpd.GeoDataFrame, npt.NDArray[np.int64], list[str]]:
    """Return the fields, the row of the field of each observation (-1: none), and warnings."""
    where, name = source.path, rows.fields_name or source.path.name
    named_label = own.label_column
    warnings: list[str] = []
    if rows.fields is not None:
        raw = rows.fields
        varying = [str(column) for column in series.others.columns]
        where = source.path / name if source.path.is_dir() else where
    else:
        places = None if rows.geometry is None else rows.geometry[series.ids.index]
        label = _label_of(series.others, named_label, where, file)
        others = series.others if rows.has_attributes else series.others[[]]
        raw, varying = attributes(others, series.ids, places, label, where)
        varying += [str(column) for column in series.others if not rows.has_attributes]
    if not source.path.is_dir():
        ours = ("field_id", "geometry", "lon", "lat", "longitude", "latitude", named_label, *LABEL_COLUMNS)
        kept = [str(column) for column in raw.columns if column not in ours]
        if kept:
            warnings.append(f"{where.name}: no bands, but columns of the fields: {', '.join(kept)}")
    if varying:
        warnings.append(f"{source.path.name}: not used: {', '.join(varying)}; a YAML file can make them bands (--columns)")
    if file.path is None:
        if rows.positions:
            warnings.append(f"{where.name}: the ids count the fields of the file that the export was made for; --fields joins it")
        table, more = field_rows(raw, where, named_label, legend)
        return table, _rows_of(series.ids, table, name, source, warnings), warnings + more
    label_here = named_label if named_label in (None, NO_LABELS) or named_label in raw.columns else NO_LABELS
    own_table, _ = field_rows(raw, where, label_here, legend)
    read, more = read_fields_file(
        file.path,
        layer=file.layer,
        id_column=file.id_column,
        label_column=named_label,
        positions=rows.positions,
        id_elsewhere=own.id_column is not None,
    )
    warnings += more
    label_there = named_label if named_label in (None, NO_LABELS) or named_label in read.columns else NO_LABELS
    if named_label not in (None, NO_LABELS) and label_here == label_there == NO_LABELS:
        raise FieldsError(
            f"there is no column {named_label!r}",
            where=file.path,
            fix=f"The columns: {', '.join(map(str, read.columns))}; those of {where.name}: {', '.join(map(str, raw.columns))}.",
        )
    table, more = field_rows(read, file.path, label_there, legend)
    warnings += more
    if rows.positions:
        place = _by_position(series.ids, table, file.path, warnings)
        own_place = _by_position(own_table["field_id"], table, file.path, [])
    else:
        place = _rows_of(series.ids, table, file.path.name, source, warnings)
        own_place = _rows_of(own_table["field_id"], table, file.path.name, source, [])
    return joined(table, own_table, own_place, file.path.name, where.name), place, warnings


def _label_of(others: pd.DataFrame, named_label: str | None, where: Path, file: _FieldsFile) -> str | None:
    if named_label and named_label != NO_LABELS and named_label not in others.columns and file.path is not None:
        return None
    return find_label_column(others, named_label, where=where)


def _rows_of(
    ids: "pd.Series[Any]", table: gpd.GeoDataFrame, name: str, source: Source, warnings: list[str]
) -> npt.NDArray[np.int64]:
    known = table[table["status"] == "ok"]
    place = pd.Index(known["field_id"].astype(str)).get_indexer(pd.Index(ids.astype(str)))
    row = np.where(place >= 0, known.index.to_numpy()[place], -1) if len(known) else place
    if len(row) and (row < 0).all():
        examples = f"{ids.iloc[0]} there, {known['field_id'].iloc[0]} here" if len(known) else "none here"
        raise TableError(
            f"no field id of the series is in {name} ({examples})",
            where=source.path,
            fix="Write the same ids in both tables, or name the column with --id-column.",
        )
    if (row < 0).any():
        unknown = ids[row < 0].unique()
        warnings.append(f"{len(unknown)} field ids of the series are not in {name}: {', '.join(map(str, unknown[:5]))}")
    return row.astype(np.int64)


def _by_position(ids: "pd.Series[Any]", table: gpd.GeoDataFrame, path: Path, warnings: list[str]) -> npt.NDArray[np.int64]:
    row = ids.astype("int64").to_numpy()
    if len(row) and row.max() >= len(table):
        raise TableError(
            f"the table counts {row.max() + 1} fields or more, but {path.name} has {len(table)}",
            where=path,
            fix="Give the file that the export was made for.",
        )
    warnings.append(
        f"the fields are those of {path.name} in its order: 0 is {table['field_id'].iloc[0] if len(table) else 'none'}"
    )
    known = (table["status"] == "ok").to_numpy()
    return np.where(known[row], row, -1)


def _values(
    series: _Series, no_value: Sequence[float], said: ColumnMap, source: Source, offset: float | None
) -> tuple[pd.DataFrame, str, list[str]]:
    values, warnings = without_fills(series.values, no_value)
    empty = [str(band) for band in values if values[band].isna().all()]
    if empty:
        warnings.append(f"{', '.join(empty)} is empty throughout and left out")
        values = values.drop(columns=empty)
    if not len(values.columns):
        raise TableError("no band holds a number", where=source.path, fix="Give every band a column of numbers.")
    values, units, more = in_one_unit(values, series.sensor, said.scale, source.path)
    warnings += more
    values, more = without_offset(values, series.dates, series.sensor, units, offset)
    return values, units, warnings + more


def _wanted(values: pd.DataFrame, bands: Sequence[str] | None, source: Source) -> pd.DataFrame:
    for band in bands or ():
        if band not in values.columns:
            raise MissingBandError(
                f"there is no band {band}", where=source.path, fix=f"The bands are {', '.join(values.columns)}."
            )
    return values[list(bands)] if bands else values


def _in_order(
    series: _Series, values: pd.DataFrame, place: npt.NDArray[np.int64], warnings: list[str], name: str
) -> pd.DataFrame:
    """Return the rows by field and date, one each, with the columns `row`, `date`, `clear` and one a band."""
    used = values.assign(**{"row ": place, "date ": series.dates, "clear ": series.clear})[place >= 0]
    keys = ["row ", "date "]
    again = used.duplicated(keys, keep=False)
    if again.any():
        count = int(used.duplicated(keys).sum())
        warnings.append(f"{name}: {count} rows repeat a field and date; their mean is taken")
        used = used[used["clear "] | ~used.groupby(keys)["clear "].transform("any")]
        used = used.groupby(keys, as_index=False, sort=True).agg({**dict.fromkeys(values.columns, "mean"), "clear ": "any"})
    return used.sort_values(keys, kind="stable").reset_index(drop=True)


def _files(path: Path, *others: Path | None) -> list[Path]:
    own = sorted(file for file in path.iterdir() if file.stem in ("series", "fields")) if path.is_dir() else [path]
    return [*own, *(file for file in others if file is not None and file.is_file())]


def _info(
    path: Path,
    files: Sequence[Path],
    options: tuple[Any, ...],
    bands: Sequence[str],
    units: str,
    sensor: str | None,
    offset: float | None,
    warnings: Sequence[str],
) -> ChipInfo:
    content = b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)
    default = (ReadOptions(ColumnMap(), None, options[0].label_column), None, None, None, None)
    said = b"" if options == default else repr(options).encode()
    return ChipInfo(
        bands=tuple(bands),
        size=1,
        n_steps=0,
        preset="default",
        crs=None,
        resolution=None,
        units=units,
        sensor=sensor,
        offset=offset or 0.0,
        sources=tuple(dict.fromkeys([path.name, *(file.name for file in files if file.parent != path and file != path)])),
        fingerprint=hashlib.sha256(content + said).hexdigest(),
        n_bytes=sum(file.stat().st_size for file in files),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _chips(
    info: ChipInfo, fields: gpd.GeoDataFrame, series: pd.DataFrame, bands: Sequence[str]
) -> tuple[ChipInfo, gpd.GeoDataFrame, ChipBatch]:
    """Make one chip of 1 x 1 pixel of each field with a series; the others get the status no_data."""
    row = series["row "].to_numpy()
    chip_field, chip = np.unique(row, return_inverse=True)
    step = series.groupby("row ").cumcount().to_numpy()
    n_steps = int(step.max(initial=-1)) + 1
    image = np.full((len(chip_field), n_steps, len(bands), 1, 1), np.nan, np.float32)
    image[chip, step, :, 0, 0] = series[list(bands)].to_numpy(np.float32)
    date = np.full((len(chip_field), n_steps), np.datetime64("NaT"), "datetime64[D]")
    date[chip, step] = series["date "].to_numpy().astype("datetime64[D]")
    clear = np.zeros((len(chip_field), n_steps, 1, 1), bool)
    clear[chip, step, 0, 0] = series["clear "].to_numpy()
    absent = ~np.isin(np.arange(len(fields)), chip_field) & (fields["status"] == "ok").to_numpy()
    fields.loc[absent, "status"] = "no_data"
    info = replace(
        info,
        n_steps=n_steps,
        crs=fields.crs.to_wkt() if fields.crs else None,
        dates=tuple(np.unique(date[~np.isnat(date)]).astype(object)),
    )
    mask = np.ones((len(chip_field), 1, 1), np.float32)
    return info, fields, ChipBatch(chip_field, image, mask, np.asarray(np.isfinite(image).any(axis=2) & clear), date)
