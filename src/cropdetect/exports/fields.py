"""The fields as the services take them: polygons in longitude and latitude, ids as text."""

import warnings
import zipfile
from pathlib import Path

import geopandas as gpd
import pyogrio

from cropdetect.errors import FieldsError
from cropdetect.exports.services import Service
from cropdetect.scratch import Scratch

_ID = "field_id"
_WIDEST = 254  # bytes of a text in a Shapefile


def write_fields(table: gpd.GeoDataFrame, folder: Path, *, service: Service, where: Path) -> gpd.GeoDataFrame:
    """Write `fields.geojson`, in the order in which openEO counts the fields, and `fields.zip` for Earth Engine.

    Args:
        table: the fields; those without a usable outline are left out, with a warning.
        folder: where to write.
        service: where they will be sent.
        where: the file of the fields, for messages.

    Returns:
        What was written.

    Raises:
        FieldsError: no field is usable, they have no CRS, or an id does not fit.
    """
    usable = table[table["status"] == "ok"]
    if usable.empty:
        raise FieldsError("no field has an outline that can be used", where=where, fix="See cropdetect info.")
    if usable.crs is None:
        fix = "Set the CRS in the file (a Shapefile needs its .prj)."
        raise FieldsError("the fields have no coordinate reference system (CRS)", where=where, fix=fix)
    if len(usable) < len(table):
        warnings.warn(f"{len(table) - len(usable)} fields without a usable outline are not sent", stacklevel=3)
    sent = usable.assign(**{_ID: usable[_ID].astype(str)}).drop(columns="status").to_crs("EPSG:4326").reset_index(drop=True)
    texts = sent.select_dtypes(exclude=["number", "bool", "geometry"]).columns
    sent = sent.assign(**{name: sent[name].map(str, na_action="ignore") for name in texts})
    (folder / "fields.geojson").write_text(sent.to_json(na="null", drop_id=True, ensure_ascii=False) + "\n", "utf-8")
    if service == "earth-engine":
        _write_shapefile(sent[[_ID, "geometry"]], folder / "fields.zip", where)
    return sent


def _write_shapefile(fields: gpd.GeoDataFrame, path: Path, where: Path) -> None:
    """Write a zipped Shapefile: of the formats that Earth Engine takes, the one in which ids stay text."""
    longest = int(fields[_ID].map(lambda text: len(text.encode())).max())
    if longest > _WIDEST:
        fix = "Name another column with --id-column."
        raise FieldsError(f"an id has {longest} bytes, and a Shapefile holds {_WIDEST}", where=where, fix=fix)
    with Scratch() as folder, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        pyogrio.write_dataframe(fields, Path(folder) / f"{path.stem}.shp", encoding="UTF-8")
        for file in sorted(Path(folder).iterdir()):
            archive.writestr(zipfile.ZipInfo(file.name), file.read_bytes())  # states no time: the same fields, the same bytes
