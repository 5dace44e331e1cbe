"""The command line: one thin command a verb."""

import sys
import warnings
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from cropdetect.errors import CropDetectError, OptionError

app = typer.Typer(
    name="cropdetect",
    help="A calibrated crop for every field, from any imagery and any field boundaries.\n\n"
    "Example: cropdetect predict season/ out/ --fields fields.gpkg --checkpoint checkpoint/",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)

# What commands share --------------------------------------------------------------------------------------------------
DataPath = Annotated[
    Path, typer.Argument(help="Imagery folder or cube, chips.zarr, or a folder with series.parquet.", show_default=False)
]
Fields = Annotated[
    Path | None, typer.Option(help="Field boundaries (GeoPackage, GeoParquet, GeoJSON, Shapefile) or a field-id raster.")
]
IdColumn = Annotated[str | None, typer.Option(help="Column of the field ids.")]
Labels = Annotated[str | None, typer.Option("--labels", help="Column of the crop labels.")]
Legend = Annotated[Path | None, typer.Option(help="YAML file that maps label codes to class names.")]
Buffer = Annotated[float, typer.Option(help="Metres added around every field; negative shrinks.")]
Pattern = Annotated[str | None, typer.Option(help="Regular expression with groups date and band for file names.")]
Date = Annotated[str | None, typer.Option(metavar="DATE", help="Day of images whose names tell none (YYYY-MM-DD).")]
Bands = Annotated[str | None, typer.Option(help="Bands to use, separated by commas.")]
Resolution = Annotated[float | None, typer.Option(help="Pixel size in units of the CRS (default: the finest band's).")]
Clear = Annotated[str | None, typer.Option(help='What counts as clear, e.g. "SCL=4,5 CLD<60", or none.')]
Offset = Annotated[float | None, typer.Option(help="Reflectance offset to take off (default: from the metadata).")]
Until = Annotated[str | None, typer.Option(metavar="DATE", help="Use dates up to this day (YYYY-MM-DD).")]
Bbox = Annotated[str | None, typer.Option(help="west,south,east,north in degrees: fields outside are left out.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Use the first so many fields.")]
ChipSize = Annotated[int, typer.Option(min=1, max=1024, help="Height and width of chips, pixels.")]
Memory = Annotated[int, typer.Option(min=64, metavar="MB", help="Memory that cutting may hold.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an output that is there already.")]
# What trains
Recipe = Annotated[str | None, typer.Option(help="default (ours) or cv4a (as in 2020, its faults mended).")]
Model = Annotated[str | None, typer.Option(help="conv-gru-v2 (default), conv-gru, tempcnn or pse-ltae.")]
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


# Verbs ----------------------------------------------------------------------------------------------------------------
@app.command()
def demo(
    out: Annotated[Path, typer.Argument(help="Output folder.")] = Path("demo-season"),
    seed: Seed = 0,
    overwrite: Overwrite = False,
) -> None:
    """Simulate a small season, predict it with the shipped checkpoint, and score the answer.

    Example: cropdetect demo
    """
    from cropdetect import api

    metrics = api.demo(out, seed=seed, overwrite=overwrite)
    say(f"{metrics.n_fields} fields with hidden labels: accuracy {metrics.accuracy:.2f}, log loss {metrics.log_loss:.2f}.")
    say(f"Open {out}/predictions/report.html in a browser, fields.gpkg or crop_map.tif in QGIS.")


@app.command()
def simulate(
    out: Annotated[Path, typer.Argument(help="Output folder.", show_default=False)],
    tiles: Annotated[int, typer.Option(min=1, max=99, help="Number of tiles.")] = 4,
    height: Annotated[int, typer.Option(min=64, help="Rows of a tile, 10 m pixels.")] = 3035,
    width: Annotated[int, typer.Option(min=64, help="Columns of a tile, 10 m pixels.")] = 2016,
    fields: Annotated[int, typer.Option(min=1, help="Fields in all.")] = 4688,
    seed: Seed = 0,
    layout: Annotated[Layout, typer.Option(help="How it is stored.")] = "cv4a",
    region: Annotated[str, typer.Option(help="Scene: western-kenya, eastern-uganda or flanders.")] = "western-kenya",
    year: Annotated[int | None, typer.Option(help="Year of the season (default: the region's own).")] = None,
    overwrite: Overwrite = False,
) -> None:
    """Write a synthetic season with field boundaries, labels and the truth.

    Example: cropdetect simulate season/ --tiles 1 --height 600 --width 600 --fields 200
    """
    from cropdetect import api

    api.simulate(
        out,
        tiles=tiles,
        height=height,
        width=width,
        fields=fields,
        seed=seed,
        layout=layout,
        region=region,
        year=year,
        overwrite=overwrite,
    )
    say(f"A simulated season lies in {out}. Try: cropdetect info {out}")


