"""What a set of chips offers, wherever its pixels come from."""

import copy
import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Self

import geopandas as gpd
import numpy as np
import numpy.typing as npt
from pyproj import CRS

from cropdetect.chips.batch import ChipBatch, Positions
from cropdetect.chips.season import season_day, season_years
from cropdetect.formats import Preset
from cropdetect.notebook import facts, table

if TYPE_CHECKING:
    from cropdetect.chips.memory import CachedChips

Bbox = tuple[float, float, float, float]
_BATCH_BYTES = 64 * 2**20
_MEMORY = 2 * 2**30
_METRES_A_DEGREE = 111_320.0


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
        backscatter_unit: what the numbers of radar bands are: "decibel" or "unknown"; "" where there are none.
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
    backscatter_unit: str = ""

    @property
    def pixel_metres(self) -> float | None:
        """Pixel size in metres (of degrees: along a meridian); None where it or the CRS is not known."""
        if self.resolution is None or self.crs is None:
            return None
        crs = CRS(self.crs)
        if crs.is_geographic:
            return self.resolution * _METRES_A_DEGREE
        return self.resolution * float(crs.axis_info[0].unit_conversion_factor) if crs.axis_info else None


class ChipSet(ABC):
    """Chips that can be streamed, in an order that never changes.

    Attributes:
        info: see `ChipInfo`.
        fields: one row a field, RangeIndex; columns `field_id` (int64 or str), `geometry` (may be None; the column always
            exists), `status` ("ok", "partly_outside", "outside", "too_small", "invalid_geometry", "duplicate_id", ...),
            `label` (str or None) where labels are known, and whatever columns the user's file had (groups, folds, lon, lat).
        field_of_chip: (chip,) int64, in the order in which `batches` delivers.
        median_date: (field,) datetime64[D], of all dates of the field, also those that `until` left out; NaT: it has none.
    """

    info: ChipInfo
    fields: gpd.GeoDataFrame
    field_of_chip: npt.NDArray[np.int64]
    median_date: npt.NDArray[np.datetime64]
    _year_is_given = False

    def __len__(self) -> int:
        """Number of chips."""
        return len(self.field_of_chip)

    def _repr_html_(self) -> str:
        info = self.info
        days = f"{len(info.dates)}: {info.dates[0]} to {info.dates[-1]}" if info.dates else "none"
        about = {"chips": f"{len(self)} of {info.size} x {info.size} pixels", "dates": days, "bands": ", ".join(info.bands)}
        rows = list(self.fields["status"].value_counts().items())
        return facts(about, ", ".join(info.sources)) + table(("status", "fields"), rows, f"{len(self.fields)} fields")

    @abstractmethod
    def batches(self, batch_size: int, *, first: int = 0) -> Iterator[ChipBatch]:
        """Yield all chips, `batch_size` at a time (the last batch may be smaller).

        Args:
            batch_size: chips a batch.
            first: batch to begin with: the batches before it are skipped without being read where possible, and every
                later batch holds the same chips as in a run from 0.
        """

    def dates_of_first(self, n: int) -> npt.NDArray[np.datetime64]:
        """Return the dates of the first `n` chips, (chip, step) datetime64[D], NaT where absent; imagery is not read for it."""
        none = np.empty((0, self.info.n_steps), "datetime64[D]")
        return next((batch.date.astype("datetime64[D]") for batch in self.batches(n)), none)

    @cached_property
    def season_year(self) -> npt.NDArray[np.int64]:
        """(field,) int64, year that the field's days are counted from; see `season_years`."""
        return season_years(self.median_date)

    @cached_property
    def field_area(self) -> npt.NDArray[np.float64]:
        """(field,) float64, pixels of the field that the chips show, a place that several chips show counted once."""
        area = np.zeros(len(self.fields))
        for batch in self.batches(256):
            np.add.at(area, batch.field, batch.area())
        return area

    def with_season_year(self, year: int) -> Self:
        """Return the same chips, all days counted from this year."""
        changed = copy.copy(self)
        changed.season_year = np.full(len(self.fields), year, np.int64)
        changed._year_is_given = True
        return changed

    def with_season_centre(self, centre: float) -> Self:
        """Return the same chips, days counted from the year in which the season's centre is nearest to each field's dates.

        A year given by `with_season_year` stays.

        Args:
            centre: middle of the season, days since 1 January of the season year.
        """
        if self._year_is_given:
            return self
        changed = copy.copy(self)
        changed.season_year = season_years(self.median_date, centre)
        return changed


