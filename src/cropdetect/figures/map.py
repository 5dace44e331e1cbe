"""The fields coloured by crop."""

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from cropdetect.errors import FieldsError
from cropdetect.outputs.colours import class_colours
from cropdetect.outputs.read import read_prediction_table

_HATCHES = ("", "//", "\\\\", "--", "||", "++", "xx", "..")
_MARKERS = "oD^sv*hp"
_FAINT = 0.25  # opacity of an answer no better than chance


def plot_map(predictions: gpd.GeoDataFrame | Path, *, legend: Sequence[str] | None = None, ax: Axes | None = None) -> Axes:
    """Draw the fields, or points: colour and hatching (of points: the marker) are the crop, opacity is confidence.

    Args:
        predictions: table with geometry, crop and confidence, or the output folder of `predict`.
        legend: class names in order, for the colours of the report and the crop map (default: the folder's, or else the
            crops of the table, sorted).
        ax: where to draw (default: new axes).

    Returns:
        The axes.

    Raises:
        FieldsError: no field has a place.
    """
    if isinstance(predictions, Path):
        table, names = read_prediction_table(predictions)
        legend = legend or names
    else:
        table = predictions
    table = table[table.geometry.notna()]
    if table.empty:
        raise FieldsError("no field has a geometry, so there is no map", fix="Predict with field outlines.")
    crops = table["crop"].astype(object).where(table["crop"].notna(), None)
    classes = list(legend) if legend else sorted({str(crop) for crop in crops if crop is not None})
    colours = [(red / 255, green / 255, blue / 255) for red, green, blue in class_colours(len(classes))]
    axes = ax or plt.subplots(figsize=(7, 6), layout="constrained")[1]
    chance = 1 / max(2, len(classes))
    sure = table["confidence"].to_numpy(np.float64, na_value=0.0)
    opacity = _FAINT + (1 - _FAINT) * np.clip((sure - chance) / (1 - chance), 0, 1)
    handles: list[Patch | Line2D] = []
    points = bool((table.geometry.geom_type == "Point").all())
    for k, name in enumerate([*classes, None]):
        mine = (crops == name).to_numpy() if name is not None else crops.isna().to_numpy()
        if not mine.any():
            continue
        colour = (1.0, 1.0, 1.0) if name is None else colours[k]
        hatch, marker = ("", ".") if name is None else (_HATCHES[k % len(_HATCHES)], _MARKERS[k % len(_MARKERS)])
        label = f"{name or 'no answer'} ({mine.sum():,})"
        drawn = table[mine]
        if points:
            drawn.plot(ax=axes, color=colour, alpha=opacity[mine], marker=marker, markersize=16, edgecolor="0.4", linewidth=0.3)
            handles.append(Line2D([], [], color=colour, marker=marker, linestyle="", markeredgecolor="0.4", label=label))
        else:
            drawn.plot(ax=axes, color=colour, alpha=opacity[mine], hatch=hatch, edgecolor="0.3", linewidth=0.5)
            handles.append(Patch(facecolor=colour, hatch=hatch, edgecolor="0.3", label=label))
        axes.collections[-1].set_gid(name or "no answer")
    axes.legend(handles=handles, frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    axes.set_aspect("equal" if table.crs is None or table.crs.is_projected else "auto")
    axes.tick_params(labelsize=7)
    axes.set_title("crop of each field; the fainter, the less sure", fontsize=9)
    return axes
