"""How the ground becomes pixels: point spread, misregistration, noise, digital numbers.

A pixel is the mean over its square (averaging subpixels), then blurred by a three-point kernel at its own resolution whose
variance brings the modulation transfer at the Nyquist frequency to 0.25, the middle of Sentinel-2's 0.15 to 0.30 (Gascon et
al. 2017). The same kernel moves the image by the date's misregistration: 3 m (1 sigma), as between dates before the
global reference image (ibid.).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cropdetect.simulation.noise import generator
from cropdetect.simulation.scene import LATE_STEP, MIX_STEP, VIGOUR_STEP, Scene
from cropdetect.simulation.spectra import BANDS, RESOLUTION

Floats = npt.NDArray[np.float32]

_BLUR = 0.304  # variance of the kernel, square pixels: (1 - 2 x 0.304) x sinc(1/2) = 0.25
_SHIFT = 3.0  # metres
_STRIP = 48  # 10 m rows worked on at once; whole 60 m pixels
_NOISE_FLOOR, _NOISE_SHARE = 0.0009, 0.006  # reflectance; share of the signal
_GAIN = 0.012  # error of a date's calibration and atmospheric correction, per band
_KEY = 20


@dataclass(frozen=True)
class Optics:
    """One date's errors.

    Attributes:
        east, south: misregistration, metres.
        gain: (band,) multiplies the reflectance.
    """

    east: float
    south: float
    gain: Floats

    @classmethod
    def draw(cls, seed: int, ordinal: int) -> "Optics":
        """Draw them for the acquisition of a day."""
        rng = generator(seed, _KEY, ordinal)
        east, south = np.clip(rng.normal(0, _SHIFT, 2), -8, 8)
        common = rng.normal(0, _GAIN)
        return cls(float(east), float(south), (1 + common + rng.normal(0, _GAIN / 2, len(BANDS))).astype(np.float32))


def image_ground(scene: Scene, tables: tuple[Floats, Floats, Floats, Floats], optics: Optics) -> dict[str, Floats]:
    """Image a tile's window without atmosphere.

    Args:
        scene: the ground.
        tables: reflectance (patch, band) and its slopes, see `Foliage.with_slopes`.
        optics: the date's errors.

    Returns:
        Reflectance (y, x) of each band at its native resolution.
    """
    rows, columns = scene.owner.shape
    images = {
        band: np.empty((rows * 10 // resolution, columns * 10 // resolution), np.float32)
        for band, resolution in RESOLUTION.items()
    }
    for top, means in _strips(scene, tables):
        for resolution, block in means.items():
            at = top * 10 // resolution
            for i, band in enumerate(b for b in BANDS if RESOLUTION[b] == resolution):
                images[band][at : at + len(block)] = block[..., i]
    for band, image in images.items():
        east, south = optics.east / RESOLUTION[band], optics.south / RESOLUTION[band]
        image *= optics.gain[BANDS.index(band)]
        images[band] = blur(image, east, south)
    return images


def _strips(scene: Scene, tables: tuple[Floats, Floats, Floats, Floats]) -> Iterator[tuple[int, dict[int, Floats]]]:
    """Yield the first 10 m row of each strip and its means at 10, 20 and 60 m, (y, x, bands of that resolution)."""
    mean, by_vigour, by_mix, by_late = tables
    by_vigour, by_mix, by_late = (
        by_vigour * np.float32(VIGOUR_STEP),
        by_mix * np.float32(MIX_STEP),
        by_late * np.float32(LATE_STEP),
    )
    ten = sum(r == 10 for r in RESOLUTION.values())
    twenty = ten + sum(r == 20 for r in RESOLUTION.values())
    for top in range(0, len(scene.owner), _STRIP):
        rows = slice(2 * top, 2 * min(top + _STRIP, len(scene.owner)))
        patch = scene.patch[rows]
        fine = mean[patch]
        for raster, slope in ((scene.vigour, by_vigour), (scene.mix, by_mix), (scene.late, by_late)):
            change = slope[patch]
            change *= raster[rows].astype(np.float32)[..., None]
            fine += change
        at_10 = _halved(fine)
        at_20 = _halved(at_10[..., ten:])
        height, width, n = at_20.shape
        at_60 = at_20[..., twenty - ten :].reshape(height // 3, 3, width // 3, 3, n - (twenty - ten)).mean(axis=(1, 3))
        yield top, {10: at_10[..., :ten], 20: at_20[..., : twenty - ten], 60: at_60}


def _halved(image: Floats) -> Floats:
    return (image[0::2, 0::2] + image[0::2, 1::2] + image[1::2, 0::2] + image[1::2, 1::2]) * np.float32(0.25)


def blur(image: Floats, east: float, south: float) -> Floats:
    """Spread every pixel over its neighbours and move the image (pixels); the outermost pixels are repeated."""
    for axis, shift in ((0, south), (1, east)):
        before, after = (_BLUR + shift**2 + shift) / 2, (_BLUR + shift**2 - shift) / 2
        padded = np.concatenate([image.take([0], axis), image, image.take([-1], axis)], axis)
        size = image.shape[axis]
        here = [padded[i : i + size] if axis == 0 else padded[:, i : i + size] for i in range(3)]
        here[1] = here[1] * np.float32(1 - before - after)
        image = here[0] * np.float32(before) + here[1] + here[2] * np.float32(after)
    return image


def digital_numbers(image: Floats, rng: np.random.Generator) -> npt.NDArray[np.uint16]:
    """Add noise and round to reflectance x 10000, at least 1 (0 is nodata)."""
    sigma = np.float32(_NOISE_FLOOR) + np.float32(_NOISE_SHARE) * image
    noisy = image + sigma * rng.standard_normal(image.shape, dtype=np.float32)
    return np.clip(np.round(noisy * 10_000), 1, 65_535).astype(np.uint16)
