"""The verb `import-cv4a`."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from cropdetect import __version__
from cropdetect.api._verb import verb
from cropdetect.errors import InputNotFoundError, OptionError
from cropdetect.formats import CheckpointRecord, ChipRecord, SeasonRecord, Statistics, TrainingRecord
from cropdetect.runs import OutputFolder

if TYPE_CHECKING:
    from cropdetect.checkpoint import Checkpoint
    from cropdetect.models import Network


@verb
def import_cv4a(
    weights: Path, out: Path, *, chips: Path | None = None, stats: Path | None = None, overwrite: bool = False
) -> "Checkpoint":
    """Make a checkpoint of the published 2020 weights.

    The weights hold no channel statistics.

    Args:
        weights: weights of the 2020 network (.pt, one state dict). Only tensors are loaded.
        out: checkpoint folder to write.
        chips: store cut with preset cv4a; gives the channel statistics, as in 2020 (all chips, dates and pixels).
        stats: JSON file of channel statistics, instead of --chips (format `Statistics`).
        overwrite: replace another output of cropdetect; other files stay.

    Raises:
        CropDetectError: one of its kinds, when input, option or disk is at fault.
    """
    output = OutputFolder("import-cv4a", locals())
    from cropdetect import models
    from cropdetect.checkpoint import MemberFiles, read_checkpoint, write_checkpoint

    if (chips is None) == (stats is None):
        raise OptionError("statistics are needed once", fix="Give either --chips CHIPS.zarr or --stats FILE.")
    if output.finished():
        return read_checkpoint(output.path)
    network = models.create("conv-gru")
    network.load_state_dict(models.load_cv4a_weights(weights), strict=False)
    statistics = _statistics(network, chips) if chips else _read_statistics(Path(stats or ""))
    network.set_statistics(statistics)
    member = MemberFiles(onnx=models.export_onnx(network), safetensors=models.save_safetensors(network))
    with output.writing() as work:
        write_checkpoint(work.new, _record(network, statistics, weights.name), [member])
    return read_checkpoint(output.path)


def _record(network: "Network", statistics: Statistics, weights: str) -> CheckpointRecord:
    from cropdetect.fields import CV4A_LEGEND

    return CheckpointRecord(
        model=network.record,
        legend=list(CV4A_LEGEND.values()),
        bands=list(network.bands),
        units="digital number",
        sensor="sentinel-2",
        chips=ChipRecord(preset="cv4a", size=32, resolution=10.0),
        statistics=statistics,
        season=SeasonRecord(years=[2019], first_day=156, last_day=306, median_dates=13),
        training=TrainingRecord(
            data=["ref_african_crops_kenya_02 (doi 10.34911/rdnt.dw605x)"],
            licence="CC-BY-SA-4.0",
            n_fields=3286,
            class_counts={},
            recipe={"weights": weights, "model": "doi 10.34911/rdnt.h28fju"},
            validation="not known: trained elsewhere in 2020",
        ),
        members=[],
        created=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        cropdetect_version=__version__,
    )


def _statistics(network: "Network", store: Path) -> Statistics:
    from cropdetect import models
    from cropdetect.chips import open_chips

    chips = open_chips(store)
    if chips.info.preset != "cv4a":
        raise OptionError("these chips are not cut as in 2020", where=chips.info.sources, fix="Cut them with --preset cv4a.")
    origin = f"{len(chips)} chips of {', '.join(chips.info.sources[:3])}, all dates and pixels"
    return models.channel_statistics(network, chips.batches(64), origin, as_2020=True)


def _read_statistics(path: Path) -> Statistics:
    if not path.is_file():
        raise InputNotFoundError("no such file", where=path, fix="Check --stats.")
    try:
        return Statistics.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise OptionError("these are not channel statistics", where=path, fix=str(error.errors()[0]["msg"])) from error
