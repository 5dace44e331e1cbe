"""Sentinel-1 over a tile: passes, incidence, the backscatter of every patch, and speckle."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from cropdetect.errors import OptionError
from cropdetect.simulation.acquire import Season
from cropdetect.simulation.calendar import SPECIES
from cropdetect.simulation.foliage import Foliage, Weather
from cropdetect.simulation.frame import Frame
from cropdetect.simulation.noise import generator
from cropdetect.simulation.patches import ASPHALT, BUSH, ROOF, WOOD, Patches
from cropdetect.simulation.scene import LATE_STEP, MIX_STEP, VIGOUR_STEP, Scene
from cropdetect.simulation.sensor import blur
from cropdetect.simulation.water_cloud import CANOPIES, GRASS, POLARISATIONS, TREE, canopy_backscatter, soil_backscatter
from cropdetect.simulation.weather import weather_on

Floats = npt.NDArray[np.float32]

LOOKS = 4.4
"""Equivalent number of looks of ground range products of high resolution (ESA, Sentinel-1 Product Definition, table 5-1)."""

REPEATS = (6, 12)  # days; with two satellites, and with one
_DIRECTIONS = ("asc", "desc")
_INCIDENCE = {"asc": 38.0, "desc": 35.0}  # degrees at the western border of the scene
_INCIDENCE_A_KM = {"asc": 0.068, "desc": -0.068}  # 29 to 46 degrees over a swath of 250 km; descending passes look west
_SPECKLE_KEY, _GAIN_KEY = 60, 61
_GAIN = 0.035  # standard deviation of the logarithm of a pass's calibration: 0.15 dB is within the 1 dB of the specification
_DRY, _WET = 4.0, 36.0  # volume per cent of soil whose moisture is 0 and 1
_ROUGH = (0.6, 2.4)  # standard deviation of fields' surfaces, cm
_BUILD = 0.25  # standard deviation of the logarithm of A between fields of a crop: 1.1 dB, for varieties, rows and row spacing
_DEAD = 0.25  # how much of the water of green leaves dead ones have
_ROOF, _ASPHALT = {"VV": 0.9, "VH": 0.07}, {"VV": 0.012, "VH": 0.0016}  # power
_STRIP = 512  # rows of 5 m


@dataclass(frozen=True)
class Pass:
    """One overflight.

    Attributes:
        day: the date.
        direction: "asc" or "desc".
    """

    day: dt.date
    direction: str

    def time(self, longitude: float) -> str:
        """Return the time of day, UTC, hhmmss: 18:00 local solar time northwards, 6:00 southwards."""
        minutes = round(((18 if self.direction == "asc" else 6) - longitude / 15) % 24 * 60)
        return f"{minutes // 60 % 24:02d}{minutes % 60:02d}00"

    def incidence(self, x: Floats) -> Floats:
        """Return the incidence angle, radians, at `x` metres from the western border of the scene."""
        return np.radians(_INCIDENCE[self.direction] + _INCIDENCE_A_KM[self.direction] * x / 1000).astype(np.float32)


@dataclass(frozen=True)
class RadarImage:
    """The pixels of a tile's window on one pass.

    Attributes:
        frame: the tile.
        overflight: when and in which direction.
        bands: power (y, x) float32 of each polarisation at 10 m, speckled.
    """

    frame: Frame
    overflight: Pass
    bands: dict[str, Floats]


def passes_of(first: dt.date, last: dt.date, repeat: int) -> list[Pass]:
    """Return the passes of a season in both directions, in order of time; none falls on the first day.

    Args:
        first: of the season.
        last: of the season.
        repeat: days between passes of one direction.

    Raises:
        OptionError: Sentinel-1 does not repeat its orbit so.
    """
    if repeat not in REPEATS:
        raise OptionError(f"Sentinel-1 does not pass every {repeat} days", where="sentinel1", fix="Use 6 or 12.")
    starts = {"desc": first + dt.timedelta(days=1), "asc": first + dt.timedelta(days=1 + repeat // 2)}
    found = [
        Pass(starts[direction] + dt.timedelta(days=repeat * number), direction)
        for direction in _DIRECTIONS
        for number in range((last - starts[direction]).days // repeat + 1)
    ]
    return sorted(found, key=lambda one: (one.day, one.direction))


def acquire_radar(season: Season, frame: Frame, overflight: Pass, ground: Path) -> RadarImage:
    """Image a tile on a pass. `ground`: folder of its `Scene`."""
    scene = Scene.load(ground)
    weather = weather_on(season.region, season.year, season.season_year, season.seed, overflight.day, scene.patches)
    foliage = Foliage(season.region, scene.patches)
    direction = _DIRECTIONS.index(overflight.direction)
    gains = generator(season.seed, _GAIN_KEY, overflight.day.toordinal(), direction).normal(0, _GAIN, len(POLARISATIONS))
    bands = {}
    for number, polarisation in enumerate(POLARISATIONS):
        power = image_power(scene, radar_slopes(foliage, scene.patches, weather, overflight, polarisation))
        rng = generator(season.seed, _SPECKLE_KEY, overflight.day.toordinal(), direction, frame.tile, number)
        bands[polarisation] = speckled(blur(power, 0.0, 0.0) * np.float32(np.exp(gains[number])), LOOKS, rng)
    return RadarImage(frame, overflight, bands)


def patch_power(
    foliage: Foliage,
    patches: Patches,
    weather: Weather,
    overflight: Pass,
    polarisation: str,
    *,
    vigour: float = 0,
    mix: float = 0,
    late: float = 0,
) -> Floats:
    """Return the backscatter of all patches, (patch,) power; see `Foliage.leaf_area` for what changes it."""
    green, dead, _ = foliage.leaf_area(weather, vigour, mix, late)
    theta = overflight.incidence(patches.x)
    moisture = _DRY + (_WET - _DRY) * np.clip(weather.moisture + patches.dampness, 0, 1)
    soil = soil_backscatter(polarisation, theta, moisture, surface_height(patches))
    kinds = [_coefficients(species, polarisation) for species in (patches.a, patches.b, patches.second)]
    wild = TREE.of(polarisation), GRASS.of(polarisation)
    woody = (patches.kind == WOOD) | (patches.kind == BUSH)
    kinds.append((np.where(woody, wild[0][0], wild[1][0]), np.where(woody, wild[0][1], wild[1][1])))
    kinds.append(kinds[0])  # what is dead is of the main crop
    a, b = (np.stack([kind[place] for kind in kinds]) for place in (0, 1))
    a = a * np.exp(_BUILD * ndtri(_drawn(patches, 2_246_822_519))).astype(np.float32)
    power = canopy_backscatter(theta, np.stack([*green, np.float32(_DEAD) * dead]), a, b, soil)
    power = np.where(patches.kind == ROOF, _ROOF[polarisation], power)
    return np.where(patches.kind == ASPHALT, _ASPHALT[polarisation], power).astype(np.float32)


def surface_height(patches: Patches) -> Floats:
    """Return how rough each patch's soil is, cm: the same on all dates and from all tiles."""
    return np.asarray(_ROUGH[0] + (_ROUGH[1] - _ROUGH[0]) * _drawn(patches, 2_654_435_761), np.float32)


