"""Augmentation changes what weather and year change, and nothing else."""

import numpy as np

from cropdetect.training.augmentation import Augmentation, augment
from tests.training.seasons import season

NOTHING = Augmentation(date_drop=0, day_shift=0, brightness=0, band_jitter=0, date_jitter=0)


def test_no_amount_changes_nothing_but_the_orientation() -> None:
    batch = season(size=1).batch
    changed, day = augment(batch, batch.day(), np.random.default_rng(0), NOTHING, takes_gaps=True)
    assert (changed.image == batch.image).all()
    assert (changed.clear == batch.clear).all()
    assert (day == batch.day()).all()


def test_the_source_is_left_as_it_was() -> None:
    batch = season(size=4).batch
    before = [array.copy() for array in (batch.image, batch.mask, batch.clear)]
    augment(batch, batch.day(), np.random.default_rng(0), Augmentation(), takes_gaps=True)
    for array, copy in zip((batch.image, batch.mask, batch.clear), before, strict=True):
        assert (array == copy).all()


def test_dropped_dates_are_cloudy_and_every_chip_keeps_a_clear_one() -> None:
    batch = season(n_fields=400).batch
    amount = Augmentation(date_drop=1.0, day_shift=0, brightness=0, band_jitter=0, date_jitter=0)
    changed, _ = augment(batch, batch.day(), np.random.default_rng(0), amount, takes_gaps=True)
    assert (changed.clear <= batch.clear).all()
    assert changed.clear.any(axis=(1, 2, 3)).all()
    share = changed.clear.sum() / batch.clear.sum()
    assert 0.45 < share < 0.65  # half on average, and the one that is kept


def test_the_season_is_shifted_as_a_whole() -> None:
    batch = season(ragged=False).batch
    amount = Augmentation(date_drop=0, day_shift=6, brightness=0, band_jitter=0, date_jitter=0)
    _, day = augment(batch, batch.day(), np.random.default_rng(0), amount, takes_gaps=True)
    shift = day - batch.day()
    assert np.allclose(shift, shift[:, :1], atol=1e-3)
    assert 4 < shift[:, 0].std() < 8


def test_image_mask_and_clear_are_turned_together() -> None:
    batch = season(size=4).batch
    marked = batch.image.astype(np.float32)
    marked[:, :, 0] = np.where(batch.mask == 0.5, 7, 1)[:, None]
    batch.clear[:] = (batch.mask == 0.5)[:, None]
    changed, _ = augment(
        type(batch)(batch.field, marked, batch.mask, batch.clear, batch.date),
        batch.day(),
        np.random.default_rng(0),
        NOTHING,
        takes_gaps=True,
    )
    corner = changed.mask == 0.5
    assert (corner.sum(axis=(1, 2)) == 1).all()
    assert len({tuple(np.argwhere(c)[0]) for c in corner}) == 4  # all corners occur
    assert ((changed.image[:, :, 0] == 7) == corner[:, None]).all()
    assert (changed.clear == corner[:, None]).all()


def test_a_network_that_takes_no_gaps_gets_one_date_less_in_order() -> None:
    batch = season(n_fields=200, ragged=False).batch
    changed, day = augment(batch, batch.day(), np.random.default_rng(0), NOTHING, takes_gaps=False)
    assert changed.image.shape[1] == day.shape[1] == batch.image.shape[1] - 1
    assert (np.diff(changed.date, axis=1) > np.timedelta64(0, "D")).all()
    missing = [set(whole) - set(part) for whole, part in zip(batch.date.tolist(), changed.date.tolist(), strict=True)]
    assert all(len(days) == 1 for days in missing)
    for row in range(3):
        kept = np.isin(batch.date[row], changed.date[row])
        assert (changed.image[row] == batch.image[row][kept]).all()
    steps = [batch.date[row].tolist().index(days.pop()) for row, days in enumerate(missing)]
    assert set(steps) == set(range(batch.image.shape[1]))
