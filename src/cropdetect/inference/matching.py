"""Which bands of the data are those that a checkpoint takes, and which sensors it can do without."""

from collections.abc import Sequence

from cropdetect.chips.chipset import ChipInfo
from cropdetect.errors import MissingBandError
from cropdetect.formats import CheckpointRecord
from cropdetect.imagery import match_bands


def bands_for(info: ChipInfo, record: CheckpointRecord) -> list[int | None]:
    """Return where each band of a checkpoint lies in the data; None for those of a sensor that it was trained to do without.

    Raises:
        MissingBandError: the data lacks a band of a sensor that the checkpoint needs, some bands of another sensor, or all
            sensors.
    """
    return positions_for(info, record, record.bands)


def positions_for(info: ChipInfo, record: CheckpointRecord, bands: Sequence[str]) -> list[int | None]:
    """Return where some of a checkpoint's bands lie in the data; see `bands_for`."""
    absent = {band for sensor in missing_sensors(info, record) for band in record.bands_of(sensor)}
    needed = [band for band in bands if band not in absent]
    found = iter(match_bands(info.bands, needed, sensor=info.sensor, needed_sensor=record.sensor))
    return [None if band in absent else next(found) for band in bands]


def missing_sensors(info: ChipInfo, record: CheckpointRecord) -> list[str]:
    """Return the sensors of which the data has no band, where the checkpoint can do without each of them.

    Raises:
        MissingBandError: it cannot do without one, or none is left.
    """
    missing = [one.sensor for one in record.sensors if not any(_has(info, record, band) for band in one.bands)]
    needed = [one.sensor for one in record.sensors if one.sensor in missing and one.needed]
    if needed or (missing and len(missing) == len(record.sensors)):
        named = needed or missing
        others = [one.sensor for one in record.sensors if not one.needed]
        raise MissingBandError(
            f"the checkpoint needs {' and '.join(named)}, but the data has no band of it. "
            f"The data has {', '.join(info.bands)}; the checkpoint takes {', '.join(record.bands)}",
            where=", ".join(info.sources[:3]),
            fix=f"Add images of {named[0]}"
            + (
                f"; the checkpoint can do without {' or '.join(others)}." if others and needed else ", or use another checkpoint."
            ),
        )
    return missing


def _has(info: ChipInfo, record: CheckpointRecord, band: str) -> bool:
    try:
        match_bands(info.bands, [band], sensor=info.sensor, needed_sensor=record.sensor)
    except MissingBandError:
        return False
    return True
