"""The tables as files: GeoPackage, CSV."""

import errno
import re
import sqlite3
import warnings
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio

from cropdetect.inference import Predictions
from cropdetect.outputs.styles import add_layer_styles

_DATE_OF_ALL_FILES = "2000-01-01T00:00:00.000Z"  # a GeoPackage states when it changed: the same answer must give the same bytes
_RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")


def write_geopackage(table: gpd.GeoDataFrame, path: Path, legend: Sequence[str]) -> None:
    """Write a GeoPackage with the layer "fields" and its styles; the same table gives the same bytes.

    Args:
        table: the answers.
        path: the file.
        legend: class names.

    Raises:
        OSError: the disk has no room.
        sqlite3.Error: likewise.
    """
    path.unlink(missing_ok=True)
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _DATE_OF_ALL_FILES})
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="'crs' was not provided")  # fields without a CRS are allowed
            table.to_file(path, layer="fields", driver="GPKG", engine="pyogrio")
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})
    # GDAL is silent when the disk fills up while it closes the file: then rows or the spatial index are not there.
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)) as file:
        rows = file.execute("select count(*) from fields").fetchone()[0]
        indexed = file.execute("select count(*) from sqlite_master where name = 'rtree_fields_geom'").fetchone()[0]
    if rows != len(table) or not indexed:
        raise OSError(errno.ENOSPC, "the GeoPackage is not whole", str(path))
    add_layer_styles(path, table, legend, _DATE_OF_ALL_FILES)


def write_csv(table: gpd.GeoDataFrame, path: Path) -> None:
    """Write the table without geometry, UTF-8; nulls are empty, no cell is a formula."""
    write_safely(pd.DataFrame(table.drop(columns="geometry")), path)


def write_submission(predictions: Predictions, path: Path) -> None:
    """Write the competition's table: Field_ID, Crop_ID_1 ... Crop_ID_K, one row a field with an answer."""
    answered = np.isfinite(predictions.probabilities).all(axis=1)
    columns = {"Field_ID": predictions.fields["field_id"].to_numpy()[answered]}
    columns |= {f"Crop_ID_{k + 1}": values for k, values in enumerate(predictions.probabilities[answered].T)}
    write_safely(pd.DataFrame(columns), path)


def write_safely(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV, UTF-8; nulls are empty, no cell is a formula."""
    table = table.rename(columns=lambda name: spreadsheet_safe(str(name)))
    for name in table.columns:
        if not pd.api.types.is_numeric_dtype(table[name]):
            table[name] = table[name].map(lambda value: spreadsheet_safe(str(value)), na_action="ignore")
    table.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


def spreadsheet_safe(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would run as a formula; plain numbers are left alone.

    References:
        OWASP, "CSV Injection".
    """
    if text.startswith(_RUN_BY_SPREADSHEETS) and not _NUMBER.fullmatch(text):
        return "'" + text
    return text
