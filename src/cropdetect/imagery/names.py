r"""Date, band, sensor and tile in the paths of files and the descriptions of bands.

The names of products are known (`cropdetect.imagery.products`), and so are all forms of dates (`cropdetect.imagery.dates`) and
the names of bands (`cropdetect.imagery.bands`). Of several dates the acquisition's counts, which a product's name tells; of file
and folders the file goes first. Where one name has several dates and nothing tells which is meant, it is an error. What a path
does not have is looked for in the descriptions of the file's layers: `2018-04-15`, `B04`, `B04_20180415` or `20180415_B04`. A
layer's description counts more than a word of the path that only may be a band.

A pattern of the user is a regular expression with the named groups `date` (or `year`, `month`, `day`), `band` and `tile` (any of
them), searched in the path of a file relative to the folder, with `/` between folders and without the suffix. What its groups
name goes before everything else; for the rest the ready-made rules hold.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cropdetect.errors import AmbiguousNameError, OptionError
from cropdetect.imagery.bands import BANDS, ORBIT_WORDS, SPREAD_WORDS, STATISTIC_WORDS, is_band, parse_band
from cropdetect.imagery.dates import Dated, Period, dates_in, parse_period
from cropdetect.imagery.identity import sensor_in
from cropdetect.imagery.masks import is_quality_layer
from cropdetect.imagery.products import Found, find_product

_GROUPS = frozenset({"date", "year", "band", "tile"})
_DAY_RANK, _FOLDERS_RANK, _YEAR_RANK = 5, 3, 1  # see `cropdetect.imagery.dates`
_SPELLINGS = "|".join(sorted((band.spellings for band in BANDS if band.in_paths), key=len, reverse=True))
_ANY_SUFFIX = rf"_(?i:{ORBIT_WORDS}|{STATISTIC_WORDS})"
_SUFFIX = rf"_(?:p\d{{1,3}}|q\d{{1,3}}|{ORBIT_WORDS}|(?i:{SPREAD_WORDS}))"
_START = r"(?<![A-Za-z0-9])(?<!infra[-_ ])"
_BAND = rf"{_START}(?P<band>(?:{_SPELLINGS})(?:{_SUFFIX})?)(?![A-Za-z0-9])"
_DESCRIBED_BAND = rf"{_START}(?P<band>(?:{_SPELLINGS})(?:{_ANY_SUFFIX})*)(?![A-Za-z0-9])"
_BAND_LIST = re.compile(rf"(?<![A-Za-z0-9])(?:{_SPELLINGS})(?:[-+_](?:{_SPELLINGS}))+(?![A-Za-z0-9])")
_IN_LIST = re.compile(rf"(?:{_SPELLINGS})(?=[-+_]|$)")
_NUMBERED = re.compile(r"(?<![A-Za-z0-9])band[-_ ]?0?(?P<number>\d{1,2}A?)(?![A-Za-z0-9])", re.IGNORECASE)
_TILE = re.compile(r"(?<![A-Za-z0-9])(?P<tile>T\d{2}[A-Z]{3})(?![A-Za-z0-9])")
_CLOUD_PROBABILITY = re.compile(r"MSK_CLDPRB_\d{2}m$")
_LETTER = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]$")  # before a date: R writes X2019.06.06, and NASA A2019157
_MORE_WORDS = 3  # about a word that is the name of a band: red in vegetation red edge 1
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_SAFE = re.compile(r"\.SAFE(/|$)|^GRANULE/|(^|/)(IMG_DATA|QI_DATA)/", re.IGNORECASE)
_SAFE_FOLDER = re.compile(r"\.SAFE$|^GRANULE$|^IMG_DATA$")
_RESOLUTION = re.compile(r"(?<![A-Za-z0-9])R?\d{2}m(?![A-Za-z0-9])")
_SHORT = re.compile(r"(?:SR|FRE|SRE|FRC)_?(B\d+A?)", re.IGNORECASE)
_VARIANTS = (rf"(?<![A-Za-z0-9])({ORBIT_WORDS})(?![A-Za-z0-9])", rf"(?<![A-Za-z0-9])({STATISTIC_WORDS}|FRE|SRE)(?![A-Za-z0-9])")


@dataclass(frozen=True)
class ParsedName:
    """What is known from a path or a description; "" or None is unknown.

    Attributes:
        period: the days of the image.
        year: the year that the name has, where it has no better date.
        band: name.
        bands: names of all layers, where the path lists them (VV-VH).
        tile: name.
        sensor: whose image it is.
        variants: words that tell apart bands of one name: the orbit's direction, and the statistic of a composite.
        is_sure: whether `band` is the name of a known band; otherwise it is a word that may be one.
        group: tells two acquisitions of one day apart: the path without band and resolution.
        contradiction: a folder's date that is another one than the file's, or "".
        unread: what a user's pattern matched as a date, but is none; or "".
    """

    period: Period | None = None
    year: Period | None = None
    band: str = ""
    bands: tuple[str, ...] = ()
    tile: str = ""
    sensor: str | None = None
    variants: tuple[str, str] = ("", "")
    is_sure: bool = True
    group: str = ""
    contradiction: str = ""
    unread: str = ""


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Compile a user's pattern.

    Raises:
        OptionError: it is no regular expression, or has none of the groups.
    """
    fix = r"Example: (?P<tile>\w+)_(?P<date>\d{8})_(?P<band>\w+)"
    try:
        result = re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise OptionError(f"the pattern {pattern[:100]!r} is not a regular expression ({error})", fix=fix) from error
    if not set(result.groupindex) & _GROUPS:
        raise OptionError(f"the pattern {pattern!r} has none of the groups date, band, tile", fix=fix)
    return result


