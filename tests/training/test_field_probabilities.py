"""Chips of one field are averaged as prediction averages them."""

import numpy as np

from cropdetect.training.lesson import Answer, field_probabilities


def test_chips_of_a_field_are_weighted_by_their_area_also_across_batches() -> None:
    first = Answer(np.array([[1.0, 0.0], [0.2, 0.8]]), np.array([7, 3]), np.array([30, 5], np.float32), np.array([0, 1]))
    second = Answer(np.array([[0.0, 1.0]]), np.array([7]), np.array([10], np.float32), np.array([0]))
    fields, probabilities, labels = field_probabilities([first, second])
    assert fields.tolist() == [3, 7]
    assert labels.tolist() == [1, 0]
    np.testing.assert_allclose(probabilities, [[0.2, 0.8], [0.75, 0.25]])
