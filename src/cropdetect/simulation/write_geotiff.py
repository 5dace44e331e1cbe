"""The layout of a folder of GeoTIFFs: one file a date and band at its native resolution, with SCL.

Files are named as those of Sentinel-2 products.
"""

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from rasterio.features import shapes
from shapely.geometry import shape
from shapely.ops import unary_union

from cropdetect.simulation.acquire import Acquisition
from cropdetect.simulation.frame import PIXEL, Frame
from cropdetect.simulation.geotiff import grid, write_geotiff
from cropdetect.simulation.region import Region
from cropdetect.simulation.spectra import RESOLUTION

_GRANULE = {"western-kenya": "T36NXF", "eastern-uganda": "T36NWF", "flanders": "T31UDS"}
_SMOOTH = 6.0  # metres: a surveyor walks round a field, not round its pixels


def write_geotiff_date(out: Path, region: Region, acquisition: Acquisition, folder: str) -> None:
    """Write one tile and date into `out / folder`."""
    frame = acquisition.frame
    (out / folder).mkdir(parents=True, exist_ok=True)
    hour = f"T{int(region.overpass):02d}{int(region.overpass % 1 * 60):02d}00"
    stem = f"{_GRANULE[region.name]}_{acquisition.day:%Y%m%d}{hour}"
    images: dict[str, Any] = {**acquisition.bands, "SCL": acquisition.masks.scene_class}
    for band, image in images.items():
        resolution = RESOLUTION.get(band, 20)
        path = out / folder / f"{stem}_{band}_{resolution}m.tif"
        write_geotiff(path, image[frame.inside(resolution)], region, frame, resolution, compress="deflate")


def field_polygons(region: Region, ids: dict[Frame, npt.NDArray[np.int32]], truth: pd.DataFrame) -> gpd.GeoDataFrame:
    """Turn id rasters into polygons with the fields' labels (null where they are withheld), split and block."""
    parts: dict[int, list[object]] = {}
    for frame, raster in ids.items():
        for geometry, value in shapes(raster, mask=raster > 0, transform=grid(region, frame, PIXEL)):
            parts.setdefault(int(value), []).append(shape(geometry))
    outlines = {i: unary_union(p).buffer(0.1).simplify(_SMOOTH) for i, p in parts.items()}
    table = truth[["field_id", "split", "block"]].copy()
    table["label"] = truth["label"].where(truth["split"] == "train", None)
    return gpd.GeoDataFrame(table, geometry=[outlines.get(i) for i in truth["field_id"]], crs=f"EPSG:{region.epsg}")
