"""What a record may say: numbers that can be true, and parts that fit each other."""

from itertools import pairwise
from pathlib import Path

from cropdetect.errors import CheckpointError
from cropdetect.formats import CalibrationRecord, CheckpointRecord, NoveltyRecord, RegionRecord, SeasonRecord

_MOST_CLASSES = 10_000
_LONGEST_NAME = 500  # letters
_LARGEST_CHIP = 1024  # pixels, as --chip-size
_MOST_DAYS = 3660  # a season from its year's first day


def check_record(file: Path, record: CheckpointRecord) -> None:
    """Refuse a record whose parts contradict each other, or that says what cannot be. Its numbers are finite.

    Raises:
        CheckpointError: it does.
    """
    wrong = next(
        filter(None, (_wrong_lists(record), _wrong_numbers(record), _wrong_calibration(record.calibration, record))), None
    )
    wrong = wrong or _wrong_place(record.season, record.region) or _wrong_familiarity(record.familiarity, len(record.legend))
    if wrong:
        raise CheckpointError(wrong, where=file, fix="Copy the checkpoint again, or make it again.")


def _wrong_lists(record: CheckpointRecord) -> str | None:
    statistics = record.statistics
    if not record.members:
        return "it has no members"
    if not 2 <= len(record.legend) <= _MOST_CLASSES or len(set(record.legend)) != len(record.legend):
        return f"the legend must hold two or more different classes, at most {_MOST_CLASSES}"
    if not all(name.strip() and len(name) <= _LONGEST_NAME for name in record.legend):
        return f"the legend has a class without a name, or one of more than {_LONGEST_NAME} letters"
    if not record.bands or len(set(record.bands)) != len(record.bands):
        return "the bands must be one or more, each named once"
    if not len(statistics.channels) == len(statistics.mean) == len(statistics.std):
        return "the statistics have channels without mean or standard deviation"
    return None


def _wrong_numbers(record: CheckpointRecord) -> str | None:
    chips, context = record.chips, record.model.context
    if not 1 <= chips.size <= _LARGEST_CHIP:
        return f"chips of {chips.size} pixels are not possible, only of 1 to {_LARGEST_CHIP}"
    if chips.resolution is not None and chips.resolution <= 0:
        return f"pixels of {chips.resolution} m are not possible"
    if context is not None and not 0 <= context <= _LARGEST_CHIP:
        return f"a context of {context} pixels is not possible, only of 0 to {_LARGEST_CHIP}"
    if not all(std > 0 for std in record.statistics.std):
        return "the statistics hold a standard deviation that is not above 0"
    return None


def _wrong_calibration(calibration: CalibrationRecord, record: CheckpointRecord) -> str | None:
    n = len(record.legend)
    if calibration.method != "none" and not len(calibration.scale) == len(calibration.bias) == n:
        return "the calibration is not of the classes of the legend"
    if calibration.each_scale and not len(calibration.each_scale) == len(calibration.each_bias) == n:
        return "the calibration of each training is not of the classes of the legend"
    if calibration.method == "temperature" and not all(scale > 0 for scale in calibration.scale):
        return "the calibration has a temperature that is not above 0"
    if max(map(abs, [*calibration.scale, *calibration.bias, *calibration.each_scale, *calibration.each_bias]), default=0) > 1e6:
        return "the calibration has a number beyond a million"
    if abs(calibration.pooling) > 100:
        return f"a pooling of {calibration.pooling} is not possible"
    if len(record.members) % calibration.snapshots:
        return "its members are no whole trainings of so many snapshots as the calibration says"
    return None


def _wrong_place(season: SeasonRecord | None, region: RegionRecord | None) -> str | None:
    if season is not None:
        if not season.years or not all(1 <= year <= 9999 for year in season.years):
            return "the season has no year, or one that no calendar has"
        if not -_MOST_DAYS <= season.first_day <= season.last_day <= _MOST_DAYS:
            return f"a season from day {season.first_day} to day {season.last_day} is not possible"
    if region is not None and not (_is_box(region.west, region.east) and -90 <= region.south <= region.north <= 90):
        return "the region lies beyond the degrees of the Earth, or ends before it begins"
    return None


def _is_box(west: float, east: float) -> bool:
    """Tell whether a box has a west and an east; over longitude 180 it goes for no more than half of the Earth."""
    return -360 <= west <= east <= 360 or (-180 <= east < west <= 180 and west - east >= 180)


def _wrong_familiarity(novelty: NoveltyRecord | None, n_classes: int) -> str | None:
    if novelty is None:
        return None
    cells = len(novelty.bands) * (len(novelty.edges) - 1)
    if not novelty.bands or not 2 <= len(novelty.edges) <= _MOST_DAYS or not all(a < b for a, b in pairwise(novelty.edges)):
        return "the portions of the season for unlike_training are in no order"
    rows = [*novelty.centres, *novelty.covariance]
    if len(novelty.covariance) != cells or any(len(row) != cells for row in rows) or not 1 <= len(novelty.centres) <= n_classes:
        return "the tables for unlike_training have another size than bands and portions"
    import numpy as np

    covariance = np.array(novelty.covariance)
    if not np.allclose(covariance, covariance.T) or np.linalg.eigvalsh(covariance).min() < 0:
        return "the covariance for unlike_training is no covariance matrix"
    return None
