"""Places that are none, or that lie where the Earth is cut open: CRSs, coordinates, and what they say of each other."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import h5py
import numpy as np
from affine import Affine
from pyproj import CRS, Transformer
from shapely.affinity import translate
from shapely.geometry import MultiPolygon, Polygon, box
from shapely.ops import transform

from tests.hostile.base import BANDS, DAYS, LEFT, TOP, Base, pixels, squares, write_tif
from tests.hostile.cases import Cases

CASES = Cases("place")

LOCAL = 'LOCAL_CS["a farm\'s own grid",UNIT["metre",1],AXIS["x",EAST],AXIS["y",NORTH]]'
NAMED_ONLY = 'ENGCRS["anywhere",EDATUM["none"],CS[Cartesian,2],AXIS["x",east],AXIS["y",north],LENGTHUNIT["metre",1]]'
UTM = Affine(10, 0, LEFT, 0, -10, TOP)


def season(tmp: Path, crs: Any, where: Affine = UTM, name: str = "season") -> Path:
    """Write a season in a CRS, at a place."""
    for day in DAYS:
        for number, band in enumerate(BANDS):
            write_tif(tmp / name / day / f"{day}_{band}.tif", pixels(number), crs=crs, transform=where)
    return tmp / name


def predicts(base: Base, images: Path, fields: Path | None = None) -> list[object]:
    """Return the command that predicts them."""
    out = (fields or images).parent / "out"
    return ["predict", images, out, "--checkpoint", base.checkpoint, *(() if fields is None else ("--fields", fields))]


def _images(crs: Any, where: Affine = UTM, fields: Callable[[], gpd.GeoDataFrame] = squares):
    def make(base: Base, tmp: Path):
        fields().to_file(tmp / "fields.gpkg", engine="pyogrio")
        return predicts(base, season(tmp, crs, where), tmp / "fields.gpkg")

    return make


def _fields(change: Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame], name: str = "fields.gpkg"):
    def make(base: Base, tmp: Path):
        table = change(squares())
        table.to_parquet(tmp / name) if name.endswith("parquet") else table.to_file(tmp / name, engine="pyogrio")
        return predicts(base, base.cube, tmp / name)

    return make


# ---------------------------------------------------------------- imagery

COMPOUND = CRS("EPSG:32636+5773").to_wkt()
for name, (crs, error, says) in {
    "that is geocentric": ("EPSG:4978", "GridError", "geocentric"),
    "that is vertical": (CRS(5773).to_wkt(), "GridError", ""),
    "that is local": (LOCAL, "GridError", "local"),
    "of an engineer": (NAMED_ONLY, "GridError", "local"),
    "that is compound": (COMPOUND, None, ""),
    "that is no CRS": (None, "FieldsError", "CRS"),
}.items():  # fmt: skip
    CASES.add(f"imagery of a CRS {name}", error, _images(crs), says=says)

CASES.add(
    "imagery in degrees, whose picture is warped for the page",
    None,
    _images("EPSG:4326", Affine(9e-5, 0, 33.8986, 0, -9e-5, 0.9047)),
)
CASES.add("imagery in metres that says degrees", "GridError", _images("EPSG:4326"), says="look like metres")
CASES.add(
    "imagery in degrees that says metres",
    "GridError",
    _images("EPSG:32636", Affine(9e-5, 0, 33.9, 0, -9e-5, 0.9)),
    says="look like degrees",
)
for name, where in {
    "beyond the pole": Affine(0.001, 0, 33, 0, -0.001, 90.02), "at longitude 5,000": Affine(0.001, 0, 5000, 0, -0.001, 1),
    "with pixels of 1e-300 m": Affine(1e-300, 0, 33, 0, -1e-300, 1), "with pixels of 1e300 m": Affine(1e300, 0, 33, 0, -1e300, 1),
    "with pixels of NaN m": Affine(float("nan"), 0, 33, 0, -1, 1), "at infinity": Affine(0.001, 0, float("inf"), 0, -0.001, 1),
    "with pixels of 0 m": Affine(0, 0, 33, 0, 0, 1),
}.items():  # fmt: skip
    CASES.add(f"imagery {name}", "GridError", _images("EPSG:4326", where))


def _netcdf(**attributes: object):
    """Return what replaces attributes of a cube; its CRS is then the attribute `crs`."""

    def make(base: Base, tmp: Path):
        cube = base.copy("cube", tmp)
        with h5py.File(cube, "a") as file:
            file.attrs.update(attributes)
        return predicts(base, cube, base.fields)

    return make


for name, text in {
    "that is a word": "garbage", "that is an unknown code": "EPSG:999999", "that is a broken WKT": CRS(32636).to_wkt()[:200],
    "that is half a PROJ text": "+proj=utm +zone=", "that is a number": 7, "that is a negative number": -1,
    "of 1 MB": "x" * 40_000, "with a null byte": "EPSG:32636\\0", "that is NaN": float("nan"), "that is geocentric": "EPSG:4978",
    "that is vertical": "EPSG:5773", "that is local": LOCAL,
}.items():  # fmt: skip
    CASES.add(f"a cube of a CRS {name}", "GridError", _netcdf(crs=text), says="CRS")
CASES.add("a cube of a compound CRS", None, _netcdf(crs=COMPOUND))


# ---------------------------------------------------------------- fields


def _turned(fields: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        fields, geometry=[transform(lambda x, y: (y, x), one) for one in fields.to_crs(4326).geometry], crs=4326
    )


for name, change in {
    "that are degrees, called metres": lambda f: f.to_crs(4326).set_crs(32636, allow_override=True),
    "that are metres, called degrees": lambda f: f.set_crs(4326, allow_override=True),
    "of another zone than they say": lambda f: f.set_crs(32637, allow_override=True),
    "in a geocentric CRS": lambda f: f.set_crs(4978, allow_override=True),
    "in a vertical CRS": lambda f: f.set_crs(5773, allow_override=True),
    "in a local CRS": lambda f: f.set_crs(LOCAL, allow_override=True),
    "in no CRS": lambda f: f.set_crs(None, allow_override=True),
}.items():  # fmt: skip
    CASES.add(f"fields {name}", "FieldsError", _fields(change), says="CRS")
    CASES.add(f"fields in GeoParquet {name}", "FieldsError", _fields(change, "fields.parquet"), says="CRS")
for suffix in ("gpkg", "geojson", "parquet", "shp", "fgb"):
    CASES.add(f"latitude before longitude in {suffix}", "FieldsError", _fields(_turned, f"fields.{suffix}"), says="swapped")
for crs in (COMPOUND, "EPSG:4979", "EPSG:4326+5773", "EPSG:3857"):
    CASES.add(f"fields in {CRS(crs).name}", None, _fields(lambda f, c=crs: f.to_crs(c)), says="")


def _geojson(crs: object):
    def make(base: Base, tmp: Path):
        squares().to_crs(4326).to_file(tmp / "fields.geojson")
        content = json.loads((tmp / "fields.geojson").read_text())
        content["crs"] = crs
        (tmp / "fields.geojson").write_text(json.dumps(content))
        return predicts(base, base.cube, tmp / "fields.geojson")

    return make


for name, crs in {
    "that is a word": {"type": "name", "properties": {"name": "garbage"}},
    "that is an unknown code": {"type": "name", "properties": {"name": "EPSG:999999"}},
    "that is a number": 4326, "that is a list": [1], "without a name": {"type": "name", "properties": {}},
    "whose name is null": {"type": "name", "properties": {"name": None}},
}.items():  # fmt: skip
    CASES.add(f"GeoJSON of a CRS {name}", "FieldsError", _geojson(crs), says="CRS")


def _prj(text: str):
    def make(base: Base, tmp: Path):
        squares().to_file(tmp / "fields.shp")
        (tmp / "fields.prj").write_text(text)
        return predicts(base, base.cube, tmp / "fields.shp")

    return make


for name, text in {"that is a word": "garbage", "that is empty": "", "cut short": CRS(32636).to_wkt()[:150]}.items():
    CASES.add(f"a Shapefile of a CRS {name}", "FieldsError", _prj(text), says="CRS")


def _geoparquet(crs: object):
    def make(base: Base, tmp: Path):
        import pyarrow.parquet

        squares().to_parquet(tmp / "fields.parquet")
        table = pyarrow.parquet.read_table(tmp / "fields.parquet")
        geo = json.loads(table.schema.metadata[b"geo"])
        geo["columns"]["geometry"]["crs"] = crs
        table = table.replace_schema_metadata({b"geo": json.dumps(geo).encode()})
        pyarrow.parquet.write_table(table, tmp / "fields.parquet")
        return predicts(base, base.cube, tmp / "fields.parquet")

    return make


for name, crs in {"that is a word": "garbage", "that is a number": 7, "that is a list": [], "that is an empty dict": {},
                  "that is a long list": [{}] * 1000}.items():  # fmt: skip
    CASES.add(f"GeoParquet of a CRS {name}", "UnreadableFileError", _geoparquet(crs))

for name, change in {
    "at infinity": lambda p: translate(p, float("inf")),
    "at 1e300": lambda p: translate(p, 1e300), "at 0, 0": lambda p: translate(p, -LEFT, -TOP),
    "of no corner": lambda p: Polygon(), "of nothing": lambda p: None, "of size 0": lambda p: box(LEFT, TOP, LEFT, TOP),
    "as large as the Earth": lambda p: box(-2e7, -2e7, 2e7, 2e7),
}.items():  # fmt: skip

    def _one(fields: gpd.GeoDataFrame, change: Any = change) -> gpd.GeoDataFrame:
        fields.loc[0, "geometry"] = change(fields.geometry[0])
        return fields

    CASES.add(f"a field {name}", None, _fields(_one))
    CASES.add(f"a field in GeoParquet {name}", None, _fields(_one, "fields.parquet"))


# ---------------------------------------------------------------- where longitude 180 meets -180

EDGE = Affine(10, 0, Transformer.from_crs(4326, 32660, always_xy=True).transform(180, 0.9)[0] - 180, 0, -10, TOP)
EDGE_DEGREES = Affine(9e-5, 0, 180 - 19 * 9e-5, 0, -9e-5, 0.9036)


def _on_edge(fields: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Lay the squares over the antimeridian: the middle of the season is there."""
    return fields.set_crs(32660, allow_override=True).set_geometry([translate(one, EDGE.c - LEFT) for one in fields.geometry])


