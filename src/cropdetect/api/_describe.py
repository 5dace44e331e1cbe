"""What `info` says of each kind of data."""

import datetime as dt
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cropdetect.checkpoint import read_checkpoint
from cropdetect.chips import ChipSet, open_chips, read_table
from cropdetect.errors import CropDetectError
from cropdetect.evaluation import SCORES
from cropdetect.fields import FieldSet, fields_of, is_vector_file, read_fields
from cropdetect.formats import Kind
from cropdetect.imagery import Imagery, ImageSeries, PixelBlock, Window, open_imagery, parse_band
from cropdetect.in_memory import InMemory, place_of
from cropdetect.outputs.scores import read_metrics

_LOOK = 256  # pixels: side of the window in each tile's centre that is read, at most
_LOOK_BYTES = 64 * 2**20

_Facts = tuple[dict[str, Any], Sequence[str]]  # and warnings


def describe(
    source: Path | InMemory,
    kind: Kind,
    *,
    pattern: str | None,
    date: dt.date | None,
    band_names: str | None,
    layer: str | None,
    id_column: str | None,
    labels: str | None,
    columns: Path | None,
    fields: Path | None,
    clear: str | None,
) -> _Facts:
    """Return facts, and warnings, about what lies at a path; see `info` for the options."""
    path = place_of(source)
    match kind:
        case "imagery":
            imagery = open_imagery(source, pattern=pattern, date=date, band_names=band_names, clear=clear)
            if fields is None:
                return _imagery(imagery, lambda: fields_of(imagery, label_column=labels))
            return _imagery(
                imagery,
                lambda: read_fields(fields, layer=layer, id_column=id_column, label_column=labels, imagery=imagery),
            )
        case "fields":
            return _fields_file(path, layer, id_column, labels)
        case "chips":
            return _chips(open_chips(path))
        case "table":
            table = read_table(path, label_column=labels, id_column=id_column, layer=layer, columns=columns, fields=fields)
            return _chips(table)
        case "checkpoint":
            return _checkpoint(path)
        case "predictions":
            return _predictions(path)
        case "scores":
            return _scores(path)


def _imagery(imagery: Imagery, fields: Callable[[], FieldSet]) -> _Facts:
    first = imagery.tiles[0]
    looks = [_look(tile) for tile in imagery.tiles[:8]]
    facts: dict[str, Any] = {
        "layout": imagery.layout,
        "tiles": len(imagery.tiles),
        "size": _counts(f"{t.geobox.height} x {t.geobox.width}" for t in imagery.tiles),
        "crs": _counts(_crs(t) for t in imagery.tiles),
        "resolution": abs(first.geobox.affine.a),
        "dates": _period(imagery.dates),
        "bands": list(imagery.bands),
        "mask_bands": list(first.mask_bands),
        "dtype": str(first.dtype),
        "sensor": first.sensor,
        "units": first.units,
        "offset_taken_off": first.offset,
        "megabytes": round(sum(t.n_bytes for t in imagery.tiles) / 1e6, 1),
        "clear_where": first.clear_expression or "every band has a value",
        "clear_share": _quartiles(np.concatenate([look.clear.mean(axis=(1, 2)) for look in looks])),
        "values": _values(first, looks[0]),
    }
    warnings = list(imagery.warnings)
    try:
        found = fields()
        facts |= _fields(found)
        warnings += found.warnings
    except CropDetectError as error:
        facts["fields"] = f"not read: {error.what}. {error.fix}".rstrip()
    return facts, warnings


