"""Reading fields from whatever a user has: a vector file, an id raster, or what lies with the imagery."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
from odc.geo.geobox import GeoBox
from pyproj import CRS

from cropdetect.door import checked
from cropdetect.errors import FieldsError
from cropdetect.fields.coordinates import impossible_coordinates, likely_crs
from cropdetect.fields.doubles import other_years
from cropdetect.fields.geometry import buffer_fields
from cropdetect.fields.id_raster import RASTER_SUFFIXES, lies_on, open_raster
from cropdetect.fields.legend import CV4A_LEGEND, ordered_legend
from cropdetect.fields.raster_table import TileRasters, raster_table
from cropdetect.fields.table import FieldSet, field_table
from cropdetect.fields.tiles import fields_of_tiles
from cropdetect.fields.vector import only_vector_file, read_vector
from cropdetect.imagery import Imagery, check_place, gdal
from cropdetect.paths import not_found


def read_fields(
    path: Path,
    *,
    layer: str | None = None,
    id_column: str | None = None,
    label_column: str | None = None,
    legend: Mapping[str, str] | None = None,
    buffer: float = 0.0,
    imagery: Imagery | None = None,
) -> FieldSet:
    """Read fields from a vector file or an id raster.

    Args:
        path: a vector file, an archive or a folder with one (see `read_vector`), or a GeoTIFF of field ids (0 = none).
        layer: layer of a vector file (default: the one with polygons; of several, the one with the columns that are named here).
        id_column: column of ids (default: field_id, id, fid, ...; else the row number).
        label_column: column of labels (default: label, crop, crop:code or crop_code, if there is one).
        legend: label code -> class name; codes that it lacks are no labels.
        buffer: metres to grow the fields by; below 0 they shrink.
        imagery: where the fields will be looked for: an id raster must lie on it, and a vector file needs a CRS when it has one.

    Raises:
        InputNotFoundError: there is no such file.
        UnreadableFileError: the file is damaged.
        UnsafePathError: the file leads to the network or to other files.
        UnknownLayoutError: its suffix is none of these.
        FieldsError: a named column or layer is absent, several layers could be meant, two columns could be the labels, a CRS is
            missing or does not fit the coordinates, an id raster lies on none of the tiles.
        LegendError: the legend has none of the codes.
    """
    path = only_vector_file(checked(path))
    if path.suffix.lower() in RASTER_SUFFIXES:
        if not path.is_file():
            raise not_found(path, "file of fields")
        if layer is not None:
            raise FieldsError("a raster of ids has no layers", where=path, fix="Leave --layer out.")
        return _from_raster(path, legend, buffer, imagery)
    named = [name for name in (id_column, label_column) if name]
    raw, warnings = read_vector(path, layer=layer, named=named)
    if imagery is not None:
        _check_crs(raw, imagery, path)
    fields = field_table(
        raw,
        path,
        id_column=id_column,
        label_column=label_column,
        legend=legend,
        buffer=buffer,
        imagery_crs=None if imagery is None else _imagery_crs(imagery),
        impossible=impossible_coordinates(raw, imagery, path),
    )
    years = sorted({day.year for day in imagery.dates}) if imagery is not None else []
    about_years = other_years(raw, label_column, years, path.name) if years else []
    return replace(fields, warnings=(*warnings, *fields.warnings, *about_years))


def fields_of(
    imagery: Imagery,
    *,
    label_column: str | None = None,
    legend: Mapping[str, str] | None = None,
    buffer: float = 0.0,
) -> FieldSet:
    """Read the fields that lie with the imagery: id and label rasters, or vector files.

    An id in several id rasters is one field, except in chip folders: there, as in several vector files, it is one where its
    parts lie near each other, and otherwise the ids are written with the folder's name (see `merge_fields`). Label codes of the
    cv4a layout are named by `CV4A_LEGEND` unless a legend is given.

    Args:
        imagery: what was opened.
        label_column: column of labels, for vector files.
        legend: label code -> class name.
        buffer: metres to grow the fields by; below 0 they shrink.

    Raises:
        FieldsError: the imagery brings no fields, or rasters in one tile and vector files in another (chip folders
            may mix them), polygons for chips without CRS.
        InputNotFoundError, UnreadableFileError, LegendError: see `read_fields`.
    """
    tiles = imagery.tiles
    name_them = (
        "Put fields.gpkg (or .geojson, .parquet) or field_ids.tif beside the images, or name a vector file or an id raster with "
        "--fields."
    )
    if all(tile.field_files.field_ids is None and tile.field_files.vector is None for tile in tiles):
        raise FieldsError("no fields lie with the imagery", where=imagery.path, fix=name_them)
    painted = [tile for tile in tiles if tile.field_files.field_ids is not None]
    if imagery.layout == "chips" or not painted:
        found = fields_of_tiles(imagery, read_fields, label_column=label_column, legend=legend, buffer=buffer)
        return replace(found, warnings=(*found.warnings, *_labels_alone(imagery)))
    if len(painted) < len(tiles) and any(tile.field_files.vector is not None for tile in tiles):
        raise FieldsError("some tiles have an id raster, others a vector file", where=imagery.path, fix=name_them)
    sources = [TileRasters(t.geobox, Path(str(t.field_files.field_ids)), t.field_files.labels) for t in painted]
    default = CV4A_LEGEND if imagery.layout == "cv4a" and legend is None else None
    return _painted(sources, tuple(t.field_files.field_ids for t in tiles), legend, default, buffer, imagery)


def _labels_alone(imagery: Imagery) -> tuple[str, ...]:
    """Return a warning for rasters of labels in tiles that have no raster of field ids."""
    files = (tile.field_files for tile in imagery.tiles)
    alone = sorted({file.labels.name for file in files if file.labels is not None and file.field_ids is None})
    return (f"not used, since a raster of field ids is missing beside it: {', '.join(alone)}",) if alone else ()


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
        table = buffer_fields(table, buffer, imagery_crs=_imagery_crs(imagery) if imagery else None, where=tiles[0].ids)
        rasters = (None,) * len(rasters)  # from here on the fields are polygons
    has_labels = "label" in table.columns
    return FieldSet(table, rasters, warnings, ordered_legend((), names) if names and has_labels else ())


def _imagery_crs(imagery: Imagery) -> CRS | None:
    crs = next((tile.geobox.crs for tile in imagery.tiles if tile.geobox.crs is not None), None)
    return None if crs is None else CRS.from_user_input(crs.to_wkt())


def _check_crs(raw: gpd.GeoDataFrame, imagery: Imagery, path: Path) -> None:
    has_crs = _imagery_crs(imagery) is not None
    if raw.crs is None and has_crs:
        points = np.asarray(raw.geometry.dropna().centroid.get_coordinates())
        likely = f"The coordinates look like {likely_crs(points, imagery)}. " if len(points) else ""
        raise FieldsError(
            "the fields have no coordinate reference system (CRS), but the imagery has",
            where=path,
            fix=f"{likely}Set the CRS in the file (a Shapefile needs its .prj).",
        )
    if raw.crs is not None and has_crs and CRS.from_user_input(raw.crs).is_engineering:
        raise FieldsError(
            f"its coordinate reference system ({raw.crs.name}) is a local one, without a place on Earth",
            where=path,
            fix="State the CRS that the coordinates are in.",
        )
    for tile in imagery.tiles if raw.crs is not None else ():
        check_place(tile.geobox, imagery.path)
    if raw.crs is not None and not has_crs:
        raise FieldsError(
            "the imagery has no coordinate reference system (CRS), so that polygons cannot be laid on it",
            where=path,
            fix="Set the imagery's CRS, or give the fields as an id raster on its grid. Warp an image first (gdalwarp) if ground "
            "control points tell its place.",
        )


def _overlaps(source: Any, geobox: GeoBox) -> bool:
    """Tell whether a georeferenced raster and a tile share ground."""
    if source.crs is None or geobox.crs is None:
        return False
    own = GeoBox(source.shape, source.transform, source.crs.to_wkt())
    there = own.extent.to_crs(geobox.crs)
    return bool(there.geom.intersection(geobox.extent.geom).area > 0)