def radar_slopes(
    foliage: Foliage, patches: Patches, weather: Weather, overflight: Pass, polarisation: str
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the power of the patches and its change with vigour, mixture and lateness, as `Foliage.with_slopes` does."""

    def power(**change: float) -> Floats:
        return patch_power(foliage, patches, weather, overflight, polarisation, **change)

    by_vigour = (power(vigour=0.3) - power(vigour=-0.3)) / np.float32(0.6)
    by_mix = (power(mix=0.2) - power(mix=-0.2)) / np.float32(0.4)
    by_late = (power(late=6) - power(late=-6)) / np.float32(12)
    return power(), by_vigour, by_mix, by_late


def image_power(scene: Scene, slopes: tuple[Floats, Floats, Floats, Floats]) -> Floats:
    """Return the power of a tile's window at 10 m without speckle, (y, x): means over the ground's 5 m."""
    mean, *changes = slopes
    steps = (VIGOUR_STEP, MIX_STEP, LATE_STEP)
    rows, columns = scene.owner.shape
    image = np.empty((rows, columns), np.float32)
    for top in range(0, 2 * rows, _STRIP):
        part = slice(top, min(top + _STRIP, 2 * rows))
        patch = scene.patch[part]
        fine = mean[patch]
        for raster, slope, step in zip((scene.vigour, scene.mix, scene.late), changes, steps, strict=True):
            fine += (slope * np.float32(step))[patch] * raster[part]
        halved = fine.reshape(len(fine) // 2, 2, columns, 2).mean(axis=(1, 3))
        image[top // 2 : top // 2 + len(halved)] = halved
    return np.maximum(image, np.float32(1e-5))


def speckled(power: Floats, looks: float, rng: np.random.Generator) -> Floats:
    """Multiply by speckle: gamma-distributed with mean 1 and variance 1 / looks, independent from pixel to pixel.

    References:
        Ulaby, F. T., Dobson, M. C. (1989). Handbook of Radar Scattering Statistics for Terrain. Artech House.
    """
    return np.asarray(power * rng.gamma(looks, 1 / looks, power.shape), np.float32)


def _drawn(patches: Patches, multiplier: int) -> npt.NDArray[np.float64]:
    """Return a number between 0 and 1 of each patch: the same on all dates and from all tiles."""
    hashed = (np.abs(patches.key) + 1) * np.int64(multiplier) % np.int64(2**32)
    return np.asarray((hashed + 0.5) / 2**32)


def _coefficients(species: npt.NDArray[np.int8], polarisation: str) -> tuple[Floats, Floats]:
    """Return A and B of the plants of each patch."""
    table = np.array([CANOPIES[name].of(polarisation) for name in SPECIES], np.float32)
    found = table[np.maximum(species, 0)]
    return found[:, 0], found[:, 1]
