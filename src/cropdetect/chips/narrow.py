"""Fewer fields, or fewer dates: the part of a chip set that a user asks for."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import replace

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from cropdetect.chips.batch import ChipBatch
from cropdetect.chips.chipset import RandomAccessChips
from cropdetect.errors import OptionError

Bbox = tuple[float, float, float, float]


def selected_fields(table: gpd.GeoDataFrame, bbox: Bbox | None, limit: int | None) -> gpd.GeoDataFrame:
    """Return a copy of the fields without those that are left out; the index tells the rows of `table`.

    Args:
        table: the fields.
        bbox: west, south, east, north in degrees; fields that do not touch it, or lie nowhere, are left out.
        limit: keep the first so many of the others.

    Raises:
        OptionError: `bbox` is given and the fields have no CRS.
    """
    table = table.reset_index(drop=True)
    if bbox is not None:
        if table.crs is None:
            raise OptionError(
                "a bounding box needs fields with a CRS",
                fix="Leave out --bbox, or give the fields a CRS (tables: columns lon, lat).",
            )
        degrees = table.geometry.to_crs("EPSG:4326")
        table = table[degrees.intersects(shapely.box(*bbox)).to_numpy()]
    return table.head(limit if limit is not None else len(table)).copy()


def narrowed(
    chips: RandomAccessChips, *, until: dt.date | None = None, bbox: Bbox | None = None, limit: int | None = None
) -> RandomAccessChips:
    """Return the part of a chip set that cutting with the same options would have made.

    Args:
        chips: a store or a table.
        until: steps after this day become absent.
        bbox: west, south, east, north in degrees; fields outside leave the table.
        limit: keep the first so many fields.

    Raises:
        OptionError: no date is left, or `bbox` is given and the fields have no CRS.
    """
    if until is None and bbox is None and limit is None:
        return chips
    dates = tuple(day for day in chips.info.dates if until is None or day <= until)
    if chips.info.dates and not dates:
        raise OptionError(f"no date is left up to {until}", fix="Give a later --until.")
    return NarrowedChips(chips, selected_fields(chips.fields, bbox, limit), dates, until, f"{until} {bbox} {limit}")


class NarrowedChips(RandomAccessChips):
    """Some fields of other chips, up to some day. Made by `narrowed`."""

    def __init__(
        self,
        chips: RandomAccessChips,
        fields: gpd.GeoDataFrame,
        dates: tuple[dt.date, ...],
        until: dt.date | None,
        options: str,
    ) -> None:
        row = np.full(len(chips.fields), -1, np.int64)
        row[fields.index.to_numpy()] = np.arange(len(fields))
        of_chip = row[chips.field_of_chip]
        self._chips = chips
        self._kept = np.flatnonzero(of_chip >= 0)
        self._row = row
        self._until = None if until is None else np.datetime64(until, "D")
        self.fields = fields.reset_index(drop=True)
        self.field_of_chip = of_chip[self._kept]
        self.info = replace(
            chips.info,
            dates=dates,
            # A chip has a day once, so it has no more steps than there are days.
            n_steps=min(chips.info.n_steps, len(dates)) if until is not None and dates else chips.info.n_steps,
            fingerprint=hashlib.sha256(f"{chips.info.fingerprint} {options}".encode()).hexdigest(),
        )

    def take(self, chips: Sequence[int] | npt.NDArray[np.int64]) -> ChipBatch:
        """See `RandomAccessChips.take`."""
        batch = self._chips.take(self._kept[np.asarray(chips, np.int64)])
        batch = replace(batch, field=self._row[batch.field])
        return batch if self._until is None else _until(batch, self._until, self.info.n_steps)


def _until(batch: ChipBatch, day: np.datetime64, n_steps: int) -> ChipBatch:
    """Keep the steps up to a day, moved to the front; the steps behind them are absent."""
    kept = batch.date <= day  # false where there is no date
    order = np.argsort(~kept, axis=1, kind="stable")[:, :n_steps]
    chip = np.arange(len(batch))[:, None]
    there = kept[chip, order]
    image = batch.image[chip, order]
    image[~there] = np.nan if image.dtype.kind == "f" else 0
    return ChipBatch(
        field=batch.field,
        image=image,
        mask=batch.mask,
        clear=batch.clear[chip, order] & there[..., None, None],
        date=np.where(there, batch.date[chip, order], np.datetime64("NaT")).astype("datetime64[D]"),
    )
