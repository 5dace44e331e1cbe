"""What `info` says of what the tool writes: checkpoints, predictions, scores, demos, reports, unfinished work."""

import re
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
from pydantic import ValidationError

from cropdetect.api._describe.facts import Facts, counts
from cropdetect.checkpoint import read_checkpoint
from cropdetect.chips import CALLED, recognise
from cropdetect.documents import read_json
from cropdetect.errors import CropDetectError, UnreadableFileError
from cropdetect.evaluation import SCORES
from cropdetect.formats import ComparisonRecord, MapRecord, SensorRecord
from cropdetect.outputs.scores import read_metrics
from cropdetect.paths import visible
from cropdetect.runs import read_run, unfinished_work

_Format = TypeVar("_Format", MapRecord, ComparisonRecord)
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)


def checkpoint_facts(path: Path) -> Facts:
    """Describe a checkpoint."""
    record = read_checkpoint(path).record
    return Facts(
        {
            "model_id": record.model_id,
            "model": record.model.name,
            "members": len(record.members),
            "legend": record.legend,
            "sensor": record.sensor,
            "bands": record.bands,
            "units": record.units,
            "chips": record.chips.model_dump(),
            "season": record.season.model_dump() if record.season else None,
            "region": record.region.model_dump() if record.region else None,
            "trained_on": record.training.data,
            "licence": record.training.licence,
            "trained_fields": record.training.n_fields,
            "fields_by_class": record.training.class_counts,
            "metrics": record.metrics,
            "flags_unlike_fields": record.familiarity is not None,
            "statistics": record.statistics.origin,
            "created": record.created,
            "cropdetect_version": record.cropdetect_version,
            **({"sensors": {one.sensor: _need(one) for one in record.sensors}} if record.sensors else {}),
        }
    )


def _need(sensor: SensorRecord) -> dict[str, Any]:
    return {"needed": "yes" if sensor.needed else "no", "log_loss_without": sensor.metrics_without.get("log_loss")}


def prediction_facts(path: Path) -> Facts:
    """Describe the output of `predict`."""
    run = read_json(path / "run.json")
    try:
        return _of_predictions(path, pd.read_csv(path / "predictions.csv", keep_default_na=True), run)
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise UnreadableFileError(
            f"run.json or predictions.csv are not those of a prediction ({error})", where=path, fix="Predict again."
        ) from error


def _of_predictions(path: Path, table: pd.DataFrame, run: dict[str, Any]) -> Facts:
    flags = table["unlike_training"].dropna() if "unlike_training" in table else pd.Series(dtype=object)
    known = {
        "unlike_training": run.get("unlike_training") or None,
        "fields": len(table),
        "status": counts(table["status"]),
        "crops": counts(table["crop"].dropna()),
        "fields_unlike_training": int((flags.astype(str) == "True").sum()) if len(flags) else None,
        "median_confidence": round(float(table["confidence"].median()), 3) if table["confidence"].notna().any() else None,
        "checkpoint": run.get("checkpoint"),
        "inputs": [one["path"] for one in run.get("inputs", [])],
        "files": visible(path),
        "finished": run.get("finished"),
    }
    warnings = [text for text in run.get("warnings", []) if text not in (run.get("unlike_training") or ())]
    if not all(isinstance(text, str) for text in warnings):
        raise TypeError("a warning is no text")
    return Facts({name: value for name, value in known.items() if value is not None}, warnings)


def score_facts(path: Path) -> Facts:
    """Describe the output of `evaluate` or `crossval`."""
    scores = read_metrics(path)
    main = {name: getattr(scores, name) for name in SCORES}
    known = {
        "fields": scores.n_fields,
        "labels": {name: one.n for name, one in scores.per_class.items()},
        **{name: None if value is None else round(value, 4) for name, value in main.items()},
        "log_loss_interval": [round(number, 4) for number in (scores.intervals or {}).get("log_loss", ())],
        "validation": scores.validation or "labels given to evaluate",
        "label_doubts": len(scores.label_doubts or []),
        "files": visible(path),
    }
    return Facts(known, scores.warnings)


def demo_facts(path: Path) -> Facts:
    """Describe the output of `demo`: what its folders hold, and how right its predictions are."""
    run, scores = read_run(path), read_metrics(path)
    return Facts(
        {
            "holds": {name: _called(path / name) for name in visible(path) if (path / name).is_dir()},
            "fields": scores.n_fields,
            "accuracy": round(scores.accuracy, 4),
            "log_loss": round(scores.log_loss, 4),
            "finished": run.finished if run else None,
        }
    )


def map_facts(path: Path) -> Facts:
    """Describe the output of `map`: what its folders hold, its crops, and how right it is on fields left out of training."""
    found, run = _read(path / "map.json", MapRecord), read_run(path)
    return Facts(
        {
            "holds": {name: _called(path / name) for name in visible(path) if (path / name).is_dir()},
            "fields": found.n_fields,
            "fields_with_a_label": found.n_labelled,
            "crops": {name: count.labelled + count.predicted for name, count in found.crops.items()},
            "accuracy_out_of_fold": round(found.out_of_fold.accuracy, 4),
            "log_loss_out_of_fold": round(found.out_of_fold.log_loss, 4),
            "finished": run.finished if run else None,
            "to_see_it": f"open {path / 'predictions' / 'report.html'} in a browser",
        },
        found.out_of_fold.warnings,
    )


def comparison_facts(path: Path) -> Facts:
    """Describe the output of `compare`: its runs with their scores on the shared fields."""
    found, run = _read(path / "comparison.json", ComparisonRecord), read_run(path)
    return Facts(
        {
            "shared_fields": found.n_shared,
            "runs": {one.name: {name: f"{score.value:.4g}" for name, score in one.scores.items()} for one in found.runs},
            "options_that_differ": list(found.options),
            "finished": run.finished if run else None,
            "to_see_it": f"open {path / 'comparison.html'} in a browser",
        },
        found.warnings,
    )


def _read(file: Path, kind: type[_Format]) -> _Format:
    try:
        return kind.model_validate_json(file.read_bytes())
    except (ValidationError, OSError) as error:
        raise UnreadableFileError("it is not as cropdetect wrote it", where=file, fix="Run the command again.") from error


def report_facts(path: Path) -> Facts:
    """Describe a page that `predict`, `evaluate`, `crossval` or `report` wrote."""
    title = _TITLE.search(path.read_text("utf-8", errors="replace"))
    return Facts(
        {
            "title": title[1] if title else None,
            "about": _called(path.parent),
            "megabytes": round(path.stat().st_size / 1e6, 2),
            "to_see_it": "open it in a browser",
        }
    )


def unfinished_facts(path: Path) -> Facts:
    """Describe a folder that holds nothing but the state of a stopped command."""
    work = unfinished_work(path)
    files = [file for file in (path / ".partial").rglob("*") if file.is_file()]
    known: dict[str, Any] = {
        "command": work.verb if work else None,
        "kept": f"{len(files)} files, {sum(file.stat().st_size for file in files) / 1e6:,.1f} MB",
        "to_continue": "run the same command again",
        "to_begin_anew": "remove the folder",
    }
    return Facts(known)


def _called(path: Path) -> str:
    try:
        return CALLED[recognise(path)]
    except CropDetectError:
        return "a folder"
