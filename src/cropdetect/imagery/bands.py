r"""The one table of bands: what a name means, whatever file or checkpoint it stands in.

A band is (sensor, name): Landsat's B5 is another band than Sentinel-2's. A name is what the producer calls the band (`B02`), in
any case and with or without zeros, with what others put before it (`S2-L2A-B02`, `SR_B4`, `nbart_red`) or behind it (`B4_p50`,
`VV_asc`: bands of their own). Where the sensor is known, a band has its common names, too: those of STAC, CF, Earth Engine,
Digital Earth Africa and Planet.

A new sensor is a few more rows. Sources: the central wavelengths of Sentinel-2 are those of its unit A (ESA, Sentinel-2 spectral
response functions, COPE-GSEG-EOPG-TN-15-0007); those of Landsat and MODIS are the middle of the bands that USGS and NASA publish;
the roles are the common names of STAC's extension for electro-optical data.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

Kind = Literal["reflectance", "backscatter", "index", "classes", "probability", "mask", "other", "by-product"]


@dataclass(frozen=True)
class Band:
    """What a band's name means.

    Attributes:
        name: as the producer writes it.
        kind: what its numbers are. "classes" are codes or flags, which serve the clear mask and not a network. A "by-product" is
            not a band: previews, atmospheric products, rasters of fields.
        role: STAC's common name of an optical band, e.g. "red"; "" for others.
        sensor: "sentinel-2", "landsat-8" (8 and 9), "landsat-5" (4 to 7), ..., or None where several sensors use the name.
        wavelength: centre, nm; None where it is none or depends on the sensor.
        clear: operator and numbers that clear pixels have, as in `--clear`; "" where the band tells nothing of clouds.
        pattern: regular expression of all its spellings, in any case; default: the name.
        in_paths: whether the name is distinctive enough to be looked for in the path of a file.
        others: regular expression of the names that mean this band where the sensor is known.
        tells_sensor: whether the name alone tells the sensor.
    """

    name: str
    kind: Kind
    role: str = ""
    sensor: str | None = None
    wavelength: float | None = None
    clear: str = ""
    pattern: str = ""
    in_paths: bool = True
    others: str = ""
    tells_sensor: bool = True

    @property
    def spellings(self) -> str:
        """The pattern, or the name where there is none."""
        return self.pattern or self.name

    @property
    def is_quality(self) -> bool:
        """Whether the band tells how good other bands are: classes, probabilities and masks. It is never interpolated."""
        return self.kind in ("classes", "probability", "mask")


def _sentinel2(name: str, role: str, wavelength: float, others: str) -> Band:
    own = name.replace("B0", "B0?")
    return Band(name, "reflectance", role, "sentinel-2", wavelength, others=rf"{own}|band{own[1:]}|{others}")


def _numbered(sensor: str, name: str, role: str, wavelength: float, others: str, kind: Kind = "reflectance") -> Band:
    """Return a band of a sensor whose numbers other sensors use for other bands."""
    own = rf"B{'0?' if len(name) == 2 else ''}{name[1:]}"
    others = rf"(?:ST_?)?{own}|band{own[1:]}|{others}"
    return Band(name, kind, role, sensor, wavelength, in_paths=False, others=others, tells_sensor=False)


_COASTAL = r"coastal(?:_?aerosol|_?blue)?"
_SWIR16, _SWIR22 = r"swir_?1|swir_?16", r"swir_?2|swir_?22"
_NIR = r"nir|near_?infra_?red"
_DEA = r"nbart?_"  # Digital Earth Australia counts Sentinel-2's short-wave bands from swir_2, as Landsat's are 1 and 2


_SENTINEL_2 = (
    _sentinel2("B01", "coastal", 442.7, _COASTAL),
    _sentinel2("B02", "blue", 492.7, "blue"),
    _sentinel2("B03", "green", 559.8, "green"),
    _sentinel2("B04", "red", 664.6, "red"),
    _sentinel2("B05", "rededge071", 704.1, r"(?:vegetation_)?red_?edge_?1|rededge071|re1"),
    _sentinel2("B06", "rededge075", 740.5, r"(?:vegetation_)?red_?edge_?2|rededge075|re2"),
    _sentinel2("B07", "rededge078", 782.8, r"(?:vegetation_)?red_?edge_?3|rededge078|re3"),
    _sentinel2("B08", "nir", 832.8, rf"{_NIR}|nir_?1|nir_?broad|broad_?nir"),
    _sentinel2("B8A", "nir08", 864.7, r"nir_?0?8|nir_?2|nir_?narrow|narrow_?nir|red_?edge_?4|nira"),
    _sentinel2("B09", "nir09", 945.1, r"nir_?0?9|water_?vapou?r"),
    _sentinel2("B10", "cirrus", 1373.5, "cirrus"),
    _sentinel2("B11", "swir16", 1613.7, rf"{_SWIR16}|{_DEA}swir_?2"),
    _sentinel2("B12", "swir22", 2202.4, rf"{_SWIR22}|{_DEA}swir_?3"),
)
_LANDSAT_8 = tuple(
    _numbered("landsat-8", *row)
    for row in (
        ("B1", "coastal", 443.0, _COASTAL),
        ("B2", "blue", 482.0, "blue"),
        ("B3", "green", 561.5, "green"),
        ("B4", "red", 654.5, "red"),
        ("B5", "nir", 865.0, rf"{_NIR}|nir_?0?8"),
        ("B6", "swir16", 1608.5, _SWIR16),
        ("B7", "swir22", 2200.5, _SWIR22),
        ("B8", "pan", 589.5, "pan(?:chromatic)?"),
        ("B9", "cirrus", 1373.5, "cirrus"),
        ("B10", "lwir11", 10_895.0, r"lwir_?(?:11|1)?|tir_?1?|thermal_?1?", "other"),
        ("B11", "lwir12", 12_005.0, r"lwir_?(?:12|2)|tir_?2|thermal_?2", "other"),
    )
)
_LANDSAT_5 = tuple(
    _numbered("landsat-5", *row)
    for row in (
        ("B1", "blue", 485.0, "blue"),
        ("B2", "green", 560.0, "green"),
        ("B3", "red", 660.0, "red"),
        ("B4", "nir", 830.0, rf"{_NIR}|nir_?0?8"),
        ("B5", "swir16", 1650.0, _SWIR16),
        ("B7", "swir22", 2215.0, _SWIR22),
        ("B8", "pan", 710.0, "pan(?:chromatic)?"),
        ("B6", "lwir", 11_450.0, r"B6_VCID_[12]|lwir|tir|thermal", "other"),
    )
)
_MODIS = tuple(
    Band(
        f"sur_refl_b{number:02}", "reflectance", role, "modis", wavelength, pattern=rf"sur_refl_b0?{number}(?:_1)?", others=others
    )
    for number, role, wavelength, others in (
        (1, "red", 645.0, "B0?1|red(?:_reflectance)?"),
        (2, "nir", 858.5, "B0?2|nir(?:_reflectance)?"),
        (3, "blue", 469.0, "B0?3|blue(?:_reflectance)?"),
        (4, "green", 555.0, "B0?4|green"),
        (5, "", 1240.0, "B0?5"),
        (6, "swir16", 1640.0, f"B0?6|{_SWIR16}"),
        (7, "swir22", 2130.0, f"B0?7|{_SWIR22}|mir(?:_reflectance)?"),
    )
)
_PLANETSCOPE = tuple(
    Band(name, "reflectance", role, "planetscope", wavelength, in_paths=False, others=others, pattern=name, tells_sensor=False)
    for name, role, wavelength, others in (
        ("coastal_blue", "coastal", 443.0, _COASTAL),
        ("blue", "blue", 490.0, "blue"),
        ("green_i", "", 531.0, "green_?(?:i|1)"),
        ("green", "green", 565.0, "green(?:_?ii|_?2)?"),
        ("yellow", "yellow", 610.0, "yellow"),
        ("red", "red", 665.0, "red"),
        ("rededge", "rededge", 705.0, "red_?edge"),
        ("nir", "nir", 865.0, _NIR),
    )
)

#: All bands that are known by name; the first row that fits a name counts.
BANDS: tuple[Band, ...] = (
    *_SENTINEL_2,
    Band("SCL", "classes", sensor="sentinel-2", clear="=4,5,6,7"),  # vegetation, soil, water, unclassified
    Band("CLD", "probability", sensor="sentinel-2", clear="<40"),
    Band("SCL_20m", "mask", in_paths=False),
    Band("SNW", "probability", in_paths=False),
    Band("dataMask", "mask", in_paths=False),
    Band("CLM", "classes"),
    Band("Fmask", "classes"),
    Band("Landsat's other flags", "classes", pattern=r"SR_(?:QA_)?AEROSOL|QA_(?:RADSAT|AEROSOL)|(?:PIXEL|RADSAT|ST|SR_CLOUD)_QA"),
    Band("QA", "classes", pattern=r"B?QA(?:_?PIXEL|\d+)?"),
    Band("QA*, *_QA, QC, MSK*", "classes", pattern=r"B?QA.*|.*_QA|QC|MSK.*", in_paths=False),
    Band("VV", "backscatter", sensor="sentinel-1"),
    Band("VH", "backscatter", sensor="sentinel-1"),
    Band("HH", "backscatter", sensor="sentinel-1"),
    Band("HV", "backscatter", sensor="sentinel-1"),
    *_LANDSAT_8,
    *_LANDSAT_5,
    *_MODIS,
    *_PLANETSCOPE,
    # Numbers without a zero: these four are the same in Sentinel-2 and Landsat 8, but for B8.
    Band("B2", "reflectance", "blue"),
    Band("B3", "reflectance", "green"),
    Band("B4", "reflectance", "red"),
    Band("B8", "reflectance", "nir"),
    Band("B<number>", "reflectance", pattern=r"B\d{1,2}A?"),
    Band("ST_B<number>", "other", pattern=r"(?:LST?_?|ST_?)B(?:6|10|11)"),
    Band("A<number>", "other", sensor="embedding", pattern=r"A[0-5]\d|A6[0-3]", in_paths=False),
    Band("coastal", "reflectance", "coastal", in_paths=False, pattern=_COASTAL),
    Band("blue", "reflectance", "blue"),
    Band("green", "reflectance", "green"),
    Band("red", "reflectance", "red"),
    Band("nir", "reflectance", "nir"),
    Band("rededge", "reflectance", pattern="red_?edge"),
    Band("rededge<number>", "reflectance", pattern=r"red_?edge_?\d+"),
    Band("nir<number>", "reflectance", pattern=r"nir_?\d+"),
    Band("swir", "reflectance", in_paths=False),
    Band("swir<number>", "reflectance", pattern=r"swir_?\d+"),
    Band("NDVI", "index"),
    Band("EVI", "index"),
    Band("alpha", "mask", in_paths=False),
    Band("TCI", "by-product", pattern=r"TCI(?:_[RGB])?|visual", in_paths=False),
    Band("PVI", "by-product", in_paths=False),
    Band("quick looks", "by-product", pattern=r"QL_(?:VNIR|SWIR)", in_paths=False),
    Band("layers of THEIA", "by-product", pattern=r"(?:ATB|IAB|DTS)_R[12]|WGT(?:_B\d+A?)?_R[12]", in_paths=False),
    Band("AOT", "by-product", in_paths=False),
    Band("WVP", "by-product", in_paths=False),
    Band("Landsat's heat terms", "by-product", pattern=r"(?:ST_)?(?:ATRAN|CDIST|DRAD|EMIS|EMSD|TRAD|URAD)", in_paths=False),
    Band(
        "angles of sun and view",
        "by-product",
        pattern=r"[SV][AZ]A|RAA|(?:.*_)?(?:solar|sun|view|satellite|relative)?_?(?:zenith|azimuth)(?:_?angles?)?|"
        r"(?:.*_)?(?:(?:projected_?)?(?:local_?)?incidence_?)?angle",
        in_paths=False,
    ),
    Band("field ids", "by-product", pattern=r"field_?ids?|labels?", in_paths=False),
)

#: Sentinel-2's bands in the order in which a series has them.
SENTINEL2_ORDER = tuple(band.name for band in BANDS if band.sensor == "sentinel-2")

#: The bands of the 2020 competition, in the order of its network.
COMPETITION_BANDS = tuple(name for name in SENTINEL2_ORDER if name not in ("B10", "SCL"))

_SECOND_CHOICE = {"nir": "nir08"}
_ALSO_ELSE = ("cirrus", "nir09", "pan")  # masks and products of other producers are called so, too
_OPTICAL = frozenset(band.sensor for band in BANDS if band.kind == "reflectance" and band.sensor)

_SEPARATOR = r"[-_. :/]"
_LEVEL = r"(?:[-_. ]?(?:MSI|OLI|TM|ETM|L?1C|L?2A|C2|L[12]\w?|GRD|RTC|IW|SR|TOA|BOA|T1|T2|NBART?))*"
#: What may stand before the name of a band, and whose it then is; None: of any sensor.
_PREFIXES: tuple[tuple[str, str | None], ...] = (
    (rf"(?:S|SENTINEL|SEN){_SEPARATOR}?2[A-D]?{_LEVEL}", "sentinel-2"),
    (rf"(?:S|SENTINEL|SEN){_SEPARATOR}?1[A-D]?{_LEVEL}", "sentinel-1"),
    (rf"(?:L[CO]?0?[89]|(?:LANDSAT|LND){_SEPARATOR}?0?[89]){_LEVEL}", "landsat-8"),
    (rf"(?:L[TE]?0?[457]|(?:LANDSAT|LND){_SEPARATOR}?0?[457]){_LEVEL}", "landsat-5"),
    (r"HLS[-_. ]?S30", "sentinel-2"),
    (r"HLS[-_. ]?L30", "landsat-8"),
    (r"PLANET(?:SCOPE)?|PS", "planetscope"),
    (r"MODIS|(?:MOD|MYD|MCD)\d\d\w\d?", "modis"),
    (r"SR|FRE|SRE|FRC|BOA|TOA|NBART?|RHOS?|REFL(?:ECTANCE)?|SURFACE_REFLECTANCE", None),
)
_RADIOMETRY_WORDS = r"db|lin(?:ear)?|sigma0|gamma0|beta0|fre|sre"
_RADIOMETRY = rf"(sigma0|gamma0|beta0){_SEPARATOR}?(.+)"
_NEUTRAL_SUFFIX = rf"{_SEPARATOR}(?:\d\dm|SR|BOA|TOA|SURF|REFL|REFLECTANCE|SURFACE_REFLECTANCE)"
ORBIT_WORDS = r"asc(?:ending)?|desc(?:ending)?"
_LOCATION_WORDS = (
    r"p\d{1,3}|q\d{1,3}|\d{1,2}(?:th)?_?perc(?:entile)?|median|mean|avg|average|min|max|first|last|best|medoid|mosaic|mode"
)
SPREAD_WORDS = r"std(?:dev)?|sd|var(?:iance)?|count|n_?obs|range|iqr|cv|sum|amplitude|phase|slope|trend|skew|kurtosis"
STATISTIC_WORDS = rf"{_LOCATION_WORDS}|{SPREAD_WORDS}"
_VARIANT = re.compile(rf"(.+?){_SEPARATOR}({ORBIT_WORDS}|{STATISTIC_WORDS}|{_RADIOMETRY_WORDS})", re.IGNORECASE)
_SPREAD = re.compile(rf"(?:.*_)?(?:{SPREAD_WORDS})(?:_.*)?", re.IGNORECASE)


@dataclass(frozen=True)
class BandName:
    """What a name says.

    Attributes:
        band: the row of the table; a name that the table lacks is a band of kind "other" and of that name.
        sensor: whose band it is: of the row, of the prefix, or as it was given; None where nothing tells.
        core: the name without prefix and suffix.
        variant: which of several bands of that name, in lower case, e.g. "p50" or "asc"; mostly "".
        is_known: whether the table has the band.
    """

    band: Band
    sensor: str | None
    core: str
    variant: str = ""
    is_known: bool = True


@lru_cache(maxsize=16384)
def parse_band(name: str, sensor: str | None = None) -> BandName:
    """Return what a name says, in any case, with or without prefix and suffix.

    Args:
        name: of the band.
        sensor: whose band it is, where that is known; a prefix in the name goes before it.
    """
    for prefix_sensor, core, variant in _readings(name):
        whose = prefix_sensor or sensor
        band = _row(core, whose)
        if band is not None:
            if variant and _SPREAD.fullmatch(variant):
                band = replace(band, kind="other")  # a spread has neither offset nor role
            return BandName(band, band.sensor or (whose if whose in _OPTICAL else None), core, variant)
    return BandName(Band(name, "other"), sensor, name, is_known=False)


def are_other_bands(one: BandName, other: BandName) -> bool:
    """Tell whether two names are those of different bands: of light of another role, or of radar of another polarisation.

    Both near infrared bands of Sentinel-2 are often called NIR.
    """
    if not (one.is_known and other.is_known):
        return False
    if one.band.kind == other.band.kind == "backscatter":
        return one.band.name != other.band.name
    roles = [name.band.role.replace("nir08", "nir") for name in (one, other)]
    return one.band.kind == other.band.kind == "reflectance" and all(roles) and roles[0] != roles[1]


def _readings(name: str) -> Iterator[tuple[str | None, str, str]]:
    """Yield sensor by the prefix, core and variant of a name: the whole name first, then with ever more taken off."""
    rests = [(name, "")]
    while len(rests) < 5:
        text, variant = rests[-1]
        neutral = re.fullmatch(rf"(.+?){_NEUTRAL_SUFFIX}", text, re.IGNORECASE)
        match = _VARIANT.fullmatch(text)
        if match:
            rests.append((match[1], "_".join(filter(None, (match[2].lower(), variant)))))
        elif neutral:
            rests.append((neutral[1], variant))
        else:
            break
    radiometry = re.fullmatch(_RADIOMETRY, rests[-1][0], re.IGNORECASE)
    if radiometry:
        rests.append((radiometry[2], "_".join(filter(None, (radiometry[1].lower(), rests[-1][1])))))
    for text, variant in rests:
        yield None, text, variant
        for prefix, whose in _PREFIXES:
            match = re.fullmatch(rf"(?:{prefix}){_SEPARATOR}(.+)", text, re.IGNORECASE)
            if match:
                yield whose, match[1], variant
                radiometry = re.fullmatch(_RADIOMETRY, match[1], re.IGNORECASE)
                if radiometry:
                    yield whose, radiometry[2], "_".join(filter(None, (radiometry[1].lower(), variant)))
                inner = re.fullmatch(rf"(?:{_PREFIXES[-1][0]}){_SEPARATOR}(.+)", match[1], re.IGNORECASE)
                if inner:
                    yield whose, inner[1], variant


def _row(name: str, sensor: str | None) -> Band | None:
    """Return the row of a bare name: among those of the sensor first, then among those that need none.

    Words may have blanks and hyphens between them, too. `band_4` is the fourth layer without a name, and so no band's name.
    """
    name = re.sub(r"[ -]+", "_", name)
    if sensor is not None:
        of_sensor = (band for band in BANDS if band.sensor == sensor)
        for band in of_sensor:
            if re.fullmatch(rf"{band.spellings}|{band.others}" if band.others else band.spellings, name, re.IGNORECASE):
                return band
    optical = sensor in _OPTICAL
    for band in BANDS:
        foreign = optical and band.kind == "reflectance" and band.sensor not in (None, sensor)
        if band.tells_sensor and not foreign and re.fullmatch(band.spellings, name, re.IGNORECASE):
            return band
    return None if optical else _of_any_sensor(name)


def _of_any_sensor(name: str) -> Band | None:
    """Return a reflectance without sensor and role for a name that some sensors give to a reflectance (re2, yellow)."""
    rows = (band for band in BANDS if band.kind == "reflectance" and band.others and band.role not in _ALSO_ELSE)
    is_one = any(re.fullmatch(band.others, name, re.IGNORECASE) for band in rows)
    return Band(name, "reflectance") if is_one else None


def find_band(name: str, sensor: str | None = None) -> Band:
    """Return the row of a name; a name that the table lacks is a band of kind "other"."""
    return parse_band(name, sensor).band


def is_band(name: str) -> bool:
    """Whether a layer of this name is a band at all."""
    return find_band(name).kind != "by-product"


def is_classes(name: str) -> bool:
    """Whether the band's numbers are classes or flags (SCL, QA...), which serve the clear mask and not a network."""
    return find_band(name).kind == "classes"


def is_quality(name: str) -> bool:
    """Whether the band tells how good others are (SCL, CLD, QA...); no network learns from it, and it is never interpolated."""
    return find_band(name).is_quality


def is_reflectance(name: str, sensor: str | None = None) -> bool:
    """Whether the band is a reflectance, from which Sentinel-2's offset is taken off; B10 of Landsat 8 is a temperature."""
    return find_band(name, sensor).kind == "reflectance"


def band_with_role(role: str, names: Sequence[str], sensor: str | None = None) -> str | None:
    """Return which of the names has a role, e.g. "red", or None; narrow near infrared (nir08) serves where "nir" is missing."""
    parsed = [(name, parse_band(name, sensor)) for name in names]
    for wanted in (role, _SECOND_CHOICE.get(role)):
        rows = [band for band in BANDS if wanted and band.role == wanted]
        found = next((name for row in rows for name, one in parsed if one.band is row and not one.variant), None)
        if found is not None:
            return found
    return None


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Sort names into Sentinel-2's order; other names follow as they come."""
    place = {name: position for position, name in enumerate(SENTINEL2_ORDER)}
    return tuple(sorted(dict.fromkeys(names), key=lambda name: place.get(name, len(place))))
