"""What each patch of land is: crop or land kind, how it is planted, how well it grows, on which soil.

Shares of crop classes are the region's. A patch that is not one of the legend's classes is another crop, fallow, bush, wood
or a homestead. Two crops in one field share its ground; the share of the first is `mix`, spread widely, because
"intercropped" means anything from a few beans under the maize to half and half.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cropdetect.simulation.backdrop import Backdrop
from cropdetect.simulation.calendar import SPECIES
from cropdetect.simulation.region import Region

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.int8]

SPECIES_NAMES = tuple(SPECIES)
CROP, FALLOW, BUSH, WOOD, HOMESTEAD, ROOF, ROAD, ASPHALT = range(8)

N_COVERS = 64
"""Patches 0 to 63 of every tile are covers (trees, hedges, roofs, roads ...) that lie on top of the fields."""
TREES, HEDGES, ROOFS, ROADS, PATHS, GRASSES, RIPARIAN, YARDS = (
    slice(1, 17), slice(17, 29), slice(29, 37), slice(37, 41), slice(41, 45), slice(45, 49), slice(49, 57), slice(57, 61),
)  # fmt: skip


@dataclass(frozen=True)
class Patches:
    """One row a patch.

    Attributes:
        key: the same number whichever tile the patch is seen from; -1 for covers.
        kind: CROP, FALLOW, ...
        crop_id: 1-based class of the legend, 0 for all else.
        a, b, second: species (position in SPECIES_NAMES, -1 none): main crop, its companion, what is sown after the harvest.
        mix: share of the ground that is a's.
        planted_a, planted_b, planted_second: day of the season year.
        stretch: length of the cycle relative to the species' own.
        vigour_a, vigour_b, vigour_second: peak leaf area index of a full stand.
        weeds: leaf area index of weeds, grass or trees at their greenest.
        evergreen: share of `weeds` that does not follow the rains.
        greenness, succulence: chlorophyll and water of the leaves relative to the species' own.
        soil: (patch, soil of the region) weights.
        brightness: of the soil.
        dampness: soil moisture on top of the day's.
        straw: share of the ground that residues cover after the harvest.
        shading: factor on the species' self-shading.
        spread: standard deviation of leaf area within the patch, as a share of its mean.
        gradients, clumps: how much of that spread lies at scales of 40 m and of 15 m; the rest is at 5 m.
        patchiness: standard deviation of `mix` within the patch.
        striped: how much of `patchiness` follows the planting stripes.
        straggling: standard deviation within the patch of the days a spot is behind.
        x, y: centre, metres in the mosaic.
    """

    key: npt.NDArray[np.int64]
    kind: Bytes
    crop_id: Bytes
    a: Bytes
    b: Bytes
    second: Bytes
    mix: Floats
    planted_a: Floats
    planted_b: Floats
    planted_second: Floats
    stretch: Floats
    vigour_a: Floats
    vigour_b: Floats
    vigour_second: Floats
    weeds: Floats
    evergreen: Floats
    greenness: Floats
    succulence: Floats
    soil: Floats
    brightness: Floats
    dampness: Floats
    straw: Floats
    shading: Floats
    spread: Floats
    gradients: Floats
    clumps: Floats
    patchiness: Floats
    striped: Floats
    straggling: Floats
    x: Floats
    y: Floats

    def __len__(self) -> int:
        """Number of patches."""
        return len(self.key)

    def take(self, rows: npt.NDArray[np.intp] | npt.NDArray[np.bool_] | slice) -> "Patches":
        """Return some rows."""
        return Patches(**{f.name: getattr(self, f.name)[rows] for f in dataclasses.fields(self)})

    @classmethod
    def join(cls, parts: "list[Patches]") -> "Patches":
        """Return all rows of all parts."""
        return cls(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in dataclasses.fields(cls)})

    def save(self, path: Path) -> None:
        """Write to an .npz file."""
        np.savez(path, **{f.name: getattr(self, f.name) for f in dataclasses.fields(self)})

    @classmethod
    def load(cls, path: Path) -> "Patches":
        """Read what `save` wrote."""
        with np.load(path) as arrays:
            return cls(**{name: arrays[name] for name in arrays.files})


@dataclass(frozen=True)
class Planting:
    """How the plants of a season stand: the numbers that make classes easy or hard to tell apart."""

    onset_sd: float = 8.0
    field_sd: float = 1.0
    companion_delay: tuple[float, float] = (6.0, 9.0)
    vigour_sd: float = 0.34
    stretch_sd: float = 0.09
    mix: tuple[float, float] = (0.62, 0.17)
    density: float = 1.15


PLANTING = Planting()


def deal_patches(
    region: Region, backdrop: Backdrop, rng: np.random.Generator, key: npt.NDArray[np.int64], x: Floats, y: Floats, late: float
) -> Patches:
    """Draw what patches at (x, y) are. `late`: days by which the year is behind the region's calendar."""
    n = len(key)

    def normal(mean: float, sd: float, low: float = -np.inf, high: float = np.inf) -> Floats:
        return np.asarray(np.clip(mean + sd * rng.standard_normal(n, dtype=np.float32), low, high), np.float32)

    def lognormal(sd: float) -> Floats:
        return np.asarray(np.exp(sd * rng.standard_normal(n, dtype=np.float32)), np.float32)

    def chance(p: Floats | float) -> npt.NDArray[np.bool_]:
        return np.asarray(rng.random(n, dtype=np.float32) < p)

    kind, crop_id, a, b = _deal_kinds(region, backdrop, rng, x, y)
    crop, mixed = kind == CROP, b >= 0
    main = SPECIES_TABLE[np.maximum(a, 0)]
    companion = SPECIES_TABLE[np.maximum(b, 0)]
    onset = region.onset + late + PLANTING.onset_sd * backdrop.onset.at(x, y)
    planted_a = main["planting"] + onset + PLANTING.field_sd * main["planting_sd"] * normal(0, 1)
    old = (main["half_cycle"] > 0) & chance(0.6)
    planted_a = np.where(old, planted_a - rng.random(n, dtype=np.float32) * main["half_cycle"], planted_a)
    delay = normal(*PLANTING.companion_delay, -10, 45)
    planted_b = np.where(companion["half_cycle"] > 0, planted_a + delay, planted_a + delay)
    planted_b = np.where(old, companion["planting"] + onset + delay, planted_b)  # a bean under last year's cassava is this year's
    fertile = np.exp(0.14 * backdrop.fertility.at(x, y)).astype(np.float32)
    second = np.where(crop & chance(region.second_season), rng.integers(0, len(region.second_crops), n), -1)
    second_codes = np.array([SPECIES_NAMES.index(name) for name in region.second_crops] + [-1], np.int8)
    soil = _deal_soils(region, backdrop, rng, x, y)
    vigour = fertile * lognormal(PLANTING.vigour_sd)
    wild = np.select([kind == FALLOW, kind == BUSH, kind == WOOD, kind == HOMESTEAD], [1.15, 1.8, 3.2, 0.4], 0.36)
    cassava = (a == SPECIES_NAMES.index("cassava")) | (b == SPECIES_NAMES.index("cassava"))
    weedy = 1 + 0.6 * cassava
    spread = np.select([mixed, cassava, crop, kind == HOMESTEAD], [0.50, 0.27, 0.06, 0.5], 0.22) * lognormal(0.15)
    return Patches(
        key=key,
        kind=kind,
        crop_id=crop_id,
        a=a,
        b=b,
        second=second_codes[second],
        mix=np.where(mixed, normal(*PLANTING.mix, 0.15, 0.95), 1).astype(np.float32),
        planted_a=planted_a.astype(np.float32),
        planted_b=planted_b.astype(np.float32),
        planted_second=(255 + onset + normal(0, 14)).astype(np.float32),
        stretch=normal(1, PLANTING.stretch_sd, 0.75, 1.3),
        vigour_a=(main["peak"] * vigour * np.where(mixed, PLANTING.density, 1)).astype(np.float32),
        vigour_b=(companion["peak"] * fertile * lognormal(PLANTING.vigour_sd) * PLANTING.density).astype(np.float32),
        vigour_second=(1.3 * vigour).astype(np.float32),
        weeds=(wild * weedy * np.where(crop, region.weeds, 1) * lognormal(0.75) * np.where(kind == FALLOW, fertile, 1)).astype(
            np.float32
        ),
        evergreen=np.select([kind == BUSH, kind == WOOD], [0.6, 0.85], 0.3).astype(np.float32),
        greenness=normal(1, 0.15, 0.5, 1.5) * np.float32(0.94) + np.float32(0.06) * fertile,
        succulence=normal(1, 0.12, 0.6, 1.4),
        soil=soil,
        brightness=lognormal(0.14),
        dampness=normal(0, 0.10),
        straw=rng.uniform(0.05, 0.6, n).astype(np.float32),
        shading=normal(1, 0.25, 0.3, 1.7),
        spread=np.clip(spread, 0.04, 0.7).astype(np.float32),
        gradients=np.select([mixed, cassava], [0.35, 0.25], 0.75).astype(np.float32),
        clumps=np.select([mixed, cassava], [0.45, 0.55], 0.20).astype(np.float32),
        patchiness=np.where(mixed, normal(0.50, 0.12, 0.15, 0.8), 0).astype(np.float32),
        striped=rng.uniform(0.3, 0.9, n).astype(np.float32),
        straggling=normal(2.5, 1.0, 0.5, 6),
        x=x,
        y=y,
    )


