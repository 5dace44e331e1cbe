"""What a field looks like on a date: two masked convolutions, then mean and spread over the field's clear pixels."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from cropdetect.models.exported_texture import statistics_of_seen_pixels

_FEW = 0.4  # share of the pixels up to which computing only those about the fields is quicker
_SHIFTS = [(row, column) for row in range(3) for column in range(3)]


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
        groups = inputs if depthwise else 1
        self.spatial = nn.Conv2d(inputs, inputs if depthwise else outputs, 3, padding=1, groups=groups)
        self.mixing = nn.Conv2d(inputs, outputs, 1) if depthwise else None

    def forward(self, x: Tensor, clear: Tensor) -> Tensor:
        """Return (image, outputs, y, x).

        Args:
            x: (image, inputs, y, x), 0 where not clear.
            clear: (image, 1, y, x) float, 0 or 1.
        """
        if x.shape[2:] != (1, 1):
            x = self.spatial(x)
        else:
            # Of a single pixel a 3x3 filter sees its own middle only: the other eight weights are spared.
            centre = self.spatial.weight[:, :, 1:2, 1:2]
            x = functional.conv2d(x, centre, self.spatial.bias, groups=self.spatial.groups)
        x = functional.relu(x if self.mixing is None else self.mixing(x))
        return x * (clear * torch.rsqrt((x * x).mean(1, keepdim=True) + 1e-4))

    def at(self, x: Tensor, neighbours: Tensor, clear: Tensor) -> Tensor:
        """Do the same for some pixels only, (pixel, step, outputs).

        Args:
            x: (known pixel + 1, step, inputs), the last 0.
            neighbours: (pixel, 9) int64, known pixels about each pixel, row by row.
            clear: (pixel, step, 1) float, 0 or 1.
        """
        weight = self.spatial.weight  # (outputs or inputs, inputs or 1, 3, 3)
        bias = self.spatial.bias
        assert bias is not None
        if self.mixing is None:
            patches = x[neighbours].permute(0, 2, 3, 1).flatten(2)  # (pixel, step, inputs x 9)
            y = functional.linear(patches, weight.flatten(1), bias)
        else:
            shifted = (x[neighbours[:, k]] * weight[:, 0, row, column] for k, (row, column) in enumerate(_SHIFTS))
            y = functional.linear(sum(shifted, start=bias), self.mixing.weight.flatten(1), self.mixing.bias)
        y = functional.relu(y)
        return y * (clear * torch.rsqrt((y * y).mean(2, keepdim=True) + 1e-4))


class Texture(nn.Module):
    """Two masked 3x3 convolutions (the second depthwise) a date, then mean and standard deviation over the field.

    Pixels are weighted by mask x clear. Where fields fill a small part of their chips, as smallholders' do, only the pixels
    about them are computed, with the same result. Exported networks compute only those that are clear.

    Args:
        inputs: channels taken.
        hidden: channels of the first convolution.
        outputs: channels of the second.
    """

    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.convolution1 = MaskedConvolution(inputs, hidden, depthwise=False)
        self.convolution2 = MaskedConvolution(hidden, outputs, depthwise=True)

    def forward(self, x: Tensor, clear: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return mean and spread, (batch, step, outputs) each, and the clear area of the field, (batch, step).

        Args:
            x: (batch, step, inputs, y, x) float32, 0 where not clear.
            clear: (batch, step, y, x) float32, 0 or 1.
            mask: (batch, y, x) float32, share of the pixel inside the field.
        """
        if torch._C._get_tracing_state() is not None:
            mean, variance, area = statistics_of_seen_pixels(self.convolution1, self.convolution2, x, clear, mask)
            return mean, (variance + 1e-4).sqrt(), area
        if mask.shape[1:] == (1, 1):
            sums, squares, area = self._everywhere(x, clear, mask)
        else:
            near = functional.max_pool2d((mask > 0).float()[:, None], 3, stride=1, padding=1)[:, 0] > 0
            few = int(near.sum()) < _FEW * near.numel()
            sums, squares, area = self._about_fields(x, clear, mask, near) if few else self._everywhere(x, clear, mask)
        divisor = torch.where(area > 0, area, torch.ones_like(area))[:, :, None]
        mean = sums / divisor
        return mean, ((squares / divisor - mean * mean).clamp(min=0) + 1e-4).sqrt(), area

    def _everywhere(self, x: Tensor, clear: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return weighted sums of values and squares, (batch, step, outputs), and of the weights, (batch, step)."""
        seen = clear.flatten(0, 1)[:, None]
        pixels = self.convolution2(self.convolution1(x.flatten(0, 1), seen), seen).flatten(2)
        weight = mask[:, None] * clear
        column = weight.flatten(0, 1).flatten(1)[:, :, None]
        both = pixels @ column, (pixels * pixels) @ column
        sums, squares = (values.reshape(*weight.shape[:2], -1) for values in both)
        return sums, squares, weight.flatten(2).sum(2)

    def _about_fields(self, x: Tensor, clear: Tensor, mask: Tensor, near: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the same as `_everywhere`, computing the second convolution in the fields and the first about them.

        Args:
            x: (batch, step, inputs, y, x).
            clear: (batch, step, y, x).
            mask: (batch, y, x).
            near: (batch, y, x) bool, pixels in a field or beside one.
        """
        within = functional.max_pool2d(near.float()[:, None], 3, stride=1, padding=1)[:, 0] > 0
        chip, row, column = within.nonzero(as_tuple=True)
        values = functional.pad(x[chip, :, :, row, column], (0, 0, 0, 0, 0, 1))
        first = near.nonzero(as_tuple=True)
        seen = clear[first[0], :, first[1], first[2]][:, :, None]
        values = functional.pad(self.convolution1.at(values, _neighbours(within, first), seen), (0, 0, 0, 0, 0, 1))
        chip, row, column = second = (mask > 0).nonzero(as_tuple=True)
        seen = clear[chip, :, row, column][:, :, None]
        values = self.convolution2.at(values, _neighbours(near, second), seen)
        weight = mask[chip, row, column][:, None, None] * seen
        n, steps = x.shape[:2]
        nothing = values.new_zeros(n, steps, values.shape[2])
        sums = nothing.index_add(0, chip, weight * values)
        squares = nothing.index_add(0, chip, weight * values * values)
        return sums, squares, values.new_zeros(n, steps).index_add(0, chip, weight[:, :, 0])


def _neighbours(known: Tensor, pixels: tuple[Tensor, ...]) -> Tensor:
    """Return the numbers of the nine pixels about each pixel, (pixel, 9); what is not known has the number behind the last.

    Args:
        known: (batch, y, x) bool; known pixels are numbered in order.
        pixels: chip, row and column of each pixel.
    """
    number = known.flatten().cumsum(0).reshape(known.shape) - 1
    count = int(known.sum())
    number = functional.pad(torch.where(known, number, count), (1, 1, 1, 1), value=count)
    chip, row, column = pixels
    return torch.stack([number[chip, row + down, column + right] for down, right in _SHIFTS], dim=1)
