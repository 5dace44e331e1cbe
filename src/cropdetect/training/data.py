"""The labelled fields and the chips that show them, in memory where they fit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from cropdetect.chips.batch import ChipBatch, season_day
from cropdetect.chips.chipset import RandomAccessChips
from cropdetect.errors import TrainingDataError
from cropdetect.training.labels import LabelledFields, labelled_fields

_BATCH_BYTES = 64 * 2**20
_MEMORY = 2 * 2**30


@dataclass(frozen=True)
class TrainingData:
    """Labelled fields and their chips: what an estimator is fitted to, and what it is asked about.

    Attributes:
        chips: where the pixels come from.
        fields: the labelled fields.
        positions: (chip,) int64, positions in `chips`; every one shows its field on some date.
        field: (chip,) int64, position of the chip's field in `fields`.
        seen: (chip, step) bool, dates that show a clear pixel of the field.
        date: (chip, step) datetime64[D], NaT where absent.
        area: (chip,) float64, field pixels.
        valued: (band,) bool, bands of `chips.info.bands` with any clear value.
        kept: chips in memory, or None where they do not fit.
        kept_rows: (chip,) int64, rows of `kept`.
        until: last day of the season year that counts as seen, and that year (None: of each chip's median date); None: all do.
    """

    chips: RandomAccessChips
    fields: LabelledFields
    positions: npt.NDArray[np.int64]
    field: npt.NDArray[np.int64]
    seen: npt.NDArray[np.bool_]
    date: npt.NDArray[np.datetime64]
    area: npt.NDArray[np.float64]
    valued: npt.NDArray[np.bool_]
    kept: ChipBatch | None
    kept_rows: npt.NDArray[np.int64]
    until: tuple[float, int | None] | None = None

    def __len__(self) -> int:
        """Number of chips."""
        return len(self.positions)

    @property
    def n_fields(self) -> int:
        """Number of fields."""
        return len(self.fields.rows)

    @property
    def bands(self) -> list[str]:
        """The bands that have a clear value in any labelled field."""
        return [band for band, valued in zip(self.chips.info.bands, self.valued, strict=True) if valued]

    @property
    def table(self) -> gpd.GeoDataFrame:
        """The rows of the fields table, in the order of `fields`."""
        return self.chips.fields.iloc[self.fields.rows]

    def of_fields(self, positions: npt.NDArray[np.int64]) -> "TrainingData":
        """Return some of the fields and their chips.

        Args:
            positions: (field,) positions in `fields`, ascending.
        """
        chosen = np.isin(self.field, positions)
        return replace(
            self,
            fields=self.fields.take(positions),
            positions=self.positions[chosen],
            field=np.searchsorted(positions, self.field[chosen]),
            seen=self.seen[chosen],
            date=self.date[chosen],
            area=self.area[chosen],
            kept_rows=self.kept_rows[chosen],
        )

    def seen_until(self, day: float, season_year: int | None = None) -> "TrainingData":
        """Return the chips as they are known on a day of the season year: what is seen later is not clear.

        The dates stay, so that every chip keeps its season year.
        """
        seen = self.seen & (season_day(self.date, season_year) <= day)
        return replace(self, seen=seen, until=(day, season_year))

    def fields_seen(self) -> npt.NDArray[np.bool_]:
        """Tell which fields are clear on any date, (field,)."""
        return np.bincount(self.field, self.seen.any(axis=1), self.n_fields) > 0

    def days_seen(self, season_year: int | None) -> npt.NDArray[np.float32]:
        """Return the days of the season year on which the fields were seen, chip by chip."""
        return season_day(self.date, season_year)[self.seen]

    def season_years(self) -> npt.NDArray[np.int64]:
        """Return the year of each chip's median date, (chip,)."""
        absent = np.isnat(self.date)
        ordered = np.sort(np.where(absent, np.datetime64("9999-12-31"), self.date), axis=1)
        medians = ordered[np.arange(len(self)), (~absent).sum(axis=1) // 2]
        return np.asarray(medians.astype("datetime64[Y]").astype(np.int64) + 1970)

    def take(self, chosen: npt.NDArray[np.int64], bands: Sequence[str]) -> ChipBatch:
        """Return the chips at these positions (of this object), with these bands in this order."""
        batch = self.chips.take(self.positions[chosen]) if self.kept is None else _rows(self.kept, self.kept_rows[chosen])
        if self.until is not None:
            batch = replace(batch, clear=batch.clear & (batch.day(self.until[1]) <= self.until[0])[:, :, None, None])
        have = self.chips.info.bands
        if have == tuple(bands):
            return batch
        return replace(batch, image=batch.image[:, :, [have.index(band) for band in bands]])

    def batches(self, bands: Sequence[str]) -> Iterator[ChipBatch]:
        """Yield all chips in batches of some megabytes."""
        size = _batch_size(self.chips)
        for start in range(0, len(self), size):
            yield self.take(np.arange(start, min(start + size, len(self))), bands)


def read_training_data(chips: RandomAccessChips, legend: Sequence[str] | None = None, *, memory: int = _MEMORY) -> TrainingData:
    """Read the chips of all labelled fields once; keep those that show their field.

    Args:
        chips: a chip set whose fields table has a column `label`.
        legend: see `labelled_fields`.
        memory: bytes of chips that may stay in memory.

    Raises:
        TrainingDataError: no field has a label, or too few have.
        LegendError: the legend names a class twice.
    """
    if "label" not in chips.fields.columns or chips.fields["label"].isna().all():
        raise TrainingDataError("no field has a label", fix="Name the column that holds the crop with --labels COLUMN.")
    positions = np.flatnonzero(chips.fields["label"].notna().to_numpy(bool)[chips.field_of_chip])
    size = _batch_size(chips)
    seen, date, area = [], [], []
    kept: list[ChipBatch] = []
    used = 0
    valued = np.zeros(len(chips.info.bands), bool)
    for start in range(0, len(positions), size):
        batch = chips.take(positions[start : start + size])
        inside = batch.clear & (batch.mask > 0)[:, None]
        valued |= (inside[:, :, None] & ~np.isnan(batch.image)).any(axis=(0, 1, 3, 4))
        seen.append(inside.any(axis=(2, 3)))
        date.append(batch.date.astype("datetime64[D]"))
        area.append(batch.mask.sum(axis=(1, 2), dtype=np.float64))
        used += batch.image.nbytes + batch.clear.nbytes + batch.mask.nbytes
        # Twice: while the batches are joined, both they and the whole are there.
        kept = [*kept, batch] if 2 * used <= memory else []
    shape = (0, chips.info.n_steps)
    all_seen = np.concatenate([np.zeros(shape, bool), *seen])
    shown = np.asarray(all_seen.any(axis=1))
    usable = np.zeros(len(chips), bool)
    usable[positions[shown]] = True
    fields = labelled_fields(chips, usable, legend)
    chosen = np.flatnonzero(shown & np.isin(chips.field_of_chip[positions], fields.rows))
    return TrainingData(
        chips=chips,
        fields=fields,
        positions=positions[chosen],
        field=np.searchsorted(fields.rows, chips.field_of_chip[positions[chosen]]),
        seen=all_seen[chosen],
        date=np.concatenate([np.zeros(shape, "datetime64[D]"), *date])[chosen],
        area=np.concatenate([np.zeros(0), *area])[chosen],
        valued=valued,
        kept=_joined(kept) if kept and 2 * used <= memory else None,
        kept_rows=chosen,
    )


def _batch_size(chips: RandomAccessChips) -> int:
    """Return the number of chips that fills `_BATCH_BYTES` as float32."""
    info = chips.info
    return max(1, _BATCH_BYTES // max(1, 4 * info.n_steps * len(info.bands) * info.size**2))


def _rows(batch: ChipBatch, rows: npt.NDArray[np.int64]) -> ChipBatch:
    return ChipBatch(batch.field[rows], batch.image[rows], batch.mask[rows], batch.clear[rows], batch.date[rows])


def _joined(batches: list[ChipBatch]) -> ChipBatch:
    return ChipBatch(
        field=np.concatenate([batch.field for batch in batches]),
        image=np.concatenate([batch.image for batch in batches]),
        mask=np.concatenate([batch.mask for batch in batches]),
        clear=np.concatenate([batch.clear for batch in batches]),
        date=np.concatenate([batch.date for batch in batches]),
    )
