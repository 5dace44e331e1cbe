import numpy as np
import pytest

from cropdetect.simulation.noise import generator
from cropdetect.simulation.sensor import blur, digital_numbers


def test_the_point_spread_keeps_the_mean_and_leaves_a_quarter_of_the_contrast_at_nyquist() -> None:
    stripes = np.tile([0.0, 1.0], (32, 32)).astype(np.float32)
    image = blur(stripes, 0.0, 0.0)[8:-8, 8:-8]
    assert image.mean() == pytest.approx(0.5, abs=1e-6)
    contrast = image.max() - image.min()
    in_square = np.sinc(0.5)  # what averaging over the pixel leaves, before the kernel
    assert contrast * in_square == pytest.approx(0.25, abs=0.002)


def test_the_kernel_has_the_stated_variance() -> None:
    point = np.zeros((9, 9), np.float32)
    point[4, 4] = 1
    image = blur(point, 0.0, 0.0)
    offset = np.arange(9) - 4
    assert image.sum() == pytest.approx(1, abs=1e-6)
    assert (image.sum(axis=0) * offset**2).sum() == pytest.approx(0.304, abs=1e-5)


def test_misregistration_moves_the_image_and_no_more() -> None:
    point = np.zeros((9, 9), np.float32)
    point[4, 4] = 1
    image = blur(point, 0.4, -0.3)
    offset = np.arange(9) - 4
    assert image.sum() == pytest.approx(1, abs=1e-6)
    assert (image.sum(axis=0) * offset).sum() == pytest.approx(0.4, abs=1e-5)
    assert (image.sum(axis=1) * offset).sum() == pytest.approx(-0.3, abs=1e-5)


def test_noise_is_small_and_zero_is_kept_for_nodata() -> None:
    bright = digital_numbers(np.full((200, 200), 0.3, np.float32), generator(0, 1))
    assert bright.dtype == np.uint16
    assert bright.mean() == pytest.approx(3000, abs=2)
    assert bright.std() == pytest.approx(27, abs=2)  # 0.0009 + 0.006 x 0.3
    assert digital_numbers(np.full((50, 50), -0.01, np.float32), generator(0, 1)).min() == 1
