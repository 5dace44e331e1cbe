"""From the observations of a table to chips of 1 x 1 pixel: units, order, one chip a field."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from cropdetect.chips.batch import ChipBatch
from cropdetect.chips.chipset import ChipInfo
from cropdetect.chips.tables.column_map import ColumnMap
from cropdetect.chips.tables.form import ReadOptions
from cropdetect.chips.tables.series import TableSeries
from cropdetect.chips.tables.source import Source
from cropdetect.chips.tables.values import in_one_unit, without_fills, without_offset
from cropdetect.errors import MissingBandError, TableError


def values_of(
    series: TableSeries, no_value: Sequence[float], said: ColumnMap, source: Source, offset: float | None
) -> tuple[pd.DataFrame, str, list[str]]:
    """Return the values of the bands in one unit, without fill values and offset; the unit; and warnings."""
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


def selected_bands(values: pd.DataFrame, bands: Sequence[str] | None, source: Source) -> pd.DataFrame:
    """Return the values of the bands that the user named, in that order; of all where none is named."""
    for band in bands or ():
        if band not in values.columns:
            raise MissingBandError(
                f"there is no band {band}", where=source.path, fix=f"The bands are {', '.join(values.columns)}."
            )
    return values[list(bands)] if bands else values


def in_order(
    series: TableSeries, values: pd.DataFrame, place: npt.NDArray[np.int64], warnings: list[str], name: str
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


def files_of(path: Path, *others: Path | None) -> list[Path]:
    """Return the files that a table is read from."""
    own = sorted(file for file in path.iterdir() if file.stem in ("series", "fields")) if path.is_dir() else [path]
    return [*own, *(file for file in others if file is not None and file.is_file())]


def chip_info(
    path: Path,
    files: Sequence[Path],
    options: tuple[Any, ...],
    bands: Sequence[str],
    units: str,
    sensor: str | None,
    offset: float | None,
    warnings: Sequence[str],
) -> ChipInfo:
    """Say what a consumer must know about the chips of a table."""
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


def chips_of(
    info: ChipInfo, fields: gpd.GeoDataFrame, series: pd.DataFrame, bands: Sequence[str]
) -> tuple[ChipInfo, gpd.GeoDataFrame, ChipBatch]:
    """Make one chip of 1 x 1 pixel of each field with a series; the others get the status no_data."""
    row = series["row "].to_numpy()
    chip_field, chip = np.unique(row, return_inverse=True)
    step = series.groupby("row ").cumcount().to_numpy()
    n_steps = int(step.max(initial=-1)) + 1
    image = np.full((len(chip_field), n_steps, len(bands), 1, 1), np.nan, np.float32)
    image[chip, step, :, 0, 0] = series[list(bands)].to_numpy(np.float32)
    date = np.full((len(chip_field), n_steps), np.datetime64("NaT", "D"), "datetime64[D]")
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
