"""Radar bands of a table: backscatter in decibels, as in imagery."""

import numpy as np
import pandas as pd

from cropdetect.imagery.backscatter import DECIBEL, is_backscatter, scale_of
from cropdetect.imagery.values import UNKNOWN


def radar_in_decibels(values: pd.DataFrame) -> tuple[pd.DataFrame, str, list[str]]:
    """Return the values with backscatter in decibels, its unit ("" where there is none), and warnings."""
    radar = [str(band) for band in values if is_backscatter(str(band))]
    scales = {band: scale_of(values[band].dropna().to_numpy(np.float64)) for band in radar}
    powers = [band for band in radar if scales[band] == "power"]
    warnings = []
    if powers:
        decibels = {band: 10 * np.log10(values[band].where(values[band] > 0)) for band in powers}
        values = values.assign(**decibels)
        warnings.append(f"{', '.join(powers)} is taken for backscatter power and kept in decibels (10 log10)")
    unknown = [band for band in radar if scales[band] is None]
    unit = "" if not radar else UNKNOWN if unknown else DECIBEL
    return values, unit, warnings
