"""Chips to what a network takes: the right bands, no absent steps, equal lengths, calls of a size that caches like."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cropdetect.chips.batch import ChipBatch, field_means, field_windows
from cropdetect.errors import MissingBandError
from cropdetect.formats import CheckpointRecord

# Pixels (chip x step x y x x) of one call: activations of more than that no longer fit a core's cache, and the 2020 network
# took 70 % more CPU time a chip in calls of 16 chips than in calls of one.
_PIXELS_A_CALL = 16_384


@dataclass(frozen=True)
class NetworkInputs:
    """The inputs of one call.

    Attributes:
        image: (batch, step, band, y, x) float32, raw numbers; NaN where a value is missing.
        mask: (batch, y, x) float32.
        clear: (batch, step, y, x) bool.
        day: (batch, step) float32, days since 1 January of the season year.
    """

    image: npt.NDArray[np.float32]
    mask: npt.NDArray[np.float32]
    clear: npt.NDArray[np.bool_]
    day: npt.NDArray[np.float32]

    def named(self, names: Sequence[str]) -> dict[str, npt.NDArray[np.generic]]:
        """Return the inputs of these names: an exported network lists only those it uses."""
        return {name: getattr(self, name) for name in names}


def band_positions(bands: Sequence[str], needed: Sequence[str]) -> list[int]:
    """Return where the bands `needed` lie in `bands`.

    Raises:
        MissingBandError: some are absent; all of them are named.
    """
    missing = [band for band in needed if band not in bands]
    if missing:
        raise MissingBandError(
            f"the checkpoint needs the band(s) {', '.join(missing)}, which the data lacks; it has {', '.join(bands)}",
            fix="Add the band(s) to the data, or use a checkpoint trained without them.",
        )
    return [list(bands).index(band) for band in needed]


@dataclass(frozen=True)
class InputMaker:
    """Makes a checkpoint's inputs out of chips.

    Attributes:
        positions: where the checkpoint's bands lie in the chips' bands.
        pooled: reduce chips to field means, as the network was trained on those.
        padding_invariant: absent steps change nothing, so chips of unequal length may share a call.
        context: pixels about the field that the network looks at; None: the whole chip.
    """

    positions: tuple[int, ...]
    pooled: bool
    padding_invariant: bool
    context: int | None = None

    @classmethod
    def of(cls, record: CheckpointRecord, bands: Sequence[str], size: int) -> "InputMaker":
        """Fit a checkpoint to chips with these bands and this size in pixels.

        Raises:
            MissingBandError: the chips lack a band.
        """
        return cls(
            positions=tuple(band_positions(bands, record.bands)),
            pooled=record.chips.size == 1 and size > 1,
            padding_invariant=record.model.padding_invariant,
            context=record.model.context,
        )

    def calls(self, batch: ChipBatch, rows: npt.NDArray[np.intp]) -> Iterator[tuple[npt.NDArray[np.intp], NetworkInputs]]:
        """Yield the inputs of each call with the rows of the batch that it answers.

        Args:
            batch: the chips.
            rows: chips to answer.
        """
        batch = batch.isel(chip=rows)
        if self.positions != tuple(range(batch.image.shape[2])):
            batch = batch.isel(band=list(self.positions))
        if self.pooled:
            batch = field_means(batch)
        for group, steps in self._groups(batch):
            start = 0
            while start < len(group):
                length = self._fitting(batch.mask[group[start:]], steps.shape[1])
                part, kept = group[start : start + length], steps[start : start + length]
                yield rows[part], self._inputs(batch.isel(chip=part, step=kept))
                start += length

    def _fitting(self, mask: npt.NDArray[np.float32], n_steps: int) -> int:
        """Choose how many of the chips that are left the next call shows.

        Args:
            mask: (chip, y, x), the chips that are left, in the order of `_groups`.
            n_steps: steps of each.
        """
        y, x = mask.shape[1:]
        if self.context is not None:
            # As many as would fit at the size of the first; they are sorted, so the others are as large or little larger.
            rows, columns = field_windows(mask[:1], self.context)[0]
            y, x = rows.stop - rows.start, columns.stop - columns.start
        return max(1, _PIXELS_A_CALL // int(n_steps * y * x))

    def _groups(self, batch: ChipBatch) -> Iterator[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
        """Yield chips that can share a call, and the steps (chip, step) that each of them keeps."""
        if self.padding_invariant:
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
        if self.context is None:
            return np.arange(len(batch))
        inside = batch.mask > 0
        extent = inside.any(axis=2).sum(axis=1) * inside.any(axis=1).sum(axis=1)
        return np.argsort(-extent, kind="stable")

    def _inputs(self, batch: ChipBatch) -> NetworkInputs:
        if self.context is not None:
            batch = batch.around_fields(self.context)
        return NetworkInputs(np.ascontiguousarray(batch.image, np.float32), batch.mask, batch.clear, batch.day())
