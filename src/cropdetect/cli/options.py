"""The options that several verbs share."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from cropdetect.errors import OptionError

# What commands share --------------------------------------------------------------------------------------------------
DataPath = Annotated[
    Path, typer.Argument(help="Imagery folder or cube, chips.zarr, or a folder with series.parquet.", show_default=False)
]
Fields = Annotated[
    Path | None, typer.Option(help="Field boundaries (GeoPackage, GeoParquet, GeoJSON, Shapefile, ...) or a field-id raster.")
]
Layer = Annotated[str | None, typer.Option(help="Layer of the fields' file (default: the one with polygons).")]
IdColumn = Annotated[str | None, typer.Option(help="Column of the field ids.")]
Labels = Annotated[str | None, typer.Option("--labels", help="Column of the crop labels.")]
Legend = Annotated[Path | None, typer.Option(help="YAML file that maps label codes to class names.")]
Buffer = Annotated[float, typer.Option(help="Metres added around every field; negative shrinks.")]
Pattern = Annotated[str | None, typer.Option(help="Regular expression with groups date and band for file names.")]
Date = Annotated[str | None, typer.Option(metavar="DATE", help="Day of images whose names tell none (YYYY-MM-DD).")]
Bands = Annotated[str | None, typer.Option(help="Bands to use, separated by commas.")]
BandNames = Annotated[
    str | None, typer.Option(metavar="OLD=NEW,...|FILE", help="Other names for bands, or a YAML file with lines old: new.")
]
Resolution = Annotated[float | None, typer.Option(help="Pixel size in units of the CRS (default: the finest band's).")]
Clear = Annotated[str | None, typer.Option(help='What counts as clear, e.g. "SCL=4,5 CLD<60", or none.')]
Offset = Annotated[float | None, typer.Option(help="Reflectance offset to take off (default: from the metadata).")]
Until = Annotated[str | None, typer.Option(metavar="DATE", help="Use dates up to this day (YYYY-MM-DD).")]
Bbox = Annotated[str | None, typer.Option(help="west,south,east,north in degrees: fields outside are left out.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Use the first so many fields.")]
ChipSize = Annotated[int, typer.Option(min=1, max=1024, help="Height and width of chips, pixels.")]
Memory = Annotated[int, typer.Option(min=64, metavar="MB", help="Memory that cutting may hold.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace another output of cropdetect; other files stay.")]
# What trains
Recipe = Annotated[str | None, typer.Option(help="default (ours) or cv4a (as in 2020, its faults mended).")]
Model = Annotated[str | None, typer.Option(help="season-cnn (default), conv-gru, tempcnn, pse-ltae, or package.module:Class.")]
LogDir = Annotated[Path | None, typer.Option(help="Write a TensorBoard log of the training here.")]
Epochs = Annotated[int | None, typer.Option(min=1, help="Epochs of a cycle (default: more for small sets).")]
Members = Annotated[int | None, typer.Option(min=1, help="Trainings, each without another fold of the fields.")]
Snapshots = Annotated[int | None, typer.Option(min=1, help="Cycles of a training; each leaves a network.")]
ClassBalance = Annotated[str | None, typer.Option(help="none, weights, sampling or logit-adjustment.")]
Calibration = Annotated[str | None, typer.Option(help="none, temperature or vector.")]
TrainSeed = Annotated[int | None, typer.Option(min=0, help="Seed of everything random.")]
Config = Annotated[Path | None, typer.Option(help="YAML file of training options; the command line wins.")]

Layout = Literal["cv4a", "geotiff", "netcdf"]
Preset = Literal["default", "cv4a"]
Seed = Annotated[int, typer.Option(min=0, help="Seed of everything random.")]


def data_options(**given: Any) -> Any:
    """Turn the shared options' texts into a DataOptions."""
    import datetime as dt

    from cropdetect.api import DataOptions

    for name, parse, example in (
        ("bands", lambda text: tuple(b.strip() for b in text.split(",") if b.strip()), "B02,B03,B04"),
        ("date", dt.date.fromisoformat, "2019-06-06"),
        ("until", dt.date.fromisoformat, "2019-08-31"),
        ("bbox", _bbox, "34.0,0.4,34.5,0.9"),
    ):
        text = given.get(name)
        if text is not None:
            try:
                given[name] = parse(text)
            except ValueError as error:
                raise OptionError(f"--{name} {text!r} cannot be read", fix=f"Write it like --{name} {example}") from error
    if "memory" in given:
        given["memory"] *= 2**20
    return DataOptions(**given)


def _bbox(text: str) -> tuple[float, float, float, float]:
    west, south, east, north = (float(number) for number in text.split(","))
    return west, south, east, north
