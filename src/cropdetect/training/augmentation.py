"""Small changes to a batch that leave its crops what they are: another weather, another year, another haze."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cropdetect.chips.batch import ChipBatch
from cropdetect.training.chips import take_steps


@dataclass(frozen=True)
class Augmentation:
    """How much is changed, drawn anew for every chip and epoch.

    The defaults are strong on purpose: weaker ones score better on neighbours of the training fields, and clearly worse on
    regions that were held out whole.

    Attributes:
        date_drop: up to this share of the dates is made cloudy.
        day_shift: standard deviation of a shift of the whole season, days (an early or late year, another region).
        brightness: standard deviation of the logarithm of a factor on all bands.
        band_jitter: the same for each band on its own.
        date_jitter: the same for each date (haze, viewing angle).
    """

    date_drop: float = 0.7
    day_shift: float = 8.0
    brightness: float = 0.1
    band_jitter: float = 0.08
    date_jitter: float = 0.1


def augment(
    batch: ChipBatch,
    day: npt.NDArray[np.float32],
    rng: np.random.Generator,
    amount: Augmentation,
    *,
    takes_gaps: bool,
) -> tuple[ChipBatch, npt.NDArray[np.float32]]:
    """Return a changed copy of the batch and its days.

    Args:
        batch: chips.
        day: (chip, step) days of the season year.
        rng: source of all randomness.
        amount: how much.
        takes_gaps: whether the network looks at `clear` and `day`; one that does not loses one random date of every chip,
            as in 2020, and all chips keep equal shapes.
    """
    batch = _flipped(batch, rng)
    if takes_gaps:
        batch = _without_some_dates(batch, rng, amount.date_drop)
        day = day + np.float32(amount.day_shift) * rng.standard_normal((len(batch), 1), dtype=np.float32)
    elif day.shape[1] > 2:
        order = np.argsort(rng.random(day.shape), axis=1)[:, 1:]
        order.sort(axis=1)
        batch, day = take_steps(batch, order), np.take_along_axis(day, order, axis=1)
    n, steps, bands = batch.image.shape[:3]
    factor = (
        amount.brightness * rng.standard_normal((n, 1, 1), dtype=np.float32)
        + amount.band_jitter * rng.standard_normal((n, 1, bands), dtype=np.float32)
        + amount.date_jitter * rng.standard_normal((n, steps, 1), dtype=np.float32)
    )
    image = batch.image.astype(np.float32) * np.exp(factor)[..., None, None]
    return replace(batch, image=image), day


def _without_some_dates(batch: ChipBatch, rng: np.random.Generator, date_drop: float) -> ChipBatch:
    """Make up to a share of the dates cloudy; every chip keeps at least one of its clear dates."""
    n, steps = batch.date.shape
    dropped = rng.random((n, steps)) < rng.uniform(0, date_drop, (n, 1))
    seen = (batch.clear & (batch.mask > 0)[:, None]).any(axis=(2, 3))
    survivor = np.where(seen, rng.random((n, steps)), -1).argmax(axis=1)
    dropped[np.arange(n), survivor] = False
    return replace(batch, clear=batch.clear & ~dropped[..., None, None])


def _flipped(batch: ChipBatch, rng: np.random.Generator) -> ChipBatch:
    """Turn or mirror each chip, its mask and its clear pixels alike (one of the eight symmetries of the square)."""
    if batch.mask.shape[1:] == (1, 1) or batch.mask.shape[1] != batch.mask.shape[2]:
        return batch
    image, mask, clear = batch.image.copy(), batch.mask.copy(), batch.clear.copy()
    for chip, (turns, mirror) in enumerate(zip(rng.integers(0, 4, len(batch)), rng.integers(0, 2, len(batch)), strict=True)):
        for array in (image, mask, clear):
            turned = np.rot90(array[chip], turns, axes=(-2, -1))
            array[chip] = (turned[..., ::-1] if mirror else turned).copy()
    return replace(batch, image=image, mask=mask, clear=clear)
