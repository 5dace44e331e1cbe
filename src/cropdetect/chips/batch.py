"""The one container that feeds every network."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cropdetect.chips.season import median_dates, season_day, season_years

Positions = slice | Sequence[int] | npt.NDArray[np.integer] | npt.NDArray[np.bool_]


@dataclass(frozen=True)
class ChipBatch:
    """Some chips of equal shape.

    Attributes:
        field: (chip,) int64, row of the field in `ChipSet.fields`; several chips may share one.
        image: (chip, step, band, y, x), the source dtype; NaN (floats) where a value is missing: where a date lacks a band, and,
            where there are several sensors, where the band's own sensor is not clear.
        mask: (chip, y, x) float32, the share of the pixel inside the field, 0 to 1 (preset cv4a: 0 or 1).
        clear: (chip, step, y, x) bool, where some band has a value that is clear.
        date: (chip, step) datetime64[D]; NaT where the chip has fewer steps (then clear is false everywhere).
        season_year: (chip,) int64, year whose 1 January days are counted from. A chip set fills it; left out, it is decided as
            if these chips were all there are.
    """

    field: npt.NDArray[np.int64]
    image: npt.NDArray[np.generic]
    mask: npt.NDArray[np.float32]
    clear: npt.NDArray[np.bool_]
    date: npt.NDArray[np.datetime64]
    season_year: npt.NDArray[np.int64] = dataclasses.field(default_factory=lambda: np.empty(0, np.int64))

    def __post_init__(self) -> None:
        """Decide the season year where none is given."""
        if len(self.season_year) != len(self.field):
            n_fields = int(self.field.max(initial=-1)) + 1
            years = season_years(median_dates(self.date, self.field, n_fields))[self.field]
            object.__setattr__(self, "season_year", years)

    def __len__(self) -> int:
        """Number of chips."""
        return len(self.field)

    def isel(
        self,
        *,
        chip: Positions = slice(None),
        step: npt.NDArray[np.integer] | Sequence[int] | None = None,
        band: Positions | None = None,
    ) -> "ChipBatch":
        """Select chips, steps and bands by position, as xarray's `isel` does.

        Args:
            chip: positions of chips, or one bool a chip.
            step: positions of steps: (step,) the same for all, or (chip, step) for each selected chip its own.
            band: positions of bands. A pixel in which none of them has a value is not clear.
        """
        image, clear, date = self.image, self.clear, self.date
        at = (np.arange(len(self))[chip][:, None], np.asarray(step)) if step is not None else chip
        image, clear, date = image[at], clear[at], date[at]
        if band is not None:
            image = image[:, :, band]
            clear = clear & _has_value(image)
        return ChipBatch(self.field[chip], image, self.mask[chip], clear, date, self.season_year[chip])

    def with_bands(self, positions: Sequence[int | None]) -> "ChipBatch":
        """Return the batch with these bands as float32.

        Args:
            positions: of each band; None for a band that these chips lack: its values are missing.
        """
        there = [place for place, position in enumerate(positions) if position is not None]
        batch = self.isel(band=[position for position in positions if position is not None])
        image = np.full((*batch.image.shape[:2], len(positions), *batch.image.shape[3:]), np.nan, np.float32)
        image[:, :, there] = batch.image
        return replace(batch, image=image)

    def without_partial_steps(self) -> "ChipBatch":
        """Return the batch without the dates on which a band has no value and another has: they become absent.

        For what takes whole dates only.
        """
        if self.image.dtype.kind != "f":
            return self
        lost = np.isnan(self.image).all(axis=(3, 4))
        partial = lost.any(axis=2) & ~lost.all(axis=2)
        date = np.where(partial, np.datetime64("NaT", "D"), self.date).astype(self.date.dtype)
        return replace(self, clear=self.clear & ~partial[..., None, None], date=date)

    def around_fields(self, margin: int) -> "ChipBatch":
        """Crop each chip to its field and a margin about it; see `field_windows`."""
        windows = field_windows(self.mask, margin)
        if not windows or self.mask[0][windows[0]].shape == self.mask.shape[1:]:
            return self
        image, mask, clear = (
            np.stack([values[(chip, ..., *window)] for chip, window in enumerate(windows)])
            for values in (self.image, self.mask, self.clear)
        )
        return replace(self, image=image, mask=mask, clear=clear)

    @staticmethod
    def concatenate(batches: Sequence["ChipBatch"]) -> "ChipBatch":
        """Join batches of one shape; there must be at least one."""
        names = [item.name for item in dataclasses.fields(ChipBatch)]
        return ChipBatch(*(np.concatenate([getattr(batch, name) for batch in batches]) for name in names))

    def day(self) -> npt.NDArray[np.float32]:
        """Return the days since 1 January of the season year, (chip, step) float32; 0 where the step is absent."""
        return season_day(self.date, self.season_year[:, None])

    def seen(self) -> npt.NDArray[np.bool_]:
        """Tell which dates show a clear pixel of the field, (chip, step) bool."""
        return np.asarray((self.clear & (self.mask > 0)[:, None]).any(axis=(2, 3)))

    def area(self) -> npt.NDArray[np.float64]:
        """Return the area of the field in each chip, (chip,) float64, pixels."""
        return np.asarray(self.mask.sum(axis=(1, 2), dtype=np.float64))


def _has_value(image: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
    """Tell where any band has a value, (chip, step, y, x), or () for all: whole numbers are never missing."""
    return ~np.isnan(image).all(axis=2) if image.dtype.kind == "f" else np.array(True)


def field_windows(mask: npt.NDArray[np.floating], margin: int) -> list[tuple[slice, slice]]:
    """Find the smallest windows of one size that hold every chip's field with a margin, as far as the chip reaches.

    What lies outside changes no answer of a network that looks `margin` pixels beyond the field, and costs time.

    Args:
        mask: (chip, y, x).
        margin: pixels about the field.

    Returns:
        Rows and columns of each chip's window.
    """
    sides = []
    for across in (2, 1):
        inside = np.asarray((mask > 0).any(axis=across))
        n = inside.shape[1]
        lowest, highest = inside.argmax(axis=1), n - 1 - inside[:, ::-1].argmax(axis=1)
        highest = np.where(inside.any(axis=1), highest, lowest)
        length = min(n, int((highest - lowest).max(initial=0)) + 1 + 2 * margin)
        sides.append([slice(first, first + length) for first in np.clip(lowest - margin, 0, n - length).tolist()])
    return list(zip(*sides, strict=True))


def clear_means(batch: ChipBatch) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]:
    """Return the mean of the clear field pixels, and how much of the field is clear.

    A value that is missing (NaN) takes no part. Sums run in one fixed order in one thread, so that the same chips give the same
    bytes.

    Returns:
        means: (chip, step, band) float32, pixels weighted by the mask; NaN where no pixel is clear or has a value.
        clear_pixels: (chip, step) float64, clear pixels of the field; 0 where the step is absent.
    """
    chips, steps, bands, height, width = batch.image.shape
    weight = (batch.mask[:, None] * batch.clear).reshape(chips, steps, height * width)
    weight[np.isnat(batch.date)] = 0
    image = batch.image.reshape(chips, steps, bands, height * width).astype(np.float32)
    total = np.broadcast_to(weight.sum(axis=2)[:, :, None], (chips, steps, bands))
    if np.issubdtype(batch.image.dtype, np.floating):
        missing = np.isnan(image)
        if missing.any():
            image[missing] = 0
            total = np.einsum("nsbp,nsp->nsb", ~missing, weight)
    summed = np.einsum("nsbp,nsp->nsb", image, weight)
    means = np.divide(summed, total, out=np.full(total.shape, np.nan, np.float32), where=total > 0)
    return means, np.asarray(weight.sum(axis=2, dtype=np.float64))


def field_means(batch: ChipBatch) -> ChipBatch:
    """Reduce chips to 1 x 1: the mean of the clear pixels of the field, see `clear_means`.

    A step without a clear field pixel gets NaN and is not clear.

    Returns:
        image (chip, step, band, 1, 1) float32, mask of ones, clear (chip, step, 1, 1).
    """
    means, clear_pixels = clear_means(batch)
    ones = np.ones((len(batch), 1, 1), np.float32)
    return replace(batch, image=means[..., None, None], mask=ones, clear=(clear_pixels > 0)[..., None, None])
