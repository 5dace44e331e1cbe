"""A vector file's content must be what its name says, and lead nowhere else.

GDAL opens a file with whatever driver likes its content. Some of them run commands or fetch from the network: virtual layers,
pipelines, a GeoJSON file whose CRS is a link. Such content is refused before GDAL sees it.
"""

import json
import mmap
import re
from pathlib import Path

from pyproj import CRS
from pyproj.exceptions import CRSError

from cropdetect.documents import parse_json
from cropdetect.door import check_crs
from cropdetect.errors import FieldsError, UnreadableFileError, UnsafePathError
from cropdetect.fields.geopackage import check_geopackage
from cropdetect.fields.shapefile import check_shapefile

JSON_SUFFIXES = (".geojson", ".json", ".geojsonl", ".geojsons", ".geojsonseq", ".jsonl", ".ndjson")
PARQUET_SUFFIXES = (".parquet", ".geoparquet")
DRIVERS = {
    ".gpkg": "GPKG",
    ".shp": "ESRI Shapefile",
    ".fgb": "FlatGeobuf",
    ".gml": "GML",
    ".gdb": "OpenFileGDB",
    **dict.fromkeys(JSON_SUFFIXES, "GeoJSON"),
}
"""What is read through GDAL: suffix -> driver. JSON is one collection, or one feature a line."""

_SIGNATURES = {
    ".gpkg": b"SQLite format 3\x00",
    ".shp": b"\x00\x00\x27\x0a",
    ".fgb": b"fgb",
    **dict.fromkeys(PARQUET_SUFFIXES, b"PAR1"),
}
_HEAD = 2**16  # bytes
_LEADS_ELSEWHERE = re.compile(rb"<\s*OGR\w+|<!ENTITY|gdal_streamed_alg", re.IGNORECASE)
_OTHER_JSON = {
    "TopoJSON": re.compile(rb'"type"\s*:\s*"Topology"'),
    "Esri's JSON": re.compile(rb'"geometryType"\s*:\s*"esriGeometry'),
}
_CRS_MEMBER = re.compile(rb'"crs"\s*:\s*(?=\{)')
_CRS_OF_NO_KIND = re.compile(rb'"crs"\s*:\s*(?!null)([^\s{][^,}\]]{,40})')


def check_content(file: Path) -> None:
    """Refuse a file that is not what its name says.

    Args:
        file: a vector file, or the folder of a File Geodatabase.

    Raises:
        UnreadableFileError: it is something else, cut off, or has no end.
        UnsafePathError: it leads to the network or to other files.
        FieldsError: a GeoJSON file states a CRS that does not exist.
    """
    suffix = file.suffix.lower()
    if suffix == ".gdb":
        _check_geodatabase(file)
        return
    with file.open("rb") as content:
        head = content.read(_HEAD)
    if suffix in _SIGNATURES:
        fits = head.startswith(_SIGNATURES[suffix])
    else:
        text = head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n\x1e")
        fits = text.startswith(b"{") if suffix in JSON_SUFFIXES else text.startswith(b"<") and b"opengis.net/gml" in head
        if fits and _LEADS_ELSEWHERE.search(head):
            raise UnsafePathError("it leads to other files or to the network", where=file, fix="Export the fields themselves.")
        other = next((name for name, mark in _OTHER_JSON.items() if mark.search(head)), None)
        if suffix in JSON_SUFFIXES and other is not None:
            raise UnreadableFileError(
                f"this is {other}, not GeoJSON",
                where=file,
                fix=f"Convert it, e.g. in QGIS or with: ogr2ogr fields.gpkg {file.name}",
            )
    if not fits:
        raise UnreadableFileError(f"the file is not what its name ({suffix}) says", where=file, fix="Copy or export it again.")
    if suffix == ".shp":
        check_shapefile(file)
    if suffix in JSON_SUFFIXES:
        _check_stated_crs(file)
    if suffix == ".gpkg":
        check_geopackage(file)


def json_driver(file: Path) -> str:
    """Return the GDAL driver of a JSON file: GeoJSONSeq where every line is a feature, else GeoJSON."""
    with file.open("rb") as content:
        line = content.readline(_HEAD).removeprefix(b"\xef\xbb\xbf")
        more = bool(content.read(_HEAD).strip())
    if line.startswith(b"\x1e"):
        return "GeoJSONSeq"
    # A line that is cut off at _HEAD bytes is no JSON, but then the file's name tells.
    try:
        whole = parse_json(line).get("type") == "Feature"
    except (ValueError, AttributeError):
        whole = len(line) == _HEAD and file.suffix.lower() not in (".geojson", ".json")
    return "GeoJSONSeq" if whole and more else "GeoJSON"


def _check_geodatabase(folder: Path) -> None:
    files = list(folder.iterdir())
    if not any(file.suffix.lower() == ".gdbtable" for file in files):
        raise UnreadableFileError("the folder is no File Geodatabase", where=folder, fix="Copy or export it again.")
    for file in files:
        if file.is_symlink() or file.is_dir():
            raise UnsafePathError(f"{file.name} in it leads elsewhere", where=folder, fix="Copy the geodatabase itself.")


def _check_stated_crs(file: Path) -> None:
    """Refuse a CRS that is a link, which GDAL would follow, and one that is unknown, for which GDAL would take another."""
    with file.open("rb") as content, mmap.mmap(content.fileno(), 0, access=mmap.ACCESS_READ) as text:
        odd = _CRS_OF_NO_KIND.search(text[: min(_HEAD, text.find(b'"features"'))])  # behind it, it may be a user's column
        if odd is not None:
            raise _unknown_crs(odd[1].decode("utf-8", "replace"), file)
        for found in _CRS_MEMBER.finditer(text):
            try:
                member, _ = json.JSONDecoder().raw_decode(text[found.end() : found.end() + _HEAD].decode("utf-8", "replace"))
                kind, properties = str(member.get("type")).lower(), member.get("properties") or {}
            except (ValueError, AttributeError, RecursionError):
                continue  # a damaged file, of which GDAL will say more
            if kind in ("link", "url"):
                raise UnsafePathError(
                    "its CRS is a link to the network",
                    where=file,
                    fix='Write the CRS by name, e.g. "urn:ogc:def:crs:EPSG::32636".',
                )
            if kind == "name":
                name = properties.get("name") if isinstance(properties, dict) else None
                try:
                    check_crs(str(name))
                    CRS.from_user_input(str(name))
                except (CRSError, ValueError) as error:
                    raise _unknown_crs(name, file) from error


def _unknown_crs(name: object, file: Path) -> FieldsError:
    return FieldsError(f"its CRS {name!r} is not known", where=file, fix="Write it like EPSG:32636.")
