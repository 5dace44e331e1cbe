"""The names that the layers of a tile get: renamed as the user says, and different where bands are different.

A band is (sensor, name, variant). Files of two sensors, of both directions of an orbit, or of two statistics may call different
bands alike: then sensor, direction or statistic become part of their names (`B05` and `L8_B05`, `VV_asc` and `VV_desc`,
`B04_mean` and `B04_best`). Where all are of one kind, a band is called as the data calls it.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from cropdetect.documents import read_yaml
from cropdetect.door import checked
from cropdetect.errors import InputNotFoundError, MissingBandError, OptionError
from cropdetect.imagery.bands import is_band, parse_band
from cropdetect.imagery.identity import NAMELESS, identify, sensor_of, unsure_bands
from cropdetect.imagery.layers import Layer
from cropdetect.imagery.orbits import orbit_by_time

_MANY = 12  # names in a message
_PREFIX = {"sentinel-2": "S2", "landsat-8": "L8", "landsat-5": "L5", "modis": "MODIS", "planetscope": "PS"}


def parse_band_names(text: str) -> dict[str, str]:
    """Return old name -> new name from `old=new,...`, or from a YAML file with one line `old: new` a band.

    Raises:
        InputNotFoundError: there is no such file.
        UnreadableFileError: the file is not YAML.
        OptionError: it is no mapping, or two bands would get one name.
    """
    fix = "Write old=new,old=new, or name a YAML file with one line a band, for example `band_1: B02`."
    if "=" in text or not text.strip():
        pairs = [[part.strip() for part in word.split("=")] for word in text.split(",") if word.strip()]
    else:
        pairs = _pairs_of_file(Path(text), fix)
    if not pairs or any(len(pair) != 2 or not all(pair) for pair in pairs):
        raise OptionError(f"the band names {text!r} cannot be understood", fix=fix)
    old, new = ([pair[place] for pair in pairs] for place in (0, 1))
    for names, what in ((old, "named twice"), (new, "the new name of two bands")):
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise OptionError(f"{', '.join(twice)} is {what} in the band names", fix=fix)
    return dict(zip(old, new, strict=True))


def _pairs_of_file(path: Path, fix: str) -> list[list[str]]:
    place = checked(path)
    if not place.is_file():
        raise InputNotFoundError("there is no such file of band names", where=path, fix=fix)
    content = read_yaml(place, as_text=True)
    if not isinstance(content, dict):
        raise OptionError("the band names are no mapping of old to new names", where=path, fix=fix)
    return [[old, new if isinstance(new, str) else ""] for old, new in content.items()]


def name_layers(
    layers: Sequence[Layer], band_names: Mapping[str, str] | None = None, sensor: str | None = None
) -> tuple[list[Layer], str | None, list[str]]:
    """Return a tile's layers under the names that they are known by from now on, the tile's sensor, and warnings.

    Args:
        layers: with band and date.
        band_names: old name -> new name, as the user gave them.
        sensor: by metadata; None: by names.

    Raises:
        MissingBandError: a band to be renamed is absent.
    """
    named, warnings = [_of_orbit(layer) for layer in layers], list[str]()
    named = _by_sensor(_of_force(named))
    named = _by_orbit(named)
    named, uncorrected = _without_uncorrected(named)
    named = _by_kind(named, lambda layer: layer.variants[1])
    named, by_products = _without_by_products(_renamed(named, band_names or {}))
    names = tuple(dict.fromkeys(layer.band for layer in named))
    told = {_optical(layer) for layer in named} - {None}
    sensor = sensor_of(names, told.pop() if len(told) == 1 and sensor is None else sensor)
    if len(told) > 1:
        sensor = None
    example = "VV" if {layer.sensor for layer in named} == {"sentinel-1"} else "B02"
    warnings += [*uncorrected, *by_products, *_doubts(names, sensor, example, several=len(told) > 1)]
    return named, sensor, warnings


def _of_orbit(layer: Layer) -> Layer:
    """Let only radar have an orbit's direction, which its time may tell, and a band whose name has a variant no other one."""
    parsed = parse_band(layer.band, layer.sensor)
    orbit, statistic = layer.variants
    if parsed.band.kind != "backscatter" or parsed.variant:
        orbit = ""
    else:
        orbit = orbit[:4].rstrip("e").lower() or orbit_by_time(layer.time, layer.reader.geobox)
    return replace(layer, variants=(orbit, "" if parsed.variant else statistic))


def _of_force(layers: Sequence[Layer]) -> list[Layer]:
    """Call NIR beside BROADNIR the narrow band (B8A), as FORCE names the bands of Sentinel-2."""
    if not any(layer.band.upper() == "BROADNIR" for layer in layers):
        return list(layers)
    return [replace(layer, band="NARROWNIR") if layer.band.upper() == "NIR" else layer for layer in layers]


def _optical(layer: Layer) -> str | None:
    """Return the sensor of an optical or thermal band, None for others."""
    parsed = parse_band(layer.band, layer.sensor)
    return (
        layer.sensor
        if layer.sensor in _PREFIX and parsed.band.kind in ("reflectance", "other", "index") and parsed.is_known
        else None
    )


