"""The verb `simulate`."""

from pathlib import Path
from typing import Any

from cropdetect import simulation
from cropdetect.runs import OutputFolder


def simulate(out: Path, *, overwrite: bool = False, **season: Any) -> Path:
    """Write a synthetic season with field boundaries, labels and the truth.

    Args:
        out: folder to write.
        overwrite: replace another output of the tool.
        season: arguments of `cropdetect.simulation.simulate`: tiles, height, width, fields, seed, layout, dates, region, year,
            workers.

    Returns:
        `out`.

    Raises:
        CropDetectError: one of its kinds, when an option or the disk is at fault.
    """
    output = OutputFolder("simulate", locals())
    if not output.finished():
        with output.writing() as work:
            simulation.simulate(work.new, **season)
    return out
