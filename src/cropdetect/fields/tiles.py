"""Fields of imagery whose tiles have field files of their own: rasters and vector files, read and merged into one table."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from cropdetect.errors import FieldsError
from cropdetect.fields.geometry import buffer_fields
from cropdetect.fields.legend import class_names, ordered_legend
from cropdetect.fields.merge import concatenate, merge_fields
from cropdetect.fields.raster_table import MERGE_DISTANCE, TileRasters, raster_parts
from cropdetect.fields.table import FieldSet
from cropdetect.imagery import Imagery, ImageSeries, merge_warnings

_METRES_A_DEGREE = 111_320
_SHOWN = 5  # names in a warning


class _ReadVector(Protocol):
    def __call__(self, path: Path, *, label_column: str | None, buffer: float, imagery: Imagery) -> FieldSet: ...


def fields_of_tiles(
    imagery: Imagery,
    read_vector: _ReadVector,
    *,
    label_column: str | None,
    legend: Mapping[str, str] | None,
    buffer: float,
) -> FieldSet:
    """Read the fields of every tile from its own file, and tell which ids of several files are one field.

    Args:
        imagery: tiles, some of which have field files.
        read_vector: reads one vector file.
        label_column: column of labels, for vector files.
        legend: label code -> class name.
        buffer: metres to grow the fields by; below 0 they shrink.

    Raises:
        FieldsError: polygons for tiles without CRS; else see `read_fields` and `IdRaster`.
        LegendError: the legend has none of the codes.
    """
    files, tables, tile_of, notes = _read_files(imagery, read_vector, label_column=label_column, buffer=buffer)
    names = [imagery.path.name if path.parent == imagery.path else tile.name for path, tile in files.items()]
    table = concatenate(tables)
    new_ids: tuple[pd.Series[Any], ...] = ()
    warnings = merge_warnings(names, notes) if len(files) > 1 else notes[0]
    if len(files) > 1:
        table, new_ids, doubts = merge_fields(table, np.concatenate(tile_of), names, _near(imagery, table))
        warnings += doubts
    warnings += _without_fields(imagery)
    labelled = legend is not None and "label" in table.columns
    if labelled:
        table["label"], missing = class_names(table["label"], legend, where=imagery.path)
        warnings += missing
    rasters = tuple(tile.field_files.field_ids if buffer == 0 else None for tile in imagery.tiles)
    if not any(rasters):
        rasters = ()
    ids_of = dict(zip(files, new_ids, strict=False))
    return FieldSet(
        table,
        rasters,
        warnings,
        ordered_legend((), legend) if labelled else (),
        tuple(None if raster is None else ids_of.get(raster) for raster in rasters) if new_ids else (),
    )


def _read_files(
    imagery: Imagery, read_vector: _ReadVector, *, label_column: str | None, buffer: float
) -> tuple[dict[Path, ImageSeries], list[gpd.GeoDataFrame], list[npt.NDArray[np.int64]], list[tuple[str, ...]]]:
    """Read every field file once: rasters first, then vector files.

    Returns:
        the files, each with the first tile that it belongs to; their tables; for each row of these the position of its file;
        and the warnings of each file.
    """
    painted: dict[Path, ImageSeries] = {}
    drawn: dict[Path, ImageSeries] = {}
    for tile in imagery.tiles:
        if tile.field_files.field_ids is not None:
            painted.setdefault(tile.field_files.field_ids, tile)
        elif tile.field_files.vector is not None:
            drawn.setdefault(tile.field_files.vector, tile)
    tables, tile_of, warnings = [], [], []
    if painted:
        sources = [TileRasters(tile.geobox, path, tile.field_files.labels) for path, tile in painted.items()]
        table, positions, found = raster_parts(sources)
        tables.append(buffer_fields(table, buffer, imagery_crs=table.crs, where=imagery.path))
        tile_of.append(positions)
        warnings += found
    for path, tile in drawn.items():
        if tile.geobox.crs is None and len(imagery.tiles) > 1:
            raise FieldsError(
                "its images have no coordinate reference system (CRS), so that polygons cannot be laid on them",
                where=path,
                fix="Set the images' CRS, or give the fields as field_ids.tif on their grid.",
            )
        read = read_vector(path, label_column=label_column, buffer=buffer, imagery=replace(imagery, tiles=(tile,)))
        tile_of.append(np.full(len(read.table), len(warnings), np.int64))
        tables.append(read.table)
        warnings.append(read.warnings)
    return {**painted, **drawn}, tables, tile_of, warnings


def _without_fields(imagery: Imagery) -> tuple[str, ...]:
    """Warn of tiles that have no field file."""
    bare = [tile.name for tile in imagery.tiles if tile.field_files.field_ids is None and tile.field_files.vector is None]
    if not bare:
        return ()
    more = ", ..." if len(bare) > _SHOWN else ""
    return (f"folders with images and without fields of their own ({len(bare)}): {', '.join(bare[:_SHOWN])}{more}",)


def _near(imagery: Imagery, table: gpd.GeoDataFrame) -> float:
    """Return the distance up to which parts are one field, in units of the table's CRS."""
    pixel = max(
        abs(float(tile.geobox.affine.a)) * (1 if tile.geobox.crs is None or not tile.geobox.crs.geographic else _METRES_A_DEGREE)
        for tile in imagery.tiles
    )
    return MERGE_DISTANCE * pixel / (_METRES_A_DEGREE if table.crs is not None and table.crs.is_geographic else 1)
