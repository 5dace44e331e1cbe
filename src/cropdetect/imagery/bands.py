"""The one table of bands: what a name means, whatever file or checkpoint it stands in.

A new sensor is a few more rows. The central wavelengths of Sentinel-2 are those of its unit A (ESA, Sentinel-2 spectral response
functions, COPE-GSEG-EOPG-TN-15-0007); the roles are the common names of STAC's extension for electro-optical data.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
        sensor: "sentinel-2", "sentinel-1", or None where several sensors use the name.
        wavelength: centre, nm; None where it is none or depends on the sensor.
        clear: operator and numbers that clear pixels have, as in `--clear`; "" where the band tells nothing of clouds.
        pattern: regular expression of all its spellings, in any case; default: the name.
        in_paths: whether the name is distinctive enough to be looked for in the path of a file.
    """

    name: str
    kind: Kind
    role: str = ""
    sensor: str | None = None
    wavelength: float | None = None
    clear: str = ""
    pattern: str = ""
    in_paths: bool = True

    @property
    def spellings(self) -> str:
        """The pattern, or the name where there is none."""
        return self.pattern or self.name

    @property
    def is_quality(self) -> bool:
        """Whether the band tells how good other bands are: classes, probabilities and masks. It is never interpolated."""
        return self.kind in ("classes", "probability", "mask")


def _sentinel2(name: str, role: str, wavelength: float) -> Band:
    return Band(name, "reflectance", role, "sentinel-2", wavelength)


#: All bands that are known by name; the first row that fits a name counts.
BANDS: tuple[Band, ...] = (
    _sentinel2("B01", "coastal", 442.7),
    _sentinel2("B02", "blue", 492.7),
    _sentinel2("B03", "green", 559.8),
    _sentinel2("B04", "red", 664.6),
    _sentinel2("B05", "rededge071", 704.1),
    _sentinel2("B06", "rededge075", 740.5),
    _sentinel2("B07", "rededge078", 782.8),
    _sentinel2("B08", "nir", 832.8),
    _sentinel2("B8A", "nir08", 864.7),
    _sentinel2("B09", "nir09", 945.1),
    _sentinel2("B10", "cirrus", 1373.5),
    _sentinel2("B11", "swir16", 1613.7),
    _sentinel2("B12", "swir22", 2202.4),
    Band("SCL", "classes", sensor="sentinel-2", clear="=4,5,6,7"),  # vegetation, soil, water, unclassified
    Band("CLD", "probability", sensor="sentinel-2", clear="<40"),
    Band("SCL_20m", "mask", in_paths=False),
    Band("SNW", "probability", in_paths=False),
    Band("dataMask", "mask", in_paths=False),
    Band("CLM", "classes"),
    Band("Fmask", "classes"),
    Band("QA", "classes", pattern=r"B?QA(?:_?PIXEL|\d+)?"),
    Band("QA*, *_QA, QC, MSK*", "classes", pattern=r"B?QA.*|.*_QA|QC|MSK.*", in_paths=False),
    Band("VV", "backscatter", sensor="sentinel-1"),
    Band("VH", "backscatter", sensor="sentinel-1"),
    Band("HH", "backscatter", sensor="sentinel-1"),
    Band("HV", "backscatter", sensor="sentinel-1"),
    # Numbers without a zero: these four are the same in Sentinel-2 and Landsat 8, but for B8.
    Band("B2", "reflectance", "blue"),
    Band("B3", "reflectance", "green"),
    Band("B4", "reflectance", "red"),
    Band("B8", "reflectance", "nir"),
    Band("B<number>", "reflectance", pattern=r"B\d{1,2}A?"),
    Band("coastal", "reflectance", "coastal", in_paths=False),
    Band("blue", "reflectance", "blue"),
    Band("green", "reflectance", "green"),
    Band("red", "reflectance", "red"),
    Band("nir", "reflectance", "nir"),
    Band("rededge", "reflectance", in_paths=False),
    Band("rededge<number>", "reflectance", pattern=r"rededge\d+"),
    Band("nir<number>", "reflectance", pattern=r"nir\d+", in_paths=False),
    Band("swir", "reflectance", in_paths=False),
    Band("swir<number>", "reflectance", pattern=r"swir\d+"),
    Band("NDVI", "index"),
    Band("EVI", "index"),
    Band("TCI", "by-product", in_paths=False),
    Band("PVI", "by-product", in_paths=False),
    Band("AOT", "by-product", in_paths=False),
    Band("WVP", "by-product", in_paths=False),
    Band("field ids", "by-product", pattern=r"field_?ids?|labels?", in_paths=False),
)

#: Sentinel-2's bands in the order in which a series has them.
SENTINEL2_ORDER = tuple(band.name for band in BANDS if band.sensor == "sentinel-2")

#: The bands of the 2020 competition, in the order of its network.
COMPETITION_BANDS = tuple(name for name in SENTINEL2_ORDER if name not in ("B10", "SCL"))

_SECOND_CHOICE = {"nir": "nir08"}


@lru_cache(maxsize=4096)
def find_band(name: str) -> Band:
    """Return the row of a name, in any case; a name that the table lacks is a band of kind "other"."""
    return next((band for band in BANDS if re.fullmatch(band.spellings, name, re.IGNORECASE)), Band(name, "other"))


def is_band(name: str) -> bool:
    """Whether a layer of this name is a band at all."""
    return find_band(name).kind != "by-product"


def is_classes(name: str) -> bool:
    """Whether the band's numbers are classes or flags (SCL, QA...), which serve the clear mask and not a network."""
    return find_band(name).kind == "classes"


def is_quality(name: str) -> bool:
    """Whether the band tells how good others are (SCL, CLD, QA...); no network learns from it, and it is never interpolated."""
    return find_band(name).is_quality


def is_reflectance(name: str) -> bool:
    """Whether the band is a reflectance, from which Sentinel-2's offset is taken off."""
    return find_band(name).kind == "reflectance"


def band_with_role(role: str, names: Sequence[str]) -> str | None:
    """Return which of the names has a role, e.g. "red", or None; narrow near infrared (nir08) serves where "nir" is missing."""
    for wanted in (role, _SECOND_CHOICE.get(role)):
        rows = [band for band in BANDS if wanted and band.role == wanted]
        found = next((name for row in rows for name in names if find_band(name) is row), None)
        if found is not None:
            return found
    return None


def sensor_of(names: Iterable[str]) -> str | None:
    """Guess the sensor from band names: "sentinel-2", "sentinel-1" or None."""
    sensors = {find_band(name).sensor for name in names if not is_quality(name)}
    if "sentinel-2" in sensors:
        return "sentinel-2"
    return "sentinel-1" if sensors == {"sentinel-1"} else None


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Sort names into Sentinel-2's order; other names follow as they come."""
    place = {name: position for position, name in enumerate(SENTINEL2_ORDER)}
    return tuple(sorted(dict.fromkeys(names), key=lambda name: place.get(name, len(place))))
