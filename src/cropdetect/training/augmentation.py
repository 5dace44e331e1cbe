"""Small changes to a batch that leave its crops what they are: another weather, another year, another haze, another angle."""

from collections.abc import Sequence

import torch

from cropdetect.formats import Augmentation
from cropdetect.training.batch import TrainingBatch
from cropdetect.training.geometry import cropped, flipped, warped

__all__ = ["Augmentation", "augment"]

_AT_ONCE = 8  # chips mixed at once, which bounds the memory it takes


def augment(
    batch: TrainingBatch,
    generator: torch.Generator,
    settings: Augmentation,
    *,
    takes_gaps: bool,
    binary_mask: bool = False,
    sensors: Sequence[Sequence[int]] = (),
) -> TrainingBatch:
    """Return a changed copy of a batch; labels, fields and areas stay.

    Chips of one pixel are changed in dates, days and values only. Whatever is changed, a chip goes on showing its field: a
    spatial change that would lose it is not made.

    Args:
        batch: the batch, on the CPU; nothing is written to its tensors.
        generator: source of all randomness; the same state gives the same result.
        settings: how much.
        takes_gaps: whether the network looks at `clear` and `day`. One that does not loses one random date of every chip
            instead of seeing clouds, so that all chips keep equal shapes, and gets the days as they are.
        binary_mask: keep the mask at 0 or 1 (preset cv4a).
        sensors: positions of the bands of each sensor, of which some may be lost; nothing is drawn where there is one only.
    """
    if len(sensors) > 1 and settings.sensor_drop > 0:
        batch = _without_some_sensors(batch, generator, settings.sensor_drop, sensors)
    if takes_gaps:
        batch = _without_some_dates(batch, generator, settings.date_drop)
    elif settings.remove_date and batch.day.shape[1] > 2:
        batch = _without_one_date(batch, generator)
    if settings.mix > 0:
        batch = _mixed(batch, generator, settings, takes_gaps=takes_gaps)
    if batch.mask.shape[1:] != (1, 1):
        batch = flipped(batch, generator, settings)
        batch = warped(batch, generator, settings, takes_gaps=takes_gaps, binary_mask=binary_mask)
        batch = cropped(batch, generator, settings)
    batch = _with_other_values(batch, generator, settings)
    return _with_other_days(batch, generator, settings) if takes_gaps else batch


def _without_some_sensors(
    batch: TrainingBatch, generator: torch.Generator, chance: float, sensors: Sequence[Sequence[int]]
) -> TrainingBatch:
    """Make the bands of some sensors missing; every chip keeps at least one sensor that shows its field.

    Of the chips that lose any, each number of kept sensors is as likely.
    """
    n, several = len(batch.day), len(sensors)
    loses = torch.rand(n, generator=generator) < chance
    rank = torch.rand(n, several, generator=generator).argsort(1).argsort(1)
    kept = rank < torch.randint(1, several, (n, 1), generator=generator)
    there = torch.stack([~torch.isnan(batch.image[:, :, list(own)]).all(2) for own in sensors], dim=1)  # (n, sensor, step, y, x)
    inside = batch.clear & (batch.mask > 0)[:, None]
    shows = (there & inside[:, None]).flatten(2).any(2)
    loses = loses & (shows & kept).any(1)
    lost = loses[:, None] & ~kept
    bands = torch.zeros(n, batch.image.shape[2], dtype=torch.bool)
    for position, own in enumerate(sensors):
        bands[:, list(own)] = lost[:, position, None]
    image = batch.image.masked_fill(bands[:, None, :, None, None], torch.nan)
    return batch._replace(image=image, clear=batch.clear & (there & ~lost[:, :, None, None, None]).any(1))


def _without_some_dates(batch: TrainingBatch, generator: torch.Generator, date_drop: float) -> TrainingBatch:
    """Make up to a share of the dates cloudy; every chip keeps at least one of its clear dates."""
    if date_drop == 0:
        return batch
    n, steps = batch.day.shape
    dropped = torch.rand(n, steps, generator=generator) < date_drop * torch.rand(n, 1, generator=generator)
    survivor = torch.where(batch.seen(), torch.rand(n, steps, generator=generator), -1.0).argmax(1)
    dropped[torch.arange(n), survivor] = False
    return batch._replace(clear=batch.clear & ~dropped[:, :, None, None])


def _without_one_date(batch: TrainingBatch, generator: torch.Generator) -> TrainingBatch:
    """Take one random date out of every chip; the others keep their order."""
    order = torch.rand(batch.day.shape, generator=generator).argsort(1)[:, 1:]
    return batch.take_steps(order.sort(1).values)


def _mixed(batch: TrainingBatch, generator: torch.Generator, settings: Augmentation, *, takes_gaps: bool) -> TrainingBatch:
    """Mix into some chips a share of another chip of the batch, where that shows the same day.

    In 2020 the other part was a window of the same scene, for which all scenes had to be in memory. Another chip of the
    batch is such a window too, and takes one copy of the batch and a few chips at a time. A network that looks at `clear`
    gets no cloud mixed into a clear pixel.
    """
    n = len(batch.day)
    if n == 1:
        return batch
    chosen = torch.nonzero(torch.rand(n, generator=generator) < settings.mix_chance)[:, 0]
    other = (chosen + torch.randint(1, n, (len(chosen),), generator=generator)) % n
    image = batch.image.clone()
    for host, guest in zip(torch.split(chosen, _AT_ONCE), torch.split(other, _AT_ONCE), strict=True):
        usable = (batch.day[host] == batch.day[guest])[:, :, None, None]
        if takes_gaps:
            usable = usable & batch.clear[guest]
        change = (batch.image[guest] - batch.image[host]) * settings.mix
        # A value that is missing in either chip leaves its own value unchanged.
        image.index_add_(0, host, torch.where(usable[:, :, None], change, 0.0).nan_to_num_(nan=0.0))
    return batch._replace(image=image)


def _with_other_values(batch: TrainingBatch, generator: torch.Generator, settings: Augmentation) -> TrainingBatch:
    """Scale the values of each chip, date and band as a whole; missing values stay missing."""
    n, steps, bands = batch.image.shape[:3]
    image = batch.image
    log_gain = torch.zeros(n, steps, bands)
    for spread, shape in (
        (settings.brightness, (n, 1, 1)),
        (settings.band_jitter, (n, 1, bands)),
        (settings.date_jitter, (n, steps, 1)),
        (settings.noise, (n, steps, bands)),
    ):
        if spread > 0:
            log_gain = log_gain + spread * torch.randn(shape, generator=generator)
    if bool(log_gain.any()):
        image = image * log_gain.exp()[..., None, None]
    return batch._replace(image=image)


def _with_other_days(batch: TrainingBatch, generator: torch.Generator, settings: Augmentation) -> TrainingBatch:
    """Shift and stretch each chip's season as a whole about the mean of the days that show its field."""
    day, n = batch.day, len(batch.day)
    if settings.day_scale > 0:
        seen = batch.seen()
        centre = (day * seen).sum(1, keepdim=True) / seen.sum(1, keepdim=True).clamp(min=1)
        day = centre + (day - centre) * (settings.day_scale * torch.randn(n, 1, generator=generator)).exp()
    if settings.day_shift > 0:
        day = day + settings.day_shift * torch.randn(n, 1, generator=generator)
    return batch._replace(day=day)
