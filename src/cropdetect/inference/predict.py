"""The main job: chips and a checkpoint in, one row of probabilities a field out."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cropdetect.checkpoint import Checkpoint
from cropdetect.chips.chipset import ChipSet
from cropdetect.evaluation import NoveltyDetector
from cropdetect.formats import NoveltyRecord
from cropdetect.inference.cluster import Cluster
from cropdetect.inference.compatible import in_training_season
from cropdetect.inference.ensemble import Ensemble
from cropdetect.inference.field_average import FieldAverage
from cropdetect.inference.matching import positions_for
from cropdetect.inference.parts import Parts
from cropdetect.inference.pipeline import Timings, checked_batches, in_order
from cropdetect.inference.predictions import FieldSeries, Predictions
from cropdetect.inference.series import season_cells
from cropdetect.progress import Progress
from cropdetect.spare_memory import give_back

_FIELDS_AT_ONCE = 10_000  # compared with the training fields


def predict_chips(
    chips: ChipSet,
    checkpoint: Checkpoint,
    *,
    device: str = "cpu",
    precision: str = "f32",
    workers: int | None = None,
    batch_size: int | None = None,
    state: Path | None = None,
    cluster: Cluster | None = None,
) -> tuple[Predictions, Timings]:
    """Predict the crop of every field that has a clear pixel; give every other field a status that says why not.

    Chips are cut in one thread while the networks run in others; no more than `workers` + 2 batches are in memory. The
    result depends on neither `workers` nor interruptions, to the last bit. Days are counted from the year of
    `ChipSet.with_season_year`, or else from the year that the checkpoint's training season points to.

    Args:
        chips: what to predict, with at least the checkpoint's bands.
        checkpoint: the ensemble.
        device: "cpu" or "cuda".
        precision: "f32", or "bf16" (OpenVINO on the CPU).
        workers: threads for the networks (default: all cores).
        batch_size: chips a batch (default: 16 of 32 x 32 pixels on the CPU, more where they are smaller).
        state: folder that keeps the scores so far, or None. The same call continues from there; the caller keeps the states of
            different calls apart.
        cluster: where chips are cut and scored, or None: here. The answers are the same to the last bit.

    Returns:
        The predictions, and where the time went.

    Raises:
        MissingBandError: the chips lack a band.
        OptionError: device, precision or workers cannot be used.
        MissingExtraError: bf16 without OpenVINO.
        CheckpointError: a member cannot be run, or does not fit chips or legend.
        DiskFullError: no room for the state.
        ClusterError: the cluster cannot go on.
    """
    record = checkpoint.record
    chips = in_training_season(chips, record)
    give_back()  # reading the fields and laying them on the grid takes several times what is kept
    # before anything is kept: a device or precision that is not there leaves no trace
    ensemble = Ensemble(checkpoint, chips.info, device=device, precision=precision, workers=workers)
    batch_size = batch_size or min(1024, max(1, ensemble.pixels_a_batch // chips.info.size**2))
    n_batches = -(-len(chips) // batch_size)
    average = FieldAverage(chips, record)
    parts = None if state is None else Parts(state)
    timings = Timings()
    with Progress("predicting", len(chips), "chips") as progress, timings.measure("predicting", cpu_clock=time.process_time):
        for scores in parts.finished() if parts else ():
            average.add(scores)
            progress.advance(len(scores))
        first = parts.done if parts else 0
        if cluster is None:
            batches = checked_batches(chips, batch_size, first)
            found = in_order(batches, ensemble.run, n_batches - first, workers=ensemble.concurrency, timings=timings)
            del batches  # so that the memory of its blocks is free when the last batch was scored
        else:
            found = cluster.scores(chips, first, n_batches, batch_size=batch_size, device=device, precision=precision)
        for scores in found:
            average.add(scores)
            if parts:
                parts.add(scores)
            progress.advance(len(scores))
        if parts:
            parts.save()
    give_back()
    predictions = average.predictions()
    give_back()
    if record.familiarity is not None and predictions.series is not None:
        own = positions_for(chips.info, record, record.familiarity.bands)
        bands = [None if position is None else chips.info.bands[position] for position in own]
        unlike = _unlike_training(predictions.series, chips.season_year, bands, record.familiarity)
        predictions = replace(predictions, unlike_training=unlike)
    trained_on = checkpoint.training_fields()
    if trained_on is not None:
        seen = trained_on.seen(chips.fields, chips.season_year, chips.info.sources)
        predictions = replace(predictions, seen_in_training=seen)
    return predictions, timings


def _unlike_training(
    series: FieldSeries, season_year: npt.NDArray[np.int64], bands: Sequence[str | None], record: NoveltyRecord
) -> npt.NDArray[np.bool_]:
    """Tell which fields are unlike all training fields in more than one portion of the season, (field,).

    A field without a clear date in the season is, too. `bands` are the record's bands as the series calls them, None for those
    that it lacks.
    """
    detector = NoveltyDetector(np.array(record.centres), np.array(record.covariance), record.threshold)
    unlike = np.ones(len(season_year), bool)
    for start in range(0, len(unlike), _FIELDS_AT_ONCE):
        end = start + _FIELDS_AT_ONCE
        cells = season_cells(series.of_fields(start, end), season_year[start:end], bands, record.edges)
        unlike[start:end] = ~(detector.distance_but_one(cells, portions=len(record.edges) - 1) <= record.threshold)
    return unlike
