"""The one container that feeds every network."""

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
    result = np.zeros(days.shape, np.float32)
    for row in range(len(days)):
        there = np.sort(days[row, ~absent[row]])
        if there.size == 0:
            continue
        year = there[there.size // 2].astype("datetime64[Y]") if season_year is None else np.datetime64(str(season_year), "Y")
        result[row, ~absent[row]] = (days[row, ~absent[row]] - year.astype("datetime64[D]")).astype(np.float32)
    return result


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
