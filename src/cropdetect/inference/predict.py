"""The main job: chips and a checkpoint in, one row of probabilities a field out."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from cropdetect.checkpoint import Checkpoint
from cropdetect.chips.batch import ChipBatch
from cropdetect.chips.chipset import ChipSet
from cropdetect.errors import ChipStoreError
from cropdetect.inference.backends import open_backend
from cropdetect.inference.chip_answers import ChipAnswers, answer_chips
from cropdetect.inference.familiarity import unlike_training
from cropdetect.inference.field_average import FieldAverage
from cropdetect.inference.network_inputs import InputMaker
from cropdetect.inference.parts import Parts
from cropdetect.inference.pipeline import Clock, answers_in_order
from cropdetect.inference.predictions import Predictions
from cropdetect.inference.timings import Timings
from cropdetect.progress import Progress

_PIXELS_A_BATCH = 16 * 32 * 32


def predict_chips(
    chips: ChipSet,
    checkpoint: Checkpoint,
    *,
    device: str = "cpu",
    precision: str = "f32",
    workers: int | None = None,
    batch_size: int | None = None,
    state: Path | None = None,
    season_year: int | None = None,
) -> tuple[Predictions, Timings]:
    """Answer every field that has a clear pixel; give every other field a status that says why not.

    Chips are cut in one thread while the networks run in others; no more than `workers` + 2 batches are in memory. The
    answer depends on neither `workers` nor interruptions, to the last bit.

    Args:
        chips: what to answer, with at least the checkpoint's bands.
        checkpoint: the ensemble.
        device: "cpu" or "cuda".
        precision: "f32", or "bf16" (OpenVINO on the CPU).
        workers: threads for the networks (default: all cores).
        batch_size: chips a batch (default: 16 of 32 x 32 pixels, more where they are smaller).
        state: folder that keeps the answers so far, or None. The same call continues from there; the caller keeps the states of
            different calls apart.
        season_year: year that days are counted from (default: the year of each chip's median date).

    Returns:
        The predictions, and where the time went.

    Raises:
        MissingBandError: the chips lack a band.
        OptionError: device, precision or workers cannot be used.
        MissingExtraError: bf16 without OpenVINO.
        CheckpointError: a member cannot be run, or does not fit chips or legend.
        DiskFullError: no room for the state.
    """
    record = checkpoint.record
    inputs = InputMaker.of(record, chips.info.bands, chips.info.size, season_year)
    batch_size = batch_size or min(1024, max(1, _PIXELS_A_BATCH // chips.info.size**2))
    n_batches = -(-len(chips) // batch_size)
    average = FieldAverage(chips.fields, chips.field_of_chip, tuple(record.legend), record.calibration, chips.info.bands)
    # before anything is kept: a device or precision that is not there leaves no trace
    backend = open_backend(checkpoint.member_paths(), device=device, precision=precision, workers=workers)
    parts = None if state is None else Parts(state)
    cutting, network, workers_used = Clock(), Clock(), 1
    start = time.monotonic(), time.process_time()
    with Progress("predicting", len(chips), "chips") as progress:
        for answers in parts.finished() if parts else ():
            average.add(answers)
            progress.advance(len(answers))
        first = parts.done if parts else 0
        if first < n_batches:
            workers_used = backend.concurrency

            def answer(batch: ChipBatch) -> ChipAnswers:
                return answer_chips(batch, backend, inputs, len(record.members), len(record.legend))

            for answers in answers_in_order(
                _Cutter(chips, batch_size, first).next,
                answer,
                n_batches - first,
                workers=workers_used,
                cutting=cutting,
                network=network,
            ):
                average.add(answers)
                if parts:
                    parts.add(answers)
                progress.advance(len(answers))
        if parts:
            parts.save()
    wall, cpu = time.monotonic() - start[0], time.process_time() - start[1]
    predictions = average.finish()
    if record.familiarity is not None and predictions.series is not None:
        strange = unlike_training(predictions.series, len(chips.fields), record.familiarity, season_year)
        predictions = replace(predictions, unlike_training=strange)
    return predictions, Timings(
        seconds={"cutting": cutting.seconds, "network": network.seconds / workers_used, "predicting": wall},
        cpu_seconds={"cutting": cutting.cpu_seconds, "network": network.cpu_seconds, "predicting": cpu},
    )


class _Cutter:
    """Gives one batch after the other and checks that they are those the chip set announced."""

    def __init__(self, chips: ChipSet, batch_size: int, first: int) -> None:
        self._chips = chips
        self._start = first * batch_size
        self._batches = chips.batches(batch_size, first=first)

    def next(self) -> ChipBatch:
        batch = next(self._batches, None)
        fields = self._chips.field_of_chip[self._start :]
        if batch is None or not np.array_equal(batch.field, fields[: len(batch)]):
            raise ChipStoreError(
                f"from chip {self._start} on the chips are not those of the list of fields",
                where=", ".join(self._chips.info.sources[:3]),
                fix="The inputs may have changed meanwhile: run the command again with --overwrite.",
            )
        self._start += len(batch)
        return batch
