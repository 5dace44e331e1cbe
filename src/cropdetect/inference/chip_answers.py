"""What the networks answer to chips, and what of the chips the fields' rows need."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from cropdetect.chips.batch import ChipBatch, clear_means
from cropdetect.errors import CheckpointError
from cropdetect.inference.backends import Backend
from cropdetect.inference.network_inputs import InputMaker


@dataclass(frozen=True)
class ChipAnswers:
    """The answers to some chips, in their order.

    Attributes:
        scores: (chip, member, class) float32, before softmax; NaN where the field has no clear pixel in the chip.
        area: (chip,) float64, pixels of the field in the chip.
        looked: (chip,) float64, pixels of the field summed over the dates.
        clear: (chip,) float64, those of `looked` that are clear.
        clear_date: (chip, step) datetime64[D], dates with a clear pixel of the field; NaT otherwise.
        date: (chip, step) datetime64[D], all dates; NaT where the step is absent.
        means: (chip, step, band) float32, see `clear_means`.
        weights: (chip, step) float32, see `clear_means`.
    """

    scores: npt.NDArray[np.float32]
    area: npt.NDArray[np.float64]
    looked: npt.NDArray[np.float64]
    clear: npt.NDArray[np.float64]
    clear_date: npt.NDArray[np.datetime64]
    date: npt.NDArray[np.datetime64]
    means: npt.NDArray[np.float32]
    weights: npt.NDArray[np.float32]

    def __len__(self) -> int:
        """Number of chips."""
        return len(self.area)

    @classmethod
    def joined(cls, parts: Sequence["ChipAnswers"]) -> "ChipAnswers":
        """Join the answers to consecutive batches."""
        return cls(**{item.name: np.concatenate([getattr(part, item.name) for part in parts]) for item in fields(cls)})


def answer_chips(batch: ChipBatch, backend: Backend, inputs: InputMaker, n_members: int, n_classes: int) -> ChipAnswers:
    """Ask all members about the chips of a batch that show a clear pixel of their field.

    Raises:
        CheckpointError: a network does not fit the chips or the legend.
    """
    clear = (batch.clear * batch.mask[:, None]).sum(axis=(2, 3), dtype=np.float64)
    area = batch.mask.sum(axis=(1, 2), dtype=np.float64)
    there = ~np.isnat(batch.date)
    clear[~there] = 0
    scores = np.full((len(batch), n_members, n_classes), np.nan, np.float32)
    for rows, call in inputs.calls(batch, np.flatnonzero(clear.any(axis=1))):
        for member in range(n_members):
            answer = backend.scores(member, call)
            if answer.shape != (len(rows), n_classes):
                raise CheckpointError(
                    f"member {member} gives scores of shape {answer.shape}, not of {len(rows)} chips and {n_classes} classes",
                    fix="Make the checkpoint again.",
                )
            scores[rows, member] = answer
    means, weights = clear_means(batch)
    return ChipAnswers(
        scores=scores,
        area=area,
        looked=area * there.sum(axis=1),
        clear=clear.sum(axis=1),
        clear_date=np.where(clear > 0, batch.date, np.datetime64("NaT")).astype("datetime64[D]"),
        date=batch.date.astype("datetime64[D]"),
        means=means,
        weights=weights,
    )
