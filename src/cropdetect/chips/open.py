"""Opens whatever a user calls data, as chips: imagery with fields, a chip store, or a table of series."""

import shutil
import warnings
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import shapely

from cropdetect.chips.chipset import ChipSet, RandomAccessChips
from cropdetect.chips.cut import cut_chips
from cropdetect.chips.selection import fields_inside
from cropdetect.chips.store import open_chips, write_chips
from cropdetect.chips.streaming import CutChips
from cropdetect.chips.tables import is_table, read_table
from cropdetect.errors import InputNotFoundError, OptionError, UnreadableFileError
from cropdetect.fields import NO_LABELS, FieldSet, fields_of, is_vector_file, read_fields, read_legend
from cropdetect.formats import Kind, Preset
from cropdetect.imagery import (
    Download,
    Imagery,
    Search,
    address_without_prefix,
    is_address,
    is_image_archive,
    is_item_collection,
    is_stac,
    open_imagery,
    plan_download,
)
from cropdetect.options import DataOptions, flag
from cropdetect.runs import moves_are_pending

_OF_CHIPS = ("until", "bbox", "limit", "chip_size", "memory")  # options that may be given with a chip store or a table

_OF_TABLES = ("fields", "layer", "id_column", "labels", "legend", "columns", "bands", "clear", "offset")


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

    def warn(self) -> None:
        """Issue the warnings."""
        for text in self.warnings:
            warnings.warn(text, stacklevel=2)


def recognise(path: Path) -> Kind:
    """Tell what lies at a path.

    Raises:
        InputNotFoundError: nothing is there.
        UnsafePathError: it is an address of the network.
    """
    if is_stac(path) or is_item_collection(path):
        return "imagery"
    if is_address(path):
        raise address_without_prefix(path)
    if not path.exists():
        raise InputNotFoundError("no such file or folder", where=path, fix="Check the path.")
    if path.is_file() and is_table(path):
        return "table"
    if is_vector_file(path) and not is_image_archive(path):
        return "fields"
    if path.is_file():
        return "imagery"
    if moves_are_pending(path):
        raise UnreadableFileError(
            "the folder is half written", where=path, fix="Run the command that writes it again, which finishes it."
        )
    if (path / "checkpoint.json").is_file():
        return "checkpoint"
    if (path / "metrics.json").is_file() and (path / "predictions.csv").is_file():
        return "scores"
    if (path / "run.json").is_file() and (path / "predictions.csv").is_file():
        return "predictions"
    if is_table(path):
        return "table"
    if (path / "zarr.json").is_file() and "cropdetect-chips" in (path / "zarr.json").read_text(errors="replace"):
        return "chips"
    names = [entry.name for entry in path.iterdir() if not entry.name.startswith(".")]
    if len(names) == 1 and is_vector_file(path / names[0]) and not is_image_archive(path / names[0]):
        return "fields"
    return "imagery"


def open_data(
    path: Path, options: DataOptions, preset: Preset = "default", *, labels: bool = True, fetch: bool = True
) -> OpenedData:
    """Open imagery, a chip store or a table of series as chips.

    Args:
        path: the data.
        options: how imagery and fields are read.
        preset: how chips are cut.
        labels: whether labels are wanted; without them it is no error that two columns could hold them.
        fetch: whether the pixels of remote imagery are fetched; otherwise those that are not in the cache have no value.

    Raises:
        OptionError: an option does not apply to this kind of data, or the path holds no data.
        CatalogueError: a STAC catalogue has no scene, or none can be fetched.
    """
    kind = recognise(path)
    found: tuple[str, ...]
    if kind == "imagery":
        if options.columns is not None:
            raise OptionError("--columns does not apply to imagery", where=path, fix="It names the columns of a table.")
        return _cut(path, options if labels else _without_labels(options), preset, fetch=fetch)
    if kind == "chips":
        _refuse(options, "a chip store")
        chips, found = open_chips(path), ()
    elif kind == "table":
        chips = _table(path, options if labels else _without_labels(options))
        found = chips.info.warnings
    else:
        fix = "Give imagery, a chips.zarr store or a table of series."
        raise OptionError(f"there is no image data here, but: {kind}", where=path, fix=fix)
    return OpenedData(chips.select(until=options.until, bbox=options.bbox, limit=options.limit), warnings=found)


