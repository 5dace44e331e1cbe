"""Label doubts are the fields whose label was changed."""

import numpy as np

from cropdetect.evaluation import label_doubts

LEGEND = ["maize", "wheat", "soy"]


def test_labels_that_were_swapped_are_found_and_ordered_by_doubt() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 300)
    certainty = rng.uniform(0.5, 0.95, 300)
    probabilities = (1 - certainty[:, None]) / 2 * np.ones(3)
    probabilities[np.arange(300), truth] = certainty
    labels = truth.copy()
    swapped = np.flatnonzero(certainty > 0.9)[:5]
    labels[swapped] = (truth[swapped] + 1) % 3
    doubts = label_doubts(probabilities, labels, LEGEND, [f"f{i}" for i in range(300)])
    assert {one.field_id for one in doubts} == {f"f{i}" for i in swapped}
    margins = [one.confidence - one.label_probability for one in doubts]
    assert margins == sorted(margins, reverse=True)
    assert all(one.predicted == LEGEND[truth[int(one.field_id[1:])]] for one in doubts)


def test_an_unsure_contradiction_is_no_doubt() -> None:
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.55, 0.45]])
    # The last field's answer is maize with 0.55, less than the 0.9 that fields labelled maize have on average.
    assert label_doubts(probabilities, np.array([0, 0, 1, 1]), LEGEND[:2], [1, 2, 3, 4]) == []


def test_a_class_that_no_field_is_labelled_as_contradicts_nothing() -> None:
    probabilities = np.array([[0.1, 0.9], [0.6, 0.4]])
    assert label_doubts(probabilities, np.array([0, 0]), LEGEND[:2], [1, 2]) == []
