"""Fewer fields, chips, bands or dates: the part of a chip set that is asked for."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from cropdetect.chips.batch import ChipBatch, Positions
from cropdetect.chips.chipset import Bbox, Overview, RandomAccessChips
from cropdetect.chips.season import first_days
from cropdetect.errors import MissingBandError, OptionError
from cropdetect.imagery import boxes_of, touch


def fields_inside(table: gpd.GeoDataFrame, bbox: Bbox | None, limit: int | None) -> npt.NDArray[np.int64]:
    """Return the rows of the fields that are left, ascending.

    Args:
        table: the fields.
        bbox: west, south, east, north in degrees; fields that do not touch it, or lie nowhere, are left out. A west above the
            east goes over longitude 180.
        limit: keep the first so many of the others.

    Raises:
        OptionError: `bbox` is given and the fields have no CRS, or it is no box on the Earth.
    """
    rows = np.arange(len(table))
    if bbox is not None:
        if table.crs is None:
            raise OptionError(
                "a bounding box needs fields with a CRS",
                fix="Leave out --bbox, or give the fields a CRS (tables: columns lon, lat).",
            )
        rows = np.flatnonzero(touch(table.geometry.to_crs("EPSG:4326"), boxes_of(bbox)))
    return rows[:limit]


class SelectedChips(RandomAccessChips):
    """A part of other chips, read when it is taken. Made by `RandomAccessChips.select` and `RandomAccessChips.seen_until`."""

    def __init__(
        self,
        chips: RandomAccessChips,
        *,
        fields: Positions | None = None,
        positions: Positions | None = None,
        bands: Sequence[str] | None = None,
        until: dt.date | None = None,
        bbox: Bbox | None = None,
        limit: int | None = None,
        seen_until: float | None = None,
    ) -> None:
        self._chips = chips
        rows = np.arange(len(chips.fields))[slice(None) if fields is None else fields]
        rows = np.sort(rows)
        rows = rows[fields_inside(chips.fields.iloc[rows], bbox, limit)]
        self._row = np.full(len(chips.fields), -1, np.int64)
        self._row[rows] = np.arange(len(rows))
        kept = np.arange(len(chips))[slice(None) if positions is None else positions]
        self._kept = kept[self._row[chips.field_of_chip[kept]] >= 0]
        self._bands = None if bands is None else _band_positions(chips.info.bands, bands)
        self._until = None if until is None else np.datetime64(until, "D")
        self._last_clear = None
        if seen_until is not None:
            self._last_clear = first_days(chips.season_year[rows]) + np.timedelta64(int(np.floor(seen_until)), "D")
        self.fields = chips.fields.iloc[rows].reset_index(drop=True)
        self.field_of_chip = self._row[chips.field_of_chip[self._kept]]
        self.median_date = chips.median_date[rows]
        self.season_year = chips.season_year[rows]
        self._year_is_given = chips._year_is_given
        self._rows = rows
        dates = tuple(day for day in chips.info.dates if until is None or day <= until)
        if chips.info.dates and not dates:
            raise OptionError(f"no date is left: all are later than {until}", fix="Give a later --until.")
        options = f"{bands} {until} {seen_until}".encode() + rows.tobytes() + self._kept.tobytes()
        self.info = replace(
            chips.info,
            bands=chips.info.bands if bands is None else tuple(bands),
            dates=dates,
            # A chip has a day once, so it has no more steps than there are days.
            n_steps=min(chips.info.n_steps, len(dates)) if until is not None and dates else chips.info.n_steps,
            fingerprint=hashlib.sha256(chips.info.fingerprint.encode() + options).hexdigest(),
        )

    @property
    def batch_size(self) -> int:
        """See `RandomAccessChips.batch_size`."""
        return self._chips.batch_size

    @cached_property
    def field_area(self) -> npt.NDArray[np.float64]:
        """See `ChipSet.field_area`; that of the whole field, whichever of its chips are selected."""
        return self._chips.field_area[self._rows]

    def take(self, chips: Sequence[int] | npt.NDArray[np.integer]) -> ChipBatch:
        """See `RandomAccessChips.take`."""
        batch = self._chips.take(self._kept[np.asarray(chips, np.int64)])
        field = self._row[batch.field]
        batch = replace(batch, field=field, season_year=self.season_year[field])
        if self._bands is not None:
            batch = batch.isel(band=self._bands)
        if self._until is not None:
            batch = _without_later_steps(batch, self._until, self.info.n_steps)
        if self._last_clear is not None:
            early = batch.date <= self._last_clear[field][:, None]
            batch = replace(batch, clear=batch.clear & early[..., None, None])
        return batch

    @property
    def is_read(self) -> bool:
        """See `RandomAccessChips.is_read`."""
        return super().is_read or (self._until is None and self._chips.is_read)

    @cached_property
    def overview(self) -> Overview:
        """See `RandomAccessChips.overview`."""
        if not self.is_read:
            return super().overview
        known = self._chips.overview
        date, observed = known.date[self._kept], known.observed[self._kept]
        if self._bands is not None:
            observed = observed[:, :, self._bands]
        if self._last_clear is not None:
            observed = observed & (date <= self._last_clear[self.field_of_chip][:, None])[:, :, None]
        return Overview(date, observed, known.mask_area[self._kept])


def _band_positions(have: Sequence[str], wanted: Sequence[str]) -> list[int]:
    missing = [band for band in wanted if band not in have]
    if missing:
        raise MissingBandError(f"there is no band {', '.join(missing)}", fix=f"There are {', '.join(have)}.")
    return [list(have).index(band) for band in wanted]


def _without_later_steps(batch: ChipBatch, day: np.datetime64, n_steps: int) -> ChipBatch:
    """Keep the steps up to a day, moved to the front; the steps behind them are absent."""
    kept = batch.date <= day  # false where there is no date
    order = np.argsort(~kept, axis=1, kind="stable")[:, :n_steps]
    there = np.take_along_axis(kept, order, axis=1)
    batch = batch.isel(step=order)
    batch.image[~there] = np.nan if batch.image.dtype.kind == "f" else 0
    return replace(
        batch,
        clear=batch.clear & there[..., None, None],
        date=np.where(there, batch.date, np.datetime64("NaT", "D")).astype("datetime64[D]"),
    )
