"""The crop map: a Cloud Optimized GeoTIFF on the imagery's grid, painted window by window."""

import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import rasterio
import rasterio.shutil
from odc.geo.geobox import GeoBox
from rasterio.errors import NotGeoreferencedWarning
from rasterio.features import rasterize
from rasterio.io import MemoryFile
from shapely import box

from cropdetect.fields import FieldSet, IdRaster
from cropdetect.imagery import Imagery, Window, laid_on
from cropdetect.outputs.colours import class_colours

_NO_NAME = re.compile(r"[^\w.-]")
_BLOCK = 512
_SIDE = 4 * _BLOCK  # pixels: windows of this side are painted at a time, whatever the size of the imagery
_AT_ONCE = 4096  # fields that are painted at a time, at more than a kilobyte each
_CACHE = 128 * 2**20  # bytes of blocks that GDAL keeps

_Paint = Callable[[Window], npt.NDArray[np.integer]]


def write_crop_maps(
    table: gpd.GeoDataFrame, legend: Sequence[str], imagery: Imagery, fields: FieldSet | None, folder: Path
) -> list[Path]:
    """Write `crop_map.tif`, or `crop_map_<tile>.tif` for each of several tiles.

    A pixel is the crop_id of its field, 0 where there is none or the field has no crop. Fields are where their ids are
    painted, or else where a pixel's centre lies in their polygon; where polygons overlap, the smaller is on top.

    Args:
        table: `prediction_table`.
        legend: class names.
        imagery: the tiles.
        fields: id rasters of the tiles, where there are some.
        folder: where to write.

    Raises:
        FieldsError: an id raster cannot be laid on its tile's grid.
        UnreadableFileError: an id raster is damaged.
    """
    rasters = fields.rasters if fields is not None and fields.rasters else (None,) * len(imagery.tiles)
    crops = table[table["crop_id"].notna()]
    shapes = _Shapes(crops)
    written = []
    names = map_names("crop_map", [tile.name for tile in imagery.tiles])
    for position, (name, tile, raster) in enumerate(zip(names, imagery.tiles, rasters, strict=True)):
        if raster is None:
            _write_cog(folder / name, tile.geobox, legend, shapes.painter(tile.geobox))
        else:
            with IdRaster(raster, tile.geobox) as ids:
                painted = fields.names_of(position) if fields is not None else None
                _write_cog(folder / name, tile.geobox, legend, _painter_of_ids(ids, crops, painted))
        written.append(folder / name)
    return written


def map_names(stem: str, tiles: Sequence[str]) -> list[str]:
    """Return a safe file name for each tile: `<stem>.tif` where there is one, else `<stem>_<tile>.tif`."""
    if len(tiles) == 1:
        return [f"{stem}.tif"]
    names: list[str] = []
    for position, tile in enumerate(tiles):
        safe = _NO_NAME.sub("_", tile)
        name = f"{stem}_{safe}.tif"
        names.append(name if tile and name not in names else f"{stem}_{tile and safe + '_'}{position}.tif")
    return names


def _painter_of_ids(raster: IdRaster, crops: gpd.GeoDataFrame, names: "pd.Series[Any] | None") -> _Paint:
    crop_of = pd.Series(crops["crop_id"].to_numpy(np.int64), index=crops["field_id"].to_numpy())
    if names is not None:
        crop_of = crop_of.reindex(names.to_numpy()).set_axis(names.index).dropna().astype(np.int64)
    row_of_id = crop_of.index
    crop_ids = np.append(crop_of.to_numpy(), 0)  # the last, at -1, for unknown ids

    def paint(window: Window) -> npt.NDArray[np.integer]:
        unique, position = np.unique(raster.read(window), return_inverse=True)
        crop = crop_ids[np.where(unique == 0, -1, row_of_id.get_indexer(pd.Index(unique)))]
        return np.asarray(crop[position].reshape(window.shape))

    return paint