def _look(tile: ImageSeries) -> PixelBlock:
    """Read all dates and bands of a window in the centre of a tile."""
    height, width = tile.geobox.shape
    pixel = len(tile.dates) * len(tile.bands) * tile.dtype.itemsize
    side = max(16, min(_LOOK, int((_LOOK_BYTES / pixel) ** 0.5)))
    top, left = max(0, (height - side) // 2), max(0, (width - side) // 2)
    return tile.read(Window(top, left, min(height, top + side), min(width, left + side)))


def _quartiles(values: npt.NDArray[np.floating]) -> dict[str, float]:
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    return {"quartile_1": round(float(low), 2), "median": round(float(middle), 2), "quartile_3": round(float(high), 2)}


def _values(tile: ImageSeries, look: PixelBlock) -> dict[str, dict[str, Any]]:
    """Say of each band what it is, on how many dates it has clear values in the window, and how large they are."""
    rows: dict[str, dict[str, Any]] = {}
    for place, band in enumerate(tile.bands):
        said = parse_band(band, tile.sensor)
        pixels = look.image[:, place]
        known = look.clear & np.isfinite(pixels)
        row: dict[str, Any] = {"sensor": said.sensor, "kind": said.band.kind, "role": said.band.role or None}
        row["clear_dates"] = int(known.any(axis=(1, 2)).sum())
        quantiles = np.quantile(pixels[known].astype(np.float64), [0.05, 0.5, 0.95]) if known.any() else [None] * 3
        names = ("quantile_05", "median", "quantile_95")
        rows[band] = row | {n: None if q is None else float(f"{q:.4g}") for n, q in zip(names, quantiles, strict=True)}
    return rows


def _fields_file(path: Path, layer: str | None, id_column: str | None, labels: str | None) -> _Facts:
    if path.is_dir() and not is_vector_file(path):
        path = next(entry for entry in path.iterdir() if not entry.name.startswith("."))
    fields = read_fields(path, layer=layer, id_column=id_column, label_column=labels)
    return _fields(fields), list(fields.warnings)


def _fields(fields: FieldSet) -> dict[str, Any]:
    table = fields.table
    facts: dict[str, Any] = {
        "fields": len(table),
        "field_ids": f"{table['field_id'].iloc[0]} ... {table['field_id'].iloc[-1]}" if len(table) else "none",
        "status": _counts(table["status"]),
        "columns": [c for c in table.columns if c not in ("geometry", "status")],
    }
    if "label" in table.columns:
        facts["labels"] = _counts(table["label"].dropna())
    shapes = table.geometry.dropna()
    if len(shapes):
        metric = shapes if shapes.crs is None or not shapes.crs.is_geographic else shapes.to_crs(shapes.estimate_utm_crs())
        if (metric.geom_type != "Point").any():
            q = metric.area.quantile([0.05, 0.5, 0.95]).round().tolist()
            facts["field_area_m2"] = {"quantile_05": q[0], "median": q[1], "quantile_95": q[2]}
    if table.crs is not None:
        facts["fields_crs"] = table.crs.to_string() if table.crs.to_epsg() else table.crs.name
    return facts


def _chips(chips: ChipSet) -> _Facts:
    missing: dict[str, float] = {}
    steps: list[int] = []
    clear = total = 0.0
    sums = np.zeros(len(chips.info.bands))
    seen = 0
    for batch in chips.batches(256):
        there = ~np.isnat(batch.date)
        steps += there.sum(axis=1).tolist()
        inside = (batch.mask > 0)[:, None] & there[:, :, None, None]
        clear += float((batch.clear & inside).sum())
        total += float(inside.sum())
        values = batch.image[there]
        sums += np.isnan(values).mean(axis=(0, 2, 3)) * len(values) if values.dtype.kind == "f" else 0
        seen += len(values)
    missing = {b: round(float(s / seen), 3) for b, s in zip(chips.info.bands, sums, strict=True)} if seen else {}
    facts: dict[str, Any] = {
        "chips": len(chips),
        "chip_size": chips.info.size,
        "preset": chips.info.preset,
        "bands": list(chips.info.bands),
        "missing_share": missing,
        "dates": _period(chips.info.dates),
        "steps_per_chip": {"min": min(steps), "median": float(np.median(steps)), "max": max(steps)} if steps else {},
        "clear_share": round(clear / total, 3) if total else None,
        "sensor": chips.info.sensor,
        "offset_taken_off": chips.info.offset,
    }
    return facts | _fields(FieldSet(table=chips.fields)), list(chips.info.warnings)


def _checkpoint(path: Path) -> _Facts:
    record = read_checkpoint(path).record
    facts = {
        "model_id": record.model_id,
        "model": record.model.name,
        "members": len(record.members),
        "legend": record.legend,
        "bands": record.bands,
        "chips": record.chips.model_dump(),
        "season": record.season.model_dump() if record.season else None,
        "region": record.region.model_dump() if record.region else None,
        "trained_on": record.training.data,
        "licence": record.training.licence,
        "trained_fields": record.training.n_fields,
        "metrics": record.metrics,
        "statistics": record.statistics.origin,
        "created": record.created,
        "cropdetect_version": record.cropdetect_version,
    }
    if record.sensors:
        facts["sensors"] = {
            one.sensor: {"needed": "yes" if one.needed else "no", "log_loss_without": one.metrics_without.get("log_loss")}
            for one in record.sensors
        }
    return facts, []


def _predictions(path: Path) -> _Facts:
    table = pd.read_csv(path / "predictions.csv", keep_default_na=True)
    run = json.loads((path / "run.json").read_text("utf-8"))
    facts = {
        "fields": len(table),
        "status": _counts(table["status"]),
        "crops": _counts(table["crop"].dropna()),
        "median_confidence": round(float(table["confidence"].median()), 3) if table["confidence"].notna().any() else None,
        "checkpoint": run.get("checkpoint"),
        "files": sorted(entry.name for entry in path.iterdir() if not entry.name.startswith(".")),
        "finished": run.get("finished"),
    }
    return facts, list(run.get("warnings", []))


def _scores(path: Path) -> _Facts:
    scores = read_metrics(path)
    main = {name: getattr(scores, name) for name in SCORES}
    facts = {
        "fields": scores.n_fields,
        "labels": {name: one.n for name, one in scores.per_class.items()},
        **{name: None if value is None else round(value, 4) for name, value in main.items()},
        "log_loss_interval": list((scores.intervals or {}).get("log_loss", ())),
        "validation": scores.validation or "labels given to evaluate",
        "label_doubts": len(scores.label_doubts or []),
        "files": sorted(entry.name for entry in path.iterdir() if not entry.name.startswith(".")),
    }
    return facts, list(scores.warnings)


def _crs(tile: ImageSeries) -> str:
    crs = tile.geobox.crs
    return "none" if crs is None else str(crs) if crs.to_epsg() else crs.to_wkt()[:60]


def _counts(values: Any) -> dict[str, int]:
    return {str(name): int(count) for name, count in pd.Series(list(values), dtype=object).value_counts().items()}


def _period(days: Sequence[dt.date]) -> dict[str, Any]:
    return {"count": len(days), "first": str(days[0]), "last": str(days[-1])} if days else {"count": 0}