def _cut(fields: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return polygons in degrees that are cut at the antimeridian, as RFC 7946 wants them."""

    def cut(shape: Polygon) -> MultiPolygon | Polygon:
        turned = transform(lambda x, y: (np.where(x < 0, x + 360, x), y), shape)
        west, east = turned.intersection(box(0, -90, 180, 90)), translate(turned.intersection(box(180, -90, 360, 90)), -360)
        parts = [part for part in (west, east) if not part.is_empty]
        return MultiPolygon(parts) if len(parts) > 1 else parts[0]

    degrees = _on_edge(fields).to_crs(4326)
    return degrees.set_geometry([cut(one) for one in degrees.geometry])


def _edge(change: Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame], crs: str = "EPSG:32660", where: Affine = EDGE):
    def make(base: Base, tmp: Path):
        change(squares()).to_file(tmp / "fields.geojson")
        return predicts(base, season(tmp, crs, where), tmp / "fields.geojson")

    return make


def _beyond_180(fields: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    degrees = _on_edge(fields).to_crs(4326)
    return degrees.set_geometry([transform(lambda x, y: (np.where(x < 0, x + 360, x), y), one) for one in degrees.geometry])


for name, change in {
    "in the imagery's metres": _on_edge, "in degrees that leap": lambda f: _on_edge(f).to_crs(4326),
    "in degrees, cut": _cut, "in degrees beyond 180": _beyond_180,
}.items():  # fmt: skip
    CASES.add(f"fields on the antimeridian, {name}", None, _edge(change))
    CASES.add(f"fields and imagery in degrees on the antimeridian, {name}", None, _edge(change, "EPSG:4326", EDGE_DEGREES))
