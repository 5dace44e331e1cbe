"""The files of a comparison of runs: comparison.json, comparison.csv and a page that needs nothing else."""

from pathlib import Path

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from cropdetect.files import disk_full_named
from cropdetect.formats import ComparedScore, ComparisonRecord
from cropdetect.outputs.tables import write_safely

NAMES = {
    "log_loss": "log loss (nats)",
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
    "kappa": "kappa",
    "ece": "calibration error",
}
LESS_IS_BETTER = frozenset({"log_loss", "ece"})
_PLOT = (360.0, 26.0)  # width of an axis of differences, and height of a row, pixels


def write_comparison(comparison: ComparisonRecord, out: Path) -> None:
    """Write comparison.json, comparison.csv and comparison.html.

    Raises:
        DiskFullError: the disk has no room.
    """
    with disk_full_named(out):
        (out / "comparison.json").write_text(comparison.model_dump_json(indent=1) + "\n", "utf-8")
        write_safely(comparison_table(comparison), out / "comparison.csv")
        (out / "comparison.html").write_text(render_comparison(comparison), "utf-8")


def comparison_table(comparison: ComparisonRecord) -> pd.DataFrame:
    """Return one row a run and score: value, difference from the first run, and the intervals of both."""
    rows = []
    for run in comparison.runs:
        for name, score in run.scores.items():
            lower, upper = score.difference_interval or (None, None)
            rows.append(
                {
                    "run": run.name,
                    "score": name,
                    "value": score.value,
                    "lower": score.interval[0],
                    "upper": score.interval[1],
                    "difference": score.difference,
                    "difference_lower": lower,
                    "difference_upper": upper,
                    "verdict": verdict(name, score),
                }
            )
    return pd.DataFrame(rows)


def verdict(name: str, score: ComparedScore) -> str:
    """Say whether a run is better or worse than the first, as far as the interval of the difference tells."""
    if score.difference_interval is None:
        return ""
    lower, upper = score.difference_interval
    if lower <= 0 <= upper:
        return "no clear difference"
    return "better" if (upper < 0) == (name in LESS_IS_BETTER) else "worse"


def render_comparison(comparison: ComparisonRecord) -> str:
    """Return the page: options that differ, scores, and each difference with its interval as a picture.

    The template escapes all names and options; the page has no script and loads nothing.
    """
    environment = Environment(
        loader=PackageLoader("cropdetect.outputs", "assets"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("comparison.html.jinja")
    pictures = [_picture(comparison, name) for name in comparison.runs[0].scores]
    page = template.render(comparison=comparison, names=NAMES, pictures=pictures, verdict=verdict, width=_PLOT[0], row=_PLOT[1])
    return page.encode("utf-8", "replace").decode()  # a lone surrogate is no text


def _picture(comparison: ComparisonRecord, name: str) -> dict[str, object]:
    """Return where the differences of a score and their intervals lie on an axis with 0 in the middle, pixels."""
    found = [(run.name, run.scores[name]) for run in comparison.runs[1:] if name in run.scores]
    ends = [abs(end) for _, score in found for end in score.difference_interval or ()]
    reach = max(ends, default=0.0) or 1.0

    def x(value: float | None) -> float:
        return round(_PLOT[0] * (0.5 + 0.45 * (value or 0.0) / reach), 1)

    marks = [
        {
            "run": run,
            "difference": score.difference,
            "at": x(score.difference),
            "from": x((score.difference_interval or (0, 0))[0]),
            "to": x((score.difference_interval or (0, 0))[1]),
            "interval": score.difference_interval,
            "verdict": verdict(name, score),
        }
        for run, score in found
    ]
    return {"score": name, "marks": marks, "less_is_better": name in LESS_IS_BETTER}
