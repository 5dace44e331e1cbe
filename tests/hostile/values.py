"""Values that no table, image or file name should have: ids, columns, dates, numbers, paths."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import h5py
import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet
import rasterio
import xarray as xr
from shapely.geometry import box

from tests.hostile.base import BANDS, DAYS, Base, cube, edit_json, pixels, squares, write_tif
from tests.hostile.cases import Cases

CASES = Cases("value")


def _predict(base: Base, tmp: Path, fields: Path) -> list[object]:
    return ["predict", base.cube, tmp / "out", "--checkpoint", base.checkpoint, "--fields", fields]


def _ids(values: object, name: str = "fields.parquet"):
    def make(base: Base, tmp: Path):
        fields = squares()
        fields["field_id"] = values
        fields.to_parquet(tmp / name) if name.endswith("parquet") else fields.to_file(tmp / name, engine="pyogrio")
        return _predict(base, tmp, tmp / name)

    return make


for name, values in {
    "of 64 unsigned bits": np.array([2**64 - 1, 2**63, 2**63 - 1, 0], "uint64"),
    "of 64 unsigned bits, some null": pd.array([2**64 - 1, None, 2**63, 1], dtype="UInt64"),
    "that are null": [None] * 4, "that are NaN": [np.nan] * 4, "that are infinite": [np.inf, -np.inf, 1.0, 2.0],
    "that are the smallest integer": np.array([-(2**63), -(2**63) + 1, 0, 1]),
    "that are dates": pd.date_range("2019-01-01", periods=4), "that are true or false": [True, False, True, False],
    "that are bytes of text": [b"a", b"b", b"c", b"d"], "that are all equal": [1, 1, 1, 1],
    "that are decimals": [1.5, 2.5, -0.0, 1e300],
    "of 300 characters": ["x" * 300, "y" * 300, "z" * 300, "é" * 300], "that differ in case": ["a", "A", "b", "B"],
    "that differ in blanks": ["a", " a", "a ", "a\t"], "with line ends": ["a\nb", "a\r\nb", "a\u2028b", "a"],
    "with unassigned characters": ["\ufffe", "\U0010ffff", "\u0378", "\ufeff"],
}.items():  # fmt: skip
    CASES.add(f"ids {name}", None, _ids(values))

for name, values in {
    "bytes that are no UTF-8 text": [b"\xff\xfe", b"b", b"c", b"d"], "lists": [[1], [2], [3], [4]],
    "records": [{"a": 1}, {"a": 2}, {"a": 3}, {"a": 4}],
}.items():  # fmt: skip
    CASES.add(f"ids that are {name}", "FieldsError", _ids(values), says=f"the column field_id: its values are {name}")


@CASES("UnreadableFileError", says="Unrecognized number")
def _ids_of_64_unsigned_bits_in_JSON(base: Base, tmp: Path):  # noqa: N802
    squares().to_file(tmp / "fields.geojson")
    content = json.loads((tmp / "fields.geojson").read_text())
    for feature, number in zip(content["features"], (2**64 - 1, 2**63, 10**30, 1), strict=True):
        feature["properties"]["field_id"] = number
    (tmp / "fields.geojson").write_text(json.dumps(content))
    return _predict(base, tmp, tmp / "fields.geojson")


@CASES(None)
def _an_id_with_a_lone_surrogate(base: Base, tmp: Path):
    squares().to_file(tmp / "fields.geojson")
    text = (tmp / "fields.geojson").read_text().replace('"field_id": 1,', '"field_id": "\\ud800",')
    (tmp / "fields.geojson").write_text(text)
    return _predict(base, tmp, tmp / "fields.geojson")


@CASES(None)
def _an_id_with_a_null_byte(base: Base, tmp: Path):
    squares().to_file(tmp / "fields.geojson")
    text = (tmp / "fields.geojson").read_text().replace('"field_id": 1,', '"field_id": "a\\u0000b",')
    (tmp / "fields.geojson").write_text(text)
    return _predict(base, tmp, tmp / "fields.geojson")


# ---------------------------------------------------------------- columns

OURS = (
    *("status", "crop", "crop_id", "confidence", "entropy", "disagreement", "prob_maize", "prob_rye", "n_dates", "n_pixels"),
    *("geometry_2", "geometry_in_file", "crop_in_file", "label", "id", "fid", "area", "determination:datetime", "field", "index"),
    *("level_0", "__index_level_0__", "", " ", "a,b", 'a"b', "a\nb", "=1+1", "x" * 300, "\x1b[2J", "lon", "lat", "raster_pixels"),
    *("clear_share", "unlike_training", "seen_in_training", "bbox", "collection", "crop:code", "fold", "FID", "ogc_fid", "rowid"),
)
for column in ("status", "crop", "confidence", "geometry_2", "fid", "", "a,b", "a\nb", "=1+1", "x" * 300, "\x1b[2J"):

    def _column(base: Base, tmp: Path, column: str = column):
        fields = squares().drop(columns="crop")
        fields[column] = ["w", "x", "y", "z"]
        fields.to_parquet(tmp / "fields.parquet")
        return _predict(base, tmp, tmp / "fields.parquet")

    shown = column if column.isprintable() and 0 < len(column) < 50 else ascii(column)[:20]
    CASES.add(f"a user's column named {shown}", None, _column)


@CASES(None)
def _all_our_columns_at_once(base: Base, tmp: Path):
    fields = squares()
    for column in ("status", "crop", "confidence", "geometry_2", "fid", "", "a,b", "a\nb", "=1+1", "x" * 300, "\x1b[2J"):
        fields[column] = range(4)
    fields.to_parquet(tmp / "fields.parquet")
    return _predict(base, tmp, tmp / "fields.parquet")


@CASES("UnreadableFileError")
def _two_columns_of_one_name(base: Base, tmp: Path):
    squares().to_parquet(tmp / "one.parquet")
    table = pyarrow.parquet.read_table(tmp / "one.parquet")
    twice = table.append_column("crop", table.column("crop"))
    pyarrow.parquet.write_table(twice, tmp / "fields.parquet")
    return _predict(base, tmp, tmp / "fields.parquet")


for name, values in {
    "of lists": [[1, 2], [], None, [3]], "of dicts": [{"a": 1}, None, {"a": 2}, {"a": 3}], "of bytes": [b"\xff", b"", None, b"a"],
    "of dates beyond the calendar": pyarrow.array([-(2**62), 0, 2**62, None], pyarrow.timestamp("us")),
    "of times": pyarrow.array([0, 1, 2, None], pyarrow.time64("us")), "of nothing": pyarrow.nulls(4),
    "of infinity": [np.inf, -np.inf, np.nan, 1.0], "of unsigned numbers": np.array([2**64 - 1, 0, 1, 2], "uint64"),
    "of decimals": pyarrow.array([1, 2, 3, None], pyarrow.decimal128(38, 10)),
    "of durations": pyarrow.array([1, 2, 3, 4], pyarrow.duration("ns")),
    "of categories": pyarrow.array(["a", "b", None, "a"]).dictionary_encode(),
    "of half numbers": np.array([1, 2, 3, 4], np.float16),
}.items():  # fmt: skip

    def _odd(base: Base, tmp: Path, values: Any = values):
        squares().to_parquet(tmp / "one.parquet")
        table = pyarrow.parquet.read_table(tmp / "one.parquet")
        table = table.append_column("own", values if isinstance(values, pyarrow.Array) else pyarrow.array(values))
        pyarrow.parquet.write_table(table, tmp / "fields.parquet")
        return _predict(base, tmp, tmp / "fields.parquet")

    CASES.add(f"a user's column {name}", None, _odd)


# ---------------------------------------------------------------- dates

for name, day in {"0": "00000606", "9999": "99990606", "1": "00010606", "1677": "16770101", "2262": "22621231"}.items():

    def _year(base: Base, tmp: Path, day: str = day):
        for number, band in enumerate(BANDS):
            write_tif(tmp / "season" / day / f"{day}_{band}.tif", pixels(number))
        return ["predict", tmp / "season", tmp / "out", "--checkpoint", base.checkpoint, "--fields", base.fields]

    CASES.add(f"images of the year {name}", "UnknownLayoutError", _year, says="date")

for name, units, values in (
    ("beyond the calendar", "days since 2019-01-01", [0, 1e6, 4e6]), ("at infinity", "days since 2019-01-01", [0, 1, np.inf]),
    ("that are all NaN", "days since 2019-01-01", [np.nan] * 3),
    ("before the calendar", "days since 2019-01-01", [-1e6, 0, 1]), ("that are NaN", "days since 2019-01-01", [0, np.nan, 1]),
    ("of a unit that is none", "fortnights since yesterday", [0, 1, 2]),
    ("of the year 10000", "days since 10000-01-01", [0, 1, 2]),
    ("of a year of 360 days", "days since 2019-01-01", [0, 30, 60]), ("since the year 0", "days since 0000-01-01", [0, 1, 2]),
    ("of 1e300 days", "days since 2019-01-01", [0, 1, 1e300]), ("that go back", "days since 2019-06-01", [20, 10, 0]),
    ("that are equal", "days since 2019-06-01", [0, 0, 0]),
):  # fmt: skip

    def _times(base: Base, tmp: Path, units: str = units, values: list[float] = values, name: str = name):
        calendar = "360_day" if "360" in name else "standard"
        time = xr.Variable("time", np.array(values, float), {"units": units, "calendar": calendar})
        cube().assign_coords(time=time).to_netcdf(tmp / "cube.nc", engine="h5netcdf")
        return ["predict", tmp / "cube.nc", tmp / "out", "--checkpoint", base.checkpoint, "--fields", base.fields]

    read = name in ("that are NaN", "that go back", "that are equal")
    told = "1 of 3 times are missing" if name == "that are NaN" else ""
    CASES.add(f"times {name}", None if read else "UnreadableFileError", _times, says=told)


def _series(change: Callable[[pd.DataFrame], object]):
    def make(base: Base, tmp: Path):
        folder = base.copy("table", tmp)
        series = pd.read_csv(folder / "series.csv")
        changed = change(series)
        (series if changed is None else changed).to_csv(folder / "series.csv", index=False)
        return ["predict", folder, tmp / "out", "--checkpoint", base.checkpoint]

    return make


for value in ("0000-01-01", "10000-01-01", "-0001-01-01", "2019-02-30", "2019-13-01", "1e300", "nan", "", "yesterday"):
    CASES.add(
        f"a table with the date {value or 'of nothing'}",
        "TableError",
        _series(lambda s, v=value: s.assign(date=[v, *s["date"].iloc[1:]])),
        says="date",
    )


@CASES("TableError", says="no day of the calendar")
def _a_Parquet_table_with_dates_beyond_the_calendar(base: Base, tmp: Path):  # noqa: N802
    table = base.copy("table", tmp)
    series = pyarrow.Table.from_pandas(pd.read_csv(table / "series.csv")).replace_schema_metadata(None)
    dates = pyarrow.array([2**62] * len(series), pyarrow.timestamp("us"))
    pyarrow.parquet.write_table(series.set_column(1, "date", dates), table / "series.parquet")
    (table / "series.csv").unlink()
    return ["predict", table, tmp / "out", "--checkpoint", base.checkpoint]


for name, text in {
    "of 1e308 degrees": '{"type":"Point","coordinates":[1e308,1e308]}', "of NaN": '{"type":"Point","coordinates":[NaN,1]}',
    "nested 5,000 deep": "[" * 5000, "behind a link": "http://127.0.0.1:9/x",
    "of latitude 5000": '{"type":"Polygon","coordinates":[[[3,50],[3,5005],[3.1,50],[3,50]]]}',
}.items():  # fmt: skip

    def _place(base: Base, tmp: Path, text: str = text):
        rows = pd.DataFrame({"id": [1, 2], "date": "2019-05-01", "B04": 0.2, "B08": 0.4, ".geo": [text, text]})
        rows.to_csv(tmp / "export.csv", index=False)
        return ["info", tmp / "export.csv"]

    CASES.add(f"a table with a place {name}", None, _place, says="no geometry that can be read in 2 rows")


# ---------------------------------------------------------------- numbers


def _numbers(image: np.ndarray, **options: Any):
    def make(base: Base, tmp: Path):
        for day in DAYS:
            for band in BANDS:
                write_tif(tmp / "season" / day / f"{day}_{band}.tif", image, **options)
        return ["predict", tmp / "season", tmp / "out", "--checkpoint", base.checkpoint, "--fields", base.fields]

    return make


FLAT = np.ones((48, 48), np.float32)
for name, image in {
    "of 3e38": 3e38 * FLAT, "of -3e38": -3e38 * FLAT, "all negative": -0.2 * FLAT, "all 0": 0 * FLAT, "all NaN": np.nan * FLAT,
    "of infinity": np.inf * FLAT, "of 1e308": np.full((48, 48), 1e308), "of 1e-40": 1e-40 * FLAT,
    "of -32768": np.full((48, 48), -32768, np.int16),
    "of 65535": np.full((48, 48), 65535, np.uint16), "of 2**32 - 1": np.full((48, 48), 2**32 - 1, np.uint32),
    "of NaN and 3e38": np.where(np.indices((48, 48)).sum(0) % 2, np.float32(3e38), np.float32("nan")),
}.items():  # fmt: skip
    unknown = name in ("all 0", "all NaN", "of infinity")  # nothing tells their unit
    CASES.add(f"pixels {name}", "CheckpointError" if unknown else None, _numbers(image))
for error, values in {
    "TableError": ("3e38", "1e308", "abc", "0x10"), "MissingBandError": ("inf", "nan", "", "1e999", "--", "NULL"),
    None: ("-3e38", "-5", "1,5"),
}.items():  # fmt: skip
    for value in values:
        CASES.add(f"a table of the value {value or 'of nothing'}", error, _series(lambda s, v=value: s.assign(B04=v)))


# ---------------------------------------------------------------- what files declare of their numbers

for name, declared in {
    "a scale of 0": {"scales": [0.0]}, "a scale of NaN": {"scales": [np.nan]}, "an infinite scale": {"scales": [np.inf]},
    "an offset of NaN": {"offsets": [np.nan]}, "an infinite offset": {"offsets": [-np.inf]},
}.items():  # fmt: skip

    def _declared(base: Base, tmp: Path, declared: dict[str, list[float]] = declared):
        season = base.copy("season", tmp)
        for file in season.rglob("*.tif"):
            with rasterio.open(file, "r+") as image:
                for attribute, numbers in declared.items():
                    setattr(image, attribute, numbers)
        return ["info", season]

    CASES.add(f"images with {name}", "UnreadableFileError", _declared, says="no value can be computed")

for name, asset in {"a scale of 0": {"scale": 0}, "an infinite offset": {"offset": float("inf")}}.items():

    def _sidecar(base: Base, tmp: Path, asset: dict[str, float] = asset):
        season = base.copy("season", tmp)
        for file in season.rglob("*.tif"):
            item = {"assets": {"data": {"href": file.name, "raster:bands": [asset]}}}
            file.with_suffix(".json").write_text(json.dumps(item))
        return ["info", season]

    CASES.add(f"STAC items beside images with {name}", "UnreadableFileError", _sidecar, says="no value can be computed")


@CASES("UnreadableFileError", says="complex64.*\n.*amplitude")
def _images_of_complex_numbers(base: Base, tmp: Path):
    write_tif(tmp / "20190606_B04.tif", pixels().astype(np.complex64))
    return ["info", tmp / "20190606_B04.tif"]


for name, attributes in {
    "two scales": {"scale_factor": [1.0, 2.0]}, "a scale of NaN": {"scale_factor": np.nan},
    "an infinite offset": {"add_offset": np.inf}, "a range that ends before it begins": {"valid_range": [10, 1]},
    "a range of words": {"valid_range": "low, high"},
}.items():  # fmt: skip

    def _cube_declares(base: Base, tmp: Path, attributes: dict[str, Any] = attributes):
        data = cube()
        data["B04"].attrs.update(attributes)
        data.to_netcdf(tmp / "cube.nc", engine="h5netcdf")
        return ["predict", tmp / "cube.nc", tmp / "out", "--checkpoint", base.checkpoint, "--fields", base.fields]

    CASES.add(f"a cube with {name}", None, _cube_declares, says="the attribute .* is not used")


@CASES("UnreadableFileError", says="compressed in a way that is not known")
def _a_cube_that_is_compressed_by_an_unknown_filter(base: Base, tmp: Path):
    path = base.copy("cube", tmp)
    with h5py.File(path, "a") as file:
        del file["B04"]
        layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        layout.set_chunk((1, 48, 48))
        layout.set_filter(32001, h5py.h5z.FLAG_OPTIONAL, (1, 2, 3))
        made = h5py.h5d.create(file.id, b"B04", h5py.h5t.NATIVE_UINT16, h5py.h5s.create_simple((3, 48, 48)), layout)
        made.write_direct_chunk((0, 0, 0), b"xxxxxxxx", 0)
        for axis, name in enumerate(("time", "y", "x")):
            file["B04"].dims[axis].attach_scale(file[name])
    return ["predict", path, tmp / "out", "--checkpoint", base.checkpoint, "--fields", base.fields]


@CASES("UnreadableFileError", says="standard calendar")
def _a_cube_with_a_year_of_365_days(base: Base, tmp: Path):
    time = xr.Variable("time", [0.0, 25.0, 60.0], {"units": "days since 2019-06-06", "calendar": "noleap"})
    cube().assign_coords(time=time).to_netcdf(tmp / "cube.nc", engine="h5netcdf")
    return ["info", tmp / "cube.nc"]


# ---------------------------------------------------------------- what a store says of itself

for name, codecs in {
    "a codec that is not known": [{"name": "evil", "configuration": {}}], "a pickle as codec": [{"name": "numcodecs.Pickle"}],
    "no codecs": [],
}.items():  # fmt: skip

    def _codecs(base: Base, tmp: Path, codecs: list[dict[str, Any]] = codecs):
        store = base.copy("zarr", tmp)
        edit_json(store / "B04" / "zarr.json", codecs=codecs)
        return ["info", store]

    CASES.add(f"a Zarr array with {name}", "UnsafePathError" if "pickle" in name else "UnreadableFileError", _codecs)

for name, changes in {
    "a fill value of text": {"fill_value": "x"}, "a type of any object": {"data_type": "object"},
    "what must be understood": {"evil": {"must_understand": True}}, "axes of one name": {"dimension_names": ["y", "y", "y"]},
    "chunks whose names lead upwards": {"chunk_key_encoding": {"name": "default", "configuration": {"separator": "/../../"}}},
    "a list of attributes": {"attributes": [1]}, "a format of 99": {"zarr_format": 99},
}.items():  # fmt: skip

    def _array(base: Base, tmp: Path, changes: dict[str, Any] = changes):
        store = base.copy("zarr", tmp)
        edit_json(store / "B04" / "zarr.json", **changes)
        return ["info", store]

    CASES.add(f"a Zarr array with {name}", "UnreadableFileError", _array)

for name, listed in {
    "another size": lambda array: {"B04": {**array, "shape": [3, 10**6, 10**6]}}, "no list": lambda array: 7,
    "names that lead upwards": lambda array: {"../../etc": array},
}.items():  # fmt: skip

    def _consolidated(base: Base, tmp: Path, listed: Callable[[Any], Any] = listed):
        store = base.copy("zarr", tmp)
        inner = listed(json.loads((store / "B04" / "zarr.json").read_text()))
        edit_json(store / "zarr.json", consolidated_metadata={"kind": "inline", "must_understand": False, "metadata": inner})
        return ["info", store]

    CASES.add(f"a Zarr store whose consolidated metadata have {name}", "UnreadableFileError", _consolidated)


@CASES("UnreadableFileError")
def _Zarr_2_whose_consolidated_metadata_are_text(base: Base, tmp: Path):  # noqa: N802
    cube().to_zarr(tmp / "cube.zarr", zarr_format=2, consolidated=True)
    edit_json(tmp / "cube.zarr" / ".zmetadata", metadata="x")
    return ["info", tmp / "cube.zarr"]


@CASES("UnreadableFileError")
def _a_Zarr_shard_whose_index_is_damaged(base: Base, tmp: Path):  # noqa: N802
    import zarr

    store = base.copy("zarr", tmp)
    shutil.rmtree(store / "B04")
    group = zarr.open_group(str(store), mode="a")
    axes = {"chunks": (1, 16, 16), "shards": (3, 48, 48), "dimension_names": ("time", "y", "x")}
    group.create_array("B04", shape=(3, 48, 48), dtype="uint16", **axes)[:] = np.stack([pixels()] * 3)
    for chunk in (store / "B04" / "c").rglob("0"):
        if chunk.is_file():
            chunk.write_bytes(chunk.read_bytes()[:-40] + b"\xff" * 40)
    return ["info", store]


def _store(change: Callable[[Path], object]):
    def make(base: Base, tmp: Path):
        from cropdetect import api

        api.chips(base.season, tmp / "chips.zarr")
        change(tmp / "chips.zarr")
        return ["predict", tmp / "chips.zarr", tmp / "out", "--checkpoint", base.checkpoint]

    return make


def _without_ids(store: Path) -> None:
    table = pyarrow.parquet.read_table(store / "fields.parquet")
    pyarrow.parquet.write_table(table.drop_columns(["field_id"]), store / "fields.parquet")


for name, change in {
    "whose fields have no ids": _without_ids, "without dates": lambda store: shutil.rmtree(store / "date"),
    "whose dates are no days": lambda store: edit_json(store / "date" / "zarr.json", data_type="float64"),
    "of fewer masks": lambda store: edit_json(store / "mask" / "zarr.json", shape=[1, 1, 1]),
    "without fields": lambda store: (store / "fields.parquet").unlink(),
}.items():  # fmt: skip
    CASES.add(f"a chip store {name}", "ChipStoreError", _store(change))


# ---------------------------------------------------------------- what reading leaves out, and longitudes


def _degrees(left: float, **attributes: Any):
    """Return what writes a cube in degrees, and one field 70 degrees west."""

    def make(base: Base, tmp: Path):
        axes = {"lat": -30 - 9e-5 * (np.arange(48) + 0.5), "lon": left + 9e-5 * (np.arange(48) + 0.5)}
        data = cube().drop_vars(["y", "x"]).rename(y="lat", x="lon").assign_coords(axes)
        data.attrs = attributes
        data.to_netcdf(tmp / "cube.nc", engine="h5netcdf")
        field = box(-70 + 9e-4, -30 - 36e-4, -70 + 36e-4, -30 - 9e-4)
        gpd.GeoDataFrame({"field_id": [1]}, geometry=[field], crs=4326).to_file(tmp / "fields.gpkg")
        return ["predict", tmp / "cube.nc", tmp / "out", "--checkpoint", base.checkpoint, "--fields", tmp / "fields.gpkg"]

    return make


CASES.add("longitudes from 0 to 360 and a field to the west", None, _degrees(290), says="are taken 360 degrees less")
CASES.add("a CRS of garbage beside latitudes", "GridError", _degrees(-70, crs="garbage"), says="axes lat and lon are in degrees")
CASES.add("a grid mapping that is not there", None, _degrees(-70, grid_mapping="utm"), says="no variable utm")


@CASES(None, says="main geometries, middle, are no polygons; those of geometry are used")
def _points_as_the_main_geometries(base: Base, tmp: Path):
    fields = squares()
    fields["middle"] = fields.geometry.centroid
    fields.set_geometry("middle").to_parquet(tmp / "fields.parquet")
    return _predict(base, tmp, tmp / "fields.parquet")


@CASES("FieldsError", says="several columns hold some: geometry, inner")
def _two_outlines_beside_points(base: Base, tmp: Path):
    fields = squares()
    fields["middle"], fields["inner"] = fields.geometry.centroid, fields.geometry.buffer(-10)
    fields.set_geometry("middle").to_parquet(tmp / "fields.parquet")
    return _predict(base, tmp, tmp / "fields.parquet")


for name, attributes in {"a scale": {"scale_factor": "x"}, "a fill": {"missing_value": "x"}}.items():

    def _word(base: Base, tmp: Path, attributes: dict[str, str] = attributes):
        data = cube()
        data["B04"].attrs.update(attributes)
        data.to_netcdf(tmp / "cube.nc", engine="h5netcdf")
        return ["predict", tmp / "cube.nc", tmp / "out", "--checkpoint", base.checkpoint, "--fields", base.fields]

    CASES.add(f"a word in place of {name}", None, _word, says="the attribute .* is not used")


# ---------------------------------------------------------------- paths and options

for name, path in {
    "of 300 characters": "x" * 300,
    "of 5,000 characters": "x/" * 2500,
    "with a surrogate": "a\udcffb",
    "with blanks": " ",
}.items():

    def _out(base: Base, tmp: Path, path: str = path):
        return ["predict", base.season, tmp / path, "--checkpoint", base.checkpoint]

    CASES.add(f"an output {name}", None if "blanks" in name else "OutputPathError", _out)

    def _in(base: Base, tmp: Path, path: str = path):
        return ["predict", tmp / path, tmp / "out", "--checkpoint", base.checkpoint]

    CASES.add(f"an input {name}", "InputNotFoundError", _in)


@CASES("UnreadableFileError", says="UTF-8")
def _a_season_whose_folder_has_a_surrogate(base: Base, tmp: Path):
    season = base.copy("season", tmp)
    odd = tmp / "a\udcffb"
    season.rename(odd)
    return ["predict", odd, tmp / "out", "--checkpoint", base.checkpoint]


@CASES(None)
def _a_file_beside_the_images_whose_name_has_a_surrogate(base: Base, tmp: Path):
    season = base.copy("season", tmp)
    (season / "a\udcffb.txt").write_text("x")
    return ["predict", season, tmp / "out", "--checkpoint", base.checkpoint]


for option, value, error in (
    ("--bbox", "nan,nan,nan,nan", "OptionError"), ("--bbox", "1,2,3", "OptionError"), ("--bbox", "inf,0,1,1", "OptionError"),
    ("--buffer", "nan", "OptionError"), ("--buffer", "1e300", "OptionError"), ("--memory", "-1", "OptionError"),
    ("--memory", "1e999", "OptionError"), ("--workers", "-5", "OptionError"), ("--min-confidence", "nan", "OptionError"),
    ("--min-confidence", "7", "OptionError"), ("--title", "x" * 100_000, None), ("--layer", "x", "FieldsError"),
    ("--id-column", "x\ty", "FieldsError"), ("--pattern", "(" * 1000, "OptionError"), ("--date", "2019-02-30", "OptionError"),
    ("--clear", "SCL=", "OptionError"), ("--bbox", "35,0,34,1", "OptionError"), ("--bbox", "34,1,35,0", "OptionError"),
    ("--workers", "9" * 400, "OptionError"),
    ("--bbox", "34,0,35,91", "OptionError"), ("--bbox", "600000,0,700000,1", "OptionError"),
):  # fmt: skip

    def _option(base: Base, tmp: Path, option: str = option, value: str = value):
        return ["predict", base.season, tmp / "out", "--checkpoint", base.checkpoint, "--fields", base.fields, option, value]

    CASES.add(f"the option {option} {value[:20]}", error, _option)


@CASES("OutputPathError")
def _a_log_in_the_root_folder(base: Base, tmp: Path):
    return ["train", base.table, tmp / "out", "--log-dir", "/"]


for option, value in (("--height", "9" * 400), ("--year", "0"), ("--year", "99999"), ("--fields", "9" * 30), ("--width", "-1")):

    def _simulation(base: Base, tmp: Path, option: str = option, value: str = value):
        return ["simulate", tmp / "out", option, value]

    CASES.add(f"a simulation with {option} {value[:10]}", "OptionError", _simulation)
