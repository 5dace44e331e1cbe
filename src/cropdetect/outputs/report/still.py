"""The map as a still picture, for paper and for readers without scripts."""

import base64
import warnings

import numpy as np
import numpy.typing as npt
import rasterio
import shapely
from affine import Affine
from rasterio.errors import NotGeoreferencedWarning
from rasterio.features import rasterize
from rasterio.io import MemoryFile

_SIDE = 1400  # pixels of the longer side
_GROUND = 240  # grey where there is no picture
_NO_CROP = (190, 190, 190)
_SMALLEST = 5.0  # pixels: smaller fields are drawn as squares of this side
_OUTLINED = 8.0  # pixels: larger fields get an outline
_SHADE = 0.6  # of the crop's colour, for outlines
_AT_ONCE = 4096  # shapes that are burnt at a time, at more than a kilobyte each


def still_map(
    shapes: npt.NDArray[np.object_],
    crop: npt.NDArray[np.int64],
    colours: list[tuple[int, int, int]],
    bounds: tuple[float, float, float, float],
    pictures: list[tuple[npt.NDArray[np.uint8], list[float]]],
) -> str:
    """Return a JPEG, base64: fields in the colours of their crops over the light pictures.

    Args:
        shapes: (field,) outlines or points, in the page's CRS.
        crop: (field,) class, -1 where a field has none.
        colours: red, green, blue of each class, 0 to 255.
        bounds: west, south, east, north of the map.
        pictures: (3, y, x) and west, south, east, north of each.
    """
    west, south, east, north = bounds
    margin = 0.03 * max(east - west, north - south, 1e-9)
    west, south, east, north = west - margin, south - margin, east + margin, north + margin
    pixel = max(east - west, north - south) / _SIDE
    height, width = max(1, round((north - south) / pixel)), max(1, round((east - west) / pixel))
    transform = Affine(pixel, 0, west, 0, -pixel, north)
    canvas = np.full((3, height, width), _GROUND, np.uint8)
    for picture, place in pictures:
        _lay(canvas, picture, place, west, north, pixel)
    drawn = ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)
    box = shapely.bounds(shapes)
    side = np.fmax(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]) / pixel
    drawn &= np.isfinite(side)
    if not drawn.any():
        return jpeg(canvas)
    small = drawn & (side < _SMALLEST)
    filled = shapes.copy()
    middle = (box[small][:, :2] + box[small][:, 2:]) / 2
    reach = _SMALLEST * pixel / 2
    filled[small] = shapely.box(*(middle - reach).T, *(middle + reach).T)
    palette = np.array([_NO_CROP, *colours], np.uint8)
    _burn(canvas, filled[drawn], crop[drawn] + 1, palette, transform)
    outlined = drawn & (side > _OUTLINED)
    _burn(canvas, shapely.boundary(shapes[outlined]), crop[outlined] + 1, (palette * _SHADE).astype(np.uint8), transform)
    return jpeg(canvas)


def _lay(
    canvas: npt.NDArray[np.uint8], pixels: npt.NDArray[np.uint8], place: list[float], west: float, north: float, pixel: float
) -> None:
    """Copy a picture to its place, nearest pixel."""
    left, bottom, right, top = place
    x = west + (np.arange(canvas.shape[2]) + 0.5) * pixel
    y = north - (np.arange(canvas.shape[1]) + 0.5) * pixel
    column = np.floor((x - left) / (right - left) * pixels.shape[2]).astype(int)
    row = np.floor((top - y) / (top - bottom) * pixels.shape[1]).astype(int)
    columns = np.flatnonzero((column >= 0) & (column < pixels.shape[2]))
    rows = np.flatnonzero((row >= 0) & (row < pixels.shape[1]))
    if len(rows) and len(columns):
        canvas[:, rows[:, None], columns] = pixels[:, row[rows][:, None], column[columns]]


def _burn(
    canvas: npt.NDArray[np.uint8],
    shapes: npt.NDArray[np.object_],
    index: npt.NDArray[np.int64],
    palette: npt.NDArray[np.uint8],
    transform: Affine,
) -> None:
    """Paint shapes in the colours palette[index]; a higher index lies above."""
    known = ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)
    pairs = [(shape, int(k) + 1) for shape, k in zip(shapes[known], index[known], strict=True)]
    burnt = np.zeros(canvas.shape[1:], np.int32)
    for start in range(0, len(pairs), _AT_ONCE):
        rasterize(pairs[start : start + _AT_ONCE], out=burnt, transform=transform)
    there = burnt > 0
    canvas[:, there] = palette[burnt[there] - 1].T


def jpeg(pixels: npt.NDArray[np.uint8]) -> str:
    """Return (3, y, x) as JPEG, base64."""
    settings = {"height": pixels.shape[1], "width": pixels.shape[2], "count": 3, "dtype": "uint8", "quality": 82}
    with (
        MemoryFile() as memory,
        warnings.catch_warnings(action="ignore", category=NotGeoreferencedWarning),
        rasterio.Env(GDAL_PAM_ENABLED="NO"),
    ):
        with memory.open(driver="JPEG", **settings) as file:
            file.write(pixels)
        return base64.b64encode(memory.read()).decode()