def parse_path(path: str, pattern: re.Pattern[str] | None) -> ParsedName | None:
    """Parse a relative path without suffix; None where the file is not a band (previews, by-products).

    Raises:
        AmbiguousNameError: a name has several dates, and nothing tells which is the acquisition's.
    """
    match = pattern.search(path) if pattern is not None else None
    if pattern is not None and match is None:
        return ParsedName()
    groups = {key: text for key, text in match.groupdict().items() if text} if match else {}
    parts = path.split("/")
    products = [find_product(part) for part in parts]
    if "band" in groups:
        name: ParsedName | None = ParsedName(band=groups["band"], group=_group(path, groups["band"]))
    else:
        name = _band_of(path, parts, products)
    if name is None:
        return None
    asked = _period_of_groups(groups)
    if asked is None:
        dated = _dated(path, parts, products)
    else:
        dated = ParsedName(period=parse_period(asked), unread="" if parse_period(asked) else asked)
    if name.band == "CLD" and not _BAND_IN.search(path) and dated.period is None:
        return None  # the cloud mask of a granule whose product is not known
    tiles = _TILE.findall(path)
    return replace(
        dated,
        band=name.band,
        bands=name.bands,
        is_sure=name.is_sure,
        group=name.group,
        tile=groups.get("tile") or (tiles[-1] if tiles and "band" not in groups else ""),
        sensor=_sensor(parts, products),
        variants=_variants(parts, name.band),
    )


_BAND_IN = re.compile(r"(?<![A-Za-z0-9])CLD(?![A-Za-z0-9])", re.IGNORECASE)


def _period_of_groups(groups: dict[str, str]) -> str | None:
    """Return the date that the groups of a user's pattern make, as text."""
    if "date" in groups:
        return groups["date"]
    if "year" not in groups:
        return None
    year = groups["year"]
    if len(year) == 2:
        year = f"{'19' if year >= '69' else '20'}{year}"  # as strptime reads %y
    return "-".join((year, *(groups[key].zfill(2) for key in ("month", "day") if key in groups)))


def _band_of(path: str, parts: Sequence[str], products: Sequence[Found | None]) -> ParsedName | None:
    """Return band and group of a file; None where it is no band."""
    file, product = parts[-1], products[-1]
    if _CLOUD_PROBABILITY.search(file):
        return ParsedName(band="CLD", group=_group(path, ""))
    if product is not None and product.band:
        if re.fullmatch(product.product.by_products, product.band, re.IGNORECASE):
            return None
        short = _SHORT.fullmatch(product.band)
        band = short[1] if short else product.band
        if not is_band(band):
            return None
        if parse_band(band, product.product.sensor).is_known:
            return ParsedName(band=band, group=_group(path, product.band))
    if _SAFE.search(path) or not all(is_band(word) for word in re.split(r"[^A-Za-z0-9]+", file)):
        return None
    listed = _BAND_LIST.findall(file)
    bands = tuple(_IN_LIST.findall(listed[-1])) if listed else ()
    found = list(re.finditer(_BAND, path)) or list(re.finditer(_BAND, file, re.IGNORECASE))
    if found:
        band, written = _whole_name(found[-1], _sensor(parts, products))
        return ParsedName(band=band, bands=bands, group=_group(path, written))
    numbered = list(_NUMBERED.finditer(file))
    if numbered:
        return ParsedName(band=f"B{numbered[-1]['number']}", group=_group(path, numbered[-1][0]))
    word = product.band if product is not None and product.band else _lone_word(file)
    return ParsedName(band=word, is_sure=False, group=_group(path, word))


