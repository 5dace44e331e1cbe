"""The verb `simulate`: scenes first, then every tile and date, then the truth."""

import datetime as dt
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
from rasterio.warp import transform

from cropdetect.errors import DiskFullError, OptionError
from cropdetect.files import disk_full_named
from cropdetect.progress import Progress
from cropdetect.simulation.acquire import Season, acquire
from cropdetect.simulation.backdrop import Backdrop
from cropdetect.simulation.frame import Frame, mosaic
from cropdetect.simulation.pool import side_by_side
from cropdetect.simulation.region import Region, region_named
from cropdetect.simulation.scene import Scene, build_scene
from cropdetect.simulation.sentinel1 import Pass, acquire_radar, passes_of
from cropdetect.simulation.survey import Candidates, choose_fields, find_candidates
from cropdetect.simulation.weather import Year
from cropdetect.simulation.write_cv4a import write_cv4a_date, write_cv4a_fields
from cropdetect.simulation.write_geotiff import field_polygons, write_geotiff_date
from cropdetect.simulation.write_netcdf import keep_date, write_cubes
from cropdetect.simulation.write_sentinel1 import keep_pass, write_geotiff_pass, write_radar_cubes

Layout = Literal["cv4a", "geotiff", "netcdf"]

_SCRATCH_BYTES = 9.5 * 4  # a 10 m pixel of a scene
_DATE_BYTES = {"cv4a": 26.0, "geotiff": 13.0, "netcdf": 22.0}  # a 10 m pixel of one date
_MAX_WORKERS = 8


def simulate(
    out: Path,
    *,
    tiles: int = 4,
    height: int = 3035,
    width: int = 2016,
    fields: int = 4688,
    seed: int = 0,
    layout: Layout = "cv4a",
    dates: Sequence[dt.date | str] | None = None,
    region: str = "western-kenya",
    year: int | None = None,
    sentinel1: int | None = None,
    workers: int | None = None,
) -> Path:
    """Write a synthetic season: images, fields, labels of the training fields, and the truth of all.

    The same arguments give the same bytes, whatever the number of workers.

    Args:
        out: folder that is empty, or made here. `truth.csv` in it has one row a field: label, crop_id, split
            (train, test), block, tile, n_pixels, position, planting day and the shares of the plants that grow there.
        tiles: number of tiles, two high and as many wide as needed.
        height: rows of a tile, 10 m pixels.
        width: columns of a tile, 10 m pixels.
        fields: how many fields are surveyed, in all.
        seed: another seed is another landscape.
        layout: `cv4a` (all bands on 10 m, CLD), `geotiff` (native resolutions, SCL) or `netcdf` (cubes a resolution, SCL).
        dates: days or ISO strings; default: the region's own (western Kenya: the 13 of 2020's competition).
        region: `western-kenya`, `eastern-uganda` (later season, other soils, more clouds) or `flanders` (temperate).
        year: the season year; a year other than the region's own is earlier or later, wetter or drier, cloudier or clearer.
        sentinel1: days between the passes of Sentinel-1 in each direction (6 or 12), from the first date to the last, with its
            layouts `geotiff` and `netcdf`; default: none.
        workers: processes; default: one a CPU, at most 8.

    Returns:
        `out`.

    Raises:
        OptionError: a value cannot be used, or more fields are asked for than grow in the scene.
        DiskFullError: the disk has no room.
        MemoryLimitError: a process was killed.
    """
    if layout not in get_args(Layout):
        raise OptionError(f"there is no layout {layout!r}", where="layout", fix=f"Use one of {', '.join(get_args(Layout))}.")
    for name, value, least in (
        ("tiles", tiles, 1),
        ("height", height, 32),
        ("width", width, 32),
        ("fields", fields, 1),
        ("seed", seed, 0),
    ):
        if value < least:
            raise OptionError(f"{value} is too small", where=name, fix=f"Use {least} or more.")
    place = region_named(region)
    season_year = place.year if year is None else year
    days = _days(place, season_year, dates)
    passes = _passes(days, sentinel1, layout)
    frames, across, down = mosaic(tiles, height, width, aligned=layout != "cv4a")
    _check_disk(out, tiles * height * width, len(days) + len(passes), layout)
    season = Season(place, Year.of(place, season_year), season_year, seed, (across, down))
    n_workers = workers or min(
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, _MAX_WORKERS
    )
    with disk_full_named(out):
        scratch = out / ".scratch"
        scratch.mkdir(parents=True)
        n_images = tiles * (1 + len(days) + len(passes))
        with Progress("simulating a season", n_images, "images") as progress, side_by_side(n_workers) as run:
            candidates = []
            for found in run(_make_scene, [(season, f, scratch) for f in frames]):
                candidates.append(found)
                progress.advance(note="the ground")
            truth = choose_fields(place, candidates, fields, seed, max(across, down))
            _write_fields(out, scratch, place, frames, candidates, truth, layout)
            jobs = [(season, f, day, scratch, out, layout, tiles) for f in frames for day in days]
            for day in run(_make_date, jobs):
                progress.advance(note=f"{day}")
            overflights = [(season, f, one, scratch, out, layout, tiles) for f in frames for one in passes]
            for day in run(_make_pass, overflights):
                progress.advance(note=f"{day}, radar")
        if layout == "netcdf":
            for frame in frames:
                write_cubes(out / _tile_folder(frame, tiles), scratch, place, frame, days)
                write_radar_cubes(out / _tile_folder(frame, tiles), scratch, place, frame, passes)
        _write_truth(out / "truth.csv", place, truth)
        shutil.rmtree(scratch)
    return out


