"""What a reader sees first: where and when, how much of each crop, how sure, what to check first."""

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from cropdetect.formats import MetricsRecord
from cropdetect.imagery import bounds_in_degrees
from cropdetect.inference import FieldSeries
from cropdetect.outputs.report.words import area_of_earth, period, place

SURENESS = (("very sure", 0.9), ("fairly sure", 0.7), ("unsure", 0.5), ("a guess", 0.0))  # words, and from which confidence on
_REGION = 5.0  # degrees: a larger part of the Earth is named by its edges
_FIRST = 5  # fields to check first
_Z = 1.96  # standard errors of a 95 % interval


def headline(table: gpd.GeoDataFrame, series: FieldSeries | None, dates: list[str]) -> str:
    """Return a title from place and season, e.g. "Crops near 0.43° N, 34.21° E, June to November 2019"."""
    days = dates or ([] if series is None else [str(one) for one in np.unique(series.date)])
    box = _box(table)
    parts = [_where(*box) if box else "Crops of the fields", *([period(days)] if days else [])]
    return ", ".join(parts)


def _where(west: float, south: float, east: float, north: float) -> str:
    """Name the middle of a region, or the edges of a large part of the Earth; west is above east across the date line."""
    width = east - west if west <= east else east - west + 360
    if max(width, north - south) > _REGION:
        return "Crops between " + area_of_earth(west, south, east, north)
    longitude = west + width / 2
    return "Crops near " + place(longitude if longitude <= 180 else longitude - 360, (south + north) / 2)


def _box(table: gpd.GeoDataFrame) -> tuple[float, float, float, float] | None:
    """Return west, south, east and north of the fields, degrees; None where they have no place on Earth."""
    places = table.geometry[table.geometry.notna() & ~table.geometry.is_empty]
    if table.crs is None or not len(places):
        return None
    west, south, east, north = (float(edge) for edge in bounds_in_degrees(places))
    return (west, south, east, north) if np.isfinite([west, south, east, north]).all() else None


def amounts(totals: list[dict[str, float]], metrics: MetricsRecord | None, legend: tuple[str, ...]) -> dict[str, Any]:
    """Return how much there is of each crop, the largest first, with its 95 % range.

    With labels it is the area from which the map's errors are taken out (Olofsson et al. 2014). Without, it is the sum over all
    fields by their probabilities, give or take 1.96 standard deviations if the probabilities are right and fields err
    independently.

    Args:
        totals: of each class, as `by_class` returns them.
        metrics: scores with areas, or None.
        legend: class names.

    Returns:
        `unit` ("ha" or "fields"), `by` ("labels" or "probabilities"), `most`, and `crops`: class, mapped, value, low, high.
    """
    areas = None if metrics is None else metrics.areas
    unit = areas.unit if areas is not None else "ha" if totals and "ha" in totals[0] else "fields"
    estimates = {one.name: one for one in areas.classes} if areas is not None else {}
    crops = []
    for k, one in enumerate(totals):
        mapped, value, error = (one.get(f"{part}{unit}", 0.0) for part in ("", "expected_", "spread_"))
        labelled = estimates.get(legend[k])
        if labelled is not None:
            mapped = labelled.mapped
            if labelled.estimated is not None and labelled.standard_error is not None:
                value, error = labelled.estimated, labelled.standard_error
        low, high = max(0.0, value - _Z * error), value + _Z * error
        crops.append({"class": k, "mapped": mapped, "value": value, "low": low, "high": high})
    crops.sort(key=lambda crop: -crop["value"])
    most = max((max(crop["high"], crop["mapped"]) for crop in crops), default=0.0)
    return {"unit": unit, "by": "labels" if areas is not None else "probabilities", "most": most or 1.0, "crops": crops}


def sureness(confidence: npt.NDArray[np.float64]) -> list[dict[str, Any]]:
    """Count answered fields by how sure the answer is, the surest first.

    Args:
        confidence: (field,) NaN where there is no answer.
    """
    known, counts, above = confidence[np.isfinite(confidence)], [], np.inf
    for words, least in SURENESS:
        counts.append({"words": words, "least": least, "fields": int(((known >= least) & (known < above)).sum())})
        above = least
    return counts


def first_to_check(probabilities: npt.NDArray[np.float64], areas: npt.NDArray[np.float64] | None) -> list[dict[str, Any]]:
    """Return the fields of which a check tells most: unsure ones, the largest first where areas are known.

    Args:
        probabilities: (field, class), NaN where there is no answer.
        areas: (field,) hectares, or None.

    Returns:
        `row`, and `crops`: the two most probable ones, as class and probability.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        doubt = -np.nansum(np.where(probabilities > 0, probabilities * np.log(probabilities), 0), axis=1)
    doubt = np.where(np.isfinite(probabilities).all(axis=1), doubt * (1 if areas is None else np.nan_to_num(areas)), -1)
    chosen = []
    for row in np.argsort(-doubt, kind="stable")[:_FIRST]:
        if doubt[row] <= 0:
            break
        first = np.argsort(-probabilities[row], kind="stable")[:2]
        chosen.append({"row": int(row), "crops": [(int(k), float(probabilities[row, k])) for k in first]})
    return chosen
