"""All members of a checkpoint before the same chips: right bands, no absent steps, calls of a size that caches like."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cropdetect.checkpoint import Checkpoint
from cropdetect.chips.batch import ChipBatch, field_means, field_windows
from cropdetect.chips.chipset import ChipInfo
from cropdetect.errors import CheckpointError
from cropdetect.inference.backend import Inputs
from cropdetect.inference.backends import open_backend
from cropdetect.inference.matching import bands_for
from cropdetect.inference.series import ChipMeans


@dataclass(frozen=True)
class ChipScores:
    """What the members say of some chips, and what the fields' rows need of the chips themselves.

    Attributes:
        scores: (chip, member, class) float32, before softmax; NaN where the field has no clear pixel in the chip.
        area: (chip,) float64, pixels of the field in the chip.
        date: (chip, step) datetime64[D]; NaT where the step is absent.
        means: (chip, step, band) float32, see `clear_means`.
        clear_pixels: (chip, step) float64, see `clear_means`.
    """

    scores: npt.NDArray[np.float32]
    area: npt.NDArray[np.float64]
    date: npt.NDArray[np.datetime64]
    means: npt.NDArray[np.float32]
    clear_pixels: npt.NDArray[np.float64]

    def __len__(self) -> int:
        """Number of chips."""
        return len(self.area)

    @classmethod
    def concatenate(cls, parts: Sequence["ChipScores"]) -> "ChipScores":
        """Join the scores of consecutive batches."""
        names = [item.name for item in dataclasses.fields(cls)]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


class Ensemble:
    """The members of a checkpoint, ready for a set of chips.

    Args:
        checkpoint: the ensemble.
        info: of the chips.
        device: see `open_backend`.
        precision: see `open_backend`.
        workers: see `open_backend`.

    Attributes:
        concurrency: threads that may call `run` at the same time and gain by it.
        pixels_a_batch: pixels (chip x y x x) of a batch that keep the device busy.

    Raises:
        MissingBandError: the chips lack a band.
        OptionError: device, precision or workers cannot be used.
        MissingExtraError: bf16 without OpenVINO.
        CheckpointError: a member is not a network that can be run.
    """

    def __init__(
        self, checkpoint: Checkpoint, info: ChipInfo, *, device: str = "cpu", precision: str = "f32", workers: int | None = None
    ) -> None:
        record = checkpoint.record
        self._bands = bands_for(info, record)
        self._all_bands = self._bands == list(range(len(info.bands)))
        self._reduced = record.chips.size == 1 and info.size > 1  # the networks were trained on field means
        self._padding_invariant = record.model.padding_invariant
        self._context = record.model.context  # pixels about the field that the networks look at; None: the whole chip
        self._shape = len(record.members), len(record.legend)
        self._backend = open_backend(checkpoint.member_paths(), device=device, precision=precision, workers=workers)
        if self._backend.whole_chips:
            self._context = None
        self.concurrency = self._backend.concurrency
        self.pixels_a_batch = self._backend.pixels_a_batch

    def run(self, batch: ChipBatch) -> ChipScores:
        """Let all members score the chips that show a clear pixel of their field.

        Raises:
            CheckpointError: a network does not fit the chips or the legend.
        """
        batch = self._as_seen(batch)
        of_chips = ChipMeans.of(batch)
        scores = np.full((len(batch), *self._shape), np.nan, np.float32)
        for rows, inputs in self._calls(batch, np.flatnonzero(of_chips.clear_pixels.any(axis=1))):
            for member, found in enumerate(self._backend.scores(inputs)):
                if found.shape != (len(rows), self._shape[1]):
                    raise CheckpointError(
                        f"member {member} gives scores of shape {found.shape}, "
                        f"not of {len(rows)} chips and {self._shape[1]} classes",
                        fix="Make the checkpoint again.",
                    )
                scores[rows, member] = found
        return ChipScores(scores, batch.area(), of_chips.date, of_chips.means, of_chips.clear_pixels)

    def _as_seen(self, batch: ChipBatch) -> ChipBatch:
        """Return the batch in which only that is clear of which the networks' bands have a value."""
        if batch.image.dtype.kind != "f" or self._all_bands:
            return batch
        positions = [position for position in self._bands if position is not None]
        return dataclasses.replace(batch, clear=batch.isel(band=positions).clear)

    def _calls(self, batch: ChipBatch, rows: npt.NDArray[np.intp]) -> Iterator[tuple[npt.NDArray[np.intp], Inputs]]:
        """Yield the inputs of each call with the rows of the batch that it shows.

        Args:
            batch: the chips.
            rows: chips to show.
        """
        batch = batch.isel(chip=rows)
        if not self._all_bands:
            positions = [position for position in self._bands if position is not None]
            batch = batch.isel(band=positions) if len(positions) == len(self._bands) else batch.with_bands(self._bands)
        if not self._padding_invariant:
            batch = batch.without_partial_steps()
        if self._reduced:
            batch = field_means(batch)
        for group, steps in self._groups(batch):
            start = 0
            while start < len(group):
                end = start + self._fitting(batch.mask[group[start:]], steps.shape[1])
                yield rows[group[start:end]], self._inputs(batch.isel(chip=group[start:end], step=steps[start:end]))
                start = end

    def _groups(self, batch: ChipBatch) -> Iterator[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
        """Yield chips that can share a call, and the steps (chip, step) that each of them keeps."""
        if self._padding_invariant:  # absent steps change nothing, so chips of unequal length may share a call
            steps = np.flatnonzero(batch.clear.any(axis=(0, 2, 3)))
            if len(steps):
                yield self._by_size(batch), np.broadcast_to(steps, (len(batch), len(steps)))
            return
        there = ~np.isnat(batch.date)
        present_first = np.argsort(~there, axis=1, kind="stable")
        lengths = there.sum(axis=1)
        for length in np.unique(lengths[lengths > 0]):
            group = np.flatnonzero(lengths == length)
            yield group, present_first[group, :length]

    def _by_size(self, batch: ChipBatch) -> npt.NDArray[np.intp]:
        """Return the chips, large fields first, so that the windows of a call are of a size."""
        if self._context is None:
            return np.arange(len(batch))
        inside = batch.mask > 0
        extent = inside.any(axis=2).sum(axis=1) * inside.any(axis=1).sum(axis=1)
        return np.argsort(-extent, kind="stable")

    def _fitting(self, mask: npt.NDArray[np.float32], n_steps: int) -> int:
        """Choose how many of the chips that are left the next call shows.

        Args:
            mask: (chip, y, x), the chips that are left, in the order of `_groups`.
            n_steps: steps of each.
        """
        y, x = mask.shape[1:]
        if self._context is not None:
            # As many as would fit at the size of the first; they are sorted, so the others are as large or little larger.
            rows, columns = field_windows(mask[:1], self._context)[0]
            y, x = rows.stop - rows.start, columns.stop - columns.start
        return max(1, self._backend.pixels_a_call // int(n_steps * y * x))

    def _inputs(self, batch: ChipBatch) -> Inputs:
        if self._context is not None:
            batch = batch.around_fields(self._context)
        image = np.ascontiguousarray(batch.image, np.float32)
        return {"image": image, "mask": batch.mask, "clear": batch.clear, "day": batch.day()}
