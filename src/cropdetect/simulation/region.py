"""The regions that can be simulated: classes, calendar, soils, sizes of fields, clouds.

Class shares of `western-kenya` are those of the 1,402 test fields of 2020: the only whole numbers of fields that give all 35
class accuracies and the 5 overall accuracies printed by the organisers
(github.com/radiantearth/crop-type-detection-ICLR-2020) are maize 625, cassava 351, common bean 42, maize & common bean 209,
maize & cassava 74, maize & soybean 67, cassava & common bean 34.

Sizes come from the 319 polygons of ref_african_crops_kenya_01 (PlantVillage, CC-BY-SA-4.0): area lognormal, median 1,334 m2
and standard deviation 0.99 of its logarithm; minimum rotated rectangles 26 m wide and 65 m long (medians), elongation 2.4;
polygon fills 0.81 of its rectangle; nearest neighbours' centres 36 m apart; axes of fields within 150 m agree to 6 degrees
(median, modulo 90); neighbours do not share the crop more often than chance (0.16 against 0.20). Temperate sizes: Flemish and
French parcels, about 1 ha.
"""

from dataclasses import dataclass, field

from cropdetect.errors import OptionError


@dataclass(frozen=True)
class CropClass:
    """A class of the legend: what grows there and how common it is among surveyed fields."""

    name: str
    parts: tuple[str, ...]
    share: float


@dataclass(frozen=True)
class Region:
    """A place.

    Attributes:
        name: what the user types.
        epsg, left, top: CRS and upper left corner of the scene, metres.
        latitude, longitude: degrees, for the sun.
        year: the year whose calendar is the reference.
        dates: default acquisitions, "mmdd".
        overpass: hours UTC.
        classes: the legend, in the order of crop_id.
        other_crops: crops outside the legend, with their share of all patches.
        onset: days by which the season is later than in the species' table.
        width, length: median and log standard deviation of the strips that are cut into fields, metres.
        block: pitch of the blocks of fields between roads and paths, metres.
        angle: prevailing direction of the fields, degrees.
        soils: names in `spectra.SOILS`; the first is the commonest.
        rains: days of the year of the rains' peaks, with strength: they green the weeds and wet the soil.
        fallow, bush, homestead: shares of patches.
        cloud: mean cloud cover of an acquisition.
        base: height of cloud bases, metres.
        second_season: chance that a harvested field is planted again.
        weeds: factor on weeds and on what grows between two crops.
        second_crops: what is planted again.
    """

    name: str
    epsg: int
    left: float
    top: float
    latitude: float
    longitude: float
    year: int
    dates: tuple[str, ...]
    overpass: float
    classes: tuple[CropClass, ...]
    other_crops: dict[str, float]
    onset: float
    width: tuple[float, float]
    length: tuple[float, float]
    block: float
    angle: float
    soils: tuple[str, ...]
    rains: tuple[tuple[float, float, float], ...]
    fallow: float
    bush: float
    homestead: float
    cloud: float
    base: tuple[float, float]
    second_season: float
    weeds: float = 1.0
    second_crops: tuple[str, ...] = field(default=("maize", "common bean"))


_CV4A = (
    CropClass("Maize", ("maize",), 625 / 1402),
    CropClass("Cassava", ("cassava",), 351 / 1402),
    CropClass("Common Bean", ("common bean",), 42 / 1402),
    CropClass("Maize & Common Bean", ("maize", "common bean"), 209 / 1402),
    CropClass("Maize & Cassava", ("maize", "cassava"), 74 / 1402),
    CropClass("Maize & Soybean", ("maize", "soybean"), 67 / 1402),
    CropClass("Cassava & Common Bean", ("cassava", "common bean"), 34 / 1402),
)

_DATES_2019 = ("0606", "0701", "0706", "0711", "0721", "0805", "0815", "0825", "0909", "0919", "0924", "1004", "1103")

WESTERN_KENYA = Region(
    name="western-kenya",
    epsg=32636,
    left=613740.0,
    top=79160.0,
    latitude=0.44,
    longitude=34.2,
    year=2019,
    dates=_DATES_2019,
    overpass=8.17,
    classes=_CV4A,
    other_crops={"sugarcane": 0.05, "millet": 0.04, "groundnut": 0.04, "sweet potato": 0.03, "banana": 0.02},
    onset=0.0,
    width=(26.0, 0.52),
    length=(70.0, 0.66),
    block=520.0,
    angle=10.0,
    soils=("ferralsol", "arenosol", "vertisol"),
    rains=((125.0, 38.0, 1.0), (300.0, 35.0, 0.8)),
    fallow=0.17,
    bush=0.08,
    homestead=0.09,
    cloud=0.14,
    base=(900.0, 2200.0),
    second_season=0.55,
)

EASTERN_UGANDA = Region(
    name="eastern-uganda",
    epsg=32636,
    left=541000.0,
    top=118000.0,
    latitude=0.95,
    longitude=33.5,
    year=2019,
    dates=_DATES_2019,
    overpass=8.17,
    classes=_CV4A,
    other_crops={"millet": 0.08, "groundnut": 0.06, "sweet potato": 0.05, "banana": 0.04, "sugarcane": 0.01},
    onset=14.0,
    width=(36.0, 0.50),
    length=(80.0, 0.60),
    block=640.0,
    angle=50.0,
    soils=("arenosol", "vertisol", "ferralsol"),
    rains=((118.0, 34.0, 1.0), (285.0, 38.0, 0.9)),
    fallow=0.22,
    bush=0.12,
    homestead=0.06,
    cloud=0.20,
    base=(800.0, 2000.0),
    second_season=0.55,
)

FLANDERS = Region(
    name="flanders",
    epsg=32631,
    left=480000.0,
    top=5660040.0,
    latitude=50.9,
    longitude=3.0,
    year=2018,
    dates=(
        "0118",
        "0215",
        "0320",
        "0407",
        "0421",
        "0506",
        "0526",
        "0610",
        "0630",
        "0715",
        "0801",
        "0822",
        "0913",
        "1005",
        "1101",
    ),
    overpass=10.85,
    classes=(
        CropClass("maize", ("temperate maize",), 0.30),
        CropClass("winter wheat", ("winter wheat",), 0.22),
        CropClass("grass", (), 0.24),
        CropClass("potato", ("potato",), 0.12),
        CropClass("rapeseed", ("rapeseed",), 0.06),
        CropClass("soybean", ("temperate soybean",), 0.06),
    ),
    other_crops={},
    onset=0.0,
    width=(85.0, 0.45),
    length=(150.0, 0.50),
    block=900.0,
    angle=35.0,
    soils=("loam", "arenosol"),
    rains=((120.0, 70.0, 1.0), (280.0, 60.0, 0.7), (15.0, 50.0, 0.6)),
    fallow=0.03,
    bush=0.05,
    homestead=0.06,
    cloud=0.30,
    base=(700.0, 2500.0),
    second_season=0.40,
    weeds=1.8,
    second_crops=("cover crop",),
)

REGIONS: dict[str, Region] = {region.name: region for region in (WESTERN_KENYA, EASTERN_UGANDA, FLANDERS)}


def region_named(name: str) -> Region:
    """Return a region.

    Raises:
        OptionError: there is none of that name.
    """
    if name not in REGIONS:
        raise OptionError(f"there is no region {name!r} to simulate", where="region", fix=f"Use one of {', '.join(REGIONS)}.")
    return REGIONS[name]
