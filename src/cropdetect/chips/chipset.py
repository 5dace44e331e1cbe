"""What a set of chips offers, wherever its pixels come from."""

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from cropdetect.chips.batch import ChipBatch
from cropdetect.formats import Preset


@dataclass(frozen=True)
class ChipInfo:
    """What a consumer must know about all chips of a set.

    Attributes:
        bands: band names, in the order of `ChipBatch.image`.
        size: height and width of every chip, pixels; 1 for a series table.
        n_steps: steps of the longest series; the step axis of every batch.
        preset: how they were cut.
        crs: WKT or None.
        resolution: pixel size in CRS units, or None.
        units: e.g. "digital number".
        sensor: e.g. "sentinel-2", or None.
        offset: what was taken off every reflectance.
        sources: file or folder names.
        fingerprint: hash of the inputs (paths, sizes, times of change) and the options.
        n_bytes: size of the sources.
        warnings: what a user should know.
        legend: class names in the order of their crop_id, where a legend gave one; else empty.
        dates: all days of all chips, in order.
    """

    bands: tuple[str, ...]
    size: int
    n_steps: int
    preset: Preset
    crs: str | None
    resolution: float | None
    units: str
    sensor: str | None
    offset: float
    sources: tuple[str, ...]
    fingerprint: str
    n_bytes: int = 0
    warnings: tuple[str, ...] = field(default=())
    legend: tuple[str, ...] = ()
    dates: tuple[dt.date, ...] = ()


class ChipSet(ABC):
    """Chips that can be streamed, in an order that never changes.

    Attributes:
        info: see `ChipInfo`.
        fields: one row a field, RangeIndex; columns `field_id` (int64 or str), `geometry` (may be None; the column always
            exists), `status` ("ok", "partly_outside", "outside", "too_small", "invalid_geometry", "duplicate_id", ...),
            `label` (str or None) where labels are known, and whatever columns the user's file had (groups, folds, lon, lat).
        field_of_chip: (chip,) int64, in the order in which `batches` delivers.
    """

    info: ChipInfo
    fields: gpd.GeoDataFrame
    field_of_chip: npt.NDArray[np.int64]

    def __len__(self) -> int:
        """Number of chips."""
        return len(self.field_of_chip)

    @abstractmethod
    def batches(self, batch_size: int, *, first: int = 0) -> Iterator[ChipBatch]:
        """Yield all chips, `batch_size` at a time (the last batch may be smaller).

        Args:
            batch_size: chips a batch.
            first: batch to begin with: the batches before it are skipped without being read where possible, and every
                later batch holds the same chips as in a run from 0.
        """


class RandomAccessChips(ChipSet):
    """Chips that lie in memory or in a store and can be taken in any order, as training needs."""

    @abstractmethod
    def take(self, chips: Sequence[int] | npt.NDArray[np.int64]) -> ChipBatch:
        """Return the chips at these positions, in this order."""

    def batches(self, batch_size: int, *, first: int = 0) -> Iterator[ChipBatch]:
        """See `ChipSet.batches`."""
        for start in range(first * batch_size, len(self), batch_size):
            yield self.take(np.arange(start, min(start + batch_size, len(self))))
