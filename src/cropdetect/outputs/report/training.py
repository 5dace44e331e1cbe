"""The page of a checkpoint: how good it is, how its training went, what it learned from. It names no field."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from cropdetect.errors import UnreadableFileError
from cropdetect.evaluation import as_out_of_fold
from cropdetect.formats import CheckpointRecord, RegionRecord, SeasonRecord
from cropdetect.outputs.colours import class_codes, class_colours
from cropdetect.outputs.report.words import number, percent, plural

EPOCHS = "training.csv"


@dataclass(frozen=True)
class TrainingContent:
    """Everything that the page of a checkpoint shows.

    Attributes:
        record: what the checkpoint says of itself.
        epochs: the rows of `training.csv`, or None where there is no such file.
        title: the page's first line; empty: network and data.
        subtitle: the line below it; empty: what was counted.
        tiles: always empty: the page has no map.
    """

    record: CheckpointRecord
    epochs: pd.DataFrame | None = None
    title: str = ""
    subtitle: str = ""
    tiles: str = ""


def read_training(folder: Path, record: CheckpointRecord) -> TrainingContent:
    """Read what `train` wrote.

    Args:
        folder: of the checkpoint.
        record: what it says of itself.

    Raises:
        UnreadableFileError: the table of epochs is damaged.
    """
    file = folder / EPOCHS
    try:
        epochs = pd.read_csv(file) if file.is_file() else None
        if epochs is not None and not {"member", "cycle", "epoch", "training_loss", "validation_log_loss"} <= set(epochs.columns):
            raise ValueError("a column is missing")
    except (OSError, ValueError) as error:
        raise UnreadableFileError(f"the file cannot be read: {error}", where=file, fix="Delete it, or train again.") from error
    return TrainingContent(record, epochs)


def summarize_training(content: TrainingContent) -> dict[str, Any]:
    """Return what the page shows, as JSON holds it; `assets/data.js` lists the keys."""
    record = content.record
    training, legend = record.training, record.legend
    counts = f"{plural(training.n_fields, 'field')} with {plural(len(legend), 'crop')}"
    networks = plural(len(record.members), "network")
    scores = None if record.out_of_fold is None else as_out_of_fold(record.out_of_fold).model_dump(mode="json")
    return {
        "title": content.title or f"{record.model.name}, trained on {', '.join(training.data) or 'unnamed data'}",
        "subtitle": content.subtitle or f"Checkpoint of {networks}, trained on {counts}.",
        "kind": "training",
        "legend": list(legend),
        "colours": ["#{:02x}{:02x}{:02x}".format(*colour) for colour in class_colours(len(legend))],
        "codes": class_codes(legend),
        "ids": [],
        "n_fields": training.n_fields,
        "counts": sorted(training.class_counts.items(), key=lambda one: (-one[1], one[0])),
        "learning": _curves(content.epochs),
        "metrics": scores,
        "run": _facts(record),
    }


def _curves(epochs: pd.DataFrame | None) -> list[dict[str, Any]] | None:
    """Return the losses of each network in the order of its epochs; the cycles of a network follow one another."""
    if epochs is None or epochs.empty:
        return None
    rows = epochs.sort_values(["member", "cycle", "epoch"], kind="stable")
    return [
        {
            "training": one["training_loss"].round(4).tolist(),
            "validation": None if one["validation_log_loss"].isna().any() else one["validation_log_loss"].round(4).tolist(),
        }
        for _, one in rows.groupby("member")
    ]


def _facts(record: CheckpointRecord) -> dict[str, str]:
    training, calibration = record.training, record.calibration
    arguments = ", ".join(
        f"{name} {value}" for name, value in record.model.arguments.items() if not isinstance(value, list | dict)
    )
    facts = {
        "Data": f"{', '.join(training.data) or 'unnamed'}; licence: {training.licence}",
        "Where": "" if record.region is None else _place(record.region),
        "When": "" if record.season is None else _season(record.season),
        "Bands": ", ".join(record.bands),
        "Units, sensor": ", ".join(one for one in (record.units, record.sensor) if one),
        "Pixels": f"{record.chips.size} x {record.chips.size} of {record.chips.resolution:g} m" if record.chips.size > 1 else "",
        "Network": f"{record.model.name}: {arguments}",
        "Validation": training.validation,
        "Scores": "" if record.out_of_fold else ", ".join(f"{name} {number(value, 3)}" for name, value in record.metrics.items()),
        "Calibration": f"{calibration.method}; calibration error {_ece(calibration.ece_before)} before, "
        f"{_ece(calibration.ece_after)} after",
        "Made": f"{record.created}, cropdetect {record.cropdetect_version}",
    }
    return {name: text for name, text in facts.items() if text}


def _ece(error: float | None) -> str:
    return "unknown" if error is None else percent(error, 1)


def _place(region: RegionRecord) -> str:
    return f"longitude {region.west:.2f} to {region.east:.2f}, latitude {region.south:.2f} to {region.north:.2f} degrees"


def _season(season: SeasonRecord) -> str:
    first, last = (
        dt.date(year, 1, 1) + dt.timedelta(days=day)
        for year, day in ((min(season.years), season.first_day), (max(season.years), season.last_day))
    )
    years = f", seasons of {', '.join(map(str, season.years))}" if len(season.years) > 1 else ""
    return f"{first} to {last}{years}; half of the fields have {season.median_dates} dates or more"
