"""What a record may say: numbers that can be true, and parts that fit each other."""

from itertools import pairwise
from pathlib import Path

from cropdetect.errors import CheckpointError
from cropdetect.formats import CalibrationRecord, CheckpointRecord, NoveltyRecord, RegionRecord, SeasonRecord

_MOST_CLASSES = 10_000
_LONGEST_NAME = 500  # letters
_MOST_DAYS = 3660  # a season from its year's first day


def check_record(file: Path, record: CheckpointRecord) -> None:
    """Refuse a record whose parts contradict each other, or that says what cannot be. Its numbers are finite.

    Raises:
        CheckpointError: it does.
    """
    wrong = _wrong_lists(record) or _wrong_calibration(record.calibration, record)
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


def _wrong_calibration(calibration: CalibrationRecord, record: CheckpointRecord) -> str | None:
    n = len(record.legend)
    if calibration.method != "none" and not len(calibration.scale) == len(calibration.bias) == n:
        return "the calibration is not of the classes of the legend"
    if calibration.each_scale and not len(calibration.each_scale) == len(calibration.each_bias) == n:
        return "the calibration of each training is not of the classes of the legend"
    if calibration.method == "temperature":
        if not all(scale > 0 for scale in (*calibration.scale, *calibration.each_scale)):
            return "the calibration has a temperature that is not above 0"
        if any(calibration.bias) or any(calibration.each_bias):
            return "the calibration is a temperature, and has biases"
        if any(len(set(scales)) > 1 for scales in (calibration.scale, calibration.each_scale)):
            return "the calibration is a temperature, and has another scale for each class"
    if len(record.members) % calibration.snapshots:
        return "its members are no whole trainings of so many snapshots as the calibration says"
    return None


def _wrong_place(season: SeasonRecord | None, region: RegionRecord | None) -> str | None:
    if season is not None:
        if not season.years:
            return "the season has no year"
        if season.first_day > season.last_day:
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
