"""Haze, clouds, their shadows, and the imperfect layers that say where they are.

Clouds are where a fractal field exceeds the quantile of the date's cloud cover; their shadows lie where the sun puts them, at
the height of the date's cloud base. Reflectance of clouds and the light left in shadows follow the classes 9 and 3 of SCL in
118 acquisitions of a patch in Flanders (WorldCereal, MIT): 0.25 (B02) to 0.21 (B08, B12) of the clear median, raised by half
because only the darkest shadows are recognised there. Sen2Cor's cloud probability and scene classes (20 m) err in the ways
its
validation tells of: thin edges and small shadows are missed, bright soils and roofs taken for clouds (Louis et al. 2016).
"""

import datetime as dt
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from cropdetect.simulation.frame import Frame
from cropdetect.simulation.noise import SmoothField, fractal, generator
from cropdetect.simulation.region import Region
from cropdetect.simulation.spectra import RESOLUTION
from cropdetect.simulation.sun import sun_position

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

_KEY, _ERROR_KEY = 30, 31
_STEP = 20  # metres: the grid of clouds and of SCL and CLD

_CLOUD = {
    "B01": 0.68, "B02": 0.66, "B03": 0.63, "B04": 0.61, "B05": 0.64, "B06": 0.66, "B07": 0.67, "B08": 0.69, "B8A": 0.66,
    "B09": 0.42, "B11": 0.43, "B12": 0.35,
}  # fmt: skip
_SKYLIGHT = {
    "B01": 0.50, "B02": 0.44, "B03": 0.39, "B04": 0.36, "B05": 0.36, "B06": 0.34, "B07": 0.33, "B08": 0.33, "B8A": 0.32,
    "B09": 0.32, "B11": 0.29, "B12": 0.28,
}  # fmt: skip
_HAZE = {
    "B01": 1.0, "B02": 0.85, "B03": 0.62, "B04": 0.48, "B05": 0.42, "B06": 0.36, "B07": 0.32, "B08": 0.28, "B8A": 0.26,
    "B09": 0.22, "B11": 0.07, "B12": 0.04,
}  # fmt: skip
"""Path reflectance of residual aerosol relative to B01: about wavelength ** -1.5."""

_CIRRUS = {band: (0.5 if band not in ("B11", "B12") else 0.3) for band in RESOLUTION}


@dataclass(frozen=True)
class Sky:
    """One date's atmosphere.

    Attributes:
        cover: share of the scene under clouds.
        base: height of the cloud base, metres.
        zenith, azimuth: of the sun, degrees.
        haze: residual aerosol, reflectance in B01; negative where it was over-corrected.
        cirrus: opacity of high thin cloud where it is thickest.
        clouds, hazes, veils: their random fields.
    """

    cover: float
    base: float
    zenith: float
    azimuth: float
    haze: float
    cirrus: float
    clouds: tuple[SmoothField, ...]
    hazes: SmoothField
    veils: SmoothField

    @classmethod
    def draw(cls, region: Region, seed: int, day: dt.date, mosaic_size: tuple[float, float], cloudiness: float) -> "Sky":
        """Draw the atmosphere of a day; `cloudiness` multiplies the region's mean cover."""
        rng = generator(seed, _KEY, day.toordinal())
        mean = float(np.clip(region.cloud * cloudiness / 0.65, 0.01, 0.8))
        clear = rng.random() < 0.35  # acquisitions are chosen: a third are all but cloudless
        cover = 0.004 * rng.random() if clear else float(np.clip(rng.beta(1.1, 1.1 * (1 - mean) / mean), 0.005, 0.97))
        zenith, azimuth = sun_position(day, region.overpass, region.latitude, region.longitude)
        first = float(rng.uniform(700, 1500))
        margin = 9000.0
        clouds = tuple(SmoothField.over(*mosaic_size, first / 2.1**i, rng, margin) for i in range(6))
        return cls(
            cover=cover,
            base=float(rng.uniform(*region.base)),
            zenith=zenith,
            azimuth=azimuth,
            haze=float(rng.gamma(2.0, 0.0045)),
            cirrus=float(rng.uniform(0.03, 0.12)) if rng.random() < 0.25 else 0.0,
            clouds=clouds,
            hazes=SmoothField.over(*mosaic_size, 4000.0, rng, margin),
            veils=SmoothField.over(*mosaic_size, 2500.0, rng, margin),
        )

    @property
    def shadow_offset(self) -> tuple[float, float]:
        """Metres east and south from a cloud to its shadow."""
        length = min(self.base * float(np.tan(np.radians(self.zenith))), 7000.0)
        return -length * float(np.sin(np.radians(self.azimuth))), length * float(np.cos(np.radians(self.azimuth)))


