"""The ground of one tile at 5 m: which patch every subpixel is, and how it differs from the patch's mean.

A scene is made once a tile and kept on disk while the dates are imaged: nothing here depends on the date.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cropdetect.simulation.backdrop import Backdrop
from cropdetect.simulation.frame import SUBPIXEL, Frame
from cropdetect.simulation.landscape import GRASS_STRIP, HEDGE, PATH, ROAD, Land, part_land
from cropdetect.simulation.noise import SmoothField, generator
from cropdetect.simulation.patches import (
    GRASSES,
    HEDGES,
    HOMESTEAD,
    N_COVERS,
    PATHS,
    RIPARIAN,
    ROADS,
    ROOFS,
    TREES,
    WOOD,
    YARDS,
    Patches,
    deal_covers,
    deal_patches,
)
from cropdetect.simulation.region import Region

Ints = npt.NDArray[np.int32]
Small = npt.NDArray[np.int8]
Floats = npt.NDArray[np.float32]

_PATCH_KEY, _COVER_KEY, _TEXTURE_KEY, _TREE_KEY, _ROOF_KEY = 4, 5, 6, 7, 8
_CELLS_A_BLOCK = 1 << 16
_CHUNK = 512

_SHARPNESS = 1.6  # of the borders between the parts of an intercropped field

VIGOUR_STEP, MIX_STEP, LATE_STEP = 1 / 64, 1 / 128, 0.2
"""What one unit of the int8 rasters is: relative leaf area, share of the ground, days."""


@dataclass(frozen=True)
class Scene:
    """One tile's ground.

    Attributes:
        patch: (y, x) int32, 5 m, row of `patches`.
        vigour, mix, late: (y, x) int8, 5 m, how leaf area, share of the main crop and calendar differ from the patch's own.
        owner: (y, x) int32, 10 m, the field a pixel belongs to, whatever stands on it.
        patches: what the patches are; the first 64 are covers.
    """

    patch: Ints
    vigour: Small
    mix: Small
    late: Small
    owner: Ints
    patches: Patches

    _RASTERS = ("patch", "vigour", "mix", "late", "owner")

    def save(self, folder: Path) -> None:
        """Write to a folder, for other processes to map."""
        folder.mkdir(parents=True)
        for name in self._RASTERS:
            np.save(folder / f"{name}.npy", getattr(self, name))
        self.patches.save(folder / "patches.npz")

    @classmethod
    def load(cls, folder: Path) -> "Scene":
        """Map what `save` wrote."""
        rasters = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in cls._RASTERS}
        return cls(**rasters, patches=Patches.load(folder / "patches.npz"))


def build_scene(
    region: Region, backdrop: Backdrop, seed: int, frame: Frame, mosaic_size: tuple[float, float], late: float
) -> Scene:
    """Make the ground of one tile. `late`: days by which the year is behind the region's calendar."""
    land = part_land(region, backdrop, seed, frame, mosaic_size)
    n_cells = int(land.first[-1])
    seen = np.zeros(n_cells, bool)
    seen[land.cell.ravel()] = True
    position = (np.cumsum(seen) - 1 + N_COVERS).astype(np.int32)
    patches = Patches.join(
        [deal_covers(region, generator(seed, _COVER_KEY)), *_deal_blocks(region, backdrop, seed, land, seen, late)]
    )
    patch = position[land.cell]
    owner = _majority(patch)
    vigour, mix, lag = _texture(patches, patch, land.stripes, seed, frame)
    _cover(patch, patches, land.line, backdrop, seed, frame)
    return Scene(patch, vigour, mix, lag, owner, patches)


def _deal_blocks(
    region: Region, backdrop: Backdrop, seed: int, land: Land, seen: npt.NDArray[np.bool_], late: float
) -> list[Patches]:
    parts = []
    for block, start, stop in zip(land.blocks, land.first[:-1], land.first[1:], strict=True):
        used = seen[start:stop]
        if not used.any():
            continue
        x, y = block.centres()
        key = np.int64(block.index) * _CELLS_A_BLOCK + np.arange(block.n_cells)
        # all fields of the block are dealt, so that they are the same whichever of them a tile sees
        x = np.clip(x, block.x - 2 * region.block, block.x + 2 * region.block)
        y = np.clip(y, block.y - 2 * region.block, block.y + 2 * region.block)
        parts.append(deal_patches(region, backdrop, generator(seed, _PATCH_KEY, block.index), key, x, y, late).take(used))
    return parts


def _majority(patch: Ints) -> Ints:
    """Return, for each 10 m pixel, the patch of most of its four subpixels."""
    a, b, c, d = patch[0::2, 0::2], patch[0::2, 1::2], patch[1::2, 0::2], patch[1::2, 1::2]
    return np.where((b == c) & (a != d), b, np.where((b == d) & (a != c), b, np.where((c == d) & (a != b), c, a)))


