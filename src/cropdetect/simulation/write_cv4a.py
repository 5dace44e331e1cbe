"""The layout of the 2020 competition: one GeoTIFF a tile, date and band, all on 10 m, uncompressed."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from cropdetect.simulation.acquire import Acquisition
from cropdetect.simulation.frame import PIXEL, Frame
from cropdetect.simulation.geotiff import write_geotiff
from cropdetect.simulation.region import Region
from cropdetect.simulation.spectra import RESOLUTION

CV4A_BANDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12", "CLD")


def write_cv4a_date(out: Path, region: Region, acquisition: Acquisition) -> None:
    """Write the 13 files of one tile and date; coarser bands by nearest neighbour."""
    frame = acquisition.frame
    folder = out / f"{frame.tile:02d}" / f"{acquisition.day:%Y%m%d}"
    folder.mkdir(parents=True)
    for band in CV4A_BANDS:
        native = acquisition.masks.cloud_probability.astype(np.uint16) if band == "CLD" else acquisition.bands[band]
        image = on_10m(native, RESOLUTION.get(band, 20))[frame.inside(10)]
        name = f"{frame.tile}_{band}_{acquisition.day:%Y%m%d}.tif"
        write_geotiff(folder / name, image, region, frame, PIXEL)


def on_10m(image: npt.NDArray[np.uint16], resolution: int) -> npt.NDArray[np.uint16]:
    """Repeat the pixels of a coarser band."""
    factor = resolution // 10
    return image if factor == 1 else image.repeat(factor, 0).repeat(factor, 1)


def write_cv4a_fields(out: Path, region: Region, frame: Frame, ids: npt.NDArray[np.int32], labels: npt.NDArray[np.uint8]) -> None:
    """Write field ids and labels (0: no field, or label withheld) of one tile."""
    folder = out / f"{frame.tile:02d}"
    folder.mkdir(parents=True, exist_ok=True)
    write_geotiff(folder / f"{frame.tile}_field_id.tif", ids, region, frame, PIXEL)
    write_geotiff(folder / f"{frame.tile}_label.tif", labels, region, frame, PIXEL)
