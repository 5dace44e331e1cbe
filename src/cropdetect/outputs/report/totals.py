"""Sums and counts over all fields, also those that the page does not show."""

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from cropdetect import fields
from cropdetect.inference import FieldSeries

STATUSES = {  # what the page calls each status, and what it means
    "ok": ("answered", "answered"),
    "partly_outside": ("answered, partly outside", "answered from the part inside the imagery"),
    "outside": ("outside the imagery", "no part is inside the imagery"),
    "no_data": ("never clear", "no clear pixel on any date: cloud or gaps all season"),
    "too_small": ("too small", "less than half a pixel: finer imagery is needed"),
    "invalid_geometry": ("damaged outline", "the outline is no polygon and could not be repaired"),
    "duplicate_id": ("id not unique", "an earlier row has the same id"),
    "no_id": ("no id", "the row has no id"),
    "failed": ("failed", "the network gave no finite number"),
}


def areas_ha(table: gpd.GeoDataFrame) -> npt.NDArray[np.float64] | None:
    """Return each field's area in hectares, NaN where it has none; None where no field has."""
    geometry = table.geometry
    if geometry.crs is None or geometry.isna().all():
        return None
    areas = fields.areas_ha(geometry)
    areas = np.where(areas > 0, areas, np.nan)
    return None if np.isnan(areas).all() else areas


def by_class(
    probabilities: npt.NDArray[np.float64], crop: npt.NDArray[np.int64], areas: npt.NDArray[np.float64] | None
) -> list[dict[str, float]]:
    """Sum fields and hectares by class: as mapped, and as the probabilities expect, with the spread.

    The spread is the standard deviation of the sum if the probabilities are right and fields are independent:
    sqrt(sum of a^2 p (1 - p)).

    Args:
        probabilities: (field, class), NaN where there is no answer.
        crop: (field,) class, -1 where it has none.
        areas: (field,) hectares, or None.
    """
    answered = np.isfinite(probabilities).all(axis=1)
    p = probabilities[answered]
    spread = p * (1 - p)
    result: list[dict[str, float]] = []
    for k in range(probabilities.shape[1]):
        one = {
            "fields": int((crop == k).sum()),
            "expected_fields": float(p[:, k].sum()),
            "spread_fields": float(np.sqrt(spread[:, k].sum())),
        }
        if areas is not None:
            known = np.nan_to_num(areas)
            a = known[answered]
            one |= {
                "ha": float(known[crop == k].sum()),
                "expected_ha": float(a @ p[:, k]),
                "spread_ha": float(np.sqrt((a**2) @ spread[:, k])),
            }
        result.append(one)
    return result


def statuses(table: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """Count fields by status, the answered ones first."""
    counts = table["status"].astype(str).value_counts()
    order = sorted(counts.index, key=lambda status: (list(STATUSES).index(status) if status in STATUSES else 99, status))
    rows = [(status, *STATUSES.get(status, (status, "")), int(counts[status])) for status in order]
    return [{"status": status, "name": name, "fields": n, "meaning": meaning} for status, name, meaning, n in rows]


def clear_by_date(series: FieldSeries | None, n_dates: int = 2000) -> list[tuple[str, float, int]]:
    """Return for each date: day, share of the fields seen that day with a clear pixel, number of fields seen."""
    if series is None or not len(series.date):
        return []
    dates, place = np.unique(series.date, return_inverse=True)
    clear = np.isfinite(series.values).any(axis=1)
    seen = np.bincount(place)
    share = np.bincount(place, weights=clear) / seen
    rows = zip(dates.astype(str).tolist(), share.round(4).tolist(), seen.tolist(), strict=True)
    return list(rows)[:n_dates]


def confidence_counts(confidence: npt.NDArray[np.float64]) -> list[int]:
    """Count fields by confidence in twenty steps of 5 %."""
    known = confidence[np.isfinite(confidence)]
    return [int(n) for n in np.histogram(known, bins=np.linspace(0, 1, 21))[0]]
