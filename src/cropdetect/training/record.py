"""What a checkpoint says about its training."""

import datetime as dt
from collections.abc import Sequence

import numpy as np

import cropdetect
from cropdetect.fields import degrees
from cropdetect.formats import (
    CheckpointRecord,
    ChipRecord,
    FamiliarityRecord,
    MetricsRecord,
    RegionRecord,
    SeasonRecord,
    TrainingRecord,
)
from cropdetect.training.data import TrainingData
from cropdetect.training.ensemble import NetworkEnsemble


def checkpoint_record(
    ensemble: NetworkEnsemble,
    data: TrainingData,
    scores: MetricsRecord,
    familiarity: FamiliarityRecord | None,
    *,
    data_names: Sequence[str],
    licence: str,
    validation: str,
) -> CheckpointRecord:
    """Gather what a checkpoint says of a fitted ensemble; `members` stays empty."""
    info, fields, options, network = data.chips.info, data.fields, ensemble.options, ensemble.members_[0][0]
    return CheckpointRecord(
        model=network.record,
        legend=list(fields.legend),
        bands=list(network.bands),
        units=info.units,
        sensor=info.sensor,
        chips=ChipRecord(preset=info.preset, size=info.size, resolution=info.resolution),
        statistics=ensemble.statistics_,
        season=_season(data, options.season_year),
        region=_region(data),
        training=TrainingRecord(
            data=list(data_names),
            licence=licence,
            n_fields=len(fields.rows),
            class_counts=fields.counts,
            recipe=options.model_dump(mode="json"),
            validation=validation,
        ),
        metrics={name: value for name, value in scores.model_dump().items() if isinstance(value, int | float)},
        calibration=ensemble.calibration_,
        familiarity=familiarity,
        members=[],
        created=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        cropdetect_version=cropdetect.__version__,
    )


def _season(data: TrainingData, season_year: int | None) -> SeasonRecord:
    days = data.days_seen(season_year)
    return SeasonRecord(
        years=np.unique(data.season_years()).tolist() if season_year is None else [season_year],
        first_day=int(days.min()),
        last_day=int(days.max()),
        median_dates=int(np.median(data.seen.sum(axis=1))),
    )


def _region(data: TrainingData) -> RegionRecord | None:
    points = degrees(data.table)
    if points is None:
        return None
    west, south, east, north = (float(value) for value in points.total_bounds)
    return RegionRecord(west=west, south=south, east=east, north=north)
