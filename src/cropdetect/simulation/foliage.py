"""The reflectance of every patch on a day, and how it changes with vigour, mixture and lateness within the patch."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cropdetect.simulation.calendar import GRASS, SPECIES, TREE, dead_area, green_area, harvested
from cropdetect.simulation.patches import ASPHALT, BUSH, HOMESTEAD, ROAD, ROOF, SPECIES_NAMES, SPECIES_TABLE, WOOD, Patches
from cropdetect.simulation.region import Region
from cropdetect.simulation.spectra import ASPHALT as ASPHALT_SPECTRUM
from cropdetect.simulation.spectra import IRON_ROOF, SOILS, STRAW, canopy, leaf_optics, wet_soil

Floats = npt.NDArray[np.float32]

_LEVELS = np.linspace(0.4, 1.6, 13, dtype=np.float32)  # chlorophyll and water relative to the species' own


def _albedo_and_gloss(reflectance: Floats, transmittance: Floats) -> Floats:
    return np.stack([reflectance + transmittance, reflectance - transmittance], axis=-2)


_DEAD = _albedo_and_gloss(np.float32(1.25) * STRAW, np.float32(0.35) * STRAW)
"""Dead leaves: straw, which lets little light through. A deep layer of them has about the reflectance of straw on the ground."""


def _leaf_table() -> Floats:
    """Leaf albedo and gloss: (species with grass and tree, chlorophyll level, water level, 2, band)."""
    leaves = [s.leaf for s in SPECIES.values()] + [GRASS, TREE]
    cab, cw = (level.ravel() for level in np.meshgrid(_LEVELS, _LEVELS, indexing="ij"))
    table = [_albedo_and_gloss(*leaf_optics(leaf, leaf.chlorophyll * cab, leaf.water * cw)) for leaf in leaves]
    return np.stack(table).reshape(len(leaves), len(_LEVELS), len(_LEVELS), 2, -1)


_WITHERED = 0.10
"""Dead leaf area in any green canopy: its lower leaves."""

_GRASS, _TREE = len(SPECIES_NAMES), len(SPECIES_NAMES) + 1


def _tilled(day: Floats, planted: npt.NDArray[np.bool_]) -> Floats:
    """Share of the weeds that tillage and weeding have removed, `day` days after planting."""
    return np.where(planted, np.float32(0.9) * np.exp(-(((day - 12) / 30) ** 2)), 0).astype(np.float32)


@dataclass(frozen=True)
class Weather:
    """The ground's state on a day.

    Attributes:
        day: days since 1 January of the season year.
        moisture: (patch,) soil moisture, 0 to 1.
        rain: (patch,) how green the rains have made weeds and grass, 0 to 1.
    """

    day: float
    moisture: Floats
    rain: Floats


def rain_greenness(region: Region, day: float, late: float) -> float:
    """Return how green the rains have made the wild plants on a day, 0 to 1."""
    total = 0.30
    for peak, width, strength in region.rains:
        apart = (day - late - peak + 182.5) % 365 - 182.5
        total += 0.62 * strength * float(np.exp(-0.5 * (apart / width) ** 2))
    return min(total, 1.0)


class Foliage:
    """Reflectance of the patches of one tile."""

    def __init__(self, region: Region, patches: Patches) -> None:
        self._patches = patches
        table = _leaf_table()

        def level(relative: Floats) -> npt.NDArray[np.intp]:
            return np.clip(np.round((relative - 0.4) * 10), 0, len(_LEVELS) - 1).astype(np.intp)

        cab, cw = level(patches.greenness), level(patches.succulence)
        wild = np.where((patches.kind == WOOD) | (patches.kind == BUSH), _TREE, _GRASS)
        self._leaf_a, self._leaf_b, self._leaf_second = (
            table[np.maximum(s, 0), cab, cw] for s in (patches.a, patches.b, patches.second)
        )
        self._leaf_wild = table[wild, cab, cw]
        soils = np.stack([SOILS[name] for name in region.soils])
        soil = sum(patches.soil[:, i, None] * s for i, s in enumerate(soils)) * patches.brightness[:, None]
        soil[patches.kind == ROOF] = IRON_ROOF * patches.brightness[patches.kind == ROOF, None]
        soil[patches.kind == ASPHALT] = ASPHALT_SPECTRUM
        self._dry_soil = soil.astype(np.float32)
        self._sealed = (patches.kind == ROOF) | (patches.kind == ASPHALT)
        bare = (patches.kind == HOMESTEAD) | (patches.kind == ROAD)
        wild_k = np.where(patches.kind == WOOD, 0.55, 0.5)
        self._k = np.stack(
            [SPECIES_TABLE["extinction"][np.maximum(s, 0)] for s in (patches.a, patches.b, patches.second)] + [wild_k]
        )
        wild_shade = np.select([patches.kind == WOOD, patches.kind == BUSH, bare], [0.38, 0.28, 0.0], 0.08)
        self._shade = np.stack(
            [SPECIES_TABLE["shade"][np.maximum(s, 0)] for s in (patches.a, patches.b, patches.second)] + [wild_shade]
        )

    def leaf_area(
        self, weather: Weather, vigour: float = 0, mix: float = 0, late: float = 0
    ) -> tuple[list[Floats], Floats, Floats]:
        """Return green leaf area of main crop, companion, second crop and wild plants; dead leaf area; straw cover.

        Args:
            weather: the day.
            vigour: added to relative leaf area.
            mix: added to the share of the main crop.
            late: days behind.
        """
        p = self._patches
        growth = np.float32(1 + vigour)
        mixed = p.b >= 0
        share = np.where(mixed, np.clip(p.mix + np.float32(mix), 0, 1), 1)
        green, dead, gone = [], np.zeros(len(p), np.float32), np.ones(len(p), np.float32)
        for species, planted, peak, part in (
            (p.a, p.planted_a, p.vigour_a, share),
            (p.b, p.planted_b, p.vigour_b, 1 - share),
            (p.second, p.planted_second, p.vigour_second, np.float32(1.0)),
        ):
            there = species >= 0
            s = SPECIES_TABLE[np.maximum(species, 0)]
            day = weather.day - planted - np.float32(late)
            rise, fall = s["rise"] * p.stretch, s["fall"] * p.stretch
            if species is p.second:
                peak = peak * np.where(there, gone, 0)
            full = np.where(there, peak * part, 0).astype(np.float32) * growth
            green.append(full * green_area(day, rise, s["rise_width"], fall, s["fall_width"]))
            dead += full * dead_area(day, fall, s["fall_width"], s["standing"])
            if species is p.a:
                gone = np.where(there, harvested(day, fall, s["standing"]), 0).astype(np.float32)
        cover = 1 - np.exp(-0.6 * (green[0] + green[1] + green[2] + 0.5 * dead))
        wild = (
            p.weeds
            * (p.evergreen + (1 - p.evergreen) * weather.rain)
            * (1 - np.float32(0.65) * cover)
            * growth
            * (1 - _tilled(weather.day - p.planted_a, p.a >= 0))
        )
        green.append(wild.astype(np.float32))
        return green, dead, (p.straw * gone).astype(np.float32)

    def reflectance(self, weather: Weather, vigour: float = 0, mix: float = 0, late: float = 0) -> Floats:
        """Reflectance of all patches, (patch, band) float32; arguments as in `leaf_area`."""
        green, dead, straw = self.leaf_area(weather, vigour, mix, late)
        p = self._patches
        dead = dead + np.float32(_WITHERED) * sum(green)
        total = sum(green) + dead
        safe = np.maximum(total, 1e-6)
        leaves = (self._leaf_a, self._leaf_b, self._leaf_second, self._leaf_wild)
        leaf = (
            sum((g / safe)[:, None, None] * w for g, w in zip(green, leaves, strict=True)) + (dead / safe)[:, None, None] * _DEAD
        )
        k = (sum(g * e for g, e in zip(green, self._k, strict=True)) + 0.45 * dead) / safe
        shade = (sum(g * e for g, e in zip(green, self._shade, strict=True)) + 0.15 * dead) / safe * p.shading
        moisture = np.where(self._sealed, 0, np.clip(weather.moisture + p.dampness, 0, 1)).astype(np.float32)
        soil = wet_soil(self._dry_soil, moisture)
        ground = soil + straw[:, None] * (wet_soil(np.broadcast_to(STRAW, soil.shape), np.float32(0.4) * moisture) - soil)
        return canopy(
            np.clip(leaf[:, 0], np.float32(0.02), np.float32(0.98)),
            np.asarray(leaf[:, 1], np.float32),
            np.asarray(total, np.float32),
            ground,
            k.astype(np.float32),
            np.clip(shade, 0, 0.6),
        )

    def with_slopes(self, weather: Weather) -> tuple[Floats, Floats, Floats, Floats]:
        """Reflectance, and its change with relative leaf area (per 1), share of the main crop (per 1) and lateness (per day).

        Four arrays (patch, band). Secants over the usual range stand in for the curve.
        """
        mean = self.reflectance(weather)
        thick, thin = self.reflectance(weather, vigour=0.3), self.reflectance(weather, vigour=-0.3)
        more, less = self.reflectance(weather, mix=0.2), self.reflectance(weather, mix=-0.2)
        later, earlier = self.reflectance(weather, late=6), self.reflectance(weather, late=-6)
        return mean, (thick - thin) / np.float32(0.6), (more - less) / np.float32(0.4), (later - earlier) / np.float32(12)
