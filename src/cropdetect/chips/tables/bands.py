"""Which columns of a table are bands, and what the bands are called.

What a name means stands in `cropdetect.imagery.bands`; here is what tables add to the names: the reducer (`B4_mean`,
`avg(B04)`) and the product (`S2-L2A-B02`, `S1-SIGMA0-VV`).
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from cropdetect.errors import TableError
from cropdetect.imagery.bands import find_band
from cropdetect.imagery.identity import identify, sensor_of, unsure_bands

_MEANS = ("mean", "avg", "average")
_MIDDLES = ("median",)
_SPREADS = ("min", "max", "minimum", "maximum", "std", "stddev", "stdev", "sd", "variance", "var", "count", "sum", "nodatacount")
_REDUCERS = "|".join((*_MEANS, *_MIDDLES, *_SPREADS))
_CALL = re.compile(rf"(?P<reducer>{_REDUCERS})\((?P<band>.+)\)", re.IGNORECASE)
_SUFFIX = re.compile(rf"(?P<band>.+?)[_.-]?(?P<reducer>{_REDUCERS})", re.IGNORECASE)
_PERCENTILE = re.compile(r"(?P<band>.+)_(?P<of>p\d{1,3})", re.IGNORECASE)
_PREFIX = re.compile(
    r"(?P<sensor>S2|SENTINEL-?2|S1|SENTINEL-?1|OPTICAL|SAR)(?:-(?:L1C|L2A|L2|SIGMA0|GAMMA0|GRD|RTC))?[-_](?P<band>.+)",
    re.IGNORECASE,
)
_SENSORS = {"s2": "sentinel-2", "se": "sentinel-2", "op": "sentinel-2", "s1": "sentinel-1", "sa": "sentinel-1"}

#: What no table calls a band, though its columns hold numbers.
NO_BANDS = re.compile(
    r"(?:n_?)?(?:count|pixels?|px|obs)(?:_?count)?|n|area.*|.*_(?:ha|m2|km2|area)|hectares?|perimeter|lon|lat|longitude|latitude"
    r"|x|y|year|month|doy|day|week|date.*|time.*|.*_date|millis.*|fold.*|group|split|index|row|system:.*|\.geo|geometry|unnamed.*"
    r"|.*(?:cloud|cloudy).*|.*label.*|crop.*|class.*|.*_?(?:code|id)|objectid|fid|gid|elevation|altitude|slope|aspect",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Column:
    """What the name of a column says.

    Attributes:
        column: as written.
        band: name of the band.
        reducer: "mean", "median", another statistic, or "" where the name tells none.
        sensor: where the name tells it.
    """

    column: str
    band: str
    reducer: str = ""
    sensor: str | None = None

    @property
    def is_known(self) -> bool:
        """Whether the table of bands has the name."""
        return _is_known(self.band)


def _is_known(band: str) -> bool:
    name = _without_percentile(band)
    match = _PREFIX.fullmatch(name)
    names = (name, match["band"] if match else name)
    return any(find_band(one).kind not in ("other", "by-product") or identify(one).sensor is not None for one in names)


def _without_percentile(band: str) -> str:
    match = _PERCENTILE.fullmatch(band)
    return match["band"] if match else band


def parse_column(column: str) -> Column:
    """Take reducer and product off a column's name."""
    parsed = Column(column, column.strip())
    for pattern in (_CALL, _SUFFIX):
        match = pattern.fullmatch(parsed.band)
        if match and (pattern is _CALL or _is_known(match["band"])):
            word = match["reducer"].lower()
            reducer = "mean" if word in _MEANS else word
            parsed = replace(parsed, band=match["band"], reducer=reducer)
    match = _PREFIX.fullmatch(parsed.band)
    if match and find_band(match["band"]).kind != "other":
        parsed = replace(parsed, band=match["band"], sensor=_SENSORS[match["sensor"][:2].lower()])
    return parsed


def is_known_band(column: str) -> bool:
    """Whether the column's name is that of a known band, with or without reducer and product."""
    return parse_column(column).is_known


def sensor_of_columns(columns: Iterable[Column], told: str | None) -> str | None:
    """Return the sensor that the form or the names tell, or None."""
    columns = list(columns)
    optical = next((one.sensor for one in columns if one.sensor == "sentinel-2"), None)
    return sensor_of([_without_percentile(one.band) for one in columns], told or optical)


def band_name(column: Column, sensor: str | None) -> str:
    """Return the name under which a band is kept: as written, and Sentinel-2's as ESA writes them (B02)."""
    match = _PERCENTILE.fullmatch(column.band)
    name, of = (match["band"], f"_{match['of']}") if match else (column.band, "")
    found = identify(name, sensor)
    if found.sensor == "sentinel-2":
        name = found.name + (f"_{found.variant}" if found.variant else "")
    return name + of


def bands_of(
    columns: Sequence[str], *, given: Mapping[str, str], told_sensor: str | None, every_number: Collection[str], where: object
) -> tuple[dict[str, str], str | None, list[str]]:
    """Return which columns are bands.

    Args:
        columns: columns of numbers.
        given: column -> band as the user named them; no other column is a band then.
        told_sensor: sensor, where the form tells it.
        every_number: columns that are bands although no name tells it.
        where: the file, for messages.

    Returns:
        column -> band; the sensor; warnings.

    Raises:
        TableError: two columns are one band.
    """
    if given:
        pairs = [(column, Column(column, given[column])) for column in columns if column in given]
        sensor = sensor_of_columns((one for _, one in pairs), told_sensor)
        return _without_twins([(column, band_name(one, sensor)) for column, one in pairs], where), sensor, []
    parsed = [one for one in map(parse_column, columns) if one.is_known or one.column in every_number]
    sensor = sensor_of_columns(parsed, told_sensor)
    warnings = []
    pairs_of_reducers: dict[str, list[Column]] = {}
    for one in parsed:
        pairs_of_reducers.setdefault(band_name(one, sensor), []).append(one)
    chosen: list[tuple[str, str]] = []
    spreads: list[str] = []
    for band, candidates in pairs_of_reducers.items():
        means = [one for one in candidates if one.reducer in ("", "mean")]
        middles = [one for one in candidates if one.reducer in _MIDDLES]
        used = means or middles
        chosen += [(one.column, band) for one in used]
        spreads += [one.column for one in candidates if one not in used]
    if spreads:
        warnings.append(f"not the mean of a field, and not used: {', '.join(spreads)}")
    unclear = unsure_bands([_without_percentile(one.band) for one in parsed], sensor)
    if unclear:
        warnings.append(
            f"{', '.join(unclear)} may be bands of Sentinel-2 or of Landsat, and nothing in the table shows which. The names "
            "stay as they are; a YAML file (--columns) can name them, e.g. `bands: {B4: B04}`"
        )
    order = {column: place for place, column in enumerate(columns)}
    return _without_twins(sorted(chosen, key=lambda pair: order[pair[0]]), where), sensor, warnings


def _without_twins(pairs: Sequence[tuple[str, str]], where: object) -> dict[str, str]:
    by_band: dict[str, str] = {}
    for column, band in pairs:
        if band in by_band:
            raise TableError(
                f"the columns {by_band[band]} and {column} are both the band {band}",
                where=where,
                fix=f"Remove one of them, or name one in a YAML file (--columns): `bands: {{{column}: {band}}}`.",
            )
        by_band[band] = column
    return {column: band for band, column in by_band.items()}
