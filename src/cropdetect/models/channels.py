"""From any bands to a network's input channels: scaling, normalised differences, missing values."""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from cropdetect.errors import OptionError
from cropdetect.imagery.bands import BANDS
from cropdetect.imagery.sensors import sensor_bands
from cropdetect.models.network import Network

REFLECTANCES = frozenset(band.name for band in BANDS if band.sensor == "sentinel-2" and band.kind == "reflectance")
"""Sentinel-2 band names, which get a square root unless `scaling` says otherwise."""

NORMALISED_DIFFERENCES = {
    "NDVI": ("B08", "B04"),
    "NDMI": ("B08", "B11"),
    "NDWI": ("B03", "B08"),
    "NDRE": ("B07", "B05"),
    "NDTI": ("B11", "B12"),
}


class ChannelNetwork(Network):
    """Base of the networks that take any bands.

    The channels are the bands (square root or as they are) and the normalised differences that their names allow.

    Args:
        bands: names of the bands of `image`, any.
        n_classes: length of the legend.
        scaling: for each band "sqrt" or "identity"; default: "sqrt" for Sentinel-2's reflectances.
        arguments: further arguments of the constructor, as JSON can hold them.

    Attributes:
        has_calendar: whether the constructor takes `grid_start`, `grid_end` and `grid_step`.
        has_texture: whether the constructor takes `texture`, which training turns off for chips of one pixel.

    Raises:
        OptionError: the bands are not different names, or `scaling` is not one word for each.
    """

    has_calendar: ClassVar[bool] = True
    has_texture: ClassVar[bool] = False

    def __init__(self, bands: Sequence[str], n_classes: int, scaling: Sequence[str] | None, arguments: dict[str, Any]) -> None:
        scaling = ["sqrt" if band in REFLECTANCES else "identity" for band in bands] if scaling is None else list(scaling)
        if not bands or len(set(bands)) != len(bands):
            raise OptionError(f"the bands must be one or more different names, not {list(bands)}", where=self.name)
        if len(scaling) != len(bands) or not set(scaling) <= {"sqrt", "identity"}:
            raise OptionError(f'scaling must name "sqrt" or "identity" for each of the {len(bands)} bands', where=self.name)
        differences = {n: pair for n, pair in NORMALISED_DIFFERENCES.items() if set(pair) <= set(bands) and n not in bands}
        super().__init__(bands, n_classes, (*bands, *differences), {"scaling": scaling, **arguments})
        self._roots = [position for position, kind in enumerate(scaling) if kind == "sqrt"]
        self._pairs = [(self.bands.index(a), self.bands.index(b)) for a, b in differences.values()]

    def channels_of_sensors(self) -> list[list[int]]:
        """Return the positions of the channels of each sensor."""
        return [[self.channels.index(name) for name in names] for names in sensor_bands(self.channels).values()]

    def _values(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return the channels before standardisation and, as bool, which of their values are there."""
        missing = torch.isnan(image)
        image = torch.where(missing, torch.zeros_like(image), image)
        values, there = [], []
        for position in range(len(self.bands)):
            band = image[:, :, position]
            values.append(band.clamp(min=0).sqrt() if position in self._roots else band)
            there.append(~missing[:, :, position])
        for first, second in self._pairs:
            a, b = image[:, :, first].clamp(min=0), image[:, :, second].clamp(min=0)
            total = a + b
            values.append(torch.where(total > 0, (a - b) / torch.where(total > 0, total, torch.ones_like(total)), 0.0))
            there.append(there[first] & there[second])
        return torch.stack(values, dim=2), torch.stack(there, dim=2)

    def raw_channels(self, image: Tensor) -> Tensor:
        """See `Network.raw_channels`."""
        values, there = self._values(image)
        return torch.where(there, values, torch.nan)

    def clear_channels(self, image: Tensor, clear: Tensor) -> tuple[Tensor, Tensor]:
        """Return the standardised channels, 0 where a value is missing or not clear, and which of their values are there.

        Args:
            image: (batch, step, band, y, x) float32, raw numbers; NaN where a value is missing.
            clear: (batch, step, y, x) bool.

        Returns:
            (batch, step, channel, y, x) float32 and bool.
        """
        values, there = self._values(image)
        there = there & clear[:, :, None]
        return torch.where(there, self.standardise(values), 0.0), there

    @staticmethod
    def field_means(values: Tensor, there: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean of each channel over the field, 0 where it is missing, and whether it is there.

        Args:
            values: (batch, step, channel, y, x), as `clear_channels` returns them.
            there: the same shape, bool.
            mask: (batch, y, x) float32, share of the pixel inside the field.

        Returns:
            (batch, step, channel) float32 and bool.
        """
        weight = mask.flatten(1)[:, None, :, None]  # (batch, 1, pixel, 1)
        area = (there.to(values.dtype).flatten(3) @ weight).squeeze(3)
        total = (values.flatten(3) @ weight).squeeze(3)
        present = area > 0
        return total / torch.where(present, area, torch.ones_like(area)), present
