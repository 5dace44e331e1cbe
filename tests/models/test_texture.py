"""Computing only the pixels about the fields, or only clear ones, gives what computing all gives; values and gradients."""

import pytest
import torch

from cropdetect.models.exported_texture import statistics_of_seen_pixels
from cropdetect.models.texture import Texture


@pytest.mark.parametrize("seed", range(4))
def test_pixels_about_the_fields_give_the_same_as_all_pixels(seed: int) -> None:
    torch.manual_seed(seed)
    texture = Texture(3, 4, 5).double()
    mask = torch.zeros(4, 9, 10, dtype=torch.float64)
    mask[0, 3:5, 4:7] = torch.rand(2, 3).double()
    mask[1, 0, 0] = 1
    mask[2, 8, 9], mask[2, 2, 2] = 0.3, 1  # the fourth chip has no field
    clear = (torch.rand(4, 6, 9, 10) > 0.4).double()
    x = torch.randn(4, 6, 3, 9, 10).double() * clear[:, :, None]
    near = torch.nn.functional.max_pool2d((mask > 0).float()[:, None], 3, stride=1, padding=1)[:, 0] > 0
    results, gradients = [], []
    for found in (texture._everywhere(x, clear, mask), texture._about_fields(x, clear, mask, near)):
        texture.zero_grad()
        (found[0].square().sum() + found[1].sum()).backward()
        results.append(found)
        gradients.append([parameter.grad.clone() for parameter in texture.parameters() if parameter.grad is not None])
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other)
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("share", [0.0, 0.6, 1.0], ids=["nothing clear", "some clear", "all clear"])
@pytest.mark.parametrize("fields", ["small", "at the edges", "whole chips", "none"])
def test_exports_compute_clear_pixels_only_and_get_the_same(fields: str, share: float) -> None:
    torch.manual_seed(0)
    texture = Texture(3, 4, 5).double()
    mask = torch.zeros(3, 9, 10, dtype=torch.float64)
    if fields == "small":
        mask[0, 3:5, 4:7], mask[2, 6, 2] = torch.rand(2, 3).double(), 1
    elif fields == "at the edges":
        mask[0, 0, 0], mask[1, 8, 4:10], mask[2, 2, 9] = 1, 0.5, 0.3
    elif fields == "whole chips":
        mask += 1
    clear = (torch.rand(3, 6, 9, 10) < share).double()
    x = torch.randn(3, 6, 3, 9, 10).double() * clear[:, :, None]
    found = statistics_of_seen_pixels(texture.convolution1, texture.convolution2, x, clear, mask)
    sums, squares, area = texture._everywhere(x, clear, mask)
    divisor = area.where(area > 0, 1)[:, :, None]
    mean = sums / divisor
    for one, other in zip(found, (mean, squares / divisor - mean**2, area), strict=True):
        assert one.shape == other.shape
        torch.testing.assert_close(one, other)


def test_one_pixel_has_no_variance_in_an_export_even_in_bfloat16() -> None:
    torch.manual_seed(0)
    texture = Texture(3, 4, 5).bfloat16()
    mask, x = torch.zeros(1, 5, 6).bfloat16(), torch.randn(1, 2, 3, 5, 6).bfloat16()
    mask[0, 2, 3] = 1
    clear = torch.ones(1, 2, 5, 6).bfloat16()
    _, variance, _ = statistics_of_seen_pixels(texture.convolution1, texture.convolution2, x, clear, mask)
    assert (variance == 0).all()
