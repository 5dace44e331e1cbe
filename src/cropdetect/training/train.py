"""The verb `train`: labelled chips to a checkpoint."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cropdetect import checkpoint, evaluation, models
from cropdetect.chips.chipset import RandomAccessChips
from cropdetect.errors import TrainingDataError
from cropdetect.formats import TrainOptions
from cropdetect.training.chips import read_training_chips
from cropdetect.training.familiarity import familiarity_record
from cropdetect.training.fit import fit, prepare
from cropdetect.training.groups import spatial_groups
from cropdetect.training.labels import labelled_fields
from cropdetect.training.record import checkpoint_record
from cropdetect.training.split import Split, n_folds


def train(
    chips: RandomAccessChips,
    out: Path,
    options: TrainOptions,
    *,
    state: Path | None = None,
    data_names: Sequence[str] = (),
    licence: str = "",
) -> checkpoint.Checkpoint:
    """Train an ensemble on all labelled fields and write a checkpoint.

    Each training leaves out a fold of the fields, which shares no spatial group with the others. What its networks say of
    those fields calibrates the ensemble and gives the metrics in the checkpoint.

    The same chips, options and seed give the same weights on one machine with the same number of threads, also if the
    training was interrupted and resumed.

    Args:
        chips: chips whose fields table has a column `label`.
        out: folder of the checkpoint: empty, or made here.
        options: see `TrainOptions`.
        state: folder that keeps what an interrupted training continues from (default: nothing is kept); the caller keeps
            the states of different trainings apart, and removes them.
        data_names: names of the data sets, for the record.
        licence: of the training data, for the record.

    Raises:
        TrainingDataError: too few fields, labels, classes or groups.
        LegendError: the legend in the options names a class twice.
        MissingBandError: the network needs a band that is absent.
        OptionError: an option cannot be used.
        DiskFullError: the disk has no room.
    """
    if "label" not in chips.fields.columns or chips.fields["label"].isna().all():
        raise TrainingDataError("no field has a label", fix="Name the column that holds the crop with --labels COLUMN.")
    if options.season_year is not None:
        chips = chips.with_season_year(options.season_year)
    labelled = read_training_chips(chips)
    usable = np.zeros(len(chips), bool)
    usable[labelled.positions] = True
    fields = labelled_fields(chips, usable, options.legend)
    groups = spatial_groups(
        chips.fields.iloc[fields.rows],
        column=options.group_column,
        block_size=options.block_size,
        wanted=2 * n_folds(options.validation_share),
    )
    ensemble = prepare(labelled.only(fields.rows), fields, np.arange(len(fields.rows)), groups.of_field, options)
    with tempfile.TemporaryDirectory() as nowhere:
        fitted = fit(ensemble, state or Path(nowhere))
    scores = evaluation.score(*fitted.held_out(), fields.legend)
    record = checkpoint_record(
        fitted.networks[0],
        labelled.only(fields.rows),
        fields,
        ensemble.statistics,
        scores,
        options,
        fitted.calibration,
        data_names=data_names,
        licence=licence,
        validation=_validation(
            groups.description if options.validation == "blocked" else "random fields", ensemble.splits, options
        ),
    )
    familiarity = familiarity_record(
        labelled.only(fields.rows),
        fields,
        groups.of_field,
        fitted.networks[0].bands,
        seed=options.seed,
    )
    record = record.model_copy(update={"familiarity": familiarity})
    files = [checkpoint.MemberFiles(models.export_onnx(network), models.save_safetensors(network)) for network in fitted.networks]
    return checkpoint.write_checkpoint(out, record, files)


def _validation(groups: str, splits: Sequence[Split], options: TrainOptions) -> str:
    sizes = sorted({len(split.validation) for split in splits})
    n_fields = f"{sizes[0]}" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
    text = f"{groups}, each class about in proportion, {n_fields} fields a training"
    if options.patience is not None:
        text += "; the best epoch was chosen on the same fields, so the metrics are slightly too good"
    if options.calibration != "none":
        text += "; the calibration was fitted on the same predictions"
    return text
