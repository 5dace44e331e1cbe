"""What is known of the numbers of each band of a series, for people who want to see whether it was read right."""

from collections.abc import Iterable
from dataclasses import dataclass

from cropdetect.imagery.bands import is_reflectance, parse_band
from cropdetect.imagery.fileseries import FileSeries
from cropdetect.imagery.jointseries import JointSeries
from cropdetect.imagery.layers import Layer
from cropdetect.imagery.masks import meaning_of
from cropdetect.imagery.series import ImageSeries
from cropdetect.imagery.values import DIGITAL_NUMBER, UNKNOWN


@dataclass(frozen=True)
class StatedBand:
    """A band; value = stored number x scale + offset.

    Attributes:
        unit: of the values, "" where the band needs none.
        scale: None where it differs between dates.
        offset: None where it differs between dates.
        no_value: the stored numbers that mean "no value".
        dates: number of dates that have the band.
    """

    unit: str
    scale: float | None
    offset: float | None
    no_value: tuple[float, ...]
    dates: int


def stated_bands(series: ImageSeries) -> dict[str, StatedBand]:
    """Return what is known of each band of a series of files, or of several joined; of another series nothing."""
    result = {}
    of_part = {name: part for part in _parts(series) for name in part.bands}
    for name, part in ((name, of_part[name]) for name in series.bands if name in of_part):
        having = [(a.date, a.layers[name]) for a in part.acquisitions if name in a.layers]
        layers = [layer for _, layer in having]
        result[name] = StatedBand(
            unit=_unit(name, layers[0]),
            scale=_only(layer.scale for layer in layers),
            offset=_only(layer.add - (layer.offset or 0.0) for layer in layers),
            no_value=tuple(dict.fromkeys(number for layer in layers for number in _no_value(layer))),
            dates=len({date for date, _ in having}),
        )
    return result


def stated_masks(series: ImageSeries) -> dict[str, tuple[str, str]]:
    """Return how each quality layer of a series of files is used: mask band -> conditions of a clear pixel, and their meaning."""
    conditions = dict.fromkeys(condition for part in _parts(series) for condition in part.conditions)
    return {
        name: (text, meaning_of(name, text))
        for name in series.mask_bands
        for text in [" ".join(one.text for one in conditions if one.band == name)]
    }


def _parts(series: ImageSeries) -> tuple[FileSeries, ...]:
    if isinstance(series, JointSeries):
        return series.parts
    return (series,) if isinstance(series, FileSeries) else ()


def _unit(name: str, layer: Layer) -> str:
    if is_reflectance(name, layer.sensor):
        return "reflectance x 10000" if layer.units == DIGITAL_NUMBER else UNKNOWN
    return layer.units or (UNKNOWN if parse_band(name).band.kind == "backscatter" else "")


def _only(numbers: Iterable[float]) -> float | None:
    different = set(numbers)
    return different.pop() if len(different) == 1 else None


def _no_value(layer: Layer) -> tuple[float, ...]:
    return (*(() if layer.nodata is None else (layer.nodata,)), *layer.fills)
