"""Fields unlike the training fields are flagged, others about as often as stated."""

import numpy as np
import pytest
from scipy.stats import binomtest, chi2, norm

from cropdetect.evaluation import NoveltyDetector, fit_novelty_detector, more_than_chance

MIX = np.random.default_rng(7).normal(size=(8, 8))


def fields(n: int, seed: int, *, missing: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    classes = rng.integers(0, 3, n)
    cells = rng.normal(size=(n, 8)) @ MIX + 15 * classes[:, None]
    cells[rng.random(cells.shape) < missing] = np.nan
    return cells, classes


def test_new_fields_of_the_training_classes_are_flagged_at_the_stated_rate() -> None:
    cells, classes = fields(1500, 0)
    found = fit_novelty_detector(cells, classes, 3, np.arange(1500) % 5, false_alarm_rate=0.05)
    new, _ = fields(4000, 1)
    assert (found.distance(new) > found.threshold).mean() == pytest.approx(0.05, abs=0.02)


def test_fields_whose_bands_do_not_belong_together_are_flagged_though_each_band_is_usual() -> None:
    cells, classes = fields(1500, 0)
    found = fit_novelty_detector(cells, classes, 3, np.arange(1500) % 5)
    new, labels = fields(500, 1, missing=0)
    shuffled = np.random.default_rng(2).permuted(new[labels == 1], axis=0)  # each cell keeps its own distribution
    assert (found.distance(shuffled) > found.threshold).mean() > 0.3


def test_a_crop_that_was_not_trained_on_is_flagged() -> None:
    cells, classes = fields(1500, 0)
    found = fit_novelty_detector(cells, classes, 3, np.arange(1500) % 5)
    between, _ = fields(300, 3)
    assert (found.distance(between + 7.5 * np.array([1, -1] * 4)) > found.threshold).mean() > 0.9


@pytest.mark.parametrize("n_cells", [1, 4, 40])
def test_the_distance_is_a_standard_normal_score_of_the_squared_distance(n_cells: int) -> None:
    detector = NoveltyDetector(np.zeros((1, n_cells)), np.eye(n_cells), 0.0)
    squared = chi2.ppf(0.95, n_cells)
    cells = np.full((1, n_cells), np.sqrt(squared / n_cells))
    assert detector.distance(cells)[0] == pytest.approx(norm.ppf(0.95), abs=0.05)


def test_unknown_cells_take_no_part_and_a_field_without_any_has_no_score() -> None:
    detector = NoveltyDetector(np.array([[0.0, 0.0], [9.0, 9.0]]), np.array([[4.0, 1.0], [1.0, 9.0]]), 0.0)
    alone = NoveltyDetector(np.array([[0.0], [9.0]]), np.array([[9.0]]), 0.0)
    scores = detector.distance(np.array([[np.nan, 3.0], [np.nan, np.nan]]))
    assert scores[0] == pytest.approx(alone.distance(np.array([[3.0]]))[0])
    assert np.isnan(scores[1])


def test_cells_that_are_never_known_and_classes_of_one_field_do_no_harm() -> None:
    cells, classes = fields(200, 4)
    cells[:, 5], classes[0] = np.nan, 3
    found = fit_novelty_detector(cells, classes, 5, np.arange(200) % 5)
    assert np.isfinite(found.centres).all()
    assert np.isfinite(found.distance(cells)).all()
    new, _ = fields(50, 5)
    assert np.isfinite(found.distance(new)).all()


@pytest.mark.parametrize(("strange", "unlike"), [((), False), ((3,), False), ((0, 3), True), ((0, 1, 2, 3), True)])
def test_one_strange_portion_of_the_season_alone_makes_no_field_unlike(strange: tuple[int, ...], unlike: bool) -> None:
    cells, classes = fields(1500, 0)
    found = fit_novelty_detector(cells, classes, 3, np.arange(1500) % 5)
    new, _ = fields(300, 1, missing=0)
    for portion in strange:  # as a cloud that its mask missed
        new[:, 2 * portion : 2 * portion + 2] += 40.0
    distance = found.distance_but_one(new, 4)
    assert (distance > found.threshold).mean() == pytest.approx(float(unlike), abs=0.1)
    assert (distance <= found.distance(new)).all()


def test_a_field_that_is_known_in_one_portion_alone_is_judged_by_it() -> None:
    cells, classes = fields(300, 0)
    found = fit_novelty_detector(cells, classes, 3, np.arange(300) % 5)
    new, _ = fields(20, 1, missing=0)
    new[:, 2:] = np.nan
    np.testing.assert_array_equal(found.distance_but_one(new, 4), found.distance(new))


@pytest.mark.parametrize(("n_unlike", "n_fields"), [(0, 24), (1, 1), (2, 24), (5, 24), (7, 24), (13, 24), (50, 1000), (80, 1000)])
def test_more_than_chance_is_an_exact_binomial_test(n_unlike: int, n_fields: int) -> None:
    expected = binomtest(n_unlike, n_fields, 0.05, alternative="greater").pvalue < 0.001
    assert more_than_chance(n_unlike, n_fields, 0.05) == expected


def test_without_fields_nothing_is_more_than_chance() -> None:
    assert not more_than_chance(0, 0, 0.05)
