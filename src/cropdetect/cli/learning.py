"""The verbs that learn and judge: train, crossval, evaluate, import-cv4a."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cropdetect.cli.app import app, say
from cropdetect.cli.options import (
    BandNames,
    Bands,
    Bbox,
    Buffer,
    Calibration,
    ChipSize,
    ClassBalance,
    Clear,
    Config,
    DataPath,
    Date,
    Epochs,
    Fields,
    IdColumn,
    Labels,
    Layer,
    Legend,
    Limit,
    LogDir,
    Members,
    Memory,
    Model,
    Offset,
    Overwrite,
    Pattern,
    Recipe,
    Resolution,
    Seed,
    Snapshots,
    TrainSeed,
    Until,
    data_options,
)


@app.command()
def train(
    data: DataPath,
    out: Annotated[Path, typer.Argument(help="Checkpoint folder to write.", show_default=False)],
    fields: Fields = None,
    layer: Layer = None,
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
    log_dir: LogDir = None,
    licence: Annotated[str, typer.Option(help="Licence of the training data, kept in the checkpoint.")] = "unknown",
    chip_size: ChipSize = 32,
    pattern: Pattern = None,
    date: Date = None,
    bands: Bands = None,
    band_names: BandNames = None,
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
        layer=layer,
        id_column=id_column,
        label_column=labels,
        legend=legend,
        buffer=buffer,
        pattern=pattern,
        date=date,
        bands=bands,
        band_names=band_names,
        resolution=resolution,
        clear=clear,
        offset=offset,
        until=until,
        bbox=bbox,
        limit=limit,
        chip_size=chip_size,
        memory=memory,
    )
    given: dict[str, Any] = {
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
        log_dir=log_dir,
        licence=licence,
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
    layer: Layer = None,
    labels: Labels = None,
    legend: Legend = None,
    id_column: IdColumn = None,
    buffer: Buffer = 0.0,
    model: Annotated[
        str | None,
        typer.Option(help="season-cnn (default) or another model, see docs/models.md; package.module:Class."),
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
    log_dir: LogDir = None,
    chip_size: ChipSize = 32,
    pattern: Pattern = None,
    bands: Bands = None,
    band_names: BandNames = None,
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
        layer=layer,
        id_column=id_column,
        label_column=labels,
        legend=legend,
        buffer=buffer,
        pattern=pattern,
        bands=bands,
        band_names=band_names,
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
        log_dir=log_dir,
        overwrite=overwrite,
        **{name: value for name, value in given.items() if value is not None},
    )
    _show_scores(scores, out, as_json=json)


@app.command()
def evaluate(
    predictions: Annotated[Path, typer.Argument(help="Output folder of predict.", show_default=False)],
    out: Annotated[Path, typer.Argument(help="Output folder.", show_default=False)],
    labels: Annotated[Path, typer.Option(help="Vector file, CSV or Parquet with field ids and labels.", show_default=False)],
    label_column: Annotated[
        str | None, typer.Option(help="Column of the labels (default: label, crop, crop:code or crop_code).")
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
    from cropdetect.outputs import scores_summary

    if as_json:
        print(scores.model_dump_json(indent=1))
        return
    print(scores_summary(scores))
    say(f"The files lie in {out}: {', '.join(sorted(file.name for file in out.iterdir()))}.")


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
