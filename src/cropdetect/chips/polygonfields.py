"""Fields that are polygons, seen from one tile."""

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from odc.geo.geobox import GeoBox
from pyproj import CRS, Transformer
from rasterio import features

from cropdetect.chips.coverage import Masks, centre_masks, exact_masks
from cropdetect.chips.placing import Boxes, Integers, Placement, around_boxes, around_medians
from cropdetect.chips.tilefields import Placed, TileFields
from cropdetect.fields import polygons_only

# Straight edges bend when they are reprojected; at this length by 2 cm.
_LONGEST_EDGE_METRES = 1000.0
_LONGEST_EDGE_DEGREES = 0.01
_NOTHING = 1e-6  # pixels


class PolygonFields(TileFields):
    """Fields cut with exact shares of pixels (preset "default") or by pixel centres, as in 2020 ("cv4a").

    Args:
        fields: the table; fields without geometry are nowhere.
        geobox: the tile's grid.
        size: chip height and width, pixels.
        as_2020: preset cv4a.
    """

    def __init__(self, fields: gpd.GeoDataFrame, geobox: GeoBox, size: int, *, as_2020: bool) -> None:
        self._geometry = fields.geometry
        self._geobox = geobox
        self._size = size
        self._as_2020 = as_2020
        self._shape = (int(geobox.shape[0]), int(geobox.shape[1]))

    def place(self, fields: Integers) -> Placed:
        """See `TileFields.place`."""
        fields = fields[self._near(fields)]
        polygons = self._in_pixels(fields)
        known = np.isfinite(shapely.bounds(polygons)).all(axis=1)
        fields, polygons = fields[known], polygons[known]
        area = shapely.area(polygons)
        height, width = self._shape
        x0, y0, x1, y1 = shapely.bounds(polygons).T
        beyond = ~((x0 >= 0) & (y0 >= 0) & (x1 <= width) & (y1 <= height))
        inside = polygons.copy()
        inside[beyond] = polygons_only(shapely.intersection(polygons[beyond], shapely.box(0, 0, width, height)))
        covered = shapely.area(inside)
        there = covered > _NOTHING
        placed = self._around_medians if self._as_2020 else self._around_boxes
        chips, cut_off = placed(fields[there], inside[there])
        return Placed(fields, area, covered, chips, cut_off)

    def masks(self, chips: Placement) -> Masks:
        """See `TileFields.masks`."""
        owners, which = np.unique(chips.field, return_inverse=True)
        polygons = self._in_pixels(owners)[which]
        return (centre_masks if self._as_2020 else exact_masks)(polygons, chips, self._size)

    def _around_boxes(self, fields: Integers, inside: npt.NDArray[np.object_]) -> tuple[Placement, Integers]:
        x0, y0, x1, y1 = shapely.bounds(inside).T
        top, left = np.floor(y0).astype(np.int64), np.floor(x0).astype(np.int64)
        bottom, right = np.ceil(y1).astype(np.int64), np.ceil(x1).astype(np.int64)
        boxes = Boxes(top, left, bottom, right)
        chips = around_boxes(np.arange(len(fields)), boxes, self._size, self._shape)
        several = np.bincount(chips.field, minlength=len(fields))[chips.field] > 1
        windows = shapely.box(chips.left, chips.top, chips.left + chips.width, chips.top + chips.height)[several]
        shared = shapely.area(shapely.intersection(inside[chips.field[several]], windows))
        keep = np.ones(len(chips), bool)
        keep[several] = shared > _NOTHING
        chips = chips.take(keep)
        return Placement(fields[chips.field], chips.top, chips.left, chips.height, chips.width), fields[:0]

    def _around_medians(self, fields: Integers, inside: npt.NDArray[np.object_]) -> tuple[Placement, Integers]:
        medians, boxes, owners = [], [], []
        for owner, polygon in zip(fields.tolist(), inside, strict=True):
            x0, y0, x1, y1 = shapely.bounds(polygon)
            top, left = int(np.floor(y0)), int(np.floor(x0))
            shape = (int(np.ceil(y1)) - top, int(np.ceil(x1)) - left)
            painted = features.rasterize([shapely.affinity.translate(polygon, -left, -top)], shape, dtype=np.uint8)
            rows, columns = np.nonzero(painted)
            if rows.size:
                owners.append(owner)
                medians.append((int(np.median(rows + top)), int(np.median(columns + left))))
                boxes.append((rows[0] + top, columns.min() + left, rows[-1] + top + 1, columns.max() + left + 1))
        centres = np.array(medians, np.int64).reshape(-1, 2)
        chips = around_medians(np.array(owners, np.int64), centres[:, 0], centres[:, 1], self._size, self._shape)
        box = Boxes(*np.array(boxes, np.int64).reshape(-1, 4).T)
        return chips, chips.field[beyond_chip(box, chips)]

    def _near(self, fields: Integers) -> npt.NDArray[np.bool_]:
        """Tell which fields may lie on the tile, by their bounding boxes."""
        bounds = shapely.bounds(np.asarray(self._geometry.array, dtype=object)[fields])
        west, south, east, north = _extent(self._geobox, self._geometry.crs)
        # Missing geometries have NaN bounds, and compare false.
        near = (bounds[:, 0] <= east) & (bounds[:, 2] >= west) & (bounds[:, 1] <= north) & (bounds[:, 3] >= south)
        return np.asarray(near, dtype=bool)

    def _in_pixels(self, fields: Integers) -> npt.NDArray[np.object_]:
        """Return polygons in pixel coordinates of the tile: x right, y down, (0, 0) the upper left corner."""
        geometry = self._geometry.iloc[fields]
        if geometry.crs is not None and self._geobox.crs is not None:
            target = CRS.from_user_input(self._geobox.crs.to_wkt())
            if geometry.crs != target:
                longest = _LONGEST_EDGE_DEGREES if geometry.crs.is_geographic else _LONGEST_EDGE_METRES
                geometry = geometry.segmentize(longest).to_crs(target)
        a, b, c, d, e, f = tuple(~self._geobox.affine)[:6]

        def in_pixels(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
            return np.column_stack([a * xy[:, 0] + b * xy[:, 1] + c, d * xy[:, 0] + e * xy[:, 1] + f])

        polygons = np.asarray(shapely.transform(np.asarray(geometry.array, dtype=object), in_pixels), dtype=object)
        broken = np.isfinite(shapely.bounds(polygons)).all(axis=1) & ~shapely.is_valid(polygons)
        polygons[broken] = polygons_only(shapely.make_valid(polygons[broken]))
        return polygons


def beyond_chip(boxes: Boxes, chips: Placement) -> npt.NDArray[np.bool_]:
    """Tell for which chips the field's box reaches out of the chip."""
    return (
        (boxes.top < chips.top)
        | (boxes.left < chips.left)
        | (boxes.bottom > chips.top + chips.height)
        | (boxes.right > chips.left + chips.width)
    )


def footprint(geobox: GeoBox, crs: CRS | None) -> shapely.Polygon:
    """Return the outline of a tile in the CRS of the fields."""
    height, width = geobox.shape
    outline = shapely.segmentize(shapely.box(0, 0, width, height), max(height, width) / 32)
    a, b, c, d, e, f = tuple(geobox.affine)[:6]
    pixels = shapely.get_coordinates(outline)
    x, y = a * pixels[:, 0] + b * pixels[:, 1] + c, d * pixels[:, 0] + e * pixels[:, 1] + f
    if crs is not None and geobox.crs is not None and CRS.from_user_input(geobox.crs.to_wkt()) != crs:
        x, y = Transformer.from_crs(geobox.crs.to_wkt(), crs, always_xy=True).transform(x, y)
    return shapely.make_valid(shapely.Polygon(np.column_stack([x, y])))


def _extent(geobox: GeoBox, crs: CRS | None) -> tuple[float, float, float, float]:
    west, south, east, north = shapely.bounds(footprint(geobox, crs))
    margin = 0.01 * max(east - west, north - south)  # the outline's edges bend, too
    return west - margin, south - margin, east + margin, north + margin
