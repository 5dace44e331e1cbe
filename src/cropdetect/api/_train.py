"""The verb `train`."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cropdetect.api._out_of_fold import write_answers
from cropdetect.api._verb import verb
from cropdetect.api._workforce import Scheduler, Workers, workforce
from cropdetect.formats import TrainOptions
from cropdetect.in_memory import as_source, place_of
from cropdetect.options import AnyPath, DataOptions, DataSource, Mark, path_or_none
from cropdetect.progress import note
from cropdetect.runs import OutputFolder, code_of

if TYPE_CHECKING:
    from cropdetect.checkpoint import Checkpoint
    from cropdetect.training.train import Trained


@verb
def train(
    data: DataSource,
    out: AnyPath,
    *,
    options: DataOptions = DataOptions(),
    recipe: str | None = None,
    config: AnyPath | None = None,
    licence: str = "unknown",
    forget_fields: bool = False,
    log_dir: AnyPath | None = None,
    out_of_fold: AnyPath | None = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    on_epoch: Annotated[Callable[[Any], None] | None, Mark.PYTHON_ONLY] = None,
    overwrite: bool = False,
    **training: Annotated[Any, TrainOptions],
) -> "Checkpoint":
    """Train a checkpoint on labelled fields, with a blocked validation split, and say in report.html how good it is.

    In Python the data may also be a Dataset or DataArray of xarray, or a table.

    Args:
        data: images (folder or cube), chips.zarr, a table of field means, or stac:CATALOGUE/COLLECTION.
        out: checkpoint folder to write.
        options: how imagery and fields are read.
        recipe: settings to begin from: default (ours) or cv4a (as in 2020, its faults corrected).
        config: YAML file of training options; they override the recipe, and options of the command override both.
        licence: licence of the training data, kept in the checkpoint.
        forget_fields: keep no hashes of the training fields in the checkpoint; it then cannot recognise them.
        log_dir: folder for a TensorBoard log of the training.
        out_of_fold: folder for the members' predictions of the fields that they left out, as crossval writes them.
        workers: processes that train members side by side (default: all cores, where that is worth it).
        scheduler: address of a Dask scheduler, whose workers train the members; in Python also a `distributed.Client`.
        on_epoch: called with a `cropdetect.training.EpochReport` for each epoch, when its state is saved; what it raises
            ends the training. Members that are trained side by side come mixed.
        overwrite: replace another output of cropdetect; other files stay.
        training: fields of `TrainOptions`, in Python also of `DataOptions`. `model` may also be a network of your
            own, "package.module:Class" (see `models.network_class`).

    Raises:
        CropDetectError: one of its kinds, when input, option or disk is at fault.
    """
    arguments = dict(locals())
    from cropdetect.checkpoint import read_checkpoint
    from cropdetect.chips import open_random_access
    from cropdetect.training import train as train_members
    from cropdetect.training.recipes import train_options

    settings = train_options(recipe, path_or_none(config), training)
    arguments |= {"recipe": settings.recipe, "training": settings} | code_of(settings.model)
    output = OutputFolder("train", arguments)
    scores = None
    if out_of_fold is not None:
        others = {name: value for name, value in arguments.items() if name != "out_of_fold"}
        scores = OutputFolder("train", others | {"out": out_of_fold})
    if scores is not None and scores.finished():
        scores = None
    if output.finished():
        if scores is None:
            return read_checkpoint(output.path)
        note(f"The answers that {scores.path} should get were not kept: training again.")
    name = place_of(as_source(data)).absolute().name
    with workforce(workers, scheduler, data, options, settings) as trainers, output.writing() as work:
        train_members(
            open_random_access(data, work.state, options, settings.preset),
            work.new,
            settings,
            state=work.state,
            data_names=(place_of(as_source(data)).name,),
            licence=licence,
            forget_fields=forget_fields,
            on_epoch=on_epoch,
            log_dir=path_or_none(log_dir),
            on_trained=None if scores is None else partial(_write_scores, scores, settings=settings, title=name),
            workforce=trainers,
        )
        _draw_curves(work.new)
        _write_page(work.new)
    return read_checkpoint(output.path)


def _write_scores(output: OutputFolder, trained: "Trained", *, settings: TrainOptions, title: str) -> None:
    """Write the out-of-fold answers of a training as `crossval` writes its own."""
    found = trained.out_of_fold
    with output.writing() as work:
        write_answers(
            work.new,
            trained.data,
            found.folds,
            found.answers,
            found.groups,
            found.scores,
            settings,
            put_apart="random" if settings.validation == "random" else "apart",
            title=title,
        )


def _draw_curves(folder: Path) -> None:
    """Write the learning curves of a training as `training.png`."""
    from matplotlib.figure import Figure

    from cropdetect.figures import plot_learning_curves

    figure = Figure(figsize=(7, 4), layout="constrained")
    plot_learning_curves(folder, ax=figure.add_subplot())
    figure.savefig(folder / "training.png", dpi=120)


def _write_page(folder: Path) -> None:
    """Write report.html of a checkpoint."""
    from cropdetect.checkpoint import read_checkpoint
    from cropdetect.outputs.report import read_training, render

    page = render(read_training(folder, read_checkpoint(folder).record))
    (folder / "report.html").write_text(page, "utf-8")
