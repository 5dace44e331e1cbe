"""The idea of 2020 carried on: clear pixels only, real dates, any bands, a read-out of the whole season."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from cropdetect.errors import OptionError
from cropdetect.models.channels import ChannelNetwork

_ABSENT = -1e9  # log weight of a step without a clear pixel: its share in a softmax is exactly 0
_THIN = 2.5e-3  # summed kernel below which a reference day counts as not observed at all


class MaskedConvolution(nn.Module):
    """Convolution, ReLU, and division by the root mean square over channels, all 0 where a pixel is not clear.

    Nothing is averaged over space, and what is not clear is 0 before and after, so padding a chip changes no pixel of it.

    Args:
        inputs: channels taken.
        outputs: channels given.
        depthwise: one 3x3 filter a channel and a 1x1 convolution that mixes them, instead of one dense 3x3 convolution.
    """

    def __init__(self, inputs: int, outputs: int, *, depthwise: bool) -> None:
        super().__init__()
        if depthwise:
            self.spatial: nn.Module = nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs, bias=False)
            self.mixing: nn.Module = nn.Conv2d(inputs, outputs, 1)
        else:
            self.spatial = nn.Conv2d(inputs, outputs, 3, padding=1)
            self.mixing = nn.Identity()

    def forward(self, x: Tensor, clear: Tensor) -> Tensor:
        """Return (image, outputs, y, x).

        Args:
            x: (image, inputs, y, x), 0 where not clear.
            clear: (image, 1, y, x) float, 0 or 1.
        """
        x = functional.relu(self.mixing(self.spatial(x)))
        return x * (clear * torch.rsqrt((x * x).mean(1, keepdim=True) + 1e-4))


class ConvGRUv2(ChannelNetwork):
    """Clear-aware averaging over the field, interpolation to a regular calendar, bidirectional GRU, whole-season read-out.

    1. Channels: bands (square root or as they are) and the normalised differences their names allow, standardised; a
       missing value is 0, and one more channel holds the share of channels that are there, 0 where not clear.
    2. Per date two masked 3x3 convolutions (the second depthwise), normalised per pixel.
    3. Mean and standard deviation over pixels weighted by mask x clear; a linear layer makes the date's embedding.
    4. Dates to a regular calendar of reference days: a softmax over the present dates of Gaussian kernels with learned
       widths, weighted by the clear share of the field; the log of the summed kernel tells how well observed the
       reference day is.
    5. Two-layer bidirectional GRU over the calendar; attention mean and maximum over it; dropout; linear layer.

    The order of the steps does not matter, and an absent step or spatial padding changes nothing.

    Args:
        bands: names of the bands of `image`, any.
        n_classes: length of the legend.
        scaling: for each band "sqrt" or "identity"; default: "sqrt" for Sentinel-2's reflectances.
        grid_start: first reference day, days since 1 January of the season year.
        grid_end: the calendar ends at or before this day.
        grid_step: days between reference days.
        hidden: size of the GRU in each direction.
        dropout: share dropped between GRU layers and before the linear layer.

    References:
        Shukla, S. N., Marlin, B. M. (2021). Multi-Time Attention Networks for Irregularly Sampled Time Series. ICLR
        (the interpolation). Garnot, V. S. F. et al. (2020). Satellite Image Time Series Classification with Pixel-Set
        Encoders and Temporal Self-Attention. CVPR (mean and standard deviation over a field's pixels).
    """

    name = "conv-gru-v2"
    padding_invariant = True
    description = "clear-aware field averaging, learned interpolation to a calendar, bidirectional GRU, attention read-out"

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
        hidden: int = 96,
        dropout: float = 0.3,
    ) -> None:
        if grid_step < 1 or grid_end - grid_start < grid_step:
            raise OptionError(
                f"a calendar from day {grid_start} to {grid_end} in steps of {grid_step} has fewer than 2 days", where=self.name
            )
        arguments = {
            "grid_start": grid_start,
            "grid_end": grid_end,
            "grid_step": grid_step,
            "hidden": hidden,
            "dropout": dropout,
        }
        super().__init__(bands, n_classes, scaling, arguments)

        self.convolution1 = MaskedConvolution(len(self.channels) + 1, 48, depthwise=False)
        self.convolution2 = MaskedConvolution(48, 64, depthwise=True)
        self.embedding = nn.Sequential(nn.Linear(128, 128), nn.LayerNorm(128), nn.ReLU())

        days = torch.arange(grid_start, grid_end + 1, grid_step, dtype=torch.float32)
        angle = 2 * torch.pi * days / 365.25
        self.register_buffer("calendar", days, persistent=False)
        self.register_buffer("season", torch.stack([angle.sin(), angle.cos()], dim=1), persistent=False)
        self.log_width = nn.Parameter(torch.tensor([0.6 * grid_step, 2.0 * grid_step]).log())

        self.gru = nn.GRU(128 + 2 + 2, hidden, num_layers=2, bidirectional=True, batch_first=True, dropout=dropout)
        self.attention = nn.Linear(2 * hidden, 1)
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(4 * hidden, n_classes)

    def _embed(self, image: Tensor, mask: Tensor, clear: Tensor) -> tuple[Tensor, Tensor]:
        """Return an embedding of every date, (batch, step, 128), and the clear share of the field, (batch, step)."""
        values, there = self.clear_channels(image, clear)
        complete = there.to(values.dtype).mean(2, keepdim=True)
        x = torch.cat([values, complete], dim=2).flatten(0, 1)
        usable = (complete > 0).to(values.dtype)
        x = self.convolution1(x, usable.flatten(0, 1))
        x = self.convolution2(x, usable.flatten(0, 1))

        weight = mask[:, None] * usable[:, :, 0]  # (batch, step, y, x)
        area = weight.flatten(2).sum(2)
        divisor = torch.where(area > 0, area, torch.ones_like(area)).flatten()[:, None]
        pixels, column = x.flatten(2), weight.flatten(0, 1).flatten(1)[:, :, None]
        mean = (pixels @ column).squeeze(2) / divisor
        square = ((pixels * pixels) @ column).squeeze(2) / divisor
        spread = ((square - mean * mean).clamp(min=0) + 1e-4).sqrt()
        embedding = self.embedding(torch.cat([mean, spread], dim=1)).reshape(*area.shape, -1)

        field = mask.flatten(1).sum(1, keepdim=True)
        return embedding, area / torch.where(field > 0, field, torch.ones_like(field))

    def _interpolate(self, embedding: Tensor, share: Tensor, day: Tensor) -> Tensor:
        """Bring dates to the calendar, (batch, reference day, 128 + 2 + 2)."""
        present = share > 0
        # Half of the embedding is interpolated with the narrow kernel, half with the wide one.
        distance = (self.calendar[None, None, :, None] - day[:, None, None, :]) / self.log_width.exp()[None, :, None, None]
        log_share = torch.where(present, share, torch.ones_like(share)).log()
        logits = log_share[:, None, None] - 0.5 * distance * distance
        logits = torch.where(present[:, None, None], logits, _ABSENT)  # (batch, kernel, reference day, step)

        halves = embedding.reshape(*day.shape, 2, 64).transpose(1, 2)  # (batch, kernel, step, 64)
        values = (logits.softmax(3) @ halves).transpose(1, 2).flatten(2)
        values = values * present.any(1)[:, None, None].to(values.dtype)  # a softmax over absent steps only means nothing
        density = (logits.exp().sum(3) + _THIN).log().transpose(1, 2)
        season = self.season[None].expand(values.shape[0], -1, -1)
        return torch.cat([values, density, season], dim=2)

    def forward(self, image: Tensor, mask: Tensor, clear: Tensor, day: Tensor) -> Tensor:
        """See `Network.forward`."""
        embedding, share = self._embed(image, mask, clear)
        states = self.gru(self._interpolate(embedding, share, day))[0]
        attention = self.attention(states).softmax(1)
        summary = torch.cat([(states * attention).sum(1), states.amax(1)], dim=1)
        return self.linear(self.dropout(summary))  # type: ignore[no-any-return]