def _whole_name(found: re.Match[str], sensor: str | None) -> tuple[str, str]:
    """Return the longest name of a band around one that was found (red in Red Edge 1), and how it is written there."""
    words = list(re.finditer(r"[A-Za-z0-9]+", found.string))
    first = next(place for place, word in enumerate(words) if word.end() > found.start("band"))
    last = next(place for place, word in enumerate(words) if word.end() >= found.end("band"))
    for more in range(_MORE_WORDS, 0, -1):
        for start in range(max(0, first - more), first + 1):
            end = last + more - (first - start)
            if last <= end < len(words):
                written = found.string[words[start].start() : words[end].end()]
                name = re.sub(r"[^A-Za-z0-9]+", "_", written)
                parsed = parse_band(name, sensor)
                if parsed.is_known and parsed.core == name:
                    return name, written
    return found["band"], found["band"]


def _lone_word(file: str) -> str:
    """Return the one word of a file's name besides its date, as `wetness` in 20180415_wetness, or ""."""
    file = _TILE.sub("", file).strip("_.-")
    found = [one for one in dates_in(file) if one.rank > _YEAR_RANK]
    if not found:
        return file if _WORD.fullmatch(file) else ""
    before, after = file[: found[0].start], file[found[-1].end :]
    if not before and re.match(r"[_.-]", after) and _WORD.fullmatch(after[1:]):
        return after[1:]
    return before[:-1] if not after and re.search(r"[_.-]$", before) and _WORD.fullmatch(before[:-1]) else ""


def quality_word(file: str) -> str:
    """Return the last word of a file's name that sounds like a quality layer (cloud, mask, QC), or ""."""
    return next((word for word in re.split(r"[^A-Za-z0-9]+", file)[::-1] if word and is_quality_layer(word)), "")


def _dated(path: str, parts: Sequence[str], products: Sequence[Found | None]) -> ParsedName:
    """Return the period of a path, or its year, and a folder's date that contradicts it."""
    known = [product.period for product in products if product is not None and product.period is not None]
    named: list[tuple[int, str, tuple[Dated, ...]]] = []  # rank, part, dates; the nearest first
    for part, product in zip(reversed(parts), reversed(products), strict=True):
        if product is None:
            found = dates_in(part)
        elif product.period is None:
            continue
        else:
            found = (Dated(product.period, _DAY_RANK, 0, len(part), -1),)
        if found:
            named.append((found[0].rank, part, found))
    folders = tuple(one for one in dates_in(path) if "/" in path[one.start : one.end])
    if folders:
        named.append((folders[0].rank, path, folders))
    if not named:
        return ParsedName()
    rank, part, found = max(named, key=lambda one: one[0])  # the first of the surest
    if len(found) > 1:
        agreeing = [one for one in found if any(_overlap(one.period, period) for period in known)]
        if len(agreeing) != 1:
            raise _ambiguous(path, part, found)
        found = (agreeing[0],)
    period = found[0].period
    if rank == _YEAR_RANK:
        return ParsedName(year=period)
    others = [
        str(other[0].period)
        for other_rank, _, other in named
        if other_rank >= _FOLDERS_RANK and not any(_overlap(one.period, period) for one in other)
    ]
    return ParsedName(period=period, contradiction=others[0] if others else "")


def _overlap(one: Period, other: Period) -> bool:
    return one.first <= other.last and other.first <= one.last


def _ambiguous(path: str, part: str, found: Sequence[Dated]) -> AmbiguousNameError:
    """Return the error about a name with several dates: the candidates, and the pattern that chooses each."""
    lines = [f"  {one.period}: --pattern '{_choosing(part, found, one)}'" for one in found]
    return AmbiguousNameError(
        f"the name has several dates, and nothing shows which is the image's: {', '.join(str(one.period) for one in found)}",
        where=path,
        fix="Choose one:\n" + "\n".join(lines),
    )


