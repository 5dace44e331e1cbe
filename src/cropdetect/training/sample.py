"""What a network is shown at once."""

from typing import NamedTuple

import torch
from torch import Tensor

from cropdetect.chips.batch import field_windows


class Sample(NamedTuple):
    """One batch as a network takes it, with what is needed to score it.

    Attributes:
        image: (chip, step, band, y, x) float32; NaN where a value is missing.
        mask: (chip, y, x) float32.
        clear: (chip, step, y, x) bool.
        day: (chip, step) float32.
        label: (chip,) int64.
        field: (chip,) int64, position of the field.
        area: (chip,) float32, field pixels.
    """

    image: Tensor
    mask: Tensor
    clear: Tensor
    day: Tensor
    label: Tensor
    field: Tensor
    area: Tensor

    def seen(self) -> Tensor:
        """Return (chip, step) bool: dates that show a clear pixel of the field."""
        return (self.clear & (self.mask > 0)[:, None]).flatten(2).any(2)

    def take_steps(self, order: Tensor) -> "Sample":
        """Return the batch with other steps; `order` is (chip, new step) int64, positions of steps."""
        rows = torch.arange(len(order))[:, None]
        return self._replace(image=self.image[rows, order], clear=self.clear[rows, order], day=self.day[rows, order])

    def around_fields(self, margin: int) -> "Sample":
        """Return the batch cut to the smallest windows that hold every field and `margin` pixels about it."""
        windows = field_windows(self.mask.numpy(), margin)
        if not windows or self.mask[0][windows[0]].shape == self.mask.shape[1:]:
            return self
        image, mask, clear = (
            torch.stack([part[chip][..., rows, columns] for chip, (rows, columns) in enumerate(windows)])
            for part in (self.image, self.mask, self.clear)
        )
        return self._replace(image=image, mask=mask, clear=clear)
