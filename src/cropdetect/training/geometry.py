"""Flips, turns, rotations, shifts and crops of whole batches: image, mask and clear pixels by one transform."""

import torch
from torch import Tensor
from torch.nn import functional

from cropdetect.formats import Augmentation
from cropdetect.training.batch import TrainingBatch

_AT_ONCE = 8  # chips warped at once, which bounds the memory it takes


def flipped(batch: TrainingBatch, generator: torch.Generator, settings: Augmentation) -> TrainingBatch:
    """Mirror and turn each chip at random; of chips that are not square only by half turns."""
    image, mask, clear = batch.image, batch.mask, batch.clear
    code = orientations(len(mask), generator, settings, square=mask.shape[1] == mask.shape[2])
    return batch._replace(image=oriented(image, code), mask=oriented(mask, code), clear=oriented(clear, code))


def orientations(n: int, generator: torch.Generator, settings: Augmentation, *, square: bool) -> Tensor:
    """Draw one of the eight symmetries of the square for each chip: quarter turns + 4 x mirrored."""

    def draw(chance: float) -> Tensor:
        return torch.rand(n, generator=generator) < chance

    turns = torch.where(draw(settings.turn), torch.randint(0, 4, (n,), generator=generator), 0)
    if not square:
        turns = 2 * (turns // 2)
    mirrored, upside_down = draw(settings.mirror), draw(settings.upside_down)
    # Upside down is mirrored and turned by half: the turn comes first, then the mirror.
    turns = (turns + 2 * upside_down) % 4
    return turns + 4 * (mirrored ^ upside_down)


def oriented(values: Tensor, code: Tensor) -> Tensor:
    """Turn and mirror the last two dimensions of each row of `values`; returns a new tensor where anything changes."""
    if not bool(code.any()):
        return values
    result = torch.empty_like(values)
    for symmetry in sorted(set(code.tolist())):
        rows = code == symmetry
        turned = values[rows].rot90(symmetry % 4, (-2, -1))
        result[rows] = turned.flip(-1) if symmetry >= 4 else turned
    return result


def warped(
    batch: TrainingBatch, generator: torch.Generator, settings: Augmentation, *, takes_gaps: bool, binary_mask: bool = False
) -> TrainingBatch:
    """Rotate and shift some chips by fractions of pixels.

    The image is interpolated bilinearly, for a network that looks at `clear` from clear pixels only; the mask as a
    fraction; `clear` comes from the nearest pixel. What the transform uncovers is 0, not clear, and outside the field.
    """
    if settings.rotation == 0 and settings.shift == 0:
        return batch
    n = len(batch.mask)

    def draw(limit: float, chance: float, columns: int) -> Tensor:
        on = torch.rand(n, 1, generator=generator) < (chance if limit > 0 else 0.0)
        return torch.where(on, limit * (2 * torch.rand(n, columns, generator=generator) - 1), 0.0)

    angle = draw(settings.rotation, settings.rotation_chance, 1)[:, 0].deg2rad()
    shift = draw(settings.shift, settings.shift_chance, 2)
    chosen = torch.nonzero((angle != 0) | (shift != 0).any(1))[:, 0]
    if len(chosen) == 0:
        return batch
    image, mask, clear = batch.image.clone(), batch.mask.clone(), batch.clear.clone()
    for rows in torch.split(chosen, _AT_ONCE):
        before = batch._replace(image=batch.image[rows], mask=batch.mask[rows], clear=batch.clear[rows])
        after = _resampled(before, _grid(before.mask, angle[rows], shift[rows]), takes_gaps=takes_gaps, binary=binary_mask)
        kept = after.seen().any(1) if takes_gaps else after.mask.flatten(1).any(1)
        for whole, part in ((image, after.image), (mask, after.mask), (clear, after.clear)):
            whole[rows[kept]] = part[kept]
    return batch._replace(image=image, mask=mask, clear=clear)


def _grid(mask: Tensor, angle: Tensor, shift: Tensor) -> Tensor:
    """Return where each new pixel lies in the old chip, (chip, y, x, 2), as `grid_sample` counts: -1 to 1.

    Args:
        mask: (chip, y, x), for its shape.
        angle: (chip,) radians, about the chip's centre.
        shift: (chip, 2) pixels along x and y.
    """
    n, height, width = mask.shape
    cos, sin = angle.cos(), angle.sin()
    # Coordinates run from -1 to 1 along both sides, so a rotation of a chip that is not square needs their ratio.
    first = torch.stack([cos, -sin * height / width, 2 * shift[:, 0] / width], 1)
    second = torch.stack([sin * width / height, cos, 2 * shift[:, 1] / height], 1)
    return functional.affine_grid(torch.stack([first, second], 1), [n, 1, height, width], align_corners=False)


def _resampled(batch: TrainingBatch, grid: Tensor, *, takes_gaps: bool, binary: bool) -> TrainingBatch:
    """Return image, mask and clear of the batch at the places of `grid`."""

    def bilinear(values: Tensor) -> Tensor:
        of_chip = functional.grid_sample(values.flatten(1, -3), grid, mode="bilinear", align_corners=False)
        return of_chip.reshape(values.shape)

    def nearest(values: Tensor) -> Tensor:
        of_chip = functional.grid_sample(values.float().flatten(1, -3), grid, mode="nearest", align_corners=False)
        return of_chip.reshape(values.shape) > 0

    missing = batch.image.isnan()
    any_missing = bool(missing.any())
    image = torch.where(missing, 0.0, batch.image) if any_missing else batch.image
    covered = nearest(torch.ones_like(batch.mask)[:, None])  # (chip, 1, y, x)
    # Interpolated from usable pixels only: weights of the others are taken out of the sum, and it is scaled up again.
    usable = batch.clear[:, :, None] if takes_gaps else covered.new_ones(1, 1, 1, 1, 1).expand(image[:, :1, :1].shape)
    if any_missing:
        usable = usable & ~missing
    weight = usable.float()
    total = bilinear(weight)
    image = bilinear(image * weight) if takes_gaps or any_missing else bilinear(image)
    image = torch.where(covered[:, :, None] & (total > 0), image / total.clamp(min=1e-6), 0.0)
    if any_missing:
        image = torch.where(nearest(missing), torch.nan, image)
    mask = bilinear(batch.mask[:, None])[:, 0] * covered[:, 0]
    if binary:
        mask = (mask >= 0.5).float()
    return batch._replace(image=image, mask=mask, clear=nearest(batch.clear))


def cropped(batch: TrainingBatch, generator: torch.Generator, settings: Augmentation) -> TrainingBatch:
    """Cut a random window out of each chip, any that shows its field being equally likely."""
    size = settings.crop
    height, width = batch.mask.shape[1:]
    if size is None or size >= min(height, width):
        return batch
    field = (batch.mask > 0) & batch.clear.any(1)
    field = torch.where(field.flatten(1).any(1)[:, None, None], field, batch.mask > 0)
    holds = functional.max_pool2d(field.float()[:, None], size, stride=1)[:, 0]  # (chip, row, column) of the window's corner
    chance = torch.rand(holds.shape, generator=generator) + holds  # above 1 where the window shows the field
    corner = chance.flatten(1).argmax(1)
    rows = (corner // holds.shape[2])[:, None] + torch.arange(size)
    columns = (corner % holds.shape[2])[:, None] + torch.arange(size)

    def cut(values: Tensor) -> Tensor:
        windows = values.flatten(1, -3) if values.ndim > 3 else values[:, None]
        chip, layer = torch.arange(len(values))[:, None, None, None], torch.arange(windows.shape[1])[:, None, None]
        window = windows[chip, layer, rows[:, None, :, None], columns[:, None, None, :]]
        return window.reshape(*values.shape[:-2], size, size)

    return batch._replace(image=cut(batch.image), mask=cut(batch.mask), clear=cut(batch.clear))
