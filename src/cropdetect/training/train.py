"""The verb `train`: labelled chips to a checkpoint."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cropdetect import checkpoint, models
from cropdetect.chips.chipset import RandomAccessChips
from cropdetect.errors import TrainingDataError
from cropdetect.files import refuse_existing
from cropdetect.formats import TrainOptions
from cropdetect.progress import Progress
from cropdetect.training.augmentation import Augmentation
from cropdetect.training.chips import read_training_chips
from cropdetect.training.ensemble import Ensemble
from cropdetect.training.familiarity import familiarity_record
from cropdetect.training.groups import spatial_groups
from cropdetect.training.labels import labelled_fields
from cropdetect.training.record import checkpoint_record
from cropdetect.training.split import Split, n_folds, validation_split
from cropdetect.training.state import fingerprint, open_state


def train(
    chips: RandomAccessChips,
    out: Path,
    options: TrainOptions,
    *,
    resume: bool = False,
    overwrite: bool = False,
    data_names: Sequence[str] = (),
    licence: str = "",
) -> checkpoint.Checkpoint:
    """Train an ensemble on all labelled fields and write a checkpoint.

    The fields of each member's validation split decide its best epoch; no group of fields is on both sides of a split. The
    metrics in the checkpoint are of every field that some member validated on, by the members that did not train on it;
    since the best epoch was chosen on the same fields, they are slightly too good.

    The same chips, options and seed give the same weights on one machine with the same number of threads, also if the
    training was interrupted and resumed.
    State lies in `.OUT.train` beside `out` until the end.

    Args:
        chips: chips whose fields table has a column `label`.
        out: folder of the checkpoint.
        options: see `TrainOptions`.
        resume: go on with an interrupted training of the same data and options.
        overwrite: replace what is at `out`.
        data_names: names of the data sets, for the record.
        licence: of the training data, for the record.

    Raises:
        TrainingDataError: too few fields, labels, classes or groups.
        LegendError: the legend in the options names a class twice.
        MissingBandError: the network needs a band that is absent.
        OptionError: an option cannot be used, or `resume` finds another training's state.
        OutputExistsError: `out` is there and `overwrite` is false.
        DiskFullError: the disk has no room.
    """
    refuse_existing(out, overwrite=overwrite)
    if "label" not in chips.fields.columns or chips.fields["label"].isna().all():
        raise TrainingDataError("no field has a label", fix="Name the column that holds the crop with --labels COLUMN.")
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
    splits = [
        validation_split(
            fields.classes, groups.of_field, validation_share=options.validation_share, member=member, seed=options.seed
        )
        for member in range(options.members)
    ]
    amount = Augmentation()
    ensemble = Ensemble(labelled.only(fields.rows), fields, splits, options, amount)
    of_field = None if groups.of_field is None else groups.of_field.tolist()
    folder = open_state(out, fingerprint(chips, fields, of_field, options), resume=resume)
    with Progress("training", options.members * options.epochs, "epochs") as progress:
        networks = [ensemble.teach(member, folder, progress) for member in range(options.members)]
    record = checkpoint_record(
        networks[0],
        labelled.only(fields.rows),
        fields,
        ensemble.statistics,
        ensemble.examine(networks),
        options,
        amount,
        data_names=data_names,
        licence=licence,
        validation=_validation(groups.description, splits),
    )
    familiarity = familiarity_record(
        labelled.only(fields.rows),
        fields,
        groups.of_field,
        networks[0].bands,
        season_year=options.season_year,
        seed=options.seed,
    )
    record = record.model_copy(update={"familiarity": familiarity})
    files = [checkpoint.MemberFiles(models.export_onnx(network), models.save_safetensors(network)) for network in networks]
    written = checkpoint.write_checkpoint(out, record, files, overwrite=overwrite)
    shutil.rmtree(folder, ignore_errors=True)
    return written


def _validation(groups: str, splits: list[Split]) -> str:
    sizes = sorted({len(split.validation) for split in splits})
    n_fields = f"{sizes[0]}" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
    return (
        f"{groups}, each class about in proportion, {n_fields} fields a member; "
        "the best epoch was chosen on the same fields, so the metrics are slightly too good"
    )