@app.command()
def info(
    path: Annotated[Path, typer.Argument(help="Imagery, fields, chips, table, checkpoint or predictions.", show_default=False)],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    pattern: Pattern = None,
    date: Date = None,
) -> None:
    """Say what lies at a path: dates, bands, grid, fields, classes, and what is missing.

    Example: cropdetect info season/
    """
    from cropdetect import api

    description = api.info(path, pattern=pattern, date=data_options(date=date).date)
    print(description.model_dump_json(indent=1) if json else description.text())


@app.command()
def chips(
    imagery: Annotated[Path, typer.Argument(help="Imagery folder or cube.", show_default=False)],
    out: Annotated[Path, typer.Argument(help="Store to write, e.g. chips.zarr.", show_default=False)],
    fields: Fields = None,
    id_column: IdColumn = None,
    labels: Labels = None,
    legend: Legend = None,
    buffer: Buffer = 0.0,
    preset: Annotated[Preset, typer.Option(help="How chips are cut; cv4a: exactly as in 2020.")] = "default",
    chip_size: ChipSize = 32,
    pattern: Pattern = None,
    date: Date = None,
    bands: Bands = None,
    resolution: Resolution = None,
    clear: Clear = None,
    offset: Offset = None,
    until: Until = None,
    bbox: Bbox = None,
    limit: Limit = None,
    memory: Memory = 512,
    overwrite: Overwrite = False,
) -> None:
    """Cut a chip around every field and keep all in a Zarr store.

    Example: cropdetect chips season/ chips.zarr --fields fields.gpkg
    """
    from cropdetect import api

    options = data_options(
        fields=fields,
        id_column=id_column,
        label_column=labels,
        legend=legend,
        buffer=buffer,
        pattern=pattern,
        date=date,
        bands=bands,
        resolution=resolution,
        clear=clear,
        offset=offset,
        until=until,
        bbox=bbox,
        limit=limit,
        chip_size=chip_size,
        memory=memory,
    )
    store = api.chips(imagery, out, preset=preset, options=options, overwrite=overwrite)
    say(f"{len(store)} chips of {len(store.fields)} fields lie in {out}.")


@app.command()
def train(
    data: DataPath,
    out: Annotated[Path, typer.Argument(help="Checkpoint folder to write.", show_default=False)],
    fields: Fields = None,
    labels: Labels = None,
    legend: Legend = None,
    id_column: IdColumn = None,
    buffer: Buffer = 0.0,
    recipe: Recipe = None,
    model: Model = None,
    epochs: Epochs = None,
    members: Members = None,
    snapshots: Snapshots = None,
    class_balance: ClassBalance = None,
    calibration: Calibration = None,
    seed: TrainSeed = None,
    config: Config = None,
    licence: Annotated[str, typer.Option(help="Licence of the training data, kept in the checkpoint.")] = "unknown",
    resume: Annotated[bool, typer.Option("--resume", help="Go on where a stopped training was.")] = False,
    chip_size: ChipSize = 32,
    pattern: Pattern = None,
    date: Date = None,
    bands: Bands = None,
    resolution: Resolution = None,
    clear: Clear = None,
    offset: Offset = None,
    until: Until = None,
    bbox: Bbox = None,
    limit: Limit = None,
    memory: Memory = 512,
    overwrite: Overwrite = False,
) -> None:
    """Train a checkpoint on labelled fields, with a blocked validation split.

    Example: cropdetect train season/ checkpoint/ --fields fields.gpkg --labels crop
    """
    from cropdetect import api

    options = data_options(
        fields=fields,
        id_column=id_column,
        label_column=labels,
        legend=legend,
        buffer=buffer,
        pattern=pattern,
        date=date,
        bands=bands,
        resolution=resolution,
        clear=clear,
        offset=offset,
        until=until,
        bbox=bbox,
        limit=limit,
        chip_size=chip_size,
        memory=memory,
    )
    given = {
        "model": model,
        "epochs": epochs,
        "members": members,
        "snapshots": snapshots,
        "class_balance": class_balance,
        "calibration": calibration,
        "seed": seed,
    }
    checkpoint = api.train(
        data,
        out,
        options=options,
        recipe=recipe,
        config=config,
        licence=licence,
        resume=resume,
        overwrite=overwrite,
        **{name: value for name, value in given.items() if value is not None},
    )
    scores = ", ".join(f"{name} {value:.3f}" for name, value in checkpoint.record.metrics.items())
    say(f"The checkpoint lies in {out}. On fields that the networks did not see: {scores}")


