"""What would lead out of the input folder, to the network, or to code."""

import json
import os
import shutil
import socket
from pathlib import Path

import h5py

from tests.hostile.base import BANDS, DAYS, Base, edit_json, squares, view, write_sql
from tests.hostile.cases import Cases

CASES = Cases("leads out")

VRT = """<VRTDataset rasterXSize="48" rasterYSize="48"><VRTRasterBand dataType="UInt16" band="1"><SimpleSource>
<SourceFilename>/vsicurl/http://127.0.0.1:9/x.tif</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"""
FIRST = f"{DAYS[0]}/{DAYS[0]}_{BANDS[0]}.tif"


def moved_out(file: Path, to: Path) -> Path:
    """Move a file or folder elsewhere, and leave a link in its place."""
    elsewhere = to / f"elsewhere-{file.name}"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)
    return file


# ---------------------------------------------------------------- links


def _linked(kind: str, inner: str, *arguments: str):
    """Return what makes a copy of an input in which one entry is a link to elsewhere."""

    def make(base: Base, tmp: Path):
        root = base.copy(kind, tmp)
        moved_out(root / inner, tmp)
        verb, *more = arguments or ("info",)
        return [verb, root, *(tmp / "out" if one == "OUT" else getattr(base, one[1:]) if one[:1] == "@" else one for one in more)]

    return make


LINKS = {
    "a TIFF": ("season", FIRST),
    "the folder of a date": ("season", DAYS[0]),
    "the fields beside the images": ("season", "fields.gpkg"),
    "a Zarr chunk": ("zarr", "B04/c/0/0/0"),
    "a Zarr array": ("zarr", "B04"),
    "the metadata of a Zarr array": ("zarr", "B04/zarr.json"),
    "the metadata of a Zarr store": ("zarr", "zarr.json"),
    "the series of a table": ("table", "series.csv"),
    "the fields of a table": ("table", "fields.csv"),
}
for name, (kind, inner) in LINKS.items():
    CASES.add(f"a link in the place of {name}", "UnsafePathError", _linked(kind, inner), says="link")
for verb in ("predict", "chips", "train", "crossval"):
    more = ("--checkpoint", "@checkpoint") if verb == "predict" else ("--folds", "random") if verb == "crossval" else ()
    CASES.add(f"{verb} of a folder with a link", "UnsafePathError", _linked("season", FIRST, verb, "OUT", *more), says="link")
for name in ("members", "members/000.onnx", "members/000.safetensors", "checkpoint.json"):
    CASES.add(f"a link in the place of {name} of a checkpoint", "UnsafePathError", _linked("checkpoint", name), says="link")


@CASES(None)
def _a_link_that_is_followed_on_request(base: Base, tmp: Path):
    return [*_linked("season", FIRST)(base, tmp), "--follow-links"]


@CASES(None)
def _a_folder_behind_a_link_that_is_followed_on_request(base: Base, tmp: Path):
    return [*_linked("season", DAYS[0])(base, tmp), "--follow-links"]


@CASES("UnsafePathError", says="circle")
def _links_in_a_circle(base: Base, tmp: Path):
    season = base.copy("season", tmp)
    (season / "again").symlink_to(season)
    return ["info", season, "--follow-links"]


@CASES("UnsafePathError", says="leads nowhere")
def _a_link_to_nothing_that_is_followed(base: Base, tmp: Path):
    season = base.copy("season", tmp)
    (season / "gone.tif").symlink_to(tmp / "nothing")
    return ["info", season, "--follow-links"]


@CASES("UnsafePathError", says="computer")
def _a_link_to_a_file_system_that_is_no_disk(base: Base, tmp: Path):
    season = base.copy("season", tmp)
    (season / "20190901_B04.tif").symlink_to("/proc/self/environ")
    return ["info", season, "--follow-links"]


@CASES(None)
def _a_season_that_is_named_through_a_link(base: Base, tmp: Path):
    (tmp / "link").symlink_to(base.season)
    return ["info", tmp / "link"]


@CASES(None)
def _fields_that_are_named_through_a_link(base: Base, tmp: Path):
    (tmp / "link.gpkg").symlink_to(base.fields)
    return ["info", base.cube, "--fields", tmp / "link.gpkg"]


@CASES("UnsafePathError", says="link")
def _a_link_beside_a_shapefile(base: Base, tmp: Path):
    squares().to_file(tmp / "fields.shp")
    moved_out(tmp / "fields.dbf", tmp)
    return ["info", tmp / "fields.shp"]


