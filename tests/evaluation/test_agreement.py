"""Kappa, the confusion matrix, reliability, and scores by field size."""

import numpy as np
import pytest
from sklearn import metrics as reference
from sklearn.calibration import calibration_curve

from cropdetect.evaluation import calibration_error, confusion_matrix, reliability_bins, score, scores_by_size


def case(n: int = 300, k: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.dirichlet([0.4] * k, n), rng.integers(0, k, n)


def test_kappa_of_the_paper_s_first_table() -> None:
    # Cohen 1960, Table 1 (shares of 200 cases): observed agreement 0.70, by chance 0.41, kappa 0.49.
    confusion = (200 * np.array([[0.44, 0.07, 0.09], [0.05, 0.20, 0.05], [0.01, 0.03, 0.06]])).round().astype(int)
    true, predicted = np.indices((3, 3))
    labels, stated = np.repeat(true.ravel(), confusion.ravel()), np.repeat(predicted.ravel(), confusion.ravel())
    result = score(np.eye(3)[stated], labels, ["schizophrenia", "neurosis", "psychosis"])
    assert result.confusion == confusion.tolist()
    assert result.kappa == pytest.approx(reference.cohen_kappa_score(labels, stated))
    assert result.kappa == pytest.approx(0.49, abs=0.005)


def test_kappa_is_null_where_chance_agrees_fully() -> None:
    assert score(np.array([[0.9, 0.1], [0.8, 0.2]]), np.array([0, 0]), ["a", "b"]).kappa is None


def test_confusion_matrix_is_that_of_scikit_learn() -> None:
    probabilities, labels = case()
    predicted = probabilities.argmax(axis=1)
    np.testing.assert_array_equal(
        confusion_matrix(labels, predicted, 4), reference.confusion_matrix(labels, predicted, labels=range(4))
    )


def test_reliability_bins_are_those_of_scikit_learn_and_make_up_the_calibration_error() -> None:
    probabilities, labels = case(500)
    bins = [one for one in reliability_bins(probabilities, labels) if one.n]
    right = probabilities.argmax(axis=1) == labels
    accuracy, confidence = calibration_curve(right, probabilities.max(axis=1), n_bins=15)
    np.testing.assert_allclose([one.accuracy for one in bins], accuracy)
    np.testing.assert_allclose([one.confidence for one in bins], confidence)
    error = sum(one.n * abs(one.accuracy - one.confidence) for one in bins) / 500
    assert error == pytest.approx(calibration_error(probabilities, labels))


def test_scores_by_size_share_the_fields_out_by_their_pixels() -> None:
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    small, large = scores_by_size(probabilities, np.array([1, 0, 1, 0]), np.array([2.0, 4.9, 30.0, 49.0]))
    assert (small.lower_pixels, small.upper_pixels, small.n, small.accuracy) == (0, 5, 2, 0.5)
    assert (large.lower_pixels, large.upper_pixels, large.n, large.accuracy) == (25, 50, 2, 1.0)
    assert large.log_loss == pytest.approx(-(np.log(0.8) + np.log(0.6)) / 2, abs=1e-3)


def test_fields_of_one_size_give_no_scores_by_size() -> None:
    assert scores_by_size(np.eye(2), np.array([0, 1]), np.ones(2)) is None
