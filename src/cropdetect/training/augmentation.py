"""Small changes to a batch that leave its crops what they are: another weather, another year, another haze, another angle."""

import torch

from cropdetect.formats import Augmentation
from cropdetect.training.geometry import cropped, flipped, warped
from cropdetect.training.sample import Sample

__all__ = ["Augmentation", "augment"]

_TOGETHER = 8  # chips mixed at once, which bounds the memory it takes


def augment(
    sample: Sample, generator: torch.Generator, amount: Augmentation, *, takes_gaps: bool, binary_mask: bool = False
) -> Sample:
    """Return a changed copy of a batch; labels, fields and areas stay.

    Chips of one pixel are changed in dates, days and values only. Whatever is changed, a chip goes on showing its field: a
    spatial change that would lose it is not made.

    Args:
        sample: the batch, on the CPU; nothing is written to its tensors.
        generator: source of all randomness; the same state gives the same result.
        amount: how much.
        takes_gaps: whether the network looks at `clear` and `day`. One that does not loses one random date of every chip
            instead of seeing clouds, so that all chips keep equal shapes, and gets the days as they are.
        binary_mask: keep the mask at 0 or 1 (preset cv4a).
    """
    if takes_gaps:
        sample = _without_some_dates(sample, generator, amount.date_drop)
    elif amount.remove_date and sample.day.shape[1] > 2:
        sample = _without_one_date(sample, generator)
    if amount.mix > 0:
        sample = _mixed(sample, generator, amount, takes_gaps=takes_gaps)
    if sample.mask.shape[1:] != (1, 1):
        sample = flipped(sample, generator, amount)
        sample = warped(sample, generator, amount, takes_gaps=takes_gaps, binary_mask=binary_mask)
        sample = cropped(sample, generator, amount)
    sample = _with_other_values(sample, generator, amount)
    return _with_other_days(sample, generator, amount) if takes_gaps else sample


def _without_some_dates(sample: Sample, generator: torch.Generator, date_drop: float) -> Sample:
    """Make up to a share of the dates cloudy; every chip keeps at least one of its clear dates."""
    if date_drop == 0:
        return sample
    n, steps = sample.day.shape
    dropped = torch.rand(n, steps, generator=generator) < date_drop * torch.rand(n, 1, generator=generator)
    survivor = torch.where(sample.seen(), torch.rand(n, steps, generator=generator), -1.0).argmax(1)
    dropped[torch.arange(n), survivor] = False
    return sample._replace(clear=sample.clear & ~dropped[:, :, None, None])


def _without_one_date(sample: Sample, generator: torch.Generator) -> Sample:
    """Take one random date out of every chip; the others keep their order."""
    order = torch.rand(sample.day.shape, generator=generator).argsort(1)[:, 1:]
    return sample.take_steps(order.sort(1).values)


def _mixed(sample: Sample, generator: torch.Generator, amount: Augmentation, *, takes_gaps: bool) -> Sample:
    """Mix into some chips a share of another chip of the batch, where that shows the same day.

    In 2020 the other part was a window of the same scene, for which all scenes had to be in memory. Another chip of the
    batch is such a window too, and takes one copy of the batch and a few chips at a time. A network that looks at `clear`
    gets no cloud mixed into a clear pixel.
    """
    n = len(sample.day)
    if n == 1:
        return sample
    chosen = torch.nonzero(torch.rand(n, generator=generator) < amount.mix_chance)[:, 0]
    other = (chosen + torch.randint(1, n, (len(chosen),), generator=generator)) % n
    image = sample.image.clone()
    for host, guest in zip(torch.split(chosen, _TOGETHER), torch.split(other, _TOGETHER), strict=True):
        usable = (sample.day[host] == sample.day[guest])[:, :, None, None]
        if takes_gaps:
            usable = usable & sample.clear[guest]
        change = (sample.image[guest] - sample.image[host]) * amount.mix
        # A value that is missing in either chip leaves the own value as it is.
        image.index_add_(0, host, torch.where(usable[:, :, None], change, 0.0).nan_to_num_(nan=0.0))
    return sample._replace(image=image)


def _with_other_values(sample: Sample, generator: torch.Generator, amount: Augmentation) -> Sample:
    """Scale the values of each chip, date and band as a whole; missing values stay missing."""
    n, steps, bands = sample.image.shape[:3]
    image = sample.image
    log_gain = torch.zeros(n, steps, bands)
    for spread, shape in (
        (amount.brightness, (n, 1, 1)),
        (amount.band_jitter, (n, 1, bands)),
        (amount.date_jitter, (n, steps, 1)),
        (amount.noise, (n, steps, bands)),
    ):
        if spread > 0:
            log_gain = log_gain + spread * torch.randn(shape, generator=generator)
    if bool(log_gain.any()):
        image = image * log_gain.exp()[..., None, None]
    return sample._replace(image=image)


def _with_other_days(sample: Sample, generator: torch.Generator, amount: Augmentation) -> Sample:
    """Shift and stretch each chip's season as a whole about the mean of the days that show its field."""
    day, n = sample.day, len(sample.day)
    if amount.day_scale > 0:
        seen = sample.seen()
        centre = (day * seen).sum(1, keepdim=True) / seen.sum(1, keepdim=True).clamp(min=1)
        day = centre + (day - centre) * (amount.day_scale * torch.randn(n, 1, generator=generator)).exp()
    if amount.day_shift > 0:
        day = day + amount.day_shift * torch.randn(n, 1, generator=generator)
    return sample._replace(day=day)
