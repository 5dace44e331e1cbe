"""The labelled fields and the chips that show them."""

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cropdetect.chips import RandomAccessChips
from cropdetect.errors import MissingBandError, TrainingDataError
from cropdetect.imagery import is_quality
from cropdetect.training.labels import labelled_fields

_MEMORY = 2 * 2**30
_NO_LABELS = frozenset({"field_id", "label", "status", "geometry", "raster_pixels"})  # columns of the tool
_LISTED = 12  # columns in a message
_SEASON, _MONTH = 550.0, 30.4  # days: two summers are farther apart, and a winter crop with its year before is not


@dataclass(frozen=True)
class TrainingData:
    """Labelled fields and their chips: what an estimator is fitted to, and what it is asked about.

    Attributes:
        chips: chips of these fields alone.
        classes: (field,) int64, positions in `legend`; fields are the rows of `chips.fields`.
        legend: class names.
        bands: bands that have a clear value in any labelled field.
    """

    chips: RandomAccessChips
    classes: npt.NDArray[np.int64]
    legend: tuple[str, ...]
    bands: tuple[str, ...]

    @property
    def class_counts(self) -> npt.NDArray[np.int64]:
        """Number of fields of each class, (class,)."""
        return np.bincount(self.classes, minlength=len(self.legend))

    def of_fields(self, positions: npt.NDArray[np.int64]) -> "TrainingData":
        """Return some of the fields, with the same legend and bands.

        Args:
            positions: (field,) positions of fields, ascending.
        """
        return replace(self, chips=self.chips.select(fields=positions), classes=self.classes[positions])

    def seen_until(self, day: float) -> "TrainingData":
        """Return the fields as they are known on a day of the season year; see `RandomAccessChips.seen_until`."""
        return replace(self, chips=self.chips.seen_until(day))

    def chips_of_bands(self, bands: Sequence[str]) -> RandomAccessChips:
        """Return the chips with these bands in this order."""
        return self.chips if self.chips.info.bands == tuple(bands) else self.chips.select(bands=bands)

    def fields_seen(self) -> npt.NDArray[np.bool_]:
        """Tell which fields are clear on any date, (field,)."""
        return np.bincount(self.chips.field_of_chip, self.chips.seen.any(axis=1), len(self.classes)) > 0

    def days_seen(self) -> npt.NDArray[np.float32]:
        """Return the days of the season year on which the fields were seen, chip by chip."""
        return self.chips.day[self.chips.seen]


def read_training_data(
    chips: RandomAccessChips, legend: Sequence[str] | None = None, *, season_year: int | None = None, memory: int = _MEMORY
) -> TrainingData:
    """Read the chips of all labelled fields once; keep those that show their field.

    Args:
        chips: a chip set whose fields table has a column `label`.
        legend: see `labelled_fields`.
        season_year: year that days are counted from; default: see `ChipSet.season_year`.
        memory: bytes of chips that may stay in memory.

    Raises:
        TrainingDataError: no field has a label, or too few have.
        LegendError: the legend names a class twice.
    """
    if "label" not in chips.fields.columns or chips.fields["label"].isna().all():
        raise TrainingDataError("no field has a label", fix=_name_the_labels(chips.fields.columns))
    chips = chips if season_year is None else chips.with_season_year(season_year)
    cached = chips.select(fields=chips.fields["label"].notna().to_numpy(bool)).cached(memory)
    shown = np.asarray(cached.seen.any(axis=1))
    fields = labelled_fields(cached, shown, legend)
    _warn_of_seasons(cached)
    has_value = np.asarray(cached.has_value.any(axis=0))
    bands = tuple(band for band, known in zip(cached.info.bands, has_value.tolist(), strict=True) if known)
    return TrainingData(cached.select(fields=fields.rows, chips=shown), fields.classes, fields.legend, bands)


def _warn_of_seasons(chips: RandomAccessChips) -> None:
    """Warn where the dates of a field are more than one season, since its label is that of one."""
    day = np.where(chips.seen, chips.day, np.nan)[chips.seen.any(axis=1)]
    days = float(np.median(np.nanmax(day, axis=1) - np.nanmin(day, axis=1))) if len(day) else 0.0
    if days > _SEASON:
        warnings.warn(
            f"the dates of a field span {days / _MONTH:.0f} months, which is more than one season, but a field has one label. "
            "Give the images of its season alone (other folders, or --until)",
            stacklevel=3,
        )


def crop_bands(data: TrainingData) -> list[str]:
    """Return the bands that have a value and tell something of crops.

    Raises:
        MissingBandError: there is none.
    """
    found = [band for band in data.bands if not is_quality(band)]
    if not found:
        raise MissingBandError(f"no band shows crops; bands with a value: {', '.join(data.bands) or 'none'}")
    return found


def _name_the_labels(columns: Iterable[object]) -> str:
    """Return what helps where no column of labels was found."""
    others = [str(name) for name in columns if name not in _NO_LABELS]
    listed = f" The columns: {', '.join(others[:_LISTED])}{', ...' if len(others) > _LISTED else ''}." if others else ""
    return f"Name the column that holds the crop with --labels COLUMN.{listed}"
