"""Calibration errors are those of other code; scalings find the best temperature and do not overfit rare classes."""

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_softmax
from sklearn.calibration import calibration_curve

from cropdetect.errors import LegendError
from cropdetect.evaluation import Scaling, calibration_error, fit_temperature, fit_vector, log_loss, reliability_bins


def test_calibration_error_of_a_hand_worked_case() -> None:
    # Two fields at 0.9 (one right): gap 0.4, weight 2/4. One at 0.6 (right): gap 0.4. One at 0.5 (wrong): gap 0.5.
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [0.5, 0.5]])
    labels = np.array([0, 1, 1, 1])
    assert calibration_error(probabilities, labels) == pytest.approx(0.5 * 0.4 + 0.25 * 0.4 + 0.25 * 0.5)


def test_calibration_bins_are_fifteen_and_closed_on_the_right() -> None:
    # 0.6 = 9/15 lies in (8/15, 9/15]; with 0.55 in the same bin the two gaps cancel, with 0.61 in the next they do not.
    same = np.array([[0.6, 0.4], [0.55, 0.45]])
    labels = np.array([0, 1])
    assert calibration_error(same, labels) == pytest.approx(abs(0.4 - 0.55) / 2)
    other = np.array([[0.6, 0.4], [0.61, 0.39]])
    assert calibration_error(other, labels) == pytest.approx((0.4 + 0.61) / 2)


def test_calibrated_probabilities_have_a_small_error_and_overconfident_ones_a_large_one() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet([1, 1, 1], 20_000)
    labels = (rng.random(20_000)[:, None] > probabilities.cumsum(axis=1)).sum(axis=1)
    assert calibration_error(probabilities, labels) < 0.015
    sharpened = probabilities**4 / (probabilities**4).sum(axis=1, keepdims=True)
    assert calibration_error(sharpened, labels) > 0.1


def test_reliability_bins_are_those_of_scikit_learn_and_make_up_the_calibration_error() -> None:
    rng = np.random.default_rng(0)
    probabilities, labels = rng.dirichlet([0.4] * 4, 500), rng.integers(0, 4, 500)
    bins = [one for one in reliability_bins(probabilities, labels) if one.n]
    right = probabilities.argmax(axis=1) == labels
    accuracy, confidence = calibration_curve(right, probabilities.max(axis=1), n_bins=15)
    np.testing.assert_allclose([one.accuracy for one in bins], accuracy)
    np.testing.assert_allclose([one.confidence for one in bins], confidence)
    error = sum(one.n * abs(one.accuracy - one.confidence) for one in bins) / 500
    assert error == pytest.approx(calibration_error(probabilities, labels))


