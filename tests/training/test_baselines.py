"""Gap-filled series and the classifiers on them."""

import numpy as np
import pytest

from cropdetect.chips.batch import ChipBatch
from cropdetect.evaluation import log_loss, score
from cropdetect.formats import TrainOptions
from cropdetect.training.baselines import BASELINES, fit_baseline
from cropdetect.training.crossval import labelled_chips
from cropdetect.training.features import gap_filled
from cropdetect.training.learn_baseline import BaselineLearner
from tests.training.seasons import season


def batch(field: list[int], values: list[list[float]], dates: list[list[str]], mask: list[float] | None = None) -> ChipBatch:
    image = np.array(values, np.float32)[:, :, None, None, None]
    weights = np.array(mask or [1.0] * len(field), np.float32)[:, None, None]
    return ChipBatch(np.array(field), image, weights, np.isfinite(image[:, :, 0]), np.array(dates, "datetime64[D]"))


def test_series_are_linear_between_clear_dates_and_level_beyond() -> None:
    dates = [["2021-01-11", "2021-01-21", "2021-01-31"]]  # days 10, 20, 30
    series = gap_filled([batch([0], [[1.0, np.nan, 3.0]], dates)], 1, [0], np.array([0.0, 10, 15, 20, 30, 40]))
    np.testing.assert_allclose(series, [[1, 1, 1.5, 2, 3, 3]])


def test_dates_need_no_order_and_chips_of_a_field_count_by_their_pixels() -> None:
    dates = [["2021-01-31", "2021-01-11"]] * 2
    chips = batch([1, 1], [[3.0, 1.0], [7.0, 5.0]], dates, mask=[0.75, 0.25])
    series = gap_filled([chips], 3, [0], np.array([10.0, 20, 30]))
    np.testing.assert_allclose(series[1], [2, 3, 4])
    assert np.isnan(series[[0, 2]]).all()


@pytest.mark.parametrize("name", BASELINES)
def test_an_easy_season_is_learnt_also_with_missing_values_and_a_single_field_of_a_class(name: str) -> None:
    rng = np.random.default_rng(0)
    classes = np.append(np.arange(120) % 3, 4)  # class 3 is absent, class 4 has one field
    features = rng.normal(0, 0.3, (121, 6)) + classes[:, None]
    features[rng.random(features.shape) < 0.1] = np.nan
    features[:, 5] = np.nan
    fitted = fit_baseline(name, features, classes, seed=0)
    assert set(fitted.classes_) == {0, 1, 2, 4}
    answers = fitted.predict_proba(features[:120])
    assert answers.sum(axis=1) == pytest.approx(1)
    assert (np.asarray(fitted.classes_)[answers.argmax(axis=1)] == classes[:120]).mean() > 0.9


def test_a_baseline_answers_what_it_has_not_seen_and_takes_nothing_from_it(tmp_path: object) -> None:
    chips, fields = labelled_chips(season(n_fields=90), TrainOptions(model="random-forest"))
    training, test = np.arange(0, 60), np.arange(60, 90)
    learner = BaselineLearner("random-forest")
    fitted = learner.fit(chips, fields, training, TrainOptions(), tmp_path, "test")  # type: ignore[arg-type]
    other = season(n_fields=90)
    other.batch.image[60:] = other.batch.image[60:] * 3
    changed, _ = labelled_chips(other, TrainOptions())
    again = learner.fit(changed, fields, training, TrainOptions(), tmp_path, "test")  # type: ignore[arg-type]
    answers = fitted.probabilities(test)
    assert score(answers, fields.classes[test], fields.legend).accuracy > 0.8
    np.testing.assert_array_equal(again.probabilities(training), fitted.probabilities(training))
    np.testing.assert_array_equal(fitted.probabilities(test[::2]), answers[::2])


def test_early_in_the_season_less_is_known_and_nothing_before_the_first_date(tmp_path: object) -> None:
    chips, fields = labelled_chips(season(n_fields=90), TrainOptions(model="svm"))
    training, test = np.arange(0, 60), np.arange(60, 90)
    fitted = BaselineLearner("svm").fit(chips, fields, training, TrainOptions(), tmp_path, "test")  # type: ignore[arg-type]
    labels = fields.classes[test]
    early, late = (log_loss(fitted.probabilities(test, day), labels) for day in (115.0, 400.0))
    assert late == pytest.approx(log_loss(fitted.probabilities(test), labels))
    assert late < early
    assert np.isnan(fitted.probabilities(test, 30.0)).all()  # the first date is 1 April, day 90
