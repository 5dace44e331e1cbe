"""The networks behind scikit-learn's interface."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("torch")

from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import check_estimator

import cropdetect as cd
from cropdetect import CropClassifier
from cropdetect.errors import CropDetectError, OptionError

DATES = ["2024-04-15", "2024-05-10", "2024-06-04", "2024-07-01", "2024-08-12"]
BANDS = ["B04", "B08"]
CROPS = np.array(["beans", "maize", "wheat"])


def season(n: int = 60, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return X (field, date, band) with a tenth of the values missing, and y."""
    rng = np.random.default_rng(seed)
    y = CROPS[np.arange(n) % 3]
    values = rng.normal(1200, 80, (n, len(DATES), 2))
    values[:, :, 1] += 1500
    values[y == "wheat", 1:3, 1] += 1500
    values[y == "beans", 3:, 1] += 1500
    values[rng.random(values.shape) < 0.1] = np.nan
    return values, y


def quick(**changed: Any) -> CropClassifier:
    return CropClassifier(**{"dates": DATES, "bands": BANDS, "epochs": 12, "members": 2, **changed})


@pytest.fixture(scope="module")
def fitted() -> CropClassifier:
    return quick().fit(*season())


def test_other_fields_are_classified(fitted: CropClassifier) -> None:
    values, crops = season(seed=1)
    answers = fitted.predict_proba(values)
    assert fitted.classes_.tolist() == CROPS.tolist()
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-6)
    assert (fitted.predict(values) == fitted.classes_[answers.argmax(axis=1)]).all()
    assert fitted.score(values, crops) > 0.9


def test_flat_arrays_have_the_bands_of_a_date_side_by_side(fitted: CropClassifier) -> None:
    values, crops = season()
    flat = clone(fitted).fit(values.reshape(len(values), -1), crops)
    expected = fitted.predict_proba(values)
    np.testing.assert_array_equal(flat.predict_proba(values.reshape(len(values), -1)), expected)
    columns = [f"{day} {band}" for day in DATES for band in BANDS]
    named = clone(fitted).fit(pd.DataFrame(values.reshape(len(values), -1), columns=columns), crops)
    assert named.feature_names_in_.tolist() == columns


def test_the_same_seed_gives_the_same_answers_and_a_copy_answers_alike(fitted: CropClassifier) -> None:
    values, crops = season()
    expected = fitted.predict_proba(values)
    np.testing.assert_array_equal(clone(fitted).fit(values, crops).predict_proba(values), expected)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).predict_proba(values), expected)
    assert not np.array_equal(quick(random_state=1).fit(values, crops).predict_proba(values), expected)


def test_a_field_that_shows_nothing_gets_the_shares_of_the_classes(fitted: CropClassifier) -> None:
    values, _ = season()
    values[3] = np.nan
    answers = fitted.predict_proba(values)
    np.testing.assert_array_equal(answers[3], fitted.class_prior_)
    np.testing.assert_allclose(fitted.class_prior_, 1 / 3)
    assert np.isfinite(answers).all()


def test_labels_of_any_type_come_back() -> None:
    values, crops = season()
    codes = np.select([crops == "beans", crops == "maize"], [10, 2], 7)
    model = quick(model="svm").fit(values, codes)
    assert model.classes_.tolist() == [2, 7, 10]
    assert (model.predict(values) == codes).mean() > 0.95


def test_groups_keep_validation_fields_apart() -> None:
    values, crops = season()
    groups = np.arange(60) // 12
    model = quick(epochs=1).fit(values, crops, groups=[f"village {g}" for g in groups])
    for split in model.estimator_.splits_:
        assert not set(groups[split.training]) & set(groups[split.validation])


def test_it_works_in_the_tools_of_scikit_learn() -> None:
    values, crops = season()
    groups = np.arange(60) // 10
    model = quick(model="svm")
    answers = cross_val_predict(model, values, crops, groups=groups, cv=GroupKFold(3), method="predict_proba")
    assert (CROPS[answers.argmax(axis=1)] == crops).mean() > 0.9
    search = GridSearchCV(model, {"model": ["svm", "gradient-boosting"]}, cv=2).fit(values, crops)
    assert search.best_score_ > 0.8
    chain = make_pipeline(FunctionTransformer(lambda x: x / 10_000), model).fit(values, crops)
    assert chain.score(values, crops) > 0.9


