"""Write small rasters and cubes in every layout."""

from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import xarray as xr
from affine import Affine

CV4A_BANDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12", "CLD")
LEFT, TOP = 600_000.0, 100_000.0


def write_raster(
    path: Path,
    image: Any,
    *,
    pixel: float = 10,
    left: float = LEFT,
    top: float = TOP,
    crs: str | None = "EPSG:32636",
    nodata: float | None = None,
    descriptions: tuple[str, ...] = (),
    driver: str = "GTiff",
    **options: Any,
) -> Path:
    """Write an image (y, x) or (layer, y, x)."""
    layers = np.asarray(image)
    layers = layers[None] if layers.ndim == 2 else layers
    path.parent.mkdir(parents=True, exist_ok=True)
    georeference = {} if crs is None else {"crs": crs, "transform": Affine(pixel, 0, left, 0, -pixel, top)}
    count, height, width = layers.shape
    with rasterio.open(
        path, "w", driver=driver, count=count, height=height, width=width, dtype=layers.dtype, nodata=nodata,
        **georeference, **options,
    ) as file:  # fmt: skip
        file.write(layers)
        if descriptions:
            file.descriptions = descriptions
    return path


def cv4a_value(tile: int, date: int, band: int, shape: tuple[int, int]) -> np.ndarray[Any, Any]:
    """Return what `write_cv4a` writes: a number that differs for every tile, date, band and pixel."""
    pixels = np.arange(shape[0] * shape[1]).reshape(shape)
    return (1 + pixels + 1000 * band + 20000 * date + 300 * tile).astype(np.uint16)


def write_cv4a(
    root: Path,
    *,
    tiles: int = 1,
    days: tuple[str, ...] = ("20190606", "20190701"),
    shape: tuple[int, int] = (12, 9),
    cloud: int = 10,
    crs: str | None = "EPSG:32636",
) -> Path:
    """Write competition folders; CLD is `cloud` everywhere, but 90 at pixel (0, 0)."""
    for tile in range(tiles):
        for date, day in enumerate(days):
            for band, name in enumerate(CV4A_BANDS):
                image = cv4a_value(tile, date, band, shape)
                if name == "CLD":
                    image = np.full(shape, cloud, np.uint16)
                    image[0, 0] = 90
                write_raster(root / f"{tile:02d}" / day / f"{tile}_{name}_{day}.tif", image, crs=crs, left=LEFT + 1e5 * tile)
        write_raster(root / f"{tile:02d}" / f"{tile}_field_id.tif", np.ones(shape, np.float32), crs=crs)
        write_raster(root / f"{tile:02d}" / f"{tile}_label.tif", np.ones(shape, np.uint8), crs=crs)
    return root


def cube(
    variables: dict[str, Any],
    *,
    times: tuple[str, ...] = ("2018-04-15", "2018-04-25"),
    pixel: float = 10,
    left: float = LEFT,
    top: float = TOP,
    ascending: bool = False,
    attributes: dict[str, Any] | None = None,
    crs: dict[str, Any] | None = None,
    time: str = "time",
) -> xr.Dataset:
    """Make a cube of variables (time, y, x) given north up; `ascending` stores it south up."""
    _, height, width = next(iter(variables.values())).shape
    y = top - pixel * (np.arange(height) + 0.5)
    data = xr.Dataset(
        {name: ((time, "y", "x"), image, attributes or {}) for name, image in variables.items()},
        coords={time: np.array(times, "datetime64[ns]"), "y": y, "x": left + pixel * (np.arange(width) + 0.5)},
        attrs={"crs": "EPSG:32636"} if crs is None else crs,
    )
    return data.isel(y=slice(None, None, -1)) if ascending else data
