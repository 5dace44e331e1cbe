"""What a form of tables is: it recognises a file or folder, and says what its rows are."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import geopandas as gpd
import pandas as pd

from cropdetect.chips.tables.bands import is_known_band
from cropdetect.chips.tables.column_map import ColumnMap
from cropdetect.chips.tables.source import DATES, Source


@dataclass(frozen=True)
class ReadOptions:
    """What the user said about columns.

    Attributes:
        columns: the file of `--columns`; empty without one.
        id_column: column of the field ids, as `--id-column` names it where this table has such a column.
        label_column: column of the labels, likewise.
        band_names: old name -> new name of bands; an old name may be that of a column.
    """

    columns: ColumnMap
    id_column: str | None = None
    label_column: str | None = None
    band_names: Mapping[str, str] = field(default_factory=dict)

    def has_bands(self, columns: Iterable[str]) -> bool:
        """Tell whether some column is known to be a band, or named as one."""
        return bool(self.columns.bands) or any(name in self.band_names or is_known_band(name) for name in columns)

    @property
    def id(self) -> str | None:
        """The column of ids that the user named."""
        return self.columns.id or self.id_column

    @property
    def text(self) -> tuple[str, ...]:
        """Columns whose text must not change."""
        dates = DATES if self.columns.date_format else ()  # 01062019 would lose its zero
        return tuple(name for name in (self.id, self.label_column, self.columns.date, self.columns.label, *dates) if name)


@dataclass(frozen=True)
class Observations:
    """One row a field and date, as a file has them.

    Attributes:
        ids: field id of each row, as it is written.
        dates: date of each row, in any form that `days` reads, or datetime64.
        table: the other columns, with the index of `ids`: bands and whatever else there is.
        bands: column -> band's name, for the columns that the form knows to be bands; None: bands are found by name.
        every_number: whether a column of numbers that no name tells is a band, too.
        geometry: one a row, or None.
        fields: one row a field with the column `field_id`, where the form has such a table of its own.
        fields_name: name of the file of `fields`.
        positions: whether the ids count the rows of the fields' file, from 0.
        sensor: where the form tells it.
        no_value: numbers that mean "no value" in this form.
        has_attributes: whether columns that are no bands may tell something of the fields.
        warnings: what a user should know.
    """

    ids: "pd.Series[Any]"
    dates: "pd.Series[Any]"
    table: pd.DataFrame
    bands: Mapping[str, str] | None = None
    every_number: bool = False
    geometry: gpd.GeoSeries | None = None
    fields: pd.DataFrame | None = None
    fields_name: str = ""
    positions: bool = False
    sensor: str | None = None
    no_value: tuple[float, ...] = ()
    has_attributes: bool = True
    warnings: tuple[str, ...] = ()


class Form(ABC):
    """One form in which tables of series are written. A new one is a file with a subclass, and its place in `FORMS`.

    Attributes:
        name: e.g. "earth-engine".
        description: one line for docs/tables.md.
    """

    name: ClassVar[str]
    description: ClassVar[str]

    @abstractmethod
    def recognises(self, source: Source, options: ReadOptions) -> bool:
        """Whether the file is of this form; from the names of its columns, or the keys of its JSON."""

    @abstractmethod
    def read(self, source: Source, options: ReadOptions) -> Observations:
        """Return the rows of a `source` that this form recognises.

        Raises:
            TableError: something is missing or contradictory.
            UnreadableFileError: the file is damaged.
        """
