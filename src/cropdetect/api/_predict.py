"""The verb `predict`, and its dry run."""

import datetime as dt
import resource
from collections import Counter
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cropdetect.api._data import Data, DataOptions, open_data, told
from cropdetect.api._info import Description
from cropdetect.checkpoint import Checkpoint, checkpoint_path, read_checkpoint
from cropdetect.errors import OptionError
from cropdetect.formats import InputRecord, PredictionRun
from cropdetect.inference import check_compatible, predict_chips
from cropdetect.outputs import read_prediction_run, write_outputs
from cropdetect.runs import OutputFolder

_FIELDS_PER_SECOND = 40.0  # one member on a laptop of two cores: enough for --dry-run's estimate


def predict(
    data: Path,
    out: Path,
    *,
    checkpoint: Path,
    options: DataOptions | None = None,
    device: str = "cpu",
    precision: str = "f32",
    workers: int | None = None,
    min_confidence: float = 0.0,
    submission: bool = False,
    season_year: int | None = None,
    overwrite: bool = False,
) -> PredictionRun:
    """Give every field its crop, with probabilities, as tables and maps in a folder.

    The same call goes on where a stopped one was, and does nothing when all is there.

    Args:
        data: imagery, a chip store or a table folder.
        out: output folder.
        checkpoint: checkpoint folder.
        options: how imagery and fields are read.
        device: "cpu" or "cuda".
        precision: "f32" or "bf16".
        workers: threads (default: all cores).
        min_confidence: leave the crop empty below this probability.
        submission: also write the competition's submission.csv.
        season_year: year that days are counted from (default: decided by the dates, see `ChipSet.season_year`).
        overwrite: replace another output of the tool.

    Returns:
        What run.json holds.

    Raises:
        CropDetectError: one of its kinds, when input, option or disk is at fault.
    """
    checkpoint, options = checkpoint_path(checkpoint), options or DataOptions()
    output = OutputFolder("predict", locals())
    if output.finished():
        return read_prediction_run(output.path)
    trained, opened, warnings = _open(data, checkpoint, options, season_year)
    told(warnings)
    with output.writing() as work:
        predictions, timings = predict_chips(
            opened.chips,
            trained,
            device=device,
            precision=precision,
            workers=workers,
            state=work.state,
        )
        run = PredictionRun(
            format="cropdetect-run",
            versions=_versions(),
            inputs=_inputs(data, opened, options),
            checkpoint=str(checkpoint),
            dates=[str(day) for day in opened.chips.info.dates],
            bands=list(opened.chips.info.bands),
            offset=opened.chips.info.offset,
            n_fields=len(predictions.fields),
            n_chips=len(opened.chips),
            status_counts=dict(Counter(predictions.status.tolist())),
            seconds=timings.seconds,
            cpu_seconds=timings.cpu_seconds,
            peak_memory_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
            precision=precision,
            device=device,
            warnings=list(warnings),
            started=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        )
        write_outputs(
            predictions,
            work.new,
            run=run,
            imagery=opened.imagery,
            fields=opened.fields,
            min_confidence=min_confidence,
            submission=submission,
        )
    return read_prediction_run(output.path)


def plan(data: Path, *, checkpoint: Path, options: DataOptions | None = None, season_year: int | None = None) -> Description:
    """Say what `predict` would do with the same arguments: dates, fields, chips, gigabytes and minutes.

    Raises:
        CropDetectError: as `predict` would.
    """
    trained, opened, warnings = _open(data, checkpoint, options, season_year)
    info = opened.chips.info
    days = [str(day) for day in info.dates]
    facts: dict[str, Any] = {
        "dates": {"count": len(days), "first": days[0], "last": days[-1]} if days else {"count": 0},
        "fields": len(opened.chips.fields),
        "chips": len(opened.chips),
        "chip_size": info.size,
        "bands": list(info.bands),
        "gigabytes_to_read": round(info.n_bytes / 1e9, 2),
        "members": len(trained.record.members),
        "minutes_about": round(len(opened.chips) * len(trained.record.members) / _FIELDS_PER_SECOND / 60, 1),
    }
    return Description(path=str(data), kind="imagery" if opened.imagery else "chips", facts=facts, warnings=list(warnings))


def _open(
    data: Path, checkpoint: Path, options: DataOptions | None, season_year: int | None = None
) -> tuple[Checkpoint, Data, tuple[str, ...]]:
    trained = read_checkpoint(checkpoint)
    record = trained.record
    options = options or DataOptions()
    if record.chips.size > 1:  # a network of field means (size 1) takes chips of any size
        options = replace(options, chip_size=record.chips.size)
    opened = open_data(data, options, record.chips.preset, labels=False)
    if len(opened.chips.fields) == 0:
        raise OptionError("there are no fields to predict", where=data, fix="Check --fields, --bbox and --limit.")
    if season_year is not None:
        opened = replace(opened, chips=opened.chips.with_season_year(season_year))
    nowhere = _no_chips(opened) if len(opened.chips) == 0 else ()
    return trained, opened, nowhere + opened.warnings + check_compatible(opened.chips, trained)


def _no_chips(opened: Data) -> tuple[str, ...]:
    """Warn that no field can be answered, which mostly means a wrong place or CRS."""
    counts = ", ".join(f"{count} {status}" for status, count in opened.chips.fields["status"].value_counts().items())
    return (f"No field has a pixel on the images ({counts}): check the place and the CRS of both.",)


def _versions() -> dict[str, str]:
    import onnxruntime  # comes in wheels of several names

    return {"cropdetect": version("cropdetect"), "onnxruntime": onnxruntime.__version__}


def _inputs(data: Path, opened: Data, options: DataOptions | None) -> list[InputRecord]:
    kind = "imagery" if opened.imagery else "chips" if opened.chips.info.size > 1 else "table"
    inputs = [InputRecord(path=str(data), kind=kind, bytes=opened.chips.info.n_bytes)]
    if options and options.fields:
        inputs.append(InputRecord(path=str(options.fields), kind="fields", bytes=options.fields.stat().st_size))
    return inputs