class _Shapes:
    """The fields with a crop, large ones first, in the CRS of any grid.

    Args:
        crops: fields with a crop_id.
    """

    def __init__(self, crops: gpd.GeoDataFrame) -> None:
        there = crops.geometry.notna() & ~crops.geometry.is_empty
        self._crops = gpd.GeoDataFrame(
            {"crop_id": crops.loc[there, "crop_id"].to_numpy(np.int64)}, geometry=crops.geometry[there].array
        )
        self._laid: dict[tuple[str, float], gpd.GeoDataFrame] = {}

    def painter(self, geobox: GeoBox) -> _Paint:
        shapes = self._laid_on(geobox)

        def paint(window: Window) -> npt.NDArray[np.integer]:
            part = geobox[window.top : window.bottom, window.left : window.right]
            found = np.sort(shapes.sindex.query(box(*part.boundingbox)))
            painted = np.zeros(window.shape, np.int32)
            for start in range(0, len(found), _AT_ONCE):
                here = shapes.iloc[found[start : start + _AT_ONCE]]
                pairs = zip(here.geometry, here["crop_id"].tolist(), strict=True)
                rasterize(pairs, out=painted, transform=part.affine)
            return painted

        return paint

    def _laid_on(self, geobox: GeoBox) -> gpd.GeoDataFrame:
        crs = "" if geobox.crs is None else geobox.crs.to_wkt()
        key = crs, geobox.affine.c // 90 if geobox.crs is not None and geobox.crs.geographic else 0.0
        if key not in self._laid:
            shapes = self._crops.set_geometry(laid_on(self._crops.geometry, geobox))
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="Geometry is in a geographic CRS")  # areas are compared only
                order = np.argsort(-shapes.area.to_numpy(), kind="stable")
            self._laid[key] = shapes.iloc[order].reset_index(drop=True)
        return self._laid[key]


def _write_cog(path: Path, geobox: GeoBox, legend: Sequence[str], paint: _Paint) -> None:
    """Write the map in blocks, then copy it into the layout of a COG, which cannot be written in blocks.

    Both lie compressed in memory, about a fiftieth of the pixels' size, until the COG is whole: GDAL itself is silent when a
    disk fills up while it closes a file.
    """
    height, width = (int(side) for side in geobox.shape)
    dtype = "uint8" if len(legend) <= 255 else "uint16"
    colours = {0: (0, 0, 0, 0)} | {k + 1: (*colour, 255) for k, colour in enumerate(class_colours(len(legend)))}
    with (
        rasterio.Env(GDAL_PAM_ENABLED="NO", GDAL_CACHEMAX=_CACHE),
        warnings.catch_warnings(action="ignore", category=NotGeoreferencedWarning),
        MemoryFile(ext=".tif") as blocks,
        MemoryFile(ext=".tif") as cog,
    ):
        with blocks.open(
            driver="GTiff",
            height=height,
            width=width,
            count=1,
            dtype=dtype,
            nodata=0,
            crs=geobox.crs.to_wkt() if geobox.crs is not None else None,
            transform=geobox.affine,
            tiled=True,
            blockxsize=_BLOCK,
            blockysize=_BLOCK,
            compress="deflate",
            bigtiff="if_safer",
        ) as file:
            file.write_colormap(1, colours)
            file.set_band_description(1, "crop_id")
            file.update_tags(**{f"crop_id_{k + 1}": name for k, name in enumerate(legend)})
            for window in _windows(height, width):
                pixels = paint(window).astype(dtype)
                (rows, columns) = window.shape
                file.write(pixels, 1, window=rasterio.windows.Window(window.left, window.top, columns, rows))
        settings = {"compress": "deflate", "blocksize": _BLOCK, "overview_resampling": "mode", "bigtiff": "if_safer"}
        rasterio.shutil.copy(blocks.name, cog.name, driver="COG", **settings)
        with path.open("wb") as whole:
            whole.write(cog.getbuffer())


def _windows(height: int, width: int) -> Iterator[Window]:
    for top in range(0, height, _SIDE):
        for left in range(0, width, _SIDE):
            yield Window(top, left, min(height, top + _SIDE), min(width, left + _SIDE))
