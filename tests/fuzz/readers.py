"""Each reader of users' files, as a function of the bytes of one file among good ones."""

import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import yaml

from cropdetect import api
from cropdetect.checkpoint import check_network
from cropdetect.chips.tables.column_map import read_column_map
from cropdetect.errors import CropDetectError
from cropdetect.fields import read_legend
from cropdetect.imagery.clear import parse_clear
from cropdetect.imagery.names import compile_pattern, parse_description, parse_path
from cropdetect.imagery.naming import parse_band_names
from cropdetect.options import DataOptions
from cropdetect.training.recipes import train_options

CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True)
class Reader:
    """A reader of one file.

    Attributes:
        good: a file that it reads, in the corpus.
        read: reads a file of that name.
        inputs: how many `.ci/run` lets it read, in about 25 seconds of a processor.
        is_python: whether it is all Python, so that mutations can be led by the lines that they reach.
    """

    good: str
    read: Callable[[Path], object]
    inputs: int
    is_python: bool = False


def _info(file: Path) -> object:
    return api.info(file)


def _openeo(file: Path) -> object:
    return api.info(file, columns=CORPUS / "tables" / "openeo.yaml")


def _beside(name: str, inner: str, named: str = "") -> Callable[[Path], object]:
    """Return what puts a file into a copy of a folder of the corpus, and asks what lies there."""

    def read(file: Path) -> object:
        folder = Path(shutil.copytree(CORPUS / name, file.parent / "around" / name, dirs_exist_ok=True))
        (folder / inner).write_bytes(file.read_bytes())
        return api.info(folder / named)

    return read


def _each(lines: list[str], *parsers: Callable[[str], object]) -> None:
    """Let all parsers parse all lines, and raise the last named error."""
    last: CropDetectError | None = None
    for line in lines:
        for parse in parsers:
            try:
                parse(line)
            except CropDetectError as error:
                last = error
    if last is not None:
        raise last


def _names(file: Path) -> None:
    """Read each line as the path of an image, and as the description of a layer."""
    lines = file.read_text("utf-8", errors="surrogateescape").splitlines()
    _each(lines, partial(parse_path, pattern=None), parse_description)


def _options(file: Path) -> None:
    """Read each value as the option that its key says, and all together as options of reading."""
    try:
        content = yaml.safe_load(file.read_text("utf-8", errors="replace"))
    except (yaml.YAMLError, ValueError, RecursionError):
        return
    if not isinstance(content, dict):
        return
    parsers = {"clear": parse_clear, "clear_bits": parse_clear, "band_names": parse_band_names, "pattern": compile_pattern}
    for key, parse in parsers.items():
        _each([str(content[key])] if key in content else [], parse)
    DataOptions(**{str(key): value for key, value in content.items() if key != "clear_bits"})


READERS = {
    "raster": Reader("20190606_B04.tif", _info, 1700),
    "netcdf": Reader("cube.nc", _info, 800),
    "netcdf3": Reader("classic.nc", _info, 900),
    "zarr": Reader("cube.zarr/B04/zarr.json", _beside("cube.zarr", "B04/zarr.json"), 500),
    "parquet": Reader("fields.parquet", _info, 500),
    "geojson": Reader("fields.geojson", _info, 900),
    "geopackage": Reader("fields.gpkg", _info, 500),
    "shapefile": Reader("shape/fields.shp", _beside("shape", "fields.shp", "fields.shp"), 500),
    "dbf": Reader("shape/fields.dbf", _beside("shape", "fields.dbf", "fields.shp"), 500),
    "gml": Reader("fields.gml", _info, 500),
    "network": Reader("checkpoint/members/000.onnx", check_network, 500),
    "table": Reader("table/series.csv", _beside("table", "series.csv"), 500, is_python=True),
    "wide-table": Reader("tables/wide.csv", _info, 500, is_python=True),
    "sits": Reader("tables/sits.csv", _info, 500, is_python=True),
    "sentinel-hub": Reader("tables/batch.json", _info, 500, is_python=True),
    "openeo": Reader("tables/openeo.json", _openeo, 500, is_python=True),
    "sidecar": Reader("sidecar/20190606_B04.json", _beside("sidecar", "20190606_B04.json"), 500, is_python=True),
    "stac-items": Reader("items/items.json", _beside("items", "items.json"), 500, is_python=True),
    "landsat": Reader(
        "landsat/LC08_L2SP_195025_20190606_20200828_02_T1_MTL.txt",
        _beside("landsat", "LC08_L2SP_195025_20190606_20200828_02_T1_MTL.txt"),
        500,
        is_python=True,
    ),
    "names": Reader("names.txt", _names, 5000, is_python=True),
    "options": Reader("options.yaml", _options, 5000, is_python=True),
    "legend": Reader("legend.yaml", read_legend, 5000, is_python=True),
    "columns": Reader("columns.yaml", read_column_map, 5000, is_python=True),
    "config": Reader("config.yaml", lambda file: train_options(None, file, {}), 5000, is_python=True),
    "record": Reader("checkpoint/checkpoint.json", _beside("checkpoint", "checkpoint.json"), 500, is_python=True),
    "run": Reader("predictions/run.json", _beside("predictions", "run.json"), 500, is_python=True),
    "predictions": Reader("predictions/predictions.csv", _beside("predictions", "predictions.csv"), 500, is_python=True),
    "metrics": Reader("scores/metrics.json", _beside("scores", "metrics.json"), 500, is_python=True),
}
"""By name."""


def outcome(reader: str, file: Path) -> str:
    """Let a reader read a file; return the name of the error that it says, or "read".

    Whatever is not named is raised.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            READERS[reader].read(file)
        except CropDetectError as error:
            return error.name
    return "read"
