"""Which field each observation of a table belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from cropdetect.chips.tables.fields import attributes, field_rows, joined, read_fields_file
from cropdetect.chips.tables.form import Observations, ReadOptions
from cropdetect.chips.tables.series import TableSeries
from cropdetect.chips.tables.source import Source
from cropdetect.errors import FieldsError, TableError
from cropdetect.fields import NO_LABELS, find_label_column, written_differently
from cropdetect.fields.columns import LABEL_COLUMNS


@dataclass(frozen=True)
class FieldsFile:
    """The file of fields that the user named: path, layer and column of the ids; None where they are not named."""

    path: Path | None
    layer: str | None
    id_column: str | None


def fields_of_table(
    rows: Observations, series: TableSeries, source: Source, own: ReadOptions, file: FieldsFile, legend: Mapping[str, str] | None
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
            warnings.append(
                f"{where.name}: the same on all dates of a field, so columns of the fields and no bands: {', '.join(kept)}"
            )
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
    return joined(table, own_table, own_place, (file.path.name, where.name), warnings), place, warnings


def _label_of(others: pd.DataFrame, named_label: str | None, where: Path, file: FieldsFile) -> str | None:
    if named_label and named_label != NO_LABELS and named_label not in others.columns and file.path is not None:
        return None
    return find_label_column(others, named_label, where=where)


def _rows_of(
    ids: "pd.Series[Any]", table: gpd.GeoDataFrame, name: str, source: Source, warnings: list[str]
) -> npt.NDArray[np.int64]:
    known = table[table["status"] == "ok"]
    place = pd.Index(known["field_id"].astype(str)).get_indexer(pd.Index(ids.astype(str)))
    row = np.where(place >= 0, known.index.to_numpy()[place], -1) if len(known) else place
    alike = written_differently(ids.unique(), known["field_id"]) if (row < 0).any() else ""
    if len(row) and (row < 0).all():
        examples = f"{ids.iloc[0]} there, {known['field_id'].iloc[0]} here" if len(known) else "none here"
        raise TableError(
            f"no field id of the series is in {name} ({examples})",
            where=source.path,
            fix=f"{alike} Write the same ids in both tables, or name the column with --id-column.".strip(),
        )
    if (row < 0).any():
        unknown = ids[row < 0].unique()
        lost = f"{len(unknown)} field ids of the series are not in {name}: {', '.join(map(str, unknown[:5]))}"
        warnings.append(f"{lost}. {alike}" if alike else lost)
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
