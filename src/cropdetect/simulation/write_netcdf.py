"""The layout of NetCDF cubes: one file a resolution (time, y, x), with SCL, as Earth Engine and openEO export them."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr
from pyproj import CRS

from cropdetect.simulation.acquire import Acquisition
from cropdetect.simulation.frame import Frame
from cropdetect.simulation.geotiff import grid
from cropdetect.simulation.region import Region
from cropdetect.simulation.spectra import RESOLUTION

_CHUNK = 256


def keep_date(scratch: Path, acquisition: Acquisition) -> None:
    """Keep the arrays of one tile and date for `write_cubes`: a NetCDF file has one writer only."""
    frame = acquisition.frame
    images: dict[str, Any] = {**acquisition.bands, "SCL": acquisition.masks.scene_class}
    for band, image in images.items():
        inside = image[frame.inside(RESOLUTION.get(band, 20))]
        np.save(scratch / f"{frame.tile}_{acquisition.day:%Y%m%d}_{band}.npy", inside)


def write_cubes(folder: Path, scratch: Path, region: Region, frame: Frame, days: Sequence[dt.date]) -> None:
    """Write `S2_10m.nc`, `S2_20m.nc` and `S2_60m.nc` of one tile from what `keep_date` kept."""
    folder.mkdir(parents=True, exist_ok=True)
    bands = {**RESOLUTION, "SCL": 20}
    for resolution in sorted(set(bands.values())):
        path = folder / f"S2_{resolution}m.nc"
        transform = grid(region, frame, resolution)
        mode: Literal["w", "a"] = "w"
        for band in (b for b in bands if bands[b] == resolution):
            files = [scratch / f"{frame.tile}_{day:%Y%m%d}_{band}.npy" for day in days]
            cube = np.stack([np.load(file) for file in files])
            _, height, width = cube.shape
            array = xr.DataArray(
                cube,
                dims=("time", "y", "x"),
                coords={
                    "time": np.array(days, "datetime64[ns]"),
                    "y": transform.f - resolution * (np.arange(height) + 0.5),
                    "x": transform.c + resolution * (np.arange(width) + 0.5),
                    "spatial_ref": ((), 0, CRS.from_epsg(region.epsg).to_cf()),
                },
                attrs={"grid_mapping": "spatial_ref"},
            )
            chunks = (1, min(_CHUNK, height), min(_CHUNK, width))
            encoding = {band: {"zlib": True, "complevel": 1, "chunksizes": chunks}}
            array.to_dataset(name=band).to_netcdf(path, mode=mode, engine="h5netcdf", encoding=encoding)
            mode = "a"
