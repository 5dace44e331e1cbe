"""Tables that Earth Engine exports (`Export.table.toDrive` of `reduceRegions`), long and wide.

Source: Earth Engine guides, "Exporting Table and Vector Data" (a CSV has the columns `system:index` and `.geo`, the latter
GeoJSON) and "ee.ImageCollection.toBands" (names of bands are those of the image and the band, with `_` between). In a
collection that was flattened the index of a feature is that of its image, `_`, and that of the field.
"""

import re
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from cropdetect.chips.tables.bands import is_known_band
from cropdetect.chips.tables.dates import days
from cropdetect.chips.tables.form import Observations, ReadOptions
from cropdetect.chips.tables.long import LongTable, no_column
from cropdetect.chips.tables.rows import id_column, read_dates
from cropdetect.chips.tables.source import DATES, Source
from cropdetect.chips.tables.wide import dated_columns
from cropdetect.errors import TableError
from cropdetect.fields.columns import known_columns

_INDEX = "system:index"
_IN_INDEX = (
    re.compile(r"(?<!\d)(?P<date>(?:19|20)\d{6})T\d{6}"),  # 20190606T105031_20190606T105522_T31TBL, S1A_IW_GRDH_..._20190606T...
    re.compile(r"(?<!\d)(?P<date>(?:19|20)\d\d_\d\d_\d\d)(?!\d)"),  # 2019_06_06 (MODIS)
    re.compile(r"(?<!\d)(?P<date>(?:19|20)\d{6})(?!\d)"),  # LC08_197029_20190606
)
_IMAGE = re.compile(
    r".*?(?:\d{8}T\d{6}_\d{8}T\d{6}_T\d\d[A-Z]{3}|L[COTEM]\d\d_\d{6}_\d{8}|S1[ABC]_\w{2}_\w+_[0-9A-F]{6}_[0-9A-F]{4}|"
    r"(?:19|20)\d\d_\d\d_\d\d)_"
)  # the names of images of Sentinel-2, Landsat, Sentinel-1 and MODIS
_SENSOR = (
    ("sentinel-2", re.compile(r"\d{8}T\d{6}_\d{8}T\d{6}_T\d\d[A-Z]{3}")),
    ("sentinel-1", re.compile(r"S1[ABC]_")),
    ("landsat-8", re.compile(r"L[CO]0[89]_")),
    ("landsat-5", re.compile(r"L[TE]0[457]_")),
)


class EarthEngineLong(LongTable):
    """One row a field and image: the date stands in `system:index`, or in a column of its own."""

    name: ClassVar[str] = "earth-engine"
    description: ClassVar[str] = "Earth Engine, one row a field and image: system:index with the date, a column a band, .geo"

    def recognises(self, source: Source, options: ReadOptions) -> bool:
        """See `Form`."""
        return (
            _INDEX in source.columns
            and options.has_bands(source.columns)
            and not any(is_known_band(one.band) for one in dated_columns(source.columns))
        )

    def read(self, source: Source, options: ReadOptions) -> Observations:
        """See `Form`."""
        table = source.table(options.text)
        index = table[_INDEX].astype(str)
        parts = index.map(_date_in)
        in_index = bool(len(parts)) and bool((parts != "").all())
        dates: pd.Series[Any] | None = None
        dates_in: list[str] = []
        warnings: list[str] = []
        if options.columns.date or known_columns(list(table.columns), DATES):
            dates, dates_in, warnings = read_dates(table, source, options)
        if in_index:
            told, _ = days(parts, source.path)
            if dates is not None and not options.columns.date:
                _check_same(table, dates, told, dates_in[0], source)
            elif dates is None:
                dates = pd.Series(told, index=table.index)
        if dates is None:  # a year and a month, as composites have them
            dates, dates_in, warnings = read_dates(table, source, options)
        ids_in = id_column(source, options)
        if dates is None:
            raise no_column("dates", source, ids_in)
        if ids_in is not None:
            ids: pd.Series[Any] = table[ids_in]
        elif in_index:
            ids = index.map(_feature_in)
            warnings.append("no column holds field ids: the end of system:index, which is the feature's own index, is the id")
        else:
            raise no_column("field ids", source, None, next(iter(dates_in), None))
        rows = self.rows(source, table, ids, dates, [_INDEX, *([ids_in] if ids_in else []), *dates_in], warnings)
        return replace(rows, sensor=sensor_of_image_names(index))


def _date_in(index: str) -> str:
    return next((match["date"] for pattern in _IN_INDEX if (match := pattern.search(index))), "")


def _feature_in(index: str) -> str:
    """Return the index of the field: what follows the name of the image, `1_0` and `2_0` in merged collections of fields."""
    match = _IMAGE.match(index)
    return index[match.end() :] if match else index.rsplit("_", 1)[-1]


def _check_same(table: pd.DataFrame, dates: "pd.Series[Any]", told: "np.ndarray[Any, Any]", column: str, source: Source) -> None:
    differ = np.asarray(dates.to_numpy() != told)
    if differ.any():
        place = int(np.flatnonzero(differ)[0])
        raise TableError(
            f"the column {column} and system:index give different days in {int(differ.sum())} rows: "
            f"{table[column].iloc[place]} and {table[_INDEX].iloc[place]}",
            where=source.path,
            fix=f"If {column} is right, say so in a YAML file (--columns): `date: {column}`. Otherwise remove the column.",
        )


def sensor_of_image_names(names: "pd.Series[Any]") -> str | None:
    """Return the sensor that the names of images tell, or None."""
    return next((sensor for sensor, pattern in _SENSOR if names.str.contains(pattern).any()), None)
