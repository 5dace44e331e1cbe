"""Bootstrap intervals cover what they should, heed groups, and compare answers in pairs."""

import time

import numpy as np
import pytest

from cropdetect.evaluation import bootstrap_differences, bootstrap_intervals, score

LEGEND = ["maize", "wheat", "soy"]


def answers(n: int, seed: int, accuracy: float = 0.7) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n)
    stated = np.where(rng.random(n) < accuracy, labels, (labels + 1) % 3)
    return 0.6 * np.eye(3)[stated] + 0.4 * rng.dirichlet([1, 1, 1], n), labels


def test_each_score_lies_in_its_interval() -> None:
    probabilities, labels = answers(400, 0)
    result = score(probabilities, labels, LEGEND)
    intervals = bootstrap_intervals(probabilities, labels, LEGEND)
    for name in ("log_loss", "accuracy", "balanced_accuracy", "macro_f1", "kappa"):
        lower, upper = intervals[name]
        assert lower < getattr(result, name) < upper
    for name, of_class in result.per_class.items():
        for kind in ("precision", "recall", "f1"):
            lower, upper = intervals[f"{kind}:{name}"]
            assert lower < getattr(of_class, kind) < upper


def test_the_interval_of_accuracy_is_the_binomial_one() -> None:
    probabilities, labels = answers(900, 1)
    right = (probabilities.argmax(axis=1) == labels).mean()
    lower, upper = bootstrap_intervals(probabilities, labels, LEGEND, n_resamples=4000)["accuracy"]
    half = 1.96 * np.sqrt(right * (1 - right) / 900)
    assert lower == pytest.approx(right - half, abs=0.004)
    assert upper == pytest.approx(right + half, abs=0.004)


def test_ninety_five_in_a_hundred_intervals_hold_the_truth() -> None:
    held = 0
    for seed in range(200):
        probabilities, labels = answers(300, seed)
        lower, upper = bootstrap_intervals(probabilities, labels, LEGEND, n_resamples=300)["accuracy"]
        held += lower <= 0.7 <= upper
    assert 180 <= held <= 200


def test_groups_of_copies_count_as_one_field_each() -> None:
    probabilities, labels = answers(100, 2)
    copied, copied_labels, groups = np.repeat(probabilities, 9, axis=0), np.repeat(labels, 9), np.repeat(np.arange(100), 9)
    grouped = bootstrap_intervals(copied, copied_labels, LEGEND, groups.astype(str))
    # 900 fields that are 100 in truth: the same interval as 100 fields give, three times as wide as the naive one.
    alone = bootstrap_intervals(probabilities, labels, LEGEND)
    naive = bootstrap_intervals(copied, copied_labels, LEGEND)
    width = {name: upper - lower for name, (lower, upper) in grouped.items()}
    assert width["log_loss"] == pytest.approx(alone["log_loss"][1] - alone["log_loss"][0], rel=0.15)
    assert width["log_loss"] == pytest.approx(3 * (naive["log_loss"][1] - naive["log_loss"][0]), rel=0.15)


def test_a_class_that_never_occurs_has_no_interval() -> None:
    probabilities, labels = answers(50, 3)
    probabilities = np.c_[probabilities, np.zeros(50)]
    intervals = bootstrap_intervals(probabilities, labels, [*LEGEND, "rice"])
    assert "f1:rice" not in intervals
    assert np.isfinite(list(intervals.values())).all()


def test_draws_without_a_rare_class_do_not_count_it_as_missed() -> None:
    labels = np.array([0, 1] * 50 + [2, 2, 2])
    groups = np.append(np.arange(100) // 10, [10, 10, 10])  # the third class lies in one group of eleven
    probabilities = 0.05 + 0.85 * np.eye(3)[labels]
    probabilities[0] = [0.05, 0.05, 0.9]  # one field of another class is taken for it
    lower, upper = bootstrap_intervals(probabilities, labels, LEGEND, groups)["macro_f1"]
    assert lower > 0.8
    assert upper == 1


def test_a_small_but_steady_gain_shows_in_pairs_and_not_in_the_single_intervals() -> None:
    probabilities, labels = answers(300, 4)
    better = 0.995 * probabilities + 0.005 * np.eye(3)[labels]
    differences = bootstrap_differences(better, probabilities, labels, LEGEND)
    log_loss = differences["log_loss"]
    assert log_loss.difference == pytest.approx(
        score(better, labels, LEGEND).log_loss - score(probabilities, labels, LEGEND).log_loss
    )
    assert log_loss.lower < log_loss.difference < log_loss.upper < 0
    one = bootstrap_intervals(probabilities, labels, LEGEND)["log_loss"]
    assert one[0] < score(better, labels, LEGEND).log_loss
    assert {"accuracy", "macro_f1"} <= set(differences)


def test_the_same_answers_do_not_differ() -> None:
    probabilities, labels = answers(60, 5)
    for one in bootstrap_differences(probabilities, probabilities, labels, LEGEND).values():
        assert (one.difference, one.lower, one.upper) == (0, 0, 0)


def test_the_same_seed_gives_the_same_interval_and_another_a_different_one() -> None:
    probabilities, labels = answers(80, 6)
    first, second, other = (bootstrap_intervals(probabilities, labels, LEGEND, seed=seed) for seed in (0, 0, 1))
    assert first == second
    assert first != other


def test_eight_thousand_fields_take_a_second_or_two() -> None:
    rng = np.random.default_rng(0)
    probabilities, labels = rng.dirichlet(np.ones(10), 8250), rng.integers(0, 10, 8250)
    start = time.process_time()
    bootstrap_intervals(probabilities, labels, [str(i) for i in range(10)])
    assert time.process_time() - start < 3


def test_intervals_are_the_quantiles_of_the_scores_of_fields_drawn_by_whole_groups() -> None:
    probabilities, labels = answers(60, 7)
    groups = np.arange(60) // 6
    rng = np.random.default_rng(3)
    members = [np.flatnonzero(groups == group) for group in range(10)]
    draws = [np.concatenate([members[group] for group in drawn]) for drawn in rng.integers(0, 10, (200, 10))]
    scores = [score(probabilities[rows], labels[rows], LEGEND) for rows in draws]
    found = bootstrap_intervals(probabilities, labels, LEGEND, groups, n_resamples=200, seed=3)
    for name in ("log_loss", "accuracy", "balanced_accuracy", "macro_f1", "kappa", "ece"):
        expected = np.quantile([getattr(one, name) for one in scores], [0.025, 0.975])
        assert found[name] == pytest.approx(expected, abs=1e-12), name


def test_one_group_has_one_draw() -> None:
    probabilities, labels = answers(30, 8)
    accuracy = score(probabilities, labels, LEGEND).accuracy
    assert bootstrap_intervals(probabilities, labels, LEGEND, np.zeros(30))["accuracy"] == (accuracy, accuracy)
