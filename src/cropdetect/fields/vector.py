"""Reading a vector file of fields, or the one in an archive, into a plain table, whatever its format."""

import warnings as python_warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import pyarrow
import pyogrio

from cropdetect.door import check_crs, local_path
from cropdetect.errors import CropDetectError, FieldsError, UnknownLayoutError, UnreadableFileError
from cropdetect.fields.archives import ARCHIVE_SUFFIXES, data_sets, unpacked
from cropdetect.fields.columns import listed
from cropdetect.fields.contents import DRIVERS, PARQUET_SUFFIXES, check_content
from cropdetect.fields.layers import Layer, layers_of, read_layer
from cropdetect.imagery import is_image_archive, unreadable
from cropdetect.paths import contents_of, not_found, visible

_PLAIN = (*DRIVERS, *PARQUET_SUFFIXES)
VECTOR_SUFFIXES = (*_PLAIN, *ARCHIVE_SUFFIXES)
SPREADSHEETS = (".xlsx", ".xls", ".ods")

_DAMAGED = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    pyogrio.errors.FeatureError,
    pyogrio.errors.GeometryError,
    pyarrow.ArrowException,
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
)
_SETTINGS = {
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
    "GDAL_HTTP_PROXY": "http://127.0.0.1:1",  # nobody is there: GDAL has no switch that turns its network off
    "GDAL_HTTPS_PROXY": "http://127.0.0.1:1",
    "GDAL_HTTP_MAX_RETRY": "0",
    "GML_DOWNLOAD_WFS_SCHEMA": "NO",
    "GML_FIELDTYPES": "ALWAYS_STRING",  # else 007 becomes 7
    "GML_ATTRIBUTES_TO_OGR_FIELDS": "YES",  # INSPIRE writes the crop into xlink:title of specificLandUse
    "OGR_GEOJSON_DATE_AS_STRING": "YES",
}


def is_vector_file(path: Path) -> bool:
    """Tell whether a path is a vector file by its name, or an archive that holds one."""
    suffix = path.suffix.lower()
    if suffix in ARCHIVE_SUFFIXES and path.is_file():
        try:
            return bool(data_sets(path, _PLAIN))
        except UnreadableFileError:
            return True  # reading it says what is wrong
    return suffix in _PLAIN and (path.is_file() or suffix == ".gdb")


def vector_files(folder: Path) -> list[Path]:
    """Return the vector files that lie in a folder directly, in order; an archive of images is none."""
    return [folder / name for name in visible(folder) if is_vector_file(folder / name) and not is_image_archive(folder / name)]


def only_vector_file(path: Path) -> Path:
    """Return the only vector file of a folder; any other path as it is.

    Raises:
        FieldsError: the folder has none, or several.
    """
    if not path.is_dir() or path.suffix.lower() == ".gdb":
        return path
    found = vector_files(path)
    if len(found) == 1:
        return found[0]
    if found:
        what = f"the folder has {len(found)} files of fields: {listed([file.name for file in found])}"
        raise FieldsError(what, where=path, fix="Name one of them, or join them into one.")
    raise FieldsError(
        f"this is {contents_of(path)}, and no file of fields", where=path, fix=f"Known: {', '.join(VECTOR_SUFFIXES)}."
    )


def read_vector(path: Path, *, layer: str | None = None, named: Sequence[str] = ()) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    """Read the geometries and all columns of a vector file.

    Args:
        path: GeoPackage, GeoParquet, GeoJSON (also one feature a line), Shapefile, FlatGeobuf, GML, File Geodatabase, or a
            .zip, .rar or .7z with one of them.
        layer: name of the layer (default: the only one with polygons; of several, the only one with the columns `named`).
        named: columns that the user named.

    Returns:
        the table, its geometry column named `geometry`, text as the file has it; and warnings.

    Raises:
        InputNotFoundError: there is no such file.
        UnknownLayoutError: its suffix is none of these.
        UnreadableFileError: the file is damaged or not what its name says.
        UnsafePathError: it leads to the network or to other files.
        FieldsError: it holds no geometries, there is no such layer, or several layers could be meant.
    """
    path = local_path(path)
    with _gdal_settings(), _data_sets(path) as files, python_warnings.catch_warnings():
        python_warnings.simplefilter("ignore")  # pyogrio warns of geometries that cannot be read: they get a status
        try:
            for file in files:
                check_content(file)
            chosen, warnings = _choose([found for file in files for found in layers_of(file)], path, layer, named)
            table, more = read_layer(chosen, keep_key=chosen.key in named)
            _check_crs(table, path)
        except _DAMAGED as error:
            raise unreadable(path, error) from error
        except CropDetectError as error:  # which names the file that was unpacked, not the archive
            raise type(error)(error.what, where=path, fix=error.fix) from error
    return table, warnings + tuple(f"{path.name}: {text}" for text in more)


