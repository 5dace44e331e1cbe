"""The parts of a season: bands of one sensor that come together, with the layers that tell which of their pixels are clear.

Sentinel-1 and Sentinel-2 pass on different days, and one file of a date may be missing. A band that a date lacks is a missing
value there. What hides a sensor's pixels (clouds, the end of a swath) hides only its own, so each part has its own clear mask.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cropdetect.errors import MissingBandError, UnknownLayoutError
from cropdetect.imagery.bands import parse_band
from cropdetect.imagery.clear import Condition
from cropdetect.imagery.layers import Acquisition
from cropdetect.imagery.sensors import RADAR, orbit_of, sensor_bands

_SHOWN = 3  # dates that a warning names


@dataclass(frozen=True)
class Part:
    """Bands of one sensor that every one of its acquisitions has.

    Attributes:
        sensor: whose bands they are, "" where it is not known.
        bands: in order.
        conditions: what makes their pixels clear.
        acquisitions: with these bands and the bands of the conditions, in order of time.
    """

    sensor: str
    bands: tuple[str, ...]
    conditions: tuple[Condition, ...]
    acquisitions: tuple[Acquisition, ...]

    @property
    def used(self) -> tuple[str, ...]:
        """The bands, and those of the conditions."""
        return tuple(dict.fromkeys((*self.bands, *(condition.band for condition in self.conditions))))


def split_into_parts(
    acquisitions: Sequence[Acquisition],
    names: Sequence[str],
    conditions: Sequence[Condition],
    sensor: str | None,
    *,
    asked: bool,
    where: str = "",
) -> tuple[list[Part], list[str]]:
    """Return the parts, of which there is one where every acquisition has every band of one sensor; and warnings.

    Args:
        acquisitions: of a tile, in order of time.
        names: bands to use.
        conditions: what makes a pixel clear.
        sensor: of the tile, where it is known.
        asked: whether the user named the conditions, so that none is left out.
        where: name of the tile.

    Raises:
        MissingBandError: no date has the layers that tell which pixels are clear.
        UnknownLayoutError: no band is left.
    """
    names, warnings = _without_strays(acquisitions, names, where)
    sensors = {key: bands for whose, bands in sensor_bands(names, sensor).items() for key, bands in _by_pass(whose, bands)}
    of_masks = {condition.band: _concerned(condition.band, acquisitions, sensors) for condition in conditions}
    parts = []
    for key, bands in sensors.items():
        own = tuple(condition for condition in conditions if key in of_masks[condition.band])
        having = [acquisition for acquisition in acquisitions if any(band in acquisition.layers for band in bands)]
        own, more = (own, []) if asked else _frequent(own, having)
        complete, told = _complete(having, bands, own)
        warnings += more + told
        for together, those in _patterns(bands, complete).items():
            parts.append(_part(key[0], together, own, those))
        warnings += _lacking([part for part in parts if part.sensor == key[0] and set(part.bands) <= set(bands)], complete)
    if not parts:
        raise MissingBandError(
            "no date has all bands", where=where, fix=f"Name bands that one date has; found: {', '.join(names)}."
        )
    return parts, warnings


def _without_strays(acquisitions: Sequence[Acquisition], names: Sequence[str], where: str) -> tuple[list[str], list[str]]:
    """Leave out names that are no known bands and that most acquisitions lack: a stray file is no band of a season."""
    kept, warnings = [], []
    for name in names:
        days = sorted({a.date for a in acquisitions if name in a.layers})
        lacking = sum(name not in a.layers for a in acquisitions)
        if parse_band(name).is_known or 2 * lacking <= len(acquisitions):
            kept.append(name)
            continue
        more = f" and {len(days) - 1} more dates" if len(days) > 1 else ""
        warnings.append(
            f"band {name} is left out: {lacking} of {len(acquisitions)} acquisitions lack it (only {days[0]}{more} have it)"
        )
    if not kept:
        raise UnknownLayoutError("no band is there on most dates", where=where, fix="Name the bands to use.")
    return kept, warnings


def _by_pass(sensor: str, bands: Sequence[str]) -> list[tuple[tuple[str, str], tuple[str, ...]]]:
    """Return the bands of a sensor, those of a radar by the direction of the pass: each has its own swaths."""
    found: dict[tuple[str, str], list[str]] = {}
    for band in bands:
        found.setdefault((sensor, orbit_of(band) if sensor == RADAR else ""), []).append(band)
    return [(key, tuple(those)) for key, those in found.items()]


def _concerned(
    mask: str, acquisitions: Sequence[Acquisition], sensors: Mapping[tuple[str, str], Sequence[str]]
) -> set[tuple[str, str]]:
    """Return whose pixels a mask band tells about: its own sensor's; where that is not known, those of all but radars."""
    own = {key for key, bands in sensors.items() if mask in bands}
    told = {a.layers[mask].sensor for a in acquisitions if mask in a.layers}
    whose = told.pop() if len(told) == 1 else None
    whose = whose or parse_band(mask).sensor
    if not own and whose is not None:
        own = {key for key in sensors if key[0] == whose or (whose.startswith("landsat") and key[0].startswith("landsat"))}
    optical = {key for key in sensors if key[0] != RADAR}
    return own or (optical if whose != RADAR else set()) or set(sensors)


