"""The page itself: one HTML file that needs nothing else."""

import base64
import hashlib
import html
import json
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

from cropdetect.outputs.colours import class_colours
from cropdetect.outputs.report.blobs import Blobs
from cropdetect.outputs.report.content import ReportContent
from cropdetect.outputs.report.curves import curves_of
from cropdetect.outputs.report.outlines import map_of
from cropdetect.outputs.report.totals import areas_ha, by_class, clear_by_date, confidence_counts, statuses

GENERATOR = '<meta name="generator" content="cropdetect">'  # tells a page of the tool from other files
_SHOWN = 25_000  # fields in the page; of more it shows a sample
_LEAST_CERTAIN = 100  # that are in the sample whatever chance says
_SCRIPTS = ("page", "data", "fields", "map", "pointer", "season", "detail", "table", "charts", "overview", "scores", "start")
_NUMBERS = ("confidence", "entropy", "disagreement", "n_dates", "clear_share", "n_pixels")


def render(content: ReportContent) -> str:
    """Return the page as HTML; the same content gives the same text.

    Text of the user's goes into JSON and attributes only, escaped; the page puts it on screen as text, never as HTML. A
    content security policy in the page allows its own script and style and no request.

    Raises:
        UnreadableFileError: a preview picture is damaged.
    """
    blobs = Blobs()
    data = _data(content, blobs)
    style, script = _asset("page.css"), "\n".join(_asset(f"{name}.js") for name in _SCRIPTS)
    script = f'"use strict";\n(() => {{\n{script}\n}})();'
    policy = (
        f"default-src 'none'; script-src 'sha256-{_hash(script)}'; style-src 'sha256-{_hash(style)}'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )
    parts = {
        "policy": html.escape(policy, quote=False),
        "title": html.escape(data["heading"]),
        "style": style,
        "script": script,
        "data": embedded(data),
        "blobs": blobs.html(),
    }
    page = _asset("page.html")
    pieces = []
    for piece in page.split("{{"):
        name, brace, rest = piece.partition("}}")
        pieces.append(parts[name] + rest if brace else piece)
    return "".join(pieces)


def embedded(data: Any) -> str:
    """Return JSON that is safe inside a script element: nothing in it can end the element or open a comment."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode("utf-8", "replace").decode()  # a lone surrogate is no text


def _asset(name: str) -> str:
    return (files("cropdetect.outputs.report") / "assets" / name).read_text("utf-8")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _data(content: ReportContent, blobs: Blobs) -> dict[str, Any]:
    table, probabilities = content.table, content.probabilities
    crop = table["crop_id"].fillna(0).to_numpy(np.int64) - 1
    confidence = table["confidence"].to_numpy(np.float64, na_value=np.nan)
    areas = areas_ha(table)
    shown = _sample(table["entropy"].to_numpy(np.float64, na_value=np.nan))
    numbers: dict[str, npt.NDArray[np.float64]] = {"crop": crop.astype(np.float64)}
    numbers |= {name: table[name].to_numpy(np.float64, na_value=np.nan) for name in _NUMBERS if name in table.columns}
    if areas is not None:
        numbers["area_ha"] = areas
    status = statuses(table)
    words = [one["status"] for one in status]
    numbers["status"] = table["status"].astype(str).map({word: k for k, word in enumerate(words)}).to_numpy(np.float64)
    known: list[str] = []
    if content.labels is not None:
        labels = content.labels.astype(object).where(content.labels.notna(), None)
        known = [*content.legend, *sorted({str(label) for label in labels if label is not None} - set(content.legend))]
        place = {name: k for k, name in enumerate(known)}
        numbers["label"] = np.array([np.nan if label is None else place[str(label)] for label in labels])
    for k in range(len(content.legend)):
        numbers[f"p{k}"] = probabilities[:, k]
    blobs.add("numbers", np.stack([values[shown] for values in numbers.values()]).astype(np.float32))
    shown_map = map_of(table.iloc[shown], content.previews, blobs)
    season = curves_of(content.series, shown, crop, len(content.legend), blobs) if content.series is not None else None
    return {
        "heading": f"{content.title}: crops of {len(table):,} fields",
        "title": content.title,
        "kind": content.kind,
        "legend": list(content.legend),
        "colours": ["#%02x%02x%02x" % colour for colour in class_colours(len(content.legend))],  # noqa: UP031
        "labels": known,
        "n_fields": len(table),
        "ids": [str(one) for one in table["field_id"].iloc[shown]],
        "columns": list(numbers),
        "statuses": status,
        "map": shown_map,
        "season": season,
        "classes": by_class(probabilities, crop, areas),
        "n_answered": int(np.isfinite(confidence).sum()),
        "n_no_crop": int((np.isfinite(confidence) & (crop < 0)).sum()),
        "total_ha": None if areas is None else float(np.nansum(areas)),
        "mean_confidence": _mean(confidence),
        "confidence_counts": confidence_counts(confidence),
        "clear_by_date": clear_by_date(content.series),
        "run": _facts(content),
        "warnings": [] if content.run is None else list(content.run.warnings),
        "metrics": None if content.metrics is None else json.loads(content.metrics.model_dump_json()),
    }


def _sample(entropy: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return the rows that the page shows: all, or a random sample with the least certain fields, ascending."""
    n = len(entropy)
    if n <= _SHOWN:
        return np.arange(n)
    least = np.argsort(-np.nan_to_num(entropy, nan=-1.0), kind="stable")[:_LEAST_CERTAIN]
    others = np.setdiff1d(np.arange(n), least)
    return np.sort(np.concatenate([least, np.random.default_rng(0).choice(others, _SHOWN - len(least), replace=False)]))


def _mean(values: npt.NDArray[np.float64]) -> float | None:
    return float(np.nanmean(values)) if np.isfinite(values).any() else None


def _facts(content: ReportContent) -> list[tuple[str, str]]:
    """Return what the page says of the run: what the answer depends on, not how long it took (run.json has both)."""
    run = content.run
    if run is None:
        return []
    dates = f"{len(run.dates)}, {run.dates[0]} to {run.dates[-1]}" if run.dates else "none"
    sizes = [f"{one.path} ({one.kind}{f', {one.bytes / 1e6:,.1f} MB' if one.bytes else ''})" for one in run.inputs]
    return [
        ("Inputs", "; ".join(sizes)),
        ("Checkpoint", run.checkpoint),
        ("Dates", dates),
        ("Bands", ", ".join(run.bands)),
        ("Offset taken off", f"{run.offset:g}"),
        ("Fields, chips", f"{run.n_fields:,}, {run.n_chips:,}"),
        ("Device, precision", f"{run.device}, {run.precision}"),
        ("Versions", ", ".join(f"{name} {version}" for name, version in run.versions.items())),
    ]