@app.command()
def crossval(
    data: DataPath,
    out: Annotated[Path, typer.Argument(help="Output folder.", show_default=False)],
    folds: Annotated[
        str,
        typer.Option(
            help="random, blocked (whole groups), grid (blocks of the map), leave-one-group-out, or a column of fold numbers.",
            show_default=False,
        ),
    ],
    fields: Fields = None,
    labels: Labels = None,
    legend: Legend = None,
    id_column: IdColumn = None,
    buffer: Buffer = 0.0,
    model: Annotated[
        str | None, typer.Option(help="A network (default: conv-gru-v2), random-forest, svm or gradient-boosting.")
    ] = None,
    n_folds: Annotated[int, typer.Option(min=2, help="Folds to make.")] = 5,
    group_column: Annotated[str | None, typer.Option(help="Column of groups (default: group, else blocks).")] = None,
    block_size: Annotated[float | None, typer.Option(min=1, metavar="M", help="Side of a block of the map.")] = None,
    fold_buffer: Annotated[
        float, typer.Option(min=0, metavar="M", help="With grid: train on nothing this near to what is answered.")
    ] = 0.0,
    by_date: Annotated[bool, typer.Option("--by-date", help="Score also what was known on six days of the season.")] = False,
    recipe: Recipe = None,
    epochs: Epochs = None,
    members: Members = None,
    snapshots: Snapshots = None,
    class_balance: ClassBalance = None,
    calibration: Calibration = None,
    seed: TrainSeed = None,
    config: Config = None,
    chip_size: ChipSize = 32,
    pattern: Pattern = None,
    bands: Bands = None,
    resolution: Resolution = None,
    clear: Clear = None,
    offset: Offset = None,
    until: Until = None,
    bbox: Bbox = None,
    limit: Limit = None,
    memory: Memory = 512,
    json: Annotated[bool, typer.Option("--json", help="Print metrics.json.")] = False,
    overwrite: Overwrite = False,
) -> None:
    """Answer every labelled field by a model that has not seen it, and score the answers.

    Example: cropdetect crossval table/ out/ --folds blocked --model random-forest
    """
    from cropdetect import api

    options = data_options(
        fields=fields,
        id_column=id_column,
        label_column=labels,
        legend=legend,
        buffer=buffer,
        pattern=pattern,
        bands=bands,
        resolution=resolution,
        clear=clear,
        offset=offset,
        until=until,
        bbox=bbox,
        limit=limit,
        chip_size=chip_size,
        memory=memory,
    )
    given = {
        "model": model,
        "group_column": group_column,
        "block_size": block_size,
        "epochs": epochs,
        "members": members,
        "seed": seed,
        "snapshots": snapshots,
        "class_balance": class_balance,
        "calibration": calibration,
    }
    scores = api.crossval(
        data,
        out,
        folds=folds,
        options=options,
        n_folds=n_folds,
        fold_buffer=fold_buffer,
        by_date=by_date,
        recipe=recipe,
        config=config,
        overwrite=overwrite,
        **{name: value for name, value in given.items() if value is not None},
    )
    _show_scores(scores, out, as_json=json)


@app.command()
def import_cv4a(
    weights: Annotated[Path, typer.Argument(help="Weights of the 2020 network (.pt).", show_default=False)],
    out: Annotated[Path, typer.Argument(help="Checkpoint folder to write.", show_default=False)],
    chips: Annotated[Path | None, typer.Option(help="Chips to take channel statistics from, as in 2020.")] = None,
    stats: Annotated[Path | None, typer.Option(help="JSON file of channel statistics.")] = None,
    overwrite: Overwrite = False,
) -> None:
    """Make a checkpoint of the published 2020 weights.

    Example: cropdetect import-cv4a weights.pt checkpoint/ --chips chips.zarr
    """
    from cropdetect import api

    api.import_cv4a(weights, out, chips=chips, stats=stats, overwrite=overwrite)
    say(f"The checkpoint lies in {out}.")


