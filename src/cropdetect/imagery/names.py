r"""Date, band and tile in the names of files and the descriptions of bands.

A pattern is a regular expression with the named groups `date`, `band` and `tile` (any of them), searched in the path of a file
relative to the folder, with `/` between folders and without the suffix. A user's pattern replaces all patterns below. What a path
does not have is looked for in the descriptions of the file's layers: `2018-04-15`, `B04`, `B04_20180415` or `20180415_B04`. A
layer's description counts more than a word of the path that only may be a band.

A date is yyyymmdd, yyyy-mm-dd or yyyy_mm_dd, with or without a time (Thhmmss), or yyyyddd (year and day of year).
"""

import re
from dataclasses import dataclass

from cropdetect.errors import OptionError
from cropdetect.imagery.bands import BANDS, is_band

_DATE = (
    r"(?<!\d)(?P<date>(?:19|20)\d\d(?:-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])|_(?:0[1-9]|1[0-2])_(?:0[1-9]|[12]\d|3[01])"
    r"|(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?:[T_]\d{6})?)(?!\d)"
)
_DAY_OF_YEAR = r"(?<!\d)(?P<date>(?:19|20)\d\d(?:[0-2]\d\d|3[0-6]\d))(?!\d)"
_BAND = rf"(?<![A-Za-z0-9])(?P<band>{'|'.join(band.spellings for band in BANDS if band.in_paths)})(?![A-Za-z0-9])"

#: Tried first, each on its own.
PRODUCTS = (
    # Sentinel-2: T31UDS_20180415T105031_B04_10m.jp2, also inside .SAFE folders
    r"(?P<tile>T\d{2}[A-Z]{3})_(?P<date>\d{8}T\d{6})_(?P<band>B(?:\d{2}|8A)|SCL)(?:_\d{2}m)?$",
    # Cloud probability inside .SAFE folders
    r"S2[A-D]_MSIL2A_(?P<date>\d{8}T\d{6})_N\d{4}_R\d{3}_(?P<tile>T\d{2}[A-Z]{3})_[^/]*/.*(?P<band>)MSK_CLDPRB_\d{2}m$",
)
#: Tried next, one after the other; each adds what is not known yet.
GENERAL = (
    r"(?<![A-Za-z0-9])(?P<tile>T\d{2}[A-Z]{3})(?![A-Za-z0-9])",
    _DATE,
    _DAY_OF_YEAR,
    _BAND,
)
_ANY = r"[A-Za-z][A-Za-z0-9]*"
_WORD = rf"(?:^|/)(?:(?P<before>{_ANY})[_.-]DATE|DATE[_.-](?P<after>{_ANY})|(?P<alone>{_ANY}))$"
_BARE_DATE = re.sub(r"\?P<\w+>", "?:", _DATE)
_SAFE = re.compile(r"\.SAFE(/|$)|^GRANULE/|(^|/)(IMG_DATA|QI_DATA)/", re.IGNORECASE)
_RESOLUTION = re.compile(r"(?<![A-Za-z0-9])R?\d{2}m(?![A-Za-z0-9])")


@dataclass(frozen=True)
class ParsedName:
    """What is known from a path or a description; "" is unknown.

    Attributes:
        date: as written.
        band: name.
        tile: name.
        is_sure: whether `band` is the name of a known band; otherwise it is a word that may be one.
        group: tells two acquisitions of one day apart: the path without band and resolution.
    """

    date: str = ""
    band: str = ""
    tile: str = ""
    is_sure: bool = True
    group: str = ""


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Compile a user's pattern.

    Raises:
        OptionError: it is no regular expression, or has none of the groups.
    """
    fix = r"Example: (?P<tile>\w+)_(?P<date>\d{8})_(?P<band>\w+)"
    try:
        result = re.compile(pattern)
    except re.error as error:
        raise OptionError(f"the pattern {pattern!r} is not a regular expression ({error})", fix=fix) from error
    if not set(result.groupindex) & {"date", "band", "tile"}:
        raise OptionError(f"the pattern {pattern!r} has none of the groups date, band, tile", fix=fix)
    return result


def parse_path(path: str, pattern: re.Pattern[str] | None) -> ParsedName | None:
    """Parse a relative path without suffix; None where the file is not a band (previews, by-products)."""
    if pattern is not None:
        match = pattern.search(path)
        return ParsedName() if match is None else _named(match.groupdict(), path)
    for product in PRODUCTS:
        match = re.search(product, path)
        if match:
            groups = match.groupdict()
            return _named({**groups, "band": groups["band"] or "CLD"}, path)
    if _SAFE.search(path) or not all(is_band(word) for word in re.split(r"[^A-Za-z0-9]+", path.rpartition("/")[2])):
        return None
    return _parse_general(path)


def _parse_general(path: str) -> ParsedName:
    found: dict[str, str | None] = {}
    for general in GENERAL:
        for match in re.finditer(general, path):
            # The last match counts: the name of the file comes after those of its folders.
            found.update({key: text for key, text in match.groupdict().items() if key not in found or general != _DAY_OF_YEAR})
    sure = bool(found.get("band"))
    if not sure:
        word = re.search(_WORD.replace("DATE", _BARE_DATE), path)
        if word:
            found["band"] = word["before"] or word["after"] or word["alone"]
    return _named(found, path, is_sure=sure)


def _named(groups: dict[str, str | None], path: str, *, is_sure: bool = True) -> ParsedName:
    band = groups.get("band") or ""
    key = re.sub(rf"(?<![A-Za-z0-9]){re.escape(band)}(?![A-Za-z0-9])", "", path) if band else path
    product = re.search(r"(^|.*/)[^/]+\.SAFE(?=/)", path)
    return ParsedName(
        date=groups.get("date") or "",
        band=band,
        tile=groups.get("tile") or "",
        is_sure=is_sure,
        group=product[0] if product else _RESOLUTION.sub("", key),
    )


def is_place_name(folder: str) -> bool:
    """Whether a folder may be named after a place: without date, band and resolution, and not part of a Sentinel-2 product."""
    tokens = (_DATE, _DAY_OF_YEAR, _BAND, _RESOLUTION, r"\.SAFE$|^GRANULE$|^IMG_DATA$")
    return not any(re.search(token, folder) for token in tokens)


def parse_description(text: str) -> ParsedName:
    """Parse the description of a layer."""
    date = re.search(_DATE, text)
    band = re.search(_BAND, text)
    if band:
        return ParsedName(date=date["date"] if date else "", band=band["band"])
    rest = re.sub(r"^[\s_.:-]+|[\s_.:-]+$", "", text.replace(date["date"], "") if date else text)
    return ParsedName(date=date["date"] if date else "", band=rest)