@CASES("UnsafePathError", says="link")
def _a_link_in_a_chip_store(base: Base, tmp: Path):
    from cropdetect import api

    api.chips(base.season, tmp / "chips.zarr")
    moved_out(tmp / "chips.zarr" / "fields.parquet", tmp)
    return ["info", tmp / "chips.zarr"]


@CASES("UnsafePathError", says="link")
def _a_link_in_predictions(base: Base, tmp: Path):
    from cropdetect import api

    api.predict(base.season, tmp / "answers", checkpoint=base.checkpoint)
    moved_out(tmp / "answers" / "fields.parquet", tmp)
    return ["report", tmp / "answers"]


# ---------------------------------------------------------------- special files


def _special(place: str, make_one):
    def make(base: Base, tmp: Path):
        season = base.copy("season", tmp)
        (season / place).unlink(missing_ok=True)
        make_one(season / place)
        return ["info", season]

    return make


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        here = Path.cwd()
        os.chdir(path.parent)  # names of sockets are short
        try:
            one.bind(path.name)
        finally:
            os.chdir(here)


SPECIAL = {"a FIFO": os.mkfifo, "a socket": _socket}
for name, make_one in SPECIAL.items():
    for place in (FIRST, "fields.gpkg", "notes.txt"):
        CASES.add(f"{name} called {Path(place).name}", "UnsafePathError", _special(place, make_one), says=name[2:])


@CASES("UnsafePathError", says="FIFO")
def _a_FIFO_that_is_named(base: Base, tmp: Path):  # noqa: N802
    os.mkfifo(tmp / "season.nc")
    return ["info", tmp / "season.nc"]


@CASES("UnsafePathError", says="FIFO")
def _a_FIFO_as_legend(base: Base, tmp: Path):  # noqa: N802
    os.mkfifo(tmp / "legend.yaml")
    return ["chips", base.season, tmp / "out", "--legend", tmp / "legend.yaml"]


@CASES("UnsafePathError", says="device")
def _a_device_that_is_named(base: Base, tmp: Path):
    return ["info", "/dev/zero"]


@CASES("UnsafePathError", says="device")
def _a_device_as_fields(base: Base, tmp: Path):
    return ["info", base.cube, "--fields", "/dev/zero"]


# ---------------------------------------------------------------- addresses

ADDRESSES = (
    "http://127.0.0.1:9/season", "https://127.0.0.1:9/a.tif", "s3://bucket/a.zarr", "/vsicurl/http://127.0.0.1:9/a.tif",
    "/vsizip//etc/a.zip", "ftp://127.0.0.1/a.nc", "file:///etc/passwd",
)  # fmt: skip
for address in ADDRESSES:
    CASES.add(f"the address {address}", "UnsafePathError", lambda base, tmp, a=address: ["info", a])
    CASES.add(f"fields at {address}", "UnsafePathError", lambda base, tmp, a=address: ["info", base.cube, "--fields", a])
CASES.add(
    "a checkpoint at an address", "UnsafePathError",
    lambda base, tmp: ["predict", base.season, tmp / "out", "--checkpoint", "http://127.0.0.1:9/c"],
)  # fmt: skip


# ---------------------------------------------------------------- files that name others


def _replaced(content: str | bytes, place: str = FIRST):
    def make(base: Base, tmp: Path):
        season = base.copy("season", tmp)
        (season / place).write_bytes(content if isinstance(content, bytes) else content.encode())
        return ["info", season]

    return make


for name, content in {
    "a VRT": VRT,
    "a VRT after blanks": "\n  " + VRT,
    "a VRT with a byte order mark": "\ufeff" + VRT,
    "a WMS": "<GDAL_WMS><Service name='TMS'><ServerUrl>http://127.0.0.1:9/</ServerUrl></Service></GDAL_WMS>",
}.items():
    CASES.add(f"{name} called TIFF", "UnsafePathError", _replaced(content))
for name, content in {
    "WMTS": "WMTS:http://127.0.0.1:9/",
    "a STACIT": "STACIT:http://127.0.0.1:9/x",
    "a tile index": "GTI:/etc/passwd",
    "an HTML page": "\x00<html>",
}.items():
    CASES.add(f"{name} called TIFF", "UnreadableFileError", _replaced(content))
for suffix in (".aux.xml", ".ovr", ".msk"):
    CASES.add(f"a TIFF's sidecar {suffix} that is a VRT", None, _replaced(VRT, FIRST + suffix))


def _geojson(crs: object, **more: object):
    def make(base: Base, tmp: Path):
        squares().to_file(tmp / "fields.geojson", driver="GeoJSON")
        edit_json(tmp / "fields.geojson", crs=crs, **more)
        return ["info", tmp / "fields.geojson"]

    return make


