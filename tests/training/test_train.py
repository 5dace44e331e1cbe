"""Training gives a checkpoint that predicts, says what it was trained on, and is the same after an interruption."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from sklearn.metrics import log_loss

from cropdetect.checkpoint import Checkpoint, read_checkpoint
from cropdetect.chips import MemoryChips
from cropdetect.errors import DiskFullError, MissingBandError, OptionError, TrainingDataError
from cropdetect.formats import TrainOptions
from cropdetect.training import train
from cropdetect.training.groups import spatial_groups
from cropdetect.training.split import validation_splits
from tests.training.seasons import season

SMALL = {"dense": 8, "dropout": 0.1}
BANDS_2020 = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12", "CLD")
ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.filterwarnings("ignore:the area is small")


def options(**changes: Any) -> TrainOptions:
    return TrainOptions(**{"arguments": SMALL, "epochs": 2, "members": 1, "validation_share": 0.2, "block_size": 1000, **changes})


def weights(checkpoint: Checkpoint) -> list[str]:
    return [member.safetensors_sha256 for member in checkpoint.record.members]


def onnx_probabilities(checkpoint: Checkpoint, chips: MemoryChips) -> np.ndarray:
    """Answer all chips with the first member as any ONNX program would."""
    record, batch = checkpoint.record, chips.batch
    session = onnxruntime.InferenceSession(checkpoint.member_paths()[0], providers=["CPUExecutionProvider"])
    image = batch.image[:, :, [chips.info.bands.index(band) for band in record.bands]].astype(np.float32)
    inputs = {"image": image, "mask": batch.mask, "clear": batch.clear, "day": batch.day()}
    (scores,) = session.run(None, {i.name: inputs[i.name] for i in session.get_inputs()})
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def first_split(chips: MemoryChips) -> Any:
    """Return the split of the first member, made from the public rule."""
    groups = spatial_groups(chips.fields, column=None, block_size=1000, wanted=10).of_field
    classes = np.unique(chips.fields["label"], return_inverse=True)[1]
    return validation_splits(classes, groups, validation_share=0.2, members=1, seed=0)[0]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[MemoryChips, Checkpoint]:
    """A network that has learnt an easy season of 1 x 1 chips."""
    chips = season(n_fields=120, crops=("maize", "wheat"))
    out = tmp_path_factory.mktemp("trained") / "checkpoint"
    train(chips, out, options(epochs=25, learning_rate=0.01, calibration="none"), data_names=["season"], licence="CC0-1.0")
    return chips, read_checkpoint(out)


def test_its_stac_item_names_it_by_network_data_and_season(trained: tuple[MemoryChips, Checkpoint]) -> None:
    _, checkpoint = trained
    item = json.loads((checkpoint.path / "stac-item.json").read_text("utf-8"))
    assert item["id"] == item["properties"]["mlm:name"] == checkpoint.record.model_id == "season-cnn-season-2021"


def test_a_baseline_is_not_trained_and_the_message_says_what_takes_it(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"svm is a baseline.*\n.*season-cnn.*crossval"):
        train(season(n_fields=40), tmp_path / "checkpoint", options(model="svm", arguments={}))
    assert not (tmp_path / "checkpoint").exists()


def test_an_easy_season_is_learnt(trained: tuple[MemoryChips, Checkpoint]) -> None:
    _, checkpoint = trained
    assert checkpoint.record.metrics["accuracy"] > 0.9
    assert checkpoint.record.metrics["log_loss"] < 0.4


@pytest.mark.parametrize("model", ["pse-ltae", "tempcnn"])
def test_every_network_for_any_bands_learns_it_and_gets_bands_scaling_and_calendar_from_the_data(
    model: str, tmp_path: Path
) -> None:
    chips = season(n_fields=120, crops=("maize", "wheat"))
    chosen = options(model=model, arguments={}, epochs=25, learning_rate=0.005)
    record = train(chips, tmp_path / "checkpoint", chosen).record
    assert record.metrics["accuracy"] > 0.9
    assert record.bands == ["B04", "B08"]
    assert record.model.arguments["scaling"] == ["sqrt", "sqrt"]
    assert ("grid_start" in record.model.arguments) == (model == "tempcnn")
    if model == "tempcnn":
        assert record.model.arguments["grid_end"] - record.model.arguments["grid_start"] < 150


def test_the_metrics_are_those_of_the_exported_network_on_validation_fields_only(
    trained: tuple[MemoryChips, Checkpoint],
) -> None:
    chips, checkpoint = trained
    held_out = first_split(chips).validation
    probabilities = onnx_probabilities(checkpoint, chips)[held_out]
    labels = chips.fields["label"].to_numpy()[held_out]
    assert checkpoint.record.metrics["n_fields"] == len(held_out)
    assert checkpoint.record.metrics["log_loss"] == pytest.approx(log_loss(labels, probabilities), abs=1e-3)


def test_statistics_are_of_training_fields_only(trained: tuple[MemoryChips, Checkpoint]) -> None:
    chips, checkpoint = trained
    rows = first_split(chips).training
    image, clear = chips.batch.image[rows].astype(float), chips.batch.clear[rows]
    statistics = checkpoint.record.statistics
    for band in ("B04", "B08"):
        roots = np.sqrt(image[:, :, chips.info.bands.index(band)][clear])
        channel = statistics.channels.index(band)
        assert statistics.mean[channel] == pytest.approx(roots.mean(), rel=1e-5)
        assert statistics.std[channel] == pytest.approx(roots.std(), rel=1e-4)


def test_the_record_says_what_it_was_trained_on(trained: tuple[MemoryChips, Checkpoint]) -> None:
    chips, checkpoint = trained
    record = checkpoint.record
    assert record.legend == ["maize", "wheat"]
    assert record.bands == ["B04", "B08"]  # cloud probability tells nothing of crops
    assert record.model.arguments["scaling"] == ["sqrt", "sqrt"]
    assert record.training.class_counts == {"maize": 60, "wheat": 60}
    assert (record.training.data, record.training.licence) == (["season"], "CC0-1.0")
    assert "spatial blocks" in record.training.validation
    assert record.season is not None
    assert record.season.years == [2021]
    days = chips.batch.day()[chips.batch.clear[:, :, 0, 0]]
    assert (record.season.first_day, record.season.last_day) == (days.min(), days.max())
    assert record.model.arguments["grid_start"] <= np.percentile(days, 1)
    assert record.model.arguments["grid_end"] >= np.percentile(days, 99)
    assert record.region is not None
    assert (record.region.west, record.region.east) == pytest.approx((36.0, 36.09))
    assert record.chips.size == 1


@pytest.mark.parametrize(
    ("crs", "resolution", "metres"),
    [("EPSG:32636", 10.0, 10.0), ("EPSG:4326", 10 / 111_320, 10.0), ("EPSG:2263", 10.0, 3.048), (None, 10.0, None)],
)
def test_the_record_has_the_pixel_size_in_metres_in_any_crs(
    crs: str | None, resolution: float, metres: float | None, tmp_path: Path
) -> None:
    chips = season()
    chips.info = replace(chips.info, crs=crs, resolution=resolution)
    made = train(chips, tmp_path / "out", options(epochs=1)).record.chips.resolution
    assert made == (None if metres is None else pytest.approx(metres, rel=1e-4))


def test_no_state_is_left_beside_a_finished_checkpoint(trained: tuple[MemoryChips, Checkpoint]) -> None:
    _, checkpoint = trained
    assert [path.name for path in checkpoint.path.parent.iterdir()] == ["checkpoint"]


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(tmp_path: Path) -> None:
    first, again, other = (
        weights(train(season(), tmp_path / name, options(seed=seed))) for name, seed in [("a", 0), ("b", 0), ("c", 1)]
    )
    assert first == again != other


def test_members_differ_and_each_field_is_scored_by_members_that_did_not_train_on_it(tmp_path: Path) -> None:
    checkpoint = train(season(), tmp_path / "out", options(members=5, epochs=1))
    assert len(set(weights(checkpoint))) == 5
    assert checkpoint.record.metrics["n_fields"] == 60  # five folds cover all fields


def test_fields_of_a_class_that_a_member_does_not_know_say_nothing_of_its_calibration(tmp_path: Path) -> None:
    chips = season()
    groups = spatial_groups(chips.fields, column=None, block_size=1000, wanted=10).of_field
    chips.fields.loc[groups == groups[0], "label"] = "rice"
    checkpoint = train(chips, tmp_path / "out", options(members=5, epochs=1))
    assert "rice" in checkpoint.record.legend
    assert checkpoint.record.metrics["n_fields"] == 60 - (groups == groups[0]).sum()


def test_every_snapshot_of_every_training_is_another_network(tmp_path: Path) -> None:
    checkpoint = train(season(), tmp_path / "out", options(members=2, snapshots=3, epochs=1))
    assert len(set(weights(checkpoint))) == 6


def test_the_calibration_is_that_of_the_predictions_left_out_and_is_kept(tmp_path: Path) -> None:
    chips = season(n_fields=120)
    choices = options(members=4, validation_share=0.25, epochs=6, learning_rate=0.01)
    raw = train(chips, tmp_path / "raw", choices.model_copy(update={"calibration": "none"})).record
    for method in ("temperature", "vector"):
        record = train(chips, tmp_path / method, choices.model_copy(update={"calibration": method})).record
        assert record.calibration.method == method
        assert record.calibration.log_loss_before == pytest.approx(raw.metrics["log_loss"])
        assert record.metrics["log_loss"] == pytest.approx(record.calibration.log_loss_after)
        assert record.metrics["log_loss"] < raw.metrics["log_loss"]
        assert len(record.calibration.scale) == len(record.legend)


def test_the_pixels_of_few_fields_get_ten_trainings_each_calibrated_before_the_mean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chips, choices = season(size=3), options(epochs=1, members=None)
    few = train(chips, tmp_path / "few", choices).record
    assert len(few.members) == 10
    assert len(few.calibration.each_scale) == len(few.legend)
    monkeypatch.setattr("cropdetect.training.effort._FEW_FIELDS", range(50, 60))  # there are 60
    many = train(chips, tmp_path / "many", choices).record
    assert [member.safetensors_sha256 for member in many.members] == [m.safetensors_sha256 for m in few.members[:5]]
    assert many.calibration.each_scale == []
    assert len(train(season(), tmp_path / "means", choices).record.members) == 5


@pytest.mark.parametrize("balance", ["weights", "sampling", "logit-adjustment"])
def test_a_rare_class_is_found_more_often_where_classes_are_balanced(balance: str, tmp_path: Path) -> None:
    chips = season(n_fields=200, crops=("maize", "wheat"))
    blurred = chips.batch.image.astype(float)
    blurred[:, :, 1] += np.random.default_rng(1).normal(0, 1500, (200, 1, 1, 1))
    chips.batch.image[:] = blurred.clip(0, 60000).astype(np.uint16)
    rare = np.flatnonzero(chips.fields["label"] == "wheat")[15:]
    chips.fields.loc[rare, "label"] = None

    def share_of_rare(**changes: Any) -> float:
        checkpoint = train(
            chips, tmp_path / "-".join(changes.values() or ["none"]), options(epochs=40, calibration="none", **changes)
        )
        return float(onnx_probabilities(checkpoint, chips)[:, 1].mean())

    assert share_of_rare(class_balance=balance) > share_of_rare() + 0.1


def test_fields_of_several_chips_of_several_pixels_train(tmp_path: Path) -> None:
    chips = season(size=5, chips_a_field=2, crops=("maize", "wheat"))
    checkpoint = train(chips, tmp_path / "out", options(epochs=1, class_balance="weights"))
    assert checkpoint.record.chips.size == 5
    assert checkpoint.record.training.n_fields == 60
    assert np.isfinite(onnx_probabilities(checkpoint, chips)).all()


def test_the_2020_network_trains_where_all_fields_have_the_same_dates(tmp_path: Path) -> None:
    chips = season(n_fields=20, size=4, ragged=False, bands=BANDS_2020, crops=("maize", "wheat"))
    checkpoint = train(chips, tmp_path / "out", TrainOptions(model="conv-gru", epochs=1, members=1, block_size=1000))
    assert checkpoint.record.bands == list(BANDS_2020)
    assert checkpoint.record.model.padding_invariant is False


def test_the_2020_network_is_refused_on_ragged_dates_and_on_other_bands(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="season-cnn"):
        train(season(bands=BANDS_2020), tmp_path / "out", TrainOptions(model="conv-gru"))
    with pytest.raises(MissingBandError, match="B01"):
        train(season(ragged=False), tmp_path / "out", TrainOptions(model="conv-gru"))
    assert list(tmp_path.iterdir()) == []


def test_a_band_without_any_value_is_left_out_with_a_warning(tmp_path: Path) -> None:
    chips = season(bands=("B04", "B08", "B8A"))
    image = chips.batch.image.astype(np.float32)
    image[:, :, 2] = np.nan
    chips.batch = type(chips.batch)(chips.batch.field, image, chips.batch.mask, chips.batch.clear, chips.batch.date)
    with pytest.warns(UserWarning, match="B8A"):
        checkpoint = train(chips, tmp_path / "out", options(epochs=1))
    assert checkpoint.record.bands == ["B04", "B08"]


def test_ratios_are_not_rooted(tmp_path: Path) -> None:
    chips = season(bands=("NDVI", "B08"))
    image = chips.batch.image.astype(np.float32)
    image[:, :, 0] = image[:, :, 0] / 1000 - 0.3
    chips.batch = type(chips.batch)(chips.batch.field, image, chips.batch.mask, chips.batch.clear, chips.batch.date)
    checkpoint = train(chips, tmp_path / "out", options(epochs=1))
    assert checkpoint.record.model.arguments["scaling"] == ["identity", "sqrt"]


def test_nothing_to_train_on_leaves_nothing_behind(tmp_path: Path) -> None:
    chips = season()
    chips.fields["label"] = None
    with pytest.raises(TrainingDataError, match="--labels"):
        train(chips, tmp_path / "out", options())
    assert list(tmp_path.iterdir()) == []


def test_a_training_that_diverges_says_so(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="learning rate"):
        train(season(), tmp_path / "out", options(learning_rate=1e25))
    assert not (tmp_path / "out").exists()


def fail_to_write(*_: object, **__: object) -> None:
    raise DiskFullError("the disk is full")


def test_a_training_that_ended_early_is_not_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choices = options(epochs=30, patience=1, learning_rate=0.3)  # so large a step that the score soon gets worse
    whole = weights(train(season(), tmp_path / "whole", choices))
    with monkeypatch.context() as patch, pytest.raises(DiskFullError):
        patch.setattr("cropdetect.checkpoint.write_checkpoint", fail_to_write)
        train(season(), tmp_path / "out", choices, state=tmp_path / "state")
    state = tmp_path / "state" / "000-000.pt"
    before = state.stat().st_mtime_ns

    def unchanged(*arguments: Any, **named: Any) -> Any:
        assert state.stat().st_mtime_ns == before
        return write(*arguments, **named)

    from cropdetect import checkpoint

    write = checkpoint.write_checkpoint
    monkeypatch.setattr("cropdetect.checkpoint.write_checkpoint", unchanged)
    assert weights(train(season(), tmp_path / "out", choices, state=tmp_path / "state")) == whole


# The operating system kills it as soon as two epochs of the second member are told.
KILLED = """
import os, signal
from pathlib import Path
from tests.training.seasons import season
from tests.training.test_train import options
from cropdetect.training import loop, train

loop._SAVING = float("inf")  # after each epoch; else a quick machine tells all of a member at its end

def die(report):
    if (report.member, report.epoch) == (1, 2):
        os.kill(os.getpid(), signal.SIGKILL)

train(season(), Path("{out}"), options(epochs=20, members=2), on_epoch=die, state=Path("{out}.state"))
"""


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Sums differ in their last bits with the number of threads."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("one_thread")
def test_a_killed_training_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-W", "ignore", "-c", KILLED.format(out=out)]
    killed = subprocess.run(command, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not out.exists()
    state = tmp_path / "out.state" / "001-000.pt"

    import torch

    assert torch.load(state, weights_only=True)["epochs_done"] < 19  # it was in the midst of its second member
    resumed = train(season(), out, options(epochs=20, members=2), state=tmp_path / "out.state")
    whole = train(season(), tmp_path / "whole", options(epochs=20, members=2))
    assert weights(resumed) == weights(whole)
    assert resumed.record.metrics == whole.record.metrics
