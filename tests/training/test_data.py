"""Labelled chips are read once, in memory where they fit, and become batches as networks take them."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from cropdetect.chips import MemoryChips
from cropdetect.formats import Augmentation, TrainOptions
from cropdetect.models import create
from cropdetect.training.batch import TrainingBatch
from cropdetect.training.data import TrainingData, read_training_data
from cropdetect.training.loader import TrainingBatches, evaluation_batches
from cropdetect.training.specification import NetworkSpecification
from tests.training.seasons import season


def specification(data: TrainingData, **changes: Any) -> NetworkSpecification:
    network = NetworkSpecification("season-cnn", {}, data.chips.info.bands, None, True, 6)
    return replace(network, **changes)


def evaluated(chips: MemoryChips, n: int, **changes: Any) -> TrainingBatch:
    """Return the chips of the first fields as they are evaluated."""
    data = read_training_data(chips).of_fields(np.arange(n))
    (batch,) = evaluation_batches(data, specification(data, **changes))
    return batch


def take_all(data: TrainingData) -> np.ndarray:
    return np.asarray(data.chips.take(np.arange(len(data.chips))).image)


def ids(data: TrainingData) -> list[int]:
    """Return the number of each chip's field, which is its row in the whole table."""
    numbers = data.chips.fields["field_id"].str.removeprefix("f").astype(int).to_numpy()
    return numbers[data.chips.field_of_chip].tolist()


def test_chips_in_memory_are_read_once_and_are_the_same_as_from_the_store() -> None:
    kept, streamed = season(size=4), season(size=4)
    in_memory, from_store = read_training_data(kept), read_training_data(streamed, memory=0)
    some = np.array([3, 8, 41])
    assert (take_all(in_memory.of_fields(some)) == take_all(from_store.of_fields(some))).all()
    assert (take_all(in_memory) == take_all(from_store)).all()
    assert kept.n_taken == len(kept)
    assert streamed.n_taken == 2 * len(streamed) + 3


def test_only_labelled_chips_that_show_their_field_are_used() -> None:
    chips = season()
    chips.fields.loc[2, "label"] = None
    chips.batch.clear[5] = False
    data = read_training_data(chips)
    assert set(range(60)) - set(ids(data)) == {2, 5}
    assert (take_all(data) == chips.batch.image[ids(data)]).all()


def test_a_chip_that_is_clear_only_outside_its_field_does_not_show_it() -> None:
    chips = season(size=4)
    chips.batch.mask[5, 1:] = 0
    chips.batch.clear[5, :, 0] = False
    assert 5 not in ids(read_training_data(chips))


def test_dates_of_several_seasons_are_told() -> None:
    with pytest.warns(UserWarning, match="span 26 months, which is more than one season"):  # 40 steps of 20 days
        read_training_data(season(n_steps=41, ragged=False))


def test_dates_of_one_season_are_not_told(recwarn: pytest.WarningsRecorder) -> None:
    read_training_data(season(n_steps=20))
    assert not any("more than one season" in str(one.message) for one in recwarn)


def test_fields_of_other_classes_than_the_legend_are_left_out() -> None:
    chips = season()
    data = read_training_data(chips, ["wheat", "beans"])
    assert set(chips.fields["label"].iloc[ids(data)]) == {"wheat", "beans"}
    assert (take_all(data) == chips.batch.image[ids(data)]).all()


def test_some_fields_keep_their_chips_labels_and_legend() -> None:
    chips = season(chips_a_field=2)
    some = read_training_data(chips).of_fields(np.array([3, 4])).of_fields(np.array([1]))
    assert ids(some) == [4, 4]
    assert some.chips.field_of_chip.tolist() == [0, 0]
    assert [some.legend[i] for i in some.classes] == [chips.fields["label"][4]]
    assert (take_all(some) == chips.batch.image[8:10]).all()


def test_what_is_seen_later_than_a_day_is_not_clear() -> None:
    chips = season()
    data = read_training_data(chips).seen_until(130)
    batch = data.chips_of_bands(["B04"]).take(np.arange(60))
    days = chips.batch.day()
    assert (batch.clear[:, :, 0, 0] == (chips.batch.clear[:, :, 0, 0] & (days <= 130))).all()
    assert (data.fields_seen() == batch.clear.any(axis=(1, 2, 3))).all()
    assert not data.seen_until(80).fields_seen().any()


def test_bands_come_in_the_order_asked_for() -> None:
    data = read_training_data(season())
    batch = data.chips_of_bands(["CLD", "B04"]).take(np.arange(3))
    assert (batch.image[:, :, 0] == 0).all()
    assert (batch.image[:, :, 1] == take_all(data)[:3, :, 0]).all()


