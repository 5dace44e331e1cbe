"""The calibration of a mean of members, from fields that some of them left out."""

import numpy as np
import pytest

from cropdetect.evaluation import fit_temperature, log_loss
from cropdetect.training.ensemble import OutOfFold
from cropdetect.training.fit import fit_calibration

N_CLASSES = 5


def answers(n_fields: int, n_members: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return what independent, too sure members say, (member, field, class), and the true classes."""
    random = np.random.default_rng(seed)
    scores = random.normal(0, 1.5, (n_fields, N_CLASSES))
    truth = np.array([random.choice(N_CLASSES, p=p) for p in softmax(scores)])
    return softmax(scores + random.normal(0, 1.5, (n_members, n_fields, N_CLASSES))), truth


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores)
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def test_means_of_answers_by_field() -> None:
    held_out = OutOfFold(np.array([3, 7, 7]), np.array([[0.2, 0.8], [0.5, 0.5], [0.9, 0.1]]), np.array([1, 0, 0]))
    means, labels, n_answers = held_out.pooled()
    np.testing.assert_allclose(means, [[0.2, 0.8], [0.7, 0.3]])
    assert labels.tolist() == [1, 0]
    assert n_answers.tolist() == [1, 2]


def test_pairs_tell_how_to_calibrate_the_mean_of_six() -> None:
    members, truth = answers(3000, 2, seed=0)
    fields = np.r_[np.arange(3000), np.arange(600)]  # the second member left out a fifth
    order = np.argsort(fields, kind="stable")
    held_out = OutOfFold(fields[order], np.concatenate([members[0], members[1][:600]])[order], truth[fields[order]])
    record, scaling = fit_calibration(held_out, "temperature", 6)
    assert scaling.each is not None
    new, labels = answers(4000, 6, seed=1)
    each = scaling.each.apply(np.log(new))
    assert fit_temperature(np.log(each[0]), labels).scale == pytest.approx(1, abs=0.1)
    mean = np.log(each.mean(axis=0))
    best = log_loss(fit_temperature(mean, labels).apply(mean), labels)
    not_sharpened = log_loss(each.mean(axis=0), labels)
    assert not_sharpened - best > 0.01
    assert log_loss(scaling.apply(new), labels) - best < (not_sharpened - best) / 10
    assert record.pooling == scaling.pooling > 0
    np.testing.assert_allclose(np.exp(record.pooling * 5 / 6), record.scale)
    np.testing.assert_allclose(scaling.each.scale, record.each_scale)


def test_without_pairs_the_mean_is_calibrated_as_its_members() -> None:
    (member,), truth = answers(300, 1, seed=2)
    record, scaling = fit_calibration(OutOfFold(np.arange(300), member, truth), "temperature", 5)
    assert (record.pooling, record.each_scale, scaling.each) == (0, [], None)
    found = fit_temperature(np.log(member), truth)
    assert record.scale == pytest.approx(found.scale, abs=0)
    five = np.stack([member] * 5)
    np.testing.assert_allclose(scaling.apply(five), found.apply(np.log(five.mean(axis=0))))


def test_a_handful_of_pairs_cannot_ask_for_anything() -> None:
    mean_right = np.array([[0.9, 0.1], [0.45, 0.55], [0.9, 0.1], [0.45, 0.55]])
    record, _ = fit_calibration(OutOfFold(np.array([0, 0, 1, 1]), mean_right, np.zeros(4, int)), "temperature", 1000)
    assert 0 <= record.pooling <= 1
