"""Chips to batches of tensors, in an order that depends on seed and epoch alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from cropdetect.training.augmentation import Augmentation, augment
from cropdetect.training.chips import TrainingChips, without_absent_steps
from cropdetect.training.sample import Sample

__all__ = ["EpochSampler", "FieldChips", "FieldData", "Plan", "Sample"]

_EVALUATION_BATCH = 64


@dataclass(frozen=True)
class FieldChips:
    """The chips of the labelled fields, as one kind of network takes them.

    Attributes:
        chips: all chips.
        field: (chip,) int64, position of the chip's field among the labelled fields.
        label: (field,) int64.
        bands: bands of the network, in order.
        takes_gaps: whether the network looks at `clear` and `day`.
        n_steps: steps of every chip, for a network that does not.
        context: pixels about the field that the network looks at; None: the whole chip.
    """

    chips: TrainingChips
    field: npt.NDArray[np.int64]
    label: npt.NDArray[np.int64]
    bands: tuple[str, ...]
    takes_gaps: bool
    n_steps: int
    context: int | None

    def sample(
        self,
        chosen: npt.NDArray[np.int64],
        generator: torch.Generator | None,
        amount: Augmentation,
    ) -> Sample:
        """Return the chips at these positions, changed at random if `generator` is given."""
        batch = self.chips.take(chosen, self.bands)
        if not self.takes_gaps:
            batch = without_absent_steps(batch, self.n_steps)
        field = self.field[chosen]
        sample = Sample(
            image=torch.from_numpy(np.ascontiguousarray(batch.image, np.float32)),
            mask=torch.from_numpy(np.ascontiguousarray(batch.mask, np.float32)),
            clear=torch.from_numpy(np.ascontiguousarray(batch.clear)),
            day=torch.from_numpy(np.ascontiguousarray(batch.day(), np.float32)),
            label=torch.from_numpy(self.label[field]),
            field=torch.from_numpy(field),
            area=torch.from_numpy(self.chips.area[chosen].astype(np.float32)),
        )
        # Cut first what no change brings back, since all that follows costs time by the pixel.
        if self.context is not None and (generator is None or not amount.moves_pixels):
            sample = sample.around_fields(self.context)
        if generator is not None:
            binary = self.chips.chips.info.preset == "cv4a"
            sample = augment(sample, generator, amount, takes_gaps=self.takes_gaps, binary_mask=binary)
            if self.context is not None and amount.moves_pixels:
                sample = sample.around_fields(self.context)
        return without_unseen_steps(sample) if self.takes_gaps else sample


def without_unseen_steps(sample: Sample) -> Sample:
    """Cut off dates without a clear pixel of the field, which change no answer but cost time, as far as all chips allow."""
    seen = sample.seen()
    longest = max(1, int(seen.sum(1).max()))
    return sample.take_steps(torch.argsort(~seen, dim=1, stable=True)[:, :longest])


class Plan(NamedTuple):
    """What one training batch is to hold: positions of chips, and the seed of their changes."""

    chosen: npt.NDArray[np.int64]
    seed: tuple[int, ...]


class EpochSampler(Sampler[Plan]):
    """Every training field once an epoch, shuffled, shown by one of its chips (the larger its part, the likelier).

    Args:
        chips_of_field: for each field the positions of its chips.
        area: (chip,) field pixels.
        batch_size: fields a batch.
        seed: of all randomness.
        classes: (field,) class of each field, to draw as many fields as there are with every class equally likely instead;
            None: every field once.
    """

    def __init__(
        self,
        chips_of_field: list[npt.NDArray[np.int64]],
        area: npt.NDArray[np.float64],
        batch_size: int,
        seed: int,
        classes: npt.NDArray[np.int64] | None = None,
    ):
        self._chips_of_field = chips_of_field
        self._chance = None
        if classes is not None:
            per_field = 1 / np.bincount(classes)[classes]
            self._chance = per_field / per_field.sum()
        self._area = area
        self._batch_size = batch_size
        self._seed = seed
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Lightning calls this before every epoch, also after a resumption."""
        self._epoch = epoch

    def __len__(self) -> int:
        """Number of batches an epoch."""
        return -(-len(self._chips_of_field) // self._batch_size)

    def __iter__(self) -> Iterator[Plan]:
        rng = np.random.default_rng((self._seed, self._epoch))
        n = len(self._chips_of_field)
        fields = np.arange(n) if self._chance is None else rng.choice(n, n, p=self._chance)
        shown = np.array([self._one(self._chips_of_field[field], rng) for field in fields], np.int64)
        rng.shuffle(shown)
        for batch, part in enumerate(np.array_split(shown, len(self))):
            yield Plan(part, (self._seed, self._epoch, batch))

    def _one(self, chips: npt.NDArray[np.int64], rng: np.random.Generator) -> int:
        if len(chips) == 1:
            return int(chips[0])
        return int(rng.choice(chips, p=self._area[chips] / self._area[chips].sum()))


class _Changed(Dataset[Sample]):
    """Training batches by their plan."""

    def __init__(self, chips: FieldChips, amount: Augmentation) -> None:
        self._chips, self._amount = chips, amount

    def __getitem__(self, plan: Plan) -> Sample:
        seed = int(np.random.SeedSequence(plan.seed).generate_state(1, np.uint64)[0] >> np.uint64(1))
        return self._chips.sample(plan.chosen, torch.Generator().manual_seed(seed), self._amount)


class _Unchanged(Dataset[Sample]):
    """The chips of some fields in order, unchanged."""

    def __init__(self, chips: FieldChips, fields: npt.NDArray[np.int64]) -> None:
        self._chips = chips
        chosen = np.flatnonzero(np.isin(chips.field, fields))
        self._parts = [chosen[start : start + _EVALUATION_BATCH] for start in range(0, len(chosen), _EVALUATION_BATCH)]

    def __len__(self) -> int:
        return len(self._parts)

    def __getitem__(self, part: int) -> Sample:
        return self._chips.sample(self._parts[part], None, Augmentation())


def evaluation_samples(chips: FieldChips, fields: npt.NDArray[np.int64]) -> Iterator[Sample]:
    """Yield all chips of some fields in batches, unchanged.

    Args:
        chips: the labelled chips.
        fields: (field,) positions of fields.
    """
    batches = _Unchanged(chips, fields)
    for part in range(len(batches)):
        yield batches[part]


class FieldData(pl.LightningDataModule):
    """Training and validation batches of one member.

    Args:
        chips: all labelled chips.
        training: (field,) fields to train on.
        validation: (field,) fields to validate on; all their chips are seen.
        batch_size: chips a training batch.
        seed: of order and changes.
        amount: how much training batches are changed.
        balanced: draw fields so that every class is equally likely.
    """

    def __init__(
        self,
        chips: FieldChips,
        training: npt.NDArray[np.int64],
        validation: npt.NDArray[np.int64],
        *,
        batch_size: int,
        seed: int,
        amount: Augmentation,
        balanced: bool = False,
    ) -> None:
        super().__init__()
        order = np.argsort(chips.field, kind="stable")
        chips_of_field = np.split(order, np.searchsorted(chips.field[order], np.arange(1, len(chips.label))))
        classes = chips.label[training] if balanced else None
        self._sampler = EpochSampler([chips_of_field[field] for field in training], chips.chips.area, batch_size, seed, classes)
        self._training = _Changed(chips, amount)
        self._validation = _Unchanged(chips, validation)

    def train_dataloader(self) -> DataLoader[Sample]:
        """See Lightning."""
        return DataLoader(self._training, sampler=self._sampler, batch_size=None)

    def val_dataloader(self) -> DataLoader[Sample]:
        """See Lightning."""
        return DataLoader(self._validation, batch_size=None)
