"""Temporal convolutions over field means on a regular calendar."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from cropdetect.errors import OptionError
from cropdetect.models.batch_norm import BatchNorm
from cropdetect.models.calendar import linear_weights, reference_days
from cropdetect.models.channels import ChannelNetwork


class TempCNN(ChannelNetwork):
    """Three temporal convolutions and a dense layer over a gap-filled season of field means.

    1. Channels: the bands (square root or as they are) and the normalised differences their names allow, standardised.
    2. Mean of each channel over the field's clear pixels, weighted by the mask.
    3. Linear interpolation between clear dates to a calendar of reference days, for each sensor between its own dates; beyond
       the first and last date their values hold. A channel that is missing on one neighbouring date comes from the other;
       missing on both, it counts as the mean.
    4. Three times convolution over time, batch normalisation, ReLU, dropout; then all steps through a dense layer with the
       same three, and a linear layer.

    Width, kernel, dropout and dense layer are the paper's. The paper classifies pixels; here a field is classified by its
    mean. Layers before a batch normalisation have no bias, because it would subtract it again.

    Args:
        bands: names of the bands of `image`, any.
        n_classes: length of the legend.
        scaling: for each band "sqrt" or "identity"; default: "sqrt" for Sentinel-2's reflectances.
        grid_start: first reference day, days since 1 January of the season year.
        grid_end: the calendar ends at or before this day.
        grid_step: days between reference days.
        hidden: filters of each convolution.
        kernel: length of the filters, reference days; odd.
        dense: units of the dense layer.
        dropout: share dropped after each of the four layers.

    References:
        Pelletier, C., Webb, G. I., Petitjean, F. (2019). Temporal Convolutional Neural Network for the Classification of
        Satellite Image Time Series. Remote Sensing 11(5), 523.
    """

    name = "tempcnn"
    padding_invariant = True
    takes_missing_bands = True
    context = 0
    description = "field means on a calendar by linear interpolation, three temporal convolutions, dense layer"

    calendar: Tensor

    def __init__(
        self,
        bands: Sequence[str],
        n_classes: int,
        scaling: Sequence[str] | None = None,
        grid_start: int = 0,
        grid_end: int = 365,
        grid_step: int = 10,
        hidden: int = 64,
        kernel: int = 5,
        dense: int = 256,
        dropout: float = 0.5,
    ) -> None:
        arguments = {
            "grid_start": grid_start,
            "grid_end": grid_end,
            "grid_step": grid_step,
            "hidden": hidden,
            "kernel": kernel,
            "dense": dense,
            "dropout": dropout,
        }
        super().__init__(bands, n_classes, scaling, arguments)
        if kernel < 1 or kernel % 2 == 0:
            raise OptionError(f"a filter of {kernel} reference days has no middle", where=self.name, fix="Give an odd length.")
        days = reference_days(grid_start, grid_end, grid_step, self.name)
        self.register_buffer("calendar", days, persistent=False)
        self._sensors = self.channels_of_sensors()
        layers: list[nn.Module] = []
        for inputs in (len(self.channels), hidden, hidden):
            convolution = nn.Conv1d(inputs, hidden, kernel, padding="same", bias=False)
            layers += [convolution, BatchNorm(hidden), nn.ReLU(), nn.Dropout(dropout)]
        layers += [nn.Flatten(), nn.Linear(hidden * len(days), dense, bias=False)]
        layers += [BatchNorm(dense), nn.ReLU(), nn.Dropout(dropout), nn.Linear(dense, n_classes)]
        self.layers = nn.Sequential(*layers)

    def forward(self, image: Tensor, mask: Tensor, clear: Tensor, day: Tensor) -> Tensor:
        """See `Network.forward`."""
        means, present = self.field_means(*self.clear_channels(image, clear), mask)
        if len(self._sensors) == 1:
            series = self._interpolated(means, present, day)
        else:
            of_sensors = [self._interpolated(means[..., own], present[..., own], day) for own in self._sensors]
            places = [place for own in self._sensors for place in own]
            series = torch.cat(of_sensors, dim=2)[..., [places.index(place) for place in range(len(places))]]
        return self.layers(series.transpose(1, 2))  # type: ignore[no-any-return]

    def _interpolated(self, means: Tensor, present: Tensor, day: Tensor) -> Tensor:
        """Return the channels of one sensor on the reference days, between the dates on which it is there."""
        weights = linear_weights(self.calendar, day, present.any(2))
        parts = weights @ present.to(means.dtype)
        return (weights @ means) / torch.where(parts > 0, parts, torch.ones_like(parts))