def _texture(patches: Patches, patch: Ints, stripes: Small, seed: int, frame: Frame) -> tuple[Small, Small, Small]:
    """Draw the variation within patches: wide gradients, clumps, single subpixels, stripes, late spots."""
    x, y = frame.axes(SUBPIXEL)
    x, y = x - x[0], y - y[0]
    fields = [
        SmoothField.over(float(x[-1]), float(y[-1]), pitch, generator(seed, _TEXTURE_KEY, frame.tile, i))
        for i, pitch in enumerate((24.0, 9.0, 11.0, 20.0))
    ]
    grain = generator(seed, _TEXTURE_KEY, frame.tile, len(fields))
    wide, clumpy = np.sqrt(patches.gradients), np.sqrt(patches.clumps)
    fine = np.sqrt(np.clip(1 - patches.gradients - patches.clumps, 0, 1))
    even, striped = np.sqrt(1 - patches.striped), np.sqrt(2 * patches.striped)
    vigour, mix, late = (np.empty(patch.shape, np.int8) for _ in range(3))
    for top in range(0, len(y), _CHUNK):
        rows = slice(top, min(top + _CHUNK, len(y)))
        p, ys = patch[rows], y[rows]
        noise = wide[p] * fields[0].on_axes(x, ys) + clumpy[p] * fields[1].on_axes(x, ys)
        noise += fine[p] * grain.standard_normal(p.shape, dtype=np.float32)
        vigour[rows] = _packed(patches.spread[p] * noise, VIGOUR_STEP)
        strips = striped[p] * (stripes[rows] / np.float32(127))
        shift = patches.patchiness[p] * np.tanh(_SHARPNESS * (even[p] * fields[2].on_axes(x, ys) + strips))
        share = patches.mix[p]
        mix[rows] = _packed(np.asarray(np.clip(share + shift, 0, 1) - share, np.float32), MIX_STEP)
        late[rows] = _packed(patches.straggling[p] * fields[3].on_axes(x, ys), LATE_STEP)
    return vigour, mix, late


def _packed(values: npt.NDArray[np.floating[Any]], step: float) -> Small:
    return np.clip(np.round(values / np.float32(step)), -127, 127).astype(np.int8)


def _cover(patch: Ints, patches: Patches, line: npt.NDArray[np.uint8], backdrop: Backdrop, seed: int, frame: Frame) -> None:
    """Put streams, hedges, roads, trees, yards and roofs on top of the fields, in place."""
    x, y = frame.axes(SUBPIXEL)
    dice = generator(seed, _COVER_KEY, frame.tile)

    def variant(where: slice, mask: npt.NDArray[np.bool_]) -> Ints:
        return dice.integers(where.start, where.stop, int(mask.sum()), dtype=np.int32)

    kinds = patches.kind[patch]
    for top in range(0, len(y), _CHUNK):
        rows = slice(top, min(top + _CHUNK, len(y)))
        valley = np.abs(backdrop.valley.on_axes(x, y[rows]))
        part, lines = patch[rows], line[rows]
        for mask, where in (
            ((valley < 0.014) & (dice.random(part.shape, dtype=np.float32) < 0.9), RIPARIAN),
            (lines == GRASS_STRIP, GRASSES), (lines == HEDGE, HEDGES), (lines == PATH, PATHS), (lines == ROAD, ROADS),
        ):  # fmt: skip
            part[mask] = variant(where, mask)
    # trees: a few in the fields, many around houses; crowns of one to nine subpixels
    n_trees = int(patch.size * SUBPIXEL**2 / 1e4 * 26)
    _stamp(
        patch,
        kinds,
        generator(seed, _TREE_KEY, frame.tile),
        n_trees,
        {HOMESTEAD: 1.0, WOOD: 0.5},
        0.10,
        TREES,
        (0.35, 0.12, 0.03),
    )
    n_yards = int(patch.size * SUBPIXEL**2 / 1e4 * 10)
    _stamp(patch, kinds, generator(seed, _ROOF_KEY, frame.tile, 0), n_yards, {HOMESTEAD: 1.0}, 0.0, YARDS, (0.9, 0.6, 0.0))
    _stamp(patch, kinds, generator(seed, _ROOF_KEY, frame.tile, 1), n_yards, {HOMESTEAD: 1.0}, 0.0015, ROOFS, (0.45, 0.1, 0.0))


def _stamp(
    patch: Ints, kinds: Small, rng: np.random.Generator, n: int, chances: dict[int, float], elsewhere: float, covers: slice,
    growth: tuple[float, float, float],
) -> None:  # fmt: skip
    """Put `n` things at random places, kept with the chance of the land kind there.

    `growth`: chance that a thing also takes its right neighbour, the two below, and the ring around those.
    """
    rows, columns = rng.integers(2, patch.shape[0] - 3, n), rng.integers(2, patch.shape[1] - 3, n)
    chance = np.full(16, elsewhere)
    for kind, p in chances.items():
        chance[kind] = p
    keep = rng.random(n) < chance[kinds[rows, columns]]
    what = rng.integers(covers.start, covers.stop, n, dtype=np.int32)
    size = rng.random(n)
    steps = (
        (1.0, ((0, 0),)),
        (growth[0], ((0, 1),)),
        (growth[1], ((1, 0), (1, 1))),
        (growth[2], ((2, 0), (2, 1), (-1, 0), (-1, 1), (0, -1), (1, -1), (0, 2), (1, 2))),
    )
    for share, offsets in steps:
        chosen = keep & (size < share)
        for dy, dx in offsets:
            patch[rows[chosen] + dy, columns[chosen] + dx] = what[chosen]
