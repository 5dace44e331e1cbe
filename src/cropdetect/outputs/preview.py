"""A small picture of the area without clouds: `preview.tif`."""

import math
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import rasterio
from affine import Affine
from rasterio.errors import NotGeoreferencedWarning

from cropdetect.imagery import Imagery, ImageSeries, Window, band_with_role, laid_on
from cropdetect.inference import FieldSeries, Predictions
from cropdetect.outputs.crop_map import map_names
from cropdetect.outputs.spectral import ndvi, true_colour
from cropdetect.spare_memory import give_back

_SIDE = 1000  # pixels of the longer side, at most
_TILES = 16  # imagery of more tiles (a chip each) gets no pictures
_MARGIN = 0.05  # of the fields' extent, beyond it
_STRIP = 8 * 2**20  # bytes read at a time
_ROWS = 100  # of the picture of which the median is taken at a time: a median takes several times the memory of its dates
_FEWEST, _MOST = 3, 5  # dates that are read: as many as it takes until nearly all pixels were clear once
_CLEAR_ENOUGH = 0.99
_BROWN, _GREEN = np.array([200.0, 170, 120]), np.array([20.0, 100, 30])  # NDVI 0 and 1


def write_previews(predictions: Predictions, imagery: Imagery, folder: Path) -> list[Path]:
    """Write `preview.tif`, or `preview_<tile>.tif` for each of several tiles: RGB, JPEG inside, on the tile's own CRS.

    True colour where the bands are there, else NDVI from brown to green, else the first band in grey: the median of a few clear
    and green dates, pixel by pixel. Read in strips and averaged down to 1,000 pixels, so memory does not grow with the imagery.
    The tags `date` and `picture` say what it shows.

    Args:
        predictions: the answers, with their seasons: they tell which days are clear and green.
        imagery: the tiles.
        folder: where to write.

    Raises:
        UnreadableFileError: a file of the imagery is damaged.
    """
    written: list[Path] = []
    tiles = imagery.tiles
    if len(tiles) > _TILES:
        return written
    for name, tile in zip(map_names("preview", [tile.name for tile in tiles]), tiles, strict=True):
        window = _window_of_fields(predictions, tile)
        if window is not None and predictions.series is not None and tile.dates:
            _write_preview(folder / name, predictions.series, tile, window)
            written.append(folder / name)
            give_back()
    return written


def _write_preview(path: Path, series: FieldSeries, tile: ImageSeries, window: Window) -> None:
    composite, days = _composite(series, tile, window)
    pixels, picture = _picture(composite)
    affine = tile.geobox.affine @ Affine.translation(window.left, window.top) @ Affine.scale(composite.factor)
    crs = tile.geobox.crs.to_wkt() if tile.geobox.crs is not None else None
    _write(path, pixels, affine, crs, {"date": _dates(days), "picture": picture})


def _composite(series: FieldSeries, tile: ImageSeries, window: Window) -> tuple["_Look", list[str]]:
    """Return the median of a few dates, and these dates."""
    looks: list[_Look] = []
    days: list[str] = []
    for position in _green_and_clear(series, tile):
        looks.append(_look(tile, window, position))
        days.append(str(tile.dates[position]))
        if len(looks) >= _FEWEST and _clear_share(looks) >= _CLEAR_ENOUGH:
            break
    return replace(looks[0], image=_median(looks)), days


def _dates(days: list[str]) -> str:
    return days[0] if len(days) == 1 else f"median of {len(days)} dates, {min(days)} to {max(days)}"


def _clear_share(looks: Sequence["_Look"]) -> float:
    """Return the share of the pixels that are clear on one of the dates at least."""
    return float(np.any([np.isfinite(look.image).all(axis=2) for look in looks], axis=0).mean())


def _median(looks: Sequence["_Look"]) -> npt.NDArray[np.float32]:
    """Return the median of the clear dates of each pixel; of all dates where none is clear."""
    parts = []
    with warnings.catch_warnings(action="ignore", category=RuntimeWarning):  # no date at all: NaN
        for top in range(0, len(looks[0].image), _ROWS):
            rows = slice(top, top + _ROWS)
            clear = np.nanmedian([look.image[rows] for look in looks], axis=0)
            every = np.nanmedian([look.cloudy[rows] for look in looks], axis=0)
            parts.append(np.where(np.isfinite(clear), clear, every))
    return np.concatenate(parts, dtype=np.float32)


def _write(path: Path, pixels: npt.NDArray[np.uint8], affine: Affine, crs: str | None, tags: dict[str, str]) -> None:
    height, width = pixels.shape[:2]
    with warnings.catch_warnings(action="ignore", category=NotGeoreferencedWarning), rasterio.Env(GDAL_PAM_ENABLED="NO"):
        settings = {"compress": "jpeg", "jpeg_quality": 88, "photometric": "ycbcr", "interleave": "pixel"}
        with rasterio.open(
            path, "w", driver="GTiff", height=height, width=width, count=3, dtype="uint8", crs=crs, transform=affine, **settings
        ) as file:
            file.write(np.moveaxis(pixels, 2, 0))
            file.update_tags(**tags)


@dataclass(frozen=True)
class _Look:
    """One date of a window, averaged down.

    Attributes:
        image: (y, x, band) float32, the clear pixels; NaN where there is none.
        cloudy: (y, x, band) float32, all pixels; NaN without data.
        bands: names.
        factor: pixels of the imagery a side of one pixel here.
    """

    image: npt.NDArray[np.float32]
    cloudy: npt.NDArray[np.float32]
    bands: tuple[str, ...]
    factor: int