def field_layers(path: Path) -> tuple[Layer, ...]:
    """Return the layers of a vector file that have geometries; of an archive or a raster of ids none."""
    if path.suffix.lower() not in _PLAIN:
        return ()
    with _gdal_settings():
        try:
            check_content(path)
            return tuple(layers_of(path))
        except _DAMAGED as error:
            raise unreadable(path, error) from error


def _check_crs(table: gpd.GeoDataFrame, path: Path) -> None:
    try:
        check_crs("" if table.crs is None else table.crs.to_wkt())
    except ValueError as error:
        raise FieldsError(f"its CRS cannot be used: {error}", where=path, fix="State a CRS that has an EPSG code.") from error


@contextmanager
def _gdal_settings() -> Iterator[None]:
    """Set pyogrio's GDAL so that nothing leads to the network and text stays as it is, for the `with` block."""
    before = {name: pyogrio.get_gdal_config_option(name) for name in _SETTINGS}
    pyogrio.set_gdal_config_options(_SETTINGS)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(before)


@contextmanager
def _data_sets(path: Path) -> Iterator[list[Path]]:
    """Yield the data sets at a path: itself, or those of an archive, unpacked for as long as the `with` block lasts."""
    suffix = path.suffix.lower()
    if not (path.is_file() or (path.is_dir() and suffix == ".gdb")):
        raise not_found(path, "file of fields")
    if suffix not in VECTOR_SUFFIXES:
        known = ", ".join(VECTOR_SUFFIXES)
        columns = " -oo GEOM_POSSIBLE_NAMES=wkt,geometry -a_srs EPSG:4326" if suffix in (".csv", ".tsv") else ""
        convert = f"Convert it, e.g. in QGIS or with: ogr2ogr {path.stem}.gpkg {path.name}{columns} (known are {known})."
        if suffix in SPREADSHEETS:
            convert = "Known crops are read from CSV: save the table as such. Outlines need a vector file."
        raise UnknownLayoutError(f"fields are not read from {suffix or 'such'} files", where=path, fix=convert)
    if suffix not in ARCHIVE_SUFFIXES:
        yield [path]
        return
    found = data_sets(path, _PLAIN)
    if len(found) > 1:  # a .json may be anything: beside other files it describes them
        found = {name: files for name, files in found.items() if not name.lower().endswith(".json")} or found
    if not found:
        raise FieldsError("the archive holds no vector file", where=path, fix=f"Known: {', '.join(_PLAIN)}.")
    with unpacked(
        path, {f"{n}/{name}": entry for n, files in enumerate(found.values()) for name, entry in files.items()}
    ) as folder:
        yield sorted(file for file in folder.glob("*/*") if file.suffix.lower() in _PLAIN)


def _choose(layers: Sequence[Layer], path: Path, layer: str | None, named: Sequence[str]) -> tuple[Layer, tuple[str, ...]]:
    """Return the layer to read, and warnings."""
    names = listed([one.name for one in layers])
    if layer is not None:
        wanted = [one for one in layers if one.name == layer]
        if not wanted:
            raise FieldsError(f"there is no layer {layer!r} with geometries", where=path, fix=f"The layers: {names}.")
        return wanted[0], ()
    if not layers:
        raise FieldsError("the file holds no geometries", where=path, fix="Give a file with field polygons.")
    if len(layers) == 1:
        return layers[0], ()
    drawn = [one for one in layers if one.has_polygons()]
    if not drawn:
        raise FieldsError(f"none of its layers has polygons ({names})", where=path, fix="Give a file with field polygons.")
    fitting = [one for one in drawn if len(drawn) == 1 or (named and set(named) <= set(one.columns))]
    if len(fitting) != 1:
        raise FieldsError(
            f"several layers have polygons: {listed([one.name for one in drawn])}",
            where=path,
            fix="Name one with --layer, or save it in a file of its own.",
        )
    why = "polygons" if len(drawn) == 1 else f"polygons and {' and '.join(named)}"
    return fitting[0], (f"{path.name} has {len(layers)} layers ({names}); {fitting[0].name}, the only one with {why}, is used",)
