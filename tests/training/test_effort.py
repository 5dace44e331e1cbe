"""How long a training takes is said beforehand, as this machine does it."""

import time
from pathlib import Path

import pytest

from cropdetect.formats import TrainOptions
from cropdetect.training import train
from cropdetect.training.data import read_training_data
from cropdetect.training.effort import Pace, about, members_of, pace_of_stream
from cropdetect.training.members import threads
from cropdetect.training.pool import ALONE, announced
from tests.training.seasons import season
from tests.training.test_train import options

pytestmark = pytest.mark.filterwarnings("ignore:the area is small")


@pytest.mark.slow
def test_a_training_takes_about_as_long_as_was_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", time.process_time)  # whatever else the machine does
    choices = options(members=1, epochs=25, arguments={})
    data = read_training_data(season(n_fields=60, size=5))

    def ratio(out: Path) -> float:
        ends: list[float] = []
        said = announced(data, choices, [60], ALONE)
        train(season(n_fields=60, size=5), out, choices, on_epoch=lambda _: ends.append(time.process_time()))
        return said / ((ends[-1] - ends[0]) * 25 / 24)  # the first epoch is told when it has ended

    with threads(one=True):  # those that wait for each other take CPU time, too
        Pace.of(data, choices)  # loads what is loaded once
        # Again where the processor was slower in one of both, as by what its other half did.
        assert any(1 / 2 < ratio(tmp_path / str(number)) < 2 for number in range(3))


def test_the_pace_of_a_stream_is_that_of_its_first_chips() -> None:
    chips = season(n_fields=80, size=5)
    chips.fields.loc[:40, "label"] = None
    pace = pace_of_stream(chips, options())
    assert pace is not None
    assert 0 < pace.answer < pace.step
    chips.batch.clear[:] = False
    assert pace_of_stream(chips, options()) is None


@pytest.mark.parametrize(
    ("n_fields", "pixels", "members"), [(49, 32, 5), (50, 32, 10), (1999, 32, 10), (2000, 32, 5), (500, 1, 5)]
)
def test_an_ensemble_has_more_members_where_they_help(n_fields: int, pixels: int, members: int) -> None:
    assert members_of(TrainOptions(), n_fields, pixels) == members


@pytest.mark.parametrize(("seconds", "words"), [(10, "about a minute"), (600, "about 10 minutes"), (9000, "about 2.5 hours")])
def test_times_are_said_in_words(seconds: float, words: str) -> None:
    assert about(seconds) == words
