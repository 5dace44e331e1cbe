"""Area estimates agree with the worked example of Olofsson et al. (2014) and with a simulated population."""

import numpy as np
import pytest

from cropdetect.evaluation import estimate_areas

# Table 8: sample counts, rows mapped, columns reference; mapped areas in pixels of 30 m.
CLASSES = ["deforestation", "forest gain", "stable forest", "stable non-forest"]
COUNTS = np.array([[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]])
MAPPED = np.array([200_000.0, 150_000.0, 3_200_000.0, 6_450_000.0])
HECTARES = 0.09


def as_fields(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mapped, true = np.indices(counts.shape)
    return np.repeat(mapped.ravel(), counts.ravel()), np.repeat(true.ravel(), counts.ravel())


def test_the_worked_example_of_the_paper() -> None:
    predicted, labels = as_fields(COUNTS)
    record, warnings = estimate_areas(predicted, labels, CLASSES, MAPPED, unit="ha", probability_sample=True)
    assert warnings == ()
    # Section 5: 235,086 pixels of deforestation, 95 % interval +- 68,418; and hectares of all classes.
    first = record.classes[0]
    assert first.estimated == pytest.approx(235_086, abs=1)
    assert 1.96 * first.standard_error == pytest.approx(68_418, abs=1)
    hectares = [(21_158, 6_158), (11_686, 3_756), (285_770, 15_510), (581_386, 16_282)]
    for found, (area, half_width) in zip(record.classes, hectares, strict=True):
        assert HECTARES * found.estimated == pytest.approx(area, abs=1)
        assert HECTARES * 1.96 * found.standard_error == pytest.approx(half_width, abs=1)
    assert record.overall_accuracy == pytest.approx(0.947, abs=0.0005)
    assert 1.96 * record.overall_accuracy_se == pytest.approx(0.018, abs=0.0005)
    assert [round(one.users_accuracy, 2) for one in record.classes] == [0.88, 0.73, 0.93, 0.96]
    assert [round(one.producers_accuracy, 2) for one in record.classes] == [0.75, 0.85, 0.93, 0.96]
    assert [round(1.96 * one.users_accuracy_se, 2) for one in record.classes] == [0.07, 0.10, 0.04, 0.02]
    assert round(1.96 * first.producers_accuracy_se, 2) == 0.21


def test_the_standard_error_is_the_spread_of_the_estimates_also_for_fields_of_unequal_size() -> None:
    rng = np.random.default_rng(0)
    n = 4000
    labels = rng.choice(3, n, p=[0.6, 0.3, 0.1])
    sizes = rng.lognormal(0, 0.8, n) * (1 + labels)  # the rare class has the large fields
    wrong = rng.random(n) < 0.35 / (1 + sizes)  # and small fields are mapped worse
    predicted = np.where(wrong, rng.integers(0, 3, n), labels)
    mapped, n_mapped = np.bincount(predicted, weights=sizes), np.bincount(predicted)
    truth = np.bincount(labels, weights=sizes)
    estimates, errors = [], []
    for _ in range(400):
        sample = np.concatenate([rng.choice(np.flatnonzero(predicted == k), 60, replace=False) for k in range(3)])
        record, _ = estimate_areas(
            predicted[sample], labels[sample], ["a", "b", "c"], mapped, unit="ha", sizes=sizes[sample], n_mapped=n_mapped
        )
        estimates.append([one.estimated for one in record.classes])
        errors.append([one.standard_error for one in record.classes])
    spread = np.std(estimates, axis=0)
    assert np.abs(np.mean(estimates, axis=0) - truth).max() < 0.02 * truth.sum()
    np.testing.assert_allclose(np.mean(errors, axis=0), spread, rtol=0.2)


def test_estimates_add_up_to_the_mapped_area() -> None:
    predicted, labels = as_fields(COUNTS)
    record, _ = estimate_areas(predicted, labels, CLASSES, MAPPED, unit="ha")
    assert sum(one.estimated for one in record.classes) == pytest.approx(MAPPED.sum())


def test_labels_of_every_field_leave_no_error() -> None:
    predicted, labels = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1])
    record, _ = estimate_areas(predicted, labels, ["a", "b"], np.array([2.0, 2.0]), unit="fields", n_mapped=np.array([2, 2]))
    assert [one.estimated for one in record.classes] == [1.0, 3.0]
    assert [one.standard_error for one in record.classes] == [0.0, 0.0]


def test_labels_that_are_no_probability_sample_are_warned_of() -> None:
    predicted, labels = as_fields(COUNTS)
    record, warnings = estimate_areas(predicted, labels, CLASSES, MAPPED, unit="ha")
    assert not record.probability_sample
    assert any("probability sample" in text for text in warnings)


def test_a_mapped_class_without_labels_is_left_out_and_named() -> None:
    predicted, labels = np.array([0, 0, 0]), np.array([0, 0, 1])
    record, warnings = estimate_areas(predicted, labels, ["a", "b"], np.array([30.0, 12.0]), unit="ha", probability_sample=True)
    assert [one.estimated for one in record.classes] == pytest.approx([20.0, 10.0])
    assert record.classes[1].users_accuracy is None
    assert len(warnings) == 1
    assert "b" in warnings[0]


def test_one_labelled_field_of_a_mapped_class_is_not_taken_for_certainty() -> None:
    record, _ = estimate_areas(np.array([0]), np.array([0]), ["a", "b"], np.array([10.0, 0.0]), unit="ha")
    assert record.classes[0].standard_error == pytest.approx(5.0)
