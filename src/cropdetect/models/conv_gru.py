"""The network that won CV4A in 2020, as it was."""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from cropdetect.errors import MissingBandError
from cropdetect.models.network import Network

BANDS_2020 = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12", "CLD")
_EPSILON = 1e-6
_DROPPED = "B11"


class ConvGRU(Network):
    """Three convolutions a date, averaged over the field, then a bidirectional GRU over the dates as they come.

    Square roots of 13 raw bands and three normalised differences are standardised and B11 is left out. Per date: two 3x3
    convolutions and a 1x1 convolution with group norm and ELU; the mean over the field's pixels; a three-layer
    bidirectional GRU; its output at the last date through a linear layer.

    It does not use `day`, and uses `clear` only on request; its group norm sees padding, and its last date is the
    last step: batches must hold chips of equal shape. The network is kept as it was, so the published weights give the
    published answers.

    Args:
        bands: what the data has; must hold the 13 bands of 2020. The network takes those 13, in `BANDS_2020`'s order.
        n_classes: length of the legend.
        cloud_as_reflectance: as in 2020, cloud probability is a channel like any other and cloudy pixels are averaged in.
            Otherwise it is left out, and a date's average is over its clear pixels, 0 where there is none.

    Raises:
        MissingBandError: a band of 2020 is absent.

    References:
        Amer, K. (2022). A Spatio-Temporal Deep Learning-Based Crop Classification Model for Satellite Imagery, version
        1.0. Radiant MLHub, doi 10.34911/rdnt.h28fju.
    """

    name = "conv-gru"
    padding_invariant = False
    training_arguments: ClassVar[dict[str, Any]] = {"cloud_as_reflectance": False}
    description = "2020 CV4A winner: convolutions a date, masked averaging, bidirectional GRU"

    def __init__(self, bands: Sequence[str] = BANDS_2020, n_classes: int = 7, cloud_as_reflectance: bool = True) -> None:
        missing = [band for band in BANDS_2020 if band not in bands]
        if missing:
            raise MissingBandError(
                f"{self.name} needs the band(s) {', '.join(missing)}",
                fix="Add the band(s), or use --model season-cnn, which takes any bands.",
            )
        channels = (*BANDS_2020, "NDVI", "NDWI-green", "NDWI-blue")
        super().__init__(BANDS_2020, n_classes, channels, {"cloud_as_reflectance": cloud_as_reflectance})
        self._sees_clouds = cloud_as_reflectance
        dropped = (_DROPPED,) if cloud_as_reflectance else (_DROPPED, "CLD")
        self._kept = [position for position, channel in enumerate(channels) if channel not in dropped]
        self.conv1 = nn.Conv2d(len(self._kept), 64, 3, padding=1, bias=False)
        self.gn1 = nn.GroupNorm(2, 64)
        self.conv2 = nn.Conv2d(64, 64, 3, padding=1, bias=False)
        self.gn2 = nn.GroupNorm(2, 64)
        self.conv3 = nn.Conv2d(64, 128, 1, bias=False)
        self.gn3 = nn.GroupNorm(2, 128)
        self.gru = nn.GRU(128, 128, num_layers=3, bidirectional=True, batch_first=True)
        self.linear = nn.Linear(256, n_classes)

    def raw_channels(self, image: Tensor) -> Tensor:
        """See `Network.raw_channels`. Missing or negative numbers, which 2020's data had not, count as 0."""
        image = torch.where(image > 0, image, 0.0)
        blue, green, red, near_infrared = (image[:, :, BANDS_2020.index(band)] for band in ("B02", "B03", "B04", "B08"))
        differences = [
            (near_infrared - red) / (near_infrared + red + _EPSILON),
            (green - near_infrared) / (green + near_infrared + _EPSILON),
            (blue - near_infrared) / (blue + near_infrared + _EPSILON),
        ]
        return torch.cat([image.sqrt(), torch.stack(differences, dim=2)], dim=2)

    def features(self, image: Tensor) -> Tensor:
        """Return the standardised channels, (batch, step, 15, y, x); 14 without cloud probability."""
        mean, std = (values[self._kept, None, None] for values in (self.channel_mean, self.channel_std))
        return (self.raw_channels(image)[:, :, self._kept] - mean) / std

    def classify(self, features: Tensor, mask: Tensor) -> Tensor:
        """Score standardised channels.

        Args:
            features: (batch, step, 15, y, x) float32.
            mask: (batch, y, x) float32, or (batch, step, y, x) where it differs from date to date.
        """
        batch, step = features.shape[:2]
        x = features.flatten(0, 1)
        x = functional.elu(self.gn1(self.conv1(x)))
        x = functional.elu(self.gn2(self.conv2(x)))
        weight = mask.flatten(-2).reshape(batch, -1, 1, x.shape[2] * x.shape[3])  # (batch, 1 or step, 1, pixel)
        if torch._C._get_tracing_state() is None:
            x = functional.elu(self.gn3(self.conv3(x)))
        else:
            pixels = (weight > 0).flatten(0, 2).any(0).nonzero()[:, 0]
            x, weight = self._third_layer_at(x.flatten(2), pixels), weight[..., pixels]
        pixels = x.reshape(batch, step, 128, -1)
        area = weight.sum(3)
        area = torch.where(area > 0, area, torch.ones_like(area))  # a chip that lost its field still gets finite scores
        mean = (pixels @ weight.transpose(2, 3)).flatten(2) / area
        return self.linear(self.gru(mean)[0][:, -1])  # type: ignore[no-any-return]

    def _third_layer_at(self, x: Tensor, pixels: Tensor) -> Tensor:
        """Compute the third convolution, its group norm and ELU at some pixels only, for the exported network.

        Group norm needs the mean and the mean square of all pixels. A 1x1 convolution is linear, so both follow from the mean
        and the second moments of its inputs, at half the cost. All that depends on weights alone is a constant of the export.

        Args:
            x: (image, 64, pixel) float32.
            pixels: (chosen,) int64.

        Returns:
            (image, 128, chosen) float32.
        """
        weight, groups, n_pixels = self.conv3.weight.flatten(1), self.gn3.num_groups, x.shape[2]
        of_groups = weight.reshape(groups, -1, weight.shape[1])  # (2, 64, 64)
        square_weight = (of_groups.transpose(1, 2) @ of_groups).flatten(1) / of_groups.shape[1]  # (2, 64 x 64)
        mean = (x.mean(2) @ of_groups.mean(1).T)[:, :, None]  # (image, 2, 1)
        moments = (x @ x.transpose(1, 2)).flatten(1)
        square = (moments @ square_weight.T)[:, :, None] / n_pixels
        scale = self.gn3.weight.view(groups, -1) * torch.rsqrt((square - mean * mean).clamp(min=0) + self.gn3.eps)
        shift = self.gn3.bias.view(groups, -1) - mean * scale
        scale, shift = scale.flatten(1)[:, :, None], shift.flatten(1)[:, :, None]  # (image, 128, 1)
        return functional.elu((weight * scale) @ x[:, :, pixels] + shift)

    def forward(self, image: Tensor, mask: Tensor, clear: Tensor, day: Tensor) -> Tensor:
        """See `Network.forward`."""
        return self.classify(self.features(image), mask if self._sees_clouds else mask[:, None] * clear)
