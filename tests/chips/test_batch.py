"""Selecting, joining and cropping chips."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cropdetect.chips import ChipBatch
from cropdetect.chips.batch import field_windows


def batch(n: int = 5, steps: int = 4, bands: int = 3, size: int = 6, seed: int = 0) -> ChipBatch:
    rng = np.random.default_rng(seed)
    date = np.datetime64("2019-01-03") + rng.integers(0, 300, (n, steps))
    date[0, -1] = np.datetime64("NaT", "D")
    mask = (rng.random((n, size, size)) * (rng.random((n, size, size)) < 0.3)).astype(np.float32)
    image = rng.integers(0, 999, (n, steps, bands, size, size)).astype(np.uint16)
    return ChipBatch(np.arange(n), image, mask, rng.random((n, steps, size, size)) < 0.3, np.sort(date, axis=1))


def same(one: ChipBatch, other: ChipBatch) -> None:
    for item in fields(ChipBatch):
        np.testing.assert_array_equal(getattr(one, item.name), getattr(other, item.name), err_msg=item.name)


def test_chips_steps_and_bands_are_selected_by_position() -> None:
    chips = batch()
    order = np.array([[3, 0], [1, 2]])
    got = chips.isel(chip=[4, 1], step=order, band=[2, 0])
    for new, chip in enumerate((4, 1)):
        for step in range(2):
            np.testing.assert_array_equal(got.image[new, step], chips.image[chip, order[new, step]][[2, 0]])
            np.testing.assert_array_equal(got.clear[new, step], chips.clear[chip, order[new, step]])
            assert got.date[new, step] == chips.date[chip, order[new, step]]
        np.testing.assert_array_equal(got.mask[new], chips.mask[chip])
    assert got.field.tolist() == [4, 1]
    same(chips.isel(step=[2, 1]), chips.isel(step=np.tile([2, 1], (5, 1))))
    same(chips.isel(chip=np.arange(5) > 2), chips.isel(chip=[3, 4]))


def test_parts_of_a_batch_are_joined_to_the_whole() -> None:
    chips = batch()
    same(ChipBatch.concatenate([chips.isel(chip=slice(0, 2)), chips.isel(chip=[2]), chips.isel(chip=slice(3, None))]), chips)


def test_seen_dates_are_those_with_a_clear_pixel_of_the_field() -> None:
    chips = batch()
    for chip, step in np.ndindex(5, 4):
        inside = chips.mask[chip] > 0
        assert chips.seen()[chip, step] == chips.clear[chip, step][inside].any()
    np.testing.assert_allclose(chips.area(), [mask.sum() for mask in chips.mask], rtol=1e-6)


def test_days_are_counted_from_the_season_year() -> None:
    chips = ChipBatch(
        field=np.array([0, 1]),
        image=np.zeros((2, 2, 1, 1, 1), np.uint16),
        mask=np.ones((2, 1, 1), np.float32),
        clear=np.ones((2, 2, 1, 1), bool),
        date=np.array([["2019-12-31", "NaT"], ["2019-03-01", "2020-03-01"]], "datetime64[D]"),
        season_year=np.array([2020, 2019]),
    )
    assert chips.day().tolist() == [[-1, 0], [59, 365 + 60]]


@pytest.mark.parametrize("margin", [0, 1, 9])
def test_chips_are_cropped_around_their_fields(margin: int) -> None:
    chips = batch()
    cropped = chips.around_fields(margin)
    for chip, (rows, columns) in enumerate(field_windows(chips.mask, margin)):
        np.testing.assert_array_equal(cropped.image[chip], chips.image[chip][..., rows, columns])
        np.testing.assert_array_equal(cropped.clear[chip], chips.clear[chip][..., rows, columns])
        np.testing.assert_array_equal(cropped.mask[chip], chips.mask[chip][rows, columns])
    np.testing.assert_allclose(cropped.area(), chips.area())


@settings(max_examples=100)
@given(st.integers(0, 2**31), st.integers(1, 5), st.integers(1, 12), st.integers(1, 12), st.integers(0, 3))
def test_every_window_holds_its_field_with_the_margin_as_far_as_the_chip_reaches(
    seed: int, n: int, y: int, x: int, margin: int
) -> None:
    rng = np.random.default_rng(seed)
    mask = (rng.random((n, y, x)) < 0.1).astype(np.float32)
    windows = field_windows(mask, margin)
    size = mask[0][windows[0]].shape
    for chip, (rows, columns) in enumerate(windows):
        assert mask[chip, rows, columns].shape == size
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
    assert mask[0][field_windows(mask, margin)[0]].shape == (side, side)
