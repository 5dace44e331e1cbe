"""The smallest windows that hold every field of a batch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cropdetect.chips.batch import field_windows


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 2**31), st.integers(1, 5), st.integers(1, 12), st.integers(1, 12), st.integers(0, 3))
def test_every_window_holds_its_field_with_the_margin_as_far_as_the_chip_reaches(
    seed: int, n: int, y: int, x: int, margin: int
) -> None:
    rng = np.random.default_rng(seed)
    mask = (rng.random((n, y, x)) < 0.1).astype(np.float32)
    windows = field_windows(mask, margin)
    for chip, (rows, columns) in enumerate(windows.slices()):
        assert mask[chip, rows, columns].shape == (windows.height, windows.width)
        for row, column in np.argwhere(mask[chip] > 0):
            assert rows.start <= max(0, row - margin)
            assert rows.stop > min(y - 1, row + margin)
            assert columns.start <= max(0, column - margin)
            assert columns.stop > min(x - 1, column + margin)


@pytest.mark.parametrize(("margin", "side"), [(0, 3), (2, 7), (9, 20)])
def test_the_windows_are_as_large_as_the_largest_field_needs(margin: int, side: int) -> None:
    mask = np.zeros((2, 20, 20), np.float32)
    mask[0, 8:11, 8:11] = 1
    mask[1, 0, 19] = 1
    windows = field_windows(mask, margin)
    assert (windows.height, windows.width) == (side, side)
