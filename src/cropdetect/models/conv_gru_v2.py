"""The idea of 2020 carried on: clear pixels only, real dates, any bands, a read-out of the whole season."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from cropdetect.models.calendar import kernel_weights, reference_days
from cropdetect.models.channels import ChannelNetwork
from cropdetect.models.min_gru import MinGRU
from cropdetect.models.texture import Texture

_TEXTURE = 48  # channels of the first convolution
_SIZE = 64  # channels of everything behind it
_WIDTHS = (0.6, 2.0)  # of the two kernels, in steps of the calendar: nearest dates, and the season's course


class ConvGRUv2(ChannelNetwork):
    """Clear-aware averaging over the field, interpolation to a regular calendar, bidirectional GRU, whole-season read-out.

    1. Channels: see :class:`ChannelNetwork`; a missing value is 0, and one more channel holds the share of channels that are
       there, 0 where not clear.
    2. Per date two masked 3x3 convolutions (the second depthwise), normalised per pixel.
    3. Mean and standard deviation over pixels weighted by mask x clear, and the mean of each channel itself; a linear layer
       makes the date's embedding.
    4. Dates to a regular calendar of reference days: the mean of the present dates under a narrow and a wide Gaussian,
       weighted by the clear share of the field; the log of the summed kernel tells how well observed the reference day is.
    5. Two convolutions over the calendar, the first in steps of two; a bidirectional minimal GRU; attention mean and maximum
       over the season; dropout; linear layer.

    The order of the dates does not matter, and an absent step or spatial padding changes nothing.

    Args:
        bands: names of the bands of `image`, any.
        n_classes: length of the legend.
        scaling: for each band "sqrt" or "identity"; default: "sqrt" for Sentinel-2's reflectances.
        grid_start: first reference day, days since 1 January of the season year.
        grid_end: the calendar ends at or before this day.
        grid_step: days between reference days.
        hidden: size of the GRU in each direction.
        dropout: share dropped behind each convolution over the calendar and before the linear layer.

    References:
        Shukla, S. N., Marlin, B. M. (2019). Interpolation-Prediction Networks for Irregularly Sampled Time Series. ICLR.
        Garnot, V. S. F. et al. (2020). Satellite Image Time Series Classification with Pixel-Set Encoders and Temporal
        Self-Attention. CVPR (mean and standard deviation over a field's pixels).
    """

    name = "conv-gru-v2"
    padding_invariant = True
    context = 2
    description = "clear-aware field averaging, interpolation to a calendar, bidirectional minimal GRU, attention read-out"

    calendar: Tensor
    season: Tensor

    def __init__(
        self,
        bands: Sequence[str],
        n_classes: int,
        scaling: Sequence[str] | None = None,
        grid_start: int = 0,
        grid_end: int = 365,
        grid_step: int = 10,
        hidden: int = 64,
        dropout: float = 0.3,
    ) -> None:
        arguments = {
            "grid_start": grid_start,
            "grid_end": grid_end,
            "grid_step": grid_step,
            "hidden": hidden,
            "dropout": dropout,
        }
        super().__init__(bands, n_classes, scaling, arguments)
        n_channels = len(self.channels)
        self.texture = Texture(n_channels + 1, _TEXTURE, _SIZE)
        self.embedding = nn.Sequential(nn.Linear(2 * _SIZE + 2 * n_channels, _SIZE), nn.LayerNorm(_SIZE), nn.ReLU())

        days = reference_days(grid_start, grid_end, grid_step, self.name)
        angle = 2 * torch.pi * days / 365.25
        self.register_buffer("calendar", days, persistent=False)
        self.register_buffer("season", torch.stack([angle.sin(), angle.cos()], dim=1), persistent=False)
        self._widths = [width * grid_step for width in _WIDTHS]

        self.course1 = nn.Conv1d(_SIZE + 2 * n_channels + 2 + 2, _SIZE, 5, stride=2, padding=2)
        self.norm1 = nn.LayerNorm(_SIZE)
        self.course2 = nn.Conv1d(_SIZE, _SIZE, 5, padding=2)
        self.norm2 = nn.LayerNorm(_SIZE)
        self.gru = MinGRU(_SIZE, hidden)
        self.attention = nn.Linear(2 * hidden, 1)
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(4 * hidden, n_classes)

    def _embed(self, image: Tensor, mask: Tensor, clear: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return an embedding (batch, step, 64), channel means (batch, step, channel) and the clear share (batch, step)."""
        values, there = self.clear_channels(image, clear)
        complete = there.to(values.dtype).mean(2, keepdim=True)
        usable = (complete[:, :, 0] > 0).to(values.dtype)
        mean, spread, area = self.texture(torch.cat([values, complete], dim=2), usable, mask)
        means, present = self.field_means(values, there, mask)
        embedding = self.embedding(torch.cat([mean, spread, means, present.to(values.dtype)], dim=2))
        field = mask.flatten(1).sum(1, keepdim=True)
        return embedding, means, area / torch.where(field > 0, field, torch.ones_like(field))

    def _interpolate(self, embedding: Tensor, means: Tensor, share: Tensor, day: Tensor) -> Tensor:
        """Bring dates to the calendar, (batch, 64 + 2 channels + 2 + 2, reference day)."""
        series, densities = [], []
        # Half of the embedding is interpolated with the narrow kernel, half with the wide one.
        for half, width in zip(embedding.chunk(2, dim=2), self._widths, strict=True):
            weights, density = kernel_weights(self.calendar, day, share, width)
            series.append(weights @ torch.cat([half, means], dim=2))
            densities.append(density)
        season = self.season[None].expand(day.shape[0], -1, -1)
        return torch.cat([*series, *densities, season], dim=2).transpose(1, 2)

    def _course(self, x: Tensor, convolution: nn.Module, norm: nn.Module) -> Tensor:
        return self.dropout(functional.relu(norm(convolution(x).transpose(1, 2)))).transpose(1, 2)  # type: ignore[no-any-return]

    def forward(self, image: Tensor, mask: Tensor, clear: Tensor, day: Tensor) -> Tensor:
        """See `Network.forward`."""
        embedding, means, share = self._embed(image, mask, clear)
        x = self._interpolate(embedding, means, share, day)
        x = self._course(x, self.course1, self.norm1)
        x = self._course(x, self.course2, self.norm2)
        states = self.gru(x.transpose(1, 2))
        attention = self.attention(states).softmax(1)
        summary = torch.cat([(states * attention).sum(1), states.amax(1)], dim=1)
        return self.linear(self.dropout(summary))  # type: ignore[no-any-return]