def _choosing(part: str, found: Sequence[Dated], chosen: Dated) -> str:
    """Return the pattern that chooses one of the dates of a name."""

    def shape(text: str) -> str:
        return re.sub(r"\d+", lambda match: rf"\d{{{len(match[0])}}}", re.sub(r"([.+*?()\[\]{}^$|\\])", r"\\\1", text))

    readings = [one for one in found if one.start == chosen.start]
    if len(readings) > 1 and any(one.period.first != one.period.last for one in readings):  # 200601, a month or a day of 2020
        is_day = chosen.period.first == chosen.period.last
        return r"(?P<year>\d\d)(?P<month>\d\d)(?P<day>\d\d)" if is_day else r"(?P<year>\d{4})(?P<month>\d\d)"
    if len(readings) > 1:  # two readings of one date: 06-07-2019
        digits = re.split(r"(\D+)", part[chosen.start : chosen.end])
        sign = digits[1] if len(digits) > 1 else ""
        order = (
            ("day", "month") if int(re.sub(r"\D", "", part[chosen.start :])[:2]) == chosen.period.day.day else ("month", "day")
        )
        return rf"(?P<{order[0]}>\d\d){sign}(?P<{order[1]}>\d\d){sign}(?P<year>\d{{4}})"
    result, place = "", found[0].start
    for one in found:
        result += shape(part[place : one.start])
        text = shape(part[one.start : one.end])
        result += f"(?P<date>{text})" if one is chosen else text
        place = one.end
    return result


def _sensor(parts: Sequence[str], products: Sequence[Found | None]) -> str | None:
    """Return the sensor that the nearest part of a path names."""
    for part, product in zip(reversed(parts), reversed(products), strict=True):
        sensor = product.product.sensor if product is not None else None
        sensor = sensor or sensor_in(part)
        if sensor:
            return sensor
    return None


def _variants(parts: Sequence[str], band: str) -> tuple[str, str]:
    """Return the word for the orbit in the nearest part that has one, and that for the statistic in the file's name."""

    def word(pattern: str, parts: Sequence[str]) -> str:
        for part in reversed(parts):
            found: list[str] = re.findall(pattern, part.replace(band, " ") if band else part, re.IGNORECASE)
            if found:
                return found[-1].lower()
        return ""

    return word(_VARIANTS[0], parts), word(_VARIANTS[1], parts[-1:])


def _group(path: str, band: str) -> str:
    key = re.sub(rf"(?<![A-Za-z0-9]){re.escape(band)}(?![A-Za-z0-9])", "", path) if band else path
    product = re.search(r"(^|.*/)[^/]+\.SAFE(?=/)", path)
    return product[0] if product else re.sub(r"[-_. ]+(?=[-_. /]|$)", "", _RESOLUTION.sub("", key))


def is_place_name(folder: str) -> bool:
    """Whether a folder may be named after a place: without date, band and resolution, and not part of a Sentinel-2 product."""
    dated = any(one.rank > _FOLDERS_RANK for one in dates_in(folder))
    return not (dated or re.search(_BAND, folder) or _RESOLUTION.search(folder) or _SAFE_FOLDER.search(folder))


def parse_description(text: str) -> ParsedName:
    """Parse the description of a layer.

    Raises:
        AmbiguousNameError: it has several dates, and nothing tells which is the acquisition's.
    """
    product = find_product(text)
    period: Period | None
    if product is not None and product.period is not None:
        period, rest = product.period, product.band or product.rest
        sensor = product.product.sensor
    else:
        found = [one for one in dates_in(text) if one.rank > _YEAR_RANK]
        if len(found) > 1:
            raise _ambiguous(text, text, found)
        period = found[0].period if found else None
        rest = f"{_LETTER.sub('', text[: found[0].start])} {text[found[0].end :]}" if found else text
        sensor = sensor_in(rest.replace("_", " "))
    band = re.search(_DESCRIBED_BAND, rest)
    if band:
        return ParsedName(period=period, band=_whole_name(band, sensor)[0], sensor=sensor)
    numbered = _NUMBERED.search(rest)
    if numbered:
        return ParsedName(period=period, band=f"B{numbered['number']}", sensor=sensor)
    return ParsedName(period=period, band=re.sub(r"^[\s_.:-]+|[\s_.:-]+$", "", rest), sensor=sensor)
