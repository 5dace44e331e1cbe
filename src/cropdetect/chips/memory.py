"""Chips that lie in memory: all of them, or as many as fit."""

from collections.abc import Iterator, Sequence
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from functools import cached_property

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from cropdetect.chips.batch import ChipBatch
from cropdetect.chips.chipset import ChipInfo, Overview, RandomAccessChips
from cropdetect.chips.season import median_dates


class MemoryChips(RandomAccessChips):
    """Chips that were made in memory, e.g. of one's own arrays.

    Args:
        info: see `ChipInfo`.
        fields: see `ChipSet`.
        batch: all chips; the set decides their season year.
    """

    def __init__(self, info: ChipInfo, fields: gpd.GeoDataFrame, batch: ChipBatch) -> None:
        self.info = info
        self.fields = fields
        self.batch = batch
        self.field_of_chip = batch.field
        self.median_date = median_dates(batch.date, batch.field, len(fields))

    @cached_property
    def field_area(self) -> npt.NDArray[np.float64]:
        """See `ChipSet.field_area`."""
        return np.bincount(self.batch.field, self.batch.area(), len(self.fields)).astype(np.float64)

    def take(self, chips: Sequence[int] | npt.NDArray[np.integer]) -> ChipBatch:
        """See `RandomAccessChips.take`."""
        batch = self.batch.isel(chip=np.asarray(chips, np.int64))
        return replace(batch, season_year=self.season_year[batch.field])


class CachedChips(RandomAccessChips):
    """The chips of another set, as many of them in memory as fit. Made by `RandomAccessChips.cached`."""

    def __init__(self, chips: RandomAccessChips, memory: int) -> None:
        self._chips = chips
        self.info = chips.info
        self.fields = chips.fields
        self.field_of_chip = chips.field_of_chip
        self.median_date = chips.median_date
        self.season_year = chips.season_year
        self._year_is_given = chips._year_is_given
        self._kept: ChipBatch | None = None
        self.overview = Overview.of(self._read(memory), chips.info)

    @property
    def batch_size(self) -> int:
        """See `RandomAccessChips.batch_size`."""
        return self._chips.batch_size

    @property
    def n_kept(self) -> int:
        """Number of chips in memory: the first so many."""
        return 0 if self._kept is None else len(self._kept)

    @cached_property
    def field_area(self) -> npt.NDArray[np.float64]:
        """See `ChipSet.field_area`."""
        return self._chips.field_area

    def _read(self, memory: int) -> Iterator[ChipBatch]:
        """Yield every batch once and keep what fits."""
        done = 0
        for batch in self._chips.batches():
            if self._kept is None:
                self._kept = _empty_like(batch, len(self), memory)
            part = batch.isel(chip=slice(0, max(0, self.n_kept - done)))
            for item in dataclass_fields(ChipBatch):
                getattr(self._kept, item.name)[done : done + len(part)] = getattr(part, item.name)
            done += len(part)
            yield batch

    def take(self, chips: Sequence[int] | npt.NDArray[np.integer]) -> ChipBatch:
        """See `RandomAccessChips.take`."""
        wanted = np.asarray(chips, np.int64)
        inside = wanted < self.n_kept
        if self._kept is None or not inside.any():
            batch = self._chips.take(wanted)
        elif inside.all():
            batch = self._kept.isel(chip=wanted)
        else:
            both = ChipBatch.concatenate([self._kept.isel(chip=wanted[inside]), self._chips.take(wanted[~inside])])
            batch = both.isel(chip=np.argsort(np.argsort(~inside, kind="stable")))
        return replace(batch, season_year=self.season_year[batch.field])


def _empty_like(batch: ChipBatch, n: int, memory: int) -> ChipBatch:
    """Return room for `n` chips like those of a batch, or for as many as fit into `memory` bytes."""
    arrays = [getattr(batch, item.name) for item in dataclass_fields(ChipBatch)]
    fitting = min(n, memory * len(batch) // max(1, sum(array.nbytes for array in arrays)))
    return ChipBatch(*(np.empty((fitting, *array.shape[1:]), array.dtype) for array in arrays))