def open_random_access(path: Path, state: Path, options: DataOptions, preset: Preset) -> RandomAccessChips:
    """Open data as chips that can be taken in any order: imagery is cut into a store first, once.

    Args:
        path: the data.
        state: folder that keeps the store from one run of a command to the next.
        options: how imagery and fields are read.
        preset: how chips are cut.

    Raises:
        OptionError: as `open_data`.
    """
    data = open_data(path, options, preset)
    data.warn()
    if isinstance(data.chips, RandomAccessChips):
        return data.chips
    cut, unfinished = state / "chips.zarr", state / "unfinished.zarr"
    if not cut.exists():
        shutil.rmtree(unfinished, ignore_errors=True)
        write_chips(data.chips, unfinished)
        unfinished.rename(cut)
    return open_chips(cut)


def _table(path: Path, options: DataOptions) -> RandomAccessChips:
    _refuse(options, "a table of series", allowed=_OF_TABLES)
    if options.layer is not None and options.fields is None:
        raise OptionError("--layer names a layer of the file that --fields gives", fix="Give --fields, too.")
    return read_table(
        path,
        label_column=options.labels,
        id_column=options.id_column,
        fields=options.fields,
        layer=options.layer,
        legend=read_legend(options.legend) if options.legend else None,
        columns=options.columns,
        bands=options.bands,
        clear=options.clear,
        offset=options.offset,
    )


def _cut(path: Path, options: DataOptions, preset: Preset, *, fetch: bool) -> OpenedData:
    imagery = open_imagery(
        path,
        pattern=options.pattern,
        date=options.date,
        resolution=options.resolution,
        clear=options.clear,
        offset=options.offset,
        bands=options.bands,
        band_names=options.band_names,
        search=search_of(path, options),
    )
    fields = _fields(imagery, options)
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


def search_of(path: Path, options: DataOptions) -> Search:
    """Return what to look for in a STAC catalogue; fields are read for their outlines.

    Raises:
        OptionError: a catalogue's options are given with files, or the fields are a raster, or have no CRS.
    """
    if not is_stac(path) and not is_item_collection(path):
        _refuse_search(options, path)
        return Search()
    places = None
    if options.fields is not None:
        if options.fields.suffix.lower() in (".tif", ".tiff"):
            raise OptionError(
                "a raster of field ids lies on the grid of images that are there",
                where=options.fields,
                fix="Give --fields polygons.",
            )
        found = read_fields(options.fields, layer=options.layer, id_column=options.id_column, label_column=NO_LABELS)
        rows = fields_inside(found.table, options.bbox, options.limit)
        shapes = found.table.geometry.iloc[rows].dropna()
        if shapes.crs is None:
            raise OptionError("the fields have no CRS, so their place is not known", where=options.fields, fix="Give them a CRS.")
        if options.buffer > 0:
            shapes = shapes.to_crs(shapes.estimate_utm_crs()).buffer(options.buffer)
        places = shapes.to_crs("EPSG:4326")
        places = places[~places.is_empty]
    elif options.bbox is not None:
        places = gpd.GeoSeries([shapely.box(*options.bbox)], crs="EPSG:4326")
    return Search(
        first=options.from_,
        last=options.to,
        max_cloud=options.max_cloud,
        places=places,
        cache=None if options.cache is None else Path(options.cache).expanduser(),
    )


def _refuse_search(options: DataOptions, path: Path) -> None:
    """Raise where options of a STAC catalogue are given with files."""
    for name in ("from_", "to", "max_cloud", "cache"):
        if getattr(options, name) is not None:
            raise OptionError(
                f"{flag(name)} applies to a STAC catalogue, and this is none",
                where=path,
                fix=f"Leave {flag(name)} out (--until uses dates up to a day), or give stac:earth-search/sentinel-2-l2a",
            )


def _fields(imagery: Imagery, options: DataOptions) -> FieldSet:
    """Read the fields from the file that is named, or from what lies with the imagery."""
    legend = read_legend(options.legend) if options.legend else None
    if options.fields is not None:
        return read_fields(
            options.fields,
            layer=options.layer,
            id_column=options.id_column,
            label_column=options.labels,
            legend=legend,
            buffer=options.buffer,
            imagery=imagery,
        )
    if options.layer is not None:
        raise OptionError("--layer names a layer of the file that --fields gives", fix="Give --fields, too.")
    return fields_of(imagery, label_column=options.labels, legend=legend, buffer=options.buffer)


def _without_labels(options: DataOptions) -> DataOptions:
    return options if options.labels is not None else options.model_copy(update={"labels": NO_LABELS})


def _refuse(options: DataOptions, kind: str, allowed: tuple[str, ...] = ()) -> None:
    for name, field in DataOptions.model_fields.items():
        if name not in (*_OF_CHIPS, *allowed) and getattr(options, name) != field.default:
            raise OptionError(f"{flag(name)} does not apply to {kind}", fix="Leave it out, or start from the imagery.")
