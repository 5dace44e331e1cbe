"""Scores agree with scikit-learn, with cases worked by hand, and refuse what cannot be scored."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from cropdetect.errors import LegendError
from cropdetect.evaluation import clipped, confusion_matrix, log_loss, score, scores_by_size

LEGEND = ["maize", "wheat", "soy", "beans"]


def random_case(seed: int, n: int = 60, present: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.dirichlet([0.3] * len(LEGEND), n), rng.integers(0, present, n)


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 60), present=st.integers(1, 4))
def test_scores_are_those_of_scikit_learn_also_where_classes_are_absent(seed: int, n: int, present: int) -> None:
    probabilities, labels = random_case(seed, n, present)
    predicted = probabilities.argmax(axis=1)
    result = score(probabilities, labels, LEGEND)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn warns of absent classes
        assert result.log_loss == pytest.approx(reference.log_loss(labels, clipped(probabilities), labels=range(4)))
        assert result.accuracy == pytest.approx(reference.accuracy_score(labels, predicted))
        assert result.balanced_accuracy == pytest.approx(reference.balanced_accuracy_score(labels, predicted))
        assert result.macro_f1 == pytest.approx(reference.f1_score(labels, predicted, average="macro"))
        precision, recall, f1, n_true = reference.precision_recall_fscore_support(
            labels, predicted, labels=range(4), zero_division=np.nan
        )
    for i, name in enumerate(LEGEND):
        of_class = result.per_class[name]
        assert of_class.n == n_true[i]
        for ours, theirs in [(of_class.precision, precision[i]), (of_class.recall, recall[i]), (of_class.f1, f1[i])]:
            assert (ours is None) == np.isnan(theirs)
            assert ours is None or ours == pytest.approx(theirs)


def test_a_confident_mistake_costs_the_clipped_logarithm() -> None:
    probabilities = np.array([[1.0, 0.0]])
    # clipped to (1, 0.0001), renormalised by 1.0001
    assert log_loss(probabilities, np.array([1])) == pytest.approx(-np.log(1e-4 / 1.0001))
    assert log_loss(probabilities, np.array([0])) == pytest.approx(np.log(1.0001))


def test_clipped_rows_sum_to_one() -> None:
    probabilities, _ = random_case(3)
    assert clipped(probabilities.astype(np.float32)).sum(axis=1) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(
    ("probabilities", "labels", "message"),
    [
        (np.empty((0, 4)), np.empty(0, int), "no field"),
        (np.full((2, 3), 1 / 3), np.array([0, 1]), "4 classes"),
        (np.full((2, 4), 0.25), np.array([0, 4]), "between 0 and 3"),
        (np.array([[0.25] * 4, [np.nan] * 4]), np.array([0, 1]), "row 1"),
    ],
)
def test_what_does_not_fit_is_refused(probabilities: np.ndarray, labels: np.ndarray, message: str) -> None:
    with pytest.raises(LegendError, match=message):
        score(probabilities, labels, LEGEND)


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


def test_scores_by_size_share_the_fields_out_by_their_pixels() -> None:
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    small, large = scores_by_size(probabilities, np.array([1, 0, 1, 0]), np.array([2.0, 4.9, 30.0, 49.0]))
    assert (small.lower_pixels, small.upper_pixels, small.n, small.accuracy) == (0, 5, 2, 0.5)
    assert (large.lower_pixels, large.upper_pixels, large.n, large.accuracy) == (25, 50, 2, 1.0)
    assert large.log_loss == pytest.approx(-(np.log(0.8) + np.log(0.6)) / 2, abs=1e-3)


def test_fields_of_one_size_give_no_scores_by_size() -> None:
    assert scores_by_size(np.eye(2), np.array([0, 1]), np.ones(2)) is None