class Overview(NamedTuple):
    """What one pass over all chips tells; see the properties of `RandomAccessChips`.

    Attributes:
        date: (chip, step) datetime64[D], NaT where absent.
        observed: (chip, step, band) bool, bands with a value in some clear pixel of the field.
        mask_area: (chip,) float64, area of the field, pixels.
    """

    date: npt.NDArray[np.datetime64]
    observed: npt.NDArray[np.bool_]
    mask_area: npt.NDArray[np.float64]

    @classmethod
    def of(cls, batches: Iterable[ChipBatch], info: ChipInfo) -> "Overview":
        """Look at all batches."""
        steps = (0, info.n_steps)
        none = cls(np.empty(steps, "datetime64[D]"), np.empty((*steps, len(info.bands)), bool), np.empty(0))
        parts = [none, *(cls._of_batch(batch) for batch in batches)]
        return cls(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))

    @classmethod
    def _of_batch(cls, batch: ChipBatch) -> "Overview":
        inside = batch.clear & (batch.mask > 0)[:, None]
        n_bands = batch.image.shape[2]
        if batch.image.dtype.kind == "f":
            bands = (batch.image[:, :, band] for band in range(n_bands))
            observed = np.stack([(inside & ~np.isnan(values)).any(axis=(2, 3)) for values in bands], axis=2)
        else:
            seen = np.asarray(inside.any(axis=(2, 3)))
            observed = np.repeat(seen[:, :, None], n_bands, axis=2)
        return cls(batch.date.astype("datetime64[D]"), observed, batch.area())


class RandomAccessChips(ChipSet):
    """Chips that lie in memory or in a store and can be taken in any order, as training needs.

    `date`, `seen`, `day`, `mask_area` and `has_value` describe all chips at once. The first of them that is asked for reads every
    chip once; a selection of a set that has been read reads nothing again.
    """

    @abstractmethod
    def take(self, chips: Sequence[int] | npt.NDArray[np.integer]) -> ChipBatch:
        """Return the chips at these positions, in this order; `field` and `season_year` are those of this set."""

    def batches(self, batch_size: int | None = None, *, first: int = 0) -> Iterator[ChipBatch]:
        """See `ChipSet.batches`; the default `batch_size` fills 64 MB as float32."""
        size = batch_size or self.batch_size
        for start in range(first * size, len(self), size):
            yield self.take(np.arange(start, min(start + size, len(self))))

    @property
    def batch_size(self) -> int:
        """Chips that fill 64 MB as float32. A selection keeps the number of the set that it was taken from."""
        info = self.info
        return max(1, _BATCH_BYTES // max(1, 4 * info.n_steps * len(info.bands) * info.size**2))

    def select(
        self,
        *,
        fields: Positions | None = None,
        chips: Positions | None = None,
        bands: Sequence[str] | None = None,
        until: dt.date | None = None,
        bbox: Bbox | None = None,
        limit: int | None = None,
    ) -> "RandomAccessChips":
        """Return a part of the chips, which are read when they are taken.

        What is left out of the fields leaves the table, too: `fields` and `field_of_chip` of the selection count its own rows, in
        the order of the whole table. Season years stay as they were decided for the whole set. The options are applied
        in the order in which they stand here.

        Args:
            fields: rows of `fields` to keep, or one bool a row.
            chips: positions of chips to keep, in this order, or one bool a chip; fields without a chip stay in the table.
            bands: names of the bands to keep, in this order.
            until: steps after this day are taken away; `ChipSet.median_date` stays.
            bbox: west, south, east, north in degrees; fields that do not touch it, or lie nowhere, are left out.
            limit: keep the first so many fields of the others.

        Raises:
            MissingBandError: there is no such band.
            OptionError: no date is left, or `bbox` is given and the fields have no CRS.
        """
        from cropdetect.chips.selection import SelectedChips

        if all(option is None for option in (fields, chips, bands, until, bbox, limit)):
            return self
        return SelectedChips(self, fields=fields, positions=chips, bands=bands, until=until, bbox=bbox, limit=limit)

    def seen_until(self, day: float) -> "RandomAccessChips":
        """Return the chips as they are known on a day of the season year: what is seen later is not clear.

        The dates stay, so that all chips keep their shape.
        """
        from cropdetect.chips.selection import SelectedChips

        return SelectedChips(self, seen_until=day)

    def cached(self, memory: int = _MEMORY) -> "CachedChips":
        """Read all chips once and keep as many in memory as fit; the others are read again when they are taken.

        Args:
            memory: bytes.
        """
        from cropdetect.chips.memory import CachedChips

        return CachedChips(self, memory)

    @cached_property
    def overview(self) -> Overview:
        """What the properties below tell, all at once."""
        return Overview.of(self.batches(), self.info)

    @property
    def is_read(self) -> bool:
        """Whether `overview` is known without reading chips."""
        return "overview" in self.__dict__

    @property
    def date(self) -> npt.NDArray[np.datetime64]:
        """(chip, step) datetime64[D], NaT where absent."""
        return self.overview.date

    @property
    def day(self) -> npt.NDArray[np.float32]:
        """(chip, step) float32, days since 1 January of the season year; 0 where absent."""
        return season_day(self.date, self.season_year[self.field_of_chip][:, None])

    @property
    def seen(self) -> npt.NDArray[np.bool_]:
        """(chip, step) bool, dates that show a clear pixel of the field, with a value of some band."""
        return np.asarray(self.overview.observed.any(axis=2))

    @property
    def observed(self) -> npt.NDArray[np.bool_]:
        """(chip, step, band) bool, bands with a value in some clear pixel of the field on a date."""
        return self.overview.observed

    @property
    def mask_area(self) -> npt.NDArray[np.float64]:
        """(chip,) float64, area of the field in the chip, pixels."""
        return self.overview.mask_area

    @property
    def has_value(self) -> npt.NDArray[np.bool_]:
        """(chip, band) bool, bands with a value in some clear pixel of the field."""
        return np.asarray(self.overview.observed.any(axis=1))
