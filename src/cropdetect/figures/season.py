"""The season of a field as a curve."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

from cropdetect.errors import TableError
from cropdetect.outputs.spectral import ndvi

_CLOUDY = 0.02  # of the height of the axes: ticks of dates without a clear pixel


def plot_season(
    series: pd.DataFrame | Path, field_id: int | str, *, band: str = "NDVI", crop: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw one field's clear means by date; dates on which it was not seen are ticks along the bottom.

    Args:
        series: a series table (field_id, date, a column a band), or a `series.parquet`, such as `predict` writes.
        field_id: which field.
        band: a column, or "NDVI", which is worked out from red and near infrared where there is no such column.
        crop: name for the legend.
        ax: where to draw (default: new axes).

    Returns:
        The axes.

    Raises:
        TableError: the table has no such field or band.
    """
    table = pd.read_parquet(series) if isinstance(series, Path) else series
    mine = table[table["field_id"].astype(str) == str(field_id)].sort_values("date")
    if mine.empty:
        raise TableError(f"there is no field {field_id} in the series", fix="Check the id.")
    bands = [name for name in table.columns if name not in ("field_id", "date")]
    if band in bands:
        values = mine[band].to_numpy(np.float64, na_value=np.nan)
    else:
        index = ndvi(mine[bands].to_numpy(np.float32, na_value=np.nan), bands) if band == "NDVI" else None
        if index is None:
            raise TableError(f"there is no band {band} in the series", fix=f"The bands are {', '.join(bands)}.")
        values = index.astype(np.float64)
    date = pd.to_datetime(mine["date"]).to_numpy()
    clear = np.isfinite(values)
    axes = ax or plt.subplots(figsize=(7, 3), layout="constrained")[1]
    axes.plot(date[clear], values[clear], "o-", markersize=4, label=f"field {field_id}" + (f": {crop}" if crop else ""))
    cloudy = date[~clear]
    if len(cloudy):
        lines = axes.vlines(cloudy, 0, _CLOUDY, colors="0.6", transform=axes.get_xaxis_transform(), label="not seen")
        lines.set_gid("cloudy")
    locator = AutoDateLocator()  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.set_ylabel(band)
    axes.legend(frameon=False)
    return axes