def _days(region: Region, year: int, dates: Sequence[dt.date | str] | None) -> list[dt.date]:
    if dates is None:
        return [dt.datetime.strptime(f"{year}{text}", "%Y%m%d").date() for text in region.dates]
    try:
        days = sorted({day if isinstance(day, dt.date) else dt.date.fromisoformat(day) for day in dates})
    except ValueError as error:
        raise OptionError(f"not a date: {error}", where="dates", fix="Write dates as 2019-06-06.") from error
    if not days:
        raise OptionError(
            "no dates", where="dates", fix="Give at least one date, or leave the dates out to take those of the region."
        )
    return days


def _passes(days: Sequence[dt.date], repeat: int | None, layout: Layout) -> list[Pass]:
    """Return the passes of Sentinel-1 between the first and the last optical date."""
    if repeat is None:
        return []
    if layout == "cv4a":
        raise OptionError(
            "the folders of the competition hold no radar", where="sentinel1", fix="Use --layout geotiff or --layout netcdf."
        )
    return passes_of(days[0], days[-1], repeat)


def _check_disk(out: Path, pixels: int, n_days: int, layout: Layout) -> None:
    there = next(p for p in (out.absolute(), *out.absolute().parents) if p.exists())
    needed = pixels * (_SCRATCH_BYTES + n_days * _DATE_BYTES[layout])
    free = shutil.disk_usage(there).free
    if needed > free:
        raise DiskFullError(
            f"the season needs about {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free", where=out,
            fix="Free some space, or ask for fewer tiles, smaller ones or fewer dates.",
        )  # fmt: skip


def _make_scene(job: tuple[Season, Frame, Path]) -> Candidates:
    season, frame, scratch = job
    backdrop = Backdrop.draw(season.region, season.seed, *season.mosaic_size)
    scene = build_scene(season.region, backdrop, season.seed, frame, season.mosaic_size, season.year.late)
    scene.save(scratch / f"ground{frame.tile}")
    return find_candidates(frame.tile, scene.owner[frame.inside(10)], scene.patches)


def _make_date(job: tuple[Season, Frame, dt.date, Path, Path, Layout, int]) -> dt.date:
    season, frame, day, scratch, folder, layout, tiles = job
    acquisition = acquire(season, frame, day, scratch / f"ground{frame.tile}")
    if layout == "cv4a":
        write_cv4a_date(folder, season.region, acquisition)
    elif layout == "geotiff":
        write_geotiff_date(folder, season.region, acquisition, _tile_folder(frame, tiles))
    else:
        keep_date(scratch, acquisition)
    return day


def _make_pass(job: tuple[Season, Frame, Pass, Path, Path, Layout, int]) -> dt.date:
    season, frame, overflight, scratch, folder, layout, tiles = job
    image = acquire_radar(season, frame, overflight, scratch / f"ground{frame.tile}")
    if layout == "geotiff":
        write_geotiff_pass(folder, season.region, image, _tile_folder(frame, tiles))
    else:
        keep_pass(scratch, image)
    return overflight.day


def _tile_folder(frame: Frame, tiles: int) -> str:
    return "." if tiles == 1 else f"tile_{frame.tile}"


def _write_fields(
    folder: Path, scratch: Path, region: Region, frames: Iterable[Frame], candidates: Sequence[Candidates], truth:
        pd.DataFrame, layout: Layout
) -> None:  # fmt: skip
    """Paint the surveyed fields; with layouts other than cv4a, write them as polygons."""
    id_of = pd.Series(truth["field_id"].to_numpy(), index=truth["key"])
    label_of = np.concatenate([[0], np.where(truth["split"] == "train", truth["crop_id"], 0)]).astype(np.uint8)
    rasters: dict[Frame, npt.NDArray[np.int32]] = {}
    for frame, found in zip(frames, candidates, strict=True):
        scene = Scene.load(scratch / f"ground{frame.tile}")
        lookup = np.zeros(len(scene.patches), np.int32)
        lookup[found.row] = id_of.reindex(found.patches.key).fillna(0).to_numpy(np.int32)
        ids = lookup[scene.owner[frame.inside(10)]]
        rasters[frame] = ids
        if layout == "cv4a":
            write_cv4a_fields(folder, region, frame, ids, label_of[ids])
    if layout != "cv4a":
        field_polygons(region, rasters, truth).to_file(folder / "fields.gpkg", layer="fields")


def _write_truth(path: Path, region: Region, truth: pd.DataFrame) -> None:
    x, y = region.left + truth["x"], region.top - truth["y"]
    lon, lat = transform(f"EPSG:{region.epsg}", "EPSG:4326", x, y)
    table = truth.drop(columns=["key"]).assign(x=x.round(1), y=y.round(1), lon=np.round(lon, 6), lat=np.round(lat, 6))
    first = ["field_id", "tile", "label", "crop_id", "split", "block", "n_pixels", "x", "y", "lon", "lat", "planting_day"]
    table[first + [c for c in table if c not in first]].to_csv(path, index=False)