def test_dates_that_nobody_saw_are_cut_off_and_the_others_keep_day_and_pixels_together() -> None:
    chips = season(size=3)
    batch = evaluated(chips, 8)
    seen = (chips.batch.clear & (chips.batch.mask > 0)[:, None]).any(axis=(2, 3))[:8]
    assert batch.image.shape[1] == seen.sum(axis=1).max()
    day = chips.batch.day()
    for row in range(8):
        there = batch.clear[row].numpy().any(axis=(1, 2))
        assert batch.day[row].numpy()[there].tolist() == day[row][seen[row]].tolist()
        assert (batch.image[row].numpy()[there] == chips.batch.image[row][seen[row]]).all()


def test_a_network_without_gaps_gets_the_steps_that_are_there_in_order() -> None:
    chips = season(ragged=False)
    absent = np.zeros((60, 6), bool)
    absent[np.arange(60), np.arange(60) % 6] = True
    chips.batch.date[absent] = np.datetime64("NaT", "D")
    batch = evaluated(chips, 60, takes_gaps=False, n_steps=5)
    for row in (0, 3, 11):
        assert (batch.image[row].numpy() == chips.batch.image[row][~absent[row]]).all()


def test_missing_values_stay_missing() -> None:
    chips = season()
    image = chips.batch.image.astype(np.float32)
    image[4, 0, 1] = np.nan
    chips.batch = type(chips.batch)(chips.batch.field, image, chips.batch.mask, chips.batch.clear, chips.batch.date)
    data = read_training_data(chips).of_fields(np.arange(10))
    options = TrainOptions(augmentation=Augmentation(date_drop=0))
    (batch,) = TrainingBatches(data, specification(data), options, seed=0).epoch(0)
    missing = np.isnan(batch.image.numpy()).sum(axis=(1, 2, 3, 4))
    assert missing.tolist() == (batch.field.numpy() == 4).astype(int).tolist()


@pytest.mark.parametrize("preset", ["cv4a", "default"])
def test_masks_stay_0_or_1_in_the_preset_that_says_so(preset: str) -> None:
    chips = season(size=20, ragged=False, n_fields=20)
    chips.info = replace(chips.info, preset=preset)  # type: ignore[arg-type]
    chips.batch.mask[:] = 0
    chips.batch.mask[:, 4:15, 7:12] = 1
    data = read_training_data(chips)
    options = TrainOptions(augmentation=Augmentation.cv4a())
    (batch,) = TrainingBatches(data, specification(data, takes_gaps=False), options, seed=0).epoch(0)
    assert batch.image.shape == (20, 5, 3, 16, 16)
    assert (set(batch.mask.unique().tolist()) == {0.0, 1.0}) == (preset == "cv4a")


def test_an_epoch_shows_every_training_field_once_and_the_larger_chip_more_often() -> None:
    chips = season(n_fields=50, chips_a_field=2, size=2)
    chips.batch.mask[:] = 1
    chips.batch.mask[::2] = 1 / 3
    data = read_training_data(chips)
    batches = TrainingBatches(data, specification(data), TrainOptions(batch_size=16), seed=0)
    larger = []
    for epoch in range(20):
        chosen = batches.chips_of_epoch(epoch)
        assert len(chosen) == len(batches) == 4
        shown = np.concatenate(chosen)
        assert sorted(shown // 2) == list(range(50))
        larger.append((shown % 2).mean())
    assert np.mean(larger) == pytest.approx(0.75, abs=0.05)


def test_epochs_differ_and_the_same_epoch_is_the_same_again() -> None:
    data = read_training_data(season())
    batches = TrainingBatches(data, specification(data), TrainOptions(batch_size=60), seed=3)
    orders = [batches.chips_of_epoch(epoch)[0].tolist() for epoch in (0, 1, 0)]
    assert orders[0] == orders[2] != orders[1]
    first, _, again = (next(batches.epoch(epoch)) for epoch in (0, 1, 0))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


def test_an_evaluation_sees_all_chips_of_its_fields() -> None:
    data = read_training_data(season(chips_a_field=2)).of_fields(np.arange(0, 60, 5))
    seen = np.concatenate([batch.field.numpy() for batch in evaluation_batches(data, specification(data))])
    assert seen.tolist() == np.repeat(np.arange(12), 2).tolist()


def test_chips_are_cut_to_what_a_network_looks_at_and_its_answers_stay() -> None:
    chips = season(size=9)
    chips.batch.mask[:] = 0
    chips.batch.mask[:, 2:4, 5] = 1
    network = create("season-cnn", bands=["B04", "B08"], n_classes=3).eval()
    whole, cut = (evaluated(chips, 8, bands=("B04", "B08"), context=context) for context in (None, network.context))
    assert whole.mask.shape[1:] == (9, 9)
    assert cut.mask.shape[1:] == (6, 5)
    with torch.no_grad():
        torch.testing.assert_close(
            network(cut.image, cut.mask, cut.clear, cut.day), network(whole.image, whole.mask, whole.clear, whole.day)
        )
