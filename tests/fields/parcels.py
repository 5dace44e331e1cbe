"""Small files of fields for tests, written without the code under test."""

import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

CRS = "EPSG:32636"
WEST, NORTH = 640_000.0, 60_000.0
DRIVERS = {
    ".gpkg": "GPKG",
    ".geojson": "GeoJSON",
    ".geojsonl": "GeoJSONSeq",
    ".shp": "ESRI Shapefile",
    ".fgb": "FlatGeobuf",
    ".gml": "GML",
    ".gdb": "OpenFileGDB",
}


def square(column: float, size: float = 100.0) -> shapely.Polygon:
    """A square whose upper left corner lies so many metres east of a fixed one."""
    return shapely.box(WEST + column, NORTH - size, WEST + column + size, NORTH)


def table(crs: str | None = CRS, **columns: object) -> gpd.GeoDataFrame:
    """Squares in a row, with columns."""
    length = len(next(iter(columns.values())))  # type: ignore[call-overload]
    return gpd.GeoDataFrame(pd.DataFrame(columns), geometry=[square(200 * i) for i in range(length)], crs=crs)


def write(fields: gpd.GeoDataFrame, path: Path, **options: object) -> Path:
    """Write fields in the format that the suffix says."""
    suffix = path.suffix
    if suffix in (".parquet", ".geoparquet"):
        fields.to_parquet(path, **options)
        return path
    if suffix.startswith(".geojson") and fields.crs is not None:
        fields = fields.to_crs("EPSG:4326")
    if suffix == ".fgb":
        options["SPATIAL_INDEX"] = "NO"  # which would sort the fields
    pyogrio.write_dataframe(fields, path, driver=DRIVERS[suffix], **options)
    return path


def pack(path: Path, *files: Path, below: str = "") -> Path:
    """Zip files, and folders with what is in them."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            for one in sorted(file.rglob("*")) if file.is_dir() else [file]:
                archive.write(one, below + str(one.relative_to(file.parent)))
    return path
