"""Chips of one field are averaged as prediction averages them."""

import numpy as np
import torch
from torch import Tensor, nn

from cropdetect.formats import TrainOptions
from cropdetect.training.data import read_training_data
from cropdetect.training.loop import field_probabilities
from cropdetect.training.specification import specify_network
from tests.training.seasons import season


class FirstPixel(nn.Module):
    """Scores two classes by the first pixel of the first date."""

    def forward(self, image: Tensor, mask: Tensor, clear: Tensor, day: Tensor) -> Tensor:
        first = image[:, 0, 0, 0, 0]
        return torch.stack([first, -first], dim=1) / 1000


def test_chips_of_a_field_are_weighted_by_their_area_also_across_batches() -> None:
    chips = season(n_fields=60, chips_a_field=2, crops=("maize", "wheat"), size=2)
    chips.batch.mask[::2] *= 0.25
    data = read_training_data(chips)
    assert len(data.chips) > 64  # more than one batch
    specification = specify_network(data, np.arange(60), TrainOptions(arguments={"texture": False}))
    (found,) = field_probabilities([FirstPixel()], data, specification)
    first = chips.batch.image[:, 0, 0, 0, 0] / 1000
    of_chip = 1 / (1 + np.exp(-2 * first))
    area = chips.batch.mask.sum(axis=(1, 2))
    expected = np.bincount(chips.batch.field, of_chip * area) / np.bincount(chips.batch.field, area)
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-5)
    np.testing.assert_allclose(found.sum(axis=1), 1)
