"""Opens whatever a user calls data: imagery with fields, a chip store, or a folder of series tables."""

import datetime as dt
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from cropdetect.chips import ChipSet, RandomAccessChips, cut_chips, open_chips, read_table
from cropdetect.errors import InputNotFoundError, OptionError
from cropdetect.fields import NO_LABELS, FieldSet, fields_of, is_vector_file, read_fields, read_legend
from cropdetect.formats import Preset
from cropdetect.imagery import Imagery, open_imagery

Kind = Literal["imagery", "fields", "chips", "table", "checkpoint", "predictions", "scores"]

_ALWAYS = ("until", "bbox", "limit")  # what any kind of data takes


@dataclass(frozen=True)
class DataOptions:
    """How imagery and fields are read. Everything is optional; chip stores and tables take `until`, `bbox` and `limit`.

    Attributes:
        fields: vector file or id raster (default: what lies with the imagery).
        layer: layer of the fields' file (default: the one with polygons).
        id_column: column of the field ids (default: found by name).
        label_column: column of the labels (default: found by name).
        legend: YAML file that maps label codes to class names.
        buffer: metres added around every field; negative shrinks.
        pattern: regular expression that finds date and band in file names.
        date: day of images whose names tell none (default: from tags and sidecar files).
        bands: bands to read (default: all).
        band_names: other names for bands, `old=new,...` or a YAML file of old to new names.
        resolution: pixel size in units of the CRS (default: the finest band's).
        clear: expression of what counts as clear, e.g. "SCL=4,5 CLD<60" or "none".
        offset: reflectance offset to take off (default: from the metadata).
        until: use dates up to this day.
        bbox: west, south, east, north in degrees; fields outside are left out.
        limit: use the first so many fields.
        chip_size: height and width of chips, pixels.
        memory: bytes that cutting may hold.
    """

    fields: Path | None = None
    layer: str | None = None
    id_column: str | None = None
    label_column: str | None = None
    legend: Path | None = None
    buffer: float = 0.0
    pattern: str | None = None
    date: dt.date | None = None
    bands: tuple[str, ...] | None = None
    band_names: str | None = None
    resolution: float | None = None
    clear: str | None = None
    offset: float | None = None
    until: dt.date | None = None
    bbox: tuple[float, float, float, float] | None = None
    limit: int | None = None
    chip_size: int = 32
    memory: int = 512 * 2**20


@dataclass(frozen=True)
class Data:
    """What was opened: always chips; imagery and fields where the chips are cut from them."""

    chips: ChipSet
    imagery: Imagery | None = None
    fields: FieldSet | None = None
    warnings: tuple[str, ...] = field(default=())


def recognise(path: Path) -> Kind:
    """Tell what lies at a path.

    Raises:
        InputNotFoundError: nothing is there.
    """
    if not path.exists():
        raise InputNotFoundError("no such file or folder", where=path, fix="Check the path.")
    if is_vector_file(path):
        return "fields"
    if path.is_file():
        return "imagery"
    if (path / "checkpoint.json").is_file():
        return "checkpoint"
    if (path / "metrics.json").is_file() and (path / "predictions.csv").is_file():
        return "scores"
    if (path / "run.json").is_file() and (path / "predictions.csv").is_file():
        return "predictions"
    if any((path / f"series{suffix}").is_file() for suffix in (".parquet", ".csv")):
        return "table"
    if (path / "zarr.json").is_file() and "cropdetect-chips" in (path / "zarr.json").read_text(errors="replace"):
        return "chips"
    names = [entry.name for entry in path.iterdir() if not entry.name.startswith(".")]
    if len(names) == 1 and is_vector_file(path / names[0]):
        return "fields"
    return "imagery"


def open_data(path: Path, options: DataOptions, preset: Preset = "default", *, labels: bool = True) -> Data:
    """Open imagery, a chip store or a table folder as chips.

    Args:
        path: the data.
        options: how imagery and fields are read.
        preset: how chips are cut.
        labels: whether labels are wanted; without them it is no error that two columns could hold them.

    Raises:
        OptionError: an option does not apply to this kind of data, or the path holds no data.
    """
    kind = recognise(path)
    if kind == "chips":
        _refuse(options, "a chip store")
        return Data(chips=_narrowed(open_chips(path), options))
    if not labels and options.label_column is None:
        options = replace(options, label_column=NO_LABELS)
    if kind == "table":
        _refuse(options, "a table of series", allowed=("label_column",))
        return Data(chips=_narrowed(read_table(path, label_column=options.label_column), options))
    if kind != "imagery":
        raise OptionError(
            f"there is no image data here, but: {kind}",
            where=path,
            fix="Give imagery, a chips.zarr store or a folder with series.parquet.",
        )
    imagery, fields = open_imagery_and_fields(path, options)
    chips = cut_chips(
        imagery,
        fields,
        preset=preset,
        chip_size=options.chip_size,
        bands=options.bands,
        until=options.until,
        bbox=options.bbox,
        limit=options.limit,
        memory_budget=options.memory,
    )
    return Data(chips=chips, imagery=imagery, fields=fields, warnings=imagery.warnings + fields.warnings + chips.info.warnings)


def open_imagery_and_fields(path: Path, options: DataOptions) -> tuple[Imagery, FieldSet]:
    """Open imagery, and its fields from `options.fields` or from what lies with it."""
    imagery = open_imagery(
        path,
        pattern=options.pattern,
        date=options.date,
        resolution=options.resolution,
        clear=options.clear,
        offset=options.offset,
        bands=options.bands,
        band_names=options.band_names,
    )
    legend = read_legend(options.legend) if options.legend else None
    if options.fields is None:
        if options.layer is not None:
            raise OptionError("--layer names a layer of the file that --fields gives", fix="Give --fields, too.")
        return imagery, fields_of(imagery, label_column=options.label_column, legend=legend, buffer=options.buffer)
    fields = read_fields(
        options.fields,
        layer=options.layer,
        id_column=options.id_column,
        label_column=options.label_column,
        legend=legend,
        buffer=options.buffer,
        imagery=imagery,
    )
    return imagery, fields


def _narrowed(chips: RandomAccessChips, options: DataOptions) -> RandomAccessChips:
    return chips.select(until=options.until, bbox=options.bbox, limit=options.limit)


def _refuse(options: DataOptions, kind: str, allowed: tuple[str, ...] = ()) -> None:
    default = DataOptions()
    for name in DataOptions.__dataclass_fields__:
        if name not in ("memory", "chip_size", *_ALWAYS, *allowed) and getattr(options, name) != getattr(default, name):
            raise OptionError(
                f"--{name.replace('_', '-')} does not apply to {kind}", fix="Leave it out, or start from the imagery."
            )


def told(warnings: tuple[str, ...]) -> None:
    """Print warnings to stderr."""
    for warning in warnings:
        print(f"Warning: {warning}", file=sys.stderr)
