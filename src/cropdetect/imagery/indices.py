"""Indices that lie between -1 and 1, such as NDVI: whether the numbers do.

Products hold them on many scales: x 10000, x 100, bytes from 0 to 200 or 250. Only the files can tell which it is, by scale and
offset. Where they do not, the numbers are used as they are stored, and a warning says so.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from cropdetect.errors import ContradictionError
from cropdetect.imagery.bands import parse_band
from cropdetect.imagery.fills import without
from cropdetect.imagery.sampling import BandSample

_BOUNDED = re.compile(r"G?ND[A-Z]{1,3}\d?|NBR2?|SAVI|OSAVI|MSAVI2?", re.IGNORECASE)  # others, such as EVI, have no bounds
_MOST = 1.1  # of the 98th percentile
_LIKELY = 0.98  # quantile
_LEAST = 16  # different numbers from which on anything is concluded
_OTHER_SCALE = 10.0  # times


def check_indices(sample: Sequence[BandSample], fills: Mapping[str, tuple[float, ...]]) -> tuple[str, ...]:
    """Return a warning for each index whose numbers reach beyond 1.

    Args:
        sample: of all bands.
        fills: band -> numbers that are taken as missing.

    Raises:
        ContradictionError: images of one index are on different scales.
    """
    reach: dict[str, list[tuple[float, BandSample]]] = defaultdict(list)
    for one in sample:
        if not _BOUNDED.fullmatch(parse_band(one.band).core):
            continue
        numbers = without(one.numbers, fills.get(one.band, ()))
        numbers = numbers[np.isfinite(numbers)]
        if np.unique(numbers).size >= _LEAST:
            values = np.abs(numbers.astype(np.float64) * one.layer.scale + one.layer.add)
            reach[one.band].append((float(np.quantile(values, _LIKELY)), one))
    return tuple(filter(None, (_told(band, found) for band, found in reach.items())))


def _told(band: str, found: Sequence[tuple[float, BandSample]]) -> str:
    low, high = min(found, key=lambda one: one[0]), max(found, key=lambda one: one[0])
    if high[0] <= _MOST:
        return ""
    if low[0] <= _MOST or (_kind(low[1]) != _kind(high[1]) and high[0] > _OTHER_SCALE * low[0]):
        raise ContradictionError(
            f"the numbers of {band} reach {low[0]:.3g} on {low[1].acquisition.date}, but {high[0]:.4g} on "
            f"{high[1].acquisition.date} ({high[1].layer.reader.path})",
            where=low[1].layer.reader.path,
            fix="Bring all images to one scale, or set the files' scale and offset (gdal_edit.py -scale S -offset O).",
        )
    scaled = "as they are stored" if high[1].layer.is_plain else "by the scale that the files declare"
    return (
        f"the numbers of {band} reach {high[0]:.4g} and are used {scaled}, although the index lies between -1 and 1. Training "
        "and prediction need the same scale: set the files' scale and offset (gdal_edit.py -scale S -offset O)"
    )


def _kind(one: BandSample) -> tuple[str, float, float]:
    return one.layer.reader.dtype.name, one.layer.scale, one.layer.add