@pytest.mark.parametrize("model", ["season-cnn", "svm"])
def test_the_answers_are_those_of_train_and_predict_on_the_same_table(model: str, tmp_path: Path) -> None:
    values, crops = season()
    rows = pd.DataFrame(
        [
            {"field_id": f"f{field:03d}", "date": day, **dict(zip(BANDS, values[field, step], strict=True))}
            for field in range(60)
            for step, day in enumerate(DATES)
        ]
    )
    table = tmp_path / "table"
    table.mkdir()
    rows.to_csv(table / "series.csv", index=False)
    villages = np.arange(60) // 6
    fields = pd.DataFrame({"field_id": [f"f{field:03d}" for field in range(60)], "label": crops, "group": villages})
    fields.to_csv(table / "fields.csv", index=False)
    values = values.astype(np.float32)
    if model == "svm":  # which is cross-validated and has no checkpoint
        folds = tmp_path / "folds"
        cd.crossval(table, folds, folds="group", model=model)
        told = pd.read_csv(folds / "predictions.csv").sort_values("field_id")
        own = cross_val_predict(quick(model=model), values, crops, groups=villages, cv=GroupKFold(10), method="predict_proba")
        np.testing.assert_allclose(own, told[[f"prob_{crop}" for crop in CROPS]].to_numpy(), atol=1e-6)
        return
    cd.train(table, tmp_path / "checkpoint", epochs=12, members=2)
    told = cd.predict(table, checkpoint=tmp_path / "checkpoint").fields.sort_values("field_id")
    own = quick().fit(values, crops, groups=villages).predict_proba(values)
    np.testing.assert_allclose(own, told[[f"prob_{crop}" for crop in CROPS]].to_numpy(float), atol=1e-4)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"dates": DATES[:4]}, "does not fit 4 dates and 2 bands"),
        ({"dates": [*DATES[1:], DATES[0]]}, "do not ascend"),
        ({"dates": ["May"] * 5}, "dates cannot be read"),
        ({"bands": ["B04"]}, "does not fit 5 dates and 1 bands"),
        ({"model": "oracle"}, "no model 'oracle'\n.*season-cnn.*random-forest"),
        ({"recipe": "secret"}, "no recipe"),
        ({"settings": {"learning_rat": 1}}, "learning_rat"),
        ({"epochs": 0}, "epochs"),
    ],
)
def test_what_does_not_fit_is_said(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(CropDetectError, match=words):
        quick(**changed).fit(*season())


def test_arrays_that_cannot_be_used_are_named_errors_and_value_errors(fitted: CropClassifier) -> None:
    values, crops = season()
    for wrong in (values[:, 0, 0], np.full_like(values, np.inf), "fields", values.astype(complex)):
        with pytest.raises(CropDetectError) as caught:
            fitted.predict(wrong)
        assert isinstance(caught.value, ValueError)
    with pytest.raises(CropDetectError, match="at least 10"):
        quick().fit(values[:6], crops[:6])
    with pytest.raises(CropDetectError, match="learned from"):
        quick(dates=None, bands=None, model="svm").fit(values, crops).predict(values[:, :, :1])
    assert not issubclass(OptionError, ValueError)


EXPECTED_FAILURES = {
    "season-cnn": {},
    "svm": {"check_estimators_pickle": "scikit-learn's own SVC gives no probabilities from weights that are mapped read-only"},
}


@pytest.mark.slow
@pytest.mark.parametrize("model", EXPECTED_FAILURES)
@pytest.mark.filterwarnings("ignore")
def test_scikit_learns_own_checks_pass(model: str) -> None:
    estimator = CropClassifier(model, epochs=20, members=1, settings={"batch_size": 16})
    results = check_estimator(estimator, on_fail=None, expected_failed_checks=EXPECTED_FAILURES[model])
    assert [(one["check_name"], one["exception"]) for one in results if one["status"] == "failed"] == []
    assert {one["check_name"] for one in results if one["status"] == "xfail"} == set(EXPECTED_FAILURES[model])
    assert {one["check_name"] for one in results if one["status"] == "skipped"} <= {"check_array_api_input"}
