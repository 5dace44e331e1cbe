"""What a training reports after each epoch, and who listens: a table, and TensorBoard."""

import csv
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cropdetect.errors import MissingExtraError
from cropdetect.files import whole_file


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


class EpochTable:
    """A CSV file with a row an epoch, which is added to as the epochs come.

    Its columns are the attributes of `EpochReport`, before them `fold` in a cross-validation.

    Args:
        file: of the table; one that is there is continued, without what was not written whole.
        folds: names of the folds of a cross-validation; None: there are none.
    """

    def __init__(self, file: Path, folds: Sequence[str] | None = None) -> None:
        self._file, self._folds = file, folds
        self._columns = [*(["fold"] if folds is not None else []), *(field.name for field in dataclasses.fields(EpochReport))]
        rows = self._read()
        self._known = {self._place(row) for row in rows}
        self._write(file, rows)

    def add(self, report: EpochReport, fold: int = 0) -> bool:
        """Add a row; return False where it is there already."""
        row = [*([self._folds[fold]] if self._folds is not None else []), *map(_text, dataclasses.astuple(report))]
        if self._place(row) in self._known:
            return False
        self._known.add(self._place(row))
        with self._file.open("a", encoding="utf-8", newline="") as table:
            csv.writer(table, lineterminator="\n").writerow(row)
        return True

    def write(self, file: Path) -> None:
        """Write the table in the order of folds, members, cycles and epochs."""
        self._write(file, sorted(self._read(), key=self._place))

    def _place(self, row: Sequence[str]) -> tuple[int, ...]:
        if self._folds is None:
            return tuple(map(int, row[:3]))
        return self._folds.index(row[0]), *map(int, row[1:4])

    def _read(self) -> list[list[str]]:
        if not self._file.exists():
            return []
        whole, _, _ = self._file.read_text("utf-8").rpartition("\n")
        return list(csv.reader(whole.splitlines()))[1:]

    def _write(self, file: Path, rows: Sequence[Sequence[str]]) -> None:
        with whole_file(file) as partial, partial.open("w", encoding="utf-8", newline="") as table:
            csv.writer(table, lineterminator="\n").writerows([self._columns, *rows])


def _text(value: float | None) -> str:
    return "" if value is None else str(value)


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
