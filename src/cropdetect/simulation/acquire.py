"""One acquisition of one tile: from the ground on disk to digital numbers."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cropdetect.simulation.atmosphere import Masks, Sky, Veil, classify, veil_ground
from cropdetect.simulation.foliage import Foliage
from cropdetect.simulation.frame import Frame
from cropdetect.simulation.noise import generator
from cropdetect.simulation.region import Region
from cropdetect.simulation.scene import Scene
from cropdetect.simulation.sensor import Optics, digital_numbers, image_ground
from cropdetect.simulation.spectra import BANDS
from cropdetect.simulation.weather import Year, weather_on

_NOISE_KEY = 50


@dataclass(frozen=True)
class Season:
    """What all acquisitions share.

    Attributes:
        region: where.
        year: how the year differs from the region's own.
        season_year: the year days are counted in.
        seed: of everything random.
        mosaic_size: width and height, metres.
    """

    region: Region
    year: Year
    season_year: int
    seed: int
    mosaic_size: tuple[float, float]


@dataclass(frozen=True)
class Acquisition:
    """The pixels of a tile's window on one date.

    Attributes:
        frame: the tile.
        day: the date.
        bands: digital numbers (y, x) of each band at its native resolution.
        masks: CLD and SCL at 20 m.
    """

    frame: Frame
    day: dt.date
    bands: dict[str, npt.NDArray[np.uint16]]
    masks: Masks


def acquire(season: Season, frame: Frame, day: dt.date, ground: Path) -> Acquisition:
    """Image a tile on a day. `ground`: folder of its `Scene`."""
    scene = Scene.load(ground)
    weather = weather_on(season.region, season.year, season.season_year, season.seed, day, scene.patches)
    tables = Foliage(season.region, scene.patches).with_slopes(weather)
    images = image_ground(scene, tables, Optics.draw(season.seed, day.toordinal()))
    sky = Sky.draw(season.region, season.seed, day, season.mosaic_size, season.year.cloudiness)
    veil = Veil.over(sky, frame)
    images = {band: veil_ground(image, band, veil) for band, image in images.items()}
    masks = classify(veil, images, season.seed, day, frame.tile)
    numbers = {
        band: digital_numbers(images[band], generator(season.seed, _NOISE_KEY, day.toordinal(), frame.tile, i))
        for i, band in enumerate(BANDS)
    }
    return Acquisition(frame, day, numbers, masks)
