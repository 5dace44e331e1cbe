"""Files that say they are huge: what they say is checked before anything is allocated or walked through."""

import json
import struct
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pyarrow
import pyarrow.parquet
import rasterio
from affine import Affine
from shapely.geometry import Polygon

from tests.hostile.base import CRS, DAYS, LEFT, TOP, Base, squares, view, write_sql
from tests.hostile.cases import Cases

CASES = Cases("size")


def _sparse(side: int, **options: object):
    def make(base: Base, tmp: Path):
        path = tmp / "season" / f"{DAYS[0]}_B04.tif"
        path.parent.mkdir()
        profile = {"driver": "GTiff", "count": 1, "dtype": "uint16", "height": side, "width": side, "crs": CRS}
        profile |= {"transform": Affine(10, 0, LEFT, 0, -10, TOP), "sparse_ok": True, "bigtiff": "yes"} | options
        rasterio.open(path, "w", **profile).close()
        return ["predict", path.parent, tmp / "out", "--checkpoint", base.checkpoint, "--fields", base.fields]

    return make


TILED = {"tiled": True, "blockxsize": 512, "blockysize": 512}
CASES.add("a sparse raster of 100,000 pixels a side, that lacks a band", "MissingBandError", _sparse(100_000, **TILED))
CASES.add(
    "a raster of one strip of 30,000 x 30,000",
    "UnreadableFileError",
    _sparse(30_000, blockysize=30_000, compress="deflate"),
    says="block",
)


def _id_raster(side: int):
    def make(base: Base, tmp: Path):
        profile = {"driver": "GTiff", "count": 1, "dtype": "uint32", "height": side, "width": side, "crs": CRS, "sparse_ok": True}
        profile |= {"transform": Affine(10, 0, LEFT, 0, -10, TOP), "bigtiff": "yes"} | TILED
        rasterio.open(tmp / "ids.tif", "w", **profile).close()
        return (
            ["info", tmp, "--fields", tmp / "ids.tif"]
            if side < 0
            else ["predict", base.cube, tmp / "out", "--checkpoint", base.checkpoint, "--fields", tmp / "ids.tif"]
        )

    return make


for side in (100_000, 500_000):
    CASES.add(f"a sparse raster of ids of {side} pixels a side", "OptionError", _id_raster(side))


def _netcdf(side: int, times: int = 2, chunk: int = 256):
    def make(base: Base, tmp: Path):
        with h5py.File(tmp / "cube.nc", "w") as file:
            for name, size in (("time", times), ("y", side), ("x", side)):
                file.create_dataset(name, (size,), "f8", chunks=(min(size, 1000),))
                file[name].make_scale(name)
                if side < 10**6:
                    file[name][:] = 10 * np.arange(size)
            file["time"].attrs["units"] = "days since 2019-01-01"
            for band in ("B04", "B08"):
                one = file.create_dataset(band, (times, side, side), "u2", chunks=(1, chunk, chunk))
                for axis, name in enumerate(("time", "y", "x")):
                    one.dims[axis].attach_scale(file[name])
            file.attrs["crs"] = CRS
        return ["info", tmp / "cube.nc"]

    return make


for side, times in ((1_000_000, 2), (1_000_000_000, 2)):
    CASES.add(
        f"a NetCDF cube of {times} x {side} x {side}",
        "GridError" if side < 10**9 and times == 2 else "UnreadableFileError",
        _netcdf(side, times),
    )


CASES.add("a NetCDF chunk of 800 MB", "MemoryLimitError", _netcdf(20_000, chunk=20_000), says="--memory", megabytes=400)


def _zarr(array: str, **more: object):
    def make(base: Base, tmp: Path):
        store = base.copy("zarr", tmp)
        file = store / array / "zarr.json"
        content = json.loads(file.read_text())
        for name, value in more.items():
            if name == "chunk_shape":
                content["chunk_grid"]["configuration"][name] = value
            else:
                content[name] = value
        file.write_text(json.dumps(content))
        return ["info", store]

    return make


for name, change in {
    "of 10**9 rows": ("y", {"shape": [10**9], "chunk_shape": [10**9]}),
    "of 10**15 times": ("time", {"shape": [10**15], "chunk_shape": [1]}),
    "with a chunk of 10**12": ("B04", {"shape": [3, 10**6, 10**6], "chunk_shape": [3, 10**6, 10**6]}),
    "of -1 rows": ("B04", {"shape": [3, -1, 48]}),
    "of a float's rows": ("B04", {"shape": [3, 1.5, 48]}),
    "with an axis in one chunk of 10**8": ("y", {"chunk_shape": [10**8]}),
    "with chunks of 0": ("B04", {"chunk_shape": [0, 0, 0]}),
}.items():  # fmt: skip
    CASES.add(f"a Zarr array {name}", "UnreadableFileError", _zarr(change[0], **change[1]))