def _by_sensor(layers: Sequence[Layer]) -> list[Layer]:
    """Where several optical sensors are there, add the sensor to the names that do not tell it by themselves."""
    sensors = [_optical(layer) for layer in layers]
    if len({*sensors} - {None}) < 2:
        return list(layers)
    return [
        replace(layer, band=f"{_PREFIX[sensor]}_{layer.band}") if sensor and parse_band(layer.band).sensor != sensor else layer
        for layer, sensor in zip(layers, sensors, strict=True)
    ]


def _without_uncorrected(layers: Sequence[Layer]) -> tuple[list[Layer], list[str]]:
    """Leave out MAJA's reflectances without correction of slopes (SRE) where those with it (FRE) are there, and warn of it."""
    corrected = {(layer.band, layer.date) for layer in layers if layer.variants[1] == "fre"}
    kept = [layer for layer in layers if layer.variants[1] != "sre" or (layer.band, layer.date) not in corrected]
    if len(kept) == len(layers):
        return kept, []
    return kept, ["MAJA's reflectances SRE are left out, since FRE, which are corrected for slopes, are there, too"]


def _by_kind(layers: Sequence[Layer], kind_of: Callable[[Layer], str]) -> list[Layer]:
    """Add the kind to the names of bands that are of several kinds on one day."""
    kinds: dict[tuple[str, dt.date | None], set[str]] = defaultdict(set)
    for layer in layers:
        kinds[(layer.band, layer.date)].add(kind_of(layer))
    several = {key[0] for key, found in kinds.items() if len(found) > 1}

    def name(layer: Layer) -> str:
        kind = kind_of(layer)
        if layer.band not in several or not kind:
            return layer.band
        return f"{layer.band}_{kind}"

    return [replace(layer, band=name(layer)) for layer in layers]


def _by_orbit(layers: Sequence[Layer]) -> list[Layer]:
    """Tell ascending from descending passes where a band has both, on whichever days."""
    passes: dict[str, set[str]] = defaultdict(set)
    for layer in layers:
        passes[layer.band].add(layer.variants[0])
    both = {band for band, found in passes.items() if len(found - {""}) > 1}
    return [
        replace(layer, band=f"{layer.band}_{layer.variants[0]}") if layer.band in both and layer.variants[0] else layer
        for layer in layers
    ]


def _renamed(layers: Sequence[Layer], band_names: Mapping[str, str]) -> list[Layer]:
    present = {layer.band for layer in layers}
    absent = [name for name in band_names if name not in present]
    if absent:
        raise MissingBandError(
            f"there is no band {', '.join(absent)} to be renamed", fix=f"The bands found are {', '.join(sorted(present))}."
        )
    taken = {new for old, new in band_names.items() if new in present and new not in band_names}
    if taken:
        raise OptionError(
            f"{', '.join(sorted(taken))} would be the name of two bands: it exists already, and is a new name",
            fix="Give the other band another name, too.",
        )
    return [
        replace(layer, band=band_names[layer.band], sensor=parse_band(band_names[layer.band]).sensor or layer.sensor)
        if layer.band in band_names
        else layer
        for layer in layers
    ]


def _without_by_products(layers: Sequence[Layer]) -> tuple[list[Layer], list[str]]:
    """Leave out layers that are no bands by their names (angles, previews, field ids), and warn of them."""
    left_out = dict.fromkeys(layer.band for layer in layers if not is_band(layer.band))
    if not left_out:
        return list(layers), []
    warning = f"{', '.join(left_out)}: not used, as by-products. Another name by --band-names makes one a band"
    return [layer for layer in layers if layer.band not in left_out], [warning]


def _doubts(names: Sequence[str], sensor: str | None, example: str, *, several: bool) -> list[str]:
    """Return warnings about bands of unknown sensor, and about two names of one band."""
    warnings = []
    unsure = [] if several else unsure_bands(names, sensor)
    if unsure:
        first = unsure[0]
        warnings.append(
            f"Nothing says whether {', '.join(unsure)} are bands of Sentinel-2 or of Landsat, which use these numbers for "
            f"other wavelengths. Say it with --band-names, e.g. "
            f"{first}=B{int(first[1:]):02} (Sentinel-2) or {first}=L8_{first} (Landsat 8)."
        )
    nameless = [name for name in names if NAMELESS.fullmatch(name)]
    if nameless:
        warnings.append(
            f"Nothing says which bands {_listed(nameless)} are, so their offset and unit stay as they are. Say it with "
            f"--band-names, e.g. {nameless[0]}={example}."
        )
    same: dict[object, list[str]] = defaultdict(list)
    for name in names:
        same[identify(name, sensor)].append(name)
    warnings += [
        f"{' and '.join(alike)} are the same band of {identify(alike[0], sensor).sensor}. Choose one with --bands."
        for alike in same.values()
        if len(alike) > 1
    ]
    return warnings


def _listed(names: Sequence[str]) -> str:
    """Return names for a message, of many only the first and the last."""
    return ", ".join(names) if len(names) <= _MANY else f"{', '.join(names[:3])}, ..., {names[-1]}"
