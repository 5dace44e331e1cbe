"""Which band a name is: (sensor, name), so that B2, B02 and blue of Sentinel-2 are one, and Landsat's B05 is another."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cropdetect.errors import MissingBandError
from cropdetect.imagery.bands import parse_band

_WORDS: tuple[tuple[str, str], ...] = (
    (
        r"s(?:entinel|en)?[-_ ]?2[a-d]?(?:[-_ ]?(?:msi\w*|l1c|l2a|sr|toa|boa))*|hls[-_.]?s30|copernicus[-_/]s2\w*|s2[a-d]m",
        "sentinel-2",
    ),
    (r"s(?:entinel|en)?[-_ ]?1[a-d]?(?:[-_ ]?(?:grd|rtc|iw))*|copernicus[-_/]s1\w*", "sentinel-1"),
    (r"(?:landsat|lnd|l)[-_ ]?0?[89](?:[-_ ]?(?:oli|tirs|sr|c2|l2)\w*)*|l[co]0[89]|ls[89]c|hls[-_.]?l30", "landsat-8"),
    (r"(?:(?:landsat|lnd)[-_ ]?0?[457]|l[57])(?:[-_ ]?(?:e?tm|sr|c2|l2)\w*)*|l[te]0[457]|ls[57][te]", "landsat-5"),
    (r"landsat", "landsat"),
    (r"modis|(?:mod|myd|mcd)(?:09|13|43)\w*", "modis"),
    (r"planet(?:scope)?", "planetscope"),
    (r"sentinel[-_ ]?3[a-d]?", "sentinel-3"),
)
# Bands that Sentinel-2 alone has, whatever they are called. B10 and B11 are not among them: Landsat 8 has such bands, too.
_SENTINEL2_ALONE = re.compile(
    r"B0\d|B8A|B12|red_?edge_?[23]|rededge07[58]|MSK_CLDPRB|QA60|nbart?_(?:red_edge_\d|nir_\d|swir_3)", re.IGNORECASE
)
_LANDSAT_ALONE = re.compile(r"QA_PIXEL|QA_RADSAT|PIXEL_QA|SR_QA_AEROSOL|SR_AEROSOL|ST_B(?:6|10)|ST_QA|SR_B\d", re.IGNORECASE)
NAMELESS = re.compile(r"(?:band_)?\d+")  # layers that no file names
_MEANING_DIFFERS = re.compile(r"B(?:[1-9]|1[01])", re.IGNORECASE)


@dataclass(frozen=True)
class Identity:
    """Which band a name is.

    Attributes:
        sensor: whose; None where nothing tells.
        name: as the producer calls it; the name itself where the table lacks it or where the sensor is not known.
        variant: which of several bands of that name, e.g. "p50".
    """

    sensor: str | None
    name: str
    variant: str = ""


def identify(name: str, sensor: str | None = None) -> Identity:
    """Return which band a name is.

    Args:
        name: of the band.
        sensor: of the data, where it is known.
    """
    parsed = parse_band(name, sensor)
    if not parsed.is_known or (parsed.band.sensor is None and parsed.band.kind == "reflectance"):
        return Identity(parsed.sensor if parsed.is_known else None, name)
    is_kind = bool(parsed.band.pattern) and not parsed.band.others  # a row of many bands: A00 to A63, QA60 ...
    return Identity(parsed.band.sensor, parsed.core.upper() if is_kind else parsed.band.name, parsed.variant)


def sensor_in(text: str) -> str | None:
    """Return the one sensor that a text names ("Landsat 8", "S2A", "sentinel-2-l2a"), or None."""
    found: list[str] = []
    for words, sensor in _WORDS:
        pattern = rf"(?<![A-Za-z0-9])(?:{words})(?![A-Za-z0-9])"
        if re.search(pattern, text, re.IGNORECASE):
            found.append(sensor)
            text = re.sub(pattern, " ", text, flags=re.IGNORECASE)
    return found[0] if len(found) == 1 else None


def sensor_of(names: Iterable[str], sensor: str | None = None) -> str | None:
    """Return the sensor of a set of bands by their names.

    Args:
        names: of all bands, quality bands too.
        sensor: what is known of it; "landsat" is made more precise.

    Returns:
        "sentinel-2" where Sentinel-2 is among them, another optical sensor where it is the only one, "sentinel-1" where nothing
        but radar is there, otherwise `sensor`.
    """
    names = list(names)
    if sensor not in (None, "landsat"):
        return sensor
    bands = [name for name in names if not parse_band(name).band.is_quality]
    parsed = [parse_band(name) for name in bands]
    numbers = {one.band.name.upper() for one in parsed if one.band.sensor != "sentinel-1"}
    told = {
        one.sensor
        for name, one in zip(bands, parsed, strict=True)
        if one.band.name not in ("B10", "B11") or one.sensor != "sentinel-2"
    }
    optical = told - {None, "sentinel-1", "embedding"}
    reflectances = any(one.band.kind == "reflectance" for one in parsed)
    if sensor == "landsat" or (not optical and any(_LANDSAT_ALONE.fullmatch(name) for name in names)):
        return _landsat(numbers, bands)
    if "sentinel-2" in optical or (not optical and reflectances and any(_SENTINEL2_ALONE.search(name) for name in _bare(names))):
        return "sentinel-2"
    if len(optical) == 1:
        return optical.pop()
    if not optical and reflectances and any(parse_band(name).band.name == "SCL" for name in names):
        return "sentinel-2"
    return told.pop() if len(told) == 1 else None


def _bare(names: Iterable[str]) -> list[str]:
    return [name for name in names if _SENTINEL2_ALONE.fullmatch(name)]


def _landsat(numbers: set[str], names: Sequence[str]) -> str:
    """Return which Landsat has such bands: 8 and 9 have B9 to B11 and a reflectance B6, 4 to 7 have none of them."""
    surface = {name.upper() for name in names}
    if numbers & {"B9", "B09", "B10", "B11", "COASTAL"} or surface & {"SR_B6", "ST_B10"}:
        return "landsat-8"
    if "ST_B6" in surface or ("SR_B7" in surface and "SR_B5" in surface):
        return "landsat-5"
    return "landsat"


def unsure_bands(names: Iterable[str], sensor: str | None) -> list[str]:
    """Return the names that are bands of several sensors, where it is not known of which (B5 of Sentinel-2 or of Landsat)."""
    return [
        name
        for name in names
        if sensor in (None, "landsat") and _MEANING_DIFFERS.fullmatch(name) and identify(name, sensor).sensor is None
    ]


def match_bands(
    have: Sequence[str], needed: Sequence[str], *, sensor: str | None = None, needed_sensor: str | None = None
) -> list[int]:
    """Return where each band that is needed lies in `have`: the band of the same sensor and name, however it is written.

    Args:
        have: names of the data's bands.
        needed: names of the bands that a checkpoint was trained on.
        sensor: of the data, where it is known.
        needed_sensor: of the training data, where it is known.

    Raises:
        MissingBandError: some are absent, of another sensor, or there twice; all of them are named.
    """
    identities = [identify(name, sensor) for name in have]
    positions, missing, notes = [], [], []
    for name in needed:
        wanted = identify(name, needed_sensor)
        same = [place for place, one in enumerate(identities) if one == wanted or (have[place] == name and _agree(one, wanted))]
        exact = [place for place in same if have[place] == name]
        if len(exact) == 1 or len(same) == 1:
            positions.append((exact or same)[0])
            continue
        missing.append(name)
        if same:
            notes.append(f"{', '.join(have[place] for place in same)} are all {name}")
        elif name in have:
            other = identities[have.index(name)]
            notes.append(f"{name} of the data is of {other.sensor}, and that of the checkpoint is of {wanted.sensor}")
    if missing:
        whose = {identify(name, needed_sensor).sensor for name in missing}
        if sensor is not None and not notes and len(whose) == 1 and whose.isdisjoint({sensor, None}):
            notes.append(f"the data are of {sensor}, and the checkpoint learned from {whose.pop()}")
        told = f" ({'; '.join(notes)})" if notes else ""
        raise MissingBandError(
            f"the checkpoint needs the band(s) {', '.join(missing)}, which the data lacks; it has {', '.join(have)}{told}",
            fix=_fix(have, missing, sensor),
        )
    return positions


def _agree(one: Identity, other: Identity) -> bool:
    return None in (one.sensor, other.sensor) or one.sensor == other.sensor


def _fix(have: Sequence[str], missing: Sequence[str], sensor: str | None) -> str:
    """Say what to do; bands that would fit if they were of the right sensor are proposed."""
    numbered = [name for name in have if NAMELESS.fullmatch(name)]
    if numbered:
        return f"Say which band each layer is: --band-names {','.join(f'{name}=NAME' for name in numbered)}"
    proposed = []
    for name in missing:
        wanted = identify(name)
        like = [one for one in have if identify(one, sensor).sensor is None and identify(one, wanted.sensor) == wanted]
        proposed += [f"{like[0]}={name}"] if wanted.sensor and len(like) == 1 else []
    if proposed:
        return f"If they are of that sensor, say so: --band-names {','.join(proposed)}"
    return "Add the band(s) to the data, name them with --band-names old=new, or use a checkpoint trained without them."