@dataclass(frozen=True)
class Veil:
    """A tile's atmosphere on the 20 m grid of its window.

    Attributes:
        cloud: (y, x) opacity of clouds, 0 to 1.
        shadow: (y, x) opacity of the clouds between the ground and the sun.
        thickness: (y, x) how far above the threshold the cloud field is: brightness within clouds.
        haze: (y, x) path reflectance in B01.
        cirrus: (y, x) opacity of high thin cloud.
    """

    cloud: Floats
    shadow: Floats
    thickness: Floats
    haze: Floats
    cirrus: Floats

    @classmethod
    def over(cls, sky: Sky, frame: Frame) -> "Veil":
        """Evaluate a date's atmosphere over a tile."""
        x, y = frame.axes(_STEP)
        threshold = np.float32(NormalDist().inv_cdf(1 - sky.cover))
        excess = fractal(sky.clouds, x, y, 0.62) - threshold
        east, south = sky.shadow_offset
        sunward = fractal(sky.clouds, x - np.float32(east), y - np.float32(south), 0.62) - threshold
        streaks = sky.veils.on_axes(x * np.float32(0.35), y)
        haze = np.float32(sky.haze) * (1 + np.float32(0.35) * sky.hazes.on_axes(x, y))
        return cls(_opacity(excess), _opacity(sunward), excess, haze, np.float32(sky.cirrus) * np.clip(streaks, 0, 1.5))


def _opacity(excess: Floats) -> Floats:
    return np.asarray(1 - np.exp(-np.clip(excess + np.float32(0.06), 0, None) * np.float32(3.5)), np.float32)


def veil_ground(image: Floats, band: str, veil: Veil) -> Floats:
    """Put shadow, haze, cirrus and cloud over an image of one band at its native resolution."""

    def fit(layer: Floats) -> Floats:
        return _regrid(layer, RESOLUTION[band])

    image = image * (1 - fit(veil.shadow) * np.float32(1 - _SKYLIGHT[band]))
    image = image + fit(veil.haze) * np.float32(_HAZE[band]) * (1 - image)
    if veil.cirrus.any():
        opacity = fit(veil.cirrus)
        image = image + opacity * (np.float32(_CIRRUS[band]) - image)
    bright = np.float32(_CLOUD[band]) * (np.float32(0.72) + np.float32(0.30) * np.clip(fit(veil.thickness), 0, 1.5))
    return np.asarray(image + fit(veil.cloud) * (bright - image), np.float32)


def _regrid(layer: Floats, resolution: int) -> Floats:
    """Bring a 20 m layer to 10 m (linear) or 60 m (mean)."""
    if resolution == _STEP:
        return layer
    if resolution > _STEP:
        factor = resolution // _STEP
        height, width = layer.shape
        return np.asarray(layer.reshape(height // factor, factor, width // factor, factor).mean(axis=(1, 3)), np.float32)
    for axis in (0, 1):
        first, last = layer.take([0], axis), layer.take([-1], axis)
        padded = np.concatenate([first, layer, last], axis) * np.float32(0.25)
        size = layer.shape[axis]
        before, after = (padded[:size], padded[2:]) if axis == 0 else (padded[:, :size], padded[:, 2:])
        halves = np.stack([before + np.float32(0.75) * layer, after + np.float32(0.75) * layer], axis + 1)
        layer = halves.reshape(2 * size, -1) if axis == 0 else halves.reshape(len(layer), 2 * size)
    return layer


@dataclass(frozen=True)
class Masks:
    """What a processor says about a tile, 20 m.

    Attributes:
        cloud_probability: (y, x) uint8, per cent (CLD).
        scene_class: (y, x) uint8 (SCL): 3 shadow, 4 vegetation, 5 bare, 7 unclassified, 8 and 9 cloud, 10 cirrus.
    """

    cloud_probability: Bytes
    scene_class: Bytes


def classify(veil: Veil, images: dict[str, Floats], seed: int, day: dt.date, tile: int) -> Masks:
    """Tell clouds and shadows apart as badly as a real processor does.

    Args:
        veil: the true atmosphere.
        images: reflectance at native resolution, clouds included.
        seed: of the season.
        day: the date.
        tile: number of the tile.
    """
    rng = generator(seed, _ERROR_KEY, day.toordinal(), tile)
    height, width = veil.cloud.shape
    doubt = SmoothField.over(width * _STEP, height * _STEP, 90.0, rng)
    axis_x, axis_y = (np.arange(n, dtype=np.float32) * _STEP for n in (width, height))
    error = doubt.on_axes(axis_x, axis_y)
    red, near = (_coarse(images[b]) for b in ("B04", "B08"))
    blue = _coarse(images["B02"])
    opacity = veil.cloud + np.float32(0.6) * veil.cirrus
    score = (opacity - 0.32) * 12 + (blue - 0.16) * 22 + 0.9 * error - 1.2
    probability = 100 / (1 + np.exp(-np.clip(score, -30, 30)))
    probability = np.where(probability < 2.5, 0, probability)
    ndvi = (near - red) / (near + red + np.float32(1e-3))
    dark = (veil.shadow + np.float32(0.16) * error > 0.5) & (near < 0.22)
    scl = np.where(ndvi > 0.38, 4, 5)
    scl = np.where((ndvi > 0.18) & (ndvi < 0.42) & (error > 1.9), 7, scl)
    scl = np.where(dark, 3, scl)
    scl = np.where((veil.cirrus > 0.06) & (veil.cloud < 0.3), 10, scl)
    scl = np.where(probability > 40, 8, scl)
    scl = np.where(probability > 80, 9, scl)
    return Masks(np.round(probability).astype(np.uint8), scl.astype(np.uint8))


def _coarse(image: Floats) -> Floats:
    return (image[0::2, 0::2] + image[0::2, 1::2] + image[1::2, 0::2] + image[1::2, 1::2]) * np.float32(0.25)
