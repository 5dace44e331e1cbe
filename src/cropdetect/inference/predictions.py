"""What a prediction is, before it becomes files."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class FieldSeries:
    """What the season looked like in each field: one row a field and date, fields in the order of their table, dates in order.

    Attributes:
        bands: band names.
        field: (row,) int64, row of the fields table.
        date: (row,) datetime64[D].
        values: (row, band) float32, mean of the field's clear pixels; NaN where none was clear.
    """

    bands: tuple[str, ...]
    field: npt.NDArray[np.int64]
    date: npt.NDArray[np.datetime64]
    values: npt.NDArray[np.float32]

    def of_fields(self, start: int, end: int) -> "FieldSeries":
        """Return the rows of consecutive fields; `field` counts from the first of them."""
        first, last = np.searchsorted(self.field, [start, end])
        rows = slice(first, last)
        return FieldSeries(self.bands, self.field[rows] - start, self.date[rows], self.values[rows])


@dataclass(frozen=True)
class Predictions:
    """One row a field, in the order of the fields table.

    Attributes:
        fields: the fields table (`field_id`, `geometry`, other columns of the user's file).
        legend: class names.
        probabilities: (field, class) float64; rows sum to 1, or are NaN where there is no answer.
        disagreement: (field,) float64, mutual information between members and answer, nats (0 for one member; NaN: no answer).
        n_dates: (field,) int64, dates with a clear pixel in the field.
        clear_share: (field,) float64, share of the field's pixels and dates that is clear.
        n_pixels: (field,) float64, area of the field inside the imagery, pixels; what several tiles show counts once.
        status: (field,) str: "ok", "partly_outside" (these two have an answer), "outside", "no_data", "too_small", ...
        series: the season of every field that the imagery shows, or None where it is not known.
        unlike_training: (field,) bool, whether the field's season is unlike all training fields; None where the checkpoint does
            not say what those look like.
        seen_in_training: (field,) bool, whether the networks were trained on the field in this season; None where the checkpoint
            does not know.
    """

    fields: gpd.GeoDataFrame
    legend: tuple[str, ...]
    probabilities: npt.NDArray[np.float64]
    disagreement: npt.NDArray[np.float64]
    n_dates: npt.NDArray[np.int64]
    clear_share: npt.NDArray[np.float64]
    n_pixels: npt.NDArray[np.float64]
    status: npt.NDArray[np.str_]
    series: FieldSeries | None = None
    unlike_training: npt.NDArray[np.bool_] | None = None
    seen_in_training: npt.NDArray[np.bool_] | None = None
