"""How a prediction looks in a notebook: a small map, the crops with their numbers of fields, and what was left unanswered."""

import html

import geopandas as gpd
import numpy as np
import shapely

from cropdetect.formats import PredictionRun
from cropdetect.notebook import table as html_table
from cropdetect.outputs.colours import class_colours

_SIDE = 360  # pixels of the picture
_MOST = 2000  # fields that are drawn


def prediction_html(table: gpd.GeoDataFrame, run: PredictionRun) -> str:
    """Return map and tables of a prediction.

    Args:
        table: as `prediction_table` makes it.
        run: what run.json says.
    """
    colours = _colours(table)
    known = table[table["crop"].notna()]
    rows = [
        (crop, len(group), float(group["confidence"].mean()))
        for crop, group in known.groupby("crop", observed=True)
        if len(group)
    ]
    rows.sort(key=lambda row: -row[1])
    other = [
        (f"no crop: {status}", count, None) for status, count in table.loc[table["crop"].isna(), "status"].value_counts().items()
    ]
    title = f"{run.n_fields} fields, {len(run.dates)} dates, {run.checkpoint.rpartition('/')[2]}"
    counts = html_table(("crop", "fields", "mean confidence"), [*rows, *other], title)
    warnings = "".join(f"<li>{html.escape(text)}</li>" for text in run.warnings[:5])
    picture = _map(table, colours)
    key = " ".join(f'<span style="color:{colours[str(crop)]}">&#9632;</span> {html.escape(str(crop))}' for crop, *_ in rows)
    return f"<div>{picture}{f'<p>{key}</p>' if picture else ''}{counts}{f'<ul>{warnings}</ul>' if warnings else ''}</div>"


def _colours(table: gpd.GeoDataFrame) -> dict[str, str]:
    """Return class name -> colour, the same as in maps and reports."""
    known = table[["crop_id", "crop"]].dropna().drop_duplicates()
    colours = class_colours(sum(name.startswith("prob_") for name in table.columns))
    return {
        str(crop): "#{:02x}{:02x}{:02x}".format(*colours[int(number) - 1])
        for number, crop in zip(known["crop_id"], known["crop"], strict=True)
    }


def _map(table: gpd.GeoDataFrame, colours: dict[str, str]) -> str:
    """Return a picture of the polygons in their crops' colours, "" where there are none or too many."""
    drawn = table[table.geometry.notna() & ~table.geometry.is_empty & (table.geometry.geom_type != "Point")]
    if not 0 < len(drawn) <= _MOST:
        return ""
    west, south, east, north = drawn.total_bounds
    scale = _SIDE / max(east - west, north - south)
    paths = []
    for shape, crop in zip(drawn.geometry.simplify(0.5 / scale), drawn["crop"], strict=True):
        rings = [ring for part in shapely.get_parts(shape) for ring in (part.exterior, *part.interiors) if not part.is_empty]
        steps = " ".join(_ring(np.asarray(ring.coords)[:, :2], west, north, scale) for ring in rings)
        name = "no crop" if crop is None or crop != crop else str(crop)
        fill = colours.get(name, "none")
        paths.append(
            f'<path d="{steps}" fill="{fill}" stroke="#888" stroke-width="0.3"><title>{html.escape(name)}</title></path>'
        )
    width, height = (east - west) * scale, (north - south) * scale
    return f'<svg width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.1f} {height:.1f}">{"".join(paths)}</svg>'


def _ring(points: np.ndarray, west: float, north: float, scale: float) -> str:
    return "M" + "L".join(f"{(x - west) * scale:.1f},{(north - y) * scale:.1f}" for x, y in points) + "Z"
