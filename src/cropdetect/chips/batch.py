"""The one container that feeds every network."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class ChipBatch:
    """Some chips of equal shape.

    Attributes:
        field: (chip,) int64, row of the field in `ChipSet.fields`; several chips may share one.
        image: (chip, step, band, y, x), the source dtype; NaN (floats) where a value is missing.
        mask: (chip, y, x) float32, the share of the pixel inside the field, 0 to 1 (preset cv4a: 0 or 1).
        clear: (chip, step, y, x) bool.
        date: (chip, step) datetime64[D]; NaT where the chip has fewer steps (then clear is false everywhere).
    """

    field: npt.NDArray[np.int64]
    image: npt.NDArray[np.generic]
    mask: npt.NDArray[np.float32]
    clear: npt.NDArray[np.bool_]
    date: npt.NDArray[np.datetime64]

    def __len__(self) -> int:
        """Number of chips."""
        return len(self.field)

    def day(self, season_year: int | None = None) -> npt.NDArray[np.float32]:
        """Days since 1 January of the season year, (chip, step) float32; 0 where the step is absent.

        Args:
            season_year: default: for each chip the year of its median date.
        """
        return season_day(self.date, season_year)


def season_day(date: npt.NDArray[np.datetime64], season_year: int | None = None) -> npt.NDArray[np.float32]:
    """Days since 1 January of the season year, (chip, step) float32; 0 where the step is absent.

    Args:
        date: (chip, step) datetime64, NaT where absent.
        season_year: default: for each chip the year of its median date.
    """
    days = date.astype("datetime64[D]")
    absent = np.isnat(days)
    if absent.all():
        return np.zeros(days.shape, np.float32)
    if season_year is None:
        middle = (~absent).sum(axis=1, keepdims=True) // 2
        # Sorted, what is absent comes last.
        year = np.take_along_axis(np.sort(days, axis=1), np.minimum(middle, days.shape[1] - 1), axis=1).astype("datetime64[Y]")
    else:
        year = np.full((1, 1), season_year - 1970).astype("datetime64[Y]")
    since = (days - year.astype("datetime64[D]")).astype(np.int64)
    return np.where(absent, 0, since).astype(np.float32)


@dataclass(frozen=True)
class FieldWindows:
    """Windows of equal size, one in each chip, that hold the chip's field and a margin about it.

    Attributes:
        top: (chip,) int64, first row.
        left: (chip,) int64, first column.
        height: rows.
        width: columns.
    """

    top: npt.NDArray[np.int64]
    left: npt.NDArray[np.int64]
    height: int
    width: int

    def slices(self) -> Iterator[tuple[slice, slice]]:
        """Yield rows and columns of each chip's window."""
        for top, left in zip(self.top.tolist(), self.left.tolist(), strict=True):
            yield slice(top, top + self.height), slice(left, left + self.width)


def field_windows(mask: npt.NDArray[np.floating], margin: int) -> FieldWindows:
    """Find the smallest windows that hold every chip's field with a margin, as far as the chip reaches.

    What lies outside changes no answer of a network that looks `margin` pixels beyond the field, and costs time.

    Args:
        mask: (chip, y, x).
        margin: pixels about the field.
    """
    first, size = [], []
    for across in (2, 1):
        inside = np.asarray((mask > 0).any(axis=across))
        n = inside.shape[1]
        lowest, highest = inside.argmax(axis=1), n - 1 - inside[:, ::-1].argmax(axis=1)
        highest = np.where(inside.any(axis=1), highest, lowest)
        side = min(n, int((highest - lowest).max(initial=0)) + 1 + 2 * margin)
        first.append(np.clip(lowest - margin, 0, n - side).astype(np.int64))
        size.append(side)
    return FieldWindows(first[0], first[1], size[0], size[1])


def field_means(batch: ChipBatch) -> ChipBatch:
    """Reduce chips to 1 x 1: the mean of the clear pixels, weighted by the mask, per chip, step and band.

    A value that is missing (NaN) takes no part; a step without clear field pixels gets NaN and is not clear.

    Returns:
        image (chip, step, band, 1, 1) float32, mask of ones, clear (chip, step, 1, 1).
    """
    image = batch.image.astype(np.float32)
    weight = batch.mask[:, None] * batch.clear  # (chip, step, y, x)
    there = ~np.isnan(image)
    weights = weight[:, :, None] * there
    total = weights.sum(axis=(3, 4))
    summed = (np.where(there, image, 0) * weights).sum(axis=(3, 4))
    mean = np.divide(summed, total, out=np.full(total.shape, np.nan, np.float32), where=total > 0)
    clear = weight.sum(axis=(2, 3)) > 0
    return ChipBatch(
        field=batch.field,
        image=mean[..., None, None].astype(np.float32),
        mask=np.ones((len(batch), 1, 1), np.float32),
        clear=clear[..., None, None],
        date=batch.date,
    )
