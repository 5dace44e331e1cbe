"""The verb `predict`, and its dry run."""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from cropdetect.api._info import Description
from cropdetect.api._prediction import Answers, PredictionResult
from cropdetect.api._verb import Reading, verb
from cropdetect.api._workforce import Scheduler, Workers, absolute, absolute_path, refuse_memory
from cropdetect.errors import OptionError
from cropdetect.formats import InputRecord, PredictionRun
from cropdetect.in_memory import InMemory, as_source, place_of
from cropdetect.options import AnyPath, DataOptions, DataSource, Mark, Without
from cropdetect.runs import OutputFolder

if TYPE_CHECKING:
    from cropdetect.checkpoint import Checkpoint
    from cropdetect.chips import ChipSet, OpenedData
    from cropdetect.inference import Predictions, Timings

FIELDS_PER_SECOND = 40.0  # one member on a laptop of two cores: enough for --dry-run's estimate

# The checkpoint says which bands and how large the chips are.
_Options = Annotated[DataOptions, Without(("labels", "reference", "legend", "bands", "chip_size"))]


@verb
def predict(
    data: DataSource,
    out: Annotated[AnyPath | None, Mark.TYPED] = None,
    *,
    checkpoint: AnyPath,
    options: _Options = DataOptions(),
    device: Literal["cpu", "cuda"] = "cpu",
    precision: Literal["f32", "bf16"] = "f32",
    workers: Workers = None,
    scheduler: Scheduler = None,
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.0,
    submission: bool = False,
    season_year: Annotated[int | None, Field(ge=1900, le=2200)] = None,
    with_labels: Annotated[bool, Mark.PYTHON_ONLY] = False,
    title: str = "",
    subtitle: str = "",
    overwrite: bool = False,
    **reading: Reading,
) -> PredictionResult:
    """Give every field its crop, with probabilities, as tables and maps.

    The same call continues a stopped one, and does nothing if all is complete. In Python the data may also be a Dataset or
    DataArray of xarray, or a table; without `out` nothing is written.

    Args:
        data: images (folder or cube), chips.zarr, a table of field means, or stac:CATALOGUE/COLLECTION.
        out: output folder.
        checkpoint: checkpoint folder, or the name of a checkpoint that comes with cropdetect.
        options: how imagery and fields are read.
        device: where the networks run.
        precision: numbers that the networks compute with; bf16 needs the extra [fast].
        workers: threads (default: all cores).
        scheduler: address of a Dask scheduler, whose workers do the work; in Python also a `distributed.Client`.
        min_confidence: leave the crop empty below this probability.
        submission: also write the competition's submission.csv.
        season_year: year that days are counted from (default: by the dates).
        with_labels: read the labels of the fields, too, and keep them in the column label.
        title: first line of the report (default: place and season).
        subtitle: second line of the report (default: what was counted).
        overwrite: replace another output of cropdetect; other files stay.
        reading: single options of `DataOptions`, e.g. `fields`.

    Returns:
        What run.json holds, with the table of fields, the report, and a way to write all of it.

    Raises:
        CropDetectError: one of its kinds, when input, option or disk is at fault.
    """
    arguments = {name: value for name, value in locals().items() if name != "reading"}
    from cropdetect.checkpoint import checkpoint_path
    from cropdetect.inference import Cluster, check_familiar, predict_chips
    from cropdetect.outputs import fields_table, read_prediction_run, write_outputs

    opening = _opening(data, Path(checkpoint), options, season_year)
    refuse_memory(scheduler, data, options)
    checkpoint = checkpoint_path(Path(checkpoint))
    arguments |= {"checkpoint": checkpoint}

    def answers(
        trained: "Checkpoint",
        opened: "OpenedData",
        unlike: tuple[str, ...],
        *,
        cluster: Cluster | None,
        state: Path | None = None,
    ) -> tuple[PredictionRun, Answers]:
        opened.warn()
        how: dict[str, Any] = {"device": device, "precision": precision}
        predictions, timings = predict_chips(opened.chips, trained, workers=workers, state=state, cluster=cluster, **how)
        strange = check_familiar(predictions, trained)
        how |= {"inputs": _inputs(data, opened, options), "title": title, "subtitle": subtitle}
        how |= {"warnings": [*strange, *opened.warnings], "unlike_training": [*strange, *unlike]}
        run = _record(opened, trained, predictions, timings, **how)
        write = partial(
            write_outputs,
            predictions,
            run=run,
            imagery=opened.imagery,
            fields=opened.fields,
            min_confidence=min_confidence,
            submission=submission,
        )
        return run, Answers(arguments, partial(fields_table, predictions, min_confidence), write)

    if out is None:
        opened = _open(data, checkpoint, options, season_year, labels=with_labels)
        with Cluster.of(scheduler, opening) as cluster:
            return PredictionResult.of(*answers(*opened, cluster=cluster))
    output = OutputFolder("predict", arguments)
    if not output.finished():
        opened = _open(data, checkpoint, options, season_year, labels=with_labels)
        with Cluster.of(scheduler, opening) as cluster, output.writing() as work:
            _, found = answers(*opened, cluster=cluster, state=work.state)
            del opened  # what the chips were cut from takes as much memory as the tables that are written now
            found.write(work.new)
    return PredictionResult.of(read_prediction_run(output.path), Answers.of_folder(arguments, output.path))


