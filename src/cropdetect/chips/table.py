"""Series tables, as Earth Engine or openEO export them, as chips of 1 x 1 pixel."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from cropdetect.chips.batch import ChipBatch
from cropdetect.chips.chipset import ChipInfo
from cropdetect.chips.memory import MemoryChips
from cropdetect.errors import InputNotFoundError, TableError
from cropdetect.fields import as_text, field_ids, find_label_column, read_plain_table
from cropdetect.imagery import sensor_of

_LARGE = 100  # a band whose values reach beyond this holds digital numbers


def read_table(folder: Path, *, label_column: str | None = None) -> MemoryChips:
    """Read `series.parquet|csv` (field_id, date, a column a band) and `fields.parquet|csv` (field_id, label, lon, lat, ...).

    A missing value is NaN; a step is clear where some band has a value. Bands that are empty throughout are left out.

    Args:
        folder: holds both tables.
        label_column: column of labels (default: label, crop, crop:code or crop_code, if there is one).

    Raises:
        InputNotFoundError: one of the two files is missing.
        UnreadableFileError: a file is damaged.
        TableError: a column is missing or holds something else than it should.
        FieldsError: a named column is absent, or two columns could be the labels.
    """
    series, series_file = _read(folder, "series", label_column)
    fields, fields_file = _read(folder, "fields", label_column)
    for table, file, columns in ((series, series_file, ("field_id", "date")), (fields, fields_file, ("field_id",))):
        for column in columns:
            if column not in table.columns:
                raise TableError(f"column {column} is missing", where=file, fix=f"The columns are {', '.join(table.columns)}.")
    warnings: list[str] = []
    fields = _fields(fields, fields_file, label_column)
    for word in ("no_id", "duplicate_id"):
        count = int((fields["status"] == word).sum())
        if count:
            warnings.append(f"{fields_file.name}: {count} fields are left out with status {word}")
    bands = [column for column in series.columns if column not in ("field_id", "date")]
    empty = [band for band in bands if series[band].isna().all()]
    for band in bands:
        if not pd.api.types.is_numeric_dtype(series[band].dtype) and band not in empty:
            raise TableError(f"column {band} does not hold numbers", where=series_file, fix="Remove it, or give numbers.")
    bands = [band for band in bands if band not in empty]
    if empty:
        warnings.append(f"{series_file.name}: {', '.join(empty)} is empty throughout and left out")
    if not bands:
        raise TableError("no band holds a number", where=series_file, fix="Give every band a column of numbers.")
    series = _in_order(series, series_file, bands, warnings)
    known = fields[fields["status"] == "ok"]
    place = pd.Index(known["field_id"].astype(str)).get_indexer(pd.Index(series["field_id"].astype(str)))
    row = np.where(place >= 0, known.index.to_numpy()[place], -1) if len(known) else place
    if (row < 0).all():
        raise TableError(
            f"no field id of the series is in {fields_file.name}",
            where=series_file,
            fix="Write the same ids in both tables.",
        )
    if (row < 0).any():
        unknown = series.loc[row < 0, "field_id"].unique()
        warnings.append(
            f"{len(unknown)} field ids of the series are not in {fields_file.name}: {', '.join(map(str, unknown[:5]))}"
        )
        series, row = series[row >= 0], row[row >= 0]
    return MemoryChips(*_chips(folder, fields, series, row.astype(np.int64), bands, tuple(warnings)))


def _chips(
    folder: Path,
    fields: gpd.GeoDataFrame,
    series: pd.DataFrame,
    row: npt.NDArray[np.int64],
    bands: Sequence[str],
    warnings: tuple[str, ...],
) -> tuple[ChipInfo, gpd.GeoDataFrame, ChipBatch]:
    """Make one chip of 1 x 1 pixel of each field with a series; the others get the status no_data."""
    chip_field, chip = np.unique(row, return_inverse=True)
    step = series.groupby(row).cumcount().to_numpy()
    n_steps = int(step.max(initial=-1)) + 1
    image = np.full((len(chip_field), n_steps, len(bands), 1, 1), np.nan, np.float32)
    image[chip, step, :, 0, 0] = series[list(bands)].to_numpy(np.float32)
    date = np.full((len(chip_field), n_steps), np.datetime64("NaT"), "datetime64[D]")
    date[chip, step] = series["date"].to_numpy().astype("datetime64[D]")
    absent = ~np.isin(np.arange(len(fields)), chip_field) & (fields["status"] == "ok").to_numpy()
    fields.loc[absent, "status"] = "no_data"
    digital = float(np.nanmax(image, initial=0)) > _LARGE
    files = sorted(file for file in folder.iterdir() if file.stem in ("series", "fields"))
    info = ChipInfo(
        bands=tuple(bands),
        size=1,
        n_steps=n_steps,
        preset="default",
        crs=fields.crs.to_wkt() if fields.crs else None,
        resolution=None,
        units="digital number" if digital else "as in the table",
        sensor=sensor_of(bands),
        offset=0.0,
        sources=(folder.name,),
        fingerprint=hashlib.sha256(b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)).hexdigest(),
        n_bytes=sum(file.stat().st_size for file in files),
        warnings=warnings,
        dates=tuple(np.unique(date[~np.isnat(date)]).astype(object)),
    )
    mask = np.ones((len(chip_field), 1, 1), np.float32)
    return info, fields, ChipBatch(chip_field, image, mask, np.asarray(np.isfinite(image).any(axis=2)), date)


def _read(folder: Path, name: str, label_column: str | None) -> tuple[pd.DataFrame, Path]:
    for suffix in (".parquet", ".csv"):
        file = folder / f"{name}{suffix}"
        if file.is_file():
            return read_plain_table(file, text=[label_column] if label_column else []), file
    raise InputNotFoundError(f"there is no {name}.parquet or {name}.csv", where=folder, fix="See the README's Tables.")


def _fields(fields: pd.DataFrame, file: Path, label_column: str | None) -> gpd.GeoDataFrame:
    fields = fields.reset_index(drop=True)
    label_column = find_label_column(fields, label_column, where=file)
    if label_column != "label":
        fields = fields.drop(columns="label", errors="ignore")
    if label_column is not None:
        fields = fields.rename(columns={label_column: "label"})
        fields["label"] = as_text(fields["label"])
    fields["field_id"], no_id = field_ids(fields["field_id"])
    repeated = fields["field_id"].duplicated()
    fields["status"] = np.select([no_id, repeated], ["no_id", "duplicate_id"], "ok").astype(object)
    fields = fields.drop(columns="geometry", errors="ignore")
    if {"lon", "lat"} <= set(fields.columns):
        place = fields[["lon", "lat"]].apply(pd.to_numeric, errors="coerce")
        points = gpd.GeoSeries(gpd.points_from_xy(place["lon"], place["lat"]), crs="EPSG:4326")
        return gpd.GeoDataFrame(fields, geometry=points.where(place.notna().all(axis=1), None))
    return gpd.GeoDataFrame(fields, geometry=gpd.GeoSeries([None] * len(fields)))


def _in_order(series: pd.DataFrame, file: Path, bands: Sequence[str], warnings: list[str]) -> pd.DataFrame:
    """Return the series by field and date, one row each."""
    try:
        column = series["date"]
        compact = pd.api.types.is_integer_dtype(column.dtype)  # 20190606, which pandas would take for nanoseconds
        dates = pd.to_datetime(column.astype(str) if compact else column, format="%Y%m%d" if compact else "ISO8601")
        dates = dates.dt.tz_localize(None).dt.normalize()
    except (ValueError, TypeError) as error:
        raise TableError(f"a date cannot be read ({error})", where=file, fix="Write dates like 2019-06-06.") from error
    if dates.isna().any():
        raise TableError(f"{int(dates.isna().sum())} rows have no date", where=file, fix="Remove them.")
    numbers = series[list(bands)].replace([np.inf, -np.inf], np.nan)
    ids, no_id = field_ids(series["field_id"])
    ordered = numbers.assign(field_id=ids, date=dates)[~no_id]
    if no_id.any():
        warnings.append(f"{file.name}: {int(no_id.sum())} rows without a field id are left out")
    again = int(ordered.duplicated(["field_id", "date"]).sum())
    if again:
        warnings.append(f"{file.name}: {again} rows repeat a field and date; their mean is taken")
        ordered = ordered.groupby(["field_id", "date"], as_index=False, sort=True)[list(bands)].mean()
    return ordered.sort_values(["field_id", "date"], kind="stable").reset_index(drop=True)
