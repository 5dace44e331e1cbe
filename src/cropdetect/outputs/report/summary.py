"""The summary of a report: one dictionary that fills the template and that the page's script reads as JSON."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from cropdetect.outputs.colours import class_codes, class_colours
from cropdetect.outputs.report.blobs import pack
from cropdetect.outputs.report.content import ReportContent
from cropdetect.outputs.report.curves import curves_of
from cropdetect.outputs.report.glance import amounts, first_to_check, headline, sureness
from cropdetect.outputs.report.outlines import map_of
from cropdetect.outputs.report.totals import areas_ha, by_class, clear_by_date, confidence_counts, statuses

_SHOWN = 25_000  # fields in the page; where there are more it shows a sample
_LEAST_CERTAIN = 100  # fields that are always in the sample
_NUMBERS = ("confidence", "entropy", "disagreement", "n_dates", "clear_share", "n_pixels", "unlike_training")


def summarize(content: ReportContent) -> tuple[dict[str, Any], dict[str, str], str]:
    """Return what the page shows, as JSON holds it, its packed arrays by name, and the still map (JPEG, base64).

    `assets/data.js` lists the keys of the summary. Sums and counts are of all fields, lists by field are of those shown. The
    arrays are `numbers` (column, field) float32, in the order of `columns`, and those of `map_of` and `curves_of`.

    Raises:
        UnreadableFileError: a preview picture is damaged.
    """
    table, run, metrics = content.table, content.run, content.metrics
    crop = table["crop_id"].fillna(0).to_numpy(np.int64) - 1
    areas = areas_ha(table)
    shown = _sample(_floats(table["entropy"]))
    status, known = statuses(table), _known_labels(content)
    labels = None if content.labels is None else content.labels.iloc[shown]
    sample = replace(content, table=table.iloc[shown], labels=labels)
    columns = {"crop": crop[shown].astype(np.float64), **_columns(sample, status, known)}
    if areas is not None:
        columns["area_ha"] = areas[shown]
    arrays = {"numbers": pack(np.stack(list(columns.values())).astype(np.float32))}
    colours = class_colours(len(content.legend))
    page_map, still = map_of(sample.table, crop[shown], colours, content.previews, arrays, mercator=bool(content.tiles))
    season = None if content.series is None else curves_of(content.series, shown, crop, len(content.legend), arrays)
    summary: dict[str, Any] = {
        "title": content.title or headline(content.table, content.series, [] if run is None else run.dates),
        "subtitle": content.subtitle,
        "name": content.name,
        "kind": content.kind,
        "legend": list(content.legend),
        "colours": ["#{:02x}{:02x}{:02x}".format(*colour) for colour in colours],
        "codes": class_codes(content.legend),
        "labels": known,
        "n_fields": len(table),
        "n_least_certain": _LEAST_CERTAIN,
        "ids": [str(one) for one in sample.table["field_id"]],
        "columns": list(columns),
        "statuses": status,
        "map": page_map,
        "tiles": content.tiles,
        "season": season,
        **_totals(content, crop, areas),
        "first": _first(sample, columns.get("area_ha")),
        "run": {**_run_facts(content), **_map_facts(page_map)},
        "warnings": [] if run is None else list(run.warnings),
        "unlike_training": [] if run is None else list(run.unlike_training),
        "metrics": None if metrics is None else json.loads(metrics.model_dump_json()),
    }
    return summary, arrays, still


def _floats(column: Any) -> npt.NDArray[np.float64]:
    return np.asarray(column.to_numpy(np.float64, na_value=np.nan))


def _totals(content: ReportContent, crop: npt.NDArray[np.int64], areas: npt.NDArray[np.float64] | None) -> dict[str, Any]:
    """Return sums and counts of all fields."""
    confidence = _floats(content.table["confidence"])
    answered = np.isfinite(confidence)
    classes = by_class(content.probabilities, crop, areas)
    return {
        "classes": classes,
        "amounts": amounts(classes, content.metrics, content.legend),
        "sureness": sureness(confidence),
        "n_answered": int(answered.sum()),
        "n_no_crop": int((answered & (crop < 0)).sum()),
        "total_ha": None if areas is None else float(np.nansum(areas)),
        "mean_confidence": float(confidence[answered].mean()) if answered.any() else None,
        "confidence_counts": confidence_counts(confidence),
        "clear_by_date": clear_by_date(content.series),
    }


def _first(content: ReportContent, areas: npt.NDArray[np.float64] | None) -> list[dict[str, Any]]:
    """Return the fields to check first."""
    first = first_to_check(content.probabilities, areas)
    return [one | {"id": str(content.table["field_id"].iloc[one["row"]])} for one in first]


def _known_labels(content: ReportContent) -> list[str]:
    """Return the names that labels have: the legend, and others; empty where there are no labels."""
    if content.labels is None:
        return []
    return [*content.legend, *sorted(set(content.labels.dropna().astype(str)) - set(content.legend))]


def _columns(content: ReportContent, status: list[dict[str, Any]], known: list[str]) -> dict[str, npt.NDArray[np.float64]]:
    """Return (field,) numbers by name; a status or label is its position in `status` or `known`, NaN is unknown."""
    table = content.table
    columns = {name: _floats(table[name]) for name in _NUMBERS if name in table.columns}
    position = {one["status"]: k for k, one in enumerate(status)}
    columns["status"] = table["status"].astype(str).map(position).to_numpy(np.float64)
    if content.labels is not None:
        place = {name: k for k, name in enumerate(known)}
        columns["label"] = _floats(content.labels.astype(object).map(lambda name: place[str(name)], na_action="ignore"))
    columns |= {f"p{k}": values for k, values in enumerate(content.probabilities.T)}
    return columns


def _sample(entropy: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return the rows that the page shows: all, or a random sample with the least certain fields, ascending."""
    n = len(entropy)
    if n <= _SHOWN:
        return np.arange(n)
    least = np.argsort(-np.nan_to_num(entropy, nan=-1.0), kind="stable")[:_LEAST_CERTAIN]
    others = np.setdiff1d(np.arange(n), least)
    return np.sort(np.concatenate([least, np.random.default_rng(0).choice(others, _SHOWN - len(least), replace=False)]))


def _run_facts(content: ReportContent) -> dict[str, str]:
    """Return what the page says of the run: what the answer depends on. How long it took is in run.json."""
    run = content.run
    if run is None:
        return {}
    sizes = [f"{one.path} ({one.kind}{f', {one.bytes / 1e6:,.1f} MB' if one.bytes else ''})" for one in run.inputs]
    return {
        "Inputs": "; ".join(sizes),
        "Checkpoint": run.checkpoint,
        "Dates": f"{len(run.dates)}, {run.dates[0]} to {run.dates[-1]}" if run.dates else "none",
        "Bands": ", ".join(run.bands),
        "Offset subtracted": f"{run.offset:g}",
        "Fields, chips": f"{run.n_fields:,}, {run.n_chips:,}",
        "Device, precision": f"{run.device}, {run.precision}",
        "Versions": ", ".join(f"{name} {version}" for name, version in run.versions.items()),
    }


def _map_facts(page_map: dict[str, Any] | None) -> dict[str, str]:
    if page_map is None:
        return {}
    crs, unit_metres = page_map["crs"], page_map["unit_metres"]
    limit = f"{page_map['tolerance'] * (unit_metres or 1):,.1f} {'m' if unit_metres else 'units'}"
    where = crs or "coordinates without a reference system"
    return {"Map": f"{where}; outlines simplified for this page by at most {limit} (fields.gpkg has them whole)"}
