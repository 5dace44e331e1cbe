"""What is particular to our network: channels, missing values, real dates."""

from typing import Any

import numpy as np
import pytest
import torch

from cropdetect.errors import CheckpointError, OptionError
from cropdetect.formats import Statistics
from cropdetect.models import Network, create
from cropdetect.models.texture import MaskedConvolution


def built(bands: list[str], **arguments: Any) -> Network:
    torch.manual_seed(0)
    return create("season-cnn", bands=bands, n_classes=3, **arguments).eval()


def test_bands_get_the_scaling_and_the_differences_their_names_allow() -> None:
    network = built(["B04", "VV", "B08"])
    assert network.channels == ("B04", "VV", "B08", "NDVI")
    image = torch.tensor([900.0, -12.5, 2500.0]).reshape(1, 1, 3, 1, 1)
    np.testing.assert_allclose(network.raw_channels(image).flatten(), [30, -12.5, 50, 1600 / 3400], rtol=1e-6)


def test_scaling_can_be_given() -> None:
    network = built(["NIR", "B04"], scaling=["sqrt", "identity"])
    image = torch.tensor([400.0, 400.0]).reshape(1, 1, 2, 1, 1)
    assert network.raw_channels(image).flatten().tolist() == [20, 400]


def test_a_difference_of_two_zeros_or_negative_reflectances_is_zero() -> None:
    network = built(["B04", "B08"])
    image = torch.tensor([[0.0, 0.0], [-5.0, -7.0]]).reshape(2, 1, 2, 1, 1)
    assert network.raw_channels(image).flatten().tolist() == [0.0] * 6


def test_a_missing_band_makes_its_channels_missing_and_no_other() -> None:
    network = built(["B03", "B04", "B08"])
    image = torch.tensor([400.0, torch.nan, 900.0]).reshape(1, 1, 3, 1, 1)
    missing = torch.isnan(network.raw_channels(image)).flatten()
    assert dict(zip(network.channels, missing.tolist(), strict=True)) == {
        "B03": False,
        "B04": True,
        "B08": False,
        "NDVI": True,
        "NDWI": False,
    }


def test_a_band_called_ndvi_is_not_computed_twice() -> None:
    assert built(["B04", "B08", "NDVI"]).channels == ("B04", "B08", "NDVI")


def test_a_missing_value_is_told_from_the_mean() -> None:
    network = built(["NDVI", "EVI"])
    network.set_statistics(Statistics(channels=["NDVI", "EVI"], mean=[0.4, 0.3], std=[0.2, 0.2], origin="made up"))
    rest = (torch.ones(1, 1, 1), torch.ones(1, 1, 1, 1, dtype=torch.bool), torch.full((1, 1), 150.0))
    mean = network(torch.tensor([0.7, 0.3]).reshape(1, 1, 2, 1, 1), *rest)
    missing = network(torch.tensor([0.7, torch.nan]).reshape(1, 1, 2, 1, 1), *rest)
    assert (mean - missing).abs().max() > 1e-6


def test_a_table_with_one_band_and_one_date_is_enough() -> None:
    network = built(["NDVI"])
    rest = (torch.ones(2, 1, 1), torch.ones(2, 1, 1, 1, dtype=torch.bool), torch.zeros(2, 1))
    assert torch.isfinite(network(torch.rand(2, 1, 1, 1, 1), *rest)).all()


def test_dates_count_by_their_day() -> None:
    network = built(["NDVI"])
    image = torch.rand(1, 4, 1, 1, 1)
    rest = (torch.ones(1, 1, 1), torch.ones(1, 4, 1, 1, dtype=torch.bool))
    early = network(image, *rest, torch.tensor([[10.0, 40, 80, 120]]))
    late = network(image, *rest, torch.tensor([[110.0, 140, 180, 220]]))
    assert (early - late).abs().max() > 1e-4


