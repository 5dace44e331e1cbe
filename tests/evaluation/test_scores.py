"""Scores agree with scikit-learn, with cases worked by hand, and refuse what cannot be scored."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from cropdetect.errors import LegendError
from cropdetect.evaluation import calibration_error, clipped, log_loss, score

LEGEND = ["maize", "wheat", "soy", "beans"]


def random_case(seed: int, n: int = 60, present: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.dirichlet([0.3] * len(LEGEND), n), rng.integers(0, present, n)


@settings(max_examples=30, deadline=None)
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
