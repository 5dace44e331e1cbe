"""Runs side by side: how each score differs from that of the first run."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pydantic import ValidationError

from cropdetect.errors import InputNotFoundError, UnreadableFileError
from cropdetect.formats import ComparisonRecord
from cropdetect.outputs.comparison import LESS_IS_BETTER, NAMES, verdict

_COLOURS = {"better": "C2", "worse": "C3", "no clear difference": "0.5"}


def plot_comparison(comparison: ComparisonRecord | Path, *, score: str = "log_loss", ax: Axes | None = None) -> Axes:
    """Draw the difference of each run from the first, with its 95 % interval; on the upright line the two are alike.

    Args:
        comparison: what `compare` returns, a comparison.json, or the folder that holds it.
        score: log_loss, accuracy, balanced_accuracy, macro_f1, kappa or ece.
        ax: where to draw (default: new axes).

    Raises:
        InputNotFoundError: there is no such file, or no such score in it.
        UnreadableFileError: it is damaged.
    """
    record = comparison if isinstance(comparison, ComparisonRecord) else _read(comparison)
    others = [(run.name, run.scores[score]) for run in record.runs[1:] if score in run.scores]
    if not others:
        raise InputNotFoundError(f"the comparison holds no {score}", fix=f"Take one of {', '.join(record.runs[0].scores)}.")
    axes = ax or plt.subplots(figsize=(6, 0.5 * len(others) + 1.2), layout="constrained")[1]
    axes.axvline(0, color="0.6", linewidth=1)
    for row, (_, one) in enumerate(others):
        lower, upper = one.difference_interval or (np.nan, np.nan)
        colour = _COLOURS[verdict(score, one)]
        axes.plot([lower, upper], [row, row], color=colour, linewidth=2)
        axes.plot([one.difference or 0.0], [row], "o", color=colour)
    axes.set_yticks(range(len(others)), [name for name, _ in others], fontsize=8)
    axes.set_ylim(len(others) - 0.5, -0.5)
    better = "less" if score in LESS_IS_BETTER else "more"
    axes.set_xlabel(f"{NAMES[score]} minus that of {record.runs[0].name} ({better} is better)", fontsize=8)
    return axes


def draw_comparison(comparison: ComparisonRecord, file: Path) -> None:
    """Draw log loss, accuracy and macro F1 below each other into a picture."""
    scores = [name for name in ("log_loss", "accuracy", "macro_f1") if name in comparison.runs[0].scores]
    figure = Figure(figsize=(7, len(scores) * (0.3 * len(comparison.runs) + 0.7)), layout="constrained", dpi=120)
    for axes, score in zip(np.ravel(figure.subplots(len(scores), 1)), scores, strict=True):
        plot_comparison(comparison, score=score, ax=axes)
    figure.suptitle(f"{comparison.n_shared:,} shared fields; intervals draw {comparison.groups}", fontsize=9)
    figure.savefig(file, metadata={"Software": None})


def _read(path: Path) -> ComparisonRecord:
    file = path / "comparison.json" if path.is_dir() else path
    if not file.is_file():
        raise InputNotFoundError("no such file", where=file, fix="Name a comparison.json, or the folder of compare.")
    try:
        return ComparisonRecord.model_validate_json(file.read_bytes())
    except ValidationError as error:
        raise UnreadableFileError("this is no comparison.json", where=file, fix="Run compare again.") from error
