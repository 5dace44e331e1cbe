"""Labelled chips are read once, in memory where they fit, and become batches as networks take them."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from cropdetect.chips import MemoryChips
from cropdetect.models import create
from cropdetect.training.augmentation import Augmentation
from cropdetect.training.chips import TrainingChips, read_training_chips
from cropdetect.training.data import EpochSampler, FieldChips, FieldData
from tests.training.seasons import season


def as_field_chips(chips: MemoryChips, *, takes_gaps: bool = True, n_steps: int = 6) -> FieldChips:
    labelled = read_training_chips(chips)
    label = np.zeros(len(chips.fields), np.int64)
    return FieldChips(labelled, labelled.row, label, chips.info.bands, takes_gaps, n_steps, context=None)


def take_all(chips: TrainingChips) -> np.ndarray:
    return chips.take(np.arange(len(chips)), chips.chips.info.bands).image


def test_chips_in_memory_are_read_once_and_are_the_same_as_from_the_store() -> None:
    kept, streamed = season(size=4), season(size=4)
    in_memory, from_store = read_training_chips(kept), read_training_chips(streamed, memory=0)
    assert in_memory.kept is not None
    assert from_store.kept is None
    assert (take_all(in_memory) == take_all(from_store)).all()
    assert kept.n_taken == len(kept)
    assert streamed.n_taken == 2 * len(streamed)


def test_only_labelled_chips_that_show_their_field_are_used() -> None:
    chips = season()
    chips.fields.loc[2, "label"] = None
    chips.batch.clear[5] = False
    labelled = read_training_chips(chips)
    assert set(range(60)) - set(labelled.row) == {2, 5}
    assert (take_all(labelled) == chips.batch.image[labelled.positions]).all()


def test_a_chip_that_is_clear_only_outside_its_field_does_not_show_it() -> None:
    chips = season(size=4)
    chips.batch.mask[5, 1:] = 0
    chips.batch.clear[5, :, 0] = False
    assert 5 not in read_training_chips(chips).row


def test_chips_of_other_fields_can_be_left_out() -> None:
    chips = season(chips_a_field=2)
    some = read_training_chips(chips).only(np.array([3, 4]))
    assert some.row.tolist() == [3, 3, 4, 4]
    assert (take_all(some) == chips.batch.image[6:10]).all()


def test_bands_come_in_the_order_asked_for() -> None:
    labelled = read_training_chips(season())
    batch = labelled.take(np.arange(3), ("CLD", "B04"))
    assert (batch.image[:, :, 0] == 0).all()
    assert (batch.image[:, :, 1] == take_all(labelled)[:3, :, 0]).all()


def test_dates_that_nobody_saw_are_cut_off_and_the_others_keep_day_and_pixels_together() -> None:
    chips = season(size=3)
    data = as_field_chips(chips)
    sample = data.sample(np.arange(8), None, Augmentation())
    seen = (chips.batch.clear & (chips.batch.mask > 0)[:, None]).any(axis=(2, 3))[:8]
    assert sample.image.shape[1] == seen.sum(axis=1).max()
    day = chips.batch.day()
    for row in range(8):
        there = sample.clear[row].numpy().any(axis=(1, 2))
        assert sample.day[row].numpy()[there].tolist() == day[row][seen[row]].tolist()
        assert (sample.image[row].numpy()[there] == chips.batch.image[row][seen[row]]).all()


def test_a_network_without_gaps_gets_the_steps_that_are_there_in_order() -> None:
    chips = season(ragged=False)
    absent = np.zeros((60, 6), bool)
    absent[np.arange(60), np.arange(60) % 6] = True
    chips.batch.date[absent] = np.datetime64("NaT")
    sample = as_field_chips(chips, takes_gaps=False, n_steps=5).sample(np.arange(60), None, Augmentation())
    for row in (0, 3, 11):
        assert (sample.image[row].numpy() == chips.batch.image[row][~absent[row]]).all()


def test_missing_values_stay_missing() -> None:
    chips = season()
    image = chips.batch.image.astype(np.float32)
    image[4, 0, 1] = np.nan
    chips.batch = type(chips.batch)(chips.batch.field, image, chips.batch.mask, chips.batch.clear, chips.batch.date)
    sample = as_field_chips(chips).sample(np.arange(10), torch.Generator().manual_seed(0), Augmentation(date_drop=0))
    assert np.isnan(sample.image[4].numpy()).sum() == 1
    assert not np.isnan(np.delete(sample.image.numpy(), 4, axis=0)).any()


@pytest.mark.parametrize("preset", ["cv4a", "default"])
def test_masks_stay_0_or_1_in_the_preset_that_says_so(preset: str) -> None:
    chips = season(size=20, ragged=False, n_fields=20)
    chips.info = replace(chips.info, preset=preset)  # type: ignore[arg-type]
    chips.batch.mask[:] = 0
    chips.batch.mask[:, 4:15, 7:12] = 1
    data = as_field_chips(chips, takes_gaps=False)
    sample = data.sample(np.arange(20), torch.Generator().manual_seed(0), Augmentation.cv4a())
    assert sample.image.shape == (20, 5, 3, 16, 16)
    assert (set(sample.mask.unique().tolist()) == {0.0, 1.0}) == (preset == "cv4a")


def test_an_epoch_shows_every_training_field_once_and_the_larger_chip_more_often() -> None:
    chips_of_field = [np.array([2 * field, 2 * field + 1]) for field in range(50)]
    area = np.tile([1.0, 3.0], 50)
    sampler = EpochSampler(chips_of_field, area, batch_size=16, seed=0)
    larger = []
    for epoch in range(20):
        sampler.set_epoch(epoch)
        plans = list(sampler)
        assert len(plans) == len(sampler) == 4
        shown = np.concatenate([plan.chosen for plan in plans])
        assert sorted(shown // 2) == list(range(50))
        larger.append((shown % 2).mean())
    assert np.mean(larger) == pytest.approx(0.75, abs=0.05)


def test_epochs_differ_and_the_same_epoch_is_the_same_again() -> None:
    sampler = EpochSampler([np.array([field]) for field in range(40)], np.ones(40), batch_size=40, seed=3)
    orders = []
    for epoch in (0, 1, 0):
        sampler.set_epoch(epoch)
        orders.append(next(iter(sampler)).chosen.tolist())
    assert orders[0] == orders[2] != orders[1]


def test_validation_sees_all_chips_of_its_fields_and_training_none_of_them() -> None:
    chips = season(chips_a_field=2)
    data = as_field_chips(chips)
    validation = np.arange(0, 60, 5)
    training = np.setdiff1d(np.arange(60), validation)
    loader = FieldData(data, training, validation, batch_size=16, seed=0, amount=Augmentation())
    seen = np.concatenate([sample.field.numpy() for sample in loader.val_dataloader()])
    assert sorted(seen) == sorted([*validation, *validation])
    trained = np.concatenate([sample.field.numpy() for sample in loader.train_dataloader()])
    assert sorted(trained) == training.tolist()


def test_chips_are_cut_to_what_a_network_looks_at_and_its_answers_stay() -> None:
    chips = season(size=9)
    chips.batch.mask[:] = 0
    chips.batch.mask[:, 2:4, 5] = 1
    labelled = read_training_chips(chips)
    network = create("conv-gru-v2", bands=["B04", "B08"], n_classes=3).eval()
    label = np.zeros(len(chips.fields), np.int64)
    whole, cut = (
        FieldChips(labelled, labelled.row, label, ("B04", "B08"), True, 6, context=context).sample(
            np.arange(8), None, Augmentation()
        )
        for context in (None, network.context)
    )
    assert whole.mask.shape[1:] == (9, 9)
    assert cut.mask.shape[1:] == (6, 5)
    with torch.no_grad():
        torch.testing.assert_close(
            network(cut.image, cut.mask, cut.clear, cut.day), network(whole.image, whole.mask, whole.clear, whole.day)
        )
