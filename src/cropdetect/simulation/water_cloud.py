"""Radar backscatter of crops at C band: a cloud of water drops over rough, moist soil.

The canopy is that of Attema and Ulaby (1978), with leaf area as the measure of plant water (Prevot et al. 1993):

    sigma = A cos(theta) (1 - tau2) + tau2 sigma_soil,    tau2 = exp(-2 B LAI / cos(theta))

A is what a closed canopy scatters, B how fast it hides the soil. The soil is that of Baghdadi et al. (2016), fitted to 1,500
radar images of bare fields:

    VV: 10^-1.138 cos(theta)^1.528 10^(0.008 cot(theta) mv) (k h)^(0.71 sin(theta))
    VH: 10^-2.325 cos(theta)^-0.01 10^(0.011 cot(theta) mv) (k h)^(0.44 sin(theta))

with mv in volume per cent and k h, the standard deviation of the surface times the wave number (1.13 per cm at 5.405 GHz).

A and B of the plants are estimates: published values differ by study and by what stands for the plants. They were chosen so that
a closed canopy has the backscatter that Veloso et al. (2017) show over France with Sentinel-1: wheat, whose stems take VV away,
-15 dB (VV) and -20 dB (VH); maize -10 and -16 dB; rapeseed -9 and -13 dB. Plants they do not show are like those of their build.

References:
    Attema, E. P. W., Ulaby, F. T. (1978). Vegetation modeled as a water cloud. Radio Science 13(2), 357-364.
    Prevot, L., Champion, I., Guyot, G. (1993). Estimating surface soil moisture and leaf area index of a wheat canopy using a
    dual-frequency (C and X bands) scatterometer. Remote Sensing of Environment 46(3), 331-339.
    Baghdadi, N. et al. (2016). A new empirical model for radar scattering from bare soil surfaces. Remote Sensing 8(11), 920.
    Veloso, A. et al. (2017). Understanding the temporal behavior of crops using Sentinel-1 and Sentinel-2-like data for
    agricultural applications. Remote Sensing of Environment 199, 415-426.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]

POLARISATIONS = ("VV", "VH")
WAVE_NUMBER = 1.13  # per cm


@dataclass(frozen=True)
class Soil:
    """Coefficients of the soil in one polarisation: 10^level cos^angle 10^(moisture cot mv) (k h)^(rough sin)."""

    level: float
    angle: float
    moisture: float
    rough: float


SOIL = {"VV": Soil(-1.138, 1.528, 0.008, 0.71), "VH": Soil(-2.325, -0.01, 0.011, 0.44)}


@dataclass(frozen=True)
class Canopy:
    """A (power) and B (per leaf area) of a plant, for VV and VH."""

    a_vv: float
    b_vv: float
    a_vh: float
    b_vh: float

    def of(self, polarisation: str) -> tuple[float, float]:
        """Return A and B."""
        return (self.a_vv, self.b_vv) if polarisation == "VV" else (self.a_vh, self.b_vh)


CANOPIES: dict[str, Canopy] = {
    "maize": Canopy(0.125, 0.15, 0.032, 0.18),
    "common bean": Canopy(0.110, 0.20, 0.024, 0.20),
    "soybean": Canopy(0.130, 0.20, 0.032, 0.22),
    "cassava": Canopy(0.150, 0.22, 0.042, 0.24),
    "groundnut": Canopy(0.100, 0.20, 0.022, 0.20),
    "millet": Canopy(0.095, 0.15, 0.025, 0.17),
    "sweet potato": Canopy(0.090, 0.20, 0.020, 0.20),
    "sugarcane": Canopy(0.140, 0.15, 0.045, 0.17),
    "banana": Canopy(0.190, 0.18, 0.060, 0.20),
    "temperate maize": Canopy(0.125, 0.12, 0.032, 0.15),
    "winter wheat": Canopy(0.040, 0.25, 0.0127, 0.20),
    "rapeseed": Canopy(0.160, 0.15, 0.064, 0.20),
    "temperate soybean": Canopy(0.130, 0.15, 0.034, 0.17),
    "cover crop": Canopy(0.100, 0.15, 0.026, 0.16),
    "potato": Canopy(0.155, 0.17, 0.048, 0.18),
}
GRASS = Canopy(0.080, 0.14, 0.018, 0.14)
TREE = Canopy(0.210, 0.18, 0.062, 0.20)


def soil_backscatter(polarisation: str, theta: Floats | float, moisture: Floats | float, height: Floats | float) -> Floats:
    """Return the power that bare soil scatters back.

    Args:
        polarisation: "VV" or "VH".
        theta: incidence angle, radians.
        moisture: volume per cent.
        height: standard deviation of the surface, cm.
    """
    soil = SOIL[polarisation]
    dielectric = 10 ** (soil.moisture * np.asarray(moisture) / np.tan(theta))
    roughness = (WAVE_NUMBER * np.asarray(height)) ** (soil.rough * np.sin(theta))
    return np.asarray(10**soil.level * np.cos(theta) ** soil.angle * dielectric * roughness)


def canopy_backscatter(theta: Floats | float, leaf_area: Floats, a: Floats, b: Floats, soil: Floats) -> Floats:
    """Return the power that plants over soil scatter back; several kinds of plants share one cloud.

    Each kind adds to what hides the soil; what the cloud scatters is the mean of their A, weighted by how much each hides.

    Args:
        theta: incidence angle, radians.
        leaf_area: (kind, patch) leaf area per ground area.
        a: (kind, patch) power.
        b: (kind, patch) per leaf area.
        soil: (patch,) power.
    """
    hides = b * leaf_area
    total = hides.sum(axis=0)
    scatters = np.divide((hides * a).sum(axis=0), total, out=np.zeros_like(total), where=total > 0)
    through = np.exp(-2 * total / np.cos(theta))
    return np.asarray(scatters * np.cos(theta) * (1 - through) + through * soil)
