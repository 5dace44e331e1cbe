"""What is particular to TempCNN: field means, gap filling, the sizes of its paper."""

import numpy as np
import pytest
import torch
from torch import nn

from cropdetect.errors import OptionError
from cropdetect.formats import Statistics
from cropdetect.models import create
from cropdetect.models.tempcnn import TempCNN


def built(bands: tuple[str, ...] = ("NDVI",), **arguments: object) -> TempCNN:
    torch.manual_seed(0)
    network = create("tempcnn", bands=list(bands), n_classes=3, **arguments)
    assert isinstance(network, TempCNN)
    return network.eval()


def series_of(network: TempCNN, *chips: torch.Tensor) -> np.ndarray:
    """Return what the first convolution is given, (batch, channel, reference day)."""
    seen: list[torch.Tensor] = []
    hook = network.layers.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    with torch.no_grad():
        network(*chips)
    hook.remove()
    return seen[0].numpy()


def test_the_sizes_are_those_of_the_paper() -> None:
    network = built(tuple("abcdefghij"), grid_end=360)
    convolutions = [layer for layer in network.layers if isinstance(layer, nn.Conv1d)]
    assert [(c.in_channels, c.out_channels, c.kernel_size) for c in convolutions] == [
        (10, 64, (5,)),
        (64, 64, (5,)),
        (64, 64, (5,)),
    ]
    linear = [layer for layer in network.layers if isinstance(layer, nn.Linear)]
    assert [(layer.in_features, layer.out_features) for layer in linear] == [(64 * 37, 256), (256, 3)]
    dropout = [layer.p for layer in network.layers if isinstance(layer, nn.Dropout)]
    assert dropout == [0.5] * 4
    assert sum(isinstance(layer, nn.BatchNorm1d) for layer in network.layers) == 4


def test_the_series_is_the_interpolation_of_standardised_field_means_over_clear_pixels() -> None:
    network = built(grid_start=0, grid_end=200, grid_step=25)
    network.set_statistics(Statistics(channels=["NDVI"], mean=[0.5], std=[0.25], origin="made up"))
    random = np.random.default_rng(0)
    image = random.random((1, 5, 1, 4, 4)).astype(np.float32)
    mask = random.choice([0, 0.25, 1], (1, 4, 4)).astype(np.float32)
    clear = random.random((1, 5, 4, 4)) < 0.7
    clear[0, 3] = False
    day = np.array([[20, 150, 90, 100, 180]], np.float32)
    answer = series_of(network, *(torch.from_numpy(part) for part in (image, mask, clear, day)))
    weight = mask[0] * clear[0]
    means = {int(day[0, t]): np.average((image[0, t, 0] - 0.5) / 0.25, weights=weight[t]) for t in (0, 1, 2, 4)}
    expected = np.interp(np.arange(0, 201, 25), sorted(means), [means[d] for d in sorted(means)])
    np.testing.assert_allclose(answer[0, 0], expected, atol=1e-5)


def test_a_band_missing_on_one_date_comes_from_its_neighbour_and_missing_everywhere_counts_as_the_mean() -> None:
    network = built(("NDVI", "EVI", "LAI"), grid_start=0, grid_end=100, grid_step=50)
    channels = ["NDVI", "EVI", "LAI"]
    network.set_statistics(Statistics(channels=channels, mean=[0.5, 0, 0], std=[1, 1, 1], origin="made up"))
    image = torch.tensor([[1.0, 2.0, torch.nan], [3.0, torch.nan, torch.nan]])[None, :, :, None, None]
    rest = torch.ones(1, 1, 1), torch.ones(1, 2, 1, 1, dtype=torch.bool), torch.tensor([[0.0, 100.0]])
    answer = series_of(network, image, *rest)
    np.testing.assert_allclose(answer[0], [[0.5, 1.5, 2.5], [2, 2, 0], [0, 0, 0]], atol=1e-6)


@pytest.mark.parametrize(
    "wrong", [{"grid_start": 10, "grid_end": 15}, {"kernel": 4}, {"dropout": 2}, {"hidden": -1}, {"layers": 2}]
)
def test_arguments_that_make_no_network_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        built(**wrong)


def test_a_training_batch_of_one_field_is_learnt_from() -> None:
    network = built(dropout=0).train()
    chips = torch.rand(1, 4, 1, 1, 1), torch.ones(1, 1, 1), torch.ones(1, 4, 1, 1, dtype=torch.bool), torch.rand(1, 4) * 300
    network(*chips).sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.grad is not None)
