"""What a checkpoint says about its training."""

import datetime as dt
import re
from collections.abc import Sequence

import numpy as np

import cropdetect
from cropdetect.checkpoint import TrainingFields
from cropdetect.fields import field_points
from cropdetect.formats import (
    CheckpointRecord,
    ChipRecord,
    MetricsRecord,
    NoveltyRecord,
    RegionRecord,
    SeasonRecord,
    TrainingRecord,
)
from cropdetect.imagery import bounds_in_degrees
from cropdetect.training.data import TrainingData
from cropdetect.training.ensemble import NetworkEnsemble
from cropdetect.training.sensors import sensor_records

_NOT_IN_AN_ID = re.compile(r"[^\w.]+")


def checkpoint_record(
    ensemble: NetworkEnsemble,
    data: TrainingData,
    scores: MetricsRecord,
    novelty: NoveltyRecord | None,
    *,
    data_names: Sequence[str],
    licence: str,
) -> CheckpointRecord:
    """Gather what a checkpoint says of a fitted ensemble and its out-of-fold scores; `members` stays empty."""
    info, options, network = data.chips.info, ensemble.options, ensemble.members_[0][0]
    season = _season(data)
    return CheckpointRecord(
        model_id=_model_id(network.record.name, data_names, season.years),
        model=network.record,
        legend=list(data.legend),
        bands=list(network.bands),
        sensors=sensor_records(ensemble, data),
        units=info.units,
        backscatter_unit=info.backscatter_unit,
        sensor=info.sensor,
        chips=ChipRecord(preset=info.preset, size=info.size, resolution=info.pixel_metres),
        statistics=ensemble.statistics_,
        season=season,
        region=_region(data),
        training=TrainingRecord(
            data=list(data_names),
            licence=licence,
            n_fields=len(data.classes),
            class_counts=dict(zip(data.legend, data.class_counts.tolist(), strict=True)),
            recipe=options.model_dump(mode="json"),
            validation=scores.validation,
        ),
        metrics={name: value for name, value in scores.model_dump().items() if isinstance(value, int | float)},
        calibration=ensemble.calibration_,
        familiarity=novelty,
        out_of_fold=scores.model_copy(update={"label_doubts": None}),  # which name fields and their labels
        members=[],
        created=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        cropdetect_version=cropdetect.__version__,
    )


def _model_id(network: str, data_names: Sequence[str], years: Sequence[int]) -> str:
    """Return network, data and season years as one word, e.g. "season-cnn-france_s2-2023"."""
    return "-".join(_NOT_IN_AN_ID.sub("-", str(part)).strip("-") for part in (network, *data_names, *years))


def hashed_fields(data: TrainingData) -> TrainingFields:
    """Hash the labelled fields, so that the checkpoint recognises them."""
    return TrainingFields.of(data.chips.fields, data.chips.season_year, data.chips.info.sources)


def _season(data: TrainingData) -> SeasonRecord:
    days = data.days_seen()
    return SeasonRecord(
        years=np.unique(data.chips.season_year).tolist(),
        first_day=int(days.min()),
        last_day=int(days.max()),
        median_dates=int(np.median(data.chips.seen.sum(axis=1))),
    )


def _region(data: TrainingData) -> RegionRecord | None:
    points = field_points(data.chips.fields)
    if points is None:
        return None
    west, south, east, north = bounds_in_degrees(points)
    return RegionRecord(west=west, south=south, east=east, north=north)
