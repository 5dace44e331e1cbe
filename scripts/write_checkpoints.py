"""Write what docs/index.md and docs/checkpoints.md repeat of shipped checkpoints and of docs/model_card.json.

Usage: python scripts/write_checkpoints.py

It goes between marker comments.
"""

import datetime as dt
import json
import re
from pathlib import Path

from cropdetect.checkpoint import read_checkpoint, shipped_names, shipped_path
from cropdetect.formats import CheckpointRecord, MetricsRecord, ModelCardRecord, SensorRecord

ROOT = Path(__file__).parents[1]
CHECKPOINT = shipped_path("kenya-simulated")
CARD = ROOT / "docs" / "model_card.json"
_PART = re.compile(r"(<!-- made by scripts/write_checkpoints.py: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def pages() -> dict[Path, str]:
    """Return the pages by their paths."""
    return {file: page(file.read_text("utf-8")) for file in (ROOT / "docs" / "index.md", ROOT / "docs" / "checkpoints.md")}


def page(text: str) -> str:
    """Return a page with all parts between markers written anew.

    Args:
        text: the page as it is.
    """
    record = read_checkpoint(CHECKPOINT).record
    metrics = ModelCardRecord.model_validate_json(CARD.read_bytes()).metrics
    parts = {
        "checkpoint": _checkpoint(record),
        "extent": _extent(record),
        "period": _period(record),
        "architecture": _architecture(record),
        "accuracy": _accuracy(metrics),
        **{name: _card(read_checkpoint(shipped_path(name)).record) for name in shipped_names()},
    }
    return _PART.sub(lambda found: f"{found[1]}\n{parts[found[2]]}\n\n{found[3]}", text)


def _table(header: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _checkpoint(record: CheckpointRecord) -> str:
    training = record.training
    rows: list[tuple[object, ...]] = [
        ("data", ", ".join(training.data)),
        ("licence of the data", training.licence),
        ("fields", training.n_fields),
        ("classes (fields)", ", ".join(f"{name} ({count})" for name, count in training.class_counts.items())),
        ("bands", ", ".join(record.bands)),
        ("units", record.units),
        ("sensor", record.sensor or "any"),
        *((f"{one.sensor} is needed", _need(one)) for one in record.sensors),
        ("chips", f"{record.chips.size} x {record.chips.size} pixels of {record.chips.resolution or '?'} m"),
        ("statistics from", record.statistics.origin),
        ("validation", training.validation),
        *((name.replace("_", " "), f"{value:.4g}") for name, value in record.metrics.items()),
        ("calibration", record.calibration.method),
        ("made", f"{record.created[:10]}, cropdetect {record.cropdetect_version}"),
    ]
    return _table(("", "shipped checkpoint"), rows)


def _need(sensor: SensorRecord) -> str:
    without = sensor.metrics_without.get("log_loss")
    return f"{'yes' if sensor.needed else 'no'}; log loss without it: {'not known' if without is None else f'{without:.4g}'}"


def _card(record: CheckpointRecord) -> str:
    return "\n\n".join([_checkpoint(record), _architecture(record), _period(record), _extent(record)])


def _extent(record: CheckpointRecord) -> str:
    if record.region is None:
        return "Not known."
    west, south, east, north = (round(side, 4) for side in record.region.model_dump().values())
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return f"```geojson\n{json.dumps({'type': 'Polygon', 'coordinates': [ring]})}\n```"


def _period(record: CheckpointRecord) -> str:
    if record.season is None:
        return "Not known."
    days = record.season.first_day, record.season.last_day
    rows: list[tuple[object, ...]] = [
        tuple(dt.date(year, 1, 1) + dt.timedelta(days=day) for day in days) for year in record.season.years
    ]
    return _table(("Start", "End"), rows)


def _architecture(record: CheckpointRecord) -> str:
    return (
        f"`{record.model.name}`, {len(record.members)} member(s): "
        f"{', '.join(f'{name} {value}' for name, value in record.model.arguments.items() if isinstance(value, int | float))}."
    )


def _accuracy(metrics: MetricsRecord) -> str:
    whole: list[tuple[object, ...]] = [
        ("fields", f"{metrics.n_fields:,}"),
        ("log loss (nats)", f"{metrics.log_loss:.3f}"),
        ("accuracy", f"{metrics.accuracy:.3f}"),
        ("balanced accuracy", f"{metrics.balanced_accuracy:.3f}"),
        ("macro F1", f"{metrics.macro_f1:.3f}"),
        ("expected calibration error", f"{metrics.ece:.3f}"),
    ]
    classes: list[tuple[object, ...]] = [
        (name, one.n, _number(one.precision), _number(one.recall), _number(one.f1)) for name, one in metrics.per_class.items()
    ]
    sizes: list[tuple[object, ...]] = [
        (_range(size.lower_pixels, size.upper_pixels), size.n, f"{size.accuracy:.2f}", f"{size.log_loss:.2f}")
        for size in metrics.by_size or ()
    ]
    return "\n\n".join(
        [
            _table(("", "all fields"), whole),
            _table(("class", "fields", "precision", "recall", "F1"), classes),
            _table(("pixels of a field (10 m)", "fields", "accuracy", "log loss"), sizes),
        ]
    )


def _number(value: float | None) -> str:
    return "never predicted" if value is None else f"{value:.2f}"


def _range(lower: float, upper: float | None) -> str:
    return f"{lower:g} and more" if upper is None else f"{lower:g} to {upper:g}"


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, "utf-8")
