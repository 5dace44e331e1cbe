"""The course of a training as curves."""

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

from cropdetect.errors import InputNotFoundError

_CURVES = {"training_loss": ("training", "-"), "validation_log_loss": ("validation", "--")}


def plot_learning_curves(training: pd.DataFrame | Path, *, ax: Axes | None = None) -> Axes:
    """Draw the loss of every member by epoch; the cycles of a member follow one another.

    Args:
        training: a table with the attributes of `training.EpochReport` as columns, a `training.csv`, or the folder of a
            checkpoint that holds it.
        ax: where to draw (default: new axes).

    Raises:
        InputNotFoundError: there is no such file.
    """
    table = training if isinstance(training, pd.DataFrame) else _read(training)
    axes = ax or plt.subplots(figsize=(7, 4), layout="constrained")[1]
    for column, (name, style) in _CURVES.items():
        for member, rows in table.dropna(subset=column).groupby("member"):
            values = rows.sort_values(["cycle", "epoch"])[column].to_numpy()
            label = name if member == 0 else None
            axes.plot(
                range(1, len(values) + 1), values, style, marker=".", color=f"C{int(str(member)) % 10}", alpha=0.8, label=label
            )
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss, nats")
    axes.set_title(f"{table['member'].nunique()} members, a colour each", fontsize=9)
    axes.legend(frameon=False)
    return axes


def _read(path: Path) -> pd.DataFrame:
    file = path / "training.csv" if path.is_dir() else path
    if not file.is_file():
        raise InputNotFoundError("there is no training.csv", where=path, fix="Train again with this version.")
    return pd.read_csv(file)
