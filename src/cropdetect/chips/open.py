"""Opens whatever a user calls data, as chips: imagery with fields, a chip store, or a table of series."""

import shutil
import warnings
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from cropdetect.chips.chipset import ChipSet, RandomAccessChips
from cropdetect.chips.cut import cut_chips
from cropdetect.chips.recognise import recognise
from cropdetect.chips.search import search_of
from cropdetect.chips.store import open_chips, write_chips
from cropdetect.chips.streaming import CutChips
from cropdetect.chips.tables import read_table
from cropdetect.errors import FieldsError, OptionError
from cropdetect.fields import (
    NO_LABELS,
    FieldSet,
    as_text,
    fields_of,
    ordered_legend,
    read_fields,
    read_labels,
    read_legend,
    where_both_lie,
    written_differently,
)
from cropdetect.formats import Preset
from cropdetect.imagery import Download, Imagery, open_imagery, plan_download
from cropdetect.in_memory import InMemory, as_file, as_source, place_of
from cropdetect.options import DataOptions, DataSource, flag

_OF_CHIPS = (
    "until",
    "bbox",
    "limit",
    "chip_size",
    "memory",
    "follow_links",
)  # options that may be given with a chip store or a table

_OF_TABLES = ("fields", "layer", "id_column", "labels", "legend", "columns", "bands", "band_names", "clear", "offset")


@dataclass(frozen=True)
class OpenedData:
    """Chips, and the imagery and the fields that they are cut from; None for a chip store and a table.

    Attributes:
        download: what of remote imagery is needed; None for all other data.
    """

    chips: ChipSet
    imagery: Imagery | None = None
    fields: FieldSet | None = None
    warnings: tuple[str, ...] = ()
    download: Download | None = None

    def __repr__(self) -> str:
        info = self.chips.info
        what = f"{len(self.chips):,} chips of {len(self.chips.fields):,} fields"
        return f"<OpenedData: {what}, {info.n_steps} dates; bands {', '.join(info.bands)}>"

    def places(self) -> str:
        """Return a sentence that tells where the fields and the images lie; "" where that is not known."""
        return where_both_lie(self.fields.table, self.imagery) if self.imagery and self.fields else ""

    def warn(self) -> None:
        """Issue the warnings."""
        for text in self.warnings:
            warnings.warn(text, stacklevel=2)


def open_data(
    data: DataSource,
    options: DataOptions = DataOptions(),
    preset: Preset = "default",
    *,
    labels: bool = True,
    fetch: bool = True,
) -> OpenedData:
    """Open imagery, a chip store or a table of series as chips.

    Args:
        data: a path, or imagery or a table in memory.
        options: how imagery and fields are read.
        preset: how chips are cut.
        labels: whether labels are wanted; without them it is no error that two columns could hold them.
        fetch: whether the pixels of remote imagery are fetched; otherwise those that are not in the cache have no value.

    Raises:
        OptionError: an option does not apply to this kind of data, or the path holds no data.
        CatalogueError: a STAC catalogue has no scene, or none can be fetched.
    """
    source = as_source(data)
    kind = recognise(source)
    found: tuple[str, ...]
    if kind == "imagery":
        if options.columns is not None:
            where = place_of(source)
            raise OptionError("--columns does not apply to imagery", where=where, fix="It names the columns of a table.")
        return _cut(source, options if labels else _without_labels(options), preset, fetch=fetch)
    if kind == "chips":
        _refuse(options, "a chip store")
        chips, found = open_chips(place_of(source)), ()
    elif kind == "table":
        chips = open_table(source, options if labels else _without_labels(options))
        found = chips.info.warnings
    else:
        inside = place_of(source) / "season"
        fix = f"Give {inside}." if kind == "demo" else "Give imagery, a chips.zarr store or a table of series."
        raise OptionError(f"there is no image data here, but: {kind}", where=place_of(source), fix=fix)
    return OpenedData(chips.select(until=options.until, bbox=options.bbox, limit=options.limit), warnings=found)


def open_random_access(data: DataSource, state: Path, options: DataOptions, preset: Preset) -> RandomAccessChips:
    """Open data as chips that can be taken in any order: imagery is cut into a store first, once.

    Args:
        data: a path, or imagery or a table in memory.
        state: folder that keeps the store from one run of a command to the next.
        options: how imagery and fields are read.
        preset: how chips are cut.

    Raises:
        OptionError: as `open_data`.
    """
    opened = open_data(data, options, preset)
    opened.warn()
    if isinstance(opened.chips, RandomAccessChips):
        return opened.chips
    cut, unfinished = state / "chips.zarr", state / "unfinished.zarr"
    if not cut.exists():
        shutil.rmtree(unfinished, ignore_errors=True)
        write_chips(opened.chips, unfinished, places=opened.places)
        unfinished.rename(cut)
    return open_chips(cut)


