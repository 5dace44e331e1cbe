"""One cycle of one network: stopped after any epoch it continues to the same weights, and each epoch is reported."""

import builtins
import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor

from cropdetect.errors import MissingExtraError
from cropdetect.formats import TrainOptions
from cropdetect.training import EpochReport, loop, train
from cropdetect.training.data import TrainingData, read_training_data
from cropdetect.training.loader import TrainingBatches
from cropdetect.training.loop import train_cycle
from cropdetect.training.specification import specify_network
from tests.models.test_contract import FieldMean
from tests.training.seasons import season

pytestmark = pytest.mark.filterwarnings("ignore:the area is small")
EPOCHS = 4


class StopError(Exception):
    pass


def options(**changes: Any) -> TrainOptions:
    return TrainOptions(**{"arguments": {"dense": 8}, "batch_size": 16, **changes})


def train_one(
    data: TrainingData, choices: TrainOptions, file: Path, stop_after: int | None = None
) -> tuple[dict[str, Tensor], list[EpochReport]]:
    reports: list[EpochReport] = []

    def report(epoch: EpochReport) -> None:
        reports.append(epoch)
        if epoch.epoch == stop_after:
            raise StopError

    training, validation = data.of_fields(np.arange(40)), data.of_fields(np.arange(40, 60))
    specification = specify_network(data, np.arange(40), choices)
    torch.manual_seed(0)
    network = specification.build()
    batches = TrainingBatches(training, specification, choices, seed=5)
    weights = train_cycle(network, batches, validation, choices, epochs=EPOCHS, seed=5, file=file, on_epoch=report)
    return weights, reports


@pytest.mark.parametrize(
    "changes", [{}, {"patience": 1, "learning_rate": 0.05}, {"optimizer": "sgd", "schedule": "cosine", "learning_rate": 0.1}]
)
def test_a_cycle_stopped_after_any_epoch_continues_to_the_same_weights(
    changes: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "_SAVING", 1e9)  # after every epoch
    data, choices = read_training_data(season()), options(**changes)
    whole, all_reports = train_one(data, choices, tmp_path / "whole.pt")
    for stop_after in range(len(all_reports)):
        file = tmp_path / f"{stop_after}.pt"
        with pytest.raises(StopError):
            train_one(data, choices, file, stop_after)
        assert torch.load(file, weights_only=True)["epochs_done"] == stop_after + 1
        resumed, reports = train_one(data, choices, file)
        assert torch.load(file, weights_only=True)["epochs_done"] == len(all_reports)
        assert reports == all_reports  # those before are told again, since nobody may have heard of them
        assert all(torch.equal(resumed[name], whole[name]) for name in whole)


def test_every_epoch_is_reported_with_losses_that_fall_and_the_learning_rate_of_the_schedule(tmp_path: Path) -> None:
    data = read_training_data(season())
    choices = options(patience=9, schedule="cosine", learning_rate=0.02, label_smoothing=0)
    _, reports = train_one(data, choices, tmp_path / "a.pt")
    assert [report.epoch for report in reports] == list(range(EPOCHS))
    assert reports[-1].training_loss < reports[0].training_loss < 3
    assert all(report.validation_log_loss is not None for report in reports)
    expected = [0.01 * (1 + np.cos(np.pi * (epoch + 1) / EPOCHS)) for epoch in range(EPOCHS)]
    np.testing.assert_allclose([report.learning_rate for report in reports], expected, atol=1e-12)
    assert train_one(data, options(), tmp_path / "b.pt")[1][0].validation_log_loss is None


def test_the_random_state_of_the_caller_stays(tmp_path: Path) -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    train(season(), tmp_path / "out", options(epochs=1, members=1, block_size=1000))
    assert torch.equal(torch.rand(1), expected)


def test_a_callback_sees_every_epoch_of_every_cycle_and_member(tmp_path: Path) -> None:
    reports: list[EpochReport] = []
    choices = options(epochs=2, members=2, snapshots=2, block_size=1000)
    train(season(), tmp_path / "out", choices, on_epoch=reports.append)
    seen = [(report.member, report.cycle, report.epoch) for report in reports]
    assert seen == [(member, cycle, epoch) for member in range(2) for cycle in range(2) for epoch in range(2)]


def test_a_table_holds_every_epoch_also_of_a_training_that_was_stopped(tmp_path: Path) -> None:
    choices = options(epochs=3, members=2, patience=5, block_size=1000)
    reports: list[EpochReport] = []
    train(season(), tmp_path / "whole", choices, on_epoch=reports.append)
    state = tmp_path / "state"
    state.mkdir()

    def stop(report: EpochReport) -> None:
        if (report.member, report.epoch) == (1, 0):
            raise StopError

    with pytest.raises(StopError):
        train(season(), tmp_path / "stopped", choices, state=state, on_epoch=stop)
    train(season(), tmp_path / "stopped", choices, state=state)
    table = pd.read_csv(tmp_path / "whole" / "training.csv")
    assert list(table.itertuples(index=False, name=None)) == [dataclasses.astuple(report) for report in reports]
    assert (tmp_path / "stopped" / "training.csv").read_bytes() == (tmp_path / "whole" / "training.csv").read_bytes()


def test_tensorboard_gets_the_losses_of_every_member(tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    reports: list[EpochReport] = []
    choices = options(epochs=2, members=2, patience=5, block_size=1000)
    train(season(), tmp_path / "out", choices, log_dir=tmp_path / "log", on_epoch=reports.append)
    assert sorted(folder.name for folder in (tmp_path / "log").iterdir()) == ["member-0-cycle-0", "member-1-cycle-0"]
    events = accumulator.EventAccumulator(str(tmp_path / "log" / "member-1-cycle-0"))
    events.Reload()
    for name, attribute in [("loss/training", "training_loss"), ("loss/validation", "validation_log_loss")]:
        found = [(event.step, event.value) for event in events.Scalars(name)]
        expected = [(report.epoch, getattr(report, attribute)) for report in reports if report.member == 1]
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_without_tensorboard_a_log_is_refused_before_anything_is_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def without(name: str, *arguments: Any, **named: Any) -> Any:
        if name.startswith("torch.utils.tensorboard"):
            raise ModuleNotFoundError(name)
        return original(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"cropdetect\[tensorboard\]"):
        train(season(), tmp_path / "out", options(epochs=1, block_size=1000), log_dir=tmp_path / "log")
    assert list(tmp_path.iterdir()) == []


def test_a_network_of_another_module_is_trained_and_named_in_the_checkpoint(tmp_path: Path) -> None:
    name = f"{FieldMean.__module__}:{FieldMean.__qualname__}"
    choices = TrainOptions(model=name, epochs=25, members=2, block_size=1000, learning_rate=0.05, weight_averaging=0)
    checkpoint = train(season(n_fields=120, crops=("maize", "wheat")), tmp_path / "out", choices)
    assert checkpoint.record.model.name == name
    assert checkpoint.record.metrics["accuracy"] > 0.8
