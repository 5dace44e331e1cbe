"""Reading a vector file of fields into a plain table, whatever its format."""

from pathlib import Path

import geopandas as gpd
import pyarrow
import pyogrio

from cropdetect.errors import FieldsError, UnreadableFileError
from cropdetect.imagery import unreadable

_SHAPEFILE, _SQLITE, _PARQUET = b"\x00\x00\x27\x0a", b"SQLite format 3\x00", b"PAR1"
_DAMAGED = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    pyogrio.errors.FeatureError,
    pyogrio.errors.GeometryError,
    pyarrow.ArrowException,
)
_DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".json": "GeoJSON", ".shp": "ESRI Shapefile"}

PARQUET_SUFFIXES = (".parquet", ".geoparquet")
VECTOR_SUFFIXES = (*_DRIVERS, *PARQUET_SUFFIXES)


def read_vector(path: Path) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    """Read the fields' geometries and all columns.

    The content must be what the suffix says, so that no other driver of GDAL (virtual layers, services) ever opens the file.

    Returns:
        the table, its geometry column named `geometry`; and warnings.

    Raises:
        UnreadableFileError: the file is damaged or not what its name says.
        FieldsError: it holds no geometries.
    """
    suffix = path.suffix.lower()
    _check_content(path, suffix)
    warnings: tuple[str, ...] = ()
    try:
        if suffix in PARQUET_SUFFIXES:
            table = gpd.read_parquet(path)
        else:
            table, warnings = _read_layer(path)
    except (*_DAMAGED, OSError, UnicodeDecodeError) as error:
        raise unreadable(path, error) from error
    except ValueError as error:  # GeoPandas: "Missing geo metadata in Parquet/Feather file"
        raise FieldsError(
            f"the file holds no geometries ({error})", where=path, fix="Give a GeoParquet file, or another vector format."
        ) from error
    if not isinstance(table, gpd.GeoDataFrame):
        raise FieldsError("the file holds no geometries", where=path, fix="Give a file with field polygons.")
    if table.geometry.name != "geometry":
        table = table.rename(columns={"geometry": "geometry_in_file"}).rename_geometry("geometry")
    return table.reset_index(drop=True), warnings


def _read_layer(path: Path) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    layers = [(str(name), kind) for name, kind in pyogrio.list_layers(path) if kind is not None]
    if not layers:
        raise FieldsError("the file holds no geometries", where=path, fix="Give a file with field polygons.")
    layer = layers[0][0]
    driver = pyogrio.read_info(path, layer=layer)["driver"]
    if driver != _DRIVERS[path.suffix.lower()]:
        raise UnreadableFileError(
            f"the file is not what its name says, but {driver}", where=path, fix="Give it the right suffix."
        )
    warnings = (f"{path.name} has {len(layers)} layers; the first, {layer}, is used",) if len(layers) > 1 else ()
    return pyogrio.read_dataframe(path, layer=layer), warnings


def _check_content(path: Path, suffix: str) -> None:
    with path.open("rb") as file:
        head = file.read(256)
    expected = {".gpkg": _SQLITE, ".shp": _SHAPEFILE, ".parquet": _PARQUET, ".geoparquet": _PARQUET}.get(suffix, b"{")
    if not head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n" if expected == b"{" else b"").startswith(expected):
        raise UnreadableFileError(f"the file is not what its name ({suffix}) says", where=path, fix="Copy or export it again.")
    # GDAL reads a truncated Shapefile without a word; its header says how many 16-bit words it should have.
    if expected == _SHAPEFILE and path.stat().st_size < 2 * int.from_bytes(head[24:28], "big"):
        raise UnreadableFileError("the file is shorter than its header says", where=path, fix="Copy or export it again.")