def _green_and_clear(series: FieldSeries, tile: ImageSeries) -> list[int]:
    """Return a few of the tile's dates: of those on which most fields are clear the greenest come first."""
    days = np.array(tile.dates, "datetime64[D]")
    place = np.searchsorted(days, series.date).clip(max=len(days) - 1)
    there = days[place] == series.date
    clear = there & np.isfinite(series.values).any(axis=1)
    n_clear = np.bincount(place[clear], minlength=len(days))
    index = ndvi(series.values, series.bands)
    greenness = np.zeros(len(days))
    if index is not None:
        known = clear & np.isfinite(index)
        count = np.bincount(place[known], minlength=len(days))
        greenness = np.bincount(place[known], weights=index[known], minlength=len(days)) / np.maximum(count, 1)
    good = n_clear >= 0.9 * n_clear.max(initial=0)
    return [int(k) for k in np.lexsort((-greenness, -n_clear * ~good, ~good))[:_MOST]]


def _window_of_fields(predictions: Predictions, tile: ImageSeries) -> Window | None:
    """Return the part of a tile that holds fields; the whole tile where the fields have no place."""
    height, width = (int(side) for side in tile.geobox.shape)
    geometry = predictions.fields.geometry
    if geometry.crs is None or tile.geobox.crs is None or geometry.isna().all():
        return Window(0, 0, height, width)
    west, south, east, north = laid_on(geometry[geometry.notna()], tile.geobox).bounds.to_numpy().T
    corners = [~tile.geobox.affine @ (x, y) for x, y in ((west, north), (east, south), (west, south), (east, north))]
    columns, rows = (np.stack([corner[axis] for corner in corners]) for axis in (0, 1))
    inside = (columns.max(axis=0) > 0) & (columns.min(axis=0) < width) & (rows.max(axis=0) > 0) & (rows.min(axis=0) < height)
    if not inside.any():
        return None
    columns, rows = columns[:, inside], rows[:, inside]
    margin = _MARGIN * max(columns.max() - columns.min(), rows.max() - rows.min()) + 8
    top, left = max(0, math.floor(rows.min() - margin)), max(0, math.floor(columns.min() - margin))
    return Window(top, left, min(height, math.ceil(rows.max() + margin)), min(width, math.ceil(columns.max() + margin)))


def _look(tile: ImageSeries, window: Window, position: int) -> _Look:
    red, nir = band_with_role("red", tile.bands), band_with_role("nir", tile.bands)
    own = tuple(band for band in tile.bands if band.upper() == "NDVI")
    bands = true_colour(tile.bands) or own[:1] or ((red, nir) if red and nir else tile.bands[:1])
    factor = max(1, math.ceil(max(window.shape) / _SIDE))
    clear, every = [], []
    for strip in _strips(window, factor, len(bands)):
        block = tile.read(strip, dates=[position], bands=bands)
        there = _there(block.image[0])
        every.append(_averaged(block.image[0], there, factor))
        clear.append(_averaged(block.image[0], there & block.clear[0], factor))
    return _Look(np.concatenate(clear), np.concatenate(every), tuple(bands), factor)


def _strips(window: Window, factor: int, n_bands: int) -> Iterator[Window]:
    rows = max(1, _STRIP // (window.shape[1] * n_bands * 4 * factor)) * factor
    for top in range(window.top, window.bottom, rows):
        yield Window(top, window.left, min(window.bottom, top + rows), window.right)


def _there(image: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
    """Return which pixels of (band, y, x) have data: no NaN, and not 0 in every band."""
    return np.asarray(~np.isnan(image).any(axis=0) & (image != 0).any(axis=0))


def _averaged(image: npt.NDArray[np.generic], there: npt.NDArray[np.bool_], factor: int) -> npt.NDArray[np.float32]:
    """Average the pixels of (band, y, x) that are `there` down to (y, x, band), NaN where there is none."""
    bands, height, width = image.shape
    pad = ((0, -height % factor), (0, -width % factor))
    shape = ((height + pad[0][1]) // factor, factor, (width + pad[1][1]) // factor, factor)
    count = np.pad(there, pad).reshape(shape).sum(axis=(1, 3))
    mean = np.full((*count.shape, bands), np.nan, np.float32)
    for band, pixels in enumerate(image):  # one by one, for the memory of the copies
        summed = np.pad(np.where(there, pixels, 0).astype(np.float32), pad).reshape(shape).sum(axis=(1, 3))
        np.divide(summed, count, out=mean[..., band], where=count > 0)
    return mean


def _picture(look: _Look) -> tuple[npt.NDArray[np.uint8], str]:
    """Return (y, x, 3) uint8, white where there is no data, and what it shows."""
    if len(look.bands) == 3:
        colours, picture = _stretched(look.image), "true colour"
    elif (index := ndvi(look.image, look.bands)) is not None:
        share = np.clip(index, 0, 1)[..., None]
        colours, picture = _BROWN + share * (_GREEN - _BROWN), "NDVI, brown (bare) to green"
    else:
        colours, picture = np.repeat(_stretched(look.image), 3, axis=2), look.bands[0]
    colours[~np.isfinite(colours)] = 255
    return np.round(colours, out=colours).astype(np.uint8), picture


def _stretched(image: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Spread what lies between the 2nd and the 98th percentile of each band over 0 to 255."""
    if not np.isfinite(image).any():
        return np.full(image.shape, np.nan)
    low, high = np.nanpercentile(image, (2, 98), axis=(0, 1))
    return np.asarray(np.clip((image - low) / np.maximum(high - low, 1e-6), 0, 1) * 255, np.float64)