@app.command()
def predict(
    data: DataPath,
    out: Annotated[Path, typer.Argument(help="Output folder.", show_default=False)],
    checkpoint: Annotated[Path, typer.Option(help="Checkpoint folder.", show_default=False)],
    fields: Fields = None,
    id_column: IdColumn = None,
    buffer: Buffer = 0.0,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    precision: Annotated[str, typer.Option(help="f32, or bf16 (needs the extra [fast]).")] = "f32",
    workers: Annotated[int | None, typer.Option(min=1, help="Threads (default: all cores).")] = None,
    min_confidence: Annotated[float, typer.Option(min=0, max=1, help="Leave the crop empty below this.")] = 0.0,
    submission: Annotated[bool, typer.Option("--submission", help="Also write the competition's submission.csv.")] = False,
    season_year: Annotated[
        int | None, typer.Option(help="Year that days are counted from (default: of the median date).")
    ] = None,
    pattern: Pattern = None,
    date: Date = None,
    resolution: Resolution = None,
    clear: Clear = None,
    offset: Offset = None,
    until: Until = None,
    bbox: Bbox = None,
    limit: Limit = None,
    memory: Memory = 512,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and end.")] = False,
    overwrite: Overwrite = False,
) -> None:
    """Give every field its crop, with probabilities, as tables and maps.

    Example: cropdetect predict season/ out/ --fields fields.gpkg --checkpoint checkpoint/
    """
    from cropdetect import api

    options = data_options(
        fields=fields,
        id_column=id_column,
        buffer=buffer,
        pattern=pattern,
        date=date,
        resolution=resolution,
        clear=clear,
        offset=offset,
        until=until,
        bbox=bbox,
        limit=limit,
        memory=memory,
    )
    if dry_run:
        print(api.plan(data, checkpoint=checkpoint, options=options).text())
        return
    api.predict(
        data,
        out,
        checkpoint=checkpoint,
        options=options,
        device=device,
        precision=precision,
        workers=workers,
        min_confidence=min_confidence,
        submission=submission,
        season_year=season_year,
        overwrite=overwrite,
        command=sys.argv,
    )
    from cropdetect.outputs import prediction_summary, read_prediction_table

    table, legend = read_prediction_table(out)
    say(prediction_summary(table, legend, out))


@app.command()
def report(
    predictions: Annotated[Path, typer.Argument(help="Output folder of predict, evaluate or crossval.", show_default=False)],
    out: Annotated[Path | None, typer.Argument(help="Page to write (default: report.html in that folder).")] = None,
    labels: Annotated[Path | None, typer.Option(help="Table or vector file of known crops: adds scores.")] = None,
    label_column: Annotated[str | None, typer.Option(help="Column of the known crops.")] = None,
) -> None:
    """Make report.html again: map, areas, doubtful fields, data quality, scores.

    Example: cropdetect report out/ --labels known.gpkg
    """
    from cropdetect import api

    say(f"The report lies in {api.report(predictions, out, labels=labels, label_column=label_column)}.")


@app.command()
def evaluate(
    predictions: Annotated[Path, typer.Argument(help="Output folder of predict.", show_default=False)],
    out: Annotated[Path, typer.Argument(help="Output folder.", show_default=False)],
    labels: Annotated[Path, typer.Option(help="Vector file, CSV or Parquet with field ids and labels.", show_default=False)],
    label_column: Annotated[
        str | None, typer.Option(help="Column of the labels (default: crop, label, crop:code or crop_code).")
    ] = None,
    id_column: IdColumn = None,
    legend: Legend = None,
    group_column: Annotated[str | None, typer.Option(help="Column of groups (default: group, else blocks of 5 km).")] = None,
    pixel_size: Annotated[float | None, typer.Option(min=0.01, metavar="M", help="For areas of fields without polygons.")] = None,
    probability_sample: Annotated[
        bool, typer.Option("--probability-sample", help="The labelled fields were drawn at random.")
    ] = False,
    seed: Seed = 0,
    json: Annotated[bool, typer.Option("--json", help="Print metrics.json.")] = False,
    overwrite: Overwrite = False,
) -> None:
    """Score predictions against labels, and estimate areas with standard errors.

    Example: cropdetect evaluate out/ scores/ --labels surveyed.gpkg --label-column crop
    """
    from cropdetect import api

    scores = api.evaluate(
        predictions,
        out,
        labels=labels,
        label_column=label_column,
        id_column=id_column,
        legend=legend,
        group_column=group_column,
        pixel_size=pixel_size,
        probability_sample=probability_sample,
        seed=seed,
        overwrite=overwrite,
    )
    _show_scores(scores, out, as_json=json)


def _show_scores(scores: Any, out: Path, *, as_json: bool) -> None:
    from cropdetect.outputs.summary import scores_summary

    if as_json:
        print(scores.model_dump_json(indent=1))
        return
    print(scores_summary(scores))
    say(f"The files lie in {out}: {', '.join(sorted(file.name for file in out.iterdir()))}.")


def say(message: str) -> None:
    """Tell the user what came of it."""
    print(message)


def main() -> None:
    """Run the command line; a named error ends with exit code 2 and no traceback."""
    warnings.simplefilter("ignore")
    warnings.simplefilter("always", UserWarning)
    warnings.showwarning = lambda message, *_: print(f"Warning: {message}", file=sys.stderr)
    try:
        app()
    except CropDetectError as error:
        print(f"{error.name}: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("Stopped. Run the same command again to go on.", file=sys.stderr)
        sys.exit(130)
