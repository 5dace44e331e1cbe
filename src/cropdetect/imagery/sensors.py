"""Which bands belong to one sensor, so that what hides one sensor's pixels does not hide another's."""

from collections.abc import Sequence

from cropdetect.imagery.bands import parse_band

RADAR = "sentinel-1"


def sensor_bands(names: Sequence[str], sensor: str | None = None) -> dict[str, tuple[str, ...]]:
    """Return sensor -> its bands, both in the order of `names`.

    Bands of no known sensor (NDVI, a name of the user's own) belong to the one sensor that is not a radar, where there is one;
    otherwise they are together under "".

    Args:
        names: of all bands.
        sensor: of the data, where it is known.
    """
    told = {name: parse_band(name, sensor).sensor for name in names}
    others = dict.fromkeys(whose for whose in told.values() if whose not in (None, RADAR))
    rest = next(iter(others)) if len(others) == 1 else ""
    found: dict[str, list[str]] = {}
    for name, whose in told.items():
        found.setdefault(whose or rest, []).append(name)
    return {whose: tuple(bands) for whose, bands in found.items()}


def orbit_of(name: str) -> str:
    """Return "asc" or "desc" where the name of a radar band tells the direction of the pass, else ""."""
    words = parse_band(name).variant.split("_")
    return next((direction for direction in ("desc", "asc") for word in words if word.startswith(direction)), "")