def _parquet(rows: int, name: str = "fields.parquet"):
    """Return what writes one value a column, repeated by dictionary and run length: a few kilobytes for any number of rows."""

    def make(base: Base, tmp: Path):
        one = squares(1)
        one.to_parquet(tmp / "one.parquet")
        table = pyarrow.parquet.read_table(tmp / "one.parquet")
        with pyarrow.parquet.ParquetWriter(tmp / name, table.schema, compression="zstd") as writer:
            batch = pyarrow.concat_tables([table] * 1000).combine_chunks()
            batch = pyarrow.concat_tables([batch] * (rows // 1000 // 20)).combine_chunks()
            for _ in range(20):
                writer.write_table(batch)
        return ["info", tmp / name]

    return make


CASES.add("a GeoParquet bomb of 4,000,000 rows", "UnreadableFileError", _parquet(4_000_000), says="memory", megabytes=600)


def _yaml(content: str):
    def make(base: Base, tmp: Path):
        (tmp / "legend.yaml").write_text(content)
        return ["chips", base.season, tmp / "out", "--legend", tmp / "legend.yaml"]

    return make


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 9)}]\n" for k in range(1, 12))
for name, content in {
    "with aliases": BOMB, "nested 50,000 deep": "[" * 50_000, "of 3 MB": "x: y\n" * 600_000,
    "with a tag of Python": "!!python/object/apply:os.system ['x']", "with a time that is none": "a: !!timestamp x",
    "with a truth that is none": "a: !!bool x",
    "that is binary": "\0\1\2", "that merges itself": "a: &a\n  <<: *a\n",
}.items():  # fmt: skip
    CASES.add(f"a legend {name}", "UnreadableFileError", _yaml(content))


