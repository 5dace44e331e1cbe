"""Cross-validation: what answers a field has not seen it, and a stopped run goes on to the same answers."""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cropdetect.errors import OptionError
from cropdetect.evaluation import score
from cropdetect.formats import TrainOptions
from cropdetect.training import crossval
from cropdetect.training.crossval import cross_validate, scores_by_date
from cropdetect.training.data import TrainingData, read_training_data
from cropdetect.training.folds import Folds, make_folds
from tests.training.seasons import season

pytestmark = pytest.mark.filterwarnings("ignore:the area is small")


def numbers(data: TrainingData) -> set[int]:
    """Return the numbers of the fields, which are their rows in the whole table."""
    return {int(name.removeprefix("f")) for name in data.chips.fields["field_id"]}


class Recorder:
    """Learns nothing but which fields it was shown; stops at the fold it is told to."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.shown: list[set[int]] = []
        self.answered: list[set[int]] = []
        self.stop_at = stop_at

    def fit(self, data: TrainingData, groups: np.ndarray | None = None) -> "Recorder":
        if self.stop_at == len(self.shown):
            raise KeyboardInterrupt
        self.shown.append(numbers(data))
        return self

    def predict_proba(self, data: TrainingData) -> np.ndarray:
        self.answered.append(numbers(data))
        share = (np.array(sorted(numbers(data)))[:, None] + 1.0) ** np.arange(len(data.legend))
        return share / share.sum(axis=1, keepdims=True)


def use(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    def networks(data: TrainingData, folds: Folds, left: list[int], groups: Any, *_: Any, **__: Any) -> Any:
        return crossval._one_by_one(lambda: recorder, data, folds, left, groups)

    monkeypatch.setattr(crossval, "_networks", networks)


def prepared(options: TrainOptions, how: str = "random", **season_options: Any) -> tuple[TrainingData, Folds]:
    data = read_training_data(season(**season_options), options.legend)
    return data, make_folds(data.chips.fields, data.classes, how, n_folds=3, block_size=1000)


def test_every_fold_is_answered_by_what_was_shown_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder()
    use(recorder, monkeypatch)
    data, folds = prepared(TrainOptions())
    answers = cross_validate(data, folds, TrainOptions(), tmp_path / "state")
    assert len(recorder.shown) == 3
    for shown, answered in zip(recorder.shown, recorder.answered, strict=True):
        assert not shown & answered
        assert shown | answered == set(range(60))
    np.testing.assert_array_equal(answers.positions, np.arange(60))
    np.testing.assert_allclose(answers.probabilities[:, 1] / answers.probabilities[:, 0], answers.positions + 1)


def test_a_stopped_run_learns_only_the_folds_that_are_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, folds = prepared(TrainOptions())
    stopped = Recorder(stop_at=2)
    use(stopped, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        cross_validate(data, folds, TrainOptions(), tmp_path / "state", by_date=True)
    (tmp_path / "state" / "fold-001.npz").write_bytes(b"damaged")
    resumed, whole = Recorder(), Recorder()
    use(resumed, monkeypatch)
    second = cross_validate(data, folds, TrainOptions(), tmp_path / "state", by_date=True)
    assert len(resumed.shown) == 2  # the damaged one and the one that had not been begun
    use(whole, monkeypatch)
    first = cross_validate(data, folds, TrainOptions(), tmp_path / "other", by_date=True)
    np.testing.assert_array_equal(first.probabilities, second.probabilities)
    assert first.by_date == second.by_date
    assert len(first.by_date or []) == 6


def test_networks_learn_an_easy_season_and_know_more_later_in_it(tmp_path: Path) -> None:
    options = TrainOptions(
        arguments={"dense": 8, "dropout": 0.0}, members=2, epochs=20, learning_rate=0.01, block_size=1000, label_smoothing=0.0
    )
    data, folds = prepared(options, n_fields=90, crops=("maize", "wheat"))
    answers = cross_validate(data, folds, options, tmp_path / "state", by_date=True)
    labels = data.classes[answers.positions]
    whole = score(answers.probabilities, labels, data.legend)
    assert whole.accuracy > 0.9
    assert answers.probabilities.sum(axis=1) == pytest.approx(1)
    dates = answers.by_date
    assert dates is not None
    assert dates[-1].log_loss == pytest.approx(whole.log_loss, abs=1e-6)
    assert [day.until for day in dates] == sorted(day.until for day in dates)
    assert dt.date(2021, 4, 1) < dates[0].until < dates[-1].until <= dt.date(2021, 8, 1)
    assert dates[-1].log_loss < dates[0].log_loss
    assert not list((tmp_path / "state").glob("fold-???"))  # the networks' own state is gone, the answers are kept


def test_a_network_is_taught_nothing_by_the_fields_it_answers(tmp_path: Path) -> None:
    options = TrainOptions(arguments={"dense": 8}, members=2, epochs=2, block_size=1000)
    data, folds = prepared(options)
    first = cross_validate(data, folds, options, tmp_path / "first")
    one = int(folds.test(0)[0])
    other = season()
    other.fields.loc[one, "label"] = "wheat" if data.legend[data.classes[one]] != "wheat" else "beans"
    second = cross_validate(read_training_data(other), folds, options, tmp_path / "second")
    # Its own label changes nothing of what the field is answered, nor of what its fold is.
    np.testing.assert_array_equal(first.probabilities[folds.test(0)], second.probabilities[folds.test(0)])
    assert (first.probabilities[folds.test(1)] != second.probabilities[folds.test(1)]).any()


def test_classes_that_a_fold_could_not_learn_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(Recorder(), monkeypatch)
    chips = season()
    chips.fields["mine"] = np.where(chips.fields["label"] == "beans", 0, np.arange(60) % 2)
    data = read_training_data(chips)
    folds = make_folds(data.chips.fields, data.classes, "mine")
    answers = cross_validate(data, folds, TrainOptions(), tmp_path / "state")
    assert answers.warnings == ("predicted classes without a training field: beans (fold 0)",)


def test_a_model_that_does_not_exist_is_refused_with_the_names_of_networks_and_baselines(tmp_path: Path) -> None:
    data, folds = prepared(TrainOptions())
    with pytest.raises(OptionError, match=r"no model 'typo'\n.*season-cnn.*random-forest, svm, gradient-boosting"):
        cross_validate(data, folds, TrainOptions(model="typo"), tmp_path / "state")


def test_the_network_of_2020_cannot_leave_out_dates(tmp_path: Path) -> None:
    bands = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12", "CLD")
    options = TrainOptions(model="conv-gru", members=2, epochs=1, block_size=1000)
    data, folds = prepared(options, n_fields=30, size=4, ragged=False, bands=bands)
    with pytest.raises(OptionError, match="dates"):
        cross_validate(data, folds, options, tmp_path / "state", by_date=True)


def test_dates_on_which_no_field_was_clear_are_not_scored() -> None:
    probabilities = np.array([[0.8, 0.2], [0.4, 0.6]])
    by_day = np.stack([np.full((2, 2), np.nan), [[0.6, 0.4], [np.nan, np.nan]], probabilities])
    found = scores_by_date(np.array([9.0, 40.0, 99.0]), by_day, np.array([0, 1]), ("a", "b"), 2020)
    assert found is not None
    early, late = found
    assert (early.until, early.n_fields, early.accuracy) == (dt.date(2020, 2, 10), 1, 1.0)
    assert (late.until, late.n_fields) == (dt.date(2020, 4, 9), 2)