LINK = {"href": "http://127.0.0.1:9/crs", "type": "proj4"}
for name, crs in {
    "a link": {"type": "link", "properties": LINK},
    "a link in capitals": {"type": "LINK", "properties": LINK},
    "a url": {"type": "url", "properties": {"url": "http://127.0.0.1:9/crs"}},
}.items():
    CASES.add(f"a GeoJSON whose CRS is {name}", "UnsafePathError", _geojson(crs))
for name, crs in {
    "a web address": "http://127.0.0.1:9/crs.wkt",
    "an address of OGC's register": "http://opengis.net/def/crs/EPSG/0/99999999",
    "a file": "/etc/passwd",
    "a grid of PROJ": "+proj=longlat +nadgrids=/etc/passwd +type=crs",
    "a grid on the network": "+proj=longlat +nadgrids=http://127.0.0.1:9/x.gsb +type=crs",
    "an init file": "+init=/etc/passwd:4326 +type=crs",
}.items():
    CASES.add(f"a GeoJSON whose CRS is named {name}", "FieldsError", _geojson({"type": "name", "properties": {"name": crs}}))


GRID = "+proj=longlat +datum=WGS84 +nadgrids={} +type=crs"
BOUND = (
    'BOUNDCRS[SOURCECRS[GEOGCRS["x",DATUM["x",ELLIPSOID["x",6378137,298.257223563]],CS[ellipsoidal,2],AXIS["lat",north],'
    'AXIS["lon",east],ANGLEUNIT["degree",0.0174532925199433]]],TARGETCRS[GEOGCRS["WGS 84",DATUM["World Geodetic System 1984",'
    'ELLIPSOID["WGS 84",6378137,298.257223563]],CS[ellipsoidal,2],AXIS["lat",north],AXIS["lon",east],'
    'ANGLEUNIT["degree",0.0174532925199433]]],ABRIDGEDTRANSFORMATION["x",METHOD["NTv2"],'
    'PARAMETERFILE["Latitude and longitude difference file","{}"]]]'
)
for name, where in {"a file": "/etc/passwd", "the network": "http://127.0.0.1:9/x.gsb", "its folder": "../x.gsb"}.items():
    for form, text in {"PROJ text": GRID.format(where), "WKT": BOUND.format(where)}.items():

        def _cube_with_crs(base: Base, tmp: Path, text=text):
            path = base.copy("cube", tmp)
            with h5py.File(path, "a") as file:
                file.attrs["crs"] = text
            return ["info", path]

        CASES.add(f"a cube whose CRS, as {form}, names a grid in {name}", "GridError", _cube_with_crs)

        def _fields_with_crs(base: Base, tmp: Path, text=text):
            import pyarrow.parquet

            squares().to_parquet(tmp / "fields.parquet")
            table = pyarrow.parquet.read_table(tmp / "fields.parquet")
            geo = json.loads(table.schema.metadata[b"geo"])
            geo["columns"]["geometry"]["crs"] = text
            table = table.replace_schema_metadata({**table.schema.metadata, b"geo": json.dumps(geo).encode()})
            pyarrow.parquet.write_table(table, tmp / "fields.parquet")
            return ["info", tmp / "fields.parquet"]

        CASES.add(f"GeoParquet whose CRS, as {form}, names a grid in {name}", "FieldsError", _fields_with_crs)


@CASES("FieldsError")
def _a_Shapefile_whose_prj_names_a_grid(base: Base, tmp: Path):  # noqa: N802
    squares().to_file(tmp / "fields.shp")
    (tmp / "fields.prj").write_text(
        'GEOGCS["x",DATUM["x",SPHEROID["x",6378137,298.257223563],EXTENSION["PROJ4_GRIDS","/etc/passwd"]],PRIMEM["Greenwich",0],'
        'UNIT["degree",0.0174532925199433]]'
    )
    return ["info", tmp / "fields.shp"]


# ---------------------------------------------------------------- HDF5


def _hdf5(change):
    def make(base: Base, tmp: Path):
        shutil.copy(base.cube, tmp / "other.h5")
        path = base.copy("cube", tmp)
        with h5py.File(path, "a") as file:
            change(file, tmp)
        return ["info", path]

    return make


def _external_link(file: h5py.File, tmp: Path) -> None:
    del file["B04"]
    file["B04"] = h5py.ExternalLink(str(tmp / "other.h5"), "/B04")


def _external_group(file: h5py.File, tmp: Path) -> None:
    file["measurements"] = h5py.ExternalLink(str(tmp / "other.h5"), "/")


