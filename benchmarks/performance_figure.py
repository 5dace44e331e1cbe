"""The figure of docs/performance.md: fields a CPU second against memory, cropdetect beside others.

What reads images is filled; what is given the means of the fields is an open circle: its work is much less.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl

OURS, THEIRS, INK = "#1b7837", "#8c6d8f", "#333333"
LABELS = {  # regular expression of a row's work -> what the figure calls it
    r"predict, the 2020 network, .*: fields a CPU second": "cropdetect predict: 2020 network",
    r"predict, kenya-simulated, .*: fields a CPU second": "cropdetect predict: season-cnn, five members",
    r"table of field means, five members, whole command": "cropdetect predict: table of field means, five members",
    r"rival: random forest": "random forest on exactextract means",
    r"rival: torchgeo": "torchgeo's CV4A data set, no network",
    r"rival: BreizhCrops": "BreizhCrops' TempCNN on field means in memory",
}


@dataclass(frozen=True)
class Point:
    """A program in the figure.

    Attributes:
        memory: MB.
        speed: fields a CPU second.
        is_ours: whether it is cropdetect.
        reads_images: whether it begins with images; otherwise with the means of the fields.
    """

    memory: float
    speed: float
    is_ours: bool
    reads_images: bool


def points(runs: Mapping[str, Sequence[Sequence[Mapping[str, Any]]]]) -> dict[str, Point]:
    """Return what is drawn, by its label: the medians of all runs."""
    found: dict[str, list[tuple[float, float]]] = {}
    for row in (row for several in runs.values() for rows in several for row in rows):
        label = next((label for work, label in LABELS.items() if re.match(work, row["work"])), None)
        if label is not None:
            found.setdefault(label, []).append((float(row["peak_memory_mb"]), float(row["ours"])))
    return {
        label: Point(
            median(memory for memory, _ in some),
            median(speed for _, speed in some),
            is_ours=label.startswith("cropdetect"),
            reads_images="field means" not in label,
        )
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
        for label, point in drawn.items():
            colour = OURS if point.is_ours else THEIRS
            inside = colour if point.reads_images else "white"
            axes.scatter(point.memory, point.speed, s=60, facecolor=inside, edgecolor=colour, linewidth=1.8, zorder=3)
            place = {
                "xytext": (9, 0 if point.is_ours else -5),
                "textcoords": "offset points",
                "va": "center" if point.is_ours else "top",
            }
            axes.annotate(label, (point.memory, point.speed), fontsize=8.5, color=colour, **place)
        for kind, inside in (("begins with images", INK), ("begins with field means", "white")):
            axes.scatter([], [], s=45, facecolor=inside, edgecolor=INK, linewidth=1.5, label=kind)
        axes.legend(loc="upper right", frameon=False, fontsize=8.5)
        axes.set(xscale="log", yscale="log", xlabel="peak memory, MB", ylabel="fields a CPU second")
        axes.set_xticks([250, 500, 1000, 2000, 4000, 8000], ["250", "500", "1,000", "2,000", "4,000", "8,000"])
        axes.minorticks_off()
        memories = [point.memory for point in drawn.values()]
        axes.set_xlim(min(memories) / 1.3, max(memories) * 6)
        axes.margins(y=0.2)
        axes.yaxis.set_major_formatter("{x:,.0f}")
        axes.grid(visible=True, which="major", color="#dddddd", linewidth=0.7)
        axes.spines[["top", "right"]].set_visible(False)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)
