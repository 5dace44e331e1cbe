"""When each plant is green: leaf area through the season as double logistic curves.

The shape is that of Beck et al. 2006 and Fischer 1994: LAI(t) = peak / ((1 + exp(-(t - rise) / a)) (1 + exp((t - fall) /
b))), with t counted from planting. Planting days are those of the survey (ref_african_crops_kenya_01: maize median 83 and
standard deviation 23 among 128 fields, cassava 90, maize and bean 90). Lengths of cycles and leaf areas are estimates: usual
varieties, stands thinner than those of trials, adjusted until NDVI by month and difficulty came near real figures
(docs/simulation.md).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cropdetect.simulation.spectra import Leaf

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Species:
    """A plant and its calendar.

    Attributes:
        planting, planting_sd: day of the year it is planted in the region's reference year, and its spread between fields.
        rise, rise_width, fall, fall_width: the curve, days after planting.
        peak: leaf area index of a full stand.
        extinction: K of its canopy; erect or clumped leaves less.
        shade: how much a closed canopy shades itself.
        leaf: what its leaves are made of.
        standing: days the dead plant stands before it is harvested or falls.
        half_cycle: whether it may be of any age (perennials and semi-perennials): planted up to this many days before.
    """

    planting: float
    planting_sd: float
    rise: float
    rise_width: float
    fall: float
    fall_width: float
    peak: float
    extinction: float
    shade: float
    leaf: Leaf
    standing: float = 20.0
    half_cycle: float = 0.0


SPECIES: dict[str, Species] = {
    # western Kenya
    "maize": Species(83, 20, 44, 8, 112, 11, 1.9, 0.46, 0.22, Leaf(1.5, 46, 9, 0, 0.018, 0.0055), 30),
    "common bean": Species(91, 20, 30, 6, 82, 7, 1.5, 0.60, 0.08, Leaf(1.5, 40, 9, 0, 0.016, 0.0045), 8),
    "soybean": Species(92, 17, 38, 7, 104, 8, 1.8, 0.60, 0.10, Leaf(1.5, 42, 9, 0, 0.014, 0.0045), 10),
    "cassava": Species(88, 20, 75, 18, 330, 30, 1.45, 0.52, 0.20, Leaf(1.55, 48, 10, 0, 0.0165, 0.0055), 15, 240),
    "groundnut": Species(85, 18, 40, 8, 108, 8, 1.7, 0.60, 0.08, Leaf(1.5, 40, 9, 0, 0.017, 0.0045), 8),
    "millet": Species(60, 20, 38, 8, 100, 9, 1.7, 0.46, 0.16, Leaf(1.5, 42, 9, 0, 0.013, 0.0055), 20),
    "sweet potato": Species(95, 35, 45, 10, 150, 15, 1.8, 0.66, 0.06, Leaf(1.5, 42, 9, 0, 0.018, 0.0045), 5),
    "sugarcane": Species(60, 60, 110, 30, 480, 40, 2.9, 0.48, 0.22, Leaf(1.6, 40, 9, 0, 0.015, 0.007), 20, 360),
    "banana": Species(0, 60, 100, 40, 2000, 60, 2.1, 0.55, 0.30, Leaf(1.6, 52, 11, 0, 0.017, 0.006), 0, 700),
    # temperate: France and Flanders
    "temperate maize": Species(118, 9, 61, 7, 142, 9, 4.0, 0.52, 0.16, Leaf(1.5, 50, 10, 0, 0.020, 0.0055), 12),
    "winter wheat": Species(-70, 14, 140, 22, 238, 8, 4.6, 0.5, 0.10, Leaf(1.5, 48, 10, 0, 0.028, 0.0055), 14),
    "rapeseed": Species(-120, 8, 75, 25, 297, 9, 4.2, 0.66, 0.10, Leaf(1.5, 46, 11, 0, 0.030, 0.005), 14),
    "temperate soybean": Species(130, 10, 56, 8, 128, 7, 4.2, 0.68, 0.08, Leaf(1.5, 44, 9, 0, 0.014, 0.0045), 12),
    "cover crop": Species(250, 10, 40, 8, 200, 15, 2.6, 0.6, 0.08, Leaf(1.5, 44, 9, 0, 0.016, 0.0050), 10),
    "potato": Species(112, 10, 40, 6, 118, 8, 3.8, 0.68, 0.08, Leaf(1.5, 44, 9, 0, 0.020, 0.0045), 5),
}

GRASS = Leaf(1.55, 34, 8, 0, 0.018, 0.0060)
"""Weeds, grass and bush: paler than crops."""
TREE = Leaf(1.6, 52, 11, 0, 0.017, 0.0085)


def green_area(day: Floats, rise: Floats, rise_width: Floats, fall: Floats, fall_width: Floats) -> Floats:
    """Green leaf area as a share of its peak, `day` days after planting; 0 before planting."""
    grown = 1 / (1 + np.exp(-np.clip((day - rise) / rise_width, -30, 30)))
    lost = 1 / (1 + np.exp(np.clip((day - fall) / fall_width, -30, 30)))
    return np.asarray(np.where(day > 0, grown * lost, 0), np.float32)


def dead_area(day: Floats, fall: Floats, fall_width: Floats, standing: Floats) -> Floats:
    """Dead leaf area still standing, as a share of the peak: it appears as the green goes and falls with the harvest."""
    died = 1 / (1 + np.exp(-np.clip((day - fall) / fall_width, -30, 30)))
    left = 1 / (1 + np.exp(np.clip((day - fall - standing) / np.float32(4.0), -30, 30)))
    return np.asarray(np.where(day > 0, 0.75 * died * left, 0), np.float32)


def harvested(day: Floats, fall: Floats, standing: Floats) -> Floats:
    """Share of the field already harvested, 0 to 1."""
    return np.asarray(1 / (1 + np.exp(-np.clip((day - fall - standing) / np.float32(4.0), -30, 30))), np.float32)
