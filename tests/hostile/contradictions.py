"""Parts of an input that do not belong together, and statements that exclude each other or what the pixels show."""

import json
import shutil
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow
import pyarrow.parquet
import pyproj
import rasterio
from affine import Affine

from tests.hostile.base import BANDS, DAYS, SIDE, Base, cube, pixels, squares, write_tif
from tests.hostile.cases import Cases
from tests.runs.conftest import write_table

CASES = Cases("contradiction")


def _predict(base: Base, tmp: Path, fields: Path) -> list[object]:
    return ["predict", base.cube, tmp / "out", "--checkpoint", base.checkpoint, "--fields", fields]


# ---------------------------------------------------------------- parts of one file


def _shapefile(suffix: str):
    """Return what writes a Shapefile of four fields, of which one part is that of another with two."""

    def make(base: Base, tmp: Path):
        squares().to_file(tmp / "fields.shp")
        squares(2).to_file(tmp / "other.shp")
        shutil.copy(tmp / f"other{suffix}", tmp / f"fields{suffix}")
        return _predict(base, tmp, tmp / "fields.shp")

    return make


CASES.add("a Shapefile with the rows of another", "UnreadableFileError", _shapefile(".dbf"), says="4 outlines, .* 2 rows")
CASES.add("a Shapefile with the index of another", "UnreadableFileError", _shapefile(".shx"), says="another file")


@CASES("UnreadableFileError", says="missing: fields.shx")
def _a_Shapefile_without_its_index(base: Base, tmp: Path):  # noqa: N802
    squares().to_file(tmp / "fields.shp")
    (tmp / "fields.shx").unlink()
    return _predict(base, tmp, tmp / "fields.shp")


@CASES("UnreadableFileError", says="twice")
def _an_archive_with_two_entries_of_one_name(base: Base, tmp: Path):
    squares(4).to_file(tmp / "four.gpkg")
    squares(2).to_file(tmp / "two.gpkg")
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(tmp / "fields.zip", "w") as archive:
        archive.write(tmp / "four.gpkg", "fields.gpkg")
        archive.write(tmp / "two.gpkg", "fields.gpkg")
    return _predict(base, tmp, tmp / "fields.zip")


@CASES("UnreadableFileError", says="twice")
def _an_archive_of_images_with_two_entries_of_one_name(base: Base, tmp: Path):
    images = sorted(base.season.rglob("*.tif"))
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(tmp / "season.zip", "w") as archive:
        for image in (*images, images[0]):
            archive.write(image, images[0].name if image is images[-1] else image.name)
    return ["info", tmp / "season.zip"]


@CASES(None, says="1 fields are left out with status invalid_geometry")
def _a_curve_among_polygons(base: Base, tmp: Path):
    squares().to_parquet(tmp / "fields.parquet")
    table = pyarrow.parquet.read_table(tmp / "fields.parquet")
    place = table.schema.get_field_index("geometry")
    curve = bytes.fromhex("010a00000001000000010800000003000000") + bytes(48)
    geometry = pyarrow.array([curve, *table.column(place).to_pylist()[1:]], pyarrow.binary())
    pyarrow.parquet.write_table(table.set_column(place, table.schema.field(place), geometry), tmp / "fields.parquet")
    return _predict(base, tmp, tmp / "fields.parquet")


@CASES("UnreadableFileError", says="twice")
def _a_table_whose_column_map_has_a_key_twice(base: Base, tmp: Path):
    (tmp / "map.yaml").write_text("id: field_id\nid: date\n")
    return ["info", base.table / "series.csv", "--columns", tmp / "map.yaml"]


@CASES(None, says="1 entries of its list of features are no features")
def _a_GeoJSON_with_an_entry_that_is_no_feature(base: Base, tmp: Path):  # noqa: N802
    squares().to_file(tmp / "fields.geojson")
    content = json.loads((tmp / "fields.geojson").read_text())
    content["features"][0]["type"] = "Outline"
    (tmp / "fields.geojson").write_text(json.dumps(content))
    return _predict(base, tmp, tmp / "fields.geojson")


