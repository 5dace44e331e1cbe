"""The verb `crossval`."""

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from cropdetect.api._out_of_fold import write_answers
from cropdetect.api._verb import verb
from cropdetect.api._workforce import Scheduler, Workers, workforce
from cropdetect.errors import OptionError
from cropdetect.formats import MetricsRecord, TrainOptions
from cropdetect.in_memory import as_source, place_of
from cropdetect.options import AnyPath, DataOptions, DataSource, Metres, path_or_none
from cropdetect.runs import OutputFolder, code_of

if TYPE_CHECKING:
    from cropdetect.training.pool import Workforce


@verb
def crossval(
    data: DataSource,
    out: AnyPath,
    *,
    folds: str,
    options: DataOptions = DataOptions(),
    n_folds: Annotated[int, Field(ge=2)] = 5,
    fold_buffer: Annotated[Metres, Field(ge=0)] = 0.0,
    by_date: bool = False,
    recipe: str | None = None,
    config: AnyPath | None = None,
    log_dir: AnyPath | None = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    overwrite: bool = False,
    **training: Annotated[Any, TrainOptions],
) -> MetricsRecord:
    """Predict every labelled field with a model that has not seen it, and score the predictions.

    All choices (statistics, calendar, early stopping, calibration) use only the training fields of a fold. The same
    call continues a stopped one. In Python the data may also be a Dataset or DataArray of xarray, or a table.

    Args:
        data: images (folder or cube), chips.zarr, a table of field means, or stac:CATALOGUE/COLLECTION.
        out: output folder; it gets metrics.json, predictions.csv (field_id, fold, label, prob_<class>), confusion.csv,
            label_doubts.csv and, of networks, training.csv.
        folds: how the fields are divided: random, blocked (whole groups), grid (blocks of the map), leave-one-group-out, or
            a column of fold numbers (negative: left out).
        options: how imagery and fields are read.
        n_folds: folds to make.
        fold_buffer: with grid: distance between training fields and predicted fields.
        by_date: also score predictions from the dates up to six days of the season.
        recipe: settings to begin from: default (ours) or cv4a (as in 2020, its faults corrected).
        config: YAML file of training options; they override the recipe, and options of the command override both.
        log_dir: folder for a TensorBoard log of the training.
        workers: processes that train the members of all folds side by side (default: all cores, where that is worth it).
        scheduler: address of a Dask scheduler, whose workers train the members; in Python also a `distributed.Client`.
        overwrite: replace another output of cropdetect; other files stay.
        training: fields of `TrainOptions`, in Python also of `DataOptions`. `model` may also be random-forest, svm
            or gradient-boosting, or a network of your own, "package.module:Class" (see `models.network_class`).

    Returns:
        What metrics.json holds.

    Raises:
        CropDetectError: one of its kinds, when input, option or disk is at fault.
    """
    arguments = dict(locals())
    from cropdetect.chips import open_random_access
    from cropdetect.outputs.scores import read_metrics
    from cropdetect.training.crossval import answer_groups, cross_validate, score_answers
    from cropdetect.training.data import read_training_data
    from cropdetect.training.folds import make_folds
    from cropdetect.training.monitor import EPOCHS, EpochTable
    from cropdetect.training.recipes import train_options

    settings = train_options(recipe, path_or_none(config), training)
    output = OutputFolder("crossval", arguments | {"recipe": settings.recipe, "training": settings} | code_of(settings.model))
    if output.finished():
        return read_metrics(output.path)
    with _trainers(workers, scheduler, data, options, settings) as trainers, output.writing() as work:
        chips = open_random_access(data, work.state, options, settings.preset)
        labelled = read_training_data(chips, settings.legend, season_year=settings.season_year)
        made = make_folds(
            labelled.chips.fields,
            labelled.classes,
            folds,
            n_folds=n_folds,
            group_column=settings.group_column,
            block_size=settings.block_size,
            buffer=fold_buffer,
            seed=settings.seed,
        )
        answers = cross_validate(
            labelled, made, settings, work.state, by_date=by_date, log_dir=path_or_none(log_dir), workforce=trainers
        )
        groups = answer_groups(labelled, answers, settings)
        scores = score_answers(labelled, made, answers, groups, seed=settings.seed)
        title = place_of(as_source(data)).absolute().name
        write_answers(work.new, labelled, made, answers, groups, scores, settings, put_apart=_put_apart(folds), title=title)
        if trainers is not None:
            EpochTable(work.state / EPOCHS, made.names).write(work.new / EPOCHS)
    return scores


def _trainers(
    workers: int | None, scheduler: str | None, data: DataSource, options: DataOptions, settings: TrainOptions
) -> "AbstractContextManager[Workforce | None]":
    """Return those who train networks; None for a baseline, which this process fits."""
    from cropdetect.training.baselines import BASELINES

    if settings.model not in BASELINES:
        return workforce(workers, scheduler, data, options, settings)
    if scheduler is not None:
        raise OptionError(f"{settings.model} is fitted by this process alone", where="--scheduler", fix="Leave the option out.")
    return nullcontext()


def _put_apart(folds: str) -> Literal["random", "apart", "unknown"]:
    """Tell whether neighbours of a field may be trained on; of a column of folds it is not known."""
    if folds == "random":
        return "random"
    return "apart" if folds in ("blocked", "grid", "leave-one-group-out") else "unknown"
