"""Members trained here one after the other, in processes side by side, or on a cluster; the weights are the same."""

import queue
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch

from cropdetect.cluster import DaskCluster
from cropdetect.formats import TrainOptions
from cropdetect.progress import Progress, note
from cropdetect.training.data import TrainingData
from cropdetect.training.effort import Pace, about, members_of
from cropdetect.training.members import KeptMember, MemberJob, Pending, Tell, Weights, train_member
from cropdetect.training.monitor import EpochReport

_WAIT = 0.2  # seconds
_WORTH_IT = 20.0  # seconds of work for which new processes are begun, each of which takes some seconds to begin


class Place(Protocol):
    """Where members are trained."""

    def submit(self, job: MemberJob) -> Pending:
        """Begin a job."""

    def close(self) -> None:
        """End all that is being trained."""


@dataclass(frozen=True)
class Workforce:
    """Who may train members.

    Attributes:
        workers: processes of this machine; None: as many as torch would use threads, where that is worth it.
        cluster: in their place, the workers of a Dask cluster.
        opening: opens the labelled fields on such a worker.
    """

    workers: int | None = 1
    cluster: DaskCluster | None = None
    opening: Callable[[], TrainingData] | None = None


ALONE = Workforce()
"""This process alone."""


class MemberPool:
    """Trains members, and tells of each of their epochs once.

    Args:
        place: where they are trained.
        told: a queue of what happens at another place; empty for ever where members are trained here.
        listen: called in this thread with each report that has not been told before.
        description: shown before the progress bar.
    """

    def __init__(
        self, place: Place, told: "queue.SimpleQueue[tuple[int, EpochReport]]", listen: Tell | None, description: str
    ) -> None:
        self._place, self._told, self._listen, self._description = place, told, listen, description
        self._epochs = 0
        self._left: dict[tuple[int, int], int] = {}  # epochs of (fold, member) that are not counted yet
        self._heard: set[tuple[int, int, int, int]] = set()
        self._progress: Progress | None = None

    def submit(self, job: MemberJob) -> Pending:
        """Begin to train a member; of all jobs that are known beforehand, submit all before the first `result`."""
        self._epochs += job.all_epochs
        self._left[job.fold, job.member] = job.all_epochs
        kept = KeptMember(job, self.hear)
        return kept if kept.done() else self._place.submit(job)

    def result(self, job: MemberJob, pending: Pending) -> Weights:
        """Wait for a member; meanwhile tell of the epochs of all."""
        if self._progress is None:
            self._progress = Progress(self._description, self._epochs, "epochs")
        while not pending.done():
            self._hear(_WAIT)
        weights = pending.result()
        while self._hear(0):
            pass
        self._progress.advance(self._left.pop((job.fold, job.member)))  # of a cycle that ended early
        return weights

    def hear(self, fold: int, report: EpochReport) -> None:
        """Count an epoch and tell of it, unless it was told of before: a job that is done again tells all of it again."""
        key = fold, report.member, report.cycle, report.epoch
        if key in self._heard:
            return
        self._heard.add(key)
        if self._progress is not None and (fold, report.member) in self._left:
            score = report.validation_log_loss
            self._left[fold, report.member] -= 1
            self._progress.advance(1, "" if score is None else f"validation log loss {score:.3f}")
        if self._listen is not None:
            self._listen(fold, report)

    def close(self) -> None:
        """End all that is being trained."""
        self._place.close()
        if self._progress is not None:
            self._progress.__exit__()

    def _hear(self, seconds: float) -> bool:
        try:
            fold, report = self._told.get(block=seconds > 0, timeout=seconds or None)
        except queue.Empty:
            return False
        self.hear(fold, report)
        return True


class _Here:
    """Trains a member in this process when its weights are asked for."""

    def __init__(self, data: TrainingData, tell: Tell) -> None:
        self._data, self._tell = data, tell

    def submit(self, job: MemberJob) -> Pending:
        return _Later(self._data, job, self._tell)

    def close(self) -> None:
        pass


class _Later:
    def __init__(self, data: TrainingData, job: MemberJob, tell: Tell) -> None:
        self._data, self._job, self._tell = data, job, tell

    def done(self) -> bool:
        return True

    def result(self) -> Weights:
        return train_member(self._job, self._data, lambda report: self._tell(self._job.fold, report))


@contextmanager
def member_pool(
    data: TrainingData,
    state: Path,
    *,
    workforce: Workforce = ALONE,
    seconds: float = 0.0,
    listen: Tell | None = None,
    description: str = "training",
) -> Iterator[MemberPool]:
    """Give a pool that trains members on labelled fields; what is under way ends with the block.

    Args:
        data: all labelled fields.
        state: folder for what processes share.
        workforce: who may train.
        seconds: about how long the whole takes in one process; new processes are not worth it for a few seconds.
        listen: see `MemberPool`.
        description: see `MemberPool`.
    """
    told: queue.SimpleQueue[tuple[int, EpochReport]] = queue.SimpleQueue()
    place: Place
    if workforce.cluster is not None:
        from cropdetect.training.on_cluster import OnCluster

        assert workforce.opening is not None
        place = OnCluster(workforce.cluster, workforce.opening, data, lambda *said: told.put(said))
    elif (workers := _workers(workforce.workers, seconds)) > 1:
        from cropdetect.training.processes import Processes

        place = Processes(data, state, workers, lambda *said: told.put(said))
    else:
        place = _Here(data, lambda *said: pool.hear(*said))
    pool = MemberPool(place, told, listen, description)
    try:
        yield pool
    finally:
        pool.close()


def _workers(wanted: int | None, seconds: float) -> int:
    """Return the number of processes; a GPU is used by one."""
    if torch.cuda.is_available():
        return 1
    if wanted is not None:
        return wanted
    return torch.get_num_threads() if seconds > _WORTH_IT else 1


def announced(data: TrainingData, options: TrainOptions, n_fields: Sequence[int], workforce: Workforce) -> float:
    """Say about how long a training takes, as measured on this machine; return the seconds of one process.

    Args:
        data: all labelled fields.
        options: how to train.
        n_fields: fields of each ensemble.
        workforce: who trains.
    """
    size = data.chips.info.size
    seconds = Pace.of(data, options).seconds_to_train(options, n_fields, size)
    n_members = sum(members_of(options, n, size) for n in n_fields)
    at_once = workforce.cluster.n_threads if workforce.cluster is not None else _workers(workforce.workers, seconds)
    if seconds > _WORTH_IT:
        rounds = -(-n_members // at_once)
        where = f", {at_once} side by side" if at_once > 1 else ""
        limit = "" if options.patience is None else "at most "
        note(f"training {n_members} members{where}: {limit}{about(seconds / n_members * rounds)}")
    return seconds