def _polygon(n: int, shape: str):
    def make(base: Base, tmp: Path):
        fields = squares()
        angles = np.linspace(0, 2 * np.pi, n, endpoint=False)
        if shape == "star":
            angles = np.roll(angles.reshape(-1, 2).T.ravel(), 1) * (n // 2 - 1)
        ring = np.c_[LEFT + 150 + 100 * np.cos(angles), TOP - 150 + 100 * np.sin(angles)]
        if shape == "random":
            ring = np.random.default_rng(0).uniform((LEFT, TOP - 300), (LEFT + 300, TOP), (n, 2))
        fields.loc[0, "geometry"] = Polygon(ring)
        fields.to_file(tmp / "fields.gpkg", engine="pyogrio")
        return ["predict", base.cube, tmp / "out", "--checkpoint", base.checkpoint, "--fields", tmp / "fields.gpkg"]

    return make


CASES.add(
    "a polygon of 20,000 corners that crosses itself millions of times",
    None,
    _polygon(20_000, "random"),
    says="",
)
CASES.add("a polygon of 300,000 corners", None, _polygon(300_000, "round"))


def _zip(name: str, size: int):
    def make(base: Base, tmp: Path):
        with (
            zipfile.ZipFile(tmp / "fields.zip", "w", zipfile.ZIP_DEFLATED) as archive,
            archive.open(name, "w", force_zip64=True) as file,
        ):
            for _ in range(size // 2**22):
                file.write(bytes(2**22))
        return ["predict", base.cube, tmp / "out", "--checkpoint", base.checkpoint, "--fields", tmp / "fields.zip"]

    return make


CASES.add("an archive of 400 MB of zeros", "UnsafePathError", _zip("fields.gpkg", 400 * 2**20))


ENDLESS = "with recursive n(x) as (values (1) union all select x + 1 from n) select {} from n"
JOINED = ", ".join(f"fields f{k}" for k in range(16))
for name, statements in {
    "a view without end": view(ENDLESS.format("x as fid, (select geom from fields) as geom, x as field_id")),
    "a view of 4**16 steps": view(f"select fid, geom, field_id from fields where (select count(*) from {JOINED}) > 0"),
    "a view of 900 MB a row": view("select fid, geom, field_id, zeroblob(900000000) as z from fields"),
    "a computed column of 900 MB": ["alter table fields add column z blob generated always as (zeroblob(900000000))"],
    "a list of layers without end": [
        "alter table gpkg_geometry_columns rename to other",
        "create view gpkg_geometry_columns as " + ENDLESS.format("'fields' as table_name, 'geom' as column_name"),
    ],
}.items():  # fmt: skip

    def _geopackage(base: Base, tmp: Path, statements: list[str] = statements):
        return ["info", write_sql(base.copy("fields", tmp), *statements)]

    CASES.add(f"a GeoPackage with {name}", "UnreadableFileError", _geopackage, says="in it", seconds=40)


@CASES(None)
def _a_GeoPackage_with_a_view_of_its_fields(base: Base, tmp: Path):  # noqa: N802
    fields = write_sql(base.copy("fields", tmp), *view("select fid, geom, field_id from fields where fid < 3"))
    return ["info", fields, "--layer", "v"]


def _zarr_groups(names: list[str]):
    def make(base: Base, tmp: Path):
        store = base.copy("zarr", tmp)
        for name in names:
            (store / name).mkdir(parents=True)
            (store / name / "zarr.json").write_text('{"zarr_format": 3, "node_type": "group", "attributes": {}}')
        return ["info", store]

    return make


MANY, DEEP = [f"g{k}" for k in range(1000)], ["/".join("g" * k) for k in range(1, 61)]
for name, groups in {"1,000 groups": MANY, "groups 60 deep": DEEP}.items():
    CASES.add(f"a Zarr store of {name}", "UnreadableFileError", _zarr_groups(groups), says="groups")
CASES.add("a Zarr store of 60 groups", None, _zarr_groups([f"g{k}" for k in range(60)]))


@CASES("UnreadableFileError", says="groups")
def _a_NetCDF_file_of_1000_groups(base: Base, tmp: Path):  # noqa: N802
    cube = base.copy("cube", tmp)
    with h5py.File(cube, "a") as file:
        for number in range(1000):
            file.create_group(f"g{number}")
    return ["info", cube]


NESTED = "[" * 5000 + "]" * 5000


@CASES("UnreadableFileError", says="nested")
def _a_GeoJSON_property_nested_5000_deep(base: Base, tmp: Path):  # noqa: N802
    squares().to_file(tmp / "fields.geojson")
    text = (tmp / "fields.geojson").read_text().replace('"crop":', f'"deep": {NESTED}, "crop":', 1)
    (tmp / "fields.geojson").write_text(text)
    return ["info", tmp / "fields.geojson"]


@CASES("UnreadableFileError", says="nested")
def _GeoParquet_metadata_nested_5000_deep(base: Base, tmp: Path):  # noqa: N802
    squares().to_parquet(tmp / "fields.parquet")
    table = pyarrow.parquet.read_table(tmp / "fields.parquet")
    pyarrow.parquet.write_table(table.replace_schema_metadata({b"geo": NESTED.encode()}), tmp / "fields.parquet")
    return ["info", tmp / "fields.parquet"]


@CASES("UnreadableFileError", says="nested")
def _Zarr_attributes_nested_900_deep(base: Base, tmp: Path):  # noqa: N802
    store = base.copy("zarr", tmp)
    metadata = json.loads((store / "zarr.json").read_text())
    text = json.dumps({**metadata, "attributes": {"deep": 0}}).replace('"deep": 0', '"deep": ' + "[" * 900 + "]" * 900)
    (store / "zarr.json").write_text(text)
    return ["info", store]


@CASES("UnreadableFileError")
def _STAC_items_nested_5000_deep(base: Base, tmp: Path):  # noqa: N802
    (tmp / "items.json").write_text(f'{{"type": "FeatureCollection", "features": {NESTED}}}')
    return ["info", f"stac:{tmp / 'items.json'}"]


@CASES("UnreadableFileError", says="field limit")
def _a_table_whose_column_has_a_name_of_300000_letters(base: Base, tmp: Path):
    table = base.copy("table", tmp)
    (table / "series.csv").write_text((table / "series.csv").read_text().replace("B08", "B" * 300_000, 1))
    return ["info", table]


@CASES("UnreadableFileError")
def _a_BigTIFF_that_says_it_is_enormous(base: Base, tmp: Path):  # noqa: N802
    tags = [
        (256, 4, 1, 2**31 - 1),
        (257, 4, 1, 2**31 - 1),
        (258, 3, 1, 16),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, 1, 8),
        (277, 3, 1, 1),
        (278, 4, 1, 2**31 - 1),
        (279, 4, 1, 100),
    ]
    content = b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(4)
    (tmp / f"{DAYS[0]}_B04.tif").write_bytes(content)
    return ["info", tmp / f"{DAYS[0]}_B04.tif"]
