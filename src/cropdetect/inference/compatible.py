"""Does this checkpoint fit these chips? Asked before anything is predicted, and of the fields afterwards."""

import datetime as dt
from collections.abc import Iterator, Sequence

import geopandas as gpd
import numpy as np

from cropdetect.checkpoint import Checkpoint
from cropdetect.chips.chipset import ChipInfo, ChipSet
from cropdetect.chips.season import season_day
from cropdetect.errors import CheckpointError
from cropdetect.evaluation import more_than_chance
from cropdetect.formats import CheckpointRecord, RegionRecord
from cropdetect.imagery import beside, parse_band
from cropdetect.inference.matching import bands_for, missing_sensors
from cropdetect.inference.predictions import Predictions

_ANY_YEAR = dt.date(2001, 1, 1)  # not a leap year
_DAYS_NEAR = 15  # days a season may begin earlier or end later than the training season
_DEGREES_NEAR = 2.0  # about 200 km: farther fields are of another region
_CHIPS_READ = 16
_DECIBELS_BELOW = -1.0  # mean of a band of backscatter in decibels
_UNKNOWN_UNITS = {"unknown", "as in the table", ""}


def check_compatible(chips: ChipSet, checkpoint: Checkpoint) -> tuple[str, ...]:
    """Compare bands, units, sensor, season, region and chips with what a checkpoint was trained on.

    The season is that of the first 16 chips.

    Args:
        chips: what is to be predicted.
        checkpoint: what is to predict.

    Returns:
        Warnings, one sentence or two each: what is unlike.

    Raises:
        MissingBandError: the chips lack a band.
        CheckpointError: the chips' numbers are of another unit than those that the checkpoint was trained on.
    """
    record = checkpoint.record
    chips = in_training_season(chips, record)
    positions = bands_for(chips.info, record)
    warnings = [*_sensors(chips.info, record), *_dates(chips, record, positions), *_radar(chips.info, record, positions)]
    warnings += [*_numbers(chips.info, record), *_shape(chips.info, record), *_season(chips, record)]
    if record.region is not None:
        warnings += _region(chips.fields, record.region)
    return tuple(warnings)


def check_familiar(predictions: Predictions, checkpoint: Checkpoint) -> tuple[str, ...]:
    """Say whether more fields are unlike all training fields than chance explains.

    Args:
        predictions: of the checkpoint.
        checkpoint: what predicted them.

    Returns:
        One warning, or none.
    """
    record = checkpoint.record.familiarity
    if record is None or predictions.unlike_training is None:
        return ()
    answered = np.isfinite(predictions.probabilities).all(axis=1)
    n_fields, n_unlike = int(answered.sum()), int(predictions.unlike_training[answered].sum())
    if not more_than_chance(n_unlike, n_fields, record.false_alarm_rate):
        return ()
    if n_unlike > n_fields / 2:
        what = f"Most fields ({n_unlike:,} of {n_fields:,}) are unlike all fields that the checkpoint was trained on"
        return (f"{what}: do not trust their crops before you have compared some with known ones (cropdetect evaluate).",)
    what = f"{n_unlike:,} of {n_fields:,} fields are unlike all fields that the checkpoint was trained on"
    return (f"{what}, more than chance explains ({record.false_alarm_rate:.0%}): trust their crops less.",)


def in_training_season(chips: ChipSet, record: CheckpointRecord) -> ChipSet:
    """Count days from the year in which the middle of the training season is nearest to each field's dates.

    So a season that is not over yet, or that lacks dates, is counted from the year from which it was counted in training. A
    year that was given (`ChipSet.with_season_year`) stays.
    """
    season = record.season
    return chips if season is None else chips.with_season_centre((season.first_day + season.last_day) / 2)


def _numbers(info: ChipInfo, record: CheckpointRecord) -> Iterator[str]:
    trained_on = {record.sensor, *(one.sensor for one in record.sensors)} - {None}
    if info.sensor and record.sensor and info.sensor not in trained_on:
        yield f"The data is from {info.sensor}, the checkpoint was trained on {record.sensor}."
    if info.units != record.units and not _is_radar_only(info):
        if {info.units, record.units} <= _UNKNOWN_UNITS:
            yield "The units of the data and of the checkpoint are unknown: they may differ."
        else:
            raise CheckpointError(
                f"the data's units are {info.units!r}, but the checkpoint was trained on {record.units!r}",
                where=", ".join(info.sources),
                fix="Bring the data to the unit of the training data (a digital number is reflectance x 10000). Or declare its "
                "scale in the files (scale and offset of a GeoTIFF, scale_factor and add_offset of a cube).",
            )
    if info.offset and not record.offset_removed:
        yield f"An offset of {info.offset:g} was subtracted from the data, but not from the training data."


def _sensors(info: ChipInfo, record: CheckpointRecord) -> Iterator[str]:
    for missing in missing_sensors(info, record):
        one = next(one for one in record.sensors if one.sensor == missing)
        without = one.metrics_without.get("log_loss")
        scores = f": log loss {without:.3f} instead of {record.metrics['log_loss']:.3f} on its validation fields"
        told = scores if without is not None and "log_loss" in record.metrics else ""
        yield f"The checkpoint was trained with {missing}, which the data lacks. The answers without it are less sure{told}."


