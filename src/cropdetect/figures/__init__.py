"""Figures for notebooks and documents: matplotlib axes that show what the files hold.

Importing this package imports matplotlib (extra [plots]); nothing else in cropdetect does.
"""

from cropdetect.errors import MissingExtraError

try:
    import matplotlib as _matplotlib  # noqa: F401
except ModuleNotFoundError as error:
    raise MissingExtraError(
        "figures need matplotlib, which is not installed", fix="Run: pip install 'cropdetect[plots]'"
    ) from error

from cropdetect.figures.chip import plot_chip
from cropdetect.figures.comparison import draw_comparison, plot_comparison
from cropdetect.figures.map import plot_map
from cropdetect.figures.scores import plot_confusion, plot_reliability
from cropdetect.figures.season import plot_season
from cropdetect.figures.training import plot_learning_curves

__all__ = [
    "draw_comparison",
    "plot_chip",
    "plot_comparison",
    "plot_confusion",
    "plot_learning_curves",
    "plot_map",
    "plot_reliability",
    "plot_season",
]
