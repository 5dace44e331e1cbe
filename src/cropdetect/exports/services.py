"""Where the images of each sensor are, at each service: a new one is a row of `SERVICES`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Service = Literal["earth-engine", "openeo"]


@dataclass(frozen=True)
class Collection:
    """A collection of images.

    Attributes:
        names: its identifiers; several are merged.
        bands: our name of each band -> the service's.
        scale: metres of a pixel.
        mask: the band that tells clear pixels; the templates know how.
    """

    names: tuple[str, ...]
    bands: Mapping[str, str]
    scale: int
    mask: Literal["SCL", "QA_PIXEL"]


_SENTINEL_2 = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12")
#: Sentinel-2's bands with pixels of 10 and 20 m.
FINE_BANDS = ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12")
#: service -> sensor -> its images. Sources: Earth Engine Data Catalog; collections of openeo.dataspace.copernicus.eu.
SERVICES: Mapping[Service, Mapping[str, Collection]] = {
    "earth-engine": {
        "sentinel-2": Collection(
            ("COPERNICUS/S2_SR_HARMONIZED",), {band: band.replace("B0", "B") for band in _SENTINEL_2}, scale=10, mask="SCL"
        ),
        "landsat-8": Collection(
            ("LANDSAT/LC08/C02/T1_L2", "LANDSAT/LC09/C02/T1_L2"),
            {f"B{number}": f"SR_B{number}" for number in range(1, 8)},
            scale=30,
            mask="QA_PIXEL",
        ),
    },
    "openeo": {"sentinel-2": Collection(("SENTINEL2_L2A",), {band: band for band in _SENTINEL_2}, scale=10, mask="SCL")},
}
