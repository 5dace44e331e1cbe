"""The layers of one data set, and a layer as a table with the values that the file has."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet
import pyogrio
from pyproj import CRS
from pyproj.exceptions import CRSError

from cropdetect.documents import parse_json
from cropdetect.errors import FieldsError, UnreadableFileError
from cropdetect.fields import dbf
from cropdetect.fields.columns import rounded
from cropdetect.fields.contents import DRIVERS, JSON_SUFFIXES, PARQUET_SUFFIXES, json_driver
from cropdetect.fields.geometry import Geometries, from_wkb, holds_polygons
from cropdetect.fields.plain_table import exact_table, read_parquet
from cropdetect.imagery import unreadable, without_driver

_HIDDEN_KEY = "fid"  # what GDAL calls the key of a table to which its user gave none
_COUNTED = 2**26  # bytes of a JSON file whose features are counted
_LOOKED_AT = 1000  # features from which the kind of a layer's geometries is told


@dataclass(frozen=True)
class Layer:
    """A layer with geometries.

    Attributes:
        file: its data set.
        name: its name there.
        columns: names of the attributes, the key's among them.
        whole: names of those of whole numbers, or of yes and no.
        key: name of the column of keys (GDAL's feature ids), or "".
    """

    file: Path
    name: str
    columns: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    key: str = ""

    def has_polygons(self) -> bool:
        """Tell whether there are polygons among its first features."""
        if self.file.suffix.lower() in PARQUET_SUFFIXES:
            geometry = _read_geoparquet(self.file)[0].geometry
        else:
            options: dict[str, Any] = {"columns": [], "max_features": _LOOKED_AT, "on_invalid": "ignore"}
            try:
                geometry = pyogrio.read_dataframe(_source(self.file), layer=self.name, **options).geometry
            except (pyogrio.errors.FeatureError, pyogrio.errors.GeometryError, pyogrio.errors.DataLayerError) as error:
                raise unreadable(self.file, error) from error
        return bool(holds_polygons(np.asarray(geometry.array, dtype=object)).any())


def layers_of(file: Path) -> list[Layer]:
    """Return the layers of a data set that have geometries of their own.

    Raises:
        UnreadableFileError: the content is not what the suffix says.
    """
    suffix = file.suffix.lower()
    if suffix in PARQUET_SUFFIXES:
        return [Layer(file, file.stem, tuple(pyarrow.parquet.read_schema(file).names))]
    if not any(known.startswith(DRIVERS[suffix]) for known in pyogrio.list_drivers()):
        raise without_driver(file, DRIVERS[suffix])
    layers = []
    for name in (str(name) for name, kind in pyogrio.list_layers(_source(file)) if kind is not None):
        info = pyogrio.read_info(_source(file), layer=name)
        driver, key = str(info["driver"]), str(info["fid_column"] or "")
        if not driver.startswith(DRIVERS[suffix]):  # GeoJSONSeq beside GeoJSON
            raise UnreadableFileError(
                f"the file is not what its name says, but {driver}", where=file, fix="Give it the right suffix."
            )
        if driver == "GML" and info["geometry_name"] == "extent":
            continue  # INSPIRE's record of the whole data set
        whole = tuple(
            str(column) for column, kind in zip(info["fields"], info["dtypes"], strict=True) if re.match("u?int|bool", str(kind))
        )
        layers.append(Layer(file, name, (*map(str, info["fields"]), *filter(None, [key])), whole, key))
    return layers


def read_layer(layer: Layer, *, keep_key: bool) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    """Read geometries and all columns; a geometry that cannot be read is missing.

    Args:
        layer: the layer.
        keep_key: keep the key's column even where it has GDAL's own name.

    Returns:
        the table, its geometry column named `geometry`, and warnings. Whole numbers are exact: a column of them that has gaps
        is nullable.

    Raises:
        FieldsError: it has no geometries.
    """
    suffix = layer.file.suffix.lower()
    if suffix in PARQUET_SUFFIXES:
        return _read_geoparquet(layer.file)
    encoding, warning = dbf.text_encoding(layer.file) if suffix == ".shp" else (None, None)
    options: dict[str, Any] = {"encoding": encoding, "on_invalid": "ignore", "fid_as_index": True}
    table = pyogrio.read_dataframe(_source(layer.file), layer=layer.name, **options)
    if not isinstance(table, gpd.GeoDataFrame):
        raise FieldsError("the layer holds no geometries", where=layer.file, fix="Give a file with field polygons.")
    key = layer.key if layer.key != _HIDDEN_KEY or keep_key else ""
    if suffix in JSON_SUFFIXES and not (table.index == np.arange(len(table))).all():
        key = "id"  # the features' own ids, which GDAL takes for keys where they are numbers
    keys = table.index.to_numpy()
    table = table.reset_index(drop=True)
    if key and key not in table.columns:
        table.insert(0, key, keys)
    for name, numbers in {**_with_gaps(layer, table), **_with_many_digits(layer, table)}.items():
        table[name] = numbers
    return table, tuple(filter(None, (warning, _left_out(layer.file, len(table)))))


def _left_out(file: Path, rows: int) -> str:
    """Return a warning where entries of a JSON file are no features, which GDAL leaves out without a word; "" else."""
    if file.suffix.lower() not in JSON_SUFFIXES or file.stat().st_size > _COUNTED:
        return ""
    try:
        lost = len(_features(file)) - rows
    except (ValueError, TypeError):  # GDAL reads more than this does
        return ""
    return f"{lost} entries of its list of features are no features, and are left out" if lost > 0 else ""


def _source(file: Path) -> str | Path:
    """Return what GDAL is given: a path that no other driver opens, where there is such a form."""
    suffix = file.suffix.lower()
    if suffix in JSON_SUFFIXES:
        return f"{json_driver(file)}:{file}"
    # GDAL would write a .gfs file beside a GML file, and believe one that is there: a part of a file has no neighbours.
    return f"/vsisubfile/0,{file}" if suffix == ".gml" else file


def _with_gaps(layer: Layer, table: gpd.GeoDataFrame) -> "dict[str, pd.api.extensions.ExtensionArray]":
    """Return the columns of whole numbers, and of yes and no, that became floating-point numbers because some are missing."""
    names = [name for name in layer.whole if name in table.columns and table[name].dtype.kind == "f"]
    if not names:
        return {}
    arrow = pyogrio.read_arrow(_source(layer.file), layer=layer.name, columns=names, read_geometry=False)[1]
    kinds = {name: "boolean" if pyarrow.types.is_boolean(arrow.column(name).type) else "Int64" for name in names}
    return {name: pd.array(arrow.column(name).to_pylist(), dtype=kind) for name, kind in kinds.items()}


def _with_many_digits(layer: Layer, table: gpd.GeoDataFrame) -> "dict[str, pd.Series[Any]]":
    """Return the columns whose whole numbers are too long for GDAL, which rounds them, as the file has them."""
    found = {}
    for name in [str(name) for name in table.columns if rounded(table[name])]:
        numbers: list[Any] | None = None
        if layer.file.suffix.lower() == ".shp":
            numbers = dbf.whole_numbers(layer.file, name)
        elif layer.file.suffix.lower() in JSON_SUFFIXES:
            numbers = [feature["properties"].get(name) for feature in _features(layer.file)]
        if numbers is not None and len(numbers) == len(table) and all(one is None or isinstance(one, int) for one in numbers):
            found[name] = pd.Series(numbers, index=table.index, dtype=object)
    return found


def _features(file: Path) -> list[dict[str, Any]]:
    text = file.read_text(encoding="utf-8-sig")
    if json_driver(file) == "GeoJSONSeq":
        return [parse_json(line) for line in text.replace("\x1e", "").splitlines() if line.strip()]
    content = parse_json(text)
    return list(content.get("features", [content]))


@dataclass(frozen=True)
class _GeometryColumn:
    """A column of geometries: its name, its CRS, and whether it is written as WKB."""

    name: str
    crs: CRS | None
    is_wkb: bool

    def read(self, table: pyarrow.Table, file: Path) -> Geometries:
        """Return the geometries; None where one is missing or broken."""
        if not self.is_wkb:  # GeoArrow's own encoding of points, polygons ...
            return np.asarray(gpd.read_parquet(file, columns=[self.name]).geometry.array, dtype=object)
        column = table.column(self.name)
        binary = column.cast(pyarrow.binary()) if not isinstance(column.type, pyarrow.ExtensionType) else column.chunk(0).storage
        return from_wkb(binary.to_pylist())


def _read_geoparquet(file: Path) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    """Read GeoParquet of any version; the index that pandas may have kept in it becomes columns.

    Where the main geometries are no polygons and those of one other column are, as where a parcel has its middle, too, these are
    taken, with a warning.

    Raises:
        FieldsError: several other columns hold polygons.

    References:
        https://geoparquet.org
    """
    arrow = read_parquet(file)
    main, *others = _geometry_columns(arrow.schema, file)
    used, geometry, warnings = main, main.read(arrow, file), tuple[str, ...]()
    if others and not holds_polygons(geometry).any():
        drawn = {one: shapes for one in others if holds_polygons(shapes := one.read(arrow, file)).any()}
        if len(drawn) > 1:
            raise FieldsError(
                f"the main geometries, {main.name}, are no polygons, and several columns hold some: "
                f"{', '.join(one.name for one in drawn)}",
                where=file,
                fix="Make the column of the fields' outlines the main one.",
            )
        if drawn:
            ((used, geometry),) = drawn.items()
            warnings = (f"the main geometries, {main.name}, are no polygons; those of {used.name} are used",)
    table = exact_table(arrow.drop_columns([used.name])).rename(columns={"geometry": "geometry_in_file"})
    return gpd.GeoDataFrame(table, geometry=geometry, crs=used.crs), warnings


def _geometry_columns(schema: pyarrow.Schema, file: Path) -> list[_GeometryColumn]:
    """Return the columns of geometries, the main one first."""
    try:
        if b"geo" in (schema.metadata or {}):
            content = parse_json(schema.metadata[b"geo"])
            main, columns = str(content["primary_column"]), dict(content["columns"])
            described = {main: columns[main]} | {name: one for name, one in columns.items() if name in schema.names}
            return [
                _GeometryColumn(name, _crs_of(one), str(one.get("encoding", "WKB")).upper() == "WKB")
                for name, one in described.items()
            ]
        found = [  # Parquet's own type of geometries
            _GeometryColumn(str(field.name), _crs_of(parse_json(about.get(b"ARROW:extension:metadata") or b"{}")), True)
            for field in schema
            if (about := field.metadata or {}).get(b"ARROW:extension:name") == b"geoarrow.wkb"
        ]
        if found:
            return found
    except (KeyError, TypeError, AttributeError, ValueError, CRSError) as error:
        raise UnreadableFileError(
            f"its description of geometries is broken ({error})", where=file, fix="Export it again."
        ) from error
    outlines = next((name for name in schema.names if name.lower() in ("geometry", "geom", "wkt", "wkb")), None)
    hint = f"{outlines} may hold outlines, but nothing states their CRS: write it with geopandas. " if outlines else ""
    raise FieldsError(
        "the file holds no geometries (it has no GeoParquet metadata)",
        where=file,
        fix=f"{hint}Give a GeoParquet file, or another vector format.",
    )


def _crs_of(described: dict[str, Any]) -> CRS | None:
    """Return the CRS that the description of a column states; longitude and latitude where it says nothing."""
    crs = described.get("crs", "OGC:CRS84")
    return None if crs is None else CRS.from_user_input(crs)
