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
from cropdetect.training.crossval import OutOfFold, cross_validate, labelled_chips, scores_by_date, season_year
from cropdetect.training.folds import make_folds
from tests.training.seasons import season

pytestmark = pytest.mark.filterwarnings("ignore:the area is small")


class Recorder:
    """Learns nothing but who was shown to it; stops at the fold it is told to."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.shown: list[set[int]] = []
        self.answered: list[set[int]] = []
        self.stop_at = stop_at

    def fit(self, chips: Any, fields: Any, training: np.ndarray, *_: object) -> "Recorder":
        if self.stop_at == len(self.shown):
            raise KeyboardInterrupt
        self.shown.append(set(training.tolist()))
        self.n_classes = len(fields.legend)
        return self

    def probabilities(self, positions: np.ndarray, until: float | None = None) -> np.ndarray:
        self.answered.append(set(positions.tolist()))
        share = (positions[:, None] + 1.0) ** np.arange(self.n_classes)
        return share / share.sum(axis=1, keepdims=True)


def prepared(options: TrainOptions, how: str = "random", **season_options: Any) -> tuple[Any, Any, Any]:
    chips, fields = labelled_chips(season(**season_options), options)
    folds = make_folds(chips.chips.fields.iloc[fields.rows], fields.classes, how, n_folds=3, block_size=1000)
    return chips, fields, folds


def test_every_fold_is_answered_by_what_was_shown_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder()
    monkeypatch.setattr(crossval, "_learner", lambda model: recorder)
    chips, fields, folds = prepared(TrainOptions())
    answers = cross_validate(chips, fields, folds, TrainOptions(), tmp_path / "state")
    assert len(recorder.shown) == 3
    for shown, answered in zip(recorder.shown, recorder.answered, strict=True):
        assert not shown & answered
        assert shown | answered == set(range(60))
    np.testing.assert_array_equal(answers.positions, np.arange(60))
    np.testing.assert_allclose(answers.probabilities[:, 1] / answers.probabilities[:, 0], answers.positions + 1)


def test_a_stopped_run_learns_only_the_folds_that_are_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chips, fields, folds = prepared(TrainOptions())
    stopped = Recorder(stop_at=2)
    monkeypatch.setattr(crossval, "_learner", lambda model: stopped)
    with pytest.raises(KeyboardInterrupt):
        cross_validate(chips, fields, folds, TrainOptions(), tmp_path / "state", by_date=True)
    (tmp_path / "state" / "fold-001.npz").write_bytes(b"damaged")
    resumed, whole = Recorder(), Recorder()
    monkeypatch.setattr(crossval, "_learner", lambda model: resumed)
    second = cross_validate(chips, fields, folds, TrainOptions(), tmp_path / "state", by_date=True)
    assert len(resumed.shown) == 2  # the damaged one and the one that had not been begun
    monkeypatch.setattr(crossval, "_learner", lambda model: whole)
    first = cross_validate(chips, fields, folds, TrainOptions(), tmp_path / "other", by_date=True)
    np.testing.assert_array_equal(first.probabilities, second.probabilities)
    np.testing.assert_array_equal(first.by_day, second.by_day)


def test_networks_learn_an_easy_season_and_know_more_later_in_it(tmp_path: Path) -> None:
    options = TrainOptions(
        arguments={"dense": 8, "dropout": 0.0}, members=2, epochs=20, learning_rate=0.01, block_size=1000, label_smoothing=0.0
    )
    chips, fields, folds = prepared(options, n_fields=90, crops=("maize", "wheat"))
    answers = cross_validate(chips, fields, folds, options, tmp_path / "state", by_date=True)
    labels = fields.classes[answers.positions]
    assert score(answers.probabilities, labels, fields.legend).accuracy > 0.9
    assert answers.probabilities.sum(axis=1) == pytest.approx(1)
    np.testing.assert_allclose(answers.by_day[-1], answers.probabilities, atol=1e-6)
    dates = scores_by_date(answers, labels, fields.legend, season_year(chips))
    assert [day.until for day in dates] == sorted(day.until for day in dates)
    assert dt.date(2021, 4, 1) < dates[0].until < dates[-1].until <= dt.date(2021, 8, 1)
    assert dates[-1].log_loss < dates[0].log_loss
    assert not list((tmp_path / "state").glob("fold-???"))  # the networks' own state is gone, the answers are kept


def test_a_network_is_taught_nothing_by_the_fields_it_answers(tmp_path: Path) -> None:
    options = TrainOptions(arguments={"dense": 8}, members=2, epochs=2, block_size=1000)
    chips, fields, folds = prepared(options)
    first = cross_validate(chips, fields, folds, options, tmp_path / "first")
    one = int(folds.test(0)[0])
    other = season()
    other.fields.loc[fields.rows[one], "label"] = "wheat" if fields.legend[fields.classes[one]] != "wheat" else "beans"
    changed, relabelled = labelled_chips(other, options)
    second = cross_validate(changed, relabelled, folds, options, tmp_path / "second")
    # Its own label changes nothing of what the field is answered, nor of what its fold is.
    np.testing.assert_array_equal(first.probabilities[folds.test(0)], second.probabilities[folds.test(0)])
    assert (first.probabilities[folds.test(1)] != second.probabilities[folds.test(1)]).any()


def test_classes_that_a_fold_could_not_learn_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crossval, "_learner", lambda model: Recorder())
    chips = season()
    chips.fields["mine"] = np.where(chips.fields["label"] == "beans", 0, np.arange(60) % 2)
    read, fields = labelled_chips(chips, TrainOptions())
    folds = make_folds(read.chips.fields, fields.classes, "mine")
    answers = cross_validate(read, fields, folds, TrainOptions(), tmp_path / "state")
    assert answers.warnings == ("classes that were answered without a field to learn from: beans (fold 0)",)


def test_the_network_of_2020_cannot_leave_out_dates(tmp_path: Path) -> None:
    bands = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12", "CLD")
    options = TrainOptions(model="conv-gru", members=2, epochs=1, block_size=1000)
    chips, fields, folds = prepared(options, n_fields=30, size=4, ragged=False, bands=bands)
    with pytest.raises(OptionError, match="dates"):
        cross_validate(chips, fields, folds, options, tmp_path / "state", by_date=True)


def test_dates_on_which_no_field_was_clear_are_not_scored() -> None:
    probabilities = np.array([[0.8, 0.2], [0.4, 0.6]])
    by_day = np.stack([np.full((2, 2), np.nan), [[0.6, 0.4], [np.nan, np.nan]], probabilities])
    answers = OutOfFold(np.arange(2), np.zeros(2, int), probabilities, np.array([9.0, 40.0, 99.0]), by_day)
    early, late = scores_by_date(answers, np.array([0, 1]), ("a", "b"), 2020)
    assert (early.until, early.n_fields, early.accuracy) == (dt.date(2020, 2, 10), 1, 1.0)
    assert (late.until, late.n_fields) == (dt.date(2020, 4, 9), 2)