def test_a_single_pixel_is_convolved_as_a_larger_chip_of_which_it_is_the_middle() -> None:
    torch.manual_seed(0)
    for depthwise in (False, True):
        convolution = MaskedConvolution(3, 5, depthwise=depthwise)
        torch.nn.init.normal_(convolution.spatial.bias)
        pixel, clear = torch.randn(2, 3, 1, 1), torch.ones(2, 1, 1, 1)
        padded = torch.nn.functional.pad(pixel, (1, 1, 1, 1))
        expected = convolution(padded, torch.ones(2, 1, 3, 3))[:, :, 1:2, 1:2]
        torch.testing.assert_close(convolution(pixel, clear), expected, atol=1e-5, rtol=0)


def test_the_embedding_is_the_average_over_clear_field_pixels_weighted_by_the_mask() -> None:
    """A 1x1 chip repeated as isolated pixels gives the same answer, whatever their weights."""
    network = built(["NDVI"])
    one = (
        torch.full((1, 1, 1, 1, 1), 0.7),
        torch.ones(1, 1, 1),
        torch.ones(1, 1, 1, 1, dtype=torch.bool),
        torch.full((1, 1), 90.0),
    )
    image, mask, clear = torch.zeros(1, 1, 1, 5, 5), torch.zeros(1, 5, 5), torch.zeros(1, 1, 5, 5, dtype=torch.bool)
    for row, column, weight in ((0, 0, 1.0), (0, 4, 0.25), (4, 2, 0.5)):
        image[..., row, column], mask[:, row, column], clear[..., row, column] = 0.7, weight, True
    torch.testing.assert_close(network(image, mask, clear, one[3]), network(*one), atol=1e-5, rtol=0)


def test_without_texture_a_field_is_its_mean() -> None:
    network = built(["NDVI", "EVI"], texture=False)
    generator = torch.Generator().manual_seed(1)
    image = torch.rand(1, 3, 2, 4, 4, generator=generator)
    mask = (torch.rand(1, 4, 4, generator=generator) > 0.4).float()
    clear, day = torch.ones(1, 3, 4, 4, dtype=torch.bool), torch.tensor([[40.0, 90.0, 200.0]])
    mean = ((image * mask).sum((3, 4)) / mask.sum())[..., None, None]
    whole = network(mean, torch.ones(1, 1, 1), clear[:, :, :1, :1], day)
    torch.testing.assert_close(network(image, mask, clear, day), whole, atol=1e-5, rtol=0)
    textured = built(["NDVI", "EVI"])
    mean_alone = textured(mean, torch.ones(1, 1, 1), clear[:, :, :1, :1], day)
    assert (textured(image, mask, clear, day) - mean_alone).abs().max() > 1e-4


def test_a_channel_that_one_date_lacks_comes_from_the_others() -> None:
    network = built(["NDVI", "EVI"], texture=False)
    rest = (torch.ones(1, 1, 1), torch.ones(1, 2, 1, 1, dtype=torch.bool), torch.tensor([[80.0, 80.0]]))
    lacking = torch.tensor([[0.7, 0.2], [0.7, torch.nan]]).reshape(1, 2, 2, 1, 1)
    same = torch.tensor([[0.7, 0.2], [0.7, 0.2]]).reshape(1, 2, 2, 1, 1)
    torch.testing.assert_close(network(lacking, *rest), network(same, *rest), atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    "arguments",
    [
        {"bands": []},
        {"bands": ["B02", "B02"]},
        {"scaling": ["sqrt"]},
        {"scaling": ["sqrt", "log"]},
        {"grid_step": 0},
        {"grid_start": 100, "grid_end": 105},
    ],
)
def test_arguments_that_make_no_network_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(OptionError):
        create("season-cnn", **{"bands": ["B02", "B03"], "n_classes": 3, **arguments})


def test_statistics_of_other_channels_are_refused() -> None:
    with pytest.raises(CheckpointError, match="NDVI"):
        built(["B04"]).set_statistics(Statistics(channels=["NDVI"], mean=[0.0], std=[1.0], origin="made up"))
