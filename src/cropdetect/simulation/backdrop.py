"""What varies slowly over the scene: soils, onset of the season, settlement, direction of the fields, valleys."""

from dataclasses import dataclass

from cropdetect.simulation.noise import SmoothField, generator
from cropdetect.simulation.region import Region

_KEY = 1


@dataclass(frozen=True)
class Backdrop:
    """Random fields over the mosaic, each of unit variance.

    Attributes:
        onset: when the season begins (scale: 12 km).
        fertility: how well crops grow (5 km).
        soil_a, soil_b: which soil it is (5 km, 2 km).
        bush, settlement: how much land is bush or homestead (2 km).
        angle: direction of the fields (3 km).
        valley: streams run where it is zero (3 km).
        bend_x, bend_y: what keeps borders from being straight (80 m).
    """

    onset: SmoothField
    fertility: SmoothField
    soil_a: SmoothField
    soil_b: SmoothField
    bush: SmoothField
    settlement: SmoothField
    angle: SmoothField
    valley: SmoothField
    bend_x: SmoothField
    bend_y: SmoothField

    @classmethod
    def draw(cls, region: Region, seed: int, width: float, height: float) -> "Backdrop":
        """Draw them for a mosaic of `width` x `height` metres."""
        pitches = {
            "onset": 6000.0, "fertility": 2500.0, "soil_a": 2500.0, "soil_b": 1000.0, "bush": 900.0, "settlement": 700.0,
            "angle": 1500.0, "valley": 1600.0, "bend_x": 40.0, "bend_y": 40.0,
        }  # fmt: skip
        margin = 3 * region.block
        fields = {
            name: SmoothField.over(width, height, pitch, generator(seed, _KEY, i), margin)
            for i, (name, pitch) in enumerate(pitches.items())
        }
        return cls(**fields)