def _external_storage(file: h5py.File, tmp: Path) -> None:
    shape = file["B04"].shape
    del file["B04"]
    file.create_dataset("B04", shape, "u2", external=[("/etc/passwd", 0, h5py.h5f.UNLIMITED)])


def _virtual(file: h5py.File, tmp: Path) -> None:
    layout = h5py.VirtualLayout(file["B04"].shape, "u2")
    layout[:] = h5py.VirtualSource(str(tmp / "other.h5"), "B04", file["B04"].shape)
    del file["B04"]
    file.create_virtual_dataset("B04", layout)


def _soft_to_external(file: h5py.File, tmp: Path) -> None:
    file["inner"] = h5py.ExternalLink(str(tmp / "other.h5"), "/")
    del file["B04"]
    file["B04"] = h5py.SoftLink("/inner/B04")


for change in (_external_link, _external_group, _external_storage, _virtual, _soft_to_external):
    CASES.add(f"HDF5 with {change.__name__.strip('_').replace('_', ' ')}", "UnsafePathError", _hdf5(change))


@CASES("UnreadableFileError", says="too many links")
def _HDF5_with_soft_links_in_a_circle(base: Base, tmp: Path):  # noqa: N802
    def change(file: h5py.File, tmp: Path) -> None:
        file["loop"] = h5py.SoftLink("/")
        file["nowhere"] = h5py.SoftLink("/loop/nowhere")

    return _hdf5(change)(base, tmp)


@CASES("UnreadableFileError", says="holds itself")
def _HDF5_with_hard_links_in_a_circle(base: Base, tmp: Path):  # noqa: N802
    def change(file: h5py.File, tmp: Path) -> None:
        file.create_group("a")["root"] = file["/"]

    return _hdf5(change)(base, tmp)


# ---------------------------------------------------------------- GeoPackages


MODULES = {
    "text": "VirtualText('/etc/passwd', 'utf8', 0, POINT, NONE, ':')",
    "a Shapefile": "VirtualShape('/tmp/elsewhere', 'utf8', 32636)",
    "GeoJSON": "VirtualGeoJSON('/tmp/elsewhere.geojson')",
    "an index by its arguments": "VirtualText('/tmp/x using rtree(', 'utf8', 0, POINT, NONE, ':')",
}
for name, module in MODULES.items():

    def _virtual_table(base: Base, tmp: Path, module: str = module):
        fields = base.copy("fields", tmp)
        write_sql(fields, f"CREATE VIRTUAL TABLE other USING {module}")
        return ["info", fields]

    CASES.add(f"a GeoPackage that reads {name} elsewhere", "UnsafePathError", _virtual_table, says="virtual table")


@CASES("UnsafePathError", says="virtual table")
def _a_virtual_table_behind_a_comment(base: Base, tmp: Path):
    fields = base.copy("fields", tmp)
    write_sql(fields, "CREATE VIRTUAL/**/TABLE other USING VirtualText('/etc/passwd', 'utf8', 0, POINT, NONE, ':')")
    return ["info", fields]


FUNCTIONS = ("gdal_get_pixel_value('/etc/x.tif', 1, 'pixel', 1, 1)", "ogr_geocode('x')", "load_extension('/x')", "ST_Area(geom)")
for name in FUNCTIONS:
    error = "UnreadableFileError" if name.startswith("load") else "UnsafePathError"

    def _function(base: Base, tmp: Path, name: str = name):
        fields = base.copy("fields", tmp)
        write_sql(fields, *view(f"select fid, geom, field_id, {name} as y from fields"))
        return ["info", fields]

    CASES.add(f"a view of a GeoPackage that calls {name.partition('(')[0]}", error, _function, says="function|unsafe use")


# ---------------------------------------------------------------- code


@CASES("UnsafePathError")
def _a_Zarr_array_of_pickled_objects(base: Base, tmp: Path):  # noqa: N802
    store = base.copy("zarr", tmp)
    (store / "names").mkdir()
    metadata = {"zarr_format": 2, "shape": [1], "chunks": [1], "dtype": "|O", "compressor": None, "fill_value": 0, "order": "C"}
    (store / "names" / ".zarray").write_text(json.dumps(metadata | {"filters": [{"id": "pickle", "protocol": 5}]}))
    return ["info", store]


@CASES("WeightsError")
def _weights_that_are_a_pickle(base: Base, tmp: Path):
    import pickle

    class Evil:
        def __reduce__(self):
            return os.system, (f"touch {tmp}/ran",)

    (tmp / "weights.pt").write_bytes(pickle.dumps(Evil()))
    return ["import-cv4a", tmp / "weights.pt", tmp / "out", "--stats", edit_stats(tmp)]


