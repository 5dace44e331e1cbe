"""True colour and NDVI, from whichever bands there are."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cropdetect.imagery import band_with_role


def true_colour(bands: Sequence[str]) -> tuple[str, str, str] | None:
    """Return the red, green and blue band, or None where one is missing."""
    red, green, blue = (band_with_role(colour, bands) for colour in ("red", "green", "blue"))
    return (red, green, blue) if red and green and blue else None


def ndvi(values: npt.NDArray[np.floating], bands: Sequence[str]) -> npt.NDArray[np.float32] | None:
    """Return the normalised difference vegetation index, (nir - red) / (nir + red), or None where a band is missing.

    A band that is named NDVI is taken as it is; MODIS' scale of 10,000 is taken off.

    Args:
        values: (..., band).
        bands: names of the last axis.
    """
    own = next((k for k, band in enumerate(bands) if band.upper() == "NDVI"), None)
    if own is not None:
        given = values[..., own].astype(np.float32)
        return given / np.float32(10_000) if np.nanmax(np.abs(given), initial=0) > 2 else given
    red, nir = band_with_role("red", bands), band_with_role("nir", bands)
    if red is None or nir is None:
        return None
    infrared, visible = values[..., bands.index(nir)], values[..., bands.index(red)]
    total = infrared + visible
    index = np.full(total.shape, np.nan, np.float32)
    np.divide(infrared - visible, total, out=index, where=total > 0)
    return np.clip(index, -1, 1)
