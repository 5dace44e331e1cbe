"""The verb `simulate`."""

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from cropdetect.api._verb import verb
from cropdetect.options import AnyPath, Mark, Seed
from cropdetect.runs import OutputFolder


@verb
def simulate(
    out: AnyPath,
    *,
    tiles: Annotated[int, Field(ge=1, le=99)] = 4,
    height: Annotated[int, Field(ge=32, le=20_000)] = 3035,
    width: Annotated[int, Field(ge=32, le=20_000)] = 2016,
    fields: Annotated[int, Field(ge=1, le=1_000_000)] = 4688,
    seed: Seed = 0,
    layout: Literal["cv4a", "geotiff", "netcdf"] = "cv4a",
    region: str = "western-kenya",
    year: Annotated[int | None, Field(ge=1900, le=2200)] = None,
    sentinel1: int | None = None,
    dates: Annotated[tuple[dt.date | str, ...] | None, Mark.PYTHON_ONLY] = None,
    workers: Annotated[int | None, Field(ge=1, le=1024), Mark.PYTHON_ONLY] = None,
    overwrite: bool = False,
) -> Path:
    """Write a synthetic season with field outlines, labels and the truth.

    Args:
        out: output folder.
        tiles: number of tiles.
        height: rows of a tile, 10 m pixels.
        width: columns of a tile, 10 m pixels.
        fields: fields in all.
        seed: seed of everything random.
        layout: cv4a (all bands at 10 m, and cloud probability), geotiff (each band at its own resolution) or netcdf (cubes).
        region: scene: western-kenya, eastern-uganda or flanders.
        year: year of the season (default: the region's own).
        sentinel1: days between passes of Sentinel-1 in each direction, 6 or 12 (default: no radar); with geotiff or netcdf.
        dates: days of the images (default: the region's own).
        workers: processes (default: one a CPU, at most 8).
        overwrite: replace another output of cropdetect; other files stay.

    Returns:
        `out`.

    Raises:
        CropDetectError: one of its kinds, when an option or the disk is at fault.
    """
    season = dict(locals())
    output = OutputFolder("simulate", season)
    from cropdetect import simulation

    if not output.finished():
        with output.writing() as work:
            simulation.simulate(work.new, **{name: season[name] for name in season.keys() - {"out", "overwrite"}})
    return output.path