@CASES("UnreadableFileError", says="TopoJSON")
def _TopoJSON_called_JSON(base: Base, tmp: Path):  # noqa: N802
    (tmp / "fields.json").write_text('{"type": "Topology", "objects": {}, "arcs": []}')
    return _predict(base, tmp, tmp / "fields.json")


@CASES("UnreadableFileError")
def _a_table_that_is_no_Parquet(base: Base, tmp: Path):  # noqa: N802
    (tmp / "series.parquet").write_text((base.table / "series.csv").read_text())
    return ["predict", tmp / "series.parquet", tmp / "out", "--checkpoint", base.checkpoint]


# ---------------------------------------------------------------- files beside images


def _auxiliary(content: str):
    """Return what writes GDAL's auxiliary file beside the first image."""

    def make(base: Base, tmp: Path):
        season = base.copy("season", tmp)
        image = min(season.rglob("*.tif"))
        image.with_name(f"{image.name}.aux.xml").write_text(f"<PAMDataset>{content}</PAMDataset>")
        return ["info", season]

    return make


for name, content, says in (
    ("a scale", '<PAMRasterBand band="1"><Scale>0.5</Scale></PAMRasterBand>', "states a scale, 0.5, which is not used"),
    ("no value", '<PAMRasterBand band="1"><NoDataValue>300</NoDataValue></PAMRasterBand>', "'no value', 300, which is not used"),
    ("statistics", '<PAMRasterBand band="1"><Scale>1</Scale><Offset>0</Offset></PAMRasterBand>', "(?s)^(?!.*states)"),
):
    CASES.add(f"an image whose auxiliary file states {name}", None, _auxiliary(content), says=says)


@CASES(None, says="20190606_B04.tfw states a place")
def _an_image_whose_place_is_in_a_world_file(base: Base, tmp: Path):
    image = write_tif(tmp / "20190606_B04.tif", pixels(), crs=None, transform=Affine.identity())
    image.with_suffix(".tfw").write_text("10\n0\n0\n-10\n600005\n99995\n")
    return ["info", image]


# ---------------------------------------------------------------- what an image states in its name and elsewhere


def _stated(edit: Callable[[Any], None], *options: str, name: str = "20190606_B04.tif"):
    """Return what writes an image of two, of which `edit` changes what it states beside its name."""

    def make(base: Base, tmp: Path):
        write_tif(tmp / "images" / "20190701_B04.tif", pixels())
        with rasterio.open(write_tif(tmp / "images" / name, pixels()), "r+") as file:
            edit(file)
        return ["info", tmp / "images", *options]

    return make


def _described(text: str):
    return lambda file: file.set_band_description(1, text)


def _tagged(**tags: str):
    return lambda file: file.update_tags(**tags)


BOTH = "says B04, and the description of its layer says B08"
CASES.add("an image of B04 that is described as B08", "AmbiguousNameError", _stated(_described("B08")), says=BOTH)
CASES.add(
    "an image of B04 that is described as B08, and a pattern", None,
    _stated(_described("B08"), "--pattern", r"(?P<date>\d{8})_(?P<band>B\d\d)"), says="B04",
)  # fmt: skip
for text in ("B4", "red", "Band 1", "reflectance of B08 to B04, resampled"):
    CASES.add(f"an image of B04 that is described as {text}", None, _stated(_described(text)), says="(?s)^(?!.*B08)")
CASES.add(
    "an image of VV that is described as VH", "AmbiguousNameError", _stated(_described("VH"), name="20190606_VV.tif"),
    says="says VV, and .* says VH",
)  # fmt: skip
for key, day, error in (
    ("ACQUISITION_DATE", "2019-07-06", "AmbiguousNameError"), ("ACQUISITION_DATE", "2019-06-05T23:50:00Z", None),
    ("TIFFTAG_DATETIME", "2020:01:01 00:00:00", None),
):  # fmt: skip
    says = "the name of the file says 2019-06-06, and its tag of the acquisition says 2019-07-06" if error else "2019-06-06"
    CASES.add(f"an image of 6 June whose tag {key} is {day}", error, _stated(_tagged(**{key: day})), says=says)


