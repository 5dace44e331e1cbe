"""Predictions of made-up fields, as many as wanted."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from cropdetect.inference import FieldSeries, Predictions
from cropdetect.outputs import prediction_table
from cropdetect.outputs.report import ReportContent

LEGEND = ("maize", "wheat", "barley", "grass", "potato", "sugar beet", "rapeseed", "sunflower", "vegetables")


def made_up_predictions(n: int, *, n_dates: int = 30, n_bands: int = 10, seed: int = 0, members: int = 3) -> Predictions:
    """Fields on a loose grid near 5 E, 51 N; seasons of `n_dates` five-day steps of 2018, about half of them clear."""
    random = np.random.default_rng(seed)
    side = int(np.ceil(np.sqrt(n)))
    middle = np.stack([np.arange(n) % side, np.arange(n) // side], axis=1) * 140.0 + [600_000, 5_600_000]
    outlines = []
    for x, y in middle + random.normal(0, 8, (n, 2)):
        angles = np.sort(random.uniform(0, 2 * np.pi, random.integers(8, 40)))
        radii = random.uniform(45, 66, len(angles)) * random.uniform(0.5, 1)
        outlines.append(np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles)], axis=1))
    shapes = np.array([shapely.Polygon(outline).buffer(0) for outline in outlines], object)
    truth = random.choice(len(LEGEND), n, p=np.array([9, 8, 6, 5, 4, 3, 2, 1, 1]) / 39)
    scores = random.normal(0, 1, (n, members, len(LEGEND))) + random.normal(0, 1, (n, 1, len(LEGEND)))
    scores[np.arange(n), :, truth] += random.gamma(2, 1.6, (n, 1))
    each = np.exp(scores) / np.exp(scores).sum(axis=2, keepdims=True)
    p = each.mean(axis=1)
    logs = lambda q: -(q * np.log(q)).sum(axis=-1)  # noqa: E731
    status = np.full(n, "ok", object)
    status[random.random(n) < 0.01] = "no_data"
    status[random.random(n) < 0.005] = "too_small"
    lost = status != "ok"
    p[lost] = np.nan
    series = _seasons(random, truth, n_dates, n_bands)
    clear = np.isfinite(series.values[:, 0]).reshape(n, n_dates)
    return Predictions(
        fields=gpd.GeoDataFrame({"field_id": [f"BE-{k:06d}" for k in range(n)]}, geometry=shapes, crs="EPSG:32631"),
        legend=LEGEND,
        probabilities=p,
        disagreement=np.where(lost, np.nan, np.maximum(0, logs(each.mean(axis=1)) - logs(each).mean(axis=1))),
        n_dates=np.where(lost, 0, clear.sum(axis=1)),
        clear_share=np.where(lost, 0.0, clear.mean(axis=1)),
        n_pixels=shapely.area(shapes) / 100,
        status=status.astype(str),
        series=series,
    )


def _seasons(random: np.random.Generator, truth: np.ndarray, n_dates: int, n_bands: int) -> FieldSeries:
    n = len(truth)
    dates = np.datetime64("2018-01-01") + 5 * np.arange(n_dates)
    peak, width = 90 + 14 * truth, 30 + 4 * (truth % 4)
    green = np.exp(-(((5 * np.arange(n_dates) - peak[:, None]) / width[:, None]) ** 2))
    cloudy = (random.random((n, n_dates)) < 0.2) | (random.random(n_dates) < 0.4)
    values = np.empty((n, n_dates, n_bands), np.float32)
    for band in range(n_bands):
        values[:, :, band] = 800 + 150 * band + green * (2600 if band > 5 else -500) + random.normal(0, 60, (n, n_dates))
    values[cloudy] = np.nan
    bands = ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12")[:n_bands]
    flat = values.reshape(n * n_dates, n_bands).round()
    return FieldSeries(bands, np.repeat(np.arange(n), n_dates), np.tile(dates, n).astype("datetime64[D]"), flat)


def made_up_content(n: int, *, n_dates: int = 30, seed: int = 0, previews: tuple[Path, ...] = ()) -> ReportContent:
    predictions = made_up_predictions(n, n_dates=n_dates, seed=seed)
    table = prediction_table(predictions)
    return ReportContent(name="made up", table=table, legend=LEGEND, series=predictions.series, previews=previews)


def made_up_classes(legend: Sequence[str], n: int = 60) -> ReportContent:
    """Fields whose classes have the given names."""
    plain, random = made_up_predictions(n, n_dates=6), np.random.default_rng(1)
    scores = random.normal(0, 2, (n, len(legend)))
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    p[plain.status != "ok"] = np.nan
    table = prediction_table(replace(plain, legend=tuple(legend), probabilities=p))
    return ReportContent(name="made up", table=table, legend=tuple(legend), series=plain.series)


def made_up_without_answers(n: int = 20) -> ReportContent:
    """Fields that were never clear."""
    plain = made_up_predictions(n, n_dates=4)
    nothing = np.full(n, np.nan)
    lost = replace(
        plain, probabilities=np.full_like(plain.probabilities, np.nan), disagreement=nothing, status=np.full(n, "no_data")
    )
    return ReportContent(name="made up", table=prediction_table(lost), legend=plain.legend)


def made_up_far_apart(n: int = 90) -> ReportContent:
    """Fields in Belgium, Egypt and Brazil."""
    content = made_up_content(n, n_dates=6)
    degrees = content.table.to_crs(4326)
    shifts = [(0, 0), (24, -14), (-52, -40)]
    moved = [shapely.transform(one, lambda xy, by=shifts[k % 3]: xy + by) for k, one in enumerate(degrees.geometry)]
    return replace(content, table=degrees.set_geometry(gpd.GeoSeries(moved, crs=4326)))
