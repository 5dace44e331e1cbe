"""Sentinel-1 in the layouts of folders and of cubes: power, one file a pass and polarisation, or one cube a direction."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import rasterio
import xarray as xr
from pyproj import CRS

from cropdetect.simulation.frame import PIXEL, Frame
from cropdetect.simulation.geotiff import grid, write_geotiff
from cropdetect.simulation.region import Region
from cropdetect.simulation.sentinel1 import Pass, RadarImage
from cropdetect.simulation.water_cloud import POLARISATIONS

_CHUNK = 256
_ORBIT_A_DAY = 175 / 12  # orbits
_FIRST = 736_700  # ordinal of a day from which orbits are counted here


def write_geotiff_pass(out: Path, region: Region, image: RadarImage, folder: str) -> None:
    """Write one tile and pass into `out / folder`, named as ground range products of Sentinel-1."""
    (out / folder).mkdir(parents=True, exist_ok=True)
    moment = f"{image.overflight.day:%Y%m%d}T{image.overflight.time(region.longitude)}"
    orbit = round((image.overflight.day.toordinal() - _FIRST) * _ORBIT_A_DAY)
    stem = f"S1A_IW_GRDH_1SDV_{moment}_{moment[:-2]}25_{orbit:06d}_{orbit:06X}_{orbit % 65536:04X}"
    for polarisation, power in image.bands.items():
        path = out / folder / f"{stem}_{polarisation}.tif"
        write_geotiff(path, power[image.frame.inside(10)], region, image.frame, PIXEL)
        with rasterio.open(path, "r+") as file:
            file.units = ("linear power",)
            file.update_tags(**{"sat:orbit_state": f"{image.overflight.direction}ending"})


def keep_pass(scratch: Path, image: RadarImage) -> None:
    """Keep the arrays of one tile and pass for `write_radar_cubes`."""
    for polarisation, power in image.bands.items():
        np.save(_kept(scratch, image.frame, image.overflight, polarisation), power[image.frame.inside(10)])


def write_radar_cubes(folder: Path, scratch: Path, region: Region, frame: Frame, passes: Sequence[Pass]) -> None:
    """Write `S1_asc.nc` and `S1_desc.nc` of one tile from what `keep_pass` kept."""
    folder.mkdir(parents=True, exist_ok=True)
    transform = grid(region, frame, PIXEL)
    for direction in sorted({one.direction for one in passes}):
        own = [one for one in passes if one.direction == direction]
        cubes = {name: np.stack([np.load(_kept(scratch, frame, one, name)) for one in own]) for name in POLARISATIONS}
        _, height, width = cubes["VV"].shape
        data = xr.Dataset(
            {
                name: (("time", "y", "x"), cube, {"units": "linear power", "grid_mapping": "spatial_ref"})
                for name, cube in cubes.items()
            },
            coords={
                "time": np.array([one.day for one in own], "datetime64[ns]"),
                "y": transform.f - PIXEL * (np.arange(height) + 0.5),
                "x": transform.c + PIXEL * (np.arange(width) + 0.5),
                "spatial_ref": ((), 0, CRS.from_epsg(region.epsg).to_cf()),
            },
            attrs={"platform": "sentinel-1", "sat:orbit_state": f"{direction}ending"},
        )
        chunks = (1, min(_CHUNK, height), min(_CHUNK, width))
        encoding = {name: {"zlib": True, "complevel": 1, "chunksizes": chunks} for name in POLARISATIONS}
        data.to_netcdf(folder / f"S1_{direction}.nc", engine="h5netcdf", encoding=encoding)


def _kept(scratch: Path, frame: Frame, overflight: Pass, polarisation: str) -> Path:
    return scratch / f"{frame.tile}_{overflight.day:%Y%m%d}_{overflight.direction}_{polarisation}.npy"
