"""The verb `map`: from imagery, fields and some labels to a map, in one command."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from cropdetect.api._predict import predict
from cropdetect.api._train import train
from cropdetect.api._verb import verb
from cropdetect.api._workforce import Scheduler, Workers, refuse_memory
from cropdetect.errors import OutputExistsError
from cropdetect.formats import MapCount, MapRecord, TrainOptions
from cropdetect.options import AnyPath, DataOptions, DataSource, flag, path_or_none
from cropdetect.progress import note
from cropdetect.runs import OutputFolder, code_of

if TYPE_CHECKING:
    import geopandas as gpd

_LONG = 300  # seconds of training from which on a quicker one is named
_QUICK, _QUICK_CHIP = {"members": 3, "epochs": 15}, 16  # the quicker one, and its pixels a chip
STEPS = ("crossval", "checkpoint", "predictions")  # sub-folders of the output, each an output of its own


@verb
def map(
    data: DataSource,
    out: AnyPath,
    *,
    options: DataOptions = DataOptions(),
    recipe: str | None = None,
    config: AnyPath | None = None,
    licence: str = "unknown",
    device: Literal["cpu", "cuda"] = "cpu",
    precision: Literal["f32", "bf16"] = "f32",
    workers: Workers = None,
    scheduler: Scheduler = None,
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.0,
    overwrite: bool = False,
    **training: Annotated[Any, TrainOptions],
) -> MapRecord:
    """Learn from the labelled fields, give every field its crop, and say how good that is.

    The steps are training and prediction. The members' predictions of left-out fields are the cross-validation. Each step has a
    folder, which other commands take. The same call continues a stopped one, and does nothing if all is complete. `overwrite`
    runs only the steps that depend on a changed option.

    Args:
        data: images (folder or cube), chips.zarr, a table of field means, or stac:CATALOGUE/COLLECTION.
        out: output folder; it gets crossval/, checkpoint/, predictions/ and map.json.
        options: how imagery and fields are read.
        recipe: settings to begin from: default (ours) or cv4a (as in 2020, its faults corrected).
        config: YAML file of training options; they override the recipe, and options of the command override both.
        licence: licence of the training data, kept in the checkpoint.
        device: where the networks predict.
        precision: numbers that the networks predict with; bf16 needs the extra [fast].
        workers: processes for training and threads for predicting (default: all cores).
        scheduler: address of a Dask scheduler, whose workers train and predict; in Python also a `distributed.Client`.
        min_confidence: leave the crop empty below this probability.
        overwrite: replace another output of cropdetect; steps that do not depend on what changed are kept, and other files stay.
        training: fields of `TrainOptions`. `model` may also be a network of your own, "package.module:Class" (see
            `models.network_class`).

    Returns:
        What map.json holds.

    Raises:
        CropDetectError: one of its kinds, when input, option or disk is at fault.
    """
    arguments = dict(locals())
    from cropdetect.training.recipes import train_options

    settings = train_options(recipe, path_or_none(config), training)
    arguments |= {"recipe": settings.recipe, "training": settings} | code_of(settings.model)
    output = OutputFolder("map", arguments, steps=STEPS)
    scores, checkpoint, predictions = (output.path / step for step in STEPS)
    if output.finished() and all((output.path / step / "run.json").is_file() for step in STEPS):
        return MapRecord.model_validate_json((output.path / "map.json").read_bytes())
    refuse_memory(scheduler, data, options)
    with output.writing() as work:
        _announce(data, options, settings, output.path)
        (work.state / "begun").touch()  # so that an interruption says that it can be continued
        before = _record(checkpoint)
        _step(
            train,
            data,
            checkpoint,
            overwrite=overwrite,
            renew=not (scores / "run.json").is_file(),
            options=options,
            recipe=recipe,
            config=config,
            licence=licence,
            out_of_fold=scores,
            workers=workers,
            scheduler=scheduler,
            **training,
        )
        _step(
            predict,
            data,
            predictions,
            overwrite=overwrite or _record(checkpoint) != before,
            checkpoint=checkpoint,
            options=options,
            device=device,
            precision=precision,
            workers=workers,
            scheduler=scheduler,
            min_confidence=min_confidence,
            season_year=settings.season_year,
            with_labels=True,
        )
        found = _summary(predictions, scores)
        (work.new / "map.json").write_text(found.model_dump_json(indent=1) + "\n", "utf-8")
    return found


def _step(
    function: Callable[..., Any], data: DataSource, out: Path, *, overwrite: bool, renew: bool = False, **arguments: Any
) -> None:
    """Call a verb; with `overwrite`, what it wrote is replaced only where it was another call's.

    Args:
        function: the verb.
        data: its input.
        out: its output.
        overwrite: replace the output of another call.
        renew: replace the output in any case.
        arguments: its other arguments.
    """
    try:
        function(data, out, overwrite=renew, **arguments)
    except OutputExistsError:
        if not overwrite or renew:
            raise
        function(data, out, overwrite=True, **arguments)


def _record(step: Path) -> bytes:
    """Return what run.json of a step holds, which tells whether it was made again; nothing where there is none."""
    file = step / "run.json"
    return file.read_bytes() if file.is_file() else b""


def _announce(data: DataSource, options: DataOptions, settings: TrainOptions, out: Path) -> None:
    """Say on stderr which steps follow, and about how long they take, as this machine does with the first fields."""
    from cropdetect.chips import open_data
    from cropdetect.training.effort import about, members_of, pace_of_stream

    chips = open_data(data, options, settings.preset).chips
    labels = chips.fields["label"].dropna() if "label" in chips.fields.columns else ()
    if len(labels) == 0:
        return  # the training says so
    members = members_of(settings, len(labels), chips.info.size)
    pace = pace_of_stream(chips, settings)
    training, whole, train, answer = 0.0, "", "", ""
    if pace is not None:
        training = pace.seconds_to_train(settings, [len(labels)], chips.info.size)
        predicting = pace.answer * len(chips) * members * settings.snapshots
        whole, train, answer = (f", {about(seconds)}" for seconds in (training + predicting, training, predicting))
    lines = (
        f"{out}: two steps{whole and whole + ' of processor time, which all cores share'}",
        f"  1. train {members} members on {len(labels):,} labelled fields{train}: checkpoint/. Their answers on the",
        "     fields that they leave out are the cross-validation: crossval/",
        f"  2. predict {len(chips.fields):,} fields{answer}: predictions/",
    )
    note("\n".join(lines))
    if pace is not None and training > _LONG and settings.members is None and settings.epochs is None:
        quick = pace.seconds_to_train(settings.model_copy(update=_QUICK), [len(labels)], chips.info.size)
        quick *= min(1.0, _QUICK_CHIP / chips.info.size) ** 2  # the work grows with the pixels of a chip
        typed = " ".join(f"{flag(name)} {value}" for name, value in {**_QUICK, "chip_size": _QUICK_CHIP}.items())
        note(f"  For a first look, add {typed}. That trains for {about(quick)} and makes a worse map.")


def _summary(predictions: Path, scores: Path) -> MapRecord:
    import pandas as pd

    from cropdetect.outputs import read_prediction_table
    from cropdetect.outputs.scores import read_metrics

    table, legend = read_prediction_table(predictions)
    labels = _labels(table)
    names = [*legend, *sorted(set(labels.dropna()) - set(legend))]
    predicted = table["crop"].astype(object).where(labels.isna())
    counts = {name: MapCount(labelled=int((labels == name).sum()), predicted=int((predicted == name).sum())) for name in names}
    return MapRecord(
        n_fields=len(table),
        n_labelled=int(labels.notna().sum()),
        n_without_crop=int((labels.isna() & pd.isna(predicted)).sum()),
        crops=counts,
        out_of_fold=read_metrics(scores),
    )


def _labels(table: "gpd.GeoDataFrame") -> "Any":
    import pandas as pd

    if "label" not in table.columns:
        return pd.Series([None] * len(table), dtype=object)
    return table["label"].astype(object).where(table["label"].notna(), None)
