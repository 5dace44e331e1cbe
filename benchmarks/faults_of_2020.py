"""The recipe `cv4a` as it ran in 2020, with the faults that the package has corrected: for comparison only.

* Cloud probability is a band like any other, and cloudy pixels are averaged in.
* Channels are standardised by the statistics of all fields, those left out and those to be answered among them.
* Masks are flipped independently of their images, and rotated masks stay between 0 and 1.
* Of each training the last snapshot is averaged as often as there are snapshots.
* Fields are left out at random, whatever their neighbours.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from cropdetect.formats import Statistics, TrainOptions
from cropdetect.training.augmentation import augment
from cropdetect.training.batch import TrainingBatch
from cropdetect.training.data import TrainingData
from cropdetect.training.ensemble import Members, NetworkEnsemble
from cropdetect.training.geometry import orientations, oriented
from cropdetect.training.loader import TrainingBatches

SETTINGS_OF_2020: dict[str, Any] = {"validation": "random", "arguments": {"cloud_as_reflectance": True}}
"""Options that differ from the recipe `cv4a`."""


class BatchesOf2020(TrainingBatches):
    """Batches whose masks drift from their images and do not stay 0 or 1."""

    def changed(self, batch: TrainingBatch, generator: torch.Generator) -> TrainingBatch:
        """See `TrainingBatches.changed`."""
        square = batch.mask.shape[1] == batch.mask.shape[2]
        drift = orientations(len(batch.mask), generator, self.augmentation, square=square)
        drifted = batch._replace(mask=oriented(batch.mask, drift))
        return augment(drifted, generator, self.augmentation, takes_gaps=self.specification.takes_gaps, binary_mask=False)


class EnsembleOf2020(NetworkEnsemble):
    """An ensemble with the faults.

    Args:
        options: how to train.
        state: see `NetworkEnsemble`.
        everything: all labelled fields.
        description: shown before the progress bar.
    """

    batches_class = BatchesOf2020

    def __init__(self, options: TrainOptions, state: Path, everything: TrainingData, description: str = "training") -> None:
        super().__init__(options, state, description=description)
        self._everything = everything

    def statistics(self, data: TrainingData, fields: npt.NDArray[np.int64]) -> Statistics:
        """See `NetworkEnsemble.statistics`."""
        return super().statistics(self._everything, np.arange(len(self._everything.classes)))

    def member_probabilities(
        self, data: TrainingData, members: Members | None = None, hidden: Sequence[int] = ()
    ) -> npt.NDArray[np.float64]:
        """See `NetworkEnsemble.member_probabilities`."""
        return super().member_probabilities(data, [networks[-1:] for networks in members or self.members_], hidden)
