"""`Texture` as exported networks compute it: the clear pixels in the fields and beside them, and no others.

Those are listed, of all images of a call in one list, and looked up. All that depends on images and masks alone comes first, so
that the members of an ensemble share it.
"""

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

if TYPE_CHECKING:
    from cropdetect.models.texture import MaskedConvolution


def statistics_of_seen_pixels(
    convolution1: "MaskedConvolution", convolution2: "MaskedConvolution", x: Tensor, clear: Tensor, mask: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return mean and variance, (batch, step, outputs) each, and the sum of the weights, (batch, step).

    Args:
        convolution1: dense.
        convolution2: depthwise.
        x: (batch, step, inputs, y, x) float32, 0 where not clear.
        clear: (batch, step, y, x) float32, 0 or 1.
        mask: (batch, y, x) float32, share of the pixel inside the field.
    """
    rows, columns = _extent(mask, 1), _extent(mask, 2)
    near = functional.max_pool2d((mask > 0).to(mask.dtype)[:, None], 3, stride=1, padding=1)
    known = _Known.of((near * clear > 0).flatten(0, 1))
    patches = _patches(x.flatten(0, 1), known)
    numbers = known.numbers[:, rows[0] : rows[1] + 2, columns[0] : columns[1] + 2]
    weight = (mask[:, None] * clear).flatten(0, 1)[:, rows[0] : rows[1], columns[0] : columns[1]]
    places, weights = _seen(weight)

    dense, depthwise, mixing = convolution1.spatial, convolution2.spatial, convolution2.mixing
    assert mixing is not None
    y = functional.relu(functional.linear(patches, dense.weight.permute(0, 2, 3, 1).flatten(1), dense.bias))
    y = y * (known.there.to(y.dtype) * _inverse_length(y))
    y = functional.conv2d(y[numbers].permute(0, 3, 1, 2), depthwise.weight, depthwise.bias, groups=depthwise.groups)
    y = y.permute(0, 2, 3, 1).reshape(-1, depthwise.out_channels)[places.flatten()]
    y = functional.relu(functional.linear(y, mixing.weight.flatten(1), mixing.bias))

    y = (y * _inverse_length(y)).reshape(places.shape[0], -1, mixing.out_channels)

    # Differences from the mean, not from its square: a field of one pixel has no variance, even in bfloat16.
    area = weights.sum(2, keepdim=True)
    share = weights / torch.where(area > 0, area, torch.ones_like(area))
    mean = share @ y
    difference = y - mean
    of_dates = (*clear.shape[:2], mixing.out_channels)
    return mean.reshape(of_dates), (share @ (difference * difference)).reshape(of_dates), area.reshape(clear.shape[:2])


class _Known(NamedTuple):
    """Pixels that are computed, in order, and behind them one that stands for all others and is 0.

    Attributes:
        corners: (pixel + 1,) int64, of the 3x3 patch about each in all images, which have a border of one pixel.
        there: (pixel + 1, 1) int64, 1, and 0 for the last.
        numbers: (image, y + 2, x + 2) int64, of each pixel of the images with their border.
    """

    corners: Tensor
    there: Tensor
    numbers: Tensor

    @classmethod
    def of(cls, known: Tensor) -> "_Known":
        """Number the pixels of (image, y, x) bool."""
        known = functional.pad(known.long(), (1, 1, 1, 1))
        (places,) = known.flatten().nonzero(as_tuple=True)
        nothing = places.new_zeros(1)
        there = torch.cat([torch.ones_like(places), nothing])[:, None]
        numbers = torch.where(known > 0, (known.flatten().cumsum(0) - 1).reshape(known.shape), places.shape[0])
        return cls(torch.cat([places - known.shape[2] - 1, nothing]), there, numbers)


def _patches(x: Tensor, known: _Known) -> Tensor:
    """Return the 3x3 pixels about each known pixel, (pixel + 1, 9 x inputs), pixel by pixel.

    Args:
        x: (image, inputs, y, x).
        known: pixels of the same images.
    """
    x = functional.pad(x, (1, 1, 1, 1))
    row = torch.arange(3, device=x.device)
    shifts = torch.cat([row, row + x.shape[3], row + 2 * x.shape[3]])
    return x.permute(0, 2, 3, 1).flatten(0, 2)[known.corners[:, None] + shifts].flatten(1)


def _seen(weight: Tensor) -> tuple[Tensor, Tensor]:
    """List the pixels of each image that have a weight, as many as the image with most of them has.

    Args:
        weight: (image, y, x).

    Returns:
        Places in all images, (image, seen) int64, and weights, (image, 1, seen): 0 for what fills up the lists.
    """
    some = weight.flatten(1) > 0
    (places,) = some.flatten().nonzero(as_tuple=True)
    count = some.long().sum(1)
    first = count.cumsum(0) - count
    most = count.amax().clamp(min=1)  # stays a tensor: a Python number would be a constant of the export
    rank = torch.arange(most, device=weight.device)  # type: ignore[call-overload]
    number = (first[:, None] + rank).clamp(max=places.shape[0])
    places = torch.cat([places, places.new_zeros(1)])[number]
    return places, torch.where(rank < count[:, None], weight.flatten()[places], 0.0)[:, None]


def _extent(mask: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """Return the first row or column that is inside any mask, and the one behind the last; never the same."""
    inside = mask.amax(dim=(0, 3 - axis)) > 0
    places = torch.arange(inside.shape[0], device=mask.device)
    first = torch.where(inside, places, inside.shape[0] - 1).amin()
    last = torch.where(inside, places, 0).amax()
    return first, torch.maximum(first, last) + 1


def _inverse_length(y: Tensor) -> Tensor:
    """Return the inverse of the root mean square of each pixel, (pixel, 1), of (pixel, channel)."""
    return torch.rsqrt((y * y).mean(1, keepdim=True) + 1e-4)
