"""Near windows are read together; stored blocks that no window touches are not read."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cropdetect.chips import cut_chips
from cropdetect.chips import regions as module
from cropdetect.chips.regions import hull, regions
from cropdetect.imagery import Window
from tests.chips.memory import imagery
from tests.chips.test_streaming import fields_of_boxes, tile


@pytest.fixture(autouse=True)
def _every_gap_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_WORTH_A_READ", 1)


sides = st.tuples(st.integers(0, 60), st.integers(1, 20))
windows = st.builds(lambda rows, columns: Window(rows[0], columns[0], rows[0] + rows[1], columns[0] + columns[1]), sides, sides)


@settings(max_examples=100)
@given(some=st.lists(windows, min_size=1, max_size=8), stored=st.tuples(st.integers(1, 30), st.integers(1, 30)))
def test_each_window_lies_in_its_region_and_no_stored_block_in_two(some: list[Window], stored: tuple[int, int]) -> None:
    found, region_of = regions(some, stored)
    for window, region in zip(some, region_of, strict=True):
        assert hull([window, found[region]]) == found[region]
    blocks = np.zeros((80, 80), int)
    for one in found:
        blocks[
            one.top // stored[0] : (one.bottom - 1) // stored[0] + 1, one.left // stored[1] : (one.right - 1) // stored[1] + 1
        ] += 1
    assert blocks.max() == 1


def test_blocks_between_far_windows_are_left_out() -> None:
    found, region_of = regions([Window(0, 0, 5, 5), Window(40, 2, 44, 9), Window(41, 60, 45, 64)], (10, 10))
    assert found == [Window(0, 0, 5, 5), Window(40, 2, 44, 9), Window(41, 60, 45, 64)]
    assert region_of == [0, 1, 2]


def test_a_gap_that_is_cheaper_to_read_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_WORTH_A_READ", 2**16)
    assert regions([Window(0, 0, 5, 5), Window(40, 2, 44, 9)], (10, 10)) == ([Window(0, 0, 44, 9)], [0, 0])


def test_nothing_is_read_for_no_window() -> None:
    assert regions([], (10, 10)) == ([], [])


def test_sparse_fields_give_the_chips_of_direct_reads_and_read_no_more_than_their_blocks() -> None:
    one = tile(block=(4, 5))
    chips = cut_chips(imagery(one), fields_of_boxes([(0, 0, 3, 3), (50, 70, 3, 3)]), chip_size=8, memory_budget=8 * 2**20)
    (batch,) = chips.batches(9)
    for image, chip in zip(batch.image, chips._schedules[0].chips, strict=True):
        window = chip.window
        np.testing.assert_array_equal(image, one.image[..., window.top : window.bottom, window.left : window.right])
    assert one.reads.sum() == 2 * 8 * 8