def _frequent(conditions: Sequence[Condition], having: Sequence[Acquisition]) -> tuple[tuple[Condition, ...], list[str]]:
    """Leave out the conditions on bands that most acquisitions lack; return the others, and warnings."""
    kept, warnings = [], {}
    for condition in conditions:
        lacking = sum(condition.band not in a.layers for a in having)
        if 2 * lacking > len(having):
            warnings[condition.band] = (
                f"band {condition.band}, which tells what is clear, is left out: {lacking} of {len(having)} acquisitions lack it"
            )
        else:
            kept.append(condition)
    return tuple(kept), list(warnings.values())


def _complete(
    having: Sequence[Acquisition], bands: Sequence[str], conditions: Sequence[Condition]
) -> tuple[list[Acquisition], list[str]]:
    """Leave out acquisitions whose clear mask is missing, and those of a day that another one shows with all bands."""
    masks = list(dict.fromkeys(condition.band for condition in conditions))
    used = list(dict.fromkeys((*bands, *masks)))
    whole_days = {a.date for a in having if all(name in a.layers for name in used)}
    kept, warnings = [], []
    for acquisition in having:
        lacks = [name for name in used if name not in acquisition.layers]
        no_mask = [name for name in masks if name in lacks]
        if lacks and acquisition.date in whole_days:
            warnings.append(f"one of several acquisitions of {acquisition.date} lacks {', '.join(lacks)} and is left out")
        elif no_mask:
            warnings.append(
                f"{acquisition.date} lacks {', '.join(no_mask)}, which tells what is clear, and is left out; --clear none uses it"
            )
        else:
            kept.append(acquisition)
    return kept, warnings


def _patterns(bands: Sequence[str], acquisitions: Sequence[Acquisition]) -> dict[tuple[str, ...], list[Acquisition]]:
    """Return the bands that the same acquisitions have -> these acquisitions."""
    alike: dict[tuple[int, ...], list[str]] = {}
    for band in bands:
        places = tuple(place for place, acquisition in enumerate(acquisitions) if band in acquisition.layers)
        if places:
            alike.setdefault(places, []).append(band)
    return {tuple(together): [acquisitions[place] for place in places] for places, together in alike.items()}


def _part(sensor: str, bands: tuple[str, ...], conditions: tuple[Condition, ...], acquisitions: Sequence[Acquisition]) -> Part:
    part = Part(sensor, bands, conditions, ())
    own = tuple(replace(a, layers={name: a.layers[name] for name in part.used}) for a in acquisitions)
    return replace(part, acquisitions=own)


def _lacking(parts: Sequence[Part], acquisitions: Sequence[Acquisition]) -> list[str]:
    """Return a warning about the bands that some dates of their sensor lack."""
    days = {acquisition.date for acquisition in acquisitions}
    warnings = []
    for part in parts:
        lacking = sorted(days - {acquisition.date for acquisition in part.acquisitions})
        if lacking:
            some = ", ".join(map(str, lacking[:_SHOWN])) + (", ..." if len(lacking) > _SHOWN else "")
            warnings.append(
                f"{', '.join(part.bands)}: {len(lacking)} of {len(days)} dates lack the band ({some}); its values are "
                "missing there"
            )
    return warnings
