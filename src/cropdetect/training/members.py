"""The training of one member as a job that any process can do."""

import copy
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cropdetect import models
from cropdetect.files import whole_file
from cropdetect.formats import Statistics, TrainOptions
from cropdetect.training.data import TrainingData
from cropdetect.training.loader import TrainingBatches
from cropdetect.training.loop import train_cycle
from cropdetect.training.monitor import EpochReport, OnEpoch
from cropdetect.training.specification import NetworkSpecification
from cropdetect.training.split import Split

Weights = list[dict[str, Tensor]]
"""Of one member: the weights at the end of each cycle."""

Tell = Callable[[int, EpochReport], None]
"""Takes the number of a fold and the report of an epoch of one of its members."""

_alone = threading.RLock()  # a training sets torch's random state and threads, which a process has once


@dataclass(frozen=True)
class MemberJob:
    """What one member is trained with, beside the labelled fields; it can be pickled.

    Attributes:
        fold: number of the fold of a cross-validation; 0 in a training.
        member: number of the member.
        fields: (field,) positions of the ensemble's fields among all labelled ones; None: all of them.
        split: of the ensemble's fields.
        specification: of the network.
        statistics: of its channels.
        options: how to train.
        epochs: of a cycle.
        state: folder that keeps the state of the training.
        one_thread: compute with one thread; sums differ in their last bits with the number of threads.
        batches: class of the batches.
    """

    fold: int
    member: int
    fields: npt.NDArray[np.int64] | None
    split: Split
    specification: NetworkSpecification
    statistics: Statistics
    options: TrainOptions
    epochs: int
    state: Path
    one_thread: bool
    batches: type[TrainingBatches]

    @property
    def all_epochs(self) -> int:
        """Epochs of all cycles."""
        return self.epochs * self.options.snapshots


class Pending(Protocol):
    """The weights of a member that is being trained."""

    def done(self) -> bool:
        """Tell whether `result` returns without waiting for another process."""

    def result(self) -> Weights:
        """Return the weights, or raise what ended the training."""


class KeptMember:
    """A member that was trained elsewhere, as it is kept in the state.

    Args:
        job: the member's.
        tell: takes the reports of its epochs.
    """

    def __init__(self, job: MemberJob, tell: Tell) -> None:
        self._job, self._tell, self._file = job, tell, job.state / f"{job.member:03d}.pt"

    def done(self) -> bool:
        """Tell whether it is there."""
        return self._file.exists()

    def result(self) -> Weights:
        """Tell of its epochs and return its weights."""
        found = torch.load(self._file, weights_only=True)
        for values in found["reports"]:
            self._tell(self._job.fold, EpochReport(*values))
        weights: Weights = found["weights"]
        return weights

    def keep(self, weights: Weights, reports: Sequence[EpochReport]) -> None:
        """Write it to the state."""
        with whole_file(self._file) as partial:
            torch.save({"weights": weights, "reports": [astuple(report) for report in reports]}, partial)


def train_member(job: MemberJob, data: TrainingData, on_epoch: OnEpoch) -> Weights:
    """Train a member cycle by cycle; continue from the state in its folder.

    Args:
        job: see there.
        data: all labelled fields.
        on_epoch: see `train_cycle`.

    Raises:
        TrainingDataError: the training diverged.
        DiskFullError: no room for the state.
    """
    options, seed = job.options, job.options.seed + job.member
    data = data if job.fields is None else data.of_fields(job.fields)
    training, validation = data.of_fields(job.split.training), data.of_fields(job.split.validation)
    with _alone, fork_random(), threads(one=job.one_thread):
        torch.manual_seed(seed)
        network = build(job.specification, job.statistics)
        weights = []
        for cycle in range(options.snapshots):
            # A seed of its own for every cycle: each shows the fields in another order, changed in other ways.
            cycle_seed = seed + 100_003 * cycle
            kept = train_cycle(
                network,
                job.batches(training, job.specification, options, cycle_seed),
                validation,
                options,
                epochs=job.epochs,
                seed=cycle_seed,
                file=job.state / f"{job.member:03d}-{cycle:03d}.pt",
                on_epoch=on_epoch,
                member=job.member,
                cycle=cycle,
            )
            weights.append(copy.deepcopy(kept))
    return weights


def build(
    specification: NetworkSpecification, statistics: Statistics, weights: dict[str, Tensor] | None = None
) -> models.Network:
    """Build a network, at random or, in eval mode, with weights."""
    network = specification.build()
    network.set_statistics(statistics)
    if weights is None:
        return network
    network.load_state_dict(weights)
    return network.eval()


@contextmanager
def threads(*, one: bool) -> Iterator[None]:
    """Compute with one thread for a while, or with as many as before."""
    before = torch.get_num_threads()
    if one:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def fork_random() -> AbstractContextManager[None]:
    """Leave torch's random state as it is before a block."""
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    return torch.random.fork_rng(devices)
