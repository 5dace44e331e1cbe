"""The verb `train`: labelled chips to a checkpoint."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cropdetect import checkpoint, models
from cropdetect.chips.chipset import RandomAccessChips
from cropdetect.formats import CheckpointRecord, TrainOptions
from cropdetect.scratch import Scratch
from cropdetect.training.crossval import OutOfFoldScores, out_of_fold_scores
from cropdetect.training.data import TrainingData, read_training_data
from cropdetect.training.ensemble import NetworkEnsemble
from cropdetect.training.groups import Groups, training_groups
from cropdetect.training.members import Tell
from cropdetect.training.monitor import EPOCHS, EpochReport, EpochTable, OnEpoch, tensorboard_log
from cropdetect.training.novelty import novelty_record
from cropdetect.training.pool import ALONE, Workforce, announced, member_pool
from cropdetect.training.record import checkpoint_record, hashed_fields


@dataclass(frozen=True)
class Trained:
    """A trained ensemble.

    Attributes:
        data: the labelled fields.
        record: what the checkpoint says.
        members: its networks.
        out_of_fold: what the members say of the fields that they left out.
    """

    data: TrainingData
    record: CheckpointRecord
    members: list[checkpoint.MemberFiles]
    out_of_fold: OutOfFoldScores


def train(
    chips: RandomAccessChips,
    out: Path,
    options: TrainOptions,
    *,
    state: Path | None = None,
    data_names: Sequence[str] = (),
    licence: str = "",
    forget_fields: bool = False,
    on_epoch: OnEpoch | None = None,
    log_dir: Path | None = None,
    on_trained: Callable[[Trained], None] | None = None,
    workforce: Workforce = ALONE,
) -> checkpoint.Checkpoint:
    """Train an ensemble on all labelled fields and write a checkpoint, and beside it `training.csv`, a row an epoch.

    See `NetworkEnsemble` for how.

    Args:
        chips: chips whose fields table has a column `label`.
        out: folder of the checkpoint: empty, or made here.
        options: see `TrainOptions`.
        state: folder that keeps what an interrupted training continues from (default: nothing is kept); the caller keeps
            the states of different trainings apart, and removes them.
        data_names: names of the data sets, for the record.
        licence: of the training data, for the record.
        forget_fields: keep no hashes of the training fields.
        on_epoch: called with an `EpochReport` for each epoch, when its state is saved; members trained side by side come mixed.
        log_dir: folder of a TensorBoard log.
        on_trained: called with the trained ensemble before the checkpoint is written.
        workforce: processes or a cluster that train the members; the checkpoint is the same.

    Raises:
        TrainingDataError: too few fields, labels, classes or groups.
        LegendError: the legend in the options names a class twice.
        MissingBandError: the network needs a band that is absent.
        MissingExtraError: `log_dir` is given and tensorboard is not installed.
        OptionError: an option cannot be used.
        DiskFullError: the disk has no room.
    """
    data = read_training_data(chips, options.legend, season_year=options.season_year)
    groups = training_groups(data.chips.fields, options)
    with Scratch() as nowhere, tensorboard_log(log_dir, on_epoch) as report:
        folder = state or Path(nowhere)
        folder.mkdir(parents=True, exist_ok=True)
        table = EpochTable(folder / EPOCHS)

        def listen(_: int, epoch: EpochReport) -> None:
            if table.add(epoch) and report is not None:
                report(epoch)

        trained = train_ensemble(
            data, groups, options, folder, data_names=data_names, licence=licence, listen=listen, workforce=workforce
        )
        if on_trained is not None:
            on_trained(trained)
        hashed = None if forget_fields else hashed_fields(data)
        written = checkpoint.write_checkpoint(out, trained.record, trained.members, hashed)
        table.write(out / EPOCHS)
    return written


def train_ensemble(
    data: TrainingData,
    groups: Groups,
    options: TrainOptions,
    state: Path,
    *,
    data_names: Sequence[str] = (),
    licence: str = "",
    listen: Tell | None = None,
    workforce: Workforce = ALONE,
) -> Trained:
    """Train an ensemble; return what a checkpoint of it holds.

    What its networks say of the fields that they left out calibrates it and gives the evaluation.

    Args:
        data: the labelled fields and their chips.
        groups: of the fields.
        options: see `TrainOptions`.
        state: folder that keeps the state of the training.
        data_names: names of the data sets, for the record.
        licence: of the training data, for the record.
        listen: called with each epoch, when its state is saved.
        workforce: see `train`.
    """
    blocked = options.validation == "blocked"
    seconds = announced(data, options, [len(data.classes)], workforce)
    with member_pool(data, state, workforce=workforce, seconds=seconds, listen=listen) as pool:
        ensemble = NetworkEnsemble(options, state).begin(data, groups.of_field if blocked else None, pool).complete()
    bands = ensemble.specification_.bands
    out_of_fold = out_of_fold_scores(
        ensemble, data, groups, _validation(groups.description if blocked else "random fields", ensemble)
    )
    record = checkpoint_record(
        ensemble,
        data,
        out_of_fold.scores,
        novelty_record(data, groups.of_field, bands, seed=options.seed),
        data_names=data_names,
        licence=licence,
    )
    networks = [network for member in ensemble.members_ for network in member]
    members = [checkpoint.MemberFiles(models.export_onnx(network), models.save_safetensors(network)) for network in networks]
    return Trained(data, record, members, out_of_fold)


def _validation(groups: str, ensemble: NetworkEnsemble) -> str:
    sizes = sorted({len(split.validation) for split in ensemble.splits_})
    n_fields = f"{sizes[0]}" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
    text = f"{groups}, each class about in proportion, {n_fields} fields a member"
    if ensemble.options.patience is not None:
        text += "; the best epoch was chosen on the same fields, so the metrics are slightly too good"
    if ensemble.options.calibration != "none":
        text += "; the calibration was fitted on the same predictions"
    return text