@CASES("AmbiguousNameError", says="2019-06-06, and 20190606_B04.json says 2018-06-06")
def _an_image_whose_item_states_another_year(base: Base, tmp: Path):
    season = base.copy("season", tmp)
    item = {"type": "Feature", "properties": {"datetime": "2018-06-06T08:00:00Z"}}
    (season / "20190606" / "20190606_B04.json").write_text(json.dumps(item))
    return ["info", season]


def _indices(*images: np.ndarray):
    def make(base: Base, tmp: Path):
        for day, image in zip(DAYS, images, strict=False):
            write_tif(tmp / "images" / f"{day}_NDVI.tif", image)
        return ["info", tmp / "images"]

    return make


NDVI = np.linspace(-0.2, 0.9, SIDE * SIDE).reshape(SIDE, SIDE)
TEN_THOUSANDS, BYTES = (10_000 * NDVI).astype(np.int16), (100 + 100 * NDVI).astype(np.uint8)
CASES.add("NDVI from -1 to 1", None, _indices(NDVI.astype(np.float32)), says="(?s)^(?!.*are used)")
CASES.add("NDVI x 10000", None, _indices(TEN_THOUSANDS), says="the numbers of NDVI reach 8[78].. and are used as they are stored")
CASES.add("NDVI in bytes", None, _indices(BYTES), says="the numbers of NDVI reach 18. and are used as they are stored")
for name, other in {"x 10000 and from -1 to 1": NDVI.astype(np.float32), "x 10000 and in bytes": BYTES}.items():
    CASES.add(f"NDVI {name}", "ContradictionError", _indices(TEN_THOUSANDS, other), says="reach .* on 2019-07-01, but 8")


# ---------------------------------------------------------------- scales that make no reflectance


def _scaled_cube(scale: float):
    def make(base: Base, tmp: Path):
        copied = base.copy("cube", tmp)
        with h5py.File(copied, "a") as file:
            for band in BANDS:
                file[band].attrs["scale_factor"] = scale
        return ["predict", copied, tmp / "out", "--checkpoint", base.checkpoint, "--fields", base.fields]

    return make


def _edited_images(edit: Callable[[Any], None], first: int = 100):
    def make(base: Base, tmp: Path):
        season = base.copy("season", tmp)
        for image in sorted(season.rglob("*.tif"))[:first]:
            with rasterio.open(image, "r+") as file:
                edit(file)
        return ["predict", season, tmp / "out", "--checkpoint", base.checkpoint]

    return make


def _scaled_images(scale: float):
    return _edited_images(lambda file: setattr(file, "scales", [scale]))


for scale in (-1e-4, 1e30, 1e-30):
    CASES.add(f"a cube with a scale of {scale:g}", "ContradictionError", _scaled_cube(scale), says="impossible")
    CASES.add(f"images with a scale of {scale:g}", "ContradictionError", _scaled_images(scale), says="impossible")


@CASES("TableError", says="impossible")
def _a_table_with_a_scale_of_1e30(base: Base, tmp: Path):
    (tmp / "map.yaml").write_text("scale: 1.0e+30\n")
    return ["info", base.table / "series.csv", "--columns", tmp / "map.yaml"]


# ---------------------------------------------------------------- where a cube lies


def _mapped(edit: Callable[[Any, Any], None]):
    """Return what gives a cube a grid mapping, which `edit` changes."""

    def make(base: Base, tmp: Path):
        copied = base.copy("cube", tmp)
        with h5py.File(copied, "a") as file:
            del file.attrs["crs"]
            mapping = file.create_dataset("spatial_ref", data=0)
            mapping.attrs["crs_wkt"] = pyproj.CRS(32636).to_wkt()
            for band in BANDS:
                file[band].attrs["grid_mapping"] = "spatial_ref"
            edit(file, mapping)
        return ["predict", copied, tmp / "out", "--checkpoint", base.checkpoint, "--fields", base.fields]

    return make


def _with_parameters(**changes: float):
    parameters = {key: value for key, value in pyproj.CRS(32636).to_cf().items() if key != "crs_wkt"} | changes
    return _mapped(lambda file, mapping: mapping.attrs.update(parameters))


