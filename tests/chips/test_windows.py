"""Where chips lie, stored in few bytes."""

import numpy as np
import pytest

from cropdetect.chips.windows import ChipWindow, ChipWindows
from cropdetect.imagery import Window

CHIPS = [ChipWindow(k, k % 2, Window(k, 2 * k, k + 32, 2 * k + 30), slice(9 * k, 9 * k + 9)) for k in range(5)]


def test_stored_chips_are_those_that_were_given():
    stored = ChipWindows.of(CHIPS)
    assert list(stored) == CHIPS
    assert stored[-1] == CHIPS[-1]
    assert list(stored[1:3]) == CHIPS[1:3]
    assert stored.fields.tolist() == [0, 1, 2, 3, 4]
    assert stored.places.tolist() == [[k, k % 2, k, 2 * k] for k in range(5)]
    assert stored.numbers.nbytes == 64 * len(CHIPS)
    with pytest.raises(IndexError):
        stored[5]


def test_there_may_be_no_chips():
    assert list(ChipWindows.of([])) == []
    assert ChipWindows.of([]).fields.dtype == np.int64
