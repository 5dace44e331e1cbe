"""Training on several sensors: some are lost at random, and the checkpoint says which of them it needs."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cropdetect.checkpoint import Checkpoint, read_checkpoint
from cropdetect.checkpoint.stac import stac_item
from cropdetect.chips import MemoryChips
from cropdetect.errors import MissingBandError, OptionError
from cropdetect.formats import Augmentation, SensorRecord, TrainOptions
from cropdetect.inference import check_compatible, predict_chips
from cropdetect.training import train
from cropdetect.training.augmentation import augment
from cropdetect.training.batch import TrainingBatch
from tests.training.seasons import season

pytestmark = pytest.mark.filterwarnings("ignore:the area is small")
OFF = Augmentation(date_drop=0, turn=0, mirror=0, brightness=0, band_jitter=0, date_jitter=0, noise=0, day_shift=0)
SENSORS = ((0, 1), (2,))


def batch(n: int = 400, *, optical: bool = True) -> TrainingBatch:
    """Even dates are optical (two bands), odd ones radar (one band)."""
    image = torch.rand(n, 6, 3, 2, 2, generator=torch.Generator().manual_seed(0)) + 1
    image[:, 0::2, 2] = torch.nan
    image[:, 1::2, :2] = torch.nan
    if not optical:
        image[:, :, :2] = torch.nan
    clear = ~torch.isnan(image).all(2)
    one = torch.ones(n, dtype=torch.int64)
    return TrainingBatch(image, torch.ones(n, 2, 2), clear, torch.arange(6.0).expand(n, 6), one, one, one.float())


def changed(some: TrainingBatch, sensors: Any = SENSORS, **settings: Any) -> TrainingBatch:
    how = OFF.model_copy(update=settings)
    return augment(some, torch.Generator().manual_seed(1), how, takes_gaps=True, sensors=sensors)


def lost(before: TrainingBatch, after: TrainingBatch) -> np.ndarray:
    """Return (chip, sensor): which sensors were there and are not any more."""
    there = [[(~torch.isnan(some.image[:, :, list(own)])).flatten(1).any(1) for own in SENSORS] for some in (before, after)]
    return np.array([(a & ~b).numpy() for a, b in zip(*there, strict=True)]).T


@pytest.mark.parametrize(("chance", "share"), [(0.0, 0.0), (0.3, 0.3), (1.0, 1.0)])
def test_so_many_chips_lose_a_sensor_and_keep_another(chance: float, share: float) -> None:
    before = batch()
    after = changed(before, sensor_drop=chance)
    gone = lost(before, after)
    assert gone.any(axis=1).mean() == pytest.approx(share, abs=0.08)
    assert not gone.all(axis=1).any()
    assert gone.mean(axis=0) == pytest.approx([share / 2] * 2, abs=0.08)
    assert torch.equal(after.clear, ~torch.isnan(after.image).all(2))
    kept = ~torch.isnan(after.image)
    assert torch.equal(after.image[kept], before.image[kept])


def test_a_chip_that_one_sensor_alone_shows_keeps_it() -> None:
    before = batch(optical=False)
    after = changed(before, sensor_drop=1.0)
    assert after.clear.flatten(1).any(1).all()


@pytest.mark.parametrize("sensors", [(), ((0, 1, 2),)])
def test_nothing_is_drawn_where_there_is_one_sensor(sensors: Any) -> None:
    after, expected = (changed(batch(), sensors, sensor_drop=chance, noise=0.1) for chance in (1.0, 0.0))
    assert torch.equal(after.image.nan_to_num(), expected.image.nan_to_num())


def joint(*, optical_tells: bool = True, radar_tells: bool = True, n_fields: int = 80) -> MemoryChips:
    """An easy season: B08 (optical dates) and VV (radar dates) rise over the season by crop, where they tell it."""
    chips = season(n_fields=n_fields, crops=("maize", "wheat"), bands=("B04", "B08", "VV"), n_steps=8, ragged=False)
    crop = (chips.fields["label"].to_numpy() == "wheat")[chips.batch.field]
    rng, progress = np.random.default_rng(3), np.linspace(0, 1, 8)
    image = np.full(chips.batch.image.shape, np.nan, np.float32)
    noise = rng.normal(0, 1, image.shape)
    signal = np.where(crop, 1, -1)[:, None, None, None] * progress[None, :, None, None]
    image[:, 0::2, 0] = 900 + 40 * noise[:, 0::2, 0]
    image[:, 0::2, 1] = 2500 + (1500 * signal[:, 0::2] if optical_tells else 0) + 40 * noise[:, 0::2, 1]
    image[:, 1::2, 2] = -12 + (5 * signal[:, 1::2] if radar_tells else 0) + 0.5 * noise[:, 1::2, 2]
    clear = np.ones(chips.batch.clear.shape, bool)
    info = replace(chips.info, backscatter_unit="decibel")
    return MemoryChips(info, chips.fields, replace(chips.batch, image=image, clear=clear))


def options(**changes: Any) -> TrainOptions:
    how = {"arguments": {"dense": 8, "dropout": 0.1}, "epochs": 20, "members": 2, "block_size": 1000, "learning_rate": 0.01}
    return TrainOptions(**{**how, **changes})


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    out = tmp_path_factory.mktemp("joint") / "checkpoint"
    train(joint(), out, options(), data_names=["season"], licence="CC0-1.0")
    return read_checkpoint(out)


def without(chips: MemoryChips, *bands: str) -> MemoryChips:
    kept = [band for band in chips.info.bands if band not in bands]
    places = [chips.info.bands.index(band) for band in kept]
    return MemoryChips(replace(chips.info, bands=tuple(kept)), chips.fields, chips.batch.isel(band=places))


def test_the_record_says_how_right_each_sensor_is(trained: Checkpoint) -> None:
    optical, radar = trained.record.sensors
    assert (optical.sensor, optical.bands) == ("sentinel-2", ["B04", "B08"])
    assert (radar.sensor, radar.bands) == ("sentinel-1", ["VV"])
    assert not optical.needed
    assert not radar.needed
    assert optical.metrics_without == radar.metrics_alone
    assert 0 < optical.metrics_without["log_loss"] < np.log(2)
    assert trained.record.backscatter_unit == "decibel"


@pytest.mark.parametrize("lacking", [(), ("VV",), ("B04", "B08")])
def test_one_checkpoint_predicts_with_either_sensor_and_with_both(trained: Checkpoint, lacking: tuple[str, ...]) -> None:
    chips = without(joint(), *lacking)
    warnings = check_compatible(chips, trained)
    assert any("answers without it" in text for text in warnings) is bool(lacking)
    found, _ = predict_chips(chips, trained)
    crops = np.array(found.legend)[found.probabilities.argmax(axis=1)]
    assert (crops == chips.fields["label"].to_numpy()).mean() > 0.9
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1)


@pytest.mark.parametrize(
    ("tells", "changes", "needed"),
    [
        ({}, {"augmentation": {"sensor_drop": 0}}, {"sentinel-2": True, "sentinel-1": True}),
        ({"radar_tells": False}, {}, {"sentinel-2": True, "sentinel-1": False}),
    ],
)
def test_a_sensor_is_needed_where_it_was_never_lost_or_where_the_others_tell_nothing(
    tmp_path: Path, tells: dict[str, bool], changes: dict[str, Any], needed: dict[str, bool]
) -> None:
    train(joint(**tells), tmp_path / "out", options(**changes), data_names=["season"], licence="CC0-1.0")
    checkpoint = read_checkpoint(tmp_path / "out")
    assert {one.sensor: one.needed for one in checkpoint.record.sensors} == needed
    with pytest.raises(MissingBandError, match="needs sentinel-2"):
        check_compatible(without(joint(), "B04", "B08"), checkpoint)


@pytest.mark.parametrize("model", ["pse-ltae"])
def test_a_network_of_whole_dates_is_refused_with_those_that_are_not(tmp_path: Path, model: str) -> None:
    with pytest.raises(OptionError, match="needs all bands on a date") as error:
        train(joint(), tmp_path / "out", options(model=model, arguments={}), data_names=["season"], licence="CC0-1.0")
    assert "season-cnn" in error.value.fix


def test_one_sensor_leaves_no_record_of_sensors(tmp_path: Path) -> None:
    train(without(joint(), "VV"), tmp_path / "out", options(epochs=2), data_names=["season"], licence="CC0-1.0")
    assert read_checkpoint(tmp_path / "out").record.sensors == []


def test_what_others_read_of_a_checkpoint_says_which_sensors_it_needs(trained: Checkpoint) -> None:
    assert "it can do without sentinel-2 or sentinel-1." in stac_item(trained.record)["properties"]["description"]
    only = [replace_needed(one, needed=one.sensor == "sentinel-1") for one in trained.record.sensors]
    described = stac_item(trained.record.model_copy(update={"sensors": only}))["properties"]["description"]
    assert "it needs sentinel-1, and it can do without sentinel-2." in described


def replace_needed(one: SensorRecord, *, needed: bool) -> SensorRecord:
    return one.model_copy(update={"needed": needed})