def _dates(chips: ChipSet, record: CheckpointRecord, positions: Sequence[int | None]) -> Iterator[str]:
    """Warn where a network that takes whole dates only cannot use those that lack a band."""
    if record.model.padding_invariant:
        return
    batch = next(chips.batches(_CHIPS_READ), None)
    if batch is None:
        return
    batch = batch.isel(band=[position for position in positions if position is not None])
    lost = ~np.isnat(batch.date) & np.isnat(batch.without_partial_steps().date)
    if lost.any():
        days = ", ".join(map(str, np.unique(batch.date[lost].astype("datetime64[D]"))[:3]))
        yield f"{record.model.name} needs all bands on a date: dates that lack some ({days}) are not used."


def _radar(info: ChipInfo, record: CheckpointRecord, positions: Sequence[int | None]) -> Iterator[str]:
    """Compare the unit of backscatter; that of older checkpoints is told by their statistics: decibels of land are negative."""
    radar = [
        band
        for band, position in zip(record.bands, positions, strict=True)
        if position is not None and parse_band(band, record.sensor).band.kind == "backscatter"
    ]
    if not radar:
        return
    means = dict(zip(record.statistics.channels, record.statistics.mean, strict=True))
    low = all(means.get(band, 0.0) < _DECIBELS_BELOW for band in radar)
    trained = record.backscatter_unit or ("decibel" if low else "power or numbers of another scale")
    have = info.backscatter_unit or "unknown"
    if "unknown" in (have, trained):
        yield (
            f"The unit of the backscatter ({', '.join(radar)}) is {have} in the data and {trained} in the checkpoint's training "
            "data: they may differ."
        )
    elif have != trained:
        raise CheckpointError(
            f"the data's backscatter ({', '.join(radar)}) is in {have}, but the checkpoint was trained on {trained}",
            where=", ".join(info.sources),
            fix="Bring the data to the unit of the training data, or train the checkpoint again with this version.",
        )


def _is_radar_only(info: ChipInfo) -> bool:
    """Whether all bands are radar's, whose unit is compared by itself."""
    return bool(info.backscatter_unit) and all(parse_band(band, info.sensor).band.kind == "backscatter" for band in info.bands)


def _shape(info: ChipInfo, record: CheckpointRecord) -> Iterator[str]:
    trained = record.chips
    if trained.size == 1:
        return  # chips are reduced to field means, whatever their shape
    if info.preset != trained.preset:
        yield f"The chips were cut with preset {info.preset}, the checkpoint was trained with preset {trained.preset}."
    if info.size != trained.size:
        yield f"The chips are {info.size} pixels wide, the checkpoint was trained on {trained.size}."
    resolution = info.pixel_metres
    if resolution and trained.resolution and not 2 / 3 < resolution / trained.resolution < 1.5:
        yield f"The pixels are {resolution:.3g} m wide, the checkpoint was trained on {trained.resolution:.3g} m."


def _season(chips: ChipSet, record: CheckpointRecord) -> Iterator[str]:
    date = chips.dates_of_first(_CHIPS_READ)
    there = ~np.isnat(date)
    if record.season is None or not there.any():
        return
    days = season_day(date, chips.season_year[chips.field_of_chip[: len(date)], None])[there]
    if days.min() < record.season.first_day - _DAYS_NEAR or days.max() > record.season.last_day + _DAYS_NEAR:
        first, last = map(_day_of_year, (record.season.first_day, record.season.last_day))
        yield (
            f"The dates run from {_day_of_year(days.min())} to {_day_of_year(days.max())}. The checkpoint was trained on a "
            f"season from {first} to {last}. "
            "Leave dates out (--until), or set --season-year."
        )
    number, trained = float(np.median(there.sum(axis=1))), record.season.median_dates
    unlike = not trained / 2 <= number <= trained * 2 if record.model.padding_invariant else number != trained
    if unlike:
        yield f"The fields have about {number:.0f} dates. The training fields had about {trained}."


def _day_of_year(day: float) -> str:
    """Return a day, counted from 1 January of the season year, as a day of a month."""
    when = _ANY_YEAR + dt.timedelta(days=round(day))
    years = {-1: " of the year before", 0: "", 1: " of the year after"}
    return f"{when.day} {when:%B}{years.get(when.year - _ANY_YEAR.year, f' {when.year - _ANY_YEAR.year:+} years')}"


def _region(fields: gpd.GeoDataFrame, region: RegionRecord) -> Iterator[str]:
    there = fields.geometry[fields.geometry.notna() & ~fields.geometry.is_empty]
    if there.crs is None or there.empty:
        return
    bounds = (beside(there, float(there.bounds.minx.iloc[0])) if there.crs.is_geographic else there).bounds
    middle = gpd.GeoSeries.from_xy((bounds.minx + bounds.maxx) / 2, (bounds.miny + bounds.maxy) / 2, crs=there.crs)
    points = middle.to_crs(4326)
    width = region.east - region.west + (360 if region.west > region.east else 0)
    east_of_west = (points.x - region.west) % 360
    far_east_west = np.where(east_of_west <= width, 0, np.minimum(east_of_west - width, 360 - east_of_west))
    far_north_south = np.maximum(region.south - points.y, points.y - region.north)
    far = np.maximum(far_east_west, far_north_south) > _DEGREES_NEAR
    if far.mean() > 0.5:
        yield (
            f"The fields lie near {_degrees(points.y.median(), 'NS')}, {_degrees(points.x.median(), 'EW')}. The checkpoint was "
            f"trained far from there, between {_degrees(region.south, 'NS')} and {_degrees(region.north, 'NS')}, "
            f"{_degrees(region.west, 'EW')} and {_degrees(region.east, 'EW')}."
        )


def _degrees(angle: float, sides: str) -> str:
    return f"{abs(angle):.1f}° {sides[0] if angle >= 0 else sides[1]}"