@verb
def plan(
    data: DataSource, *, checkpoint: AnyPath, options: _Options = DataOptions(), season_year: int | None = None
) -> Description:
    """Say what `predict` would do with the same arguments: dates, fields, chips, gigabytes and minutes.

    Raises:
        CropDetectError: as `predict` would.
    """
    from cropdetect.imagery import as_typed

    trained, opened, _ = _open(data, Path(checkpoint), options, season_year, fetch=False)
    info = opened.chips.info
    days = [str(day) for day in info.dates]
    facts: dict[str, Any] = {
        "dates": {"count": len(days), "first": days[0], "last": days[-1]} if days else {"count": 0},
        "fields": len(opened.chips.fields),
        **({} if _kind(opened) == "table" else {"chips": len(opened.chips), "chip_size": info.size}),
        "bands": list(info.bands),
        **_to_read(opened),
        "members": len(trained.record.members),
        "minutes_about": round(len(opened.chips) * len(trained.record.members) / FIELDS_PER_SECOND / 60, 1),
    }
    return Description(
        path=as_typed(place_of(as_source(data))),
        kind=_kind(opened),
        facts=facts,
        warnings=list(opened.warnings),
    )


def _kind(opened: "OpenedData") -> Literal["imagery", "chips", "table"]:
    return "imagery" if opened.imagery else "chips" if opened.chips.info.size > 1 else "table"


def _to_read(opened: "OpenedData") -> dict[str, float]:
    """Say how much is read from files, or fetched from a STAC catalogue."""
    if opened.download is None:
        return {"gigabytes_to_read": round(opened.chips.info.n_bytes / 1e9, 2)}
    whole, left = opened.download.size()
    return {
        "scenes": len(opened.download.scenes),
        "megabytes_needed": round(whole / 1e6, 1),
        "megabytes_to_fetch": round(left / 1e6, 1),
    }


def _open(
    data: DataSource,
    checkpoint: Path,
    options: DataOptions,
    season_year: int | None,
    *,
    labels: bool = False,
    fetch: bool = True,
) -> "tuple[Checkpoint, OpenedData, tuple[str, ...]]":
    """Open a checkpoint and the data that it fits, with all warnings; and those of them that tell how both are unlike."""
    from cropdetect.checkpoint import read_checkpoint
    from cropdetect.chips import open_data
    from cropdetect.imagery import is_stac
    from cropdetect.inference import check_compatible
    from cropdetect.outputs import renamed_columns

    trained = read_checkpoint(checkpoint)
    record = trained.record
    if record.chips.size > 1:  # a network of field means (size 1) takes chips of any size
        options = options.model_copy(update={"chip_size": record.chips.size})
    if is_stac(data) and options.bands is None:  # the other bands need not be fetched
        options = options.model_copy(update={"bands": tuple(record.bands)})
    opened = open_data(data, options, record.chips.preset, labels=labels, fetch=fetch)
    if len(opened.chips.fields) == 0:
        raise OptionError(
            "there are no fields to predict", where=place_of(as_source(data)), fix="Check --fields, --bbox and --limit."
        )
    if season_year is not None:
        opened = replace(opened, chips=opened.chips.with_season_year(season_year))
    nowhere = _no_chips(opened) if len(opened.chips) == 0 else ()
    unlike = check_compatible(opened.chips, trained)
    renamed = renamed_columns(opened.chips.fields, record.legend)
    return trained, replace(opened, warnings=nowhere + unlike + opened.warnings + renamed), unlike


