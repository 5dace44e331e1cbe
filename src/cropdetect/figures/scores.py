"""Scores as figures: confusion matrix and reliability diagram."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from cropdetect.errors import InputNotFoundError
from cropdetect.formats import MetricsRecord
from cropdetect.outputs.scores import read_metrics

_DARK = 0.5  # share from which on the number is white


def plot_confusion(metrics: MetricsRecord | Path, *, shares: bool = False, ax: Axes | None = None) -> Axes:
    """Draw the confusion matrix: rows true, columns answered, the colour is the share of the row.

    Args:
        metrics: scores, a metrics.json, or the folder that holds it.
        shares: write shares of the true crop's fields instead of counts.
        ax: where to draw (default: new axes).

    Raises:
        InputNotFoundError: there is no such file, or it holds no confusion matrix.
        UnreadableFileError: it is damaged.
    """
    record = metrics if isinstance(metrics, MetricsRecord) else read_metrics(metrics)
    if record.confusion is None:
        raise InputNotFoundError("these scores hold no confusion matrix", fix="Run evaluate or crossval again.")
    counts = np.array(record.confusion)
    total = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, total, out=np.zeros(counts.shape), where=total > 0)
    side = max(4.0, 0.55 * len(counts) + 1.8)
    axes = ax or plt.subplots(figsize=(side, side), layout="constrained")[1]
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for (row, column), n in np.ndenumerate(counts):
        if n:
            text = f"{share[row, column]:.0%}" if shares else f"{n:,}"
            colour = "white" if share[row, column] > _DARK else "black"
            axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)
    axes.set_xticks(range(len(counts)), record.legend, rotation=45, ha="right", rotation_mode="anchor", fontsize=8)
    axes.set_yticks(range(len(counts)), record.legend, fontsize=8)
    axes.set_xlabel("answered")
    axes.set_ylabel("true")
    axes.set_title(f"{record.accuracy:.1%} of {record.n_fields:,} fields are right", fontsize=9)
    return axes


def plot_reliability(metrics: MetricsRecord | Path, *, ax: Axes | None = None) -> Axes:
    """Draw the share of right answers against the stated confidence, bin by bin; on the diagonal the two agree.

    Args:
        metrics: scores, a metrics.json, or the folder that holds it.
        ax: where to draw (default: new axes).

    Raises:
        InputNotFoundError: there is no such file, or it holds no reliability bins.
        UnreadableFileError: it is damaged.
    """
    record = metrics if isinstance(metrics, MetricsRecord) else read_metrics(metrics)
    if record.reliability is None:
        raise InputNotFoundError("these scores hold no reliability bins", fix="Run evaluate or crossval again.")
    axes = ax or plt.subplots(figsize=(4, 4), layout="constrained")[1]
    axes.plot([0, 1], [0, 1], "--", color="0.5", linewidth=1)
    there = [one for one in record.reliability if one.n]
    x, y, n = (np.array([getattr(one, name) for one in there], np.float64) for name in ("confidence", "accuracy", "n"))
    axes.plot(x, y, color="C0", linewidth=1)
    axes.scatter(x, y, s=20 + 200 * n / max(n.max(initial=0), 1), color="C0", alpha=0.7)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="stated confidence", ylabel="share that is right", aspect="equal")
    axes.set_title(f"expected calibration error {record.ece:.1%}", fontsize=9)
    return axes
