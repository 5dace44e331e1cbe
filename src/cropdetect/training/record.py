"""What a checkpoint says about its training."""

import datetime as dt
from collections.abc import Sequence

import numpy as np

import cropdetect
from cropdetect import models
from cropdetect.fields import field_points
from cropdetect.formats import (
    CalibrationRecord,
    CheckpointRecord,
    ChipRecord,
    MetricsRecord,
    RegionRecord,
    SeasonRecord,
    Statistics,
    TrainingRecord,
    TrainOptions,
)
from cropdetect.training.chips import TrainingChips
from cropdetect.training.labels import LabelledFields


def checkpoint_record(
    network: models.Network,
    chips: TrainingChips,
    fields: LabelledFields,
    statistics: Statistics,
    scores: MetricsRecord,
    options: TrainOptions,
    calibration: CalibrationRecord,
    *,
    data_names: Sequence[str],
    licence: str,
    validation: str,
) -> CheckpointRecord:
    """Gather the record; `members` stays empty."""
    info = chips.chips.info
    return CheckpointRecord(
        model=network.record,
        legend=list(fields.legend),
        bands=list(network.bands),
        units=info.units,
        sensor=info.sensor,
        chips=ChipRecord(preset=info.preset, size=info.size, resolution=info.resolution),
        statistics=statistics,
        season=_season(chips),
        region=_region(chips, fields),
        training=TrainingRecord(
            data=list(data_names),
            licence=licence,
            n_fields=len(fields.rows),
            class_counts=fields.counts,
            recipe=options.model_dump(mode="json"),
            validation=validation,
        ),
        metrics={name: value for name, value in scores.model_dump().items() if isinstance(value, int | float)},
        calibration=calibration,
        members=[],
        created=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        cropdetect_version=cropdetect.__version__,
    )


def _season(chips: TrainingChips) -> SeasonRecord:
    days = chips.day[chips.seen]
    return SeasonRecord(
        years=np.unique(chips.chips.season_year[chips.row]).tolist(),
        first_day=int(days.min()),
        last_day=int(days.max()),
        median_dates=int(np.median(chips.seen.sum(axis=1))),
    )


def _region(chips: TrainingChips, fields: LabelledFields) -> RegionRecord | None:
    points = field_points(chips.chips.fields.iloc[fields.rows])
    if points is None:
        return None
    west, south, east, north = (float(value) for value in points.total_bounds)
    return RegionRecord(west=west, south=south, east=east, north=north)
