"""What a training reports after each epoch, and who listens: a table, and TensorBoard."""

import csv
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cropdetect.errors import MissingExtraError


@dataclass(frozen=True)
class EpochReport:
    """One epoch of one cycle of one member; all are counted from 0.

    Attributes:
        member: the training, which leaves out its own validation fields.
        cycle: rise and fall of the learning rate, at whose end a network is kept.
        epoch: pass over the training fields within the cycle.
        training_loss: mean loss of the epoch's batches, augmented, nats.
        validation_log_loss: log loss of the averaged network on the validation fields, nats; None without `patience`.
        learning_rate: at the end of the epoch.
    """

    member: int
    cycle: int
    epoch: int
    training_loss: float
    validation_log_loss: float | None
    learning_rate: float


OnEpoch = Callable[[EpochReport], None]

EPOCHS = "training.csv"
"""Name of the table of epochs in a checkpoint folder."""


def epoch_table(file: Path, on_epoch: OnEpoch | None = None) -> OnEpoch:
    """Give a callback that adds every report to a CSV file, a row an epoch, and calls `on_epoch` too.

    Args:
        file: of the table, whose columns are the attributes of `EpochReport`; one that is there is continued.
        on_epoch: another callback.
    """
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        _add_row(file, [field.name for field in dataclasses.fields(EpochReport)])

    def write(report: EpochReport) -> None:
        _add_row(file, dataclasses.astuple(report))
        if on_epoch is not None:
            on_epoch(report)

    return write


def _add_row(file: Path, row: Sequence[object]) -> None:
    with file.open("a", encoding="utf-8", newline="") as table:
        csv.writer(table, lineterminator="\n").writerow(row)


@contextmanager
def tensorboard_log(folder: Path | None, on_epoch: OnEpoch | None = None) -> Iterator[OnEpoch | None]:
    """Give a callback that writes every report for TensorBoard, one run a member and cycle, and calls `on_epoch` too.

    Args:
        folder: of the log, for `tensorboard --logdir`; None: no log is written.
        on_epoch: another callback.

    Raises:
        MissingExtraError: tensorboard is not installed.
    """
    if folder is None:
        yield on_epoch
        return
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "tensorboard is not installed, which --log-dir needs", fix='Install it with: pip install "cropdetect[tensorboard]"'
        ) from error
    writers: dict[str, SummaryWriter] = {}

    def write(report: EpochReport) -> None:
        run = f"member-{report.member}-cycle-{report.cycle}"
        if run not in writers:
            writers[run] = SummaryWriter(str(folder / run))
        scalars = {"loss/training": report.training_loss, "learning rate": report.learning_rate}
        if report.validation_log_loss is not None:
            scalars["loss/validation"] = report.validation_log_loss
        for name, value in scalars.items():
            writers[run].add_scalar(name, value, report.epoch)
        if on_epoch is not None:
            on_epoch(report)

    try:
        yield write
    finally:
        for writer in writers.values():
            writer.close()
