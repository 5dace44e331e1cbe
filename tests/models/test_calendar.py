"""Irregular dates on a regular calendar."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cropdetect.errors import OptionError
from cropdetect.models.calendar import kernel_weights, linear_weights, reference_days


@settings(max_examples=60)
@given(st.integers(0, 2**31), st.integers(1, 9), st.floats(0.1, 1))
def test_the_weighted_sum_is_the_linear_interpolation_of_numpy(seed: int, steps: int, share: float) -> None:
    random = np.random.default_rng(seed)
    day = random.choice(np.arange(-30, 400), (3, steps), replace=False).astype(np.float32)
    present = random.random((3, steps)) < share
    value = random.normal(size=(3, steps)).astype(np.float32)
    calendar = reference_days(0, 360, 20, "test")
    weights = linear_weights(calendar, torch.from_numpy(day), torch.from_numpy(present))
    answer = (weights @ torch.from_numpy(value)[..., None])[..., 0].numpy()
    for row in range(3):
        there = np.flatnonzero(present[row])
        there = there[np.argsort(day[row, there])]
        expected = np.interp(calendar.numpy(), day[row, there], value[row, there]) if there.size else np.zeros(len(calendar))
        np.testing.assert_allclose(answer[row], expected, atol=1e-5)


def test_dates_of_the_same_day_count_alike() -> None:
    day, value = torch.tensor([[10.0, 10.0, 30.0]]), torch.tensor([1.0, 3.0, 10.0])
    weights = linear_weights(torch.tensor([0.0, 10.0, 20.0]), day, torch.ones(1, 3, dtype=torch.bool))
    assert (weights[0] @ value).tolist() == [2.0, 2.0, 6.0]


def test_a_calendar_ends_at_or_before_its_end_and_has_two_days_at_least() -> None:
    assert reference_days(-10, 21, 10, "test").tolist() == [-10, 0, 10, 20]
    for wrong in ((0, 9, 10), (0, 100, 0), (50, 0, 10)):
        with pytest.raises(OptionError):
            reference_days(*wrong, "test")


def test_a_day_between_two_dates_weighs_them_alike_and_a_far_day_takes_the_nearest() -> None:
    calendar = reference_days(0, 200, 10, "test")
    weights = kernel_weights(calendar, torch.tensor([[50.0, 70.0]]), torch.ones(1, 2), 6.0)
    assert weights[0, 6].tolist() == [0.5, 0.5]  # day 60
    assert weights[0, 20, 1] > 0.99  # day 200: the nearest date, although both are far away
    by_hand = 1 / (1 + np.exp(-0.5 * (20 / 6) ** 2))
    assert weights[0, 5, 0].item() == pytest.approx(by_hand, abs=1e-6)


def test_a_date_weighs_by_its_share_and_without_any_nothing_does() -> None:
    calendar = reference_days(0, 40, 10, "test")
    weights = kernel_weights(calendar, torch.tensor([[20.0, 20.0]]), torch.tensor([[1.0, 0.25]]), 6.0)
    assert weights[0, 2].tolist() == pytest.approx([0.8, 0.2])
    assert not kernel_weights(calendar, torch.tensor([[20.0, 20.0]]), torch.zeros(1, 2), 6.0).any()
