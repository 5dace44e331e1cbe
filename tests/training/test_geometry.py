"""Spatial changes move image, mask and clear pixels together, and invent nothing."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from cropdetect.training.augmentation import augment
from cropdetect.training.batch import TrainingBatch
from cropdetect.training.geometry import _grid, _resampled
from tests.training.test_augmentation import changed_parts, made, only, same, source


def marked(n: int = 400, size: int = 6, width: int | None = None) -> TrainingBatch:
    """A chip whose only field and clear pixel is a corner beside the diagonal, with a 7 in the image."""
    before = made(n=n, size=size, width=width)
    mask = torch.zeros_like(before.mask)
    mask[:, 0, 1] = 0.5
    clear = torch.zeros_like(before.clear) | (mask > 0)[:, None]
    image = torch.where((mask > 0)[:, None, None], 7.0, 1.0).expand(before.image.shape).contiguous()
    return before._replace(image=image, mask=mask, clear=clear)


def places(sample: TrainingBatch) -> set[tuple[int, ...]]:
    return {tuple(torch.nonzero(mask)[0].tolist()) for mask in sample.mask}


def together(sample: TrainingBatch) -> bool:
    there = sample.mask > 0
    return same(sample.clear.float(), there[:, None].expand(sample.clear.shape).float()) and same(
        (sample.image == 7).float(), there[:, None, None].expand(sample.image.shape).float()
    )


def test_turned_and_mirrored_chips_have_all_eight_orientations_alike_often_and_stay_whole() -> None:
    after = augment(marked(), source(0), only(turn=1, mirror=0.5), takes_gaps=True)
    assert together(after)
    assert (after.mask.flatten(1).sum(1) == 0.5).all()
    assert places(after) == {(0, 1), (0, 4), (5, 1), (5, 4), (1, 0), (4, 0), (1, 5), (4, 5)}
    counts = after.mask.sum(0)[after.mask.sum(0) > 0] / 0.5
    assert counts.min() > 25
    assert counts.max() < 75


def test_turning_keeps_every_value_and_the_order_of_dates() -> None:
    before = made()
    after = augment(before, source(0), only(turn=1, mirror=0.5, upside_down=0.5), takes_gaps=True)
    assert same(before.image.flatten(3).sort(-1).values, after.image.flatten(3).sort(-1).values)
    assert same(before.day, after.day)


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"upside_down": 0.5}, {(0, 1), (5, 1)}),
        ({"mirror": 0.5}, {(0, 1), (0, 4)}),
        ({"upside_down": 1, "mirror": 1}, {(5, 4)}),
        ({"turn": 1}, {(0, 1), (4, 0), (5, 4), (1, 5)}),
    ],
)
def test_each_flip_can_be_had_alone(settings: dict[str, float], where: set[tuple[int, ...]]) -> None:
    after = augment(marked(), source(0), only(**settings), takes_gaps=True)
    assert places(after) == where
    assert together(after)


def test_chips_that_are_not_square_keep_their_shape() -> None:
    after = augment(marked(width=9), source(0), only(turn=1, mirror=0.5), takes_gaps=True)
    assert after.mask.shape == (400, 6, 9)
    assert places(after) == {(0, 1), (0, 7), (5, 1), (5, 7)}
    assert together(after)


@pytest.mark.parametrize(("height", "width"), [(12, 12), (10, 15)])
def test_a_rotation_is_the_one_of_scipy(height: int, width: int) -> None:
    before = made(n=1, step=2, size=height, width=width)
    before = before._replace(clear=torch.ones_like(before.clear))
    angle, shift = np.deg2rad(17.0), (1.3, -0.6)
    grid = _grid(before.mask, torch.tensor([angle], dtype=torch.float32), torch.tensor([shift]))
    after = _resampled(before, grid, takes_gaps=True, binary=False)

    matrix = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])  # of (row, column)
    centre = np.array([(height - 1) / 2, (width - 1) / 2])
    offset = centre - matrix @ centre + np.array(shift[::-1])

    def rotated(values: np.ndarray, order: int) -> np.ndarray:
        return np.asarray(ndimage.affine_transform(values, matrix, offset, order=order, mode="constant", cval=0.0))

    inside = rotated(np.ones((height, width)), 1) > 0.999  # away from the border, where both have all four neighbours
    assert inside.sum() > 0.4 * height * width
    np.testing.assert_allclose(after.mask[0][inside], rotated(before.mask[0].numpy(), 1)[inside], atol=1e-4)
    np.testing.assert_allclose(
        after.image[0, 1, 2][inside], rotated(before.image[0, 1, 2].numpy(), 1)[inside], rtol=1e-4, atol=0.1
    )
    assert (after.clear[0, 0].numpy() == (rotated(np.ones((height, width)), 0) > 0))[inside].all()


def test_an_unclear_pixel_is_never_made_clear_and_clouds_never_leak_into_clear_pixels() -> None:
    before = made(n=60)
    image = torch.where(before.clear[:, :, None], 1000.0, 1e9).expand(before.image.shape)
    image = image.contiguous()
    amount = only(rotation=10, rotation_chance=1, shift=2, shift_chance=1)
    after = augment(before._replace(image=image), source(0), amount, takes_gaps=True)
    inside = after.clear[:, :, None].expand(after.image.shape)
    assert inside.any()
    torch.testing.assert_close(after.image[inside], torch.full_like(after.image[inside], 1000.0))
    hidden = before._replace(clear=before.clear.clone())
    hidden.clear[:, 3] = False
    assert not augment(hidden, source(0), amount, takes_gaps=True).clear[:, 3].any()


def test_uncovered_pixels_are_outside_the_field_and_not_clear() -> None:
    before = made(n=40)
    before = before._replace(mask=torch.ones_like(before.mask), clear=torch.ones_like(before.clear))
    after = augment(before, source(0), only(rotation=30, rotation_chance=1), takes_gaps=False)
    bare = after.mask == 0
    assert bare[:, 0, 0].any()
    assert not (after.clear & bare[:, None]).any()
    assert (after.image[bare[:, None, None].expand(after.image.shape)] == 0).all()
    centre = slice(5, 11)
    assert (after.mask[:, centre, centre] > 0.999).all()
    assert after.clear[:, :, centre, centre].all()


def test_missing_values_move_with_their_pixels_and_are_not_mixed_into_others() -> None:
    before = made(n=30)
    before.image[:, 2, 1, 4:7, 4:7] = torch.nan
    before.image[:, 3, 0] = torch.nan
    after = augment(before, source(0), only(rotation=10, rotation_chance=1), takes_gaps=False)
    missing = after.image.isnan()
    assert missing[:, 3, 0, 5:11, 5:11].all()
    assert (missing[:, 2, 1].flatten(1).sum(1) - 9).abs().max() <= 4
    missing[:, 3, 0] = missing[:, 2, 1] = False
    assert not missing.any()
    values = after.image[:, :, :, 4:12, 4:12]
    assert values[~values.isnan()].min() >= 499  # nothing was taken for 0


def test_a_fractional_mask_keeps_its_area_and_a_binary_one_stays_binary() -> None:
    before = made(n=100)
    settings = {"rotation": 10, "rotation_chance": 1}
    after = augment(before, source(0), only(**settings), takes_gaps=True)
    kept = after.mask.flatten(1).sum(1) / before.mask.flatten(1).sum(1)
    assert kept.mean() == pytest.approx(1, abs=0.05)
    assert ((after.mask > 0) & (after.mask < 1)).any()
    whole = before._replace(mask=(before.mask >= 0.5).float())
    binary = augment(whole, source(0), only(**settings), takes_gaps=True, binary_mask=True)
    assert set(binary.mask.unique().tolist()) == {0.0, 1.0}


def test_chips_that_are_not_chosen_keep_every_bit() -> None:
    before = made(n=300, size=8)
    after = augment(before, source(0), only(rotation=10, rotation_chance=0.3), takes_gaps=True)
    touched = (after.image != before.image).flatten(1).any(1)
    assert 0.2 < touched.float().mean() < 0.4
    rest = [part[~touched] for part in after[:4]], [part[~touched] for part in before[:4]]
    assert all(same(a.float(), b.float()) for a, b in zip(*rest, strict=True))


def test_a_crop_is_a_window_of_the_chip_that_shows_the_field() -> None:
    before = made(n=50, size=12)
    at = torch.arange(144.0).reshape(12, 12).expand(before.image.shape).contiguous()
    after = augment(before._replace(image=at), source(0), only(crop=5), takes_gaps=True)
    assert after.image.shape[-2:] == after.mask.shape[-2:] == after.clear.shape[-2:] == (5, 5)
    assert after.seen().any(1).all()
    for chip in range(50):
        row, column = divmod(int(after.image[chip, 0, 0, 0, 0]), 12)
        window = slice(row, row + 5), slice(column, column + 5)
        assert same(after.image[chip, 3, 1], at[chip, 3, 1][window])
        assert same(after.mask[chip], before.mask[chip][window])
        assert same(after.clear[chip, 2].float(), before.clear[chip, 2][window].float())


def test_every_window_that_shows_the_field_is_equally_likely() -> None:
    before = made(n=4000, step=1, size=4)
    mask = torch.zeros_like(before.mask)
    mask[:, 0, 1] = 1  # in windows of 2 x 2 with corners (0, 0) and (0, 1) only
    at = torch.arange(16.0).reshape(4, 4).expand(before.image.shape).contiguous()
    before = before._replace(mask=mask, image=at, clear=torch.ones_like(before.clear))
    corner = augment(before, source(0), only(crop=2), takes_gaps=True).image[:, 0, 0, 0, 0]
    assert set(corner.tolist()) == {0.0, 1.0}
    assert corner.mean().item() == pytest.approx(0.5, abs=0.03)


def test_a_crop_larger_than_the_chip_leaves_it() -> None:
    before = made(size=8)
    assert changed_parts(before, augment(before, source(0), only(crop=8), takes_gaps=True)) == set()
