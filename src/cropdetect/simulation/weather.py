"""What a year and a day add to the region's calendar."""

import datetime as dt
from dataclasses import dataclass

import numpy as np

from cropdetect.simulation.foliage import Weather, rain_greenness
from cropdetect.simulation.noise import SmoothField, generator
from cropdetect.simulation.patches import Patches
from cropdetect.simulation.region import Region

_YEAR_KEY, _DAY_KEY = 40, 41


@dataclass(frozen=True)
class Year:
    """How a year differs from the region's reference year.

    Attributes:
        late: days by which its season is behind.
        cloudiness: factor on the cloud cover.
        wet: added to soil moisture.
    """

    late: float = 0.0
    cloudiness: float = 1.0
    wet: float = 0.0

    @classmethod
    def of(cls, region: Region, year: int) -> "Year":
        """Return what `year` was like: the same for every seed."""
        if year == region.year:
            return cls()
        rng = generator(year, _YEAR_KEY)
        late = float(rng.choice([-1, 1]) * rng.uniform(7, 16))
        return cls(late, float(np.exp(rng.normal(0.15, 0.25))), float(rng.normal(0, 0.10)))


def weather_on(region: Region, year: Year, season_year: int, seed: int, day: dt.date, patches: Patches) -> Weather:
    """Return the state of the ground on a day: how green the wild plants are, how wet the soil is.

    Showers wet patches of land some kilometres wide.
    """
    rng = generator(seed, _DAY_KEY, day.toordinal())
    of_year = float((day - dt.date(season_year, 1, 1)).days)
    green = rain_greenness(region, of_year, year.late)
    width, height = float(patches.x.max()) + 1, float(patches.y.max()) + 1
    # a lattice of fixed size, so that all tiles see the same showers
    lattice = SmoothField.over(120_000.0, 120_000.0, 3500.0, rng, 10_000.0)
    x, y = np.clip(patches.x, -5000, min(width, 125_000)), np.clip(patches.y, -5000, min(height, 125_000))
    moisture = 0.05 + 0.14 * green + year.wet + 0.12 * float(rng.standard_normal()) + 0.12 * lattice.at(x, y)
    return Weather(of_year, np.clip(moisture, 0, 1).astype(np.float32), np.full(len(patches), green, np.float32))