CASES.add("a grid mapping whose parameters are those of its WKT", None, _with_parameters(), says="(?s)^(?!.*CRS)")
CASES.add(
    "a grid mapping whose parameters are of another zone", "ContradictionError",
    _with_parameters(longitude_of_central_meridian=39.0), says="EPSG:32636 and transverse_mercator .*central_meridian 39",
)  # fmt: skip
CASES.add(
    "a grid mapping whose parameters have another false northing", "ContradictionError",
    _with_parameters(false_northing=1e7), says="false_northing 10000000",
)  # fmt: skip


def _unit_of_x(unit: str):
    return _mapped(lambda file, mapping: file["x"].attrs.__setitem__("units", unit))


CASES.add(
    "a grid mapping that states two CRSs", "ContradictionError",
    _mapped(lambda file, mapping: mapping.attrs.__setitem__("epsg_code", "EPSG:32637")), says="EPSG:32636 and EPSG:32637",
)  # fmt: skip
CASES.add(
    "a grid mapping that states one CRS in two ways", None,
    _mapped(lambda file, mapping: mapping.attrs.__setitem__("spatial_ref", "+proj=utm +zone=36 +datum=WGS84")),
)  # fmt: skip
CASES.add(
    "a cube whose attribute crs is not that of its grid mapping", None,
    _mapped(lambda file, mapping: file.attrs.__setitem__("crs", "EPSG:32637")), says="two CRSs are stated",
)  # fmt: skip
CASES.add("a cube in metres whose coordinates say kilometres", "ContradictionError", _unit_of_x("km"), says="is in km")
CASES.add("a cube in metres whose coordinates say so", None, _unit_of_x("m"))


@CASES("UnknownLayoutError", says="its dimensions are time, height, y, x")
def _a_cube_with_a_fourth_dimension(base: Base, tmp: Path):
    cube().expand_dims("height", axis=1).to_netcdf(tmp / "cube.nc", engine="h5netcdf")
    return ["info", tmp / "cube.nc"]


# ---------------------------------------------------------------- options


def _option(*words: str):
    def make(base: Base, tmp: Path):
        return ["predict", base.season, tmp / "out", "--checkpoint", base.checkpoint, *words]

    return make


CASES.add("a resolution of 1e-30", "OptionError", _option("--resolution", "1e-30"), says="finer")
CASES.add("a resolution of 1 cm", "OptionError", _option("--resolution", "0.01"), says="finer")
CASES.add("a column of ids of no file", "OptionError", _option("--id-column", "nope"), says="--fields")
for year in ("99999", "0", "-1"):
    CASES.add(f"the season of the year {year}", "OptionError", _option("--season-year", year))


def _simulate(*words: str):
    def make(base: Base, tmp: Path):
        return ["simulate", tmp / "out", "--tiles", "1", "--height", "64", "--width", "64", "--fields", "4", *words]

    return make


CASES.add("a simulation with a seed of 64 bits", "OptionError", _simulate("--seed", str(2**63)))


@CASES("OptionError")
def _a_recipe_to_the_end_of_the_calendar(base: Base, tmp: Path):
    days = ["--from", "2019-01-01", "--to", "9999-12-31"]
    return ["recipe", "openeo", tmp / "recipe", "--fields", base.fields, *days]


@CASES("OutputPathError", says="link")
def _unfinished_work_behind_a_link(base: Base, tmp: Path):
    (tmp / "place").mkdir()
    (tmp / "mine" / "new").mkdir(parents=True)
    (tmp / "place" / ".partial").symlink_to(tmp / "mine")
    return ["chips", base.season, tmp / "place"]


def _train(config: str):
    def make(base: Base, tmp: Path):
        write_table(tmp / "table")
        (tmp / "config.yaml").write_text("model: tempcnn\nepochs: 1\nmembers: 1\n" + config)
        return ["train", tmp / "table", tmp / "out", "--config", tmp / "config.yaml"]

    return make


for name, config in {
    "dropout of NaN": "arguments: {dropout: .nan}", "layer of size 0": "arguments: {dense: 0}",
    "layer of 10**9": "arguments: {dense: 1000000000}",
    "seed of 64 bits": "seed: 18446744073709551615", "class named twice": "legend: [maize, maize]",
}.items():  # fmt: skip
    CASES.add(f"training with a {name}", "LegendError" if "class" in name else "OptionError", _train(config))
