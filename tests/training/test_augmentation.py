"""Augmentation changes what weather, year and angle change, and nothing else."""

import json
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from cropdetect.formats import Augmentation
from cropdetect.training.augmentation import augment
from cropdetect.training.batch import TrainingBatch

OFF = {
    "date_drop": 0,
    "remove_date": False,
    "turn": 0,
    "mirror": 0,
    "brightness": 0,
    "band_jitter": 0,
    "date_jitter": 0,
    "noise": 0,
    "day_shift": 0,
}
EVERYTHING = Augmentation(rotation=20, shift=3, crop=12, mix=0.2, noise=0.1, day_scale=0.05, upside_down=0.5)


def only(**changes: object) -> Augmentation:
    return Augmentation.model_validate({**OFF, **changes})


def source(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def made(n: int = 24, step: int = 6, size: int = 16, *, seed: int = 0, width: int | None = None) -> TrainingBatch:
    """Random values; the field is a disc about the centre with a soft edge; a third of the pixels and some dates are cloudy."""
    random = source(seed)
    width = width or size
    image = 500 + 3000 * torch.rand((n, step, 3, size, width), generator=random)
    y, x = torch.arange(size)[:, None].float(), torch.arange(width).float()
    centre = 0.3 + 0.4 * torch.rand((n, 2, 1, 1), generator=random)
    distance = ((y - centre[:, 0] * size) ** 2 + (x - centre[:, 1] * width) ** 2).sqrt()
    mask = ((0.25 * size + 0.5 - distance).clamp(0, 1) * 4).round() / 4
    mask[:, size // 2, width // 2] = 1
    clear = torch.rand((n, step, size, width), generator=random) > 0.3
    clear &= torch.rand((n, step, 1, 1), generator=random) > 0.2
    clear[:, 0] |= mask > 0
    day = (torch.arange(step) * 20.0 + 60).expand(n, -1).clone()
    return TrainingBatch(image, mask, clear, day, torch.arange(n) % 3, torch.arange(n), mask.flatten(1).sum(1))


def same(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and torch.equal(a.nan_to_num(nan=-1e9), b.nan_to_num(nan=-1e9))


def changed_parts(before: TrainingBatch, after: TrainingBatch) -> set[str]:
    return {name for name in TrainingBatch._fields if not same(getattr(before, name).float(), getattr(after, name).float())}


# ---------------------------------------------------------------- what holds for all


@pytest.mark.parametrize("size", [1, 16])
@pytest.mark.parametrize("takes_gaps", [True, False])
def test_without_any_amount_nothing_changes(size: int, takes_gaps: bool) -> None:
    before = made(size=size)
    assert changed_parts(before, augment(before, source(0), only(), takes_gaps=takes_gaps)) == set()


@pytest.mark.parametrize("size", [1, 16])
@pytest.mark.parametrize("takes_gaps", [True, False])
@pytest.mark.parametrize("missing", [True, False])
def test_stored_tensors_are_never_written_to(size: int, takes_gaps: bool, missing: bool) -> None:
    before = made(size=size)
    if missing:
        before.image[0, 1] = torch.nan
    copy = TrainingBatch(*(part.clone() for part in before))
    for seed in range(3):
        for amount in (EVERYTHING, Augmentation(), Augmentation.cv4a(mix=True), only()):
            after = augment(before, source(seed), amount, takes_gaps=takes_gaps)
            for part in after:
                if part.data_ptr() not in {own.data_ptr() for own in before}:
                    part.zero_()
    assert changed_parts(before, copy) == set()


@pytest.mark.parametrize("takes_gaps", [True, False])
def test_the_same_seed_gives_the_same_batch_and_another_seed_another(takes_gaps: bool) -> None:
    first, again, other = (augment(made(), source(seed), EVERYTHING, takes_gaps=takes_gaps) for seed in (1, 1, 2))
    assert changed_parts(first, again) == set()
    assert {"image", "mask"} <= changed_parts(first, other)


def test_labels_fields_and_areas_stay() -> None:
    before = made()
    assert not {"label", "field", "area"} & changed_parts(before, augment(before, source(0), EVERYTHING, takes_gaps=True))


def test_whatever_is_changed_every_chip_still_shows_its_field() -> None:
    before = made(n=200, size=12)
    mask = torch.zeros_like(before.mask)
    mask[:, 0, 0] = 1  # one pixel in a corner: most rotations and shifts lose it
    clear = torch.zeros_like(before.clear)
    clear[:, 2, 0, 0] = True
    before = before._replace(mask=mask, clear=clear)
    amount = Augmentation(rotation=45, shift=6, rotation_chance=1, shift_chance=1, crop=5)
    for binary in (True, False):
        after = augment(before, source(0), amount, takes_gaps=True, binary_mask=binary)
        assert after.seen().any(1).all()
    after = augment(before, source(0), amount, takes_gaps=False, binary_mask=True)
    assert after.mask.flatten(1).any(1).all()


share = st.floats(0, 1)
ANY = st.builds(
    Augmentation,
    date_drop=share,
    remove_date=st.booleans(),
    turn=share,
    mirror=share,
    upside_down=share,
    rotation=st.floats(0, 45),
    rotation_chance=share,
    shift=st.floats(0, 20),
    shift_chance=share,
    crop=st.none() | st.integers(1, 12),
    mix=st.floats(0, 0.9),
    mix_chance=share,
    noise=share,
    day_shift=st.floats(0, 50),
    day_scale=st.floats(0, 0.5),
)


@settings(max_examples=60)
@given(ANY, st.integers(0, 1000), st.booleans(), st.booleans(), st.integers(1, 9), st.integers(1, 9), st.integers(1, 4))
def test_no_settings_lose_a_field_or_make_a_value_missing(
    amount: Augmentation, seed: int, takes_gaps: bool, binary: bool, size: int, width: int, step: int
) -> None:
    before = made(n=5, step=step, size=size, width=width, seed=seed)
    before = before._replace(mask=(before.mask > 0).float() if binary else before.mask)
    after = augment(before, source(seed), amount, takes_gaps=takes_gaps, binary_mask=binary)
    assert after.image.shape[:2] == after.clear.shape[:2] == after.day.shape
    assert after.image.shape[-2:] == after.clear.shape[-2:] == after.mask.shape[-2:]
    assert torch.isfinite(after.image).all()
    assert torch.isfinite(after.day).all()
    assert (after.mask >= 0).all()
    assert (after.mask <= 1.0001).all()
    assert after.mask.flatten(1).any(1).all()
    assert not takes_gaps or after.seen().any(1).all()
    assert not binary or set(after.mask.unique().tolist()) <= {0.0, 1.0}


def test_chips_of_one_pixel_keep_their_pixel() -> None:
    before = made(size=1)
    amount = only(turn=1, mirror=0.5, upside_down=0.5, rotation=45, rotation_chance=1, shift=4, shift_chance=1, crop=1)
    assert changed_parts(before, augment(before, source(0), amount, takes_gaps=True)) == set()


# ---------------------------------------------------------------- dates and days


def test_dropped_dates_are_cloudy_and_every_chip_keeps_a_clear_one() -> None:
    before = made(n=400, size=1)
    before = before._replace(clear=torch.ones_like(before.clear))
    after = augment(before, source(0), only(date_drop=1.0), takes_gaps=True)
    assert changed_parts(before, after) == {"clear"}
    assert not (after.clear & ~before.clear).any()
    assert after.clear.flatten(1).any(1).all()
    share = after.clear.float().mean()
    assert 0.45 < share < 0.65  # half on average, and the one that is kept


def test_the_date_that_survives_shows_the_field() -> None:
    before = made(n=300)
    clear = before.clear & (before.mask == 0)[:, None]  # clear beside the field on all dates, inside it on the last only
    clear[:, -1] |= before.mask > 0
    after = augment(before._replace(clear=clear), source(0), only(date_drop=1.0), takes_gaps=True)
    assert after.seen().any(1).all()


def test_a_network_that_takes_no_gaps_gets_one_date_less_in_order() -> None:
    before = made(n=200)
    after = augment(before, source(0), only(remove_date=True, date_drop=0.9, day_shift=9), takes_gaps=False)
    assert after.image.shape[1] == after.clear.shape[1] == after.day.shape[1] == 5
    assert same(after.mask, before.mask)
    removed = []
    for row in range(200):
        kept = torch.isin(before.day[row], after.day[row])
        removed += torch.nonzero(~kept)[:, 0].tolist()
        assert same(after.day[row], before.day[row][kept])  # in order, and not shifted
        assert same(after.image[row], before.image[row][kept])
        assert same(after.clear[row], before.clear[row][kept])
    assert len(removed) == 200
    assert set(removed) == set(range(6))


def test_the_season_is_shifted_as_a_whole() -> None:
    before = made(n=300, size=1)
    after = augment(before, source(0), only(day_shift=6), takes_gaps=True)
    assert changed_parts(before, after) == {"day"}
    shift = after.day - before.day
    assert torch.allclose(shift, shift[:, :1].expand_as(shift), atol=1e-3)
    assert 5 < shift[:, 0].std() < 7


def test_the_season_is_stretched_about_its_middle_and_stays_in_order() -> None:
    before = made(n=300, size=1)
    before = before._replace(clear=torch.ones_like(before.clear))
    after = augment(before, source(0), only(day_scale=0.2), takes_gaps=True)
    assert changed_parts(before, after) == {"day"}
    assert torch.allclose(after.day.mean(1), before.day.mean(1), atol=1e-3)
    assert (after.day.diff(dim=1) > 0).all()
    factor = (after.day.diff(dim=1) / before.day.diff(dim=1)).log()
    assert torch.allclose(factor, factor[:, :1].expand_as(factor), atol=1e-4)
    assert 0.17 < factor[:, 0].std() < 0.23


# ---------------------------------------------------------------- values


def test_gains_are_one_factor_a_chip_band_and_date_and_missing_values_stay_missing() -> None:
    before = made(n=100)
    before.image[3, 2, 1] = torch.nan
    after = augment(before, source(0), only(brightness=0.1, band_jitter=0.05, date_jitter=0.02, noise=0.08), takes_gaps=True)
    assert changed_parts(before, after) == {"image"}
    assert same(after.image.isnan().float(), before.image.isnan().float())
    factor = (after.image / before.image).log()
    assert torch.allclose(factor, factor[..., :1, :1].expand_as(factor), atol=1e-5, equal_nan=True)
    variance = factor[..., 0, 0].nan_to_num().var().item()
    assert variance == pytest.approx(0.1**2 + 0.05**2 + 0.02**2 + 0.08**2, rel=0.35)


# ---------------------------------------------------------------- mixing


def test_mixing_adds_a_share_of_another_chip_where_that_is_clear_and_the_label_stays() -> None:
    before = made(n=10)
    after = augment(before, source(0), only(mix=0.15, mix_chance=1), takes_gaps=True)
    assert changed_parts(before, after) == {"image"}
    for chip in range(10):
        fits = []
        for other in set(range(10)) - {chip}:
            expected = torch.where(
                before.clear[other][:, None], 0.85 * before.image[chip] + 0.15 * before.image[other], before.image[chip]
            )
            fits.append(torch.allclose(after.image[chip], expected, atol=1e-2))
        assert sum(fits) == 1


def test_a_network_that_looks_at_no_clouds_gets_the_whole_window_as_in_2020() -> None:
    before = made(n=2)
    after = augment(before, source(0), only(mix=0.15, mix_chance=1), takes_gaps=False)
    torch.testing.assert_close(after.image[0], 0.85 * before.image[0] + 0.15 * before.image[1])


def test_other_days_missing_values_and_unchosen_chips_are_not_mixed() -> None:
    before = made(n=2)
    before.day[0] += 1
    assert changed_parts(before, augment(before, source(0), only(mix=0.15, mix_chance=1), takes_gaps=False)) == set()
    before = made(n=2)
    before.image[0, 1], before.image[1, 2] = torch.nan, torch.nan
    after = augment(before, source(0), only(mix=0.15, mix_chance=1), takes_gaps=False)
    assert same(after.image.isnan().float(), before.image.isnan().float())
    assert same(after.image[:, 1:3], before.image[:, 1:3])
    before = made(n=400, size=1)
    after = augment(before, source(0), only(mix=0.15, mix_chance=0.3), takes_gaps=False)
    touched = (after.image != before.image).flatten(1).any(1).float().mean()
    assert 0.22 < touched < 0.38


class Made(TorchDispatchMode):
    """Counts the new tensors of at least a given number of values."""

    def __init__(self, least: int) -> None:
        super().__init__()
        self.least, self.n = least, 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if isinstance(result, Tensor) and result.numel() >= self.least:
            given = {a.untyped_storage().data_ptr() for a in args if isinstance(a, Tensor)}
            self.n += result.untyped_storage().data_ptr() not in given  # neither a view nor changed in place
        return result


@pytest.mark.parametrize("change", [{"mix": 0.15, "mix_chance": 1}, {"rotation": 10, "rotation_chance": 1}])
@pytest.mark.parametrize("takes_gaps", [True, False])
def test_mixing_and_rotating_take_the_memory_of_one_copy_of_the_batch(change: dict[str, float], takes_gaps: bool) -> None:
    before = made(n=128, size=8)
    with Made(before.image.numel() // 2) as large:
        augment(before, source(0), only(**change), takes_gaps=takes_gaps)
    assert large.n == 1


# ---------------------------------------------------------------- faults and settings


def test_settings_are_validated_and_survive_json() -> None:
    for wrong in ({"date_drop": 1.5}, {"crop": 0}, {"mix": 1}, {"faults": ["mask_drift"]}, {"rotate": 3}):
        with pytest.raises(ValidationError):
            Augmentation.model_validate(wrong)
    amount = Augmentation.cv4a(mix=True)
    assert Augmentation.model_validate(json.loads(json.dumps(amount.model_dump(mode="json")))) == amount


def test_the_settings_of_2020_flip_rotate_crop_and_remove_a_date_and_nothing_else() -> None:
    before = made(n=32, size=32, step=13)
    before = before._replace(mask=(before.mask > 0.4).float())
    after = augment(before, source(0), Augmentation.cv4a(), takes_gaps=False, binary_mask=True)
    assert after.image.shape == (32, 12, 3, 16, 16)
    assert set(after.mask.unique().tolist()) <= {0.0, 1.0}
    assert after.mask.flatten(1).any(1).all()
    assert (torch.isin(after.day, before.day)).all()
    assert after.image.max() <= before.image.max() + 0.1  # no gain
