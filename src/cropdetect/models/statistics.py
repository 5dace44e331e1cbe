"""Means and standard deviations of a network's input channels, in one pass over the chips."""

from collections.abc import Iterable

import numpy as np
import torch

from cropdetect.chips.batch import ChipBatch
from cropdetect.errors import TrainingDataError
from cropdetect.formats import Statistics
from cropdetect.models.network import Network


def channel_statistics(network: Network, batches: Iterable[ChipBatch], origin: str, *, as_2020: bool) -> Statistics:
    """Compute what standardises the channels of a network.

    Args:
        network: makes the channels of the bands.
        batches: chips whose `image` holds `network.bands`, in that order.
        origin: where the chips come from, for the record.
        as_2020: take all chips, dates and pixels, the zeros of the padding included; otherwise only clear pixels.

    Returns:
        Mean 0 and standard deviation 1 for a channel without any value; standard deviation 1 for one that never varies.

    Raises:
        TrainingDataError: no chip holds a value.
    """
    n_channels = len(network.channels)
    count, mean, squares = np.zeros(n_channels), np.zeros(n_channels), np.zeros(n_channels)
    for batch in batches:
        with torch.no_grad():
            image = torch.from_numpy(batch.image.astype(np.float32))
            # In float64 from here on: a square root has 24 bits, a sum over a season of them needs more.
            values = network.raw_channels(image).numpy().astype(np.float64)
        there = ~np.isnan(values) if as_2020 else ~np.isnan(values) & batch.clear[:, :, None]
        axes = (0, 1, 3, 4)
        n = there.sum(axis=axes)
        divisor = np.maximum(n, 1)
        batch_mean = np.where(there, values, 0).sum(axis=axes) / divisor
        deviation = np.where(there, values - batch_mean[:, None, None], 0)
        # Chan, Golub, LeVeque (1979): means and sums of squares of two parts joined without cancellation.
        shift, total = batch_mean - mean, np.maximum(count + n, 1)
        squares += (deviation**2).sum(axis=axes) + shift**2 * count * n / total
        mean += shift * n / total
        count += n
    if not count.any():
        raise TrainingDataError(
            "no chip holds a clear pixel, so the channels cannot be standardised",
            fix="Check the bands, the fields' position and the clear mask.",
        )
    std = np.sqrt(squares / np.maximum(count, 1))
    std = np.where(std > 1e-12 * np.maximum(1, np.abs(mean)), std, 1.0)
    return Statistics(channels=list(network.channels), mean=mean.tolist(), std=std.tolist(), origin=origin)
