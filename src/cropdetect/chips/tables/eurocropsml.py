"""EuroCropsML: one row a parcel, one column a day, a list of bands a cell.

Source: dida-do/eurocropsml, eurocropsml/dataset/preprocess.py: `parcel_id`, `nuts1` to `nuts3`, then a column a day with the
median of each band or nothing; -999 and, for Sentinel-2, zeros in all bands are no data. Sentinel-2 is L1C, in the order of the
13 bands B01 to B08, B8A, B09 to B12; Sentinel-1 is VV and VH.
"""

import re
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pyarrow.parquet

from cropdetect.chips.tables.dates import days
from cropdetect.chips.tables.form import Form, Observations, ReadOptions
from cropdetect.chips.tables.source import PARQUET_SUFFIXES, Source, damaged
from cropdetect.imagery.bands import SENTINEL2_ORDER, is_reflectance

_DAY = re.compile(r"\d{4}-?\d{2}-?\d{2}(?:[ T]00:00:00(?:\.0+)?)?")
_ORDERS = {13: tuple(name for name in SENTINEL2_ORDER if is_reflectance(name)), 2: ("VV", "VH")}


class EuroCropsML(Form):
    """A column a day, whose cells are lists."""

    name: ClassVar[str] = "eurocropsml"
    description: ClassVar[str] = "EuroCropsML (Parquet): parcel_id, a column a day with the list of the bands"

    def recognises(self, source: Source, options: ReadOptions) -> bool:
        """See `Form`."""
        return source.suffix in PARQUET_SUFFIXES and "parcel_id" in source.columns and bool(_day_columns(source))

    def read(self, source: Source, options: ReadOptions) -> Observations:
        """See `Form`."""
        table = source.table(options.text)
        columns = _day_columns(source)
        told, warnings = days(pd.Series([name[:10] for name in columns], dtype=object), source.path)
        widths = {len(cell) for name in columns for cell in table[name] if cell is not None and np.ndim(cell)}
        names = tuple(options.columns.bands.values()) or _ORDERS.get(next(iter(widths), 0), ())
        if len(widths) != 1 or len(names) not in widths:
            raise damaged(source.path, f"a day has {' or '.join(map(str, sorted(widths)))} bands, known are 13 and 2")
        id = options.id or "parcel_id"
        ids = table[id]
        parts = []
        for name, day in zip(columns, told, strict=True):
            here = table[name].map(lambda cell: cell is not None and bool(np.ndim(cell)))
            values = np.array([list(cell) for cell in table.loc[here, name]], np.float64).reshape(-1, len(names))
            values[(values == -999).all(axis=1) | (values == 0).all(axis=1)] = np.nan
            parts.append(pd.DataFrame(values, columns=list(names)).assign(id=ids[here].to_numpy(), date=day))
        long = pd.concat(parts, ignore_index=True)
        if len(names) == 13:
            warnings.append("EuroCropsML holds top-of-atmosphere reflectance (L1C) and cloudy days")
        label = {"EC_hcat_c": "crop:code"} if not options.label_column and "EC_hcat_c" in table else {}
        fields = table.drop(columns=[*columns, id]).assign(field_id=ids).rename(columns=label)
        return Observations(
            ids=long["id"],
            dates=long["date"],
            table=long.drop(columns=["id", "date"]),
            bands={name: name for name in names},
            fields=fields,
            fields_name=source.path.name,
            sensor="sentinel-2" if len(names) == 13 else None,
            warnings=tuple(warnings),
        )


def _day_columns(source: Source) -> list[str]:
    schema: Any = pyarrow.parquet.read_schema(source.path)
    lists = (pyarrow.types.is_list, pyarrow.types.is_large_list, pyarrow.types.is_fixed_size_list)
    return [name for name in schema.names if _DAY.fullmatch(name) and any(is_list(schema.field(name).type) for is_list in lists)]
