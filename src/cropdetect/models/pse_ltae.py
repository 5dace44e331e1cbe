"""A set of pixels a date, attention over the dates."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from cropdetect.errors import OptionError
from cropdetect.models.batch_norm import BatchNorm
from cropdetect.models.channels import ChannelNetwork

_WIDTH = 256  # of the embedding that attention sees
_ABSENT = -1e9  # score of a date without a clear pixel: its share in a softmax is exactly 0
_SMOOTH = 1e-5  # added to a variance, so that the root of 0 has a slope
_PERIOD = 1000.0  # of the slowest sine, days (times 2 pi)


class PSELTAE(ChannelNetwork):
    """Pixel-set encoder (PSE) and lightweight temporal attention encoder (L-TAE), with the papers' sizes.

    1. Channels: the bands (square root or as they are) and the normalised differences their names allow, standardised; a
       missing value is 0.
    2. PSE: each clear pixel of the field through a perceptron (32, 64); mean and standard deviation over the pixels of a
       date; a linear layer makes the date's embedding (128).
    3. L-TAE: a layer that widens it (256), a sinusoidal encoding of the day of the season, 16 heads with one learned query
       each, whose values are 16 parts of the embedding; dates without a clear pixel get no attention; a layer (128).
    4. Classifier: 64, 32, classes.

    What differs from the papers: mean and standard deviation are taken over all clear pixels of the field, weighted by the
    mask, instead of 64 random pixels. So the same field always gets the same answer. The widened embedding is
    normalised date by date instead of over the series, whose length is not fixed here. No geometrical features are added.
    Layers before a batch normalisation, and the keys, have no bias, since it would change nothing. Only pixels and dates
    that are there enter the batch normalisations.

    Args:
        bands: names of the bands of `image`, any.
        n_classes: length of the legend.
        scaling: for each band "sqrt" or "identity"; default: "sqrt" for Sentinel-2's reflectances.
        heads: attention heads; the embedding of 256 is divided among them.
        keys: length of the keys and queries.
        dropout: share dropped before the classifier.
        attention_dropout: share of the attention weights dropped.

    References:
        Garnot, V. S. F., Landrieu, L., Giordano, S., Chehata, N. (2020). Satellite Image Time Series Classification with
        Pixel-Set Encoders and Temporal Self-Attention. CVPR. Garnot, V. S. F., Landrieu, L. (2020). Lightweight Temporal
        Self-Attention for Classifying Satellite Image Time Series. ECML PKDD Workshop on Advanced Analytics and Learning on
        Temporal Data.
    """

    name = "pse-ltae"
    padding_invariant = True
    context = 0
    has_calendar = False
    description = "clear pixels of the field as a set a date, 16-head attention over days of the season"

    frequency: Tensor

    def __init__(
        self,
        bands: Sequence[str],
        n_classes: int,
        scaling: Sequence[str] | None = None,
        heads: int = 16,
        keys: int = 8,
        dropout: float = 0.2,
        attention_dropout: float = 0.1,
    ) -> None:
        arguments = {"heads": heads, "keys": keys, "dropout": dropout, "attention_dropout": attention_dropout}
        super().__init__(bands, n_classes, scaling, arguments)
        if heads < 1 or _WIDTH % (2 * heads):
            raise OptionError(f"{heads} heads do not divide an embedding of {_WIDTH} into even parts", where=self.name)
        self.heads, self.keys = heads, keys
        self.pixel = nn.Sequential(*_layer(len(self.channels), 32), *_layer(32, 64))
        self.date = nn.Sequential(nn.Linear(128, 128, bias=False), BatchNorm(128))

        self.widen = nn.Sequential(nn.LayerNorm(128), nn.Linear(128, _WIDTH), nn.LayerNorm(_WIDTH))
        part = _WIDTH // heads
        self.register_buffer("frequency", _PERIOD ** (-torch.arange(0, part, 2) / part), persistent=False)
        self.key = nn.Linear(_WIDTH, heads * keys, bias=False)
        self.query = nn.Parameter(torch.empty(heads, keys))
        nn.init.normal_(self.key.weight, std=math.sqrt(2 / keys))
        nn.init.normal_(self.query, std=math.sqrt(2 / keys))
        self.attention_dropout = nn.Dropout(attention_dropout)
        self.season = nn.Sequential(*_layer(_WIDTH, 128), nn.Dropout(dropout), nn.LayerNorm(128))

        self.classifier = nn.Sequential(*_layer(128, 64), *_layer(64, 32), nn.Linear(32, n_classes))

    def _embed(self, image: Tensor, mask: Tensor, clear: Tensor) -> tuple[Tensor, Tensor]:
        """Return an embedding of every date, 0 where none is, (batch, step, 128), and where one is, (batch, step)."""
        usable = clear & (mask > 0)[:, None] & (~torch.isnan(image)).any(2)
        # Only these pixels are computed: most of a chip is not field, and batch normalisation must not see the rest.
        chosen = torch.nonzero(usable.flatten(), as_tuple=True)[0]
        pixels = image.permute(0, 1, 3, 4, 2).flatten(0, 3).index_select(0, chosen)  # (usable pixel, band)
        weight = mask[:, None].expand_as(usable).flatten().index_select(0, chosen)[:, None]
        position = torch.arange(usable.shape[0] * usable.shape[1], device=mask.device)
        date = position[:, None].expand(-1, usable.shape[2] * usable.shape[3]).flatten().index_select(0, chosen)
        everywhere = torch.ones_like(weight, dtype=torch.bool)[None, :, :, None]
        values, _ = self.clear_channels(pixels[None, :, :, None, None], everywhere)
        x = self.pixel(values[0, :, :, 0, 0])

        empty = torch.zeros_like(position, dtype=x.dtype)[:, None]

        def summed(rows: Tensor) -> Tensor:
            start = empty.expand(-1, rows.shape[1])
            return start.scatter_add(0, date[:, None].expand_as(rows), rows)

        area = summed(weight)
        present = torch.nonzero(area[:, 0] > 0, as_tuple=True)[0]
        of_present = area.index_select(0, present)
        mean = summed(x * weight).index_select(0, present) / of_present
        square = summed(x * x * weight).index_select(0, present) / of_present
        spread = ((square - mean * mean).clamp(min=0) + _SMOOTH).sqrt()
        embedding: Tensor = self.date(torch.cat([mean, spread], dim=1))
        dates = empty.expand(-1, 128).scatter(0, present[:, None].expand_as(embedding), embedding)
        there = usable.flatten(2).any(2)
        return dates.reshape(there.shape[0], -1, 128), there

    def _attend(self, embedding: Tensor, present: Tensor, day: Tensor) -> Tensor:
        """Return one embedding of the season, (batch, 256)."""
        angle = day[..., None] * self.frequency
        position = torch.stack([angle.sin(), angle.cos()], dim=3).flatten(2)  # (batch, step, part), sine and cosine by turns
        x = self.widen(embedding) + position.repeat(1, 1, self.heads)
        key = self.key(x).unflatten(2, (self.heads, self.keys))
        score = (key * self.query).sum(3) / math.sqrt(self.keys)  # (batch, step, head)
        score = torch.where(present[:, :, None], score, _ABSENT)
        attention = self.attention_dropout(score.softmax(1))
        value = x.unflatten(2, (self.heads, -1))
        season: Tensor = (attention[..., None] * value).sum(1).flatten(1)
        return season * present.any(1, keepdim=True).to(season.dtype)  # a softmax over absent dates only means nothing

    def forward(self, image: Tensor, mask: Tensor, clear: Tensor, day: Tensor) -> Tensor:
        """See `Network.forward`."""
        embedding, present = self._embed(image, mask, clear)
        return self.classifier(self.season(self._attend(embedding, present, day)))  # type: ignore[no-any-return]


def _layer(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Linear(inputs, outputs, bias=False), BatchNorm(outputs), nn.ReLU()]
