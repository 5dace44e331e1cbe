"""The idea of 2020 carried on: clear pixels only, real dates, any bands, a read-out of the whole season."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from cropdetect.models.batch_norm import BatchNorm
from cropdetect.models.calendar import kernel_weights, reference_days
from cropdetect.models.channels import ChannelNetwork
from cropdetect.models.texture import Texture

_TEXTURE = 48  # channels of the first convolution
_SIZE = 64  # channels of everything behind it
_WIDTHS = (0.6, 2.0)  # of the two kernels, in steps of the calendar: nearest dates, and the season's course


class SeasonCNN(ChannelNetwork):
    """Clear-aware averaging over the field, interpolation to a regular calendar, convolutions, whole-season read-out.

    1. Channels: see :class:`ChannelNetwork`.
    2. Per date the mean of each channel over the field, pixels weighted by mask x clear. `texture` adds two masked 3x3
       convolutions (the second depthwise), normalised per pixel. A linear layer makes the date's embedding of their mean and
       standard deviation over the field, and of the channels' means.
    3. Dates to a regular calendar of reference days: the mean of the present dates under a narrow and a wide Gaussian,
       weighted by the clear share of the field; a channel that is missing on some dates is the mean of the others. The
       network does not know how well a day is observed. Otherwise it would learn which region was seen on which days, and
       be wrong but sure in other regions.
    4. Two convolutions over the calendar, the first in steps of two, each with batch normalisation, ReLU and dropout.
    5. The whole calendar through a dense layer, batch normalisation, ReLU, dropout and a linear layer. It replaces
       the recurrent layers of 2020, which read only the last step.

    The order of the dates does not matter, and an absent step or spatial padding changes nothing.

    Args:
        bands: names of the bands of `image`, any.
        n_classes: length of the legend.
        scaling: for each band "sqrt" or "identity"; default: "sqrt" for Sentinel-2's reflectances.
        grid_start: first reference day, days since 1 January of the season year.
        grid_end: the calendar ends at or before this day.
        grid_step: days between reference days.
        texture: look at the pixels of a field and their neighbours, not at its mean alone.
        dense: units of the dense layer.
        dropout: share dropped behind each convolution over the calendar and behind the dense layer.

    References:
        Shukla, S. N., Marlin, B. M. (2019). Interpolation-Prediction Networks for Irregularly Sampled Time Series. ICLR.
        Garnot, V. S. F. et al. (2020). Satellite Image Time Series Classification with Pixel-Set Encoders and Temporal
        Self-Attention. CVPR (mean and standard deviation over a field's pixels).
        Pelletier, C., Webb, G. I., Petitjean, F. (2019). Temporal Convolutional Neural Network for the Classification of
        Satellite Image Time Series. Remote Sensing 11(5), 523 (dense layer over the whole season).
    """

    name = "season-cnn"
    padding_invariant = True
    has_texture = True
    takes_missing_bands = True
    context = 2
    description = "clear-aware field averaging, interpolation to a calendar, convolutions, dense read-out of the whole season"

    calendar: Tensor

    def __init__(
        self,
        bands: Sequence[str],
        n_classes: int,
        scaling: Sequence[str] | None = None,
        grid_start: int = 0,
        grid_end: int = 365,
        grid_step: int = 10,
        texture: bool = True,
        dense: int = 128,
        dropout: float = 0.3,
    ) -> None:
        arguments = {
            "grid_start": grid_start,
            "grid_end": grid_end,
            "grid_step": grid_step,
            "texture": texture,
            "dense": dense,
            "dropout": dropout,
        }
        super().__init__(bands, n_classes, scaling, arguments)
        n_channels = len(self.channels)
        inputs = 2 * n_channels
        self.texture = Texture(n_channels + 1, _TEXTURE, _SIZE) if texture else None
        if texture:
            self.embedding = nn.Sequential(nn.Linear(2 * _SIZE + 2 * n_channels, _SIZE), nn.LayerNorm(_SIZE), nn.ReLU())
            inputs += _SIZE

        days = reference_days(grid_start, grid_end, grid_step, self.name)
        self.register_buffer("calendar", days, persistent=False)
        self._widths = [width * grid_step for width in _WIDTHS]

        layers: list[nn.Module] = []
        for channels, stride in ((inputs, 2), (_SIZE, 1)):
            convolution = nn.Conv1d(channels, _SIZE, 5, stride=stride, padding=2, bias=False)
            layers += [convolution, BatchNorm(_SIZE), nn.ReLU(), nn.Dropout(dropout)]
        self.course = nn.Sequential(*layers)
        season = _SIZE * math.ceil(len(days) / 2)
        self.dense = nn.Sequential(
            nn.Flatten(), nn.Linear(season, dense, bias=False), BatchNorm(dense), nn.ReLU(), nn.Dropout(dropout)
        )
        self.linear = nn.Linear(dense, n_classes)

    def _dates(self, image: Tensor, mask: Tensor, clear: Tensor) -> tuple[Tensor, Tensor, Tensor | None, Tensor]:
        """Return channel means and whether they are there, an embedding (batch, step, 64) and the clear share (batch, step)."""
        values, there = self.clear_channels(image, clear)
        complete = there.to(values.dtype).mean(2, keepdim=True)
        usable = (complete[:, :, 0] > 0).to(values.dtype)
        means, found = self.field_means(values, there, mask)
        present, embedding = found.to(values.dtype), None
        if self.texture is None:
            area = (usable * mask[:, None]).flatten(2).sum(2)
        else:
            mean, spread, area = self.texture(torch.cat([values, complete], dim=2), usable, mask)
            embedding = self.embedding(torch.cat([mean, spread, means, present], dim=2))
        field = mask.flatten(1).sum(1, keepdim=True)
        return means, present, embedding, area / torch.where(field > 0, field, torch.ones_like(field))

    def _interpolate(self, means: Tensor, present: Tensor, embedding: Tensor | None, weights: Tensor) -> Tensor:
        """Bring dates to the calendar, (batch, reference day, channel and size of the embedding)."""
        parts = weights @ present
        series = (weights @ means) / torch.where(parts > 0, parts, torch.ones_like(parts))
        return series if embedding is None else torch.cat([weights @ embedding, series], dim=2)

    def forward(self, image: Tensor, mask: Tensor, clear: Tensor, day: Tensor) -> Tensor:
        """See `Network.forward`."""
        means, present, embedding, share = self._dates(image, mask, clear)
        # Half of the embedding is interpolated with the narrow kernel, half with the wide one.
        halves = [None] * len(self._widths) if embedding is None else embedding.chunk(len(self._widths), dim=2)
        series = [
            self._interpolate(means, present, half, kernel_weights(self.calendar, day, share, width))
            for half, width in zip(halves, self._widths, strict=True)
        ]
        season = torch.cat(series, dim=2).transpose(1, 2)
        return self.linear(self.dense(self.course(season)))  # type: ignore[no-any-return]
