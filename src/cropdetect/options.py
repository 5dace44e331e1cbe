"""How an option is declared: once, for the command line, the Python function, the configuration file and the documentation.

A parameter of a function of `cropdetect.api`, or a field of an `Options` model that such a function takes, has a name, a type, a
default, a text and a range. The command line is made from these (`cropdetect.cli.commands`). A value is checked against them
wherever it comes from, so that all ways of giving it are refused with the same words.
"""

import datetime as dt
import difflib
import os
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeAlias, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat, PlainValidator, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from cropdetect.errors import OptionError
from cropdetect.in_memory import InMemory, as_source

_LONGEST = 200  # characters of a value in a message

# ---------------------------------------------------------------- what an option may be marked with


@dataclass(frozen=True)
class Metavar:
    """What stands for the value in the command line's help, e.g. its unit."""

    text: str


@dataclass(frozen=True)
class Without:
    """The fields of an `Options` model that do not apply to a verb, so that its command does not show them."""

    names: tuple[str, ...]


class Mark(Enum):
    """Where an option can be given."""

    ON_COMMAND_LINE = "these fields of a model are options of a command, the others of the configuration file"
    PYTHON_ONLY = "a parameter that the command line does not have"
    TYPED = "a parameter that must be typed on the command line, and may be left out in Python"


def flag(name: str) -> str:
    """Return an option as it is typed on the command line; `from_` is `from`, which Python keeps for itself."""
    return "--" + name.rstrip("_").replace("_", "-")


# ---------------------------------------------------------------- types that are also written as text


def _text_of(parse: Callable[[str], Any]) -> BeforeValidator:
    return BeforeValidator(lambda value: parse(value) if isinstance(value, str) else value)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


# What a function takes as data. At run time a path or `InMemory` is what it gets; a type checker sees what a caller may give.
if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import xarray as xr

    ImagerySource: TypeAlias = str | os.PathLike[str] | InMemory | xr.Dataset | xr.DataArray
    TableSource: TypeAlias = str | os.PathLike[str] | InMemory | gpd.GeoDataFrame | pd.DataFrame
    DataSource: TypeAlias = ImagerySource | TableSource
    AnyPath: TypeAlias = str | os.PathLike[str]
else:
    AnyPath = Annotated[Path, BeforeValidator(lambda value: Path(value) if isinstance(value, os.PathLike) else value)]
    ImagerySource = DataSource = Annotated[Path | InMemory, PlainValidator(lambda value: _source(value))]
    TableSource = Annotated[Path | InMemory, PlainValidator(lambda value: _source(value, imagery=False))]


def _source(value: Any, *, imagery: bool = True) -> Path | InMemory:
    try:
        return as_source(value, imagery=imagery)
    except OptionError as error:
        raise ValueError(f"{error.what}. {error.fix}") from error


def path_or_none(given: AnyPath | None) -> Path | None:
    """Return an optional path as it is after the check of a call."""
    return None if given is None else Path(given)


Day = Annotated[dt.date, _text_of(dt.date.fromisoformat), Metavar("DATE")]
Bands = Annotated[tuple[str, ...], _text_of(_listed), Field(min_length=1)]
Bbox = Annotated[tuple[FiniteFloat, FiniteFloat, FiniteFloat, FiniteFloat], _text_of(_listed)]
# A folder that is no input, so no path: the content of inputs is hashed.
Folder = Annotated[str, BeforeValidator(lambda value: str(value) if isinstance(value, Path) else value), Metavar("FOLDER")]
Metres = Annotated[float, Metavar("M")]
Megabytes = Annotated[int, Metavar("MB")]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]  # as NumPy's and scikit-learn's


# ---------------------------------------------------------------- models of options