def honest(n: int, k: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return log probabilities and labels that were drawn from them."""
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet([0.8] * k, n)
    labels = (rng.random((n, 1)) > probabilities.cumsum(axis=1)).sum(axis=1).clip(max=k - 1)
    return np.log(probabilities), labels


def test_the_temperature_that_was_put_in_is_found() -> None:
    scores, labels = honest(20000)
    found = fit_temperature(2.5 * scores, labels)
    assert found.temperature == pytest.approx(2.5, rel=0.05)


def test_the_temperature_has_the_lowest_log_loss_by_another_minimiser() -> None:
    scores, labels = honest(300, seed=1)
    sure = 3 * scores
    floored = np.log(np.exp(sure) / np.exp(sure).sum(axis=1, keepdims=True)).clip(min=np.log(1e-6))

    def loss(temperature: float) -> float:
        powers = np.exp(floored / temperature)
        return -np.log((powers / powers.sum(axis=1, keepdims=True))[np.arange(300), labels]).mean()

    best = minimize_scalar(loss, bounds=(0.1, 10), method="bounded", options={"xatol": 1e-8}).x
    assert fit_temperature(sure, labels).temperature == pytest.approx(best, rel=1e-4)


def test_calibration_lowers_log_loss_and_calibration_error_on_new_fields() -> None:
    scores, labels = honest(4000, seed=2)
    sure = np.exp(3 * scores) / np.exp(3 * scores).sum(axis=1, keepdims=True)
    fit, new = slice(0, 2000), slice(2000, None)
    calibrated = fit_temperature(np.log(sure[fit]), labels[fit]).apply(np.log(sure[new]))
    assert log_loss(calibrated, labels[new]) < log_loss(sure[new], labels[new])
    assert calibration_error(calibrated, labels[new]) < 0.5 * calibration_error(sure[new], labels[new])


def test_scores_of_any_level_give_the_same_scaling() -> None:
    scores, labels = honest(500, seed=3)
    assert fit_temperature(scores + 7, labels).temperature == pytest.approx(fit_temperature(scores, labels).temperature)


def test_vector_scaling_finds_a_biased_class() -> None:
    scores, labels = honest(20000, seed=4)
    pushed = scores + np.array([1.5, 0, 0, 0])  # the first class is stated too often
    common, vector = fit_temperature(pushed, labels), fit_vector(pushed, labels)
    bias = vector.bias - vector.bias[1:].mean()
    assert bias[0] == pytest.approx(-1.5, abs=0.15)
    assert vector.scale == pytest.approx(np.ones(4), abs=0.15)
    assert log_loss(vector.apply(pushed), labels) < log_loss(common.apply(pushed), labels) - 0.05


def test_vector_scaling_of_a_handful_of_fields_stays_with_the_temperature() -> None:
    scores, labels = honest(12, seed=5)
    common, vector = fit_temperature(scores, labels), fit_vector(scores, labels, strength=1e6)
    np.testing.assert_allclose(vector.apply(scores), common.apply(scores), atol=1e-4)
    # A class that no field has is made rarer, but not impossible.
    labels = labels.clip(max=2)
    rare = fit_vector(scores, labels).apply(scores)[:, 3]
    assert rare.min() > 0
    assert abs(fit_vector(scores, labels).bias[3]) < 1


def test_vector_scaling_has_the_lowest_penalised_log_loss_by_another_minimiser() -> None:
    scores, labels = honest(200, seed=7)
    scores = log_softmax(1.7 * scores + [0.8, 0, 0, -0.4], axis=1).clip(min=np.log(1e-6))
    temperature = fit_temperature(scores, labels).scale
    found = fit_vector(scores, labels, strength=4.0)

    def loss(values: np.ndarray) -> float:
        of_truth = log_softmax(values[:4] * scores + values[4:], axis=1)[np.arange(200), labels]
        return -of_truth.sum() + 2.0 * (((values[:4] - temperature) ** 2).sum() + (values[4:] ** 2).sum())

    best = minimize(loss, np.r_[temperature, np.zeros(4)], method="BFGS", options={"gtol": 1e-5}).x
    np.testing.assert_allclose(np.r_[found.scale, found.bias], best, atol=1e-5)


def test_fields_that_are_all_right_or_all_alike_give_a_finite_temperature() -> None:
    sure = np.log(np.array([[0.9, 0.1], [0.2, 0.8]]))
    assert fit_temperature(sure, np.array([0, 1])).temperature == pytest.approx(1 / 4)  # the sharpest that is allowed
    assert fit_temperature(sure, np.array([1, 0])).temperature == pytest.approx(1 / 0.05)  # and the flattest
    assert fit_temperature(np.zeros((5, 3)), np.array([0, 1, 2, 0, 0])).temperature == 1


def test_a_probability_of_zero_can_be_calibrated() -> None:
    with np.errstate(divide="ignore"):
        scores = np.log(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]))
    labels = np.array([0, 1, 1])
    for scaling in (fit_temperature(scores, labels), fit_vector(scores, labels)):
        calibrated = scaling.apply(scores)
        assert np.isfinite(calibrated).all()
        assert calibrated.sum(axis=1) == pytest.approx(1)
        assert calibrated[0, 0] < 0.99


def test_temperature_one_changes_nothing() -> None:
    scores, _ = honest(50, seed=6)
    np.testing.assert_allclose(Scaling(np.ones(4), np.zeros(4)).apply(scores), np.exp(scores), atol=1e-5)


def test_nothing_to_calibrate_on_is_a_named_error() -> None:
    with pytest.raises(LegendError):
        fit_temperature(np.zeros((0, 3)), np.zeros(0, int))
    with pytest.raises(LegendError):
        fit_vector(np.zeros((2, 3)), np.array([0, 3]))