SPECIES_TABLE = np.array(
    [tuple(getattr(s, f.name) for f in dataclasses.fields(s) if f.name != "leaf") for s in SPECIES.values()],
    dtype=[(f.name, np.float32) for f in dataclasses.fields(next(iter(SPECIES.values()))) if f.name != "leaf"],
)
"""The numbers of all species, one record each, in the order of SPECIES_NAMES."""


def _deal_kinds(
    region: Region, backdrop: Backdrop, rng: np.random.Generator, x: Floats, y: Floats
) -> tuple[Bytes, Bytes, Bytes, Bytes]:
    """Return kind, crop_id, main and companion species."""
    n = len(x)
    lot = rng.random(n, dtype=np.float32)
    bush = region.bush * np.exp(0.9 * backdrop.bush.at(x, y) - 0.4)
    wood = 0.35 * bush
    home = region.homestead * np.exp(0.7 * backdrop.settlement.at(x, y) - 0.25)
    edges = np.cumsum([bush, wood, home, np.full(n, region.fallow, np.float32)], axis=0)
    kind = np.select([lot < edges[0], lot < edges[1], lot < edges[2], lot < edges[3]], [BUSH, WOOD, HOMESTEAD, FALLOW], CROP)
    other = np.array(list(region.other_crops.values()) or [0.0])
    shares = np.array([c.share for c in region.classes])
    bounds = np.cumsum(np.concatenate([other, shares / shares.sum() * (1 - other.sum())]))
    choice = np.minimum(np.searchsorted(bounds, rng.random(n)), len(bounds) - 1)
    first_class = len(other)
    pairs: list[tuple[str, ...]] = [(name,) for name in region.other_crops]
    pairs = [*(pairs or [()]), *(c.parts for c in region.classes)]
    code = np.array([[SPECIES_NAMES.index(p) for p in parts] + [-1] * (2 - len(parts)) for parts in pairs], np.int8)
    crop_id = np.where((kind == CROP) & (choice >= first_class), choice - first_class + 1, 0)
    a = np.where(kind == CROP, code[choice, 0], -1)
    b = np.where(kind == CROP, code[choice, 1], -1)
    kind = np.where((kind == CROP) & (a < 0), FALLOW, kind)  # the class "grass" is grass
    return kind.astype(np.int8), crop_id.astype(np.int8), a.astype(np.int8), b.astype(np.int8)


