import numpy as np
import pytest

from cropdetect.simulation.noise import SmoothField, fractal, generator


@pytest.fixture(scope="module")
def field() -> SmoothField:
    return SmoothField.over(4000, 3000, 25.0, generator(3, 1))


def test_has_zero_mean_and_unit_variance(field: SmoothField) -> None:
    values = field.on_axes(np.arange(0, 4000, 7.0, dtype=np.float32), np.arange(0, 3000, 7.0, dtype=np.float32))
    assert abs(values.mean()) < 0.05
    assert values.std() == pytest.approx(1, abs=0.06)


def test_a_grid_and_scattered_points_agree(field: SmoothField) -> None:
    x, y = np.array([0.0, 12.5, 333.0], np.float32), np.array([1.0, 777.7], np.float32)
    grid = field.on_axes(x, y)
    points = field.at(np.tile(x, 2), np.repeat(y, 3))
    np.testing.assert_allclose(grid.ravel(), points, atol=1e-5)


def test_neighbours_are_alike_and_far_points_are_not(field: SmoothField) -> None:
    x, y = np.arange(0, 3900, 5.0, dtype=np.float32), np.arange(0, 2900, 5.0, dtype=np.float32)
    values = field.on_axes(x, y)

    def correlation(steps: int) -> float:
        return float(np.corrcoef(values[:, steps:].ravel(), values[:, :-steps].ravel())[0, 1])

    assert correlation(1) > 0.95
    assert abs(correlation(40)) < 0.1


def test_a_sum_of_fields_keeps_unit_variance() -> None:
    fields = [SmoothField.over(5000, 5000, pitch, generator(0, i)) for i, pitch in enumerate((100.0, 50.0, 25.0))]
    axis = np.arange(0, 5000, 20.0, dtype=np.float32)
    assert fractal(fields, axis, axis, 0.6).std() == pytest.approx(1, abs=0.1)


def test_a_generator_depends_on_its_key_only() -> None:
    first = generator(5, 1, 2).random(3)
    generator(5, 1, 3).random(100)
    np.testing.assert_array_equal(generator(5, 1, 2).random(3), first)
    assert not np.array_equal(generator(5, 1, 3).random(3), first)
