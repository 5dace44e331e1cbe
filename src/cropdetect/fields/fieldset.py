"""The fields of an area: a table with geometry, or ids painted on the imagery's grid."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd


@dataclass(frozen=True)
class FieldSet:
    """Fields, from one vector file or from one id raster a tile.

    Attributes:
        table: one row a field, RangeIndex; `field_id` (int64 where all ids are whole numbers, else str), `geometry` (None
            where there is none), `status` ("ok", "no_id", "invalid_geometry", "duplicate_id", "too_small": nothing left after
            the buffer), `label` (str or None, where labels are known) and the file's other columns. CRS as in the source; None
            where the source has none.
        rasters: for each tile of the imagery, in its order, the id raster, or None: then the field is where its geometry is.
        warnings: what a user should know.
        legend: class names in the order of their crop_id, where a legend gave one; else empty.
        painted: for each tile, painted id -> `field_id`; None, or empty for all tiles: the painted ids are the field ids.
    """

    table: gpd.GeoDataFrame
    rasters: tuple[Path | None, ...] = ()
    warnings: tuple[str, ...] = ()
    legend: tuple[str, ...] = ()
    painted: tuple["pd.Series[Any] | None", ...] = ()

    def names_of(self, tile: int) -> "pd.Series[Any] | None":
        """Return what the ids painted on a tile are called, or None where they are the field ids."""
        return self.painted[tile] if self.painted else None
