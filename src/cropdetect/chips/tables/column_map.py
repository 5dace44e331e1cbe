"""The columns of a table as its user names them: the file of `--columns`."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from cropdetect.documents import read_yaml
from cropdetect.errors import InputNotFoundError, OptionError
from cropdetect.formats import Record


class ColumnMap(Record):
    """What the columns of a table hold. Everything is optional: what is not said is found by name.

    Attributes:
        id: column of the field ids.
        date: column of the dates, or of the days of the year where `year` is given.
        date_format: how the dates are written, e.g. "%d/%m/%Y".
        year: year of dates that are days of the year.
        dates: number of a date in the columns' names -> day, where columns are called `0_B4` or `NDVI1`; a list counts from 0, or
            from 1 where the columns do.
        bands: column -> name of the band; other columns are no bands. A list names the bands by their numbers from 0.
        label: column of the crops.
        scale: reflectances are multiplied by it to lie between 0 and 1.
    """

    id: str | None = None
    date: str | None = None
    date_format: str | None = None
    year: int | None = Field(default=None, ge=1970, le=2100)
    dates: dict[str, dt.date] | tuple[dt.date, ...] | None = None
    bands: dict[str, str] = Field(default_factory=dict)
    label: str | None = None
    scale: float | None = Field(default=None, gt=0)

    @field_validator("bands", mode="before")
    @classmethod
    def _by_number(cls, given: Any) -> Any:
        return {str(number): name for number, name in enumerate(given)} if isinstance(given, list) else given

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, given: Any) -> Any:
        values = [given, *(part for part in given.values() if isinstance(part, dict | list))] if isinstance(given, dict) else []
        if any("..." in (part.values() if isinstance(part, dict) else part) for part in values):
            raise ValueError("write names instead of ...")
        return given

    def day_of(self, number: str, first: int) -> dt.date | None:
        """Return the day of a number in the columns' names; `first` is the smallest number there."""
        if isinstance(self.dates, dict):
            return self.dates.get(number)
        place = int(number) - first
        return self.dates[place] if self.dates and 0 <= place < len(self.dates) else None


def read_column_map(path: Path) -> ColumnMap:
    """Read a YAML file.

    Raises:
        InputNotFoundError: there is no such file.
        OptionError: it is no YAML, or says what is not known.
    """
    if not path.is_file():
        raise InputNotFoundError("there is no such file", where=path, fix="Check --columns.")
    fix = "Write lines such as `id: parcel`, `date: day`, `bands: {red: B04, nir: B08}`, `label: crop`."
    content = read_yaml(path, as_text=True)
    if not isinstance(content, dict):
        raise OptionError("--columns holds no names of columns", where=path, fix=fix)
    try:
        return ColumnMap.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        said = "not known" if first["type"] == "extra_forbidden" else first["msg"].removeprefix("Value error, ")
        raise OptionError(f"--columns: {place}: {said}" if place else f"--columns: {said}", where=path, fix=fix) from error


def proposed_map(
    *,
    id: str | None = None,
    date: str | None = None,
    bands: Sequence[str] | None = (),
    label: str | None = None,
    dates: Sequence[str] = (),
) -> str:
    """Return the YAML that an error shows: what is known already, and `...` where the user must say something.

    A band has its column's name, so that the file can be used as it is; the user writes the name that a checkpoint knows.

    Args:
        id: column of ids.
        date: column of dates.
        bands: columns of bands; None where their names tell them.
        label: column of labels.
        dates: numbers that stand for dates in the names of columns, so that there is no column of dates.
    """
    lines = [f"id: {_quoted(id or '...')}"]
    if dates:
        lines += ["dates:", *(f"  {_quoted(number)}: YYYY-MM-DD" for number in dates)]
    else:
        lines += [f"date: {_quoted(date or '...')}"]
    if bands is not None:
        lines += ["bands:", *(f"  {_quoted(column)}: {_quoted(column)}   # e.g. B04" for column in bands or ["..."])]
    if label:
        lines.append(f"label: {_quoted(label)}")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    plain = yaml.safe_dump(text, allow_unicode=True, width=10_000).splitlines()[0]
    return text if text == "..." else plain
