"""A regular calendar of reference days, and linear interpolation of irregular dates to it."""

import torch
from torch import Tensor

from cropdetect.errors import OptionError


def reference_days(grid_start: int, grid_end: int, grid_step: int, where: str) -> Tensor:
    """Return the reference days, (reference day,) float32, days since 1 January of the season year.

    Args:
        grid_start: the first.
        grid_end: none is later.
        grid_step: days between them.
        where: the network, for errors.

    Raises:
        OptionError: there are fewer than 2.
    """
    if grid_step < 1 or grid_end - grid_start < grid_step:
        raise OptionError(
            f"a calendar from day {grid_start} to {grid_end} in steps of {grid_step} has fewer than 2 days", where=where
        )
    return torch.arange(grid_start, grid_end + 1, grid_step, dtype=torch.float32)


def linear_weights(calendar: Tensor, day: Tensor, present: Tensor) -> Tensor:
    """Weigh dates so that their weighted sum is the value at a reference day, linear between the nearest dates on both sides.

    Before the first and after the last date that is there, its value holds. Dates of the same day count alike. The order of
    the dates does not matter.

    Args:
        calendar: (reference day,) float32.
        day: (batch, step) float32.
        present: (batch, step) bool, which dates take part.

    Returns:
        (batch, reference day, step) float32; rows sum to 1, and to 0 where no date takes part.
    """
    days, there, at = day[:, None], present[:, None], calendar[None, :, None]
    far = 1e6  # days; beyond every date
    before = torch.where(there & (days <= at), days, -far).amax(2, keepdim=True)
    after = torch.where(there & (days >= at), days, far).amin(2, keepdim=True)
    before, after = torch.where(before == -far, after, before), torch.where(after == far, before, after)
    span = after - before
    share = torch.where(span > 0, (at - before) / torch.where(span > 0, span, torch.ones_like(span)), torch.zeros_like(span))

    def alike(chosen: Tensor) -> Tensor:
        those = (there & (days == chosen)).to(day.dtype)
        return those / those.sum(2, keepdim=True).clamp(min=1)

    return alike(before) * (1 - share) + alike(after) * share


def kernel_weights(calendar: Tensor, day: Tensor, share: Tensor, width: float) -> Tensor:
    """Weigh dates by a Gaussian about each reference day, so that their weighted sum is a smoothed value there.

    Nothing is learned here, and no gradient flows. The order of the dates does not matter.

    Args:
        calendar: (reference day,) float32.
        day: (batch, step) float32.
        share: (batch, step) float32, weight of each date; 0 where it takes no part.
        width: standard deviation of the Gaussian, days.

    Returns:
        (batch, reference day, step) float32; rows sum to 1, or to 0 where no date takes part.
    """
    with torch.no_grad():
        exponent = (calendar[None, :, None] - day[:, None]).square() * (-0.5 / width**2)
        # Dates that are all far away still share the weight: the nearest has most of it.
        nearest = torch.where(share[:, None] > 0, exponent, -1e9).amax(2, keepdim=True)
        kernel = (exponent - nearest).clamp(min=-60, max=0).exp() * share[:, None]
        total = kernel.sum(2, keepdim=True)
        return kernel / torch.where(total > 0, total, torch.ones_like(total))
