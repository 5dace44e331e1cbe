"""Reading fields from whatever a user has: a vector file, an id raster, or what lies with the imagery."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from odc.geo.geobox import GeoBox
from pyproj import CRS

from cropdetect.errors import FieldsError, InputNotFoundError, UnknownLayoutError
from cropdetect.fields.fieldset import FieldSet
from cropdetect.fields.fieldtable import field_table
from cropdetect.fields.idraster import lies_on, open_raster
from cropdetect.fields.legend import CV4A_LEGEND, ordered_legend
from cropdetect.fields.polygons import buffered
from cropdetect.fields.rastertable import TileRasters, raster_table
from cropdetect.fields.vector import VECTOR_SUFFIXES, read_vector
from cropdetect.imagery.safety import checked, gdal
from cropdetect.imagery.series import Imagery

_RASTER_SUFFIXES = (".tif", ".tiff")


def read_fields(
    path: Path,
    *,
    id_column: str | None = None,
    label_column: str | None = None,
    legend: Mapping[str, str] | None = None,
    buffer: float = 0.0,
    imagery: Imagery | None = None,
) -> FieldSet:
    """Read fields from a vector file or an id raster.

    Args:
        path: GeoPackage, GeoParquet, GeoJSON, Shapefile, or a GeoTIFF of field ids (0 = none).
        id_column: column of ids (default: field_id, id, fid, ...; else the row number).
        label_column: column of labels (default: label, crop:code, crop_code, crop, if there is one).
        legend: label code -> class name; codes that it lacks are no labels.
        buffer: metres to grow the fields by; below 0 they shrink.
        imagery: where the fields will be looked for: an id raster must lie on it, and a vector file needs a CRS when it has one.

    Raises:
        InputNotFoundError: there is no such file.
        UnreadableFileError: the file is damaged.
        UnknownLayoutError: its suffix is none of these.
        FieldsError: a named column is absent, a CRS is missing, an id raster lies on none of the tiles.
        LegendError: the legend has none of the codes.
    """
    path = checked(path)
    if not path.is_file():
        raise InputNotFoundError("there is no such fields file", where=path, fix="Check the path.")
    suffix = path.suffix.lower()
    if suffix in _RASTER_SUFFIXES:
        return _from_raster(path, legend, buffer, imagery)
    if suffix not in VECTOR_SUFFIXES:
        known = ", ".join((*VECTOR_SUFFIXES, *_RASTER_SUFFIXES))
        raise UnknownLayoutError(f"fields are not read from {suffix or 'such'} files", where=path, fix=f"Known are {known}.")
    raw, warnings = read_vector(path)
    crs = None if imagery is None else _imagery_crs(imagery)
    if imagery is not None:
        _check_crs(raw, crs, path)
    fields = field_table(raw, path, id_column=id_column, label_column=label_column, legend=legend, buffer=buffer, imagery_crs=crs)
    return replace(fields, warnings=warnings + fields.warnings)


def fields_of(
    imagery: Imagery,
    *,
    label_column: str | None = None,
    legend: Mapping[str, str] | None = None,
    buffer: float = 0.0,
) -> FieldSet:
    """Read the fields that lie with the imagery: id and label rasters, or vector files.

    Label codes of the cv4a layout are named by `CV4A_LEGEND` unless a legend is given.

    Args:
        imagery: what was opened.
        label_column: column of labels, for vector files.
        legend: label code -> class name.
        buffer: metres to grow the fields by; below 0 they shrink.

    Raises:
        FieldsError: the imagery brings no fields, or rasters in one tile and vector files in another.
        InputNotFoundError, UnreadableFileError, LegendError: see `read_fields`.
    """
    rasters = [tile.field_files.field_ids for tile in imagery.tiles]
    with_raster = [tile for tile, path in zip(imagery.tiles, rasters, strict=True) if path is not None]
    vectors = list(dict.fromkeys(t.field_files.vector for t in imagery.tiles if t.field_files.vector is not None))
    name_them = "Name a vector file or an id raster with --fields."
    if not with_raster and not vectors:
        raise FieldsError("no fields lie with the imagery", where=imagery.path, fix=name_them)
    if with_raster:
        if len(with_raster) < len(rasters) and vectors:
            raise FieldsError("some tiles have an id raster, others a vector file", where=imagery.path, fix=name_them)
        tiles = [TileRasters(t.geobox, Path(str(t.field_files.field_ids)), t.field_files.labels) for t in with_raster]
        default = CV4A_LEGEND if imagery.layout == "cv4a" and legend is None else None
        return _painted(tiles, tuple(rasters), legend, default, buffer, imagery)
    read = [read_fields(p, label_column=label_column, legend=legend, buffer=buffer, imagery=imagery) for p in vectors]
    return read[0] if len(read) == 1 else _together(read)


def _from_raster(path: Path, legend: Mapping[str, str] | None, buffer: float, imagery: Imagery | None) -> FieldSet:
    with gdal(), closing(open_raster(path)) as source:
        if imagery is None:
            own = GeoBox(source.shape, source.transform, source.crs.to_wkt() if source.crs else None)
            tiles = [TileRasters(own, path)]
            rasters: tuple[Path | None, ...] = (path,)
        else:
            on = [lies_on(source, tile.geobox) for tile in imagery.tiles]
            if not any(on):
                on = [_overlaps(source, tile.geobox) for tile in imagery.tiles]
            if not any(on):
                first = imagery.tiles[0].geobox
                raise FieldsError(
                    f"the id raster ({source.height} x {source.width} pixels, {source.crs or 'no CRS'}) lies on none of the "
                    f"imagery's tiles ({first.shape[0]} x {first.shape[1]} pixels, {first.crs or 'no CRS'})",
                    where=path,
                    fix="Paint the ids on the imagery's grid, or give the fields as polygons.",
                )
            if sum(on) > 1 and (source.crs is None or source.transform.is_identity):
                raise FieldsError("it is not known on which tile this id raster lies", where=path, fix="Give it a georeference.")
            tiles = [TileRasters(tile.geobox, path) for tile, here in zip(imagery.tiles, on, strict=True) if here]
            rasters = tuple(path if here else None for here in on)
    return _painted(tiles, rasters, legend, None, buffer, imagery)


def _painted(
    tiles: list[TileRasters],
    rasters: tuple[Path | None, ...],
    legend: Mapping[str, str] | None,
    default: Mapping[str, str] | None,
    buffer: float,
    imagery: Imagery | None,
) -> FieldSet:
    table, warnings, all_known = raster_table(tiles, legend=legend or default)
    names = legend or default
    if default is not None and not all_known:  # another campaign in the same layout: its codes mean something else
        table, warnings, _ = raster_table(tiles, legend=None)
        warnings = (*warnings, "label codes beyond 1 to 7 are not those of the CV4A competition; the codes are the class names")
        names = None
    if buffer != 0:
        shapes = buffered(table.geometry, buffer, imagery_crs=_imagery_crs(imagery) if imagery else None, where=tiles[0].ids)
        gone = shapely.is_empty(shapes)
        table["geometry"] = table.geometry.where(gone, gpd.GeoSeries(shapes, crs=table.crs))
        table.loc[gone, "status"] = "too_small"
        rasters = (None,) * len(rasters)  # from here on the fields are polygons
    has_labels = "label" in table.columns
    return FieldSet(table, rasters, warnings, ordered_legend((), names) if names and has_labels else ())


def _together(read: list[FieldSet]) -> FieldSet:
    """Put the fields of several files into one table; an id that is in two files is one field where its parts touch."""
    crs = read[0].table.crs
    if any(one.table.crs != crs for one in read):
        crs = CRS.from_epsg(4326)
    tables = [one.table if one.table.crs == crs else one.table.to_crs(crs) for one in read]
    numbers = all(one["field_id"].dtype == np.int64 for one in tables)
    if not numbers:
        tables = [one.assign(field_id=one["field_id"].astype(str)) for one in tables]
    table = gpd.GeoDataFrame(pd.concat(tables, ignore_index=True), crs=crs)
    warnings = [text for one in read for text in one.warnings]
    usable = (table["status"] == "ok").to_numpy()
    first = table[usable].drop_duplicates("field_id").reset_index().set_index("field_id")["index"]
    drop, apart = [], []
    for row in np.flatnonzero(usable & table["field_id"].isin(first.index).to_numpy()):
        owner = first[table.at[row, "field_id"]]
        if owner == row:
            continue
        if shapely.intersects(table.at[owner, "geometry"], table.at[row, "geometry"]):
            table.at[owner, "geometry"] = shapely.union(table.at[owner, "geometry"], table.at[row, "geometry"])
            drop.append(row)
        else:
            table.at[row, "status"] = "duplicate_id"
            apart.append(str(table.at[row, "field_id"]))
    if apart:
        warnings.append(
            f"{len(apart)} field ids are used for different fields in several files ({', '.join(apart[:5])}); the first is kept"
        )
    legend = next((one.legend for one in read if one.legend), ())
    return FieldSet(table.drop(index=drop).reset_index(drop=True), warnings=tuple(dict.fromkeys(warnings)), legend=legend)


def _imagery_crs(imagery: Imagery) -> CRS | None:
    crs = next((tile.geobox.crs for tile in imagery.tiles if tile.geobox.crs is not None), None)
    return None if crs is None else CRS.from_user_input(crs.to_wkt())


def _check_crs(raw: gpd.GeoDataFrame, imagery_crs: CRS | None, path: Path) -> None:
    if raw.crs is None and imagery_crs is not None:
        raise FieldsError(
            "the fields have no coordinate reference system (CRS), but the imagery has",
            where=path,
            fix="Set the CRS in the file (a Shapefile needs its .prj).",
        )
    if raw.crs is not None and imagery_crs is None:
        raise FieldsError(
            "the imagery has no coordinate reference system (CRS), so that polygons cannot be laid on it",
            where=path,
            fix="Set the imagery's CRS, or give the fields as an id raster on its grid.",
        )


def _overlaps(source: object, geobox: GeoBox) -> bool:
    """Tell whether a georeferenced raster and a tile share ground."""
    crs = getattr(source, "crs", None)
    if crs is None or geobox.crs is None:
        return False
    own = GeoBox(source.shape, source.transform, crs.to_wkt())  # type: ignore[attr-defined]
    there = own.extent.to_crs(geobox.crs)
    return bool(there.geom.intersection(geobox.extent.geom).area > 0)
