"""The season curves of the page: quantised values by field, date and band, and the classes' averages."""

from typing import Any

import numpy as np
import numpy.typing as npt

from cropdetect.inference import FieldSeries
from cropdetect.outputs.report.blobs import pack
from cropdetect.outputs.spectral import ndvi

_BUDGET = 14_000_000  # characters of the page that curves may take
_BLOCK = 1000  # fields that the page unpacks together when it shows one of them
_LEVELS = 65_534
_BIN = 10  # days over which averages are taken


def curves_of(
    series: FieldSeries, shown: npt.NDArray[np.int64], crop: npt.NDArray[np.int64], n_classes: int, arrays: dict[str, str]
) -> dict[str, Any] | None:
    """Pack the seasons of the shown fields; bands that exceed the page's budget are left out and named.

    Args:
        series: seasons of all fields.
        shown: rows of the fields table that the page shows, ascending.
        crop: (field,) class of every field, -1 where it has none.
        n_classes: number of classes.
        arrays: gets the packed arrays: `season-rows`, and by band and block `season-dates-0`, `season-0-0`, ...
    """
    if not len(series.date) or not series.bands:
        return None
    position = np.full(len(crop), -1)
    position[shown] = np.arange(len(shown))
    there = position[series.field] >= 0
    dates, date_of = np.unique(series.date, return_inverse=True)
    index = ndvi(series.values, series.bands)
    own = [band for band in series.bands if band.upper() == "NDVI"]
    curves = {} if index is None else {"NDVI": index}
    curves |= {band: series.values[:, k] for k, band in enumerate(series.bands) if band not in own}
    wide = np.uint16 if len(dates) < 65_536 else np.uint32
    rows_of = np.bincount(position[series.field[there]], minlength=len(shown))
    arrays["season-rows"] = pack(rows_of.astype(np.uint32))
    ends = np.append(0, np.cumsum(rows_of))[[*range(0, len(shown), _BLOCK), len(shown)]]
    used = _add(arrays, "season-dates", date_of[there].astype(wide), ends)
    bands: list[dict[str, Any]] = []
    left_out: list[str] = []
    day, binned = _season_days(series)
    for number, (name, values) in enumerate(curves.items()):
        low, high = _range(values)
        steps = np.round((values[there] - low) / (high - low) * _LEVELS) + 1
        quantised = np.where(np.isfinite(steps), steps, 0).astype(np.uint16)
        size = _add(arrays, f"season-{number}", quantised, ends)
        if used + size > _BUDGET and bands:
            for block in range(len(ends) - 1):
                del arrays[f"season-{number}-{block}"]
            left_out.append(name)
            continue
        used += size
        averages = _averages(values, crop[series.field], day, binned, n_classes)
        bands.append({"name": name, "low": low, "high": high, "blob": f"season-{number}", "averages": averages})
    return {
        "dates": [str(date) for date in dates],
        "wide": wide is np.uint32,
        "block": _BLOCK,
        "bands": bands,
        "left_out": left_out,
    }


def _add(arrays: dict[str, str], name: str, values: npt.NDArray[np.generic], ends: npt.NDArray[np.int64]) -> int:
    """Pack values block by block; return the characters they take."""
    blocks = zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)
    packed = {f"{name}-{k}": pack(values[a:b]) for k, (a, b) in enumerate(blocks)}
    arrays.update(packed)
    return sum(map(len, packed.values()))


def _range(values: npt.NDArray[np.float32]) -> tuple[float, float]:
    if not np.isfinite(values).any():
        return 0.0, 1.0
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    return low, high if high > low else low + 1.0


def _season_days(series: FieldSeries) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return days since 1 January of the year of each field's median date, and which step of ten days they fall into."""
    starts = np.flatnonzero(np.diff(series.field, prepend=-1))
    lengths = np.diff(np.append(starts, len(series.field)))
    years = series.date[starts + lengths // 2].astype("datetime64[Y]").astype("datetime64[D]")
    day = (series.date - np.repeat(years, lengths)).astype(np.int64)
    return day, (day - day.min()) // _BIN


def _averages(
    values: npt.NDArray[np.float32],
    crop: npt.NDArray[np.int64],
    day: npt.NDArray[np.int64],
    binned: npt.NDArray[np.int64],
    n_classes: int,
) -> list[list[tuple[float, float]]]:
    """Return (mean day, mean value) by class and step of ten days, where a field of the class was clear."""
    known = np.isfinite(values) & (crop >= 0)
    n_bins = int(binned.max()) + 1
    cell = crop[known] * n_bins + binned[known]
    n_cells = n_classes * n_bins
    count = np.bincount(cell, minlength=n_cells).reshape(n_classes, n_bins)
    days = np.bincount(cell, weights=day[known], minlength=n_cells).reshape(n_classes, n_bins) / np.maximum(count, 1)
    means = np.bincount(cell, weights=values[known], minlength=n_cells).reshape(n_classes, n_bins) / np.maximum(count, 1)
    return [
        [(round(float(days[k, b]), 1), float(f"{means[k, b]:.5g}")) for b in np.flatnonzero(count[k]).tolist()]
        for k in range(n_classes)
    ]
