"""From a file or folder with a table of series to chips of 1 x 1 pixel."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from cropdetect.chips.memory import MemoryChips
from cropdetect.chips.tables.assemble import chip_info, chips_of, files_of, in_order, selected_bands, values_of
from cropdetect.chips.tables.column_map import ColumnMap, proposed_map, read_column_map
from cropdetect.chips.tables.earth_engine import EarthEngineLong
from cropdetect.chips.tables.eurocropsml import EuroCropsML
from cropdetect.chips.tables.form import Form, ReadOptions
from cropdetect.chips.tables.guess import bands_in_rows, guessed_columns, labels_only
from cropdetect.chips.tables.long import LongTable, WorldCereal
from cropdetect.chips.tables.match import FieldsFile, fields_of_table
from cropdetect.chips.tables.openeo import OpenEOCsv, OpenEOJson
from cropdetect.chips.tables.own import OwnFolder
from cropdetect.chips.tables.radar import radar_in_decibels
from cropdetect.chips.tables.sentinel_hub import SentinelHub
from cropdetect.chips.tables.series import TableSeries
from cropdetect.chips.tables.source import CSV_SUFFIXES, JSON_SUFFIXES, PARQUET_SUFFIXES, Source
from cropdetect.chips.tables.wide import days_alone
from cropdetect.chips.tables.wide_table import WideTable
from cropdetect.errors import CropDetectError, InputNotFoundError, TableError
from cropdetect.imagery.naming import parse_band_names
from cropdetect.paths import not_found

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
        return source.suffix in PARQUET_SUFFIXES  # damaged: reading it says so
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
    band_names: str | None = None,
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
        band_names: other names for bands, as for imagery.
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
        raise not_found(path)
    said = ColumnMap() if columns is None else read_column_map(columns)
    label_column = said.label if label_column is None else label_column
    source = Source(path)
    own = ReadOptions(
        said,
        id_column if fields is None or _has(source, id_column) else None,
        label_column,
        {} if band_names is None else parse_band_names(band_names),
    )
    form = _form_of(source, own)
    if form is None:
        raise _not_recognised(source)
    rows = form.read(source, own)
    chips = TableSeries.of(rows, source, own, clear)
    warnings = [*(f"{path.name}: {text}" for text in (*rows.warnings, *chips.warnings))]
    table, place, more = fields_of_table(rows, chips, source, own, FieldsFile(fields, layer, id_column), legend)
    warnings += more
    values, units, more = values_of(chips, rows.no_value, said, source, offset)
    warnings += [f"{path.name}: {text}" for text in more]
    values, radar_unit, more = radar_in_decibels(selected_bands(values, bands, source))
    warnings += [f"{path.name}: {text}" for text in more]
    used = in_order(chips, values, place, warnings, path.name)
    files = files_of(path, fields, columns)
    info = chip_info(
        path, files, (own, layer, legend, clear, offset), list(values.columns), units, chips.sensor, offset, warnings
    )
    info = replace(info, backscatter_unit=radar_unit)
    return MemoryChips(*chips_of(info, table, used, list(values.columns)))


def _has(source: Source, column: str | None) -> bool:
    return column is None or column in source.columns or not source.columns


def _form_of(source: Source, options: ReadOptions) -> Form | None:
    return next((form for form in FORMS if form.recognises(source, options)), None)


def _not_recognised(source: Source) -> CropDetectError:
    if source.path.is_dir():
        return InputNotFoundError("there is no series.parquet or series.csv", where=source.path, fix="See docs/tables.md.")
    names = list(source.columns)
    if not names:
        return TableError(
            "the file is none of the tables that are known", where=source.path, fix="docs/tables.md shows what can be read."
        )
    without_band = days_alone(names)
    if len(without_band) > 1:
        day = without_band[0].removeprefix("X")
        return TableError(
            f"{len(without_band)} columns are called after a day and no band ({without_band[0]} ... {without_band[-1]})",
            where=source.path,
            fix=f"Add the band to their names, e.g. NDVI_{day}.",
        )
    guess = guessed_columns(source)
    tidy = bands_in_rows(source)
    if tidy is not None:
        return TableError(
            f"the column {tidy[0]} holds the names of bands ({', '.join(tidy[1])}): the table has a row a field, date and band",
            where=source.path,
            fix=f"Give each band a column of its own, in Python: table.pivot(index=[id, date], columns={tidy[0]!r}, values=...).",
        )
    labels = labels_only(source) if guess.date is None else None
    if labels is not None:
        ids, classes = labels
        return TableError(
            f"the table has no dates and no bands: {ids} seems to hold ids of fields and {classes} their crops",
            where=source.path,
            fix=f"evaluate and report take known crops: --reference {source.path.name} --id-column {ids} --labels {classes}. "
            "To train on them, join them to the field outlines by the id first.",
        )
    shown = proposed_map(id=guess.id, date=guess.date, bands=guess.bands, label=guess.label)
    return TableError(
        f"the table is of no known form; its columns are {', '.join(names)}",
        where=source.path,
        fix=f"Save what the columns seem to hold as map.yaml, correct it, and add --columns map.yaml:\n{shown}",
    )