def open_table(source: Path | InMemory, options: DataOptions) -> RandomAccessChips:
    """Open a table of series.

    Raises:
        OptionError: an option does not apply to a table.
        CropDetectError: as `read_table`.
    """
    _refuse(options, "a table of series", allowed=_OF_TABLES)
    if options.layer is not None and options.fields is None:
        raise OptionError("--layer names a layer of the file that --fields gives", fix="Give --fields, too.")
    with as_file(source) as path, _fields_file(options) as fields:
        return read_table(
            path,
            label_column=options.labels,
            id_column=options.id_column,
            fields=fields,
            layer=options.layer,
            legend=read_legend(options.legend) if options.legend else None,
            columns=options.columns,
            bands=options.bands,
            band_names=options.band_names,
            clear=options.clear,
            offset=options.offset,
        )


def _fields_file(options: DataOptions) -> AbstractContextManager[Path | None]:
    """Return the file of fields for a `with` block, None where none is given."""
    return nullcontext() if options.fields is None else as_file(as_source(options.fields))


def _cut(source: Path | InMemory, options: DataOptions, preset: Preset, *, fetch: bool) -> OpenedData:
    imagery = open_images(source, options)
    fields = open_fields(imagery, options)
    chips = _chips(imagery, fields, options, preset)
    download = None
    if imagery.is_remote:
        download = plan_download(imagery, chips.wanted())
        imagery = download.run() if fetch else download.as_it_is()
        chips = _chips(imagery, fields, options, preset)
    return OpenedData(chips, imagery, fields, imagery.warnings + fields.warnings + chips.info.warnings, download)


def _chips(imagery: Imagery, fields: FieldSet, options: DataOptions, preset: Preset) -> CutChips:
    return cut_chips(
        imagery,
        fields,
        preset=preset,
        chip_size=options.chip_size,
        bands=options.bands,
        until=options.until,
        bbox=options.bbox,
        limit=options.limit,
        memory_budget=options.memory * 2**20,
    )


def open_images(source: Path | InMemory, options: DataOptions) -> Imagery:
    """Open imagery; see `open_imagery` for the errors."""
    return open_imagery(
        source,
        pattern=options.pattern,
        date=options.date,
        resolution=options.resolution,
        clear=options.clear,
        offset=options.offset,
        bands=options.bands,
        band_names=options.band_names,
        search=search_of(source, options),
        memory=options.memory,
    )


def open_fields(imagery: Imagery, options: DataOptions) -> FieldSet:
    """Read the fields from the file that is named, or from what lies with the imagery; see `read_fields` for the errors.

    With a file of known crops the labels are those of that file; see `read_labels` for its errors.
    """
    if options.reference is not None:
        unlabelled = options.model_copy(update={"reference": None, "labels": NO_LABELS})
        return _with_known_crops(open_fields(imagery, unlabelled), options)
    legend = read_legend(options.legend) if options.legend else None
    with _fields_file(options) as file:
        if file is not None:
            return read_fields(
                file,
                layer=options.layer,
                id_column=options.id_column,
                label_column=options.labels,
                legend=legend,
                buffer=options.buffer,
                imagery=imagery,
            )
    for option, thing in (("layer", "layer"), ("id_column", "column")):
        if getattr(options, option) is not None:
            raise OptionError(f"{flag(option)} names a {thing} of the file that --fields gives", fix="Give --fields, too.")
    return fields_of(imagery, label_column=options.labels, legend=legend, buffer=options.buffer)


def _with_known_crops(found: FieldSet, options: DataOptions) -> FieldSet:
    """Label fields by a file of known crops."""
    legend = read_legend(options.legend) if options.legend else None
    source = as_source(options.reference)
    with as_file(source) as file:
        known, told = read_labels(file, None, options.labels, legend, None, found.table)
    crop_of = dict(zip(known["field_id"], known["label"], strict=True))
    labels = [crop_of.get(field) for field in as_text(found.table["field_id"])]
    n_labels = sum(label is not None for label in labels)
    alike = written_differently(known["field_id"], found.table["field_id"]) if n_labels < len(known) else ""
    if n_labels == 0:
        raise FieldsError(
            f"no field id of the known crops ({', '.join(known['field_id'][:5])}) is one of the fields "
            f"({', '.join(map(str, found.table['field_id'][:5]))})",
            where=place_of(source),
            fix=f"{alike} Give points or outlines that lie in the fields, or a table with their ids.".strip(),
        )
    if n_labels < len(known):
        told += (
            f"{place_of(source)}: {len(known) - n_labels} labels have ids of no field and are not used. {alike}".rstrip(". "),
        )
    table = found.table.assign(label=pd.Series(labels, found.table.index, dtype=object))
    names = ordered_legend((), legend) if legend else ()
    return replace(found, table=table, warnings=(*found.warnings, *told), legend=names)


def _without_labels(options: DataOptions) -> DataOptions:
    return options if options.labels is not None else options.model_copy(update={"labels": NO_LABELS, "reference": None})


def _refuse(options: DataOptions, kind: str, allowed: tuple[str, ...] = ()) -> None:
    for name, field in DataOptions.model_fields.items():
        if name not in (*_OF_CHIPS, *allowed) and getattr(options, name) != field.default:
            raise OptionError(f"{flag(name)} does not apply to {kind}", fix="Leave it out, or start from the imagery.")
