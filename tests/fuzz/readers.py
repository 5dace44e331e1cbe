"""Each reader of users' files, as a function of the bytes of one file among good ones."""

import shutil
import warnings
from collections.abc import Callable
from pathlib import Path

from cropdetect import api
from cropdetect.checkpoint import check_network
from cropdetect.errors import CropDetectError
from cropdetect.fields import read_legend

CORPUS = Path(__file__).parent / "corpus"

Reader = Callable[[Path], object]


def _info(file: Path) -> object:
    return api.info(file)


def _beside(name: str, inner: str, named: str = "") -> Reader:
    """Return what puts a file into a copy of a folder of the corpus, and asks what lies there."""

    def read(file: Path) -> object:
        folder = Path(shutil.copytree(CORPUS / name, file.parent / "around" / name, dirs_exist_ok=True))
        (folder / inner).write_bytes(file.read_bytes())
        return api.info(folder / named)

    return read


READERS: dict[str, tuple[str, Reader]] = {
    "raster": ("20190606_B04.tif", _info),
    "netcdf": ("cube.nc", _info),
    "netcdf3": ("classic.nc", _info),
    "zarr": ("cube.zarr/B04/zarr.json", _beside("cube.zarr", "B04/zarr.json")),
    "parquet": ("fields.parquet", _info),
    "geojson": ("fields.geojson", _info),
    "geopackage": ("fields.gpkg", _info),
    "shapefile": ("shape/fields.shp", _beside("shape", "fields.shp", "fields.shp")),
    "dbf": ("shape/fields.dbf", _beside("shape", "fields.dbf", "fields.shp")),
    "gml": ("fields.gml", _info),
    "table": ("table/series.csv", _beside("table", "series.csv")),
    "record": ("checkpoint/checkpoint.json", _beside("checkpoint", "checkpoint.json")),
    "network": ("checkpoint/members/000.onnx", check_network),
    "yaml": ("legend.yaml", read_legend),
    "run": ("predictions/run.json", _beside("predictions", "run.json")),
    "predictions": ("predictions/predictions.csv", _beside("predictions", "predictions.csv")),
    "metrics": ("scores/metrics.json", _beside("scores", "metrics.json")),
}
"""Name -> the good file in the corpus, and its reader."""


def outcome(reader: str, file: Path) -> str:
    """Let a reader read a file; return the name of the error that it says, or "read".

    Whatever is not named is raised.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            READERS[reader][1](file)
        except CropDetectError as error:
            return error.name
    return "read"
