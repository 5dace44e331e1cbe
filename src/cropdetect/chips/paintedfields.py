"""Fields that are painted on one tile as a raster of ids."""

from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pandas as pd
from odc.geo.geobox import GeoBox

from cropdetect.chips.coverage import Masks
from cropdetect.chips.placing import Boxes, Integers, Placement, around_boxes, around_medians, median_of_counts
from cropdetect.chips.polygonfields import beyond_chip
from cropdetect.chips.tilefields import Placed, TileFields
from cropdetect.fields import IdRaster
from cropdetect.imagery import Window


class PaintedFields(TileFields):
    """Fields whose pixels hold their id.

    Args:
        ids: the table's `field_id`, whole numbers.
        path: the id raster.
        geobox: the tile's grid.
        size: chip height and width, pixels.
        as_2020: preset cv4a.
    """

    def __init__(self, ids: "pd.Series[Any]", path: Path, geobox: GeoBox, size: int, *, as_2020: bool) -> None:
        self._ids = ids.to_numpy(np.int64)
        self._path = path
        self._geobox = geobox
        self._size = size
        self._as_2020 = as_2020
        self._shape = (int(geobox.shape[0]), int(geobox.shape[1]))
        self._open: IdRaster | None = None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the raster."""
        if self._open is not None:
            self._open.__exit__(kind, error, trace)
            self._open = None

    def place(self, fields: Integers) -> Placed:
        """See `TileFields.place`."""
        by_row, by_column = self._counts()
        row_of = pd.Series(fields, index=self._ids[fields])
        by_row, by_column = (counts[counts["id"].isin(row_of.index)] for counts in (by_row, by_column))
        found = by_row["id"].unique()
        owner = {"row": np.searchsorted(found, by_row["id"]), "column": np.searchsorted(found, by_column["id"])}
        pixels = by_row.groupby("id")["count"].sum().to_numpy(np.float64)
        rows = by_row.groupby("id")["at"].agg(["min", "max"]).to_numpy(np.int64)
        columns = by_column.groupby("id")["at"].agg(["min", "max"]).to_numpy(np.int64)
        boxes = Boxes(rows[:, 0], columns[:, 0], rows[:, 1] + 1, columns[:, 1] + 1)
        placed = row_of.loc[found].to_numpy(np.int64)
        if not self._as_2020:
            chips = self._without_empty(around_boxes(placed, boxes, self._size, self._shape))
            return Placed(placed, pixels, pixels, chips, placed[:0])
        medians = [
            median_of_counts(owner[axis], counts["at"].to_numpy(), counts["count"].to_numpy(), len(found))
            for axis, counts in (("row", by_row), ("column", by_column))
        ]
        chips = around_medians(placed, medians[0], medians[1], self._size, self._shape)
        return Placed(placed, pixels, pixels, self._without_empty(chips), placed[beyond_chip(boxes, chips)])

    def masks(self, chips: Placement) -> Masks:
        """See `TileFields.masks`."""
        raster = self._raster()
        masks = np.zeros((len(chips), self._size, self._size), np.float32)
        edges = zip(chips.top.tolist(), chips.left.tolist(), chips.height.tolist(), chips.width.tolist(), strict=True)
        for mask, one, (top, left, height, width) in zip(masks, self._ids[chips.field], edges, strict=True):
            mask[:height, :width] = raster.read(Window(top, left, top + height, left + width)) == one
        return masks

    def _raster(self) -> IdRaster:
        if self._open is None:
            self._open = IdRaster(self._path, self._geobox)
        return self._open

    def _counts(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Count each id's pixels by row and by column: columns id, at, count, sorted by id and position."""
        by_row, by_column = [], []
        for top, strip in self._raster().strips():
            row, column = np.nonzero(strip)
            pixels = pd.DataFrame({"id": strip[row, column], "row": row + top, "column": column})
            by_row.append(pixels.groupby(["id", "row"]).size())
            by_column.append(pixels.groupby(["id", "column"]).size())
        return _table(by_row), _table(by_column)

    def _without_empty(self, chips: Placement) -> Placement:
        """Drop chips without a pixel of their field: parts of a grid, or a median that lies between a field's parts."""
        keep = np.ones(len(chips), bool)
        for start in range(0, len(chips), 256):
            some = np.arange(start, min(start + 256, len(chips)))
            keep[some] = self.masks(chips.take(some)).any(axis=(1, 2))
        return chips.take(keep)


def _table(counts: "list[pd.Series[Any]]") -> pd.DataFrame:
    table = pd.concat(counts).groupby(level=[0, 1]).sum().reset_index()
    return table.set_axis(["id", "at", "count"], axis=1)
