"""The figure of docs/performance.md: fields a CPU second against memory, cropdetect beside others."""

import re
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl

OURS, THEIRS, INK = "#1b7837", "#8c6d8f", "#333333"


def points(runs: Mapping[str, Sequence[Sequence[Mapping[str, Any]]]]) -> dict[str, tuple[float, float, bool]]:
    """Return what is drawn: label -> memory in MB, fields a CPU second, whether it is cropdetect."""
    found: dict[str, list[tuple[float, float]]] = {}
    for row in (row for several in runs.values() for rows in several for row in rows):
        ours = re.match(r"predict, (.*), [\d,]+ fields: fields a CPU second", row["work"])
        rival = re.match(r"rival: (.*)", row["work"])
        if ours or rival:
            label = f"cropdetect predict, {ours[1]}" if ours else str(rival[1])  # type: ignore[index]
            found.setdefault(label, []).append((float(row["peak_memory_mb"]), float(row["ours"])))
    return {
        label: (median(memory for memory, _ in some), median(speed for _, speed in some), label.startswith("cropdetect"))
        for label, some in found.items()
    }


def draw(runs: Mapping[str, Sequence[Sequence[Mapping[str, Any]]]], path: Path) -> None:
    """Write the figure as SVG; nothing where no point was measured."""
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    drawn = points(runs)
    if not drawn:
        return
    with mpl.rc_context({"svg.hashsalt": "cropdetect", "font.size": 10, "axes.edgecolor": INK, "text.color": INK}):
        figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
        for label, (memory, speed, ours) in drawn.items():
            axes.scatter(memory, speed, s=60, color=OURS if ours else THEIRS, zorder=3)
            words = textwrap.fill(label, 28)
            place = {"xytext": (8, 3 if ours else -3), "va": "bottom" if ours else "top"}
            axes.annotate(words, (memory, speed), textcoords="offset points", fontsize=8.5, **place)
        axes.set(xscale="log", yscale="log", xlabel="peak memory, MB", ylabel="fields a CPU second")
        axes.set_xticks([250, 500, 1000, 2000, 4000, 8000], ["250", "500", "1,000", "2,000", "4,000", "8,000"])
        axes.minorticks_off()
        axes.set_xlim(min(m for m, *_ in drawn.values()) / 1.3, max(m for m, *_ in drawn.values()) * 4)
        axes.margins(y=0.2)
        axes.yaxis.set_major_formatter("{x:,.0f}")
        axes.grid(visible=True, which="major", color="#dddddd", linewidth=0.7)
        axes.spines[["top", "right"]].set_visible(False)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)
