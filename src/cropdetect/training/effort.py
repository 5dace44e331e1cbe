"""How many members and epochs a training has, and about how long it takes on this machine."""

import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import torch

from cropdetect.chips import ChipSet, MemoryChips
from cropdetect.formats import TrainOptions
from cropdetect.training.data import TrainingData
from cropdetect.training.loader import TrainingBatches
from cropdetect.training.loop import CycleState, loss_function
from cropdetect.training.members import fork_random, threads
from cropdetect.training.specification import specify_network

_EPOCHS = (25, 80)  # of a cycle, at least and at most, where the options give a number of steps
# Few: of several pixels each; see `TrainOptions.members`. With fewer than 50, more than 5 members changed no score.
_FEW_FIELDS, _MEMBERS, _MEMBERS_OF_FEW = range(50, 2000), 5, 10
_STEPS, _SECONDS = 6, 2.0  # that are tried out, at most
_CPU = torch.device("cpu")


def members_of(options: TrainOptions, n_fields: int, chip_size: int) -> int:
    """Return the number of members of an ensemble."""
    few = n_fields in _FEW_FIELDS and chip_size > 1
    return options.members or (_MEMBERS_OF_FEW if few else _MEMBERS)


def epochs_of(options: TrainOptions, n_training: int) -> int:
    """Return the number of epochs of a cycle, for so many fields to train on."""
    if options.epochs is not None:
        return options.epochs
    batches = -(-n_training // options.batch_size)
    return min(max(-(-options.steps // batches), _EPOCHS[0]), _EPOCHS[1])


@dataclass(frozen=True)
class Pace:
    """How quick this machine is, on one thread, measured with some of the data.

    Attributes:
        step: seconds of a step of the training.
        answer: seconds that one network takes for one chip.
    """

    step: float
    answer: float

    @classmethod
    def of(cls, data: TrainingData, options: TrainOptions) -> "Pace":
        """Train a network for a few steps that are forgotten.

        Args:
            data: the labelled fields; a batch of them is used.
            options: how to train.

        Raises:
            CropDetectError: as `specify_network`.
        """
        some = data.of_fields(
            np.unique(np.linspace(0, len(data.classes) - 1, min(len(data.classes), options.batch_size)).astype(int))
        )
        with fork_random(), threads(one=True), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the training says the same
            specification = specify_network(some, np.arange(len(some.classes)), options)
            batches = TrainingBatches(some, specification, options, seed=0)
            loss_of = loss_function(options, some, _CPU)
            network = specification.build()
            state = CycleState.begin(network.train(), options, _STEPS + 1)
            seconds: list[float] = []
            for epoch in range(_STEPS):
                start = time.monotonic()
                for batch in islice(batches.epoch(epoch), 1):
                    state.step(batch, loss_of, _CPU)
                seconds.append(time.monotonic() - start)
                if sum(seconds) > _SECONDS:
                    break
            start = time.monotonic()
            with torch.inference_mode():
                network.eval()(batch.image, batch.mask, batch.clear, batch.day)
            answer = (time.monotonic() - start) / len(batch.label)
        return cls(float(np.median(seconds[1:] or seconds)), answer)

    def seconds_to_train(self, options: TrainOptions, n_fields: Sequence[int], chip_size: int) -> float:
        """Return about how many seconds one process trains.

        Args:
            options: how to train.
            n_fields: fields of each ensemble.
            chip_size: pixels.
        """
        steps = 0.0
        for n in n_fields:
            n_training = max(1, round(n * (1 - options.validation_share)))
            shown = epochs_of(options, n_training) * options.snapshots * members_of(options, n, chip_size)
            steps += shown * max(n_training / options.batch_size, 0.5)
        return self.step * steps


def pace_of_stream(chips: ChipSet, options: TrainOptions) -> Pace | None:
    """Measure the pace with the first chips of a set, whose labels do not matter; None where they show nothing."""
    batch = next(chips.batches(options.batch_size), None)
    labels = sorted(chips.fields["label"].dropna().unique())
    if batch is None or len(labels) < 2 or not batch.seen().any():
        return None
    rows, own = np.unique(batch.field, return_inverse=True)
    table = chips.fields.iloc[rows].reset_index(drop=True)
    first = MemoryChips(chips.info, table, replace(batch, field=own.astype(np.int64)))
    shown = first.select(chips=np.flatnonzero(first.seen.any(axis=1)))
    fields = np.unique(shown.field_of_chip)
    bands = tuple(chips.info.bands[position] for position in np.flatnonzero(shown.has_value.any(axis=0)))
    classes = np.arange(len(table), dtype=np.int64) % len(labels)
    return Pace.of(TrainingData(shown, classes, tuple(labels), bands).of_fields(fields), options)


def about(seconds: float) -> str:
    """Return a time in words."""
    if seconds < 90:
        return "about a minute"
    return f"about {seconds / 60:.0f} minutes" if seconds < 5400 else f"about {seconds / 3600:.1f} hours"