class Options(BaseModel):
    """Base of models whose fields are options: immutable, without unknown names.

    Raises:
        OptionError: a name is not known, or a value cannot be used.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    @model_validator(mode="wrap")
    @classmethod
    def _name_the_option(cls, given: Any, check: Callable[[Any], Self]) -> Self:
        if not isinstance(given, dict):
            return check(given)
        _refuse_empty_paths(given, cls.model_fields)
        try:
            return check(given)
        except ValidationError as error:
            problems = error.errors()
            worst = next((one for one in problems if one["type"] == "extra_forbidden"), problems[0])
            raise _refusal(worst, given, cls.model_fields, cls.on_command_line()) from error

    @classmethod
    def on_command_line(cls) -> dict[str, FieldInfo]:
        """Return the fields that are options of a command: the marked ones, or all where none is marked."""
        marked = {name: field for name, field in cls.model_fields.items() if Mark.ON_COMMAND_LINE in field.metadata}
        return marked or cls.model_fields


class DataOptions(Options):
    """How imagery, tables and fields are read. Everything is optional; chip stores take `until`, `bbox` and `limit`."""

    fields: TableSource | None = Field(
        default=None, description="field outlines (GeoPackage, GeoParquet, GeoJSON, Shapefile, ...) or a raster of field ids"
    )
    layer: str | None = Field(default=None, description="layer of the file of fields (default: the one with polygons)")
    id_column: str | None = Field(default=None, description="column of the field ids (default: found by name)")
    labels: str | None = Field(default=None, description="column of the crop labels (default: found by name)")
    reference: TableSource | None = Field(
        default=None,
        description="known crops in a file of their own: points or outlines in the fields, or a table with their ids",
    )
    legend: Path | None = Field(
        default=None, description="YAML file that maps label codes to class names; hcat names the codes of HCAT (EuroCrops)"
    )
    columns: Path | None = Field(
        default=None, description="YAML file that names the columns of a table: id, date, bands, label (docs/tables.md)"
    )
    buffer: Metres = Field(default=0.0, ge=-100_000, le=100_000, description="metres added around every field; negative shrinks")
    chip_size: int = Field(default=32, ge=1, le=1024, description="height and width of chips, pixels")
    pattern: str | None = Field(default=None, description="regular expression with groups date and band for file names")
    date: Day | None = Field(
        default=None, examples=["2019-06-06"], description="day of images without a date in names and metadata (YYYY-MM-DD)"
    )
    bands: Bands | None = Field(
        default=None, examples=["B02,B03,B04"], description="bands to use, separated by commas (default: all)"
    )
    band_names: str | None = Field(
        default=None,
        examples=["band_1=B02,band_2=B03"],
        description="other names for bands, old=new,..., or a YAML file with lines old: new",
    )
    resolution: float | None = Field(default=None, description="pixel size in units of the CRS (default: the finest band's)")
    clear: str | None = Field(
        default=None,
        examples=['"SCL=4,5 CLD<60"'],
        description='rule for clear pixels, e.g. "SCL=4,5 CLD<60"; none: all valid pixels are clear',
    )
    offset: float | None = Field(default=None, description="reflectance offset to subtract (default: from the metadata)")
    from_: Day | None = Field(default=None, examples=["2024-03-01"], description="first day of the images in a STAC catalogue")
    to: Day | None = Field(default=None, examples=["2024-10-31"], description="last day of the images in a STAC catalogue")
    max_cloud: float | None = Field(
        default=None, ge=0, le=100, description="leave out scenes of a STAC catalogue with more clouds, percent"
    )
    cache: Folder | None = Field(default=None, description="folder that keeps fetched images (default: ~/.cache/cropdetect/stac)")
    until: Day | None = Field(default=None, examples=["2019-08-31"], description="use dates up to this day (YYYY-MM-DD)")
    bbox: Bbox | None = Field(
        default=None,
        examples=["34.0,0.4,34.5,0.9"],
        description="a box west,south,east,north in degrees: fields outside are left out",
    )
    limit: int | None = Field(default=None, ge=1, description="use only so many fields, from the first")
    memory: Megabytes = Field(default=512, ge=64, description="memory for reading images and cutting chips")
    follow_links: bool = Field(default=False, description="follow links inside folders if they lead to disks of this computer")


# ---------------------------------------------------------------- what is refused


def _refuse_empty_paths(given: Mapping[str, Any], known: Mapping[str, FieldInfo]) -> None:
    """Refuse "" as a path, which `Path` takes for the working folder: mostly a variable of a script that was never set.

    Raises:
        OptionError: a path is empty.
    """
    for name in given.keys() & known.keys():
        values = given[name] if isinstance(given[name], list | tuple) else [given[name]]
        if any(isinstance(one, str) and not one for one in values) and _is_path(known[name].annotation):
            raise OptionError("the path is empty", where=flag(name), fix="Name a file or a folder. The working folder is `.`.")


def _is_path(annotation: Any) -> bool:
    """Tell whether an option is a path, or several, whatever else may stand in its place."""
    return annotation is Path or annotation == Metavar("FOLDER") or any(map(_is_path, get_args(annotation)))


def _refusal(problem: ErrorDetails, given: Any, known: Mapping[str, FieldInfo], typed: Container[str]) -> OptionError:
    """Return the error for a value or a name that cannot be used.

    Args:
        problem: what pydantic found; the first part of its place is the option.
        given: the values by name.
        known: the options by name.
        typed: names of the options that the command line has.
    """
    place = [part for part in problem["loc"] if isinstance(part, str)] or [ascii(problem["input"])]
    name, shown = place[0], flag(place[0]) if place[0] in typed else ".".join(place)
    if problem["type"] in ("extra_forbidden", "invalid_key") or not problem["loc"]:  # half a character has no place
        return unknown_option(place, _names_at(known, place[:-1]))
    examples = known[name].examples
    fix = f"Write it like {shown} {examples[0]}" if examples else ""
    if problem["type"] == "missing" and name not in given:
        return OptionError(f"{shown} is missing", fix=fix)
    value = given[name] if len(place) == 1 else problem["input"]
    reason = problem["msg"].removeprefix("Value error, ")
    written = repr(value) if len(repr(value)) <= _LONGEST else f"of the type {type(value).__name__}"
    return OptionError(f"{shown} {written} cannot be used: {reason[:1].lower()}{reason[1:]}", fix=fix)


def unknown_option(place: Sequence[str], known: Iterable[str]) -> OptionError:
    """Return the error for a name that is not known.

    Args:
        place: the name, after the names of what it stands in.
        known: names that may stand there.
    """
    near = difflib.get_close_matches(place[-1], list(known), n=1, cutoff=0.5)
    meant = f"Do you mean {'.'.join([*place[:-1], *near])}? " if near else ""
    return OptionError(f"there is no option {'.'.join(place)}", fix=f"{meant}There are {', '.join(known)}.")


def _names_at(known: Mapping[str, FieldInfo], path: Sequence[str]) -> list[str]:
    """Return the names that may stand at a place of nested models."""
    for name in path:
        model = known[name].annotation
        known = model.model_fields if isinstance(model, type) and issubclass(model, BaseModel) else {}
    return list(known)