def _deal_soils(region: Region, backdrop: Backdrop, rng: np.random.Generator, x: Floats, y: Floats) -> Floats:
    """Weights (patch, soil): the first soil nearly everywhere, the others where the backdrop says so."""
    n, soils = len(x), len(region.soils)
    scores = np.zeros((n, soils), np.float32)
    scores[:, 0] = 1.1
    for i, field in zip(range(1, soils), (backdrop.soil_a, backdrop.soil_b), strict=False):
        scores[:, i] = 1.2 * field.at(x, y)
    scores += 0.35 * rng.standard_normal((n, soils), dtype=np.float32)
    weights = np.exp(1.6 * scores)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def deal_covers(region: Region, rng: np.random.Generator) -> Patches:
    """Draw the 64 covers that lie on top of the fields."""
    n = N_COVERS
    zero, one = np.zeros(n, np.float32), np.ones(n, np.float32)
    none = np.full(n, -1, np.int8)
    kind, weeds, evergreen = np.full(n, FALLOW, np.int8), one.copy(), np.full(n, 0.3, np.float32)
    shading = rng.uniform(0.8, 1.4, n).astype(np.float32)
    for where, what, low, high, green in (
        (TREES, WOOD, 2.2, 4.5, 0.9), (HEDGES, BUSH, 1.6, 3.5, 0.7), (ROOFS, ROOF, 0, 0, 0), (ROADS, ROAD, 0, 0.1, 0),
        (PATHS, ROAD, 0.2, 0.8, 0.2), (GRASSES, FALLOW, 0.8, 2.0, 0.3), (RIPARIAN, BUSH, 2.6, 4.5, 0.85),
        (YARDS, HOMESTEAD, 0, 0.3, 0.2),
    ):  # fmt: skip
        size = where.stop - where.start
        kind[where], evergreen[where] = what, green
        weeds[where] = rng.uniform(low, high, size) if high else 0
    soil = np.full((n, len(region.soils)), 0.0, np.float32)
    soil[:, 0] = 1
    brightness = rng.uniform(0.85, 1.2, n).astype(np.float32)
    brightness[ROADS] *= 1.15
    return Patches(
        key=np.full(n, -1, np.int64), kind=kind, crop_id=np.zeros(n, np.int8), a=none, b=none, second=none, mix=one,
        planted_a=zero, planted_b=zero, planted_second=zero, stretch=one, vigour_a=zero, vigour_b=zero, vigour_second=zero,
        weeds=weeds, evergreen=evergreen, greenness=rng.uniform(0.85, 1.25, n).astype(np.float32), succulence=one, soil=soil,
        brightness=brightness, dampness=zero - 0.05, straw=zero + 0.1, shading=shading, spread=np.full(n, 0.2, np.float32),
        gradients=zero, clumps=zero, patchiness=zero, striped=zero, straggling=zero, x=zero, y=zero,
    )  # fmt: skip
