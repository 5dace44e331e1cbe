"""The one table of STAC catalogues and of the collections in them: addresses, names, and what the numbers mean.

A new catalogue is a row of `CATALOGUES`, a new product a row of `PRODUCTS`. A collection that the table lacks is read by what its
items declare.

Sources: https://earth-search.aws.element84.com/v1, https://planetarycomputer.microsoft.com/catalog,
https://documentation.dataspace.copernicus.eu/APIs/STAC.html, https://docs.digitalearthafrica.org; USGS, Landsat 8-9 Collection 2
Level 2 Science Product Guide (scale and offset of surface reflectance); NASA, HLS User Guide V2.0 (scale, fill values, Fmask).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, eq=False)
class Catalogue:
    """A STAC API.

    Attributes:
        url: its address.
        title: whose it is.
        collections: the first ones to try, for messages and the documentation.
        signing: how addresses of files are signed; see `SIGNERS`.
        places: beginning of the addresses of files -> what it is replaced by, and how the result is signed.
    """

    url: str
    title: str
    collections: tuple[str, ...] = ()
    signing: str = ""
    places: Mapping[str, tuple[str, str]] = field(default_factory=dict)


CATALOGUES: Mapping[str, Catalogue] = {
    "earth-search": Catalogue(
        url="https://earth-search.aws.element84.com/v1",
        title="Earth Search by Element 84: Sentinel-2 as COGs on AWS, without an account",
        collections=("sentinel-2-l2a", "sentinel-2-c1-l2a", "landsat-c2-l2", "sentinel-1-grd"),
        places={
            "s3://sentinel-cogs/": ("https://sentinel-cogs.s3.us-west-2.amazonaws.com/", ""),
            "s3://usgs-landsat/": ("https://usgs-landsat.s3.us-west-2.amazonaws.com/", "requester-pays"),
            "https://landsatlook.usgs.gov/data/": ("https://usgs-landsat.s3.us-west-2.amazonaws.com/", "requester-pays"),
        },
    ),
    "planetary-computer": Catalogue(
        url="https://planetarycomputer.microsoft.com/api/stac/v1",
        title="Microsoft's Planetary Computer: Sentinel-1 and -2, Landsat, HLS as COGs, without an account",
        collections=("sentinel-2-l2a", "sentinel-1-rtc", "landsat-c2-l2", "hls2-s30", "hls2-l30"),
        signing="planetary-computer",
    ),
    "cdse": Catalogue(
        url="https://stac.dataspace.copernicus.eu/v1",
        title="Copernicus Data Space: ESA's own files (JP2, fetched whole), with S3 keys",
        collections=("sentinel-2-l2a", "sentinel-2-l1c"),
        places={"s3://eodata/": ("https://eodata.dataspace.copernicus.eu/eodata/", "cdse")},
    ),
    "deafrica": Catalogue(
        url="https://explorer.digitalearth.africa/stac",
        title="Digital Earth Africa: Sentinel-1 and -2 and Landsat of Africa as COGs, without an account",
        collections=("s2_l2a", "s1_rtc", "ls8_sr", "ls9_sr"),
        places={
            f"s3://deafrica-{name}/": (f"https://deafrica-{name}.s3.af-south-1.amazonaws.com/", "")
            for name in ("sentinel-2", "sentinel-1", "landsat")
        },
    ),
}


@dataclass(frozen=True, eq=False)
class Product:
    """What the images of a collection are, where items do not say it, or say it wrongly.

    Attributes:
        collections: regular expression of the names of the collections.
        sensor: whose bands they are; "landsat": the items' platform tells which.
        scale: factor and
        add: summand that make reflectance (0 to 1) of stored numbers; None: as the items declare.
        nodata: number that means "no value"; None: as the items and files declare.
        has_offset: whether Sentinel-2's offset of 1000 may be in the numbers.
        clear: which pixels are clear, as in `--clear`, where the usual table does not tell.
        names: name of an asset -> name of its band, where the table of bands does not tell.
    """

    collections: str
    sensor: str | None = None
    scale: float | None = None
    add: float = 0.0
    nodata: float | None = None
    has_offset: bool = False
    clear: str = ""
    names: Mapping[str, str] = field(default_factory=dict)


PRODUCTS: tuple[Product, ...] = (
    Product(
        r"sentinel-2-(c1-)?l2a|s2_l2a(_c1)?|sentinel-s2-l2a-cogs",
        "sentinel-2", scale=1e-4, nodata=0, has_offset=True, names={"cloud": "CLD", "snow": "SNW"},
    ),
    Product(r"sentinel-2-l1c", "sentinel-2", scale=1e-4, nodata=0, has_offset=True),
    Product(r"hls2?-?s30(_2\.0|-v2.*)?", "sentinel-2", scale=1e-4, nodata=-9999, clear="Fmask&31=0"),
    Product(r"hls2?-?l30(_2\.0|-v2.*)?", "landsat-8", scale=1e-4, nodata=-9999, clear="Fmask&31=0"),
    Product(
        r"landsat-c2-?l2(-sr)?|ls[5789]_sr",
        "landsat", scale=2.75e-5, add=-0.2, nodata=0, names={"pixel_quality": "QA_PIXEL"},
    ),
    Product(r"sentinel-1-(rtc|grd)|s1_rtc", "sentinel-1"),
)  # fmt: skip


def product_of(collection: str) -> Product | None:
    """Return the row of a collection, or None."""
    return next((row for row in PRODUCTS if re.fullmatch(row.collections, collection, re.IGNORECASE)), None)