def edit_stats(tmp: Path) -> Path:
    (tmp / "stats.json").write_text(json.dumps({"channels": ["B01"], "mean": [0.0], "std": [1.0], "origin": "x"}))
    return tmp / "stats.json"


@CASES("UnreadableFileError")
def _fields_that_are_a_virtual_layer(base: Base, tmp: Path):
    (tmp / "fields.gml").write_text(
        '<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
    )
    return ["info", tmp / "fields.gml"]


@CASES("UnsafePathError")
def _GML_with_entities(base: Base, tmp: Path):  # noqa: N802
    (tmp / "fields.gml").write_text(
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x xmlns="http://www.opengis.net/gml">&e;</x>'
    )
    return ["info", tmp / "fields.gml"]


def _archive(entry: str, link: bool = False):
    def make(base: Base, tmp: Path):
        import zipfile

        with zipfile.ZipFile(tmp / "fields.zip", "w") as archive:
            if link:
                info = zipfile.ZipInfo(entry)
                info.external_attr = 0o120777 << 16
                archive.writestr(info, "/etc/passwd")
            else:
                archive.writestr(zipfile.ZipInfo(entry), base.fields.read_bytes())
        return ["predict", base.cube, tmp / "out", "--checkpoint", base.checkpoint, "--fields", tmp / "fields.zip"]

    return make


for entry in ("../fields.gpkg", "/tmp/fields.gpkg", "a/../../fields.gpkg", "C:/fields.gpkg"):
    CASES.add(f"an archive with the entry {entry}", "UnsafePathError", _archive(entry))
CASES.add("an archive with a link", "UnsafePathError", _archive("fields.gpkg", link=True))


def _image_archive(entry: str):
    def make(base: Base, tmp: Path):
        import zipfile

        with zipfile.ZipFile(tmp / "season.zip", "w") as archive:
            archive.writestr(zipfile.ZipInfo(entry), (base.season / FIRST).read_bytes())
        return ["info", tmp / "season.zip"]

    return make


for entry in ("../20190606_B04.tif", "/20190606_B04.tif", "x}/20190606_B04.tif"):
    CASES.add(f"an archive of images with the entry {entry}", "UnsafePathError", _image_archive(entry))


# ---------------------------------------------------------------- STAC items


def write_items(base: Base, tmp: Path, href: object) -> Path:
    """Write an item for each date of the season; the first file of it has the address `href`."""
    shutil.copytree(base.season, tmp / "season")
    features = []
    for day in DAYS:
        assets = {band: {"href": f"season/{day}/{day}_{band}.tif", "type": "image/tiff"} for band in BANDS}
        when = f"{day[:4]}-{day[4:6]}-{day[6:]}T10:00:00Z"
        shape = {"type": "Point", "coordinates": [33.9, 0.9]}
        item = {"type": "Feature", "stac_version": "1.0.0", "id": day, "geometry": shape, "assets": assets}
        features.append(item | {"properties": {"datetime": when}})
    features[0]["assets"][BANDS[0]]["href"] = href
    (tmp / "items.json").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return tmp / "items.json"


LEFT_OUT = {  # by the reason
    "no such file, which an item names": ("%2e%2e/%2e%2e/etc/passwd", "data:image/tiff;base64,SUkqAA==", "NETCDF:/etc/passwd:x",
                                          "x" * 5000, "x" * 300, "season/\0.tif", "//127.0.0.1/x.tif", "."),
    "neither GeoTIFF nor JP2": ("/etc/passwd",),
    "no STAC items and are left out": ("http://[::1", 7, None),
}  # fmt: skip
for reason, hrefs in LEFT_OUT.items():
    for href in hrefs:

        def _items(base: Base, tmp: Path, href: object = href):
            return ["info", f"stac:{write_items(base, tmp, href)}"]

        CASES.add(f"a STAC item that names {ascii(href)[:40]}", None, _items, says=reason)
for href in ("file:///etc/passwd", "s3://bucket/x.tif", "ftp://127.0.0.1/x.tif", "/vsicurl/http://127.0.0.1:9/x.tif"):

    def _address(base: Base, tmp: Path, href: str = href):
        return ["info", f"stac:{write_items(base, tmp, href)}"]

    CASES.add(f"a STAC item that names {href}", "UnsafePathError", _address)
for features in (None, 7, {"a": 1}):

    def _features(base: Base, tmp: Path, features: object = features):
        return ["info", f"stac:{edit_json(write_items(base, tmp, '.'), features=features)}"]

    CASES.add(f"STAC items whose features are {features}", "UnreadableFileError", _features)
