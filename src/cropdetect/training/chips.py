"""The labelled chips, in memory where they fit."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cropdetect.chips.batch import ChipBatch
from cropdetect.chips.chipset import RandomAccessChips
from cropdetect.chips.season import season_day

_BATCH_BYTES = 64 * 2**20
_MEMORY = 2 * 2**30


@dataclass(frozen=True)
class TrainingChips:
    """Chips of fields that have a label.

    Attributes:
        chips: where they come from.
        positions: (chip,) int64, positions in `chips`.
        seen: (chip, step) bool, dates that show a clear pixel of the field.
        date: (chip, step) datetime64[D], NaT where absent.
        area: (chip,) float64, field pixels.
        valued: (band,) bool, bands of `chips.info.bands` with any clear value.
        kept: all of them in memory, or None where they do not fit.
        until: last day of the season year that counts as seen; None: all do.
    """

    chips: RandomAccessChips
    positions: npt.NDArray[np.int64]
    seen: npt.NDArray[np.bool_]
    date: npt.NDArray[np.datetime64]
    area: npt.NDArray[np.float64]
    valued: npt.NDArray[np.bool_]
    kept: ChipBatch | None
    until: float | None = None

    def __len__(self) -> int:
        """Number of chips."""
        return len(self.positions)

    @property
    def row(self) -> npt.NDArray[np.int64]:
        """(chip,) int64, row of `chips.fields`."""
        return self.chips.field_of_chip[self.positions]

    @property
    def day(self) -> npt.NDArray[np.float32]:
        """(chip, step) float32, days since 1 January of the season year; 0 where absent."""
        return season_day(self.date, self.chips.season_year[self.row][:, None])

    def only(self, rows: npt.NDArray[np.int64]) -> "TrainingChips":
        """Return the chips of these fields (rows of `chips.fields`)."""
        of_fields = np.isin(self.row, rows)
        if of_fields.all():
            return self
        return replace(
            self,
            positions=self.positions[of_fields],
            seen=self.seen[of_fields],
            date=self.date[of_fields],
            area=self.area[of_fields],
            kept=None if self.kept is None else self.kept.isel(chip=of_fields),
        )

    def seen_until(self, day: float) -> "TrainingChips":
        """Return the chips as they are known on a day of the season year: what is seen later is not clear.

        The dates stay, so that every chip keeps its season year.
        """
        return replace(self, seen=self.seen & (self.day <= day), until=day)

    def take(self, chosen: npt.NDArray[np.int64], bands: tuple[str, ...]) -> ChipBatch:
        """Return the chips at these positions (of this object), with these bands in this order."""
        batch = self.chips.take(self.positions[chosen]) if self.kept is None else self.kept.isel(chip=chosen)
        if self.until is not None:
            batch = replace(batch, clear=batch.clear & (batch.day() <= self.until)[:, :, None, None])
        return select_bands(batch, self.chips.info.bands, bands)

    def batches(self, chosen: npt.NDArray[np.int64], bands: tuple[str, ...]) -> Iterator[ChipBatch]:
        """Yield the chips at these positions in batches of some megabytes."""
        size = _batch_size(self.chips)
        for start in range(0, len(chosen), size):
            yield self.take(chosen[start : start + size], bands)


def read_training_chips(chips: RandomAccessChips, *, memory: int = _MEMORY) -> TrainingChips:
    """Read the chips of all labelled fields once; keep those that show their field.

    Args:
        chips: a chip set whose fields table has a column `label`.
        memory: bytes that may be kept.
    """
    labelled = chips.fields["label"].notna().to_numpy(bool)
    positions = np.flatnonzero(labelled[chips.field_of_chip])
    size = _batch_size(chips)
    seen, date, area = [], [], []
    kept: list[ChipBatch] = []
    used = 0
    valued = np.zeros(len(chips.info.bands), bool)
    for start in range(0, len(positions), size):
        batch = chips.take(positions[start : start + size])
        inside = batch.clear & (batch.mask > 0)[:, None]
        valued |= (inside[:, :, None] & ~np.isnan(batch.image)).any(axis=(0, 1, 3, 4))
        seen.append(inside.any(axis=(2, 3)))
        date.append(batch.date.astype("datetime64[D]"))
        area.append(batch.mask.sum(axis=(1, 2), dtype=np.float64))
        used += batch.image.nbytes + batch.clear.nbytes + batch.mask.nbytes
        # Twice: while the batches are joined, both they and the whole are there.
        kept = [*kept, batch] if 2 * used <= memory else []
    shape = (0, chips.info.n_steps)
    all_seen = np.concatenate([np.zeros(shape, bool), *seen])
    usable = np.asarray(all_seen.any(axis=1))
    whole = ChipBatch.concatenate(kept) if kept and 2 * used <= memory else None
    return TrainingChips(
        chips=chips,
        positions=positions[usable],
        seen=all_seen[usable],
        date=np.concatenate([np.zeros(shape, "datetime64[D]"), *date])[usable],
        area=np.concatenate([np.zeros(0), *area])[usable],
        valued=valued,
        kept=whole.isel(chip=usable) if whole is not None and not usable.all() else whole,
    )


def select_bands(batch: ChipBatch, have: tuple[str, ...], want: tuple[str, ...]) -> ChipBatch:
    """Return the batch with the bands `want`, in that order."""
    if have == want:
        return batch
    return replace(batch, image=batch.image[:, :, [have.index(band) for band in want]])


def without_absent_steps(batch: ChipBatch, n_steps: int) -> ChipBatch:
    """Return the batch with the first `n_steps` steps that are there, for networks that cannot skip one."""
    if batch.date.shape[1] == n_steps:
        return batch
    order = np.argsort(np.isnat(batch.date), axis=1, kind="stable")[:, :n_steps]
    return take_steps(batch, order)


def take_steps(batch: ChipBatch, order: npt.NDArray[np.int64]) -> ChipBatch:
    """Return the batch with other steps.

    Args:
        batch: any batch.
        order: (chip, new step) positions of steps.
    """
    return batch.isel(step=order)


def _batch_size(chips: RandomAccessChips) -> int:
    """Return the number of chips that fills `_BATCH_BYTES` as float32."""
    info = chips.info
    return max(1, _BATCH_BYTES // max(1, 4 * info.n_steps * len(info.bands) * info.size**2))