def _opening(
    data: DataSource, checkpoint: Path, options: DataOptions, season_year: int | None
) -> "Callable[[], tuple[ChipSet, Checkpoint]]":
    """Return what opens the same data and checkpoint on another machine, with absolute paths."""
    where = absolute_path(checkpoint) if checkpoint.exists() else checkpoint  # or the name of one that comes with the package
    source, reading = absolute(data, options)
    return partial(_open_again, source, where, reading, season_year)


def _open_again(
    data: DataSource, checkpoint: Path, options: DataOptions, season_year: int | None
) -> "tuple[ChipSet, Checkpoint]":
    from cropdetect.checkpoint import checkpoint_path

    trained, opened, _ = _open(data, checkpoint_path(checkpoint), options, season_year)
    return opened.chips, trained


def _no_chips(opened: "OpenedData") -> tuple[str, ...]:
    """Warn that no field can be answered, which mostly means a wrong place or CRS."""
    statuses = opened.chips.fields["status"].value_counts()
    counts = ", ".join(f"{count} {status}" for status, count in statuses.items())
    if set(statuses.index) == {"too_small"}:
        return (f"No field has a pixel ({counts}): none holds the middle of one. Their unit may be wrong, or --buffer.",)
    what = f"No field has a pixel on the images ({counts}): check the place and the CRS of both."
    return (f"{what} {opened.places()}".rstrip(),)


def _record(
    opened: "OpenedData", checkpoint: "Checkpoint", predictions: "Predictions", timings: "Timings", **more: Any
) -> PredictionRun:
    info, seen = opened.chips.info, predictions.seen_in_training
    return PredictionRun(
        format="cropdetect-run",
        versions=_versions(),
        checkpoint=str(checkpoint.path),
        dates=[str(day) for day in info.dates],
        bands=list(info.bands),
        offset=info.offset,
        n_fields=len(predictions.fields),
        n_chips=len(opened.chips),
        may_be_replaced=len(opened.chips) == 0,
        status_counts=dict(Counter(predictions.status.tolist())),
        seconds=timings.seconds,
        cpu_seconds=timings.cpu_seconds,
        peak_memory_mb=_peak_memory(),
        n_seen_in_training=None if seen is None else int(seen.sum()),
        out_of_fold=checkpoint.record.out_of_fold,
        started=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        **more,
    )


def _peak_memory() -> float | None:
    """Return the largest memory of the process so far, megabytes; None on Windows."""
    try:
        import resource
    except ImportError:
        return None
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def _versions() -> dict[str, str]:
    import onnxruntime  # comes in wheels of several names

    return {"cropdetect": version("cropdetect"), "onnxruntime": onnxruntime.__version__}


def _inputs(data: DataSource, opened: "OpenedData", options: DataOptions) -> list[InputRecord]:
    from cropdetect.imagery import as_typed

    inputs = [InputRecord(path=as_typed(place_of(as_source(data))), kind=_kind(opened), bytes=opened.chips.info.n_bytes)]
    if options.fields is not None:
        source = as_source(options.fields)
        size = None if isinstance(source, InMemory) else source.stat().st_size
        inputs.append(InputRecord(path=str(place_of(source)), kind="fields", bytes=size))
    return inputs
