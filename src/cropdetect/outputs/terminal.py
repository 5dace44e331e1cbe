"""The short picture of a prediction that a terminal of 80 columns shows."""

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cropdetect.outputs.report.totals import MEANINGS, areas_ha

_WIDTH = 80
_ROWS = 15  # crops; the rest are counted together


def prediction_summary(table: gpd.GeoDataFrame, legend: Sequence[str], out: Path) -> str:
    """Return the fields, hectares and mean confidence of each crop, the fields without an answer, and where the files are.

    Args:
        table: as `prediction_table` makes it.
        legend: class names.
        out: the folder of the files.
    """
    areas = areas_ha(table)
    crop = table["crop_id"].fillna(0).to_numpy(np.int64) - 1
    confidence = table["confidence"].to_numpy(np.float64, na_value=np.nan)
    shown = Table(box=None, pad_edge=False, width=_WIDTH - 2, header_style="bold")
    shown.add_column("crop", ratio=1, overflow="fold")
    for name in ("fields", "area, ha", "mean confidence"):
        if name != "area, ha" or areas is not None:
            shown.add_column(name, justify="right", no_wrap=True)

    def add(name: str, rows: np.ndarray) -> None:
        cells = [f"{rows.sum():,}"]
        if areas is not None:
            cells.append(f"{np.nansum(areas[rows]):,.1f}")
        sure = confidence[rows & np.isfinite(confidence)]
        shown.add_row(Text(name), *cells, f"{sure.mean():.0%}" if len(sure) else "")

    order = sorted((k for k in range(len(legend)) if (crop == k).any()), key=lambda k: (-(crop == k).sum(), k))
    for k in order[:_ROWS]:
        add(legend[k], crop == k)
    if len(order) > _ROWS:
        add(f"{len(order) - _ROWS} other crops", np.isin(crop, order[_ROWS:]))
    below = (crop < 0) & np.isfinite(confidence)
    if below.any():
        add("no crop: not sure enough", below)
    status = table["status"].astype(str).to_numpy(dtype=str)
    for word in sorted(set(status[~np.isfinite(confidence)])):
        add(f"no answer, {word}: {MEANINGS.get(word, '')}".rstrip(": "), (status == word) & ~np.isfinite(confidence))
    add("all fields", np.ones(len(table), bool))
    console = Console(width=_WIDTH, color_system=None, highlight=False)
    with console.capture() as text:
        console.print(shown)
        console.print(Text(f"Look at {out / 'report.html'} first. {_files(out)}", overflow="fold"))
    return "\n".join(line.rstrip() for line in text.get().splitlines())


def _files(out: Path) -> str:
    there = sorted(file.name for file in out.iterdir() if file.is_file() and file.name != "report.html")
    maps = [name for name in there if name.startswith(("crop_map", "preview"))]
    names = [name for name in there if name not in maps]
    names += maps if len(maps) <= 4 else [f"{len(maps)} crop maps and previews"]
    return f"Beside it: {', '.join(names)}."
