"""How much of each pixel of a chip lies inside a polygon."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from exactextract import exact_extract
from exactextract.feature import Feature, FeatureSource
from exactextract.raster import NumPyRasterSource
from rasterio import features

from cropdetect.chips.placing import Placement
from cropdetect.fields import polygons_only

Masks = npt.NDArray[np.float32]


def exact_masks(polygons: npt.NDArray[np.object_], chips: Placement, size: int) -> Masks:
    """Return the exact share of each pixel inside the polygon, (chip, y, x), 0 where the chip is padded.

    Args:
        polygons: one a chip, in pixel coordinates of the tile (x right, y down).
        chips: where the chips lie.
        size: chip height and width, pixels.
    """
    side_by_side, there = _side_by_side(polygons, chips, size, upwards=True)
    masks = np.zeros((size, len(chips) * size), np.float32)
    if there.any():
        raster = NumPyRasterSource(np.broadcast_to(np.uint8(1), masks.shape))
        found = exact_extract(raster, _Polygons(side_by_side[there]), ["cell_id", "coverage"], output="pandas")
        cells = np.concatenate(found["cell_id"].to_numpy()).astype(np.int64)
        masks.reshape(-1)[cells] = np.concatenate(found["coverage"].to_numpy())
    return np.ascontiguousarray(masks.reshape(size, len(chips), size).swapaxes(0, 1))


def centre_masks(polygons: npt.NDArray[np.object_], chips: Placement, size: int) -> Masks:
    """Return 1 where the pixel's centre is inside the polygon, else 0. Arguments as of `exact_masks`."""
    side_by_side, there = _side_by_side(polygons, chips, size, upwards=False)
    masks = np.zeros((size, len(chips) * size), np.float32)
    if there.any():
        features.rasterize(side_by_side[there], out=masks, default_value=1)
    return np.ascontiguousarray(masks.reshape(size, len(chips), size).swapaxes(0, 1))


def _side_by_side(
    polygons: npt.NDArray[np.object_], chips: Placement, size: int, *, upwards: bool
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.bool_]]:
    """Clip each polygon to its chip and lay all chips in one row, so that one call serves all.

    Returns:
        polygons with x right from the first chip's left edge and y down from the chips' top (or up from their bottom), and
        which of them have any area.
    """
    right, bottom = chips.left + chips.width, chips.top + chips.height
    x0, y0, x1, y1 = shapely.bounds(polygons).T
    beyond = ~((x0 >= chips.left) & (y0 >= chips.top) & (x1 <= right) & (y1 <= bottom))
    clipped = polygons.copy()
    windows = shapely.box(chips.left[beyond], chips.top[beyond], right[beyond], bottom[beyond])
    clipped[beyond] = polygons_only(shapely.intersection(polygons[beyond], windows))
    coordinates, owner = shapely.get_coordinates(clipped, return_index=True)
    x = coordinates[:, 0] - chips.left[owner] + owner * size
    y = coordinates[:, 1] - chips.top[owner]
    moved = shapely.set_coordinates(clipped, np.column_stack([x, size - y if upwards else y]))
    return moved, shapely.area(moved) > 0


class _Polygons(FeatureSource):  # type: ignore[misc]
    """Polygons as exactextract takes them; its own source for tables spells each out as JSON, three times as slow."""

    def __init__(self, polygons: npt.NDArray[np.object_]) -> None:
        super().__init__()
        self._binary = shapely.to_wkb(polygons)

    def count(self) -> int:
        return len(self._binary)

    def __iter__(self) -> Iterator["_Polygon"]:
        return (_Polygon(one) for one in self._binary)

    def srs_wkt(self) -> None:
        return None


class _Polygon(Feature):  # type: ignore[misc]
    def __init__(self, binary: bytes) -> None:
        Feature.__init__(self)
        self._binary = binary
        self._values: dict[str, Any] = {}

    def geometry(self) -> bytes:
        return self._binary

    def set_geometry(self, geometry: object) -> None:
        """Geometries are not handed on."""

    def set_geometry_format(self) -> str:
        return "wkb"

    def set(self, name: str, value: object) -> None:
        self._values[name] = value

    def get(self, name: str) -> object:
        return self._values[name]

    def fields(self) -> list[str]:
        return list(self._values)
