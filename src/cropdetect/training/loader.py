"""From chips to batches of tensors, in an order that depends on seed and epoch alone."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch

from cropdetect.formats import TrainOptions
from cropdetect.training.augmentation import augment
from cropdetect.training.batch import TrainingBatch
from cropdetect.training.data import TrainingData
from cropdetect.training.specification import NetworkSpecification

_EVALUATION_BATCH = 64


class TrainingBatches:
    """Batches that show every field once an epoch, shuffled, by one of its chips (the larger its part, the likelier).

    Args:
        data: the fields to train on, and their chips.
        specification: of the network.
        options: batch size, augmentation, and whether fields are drawn so that every class is equally likely.
        seed: of the order and the changes.

    Attributes:
        data: see above.
        specification: see above.
        augmentation: how much the batches are changed.
    """

    def __init__(self, data: TrainingData, specification: NetworkSpecification, options: TrainOptions, seed: int) -> None:
        self.data, self.specification = data, specification
        self.augmentation, self._batch_size, self._seed = options.augmentation, options.batch_size, seed
        field = data.chips.field_of_chip
        order = np.argsort(field, kind="stable")
        self._chips_of_field = np.split(order, np.searchsorted(field[order], np.arange(1, len(data.classes))))
        self._read = BatchReader(data, specification)
        self._chance = None
        if options.class_balance == "sampling":
            classes = data.classes
            per_field = 1 / np.bincount(classes)[classes]
            self._chance = per_field / per_field.sum()

    def __len__(self) -> int:
        """Number of batches an epoch."""
        return -(-len(self._chips_of_field) // self._batch_size)

    def epoch(self, epoch: int) -> Iterator[TrainingBatch]:
        """Yield the batches of an epoch, changed at random."""
        for number, chosen in enumerate(self.chips_of_epoch(epoch)):
            seed = np.random.SeedSequence((self._seed, epoch, number)).generate_state(1, np.uint64)[0]
            generator = torch.Generator().manual_seed(int(seed >> np.uint64(1)))
            # Cut first what no change brings back, since all that follows costs time by the pixel.
            moved = self.augmentation.moves_pixels
            batch = self.changed(self._read(chosen, whole=moved), generator)
            batch = batch.around_fields(self.specification.context) if moved else batch
            yield batch.without_unseen_steps() if self.specification.takes_gaps else batch

    def chips_of_epoch(self, epoch: int) -> list[npt.NDArray[np.int64]]:
        """Return the positions of the chips of each batch of an epoch."""
        rng = np.random.default_rng((self._seed, epoch))
        n = len(self._chips_of_field)
        fields = np.arange(n) if self._chance is None else rng.choice(n, n, p=self._chance)
        shown = np.array([self._one(self._chips_of_field[field], rng) for field in fields], np.int64)
        rng.shuffle(shown)
        return np.array_split(shown, len(self))

    def changed(self, batch: TrainingBatch, generator: torch.Generator) -> TrainingBatch:
        """Return the batch augmented."""
        return augment(
            batch,
            generator,
            self.augmentation,
            takes_gaps=self.specification.takes_gaps,
            binary_mask=self.data.chips.info.preset == "cv4a",
            sensors=list(self.specification.sensors.values()),
        )

    def _one(self, chips: npt.NDArray[np.int64], rng: np.random.Generator) -> int:
        if len(chips) == 1:
            return int(chips[0])
        area = self.data.chips.mask_area[chips]
        return int(rng.choice(chips, p=area / area.sum()))


def evaluation_batches(
    data: TrainingData, specification: NetworkSpecification, hidden: Sequence[int] = ()
) -> Iterator[TrainingBatch]:
    """Yield all chips in order and unchanged, but for bands that are hidden, by position: their values are missing."""
    read, n = BatchReader(data, specification), len(data.chips)
    for start in range(0, n, _EVALUATION_BATCH):
        batch = read(np.arange(start, min(start + _EVALUATION_BATCH, n)))
        if hidden:
            image = batch.image.clone()
            image[:, :, list(hidden)] = torch.nan
            batch = batch._replace(image=image, clear=batch.clear & ~torch.isnan(image).all(2))
        yield batch.without_unseen_steps() if specification.takes_gaps else batch


class BatchReader:
    """Returns chips at some positions as tensors, with the network's bands.

    Args:
        data: the chips.
        specification: of the network.
    """

    def __init__(self, data: TrainingData, specification: NetworkSpecification) -> None:
        self._chips, self._specification = data.chips_of_bands(specification.bands), specification
        self._classes, self._area = data.classes, data.chips.mask_area.astype(np.float32)

    def __call__(self, chosen: npt.NDArray[np.int64], *, whole: bool = False) -> TrainingBatch:
        """Return a batch, cut to what the network sees about the fields, or whole."""
        batch = self._specification.steps(self._chips.take(chosen))
        if self._specification.context is not None and not whole:
            batch = batch.around_fields(self._specification.context)
        return TrainingBatch(
            image=torch.from_numpy(np.ascontiguousarray(batch.image, np.float32)),
            mask=torch.from_numpy(np.ascontiguousarray(batch.mask, np.float32)),
            clear=torch.from_numpy(np.ascontiguousarray(batch.clear)),
            day=torch.from_numpy(np.ascontiguousarray(batch.day(), np.float32)),
            label=torch.from_numpy(self._classes[batch.field]),
            field=torch.from_numpy(batch.field),
            area=torch.from_numpy(self._area[chosen]),
        )
