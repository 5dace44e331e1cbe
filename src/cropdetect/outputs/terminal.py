"""What the terminal shows of predictions and of scores: plain text of at most 80 columns."""

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cropdetect.evaluation import Z_95
from cropdetect.formats import AreaRecord, ComparisonRecord, MapRecord, MetricsRecord, SeenScores
from cropdetect.outputs.comparison import NAMES as _SCORES
from cropdetect.outputs.comparison import verdict
from cropdetect.outputs.report.totals import STATUSES, areas_ha

_WIDTH = 80
_CROPS = 15  # rows; the other crops are counted together
_DOUBTS = 5  # rows
_CELL = 16  # letters of an option's value or a run's name
_NAME = 12  # letters of a run's name beside its scores, so that the verdict has room
_MARKS = {"better": "+", "worse": "-", "no clear difference": "?", "": ""}


def prediction_summary(table: gpd.GeoDataFrame, legend: Sequence[str], out: Path, *, unlike: Sequence[str] = ()) -> str:
    """Return how the data is unlike the training data, then what there is of each crop, and where the files are.

    Each crop has its fields, hectares and mean confidence; fields without an answer are counted by their status.

    Args:
        table: as `prediction_table` makes it.
        legend: class names.
        out: the folder of the files.
        unlike: sentences of `PredictionRun.unlike_training`, shown first.
    """
    areas = areas_ha(table)
    crop = table["crop_id"].fillna(0).to_numpy(np.int64) - 1
    confidence = table["confidence"].to_numpy(np.float64, na_value=np.nan)
    answered = np.isfinite(confidence)
    status = table["status"].astype(str).to_numpy(dtype=str)
    shown = Table(box=None, pad_edge=False, width=_WIDTH - 2, header_style="bold")
    shown.add_column("crop", ratio=1, overflow="fold")
    for name in ("fields", "mean confidence") if areas is None else ("fields", "area, ha", "mean confidence"):
        shown.add_column(name, justify="right", no_wrap=True)

    def add(name: str, rows: npt.NDArray[np.bool_]) -> None:
        cells = [f"{rows.sum():,}"]
        if areas is not None:
            cells.append(f"{np.nansum(areas[rows]):,.1f}")
        known = confidence[rows & answered]
        shown.add_row(Text(name), *cells, f"{known.mean():.0%}" if len(known) else "")

    order = sorted((k for k in range(len(legend)) if (crop == k).any()), key=lambda k: (-(crop == k).sum(), k))
    for k in order[:_CROPS]:
        add(legend[k], crop == k)
    if len(order) > _CROPS:
        add(f"{len(order) - _CROPS} other crops", np.isin(crop, order[_CROPS:]))
    below = (crop < 0) & answered
    if below.any():
        add("no crop: not sure enough", below)
    for word in sorted(set(status[~answered])):
        add(f"no answer, {word}: {STATUSES.get(word, ('', ''))[1]}".rstrip(": "), (status == word) & ~answered)
    add("all fields", np.ones(len(table), bool))
    flagged = table["unlike_training"].fillna(False).to_numpy(bool)
    if flagged.any():
        add("unlike the training fields", flagged)
    if "seen_in_training" in table.columns and table["seen_in_training"].any():
        add("training fields: no test of the map", table["seen_in_training"].to_numpy(bool))
    return _text(
        *(Text(f"Attention: {sentence}\n") for sentence in unlike),
        shown,
        Text(where_to_look(out), overflow="fold"),
    )


def scores_summary(scores: MetricsRecord) -> str:
    """Return scores with their intervals, classes, areas, dates, doubts and warnings.

    Class names and field ids are cut where they are too long; nothing in them is taken for markup.
    """
    title = f"{scores.n_fields} fields with a label and an answer" + (f"; {scores.validation}" if scores.validation else "")
    shown: list[Table | Text] = [Text(title), _overall(scores), _classes(scores)]
    if scores.on_training_fields is not None:
        shown.append(_apart(scores.on_training_fields))
    if scores.areas is not None:
        shown.append(_areas(scores.areas))
    if scores.by_date:
        table = _table("dates up to", "fields", "log loss", "accuracy", "macro F1")
        for day in scores.by_date:
            table.add_row(str(day.until), str(day.n_fields), *(f"{v:.3f}" for v in (day.log_loss, day.accuracy, day.macro_f1)))
        shown.append(table)
    doubts = scores.label_doubts or []
    if doubts:
        table = _table("doubtful label", "is labelled", "looks like", "probability")
        for doubt in doubts[:_DOUBTS]:
            table.add_row(Text(str(doubt.field_id)), Text(doubt.label), Text(doubt.predicted), f"{doubt.confidence:.2f}")
        shown.append(table)
    if len(doubts) > _DOUBTS:
        shown.append(Text(f"... and {len(doubts) - _DOUBTS} more in label_doubts.csv"))
    return _text(*shown, *(Text(f"Warning: {warning}") for warning in scores.warnings))


def comparison_summary(comparison: ComparisonRecord) -> str:
    """Return what differs between runs, their scores, and the differences from the first run with their intervals.

    Where there are several runs, each has a table of its own.
    """
    first, *others = comparison.runs
    shown: list[Table | Text] = [_options(comparison)] if comparison.options else [Text("No recorded option differs.")]
    for run in others:
        lost = f"; not shared: {first.n_not_shared} of {first.name}, {run.n_not_shared} of {run.name}"
        shown.append(Text(f"\n{run.name} against {first.name} on {comparison.n_shared} shared fields{lost}"))
        table = _table("score", *(_cut(one.name, _NAME) for one in (first, run)), "difference", "95 % interval", "")
        for name, score in run.scores.items():
            lower, upper = score.difference_interval or (0.0, 0.0)
            numbers = (f"{first.scores[name].value:.3f}", f"{score.value:.3f}", f"{score.difference:+.3f}")
            table.add_row(_SCORES[name], *numbers, f"{lower:+.3f} to {upper:+.3f}", _MARKS[verdict(name, score)])
        shown.append(table)
    told = f"+ better, - worse, ? no clear difference. The intervals draw {comparison.groups}."
    return _text(*shown, Text(told), *(Text(f"Warning: {warning}") for warning in comparison.warnings))


def map_summary(found: MapRecord, out: Path) -> str:
    """Return the fields of each crop, how good the map is, and where it is."""
    table = _table("crop", "labelled", "predicted", "all")
    crops = sorted(found.crops.items(), key=lambda one: -(one[1].labelled + one[1].predicted))
    for name, count in crops[:_CROPS]:
        table.add_row(Text(name), *(f"{n:,}" for n in (count.labelled, count.predicted, count.labelled + count.predicted)))
    if len(crops) > _CROPS:
        labelled, predicted = (sum(getattr(count, kind) for _, count in crops[_CROPS:]) for kind in ("labelled", "predicted"))
        table.add_row(f"{len(crops) - _CROPS} other crops", f"{labelled:,}", f"{predicted:,}", f"{labelled + predicted:,}")
    if found.n_without_crop:
        table.add_row("no crop", "", f"{found.n_without_crop:,}", f"{found.n_without_crop:,}")
    unlabelled = found.n_fields - found.n_labelled
    table.add_row("all fields", f"{found.n_labelled:,}", f"{unlabelled:,}", f"{found.n_fields:,}")
    scores = found.out_of_fold
    interval = (scores.intervals or {}).get("accuracy")
    good = (
        f"How good: {scores.accuracy:.0%} of {scores.n_fields:,} labelled fields are right when they are left out of training"
        f"{f' (95 % interval: {interval[0]:.0%} to {interval[1]:.0%})' if interval else ''}; log loss {scores.log_loss:.2f}. "
        f"Crops differ: see each of them in {out / 'crossval' / 'report.html'}."
    )
    where = (
        f"Look at {out / 'predictions' / 'report.html'} first. The folder also has fields.gpkg for QGIS, tables and maps. "
        f"{out / 'checkpoint'} predicts other data: cropdetect predict DATA OUT --checkpoint {out / 'checkpoint'}"
    )
    notes = [Text(f"Warning: {warning}") for warning in scores.warnings]
    return _text(table, Text(good, overflow="fold"), *notes, Text(where, overflow="fold"))


def _options(comparison: ComparisonRecord) -> Table:
    table = _table("what differs", *(_cut(run.name) for run in comparison.runs))
    for name, values in comparison.options.items():
        table.add_row(Text(name), *(Text(_cut(value)) for value in values))
    return table


def _cut(text: str, longest: int = _CELL) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _overall(scores: MetricsRecord) -> Table:
    table = _table("score", "value", "95 % interval")
    for name, title in _SCORES.items():
        value = getattr(scores, name)
        if value is not None:
            table.add_row(title, f"{value:.3f}", _interval(scores, name))
    return table


def _classes(scores: MetricsRecord) -> Table:
    table = _table("class", "fields", "precision", "recall", "F1", "95 % of F1")
    for name, one in scores.per_class.items():
        numbers = (_number(value) for value in (one.precision, one.recall, one.f1))
        table.add_row(Text(name), str(one.n), *numbers, _interval(scores, f"f1:{name}"))
    return table


def _apart(seen: SeenScores) -> Table:
    table = _table("trained on, scored apart", "fields", "log loss", "accuracy", "macro F1")
    table.add_row(
        "(not how good it is)", str(seen.n_fields), *(f"{v:.3f}" for v in (seen.log_loss, seen.accuracy, seen.macro_f1))
    )
    return table


def _areas(areas: AreaRecord) -> Table:
    table = _table(f"area ({areas.unit})", "mapped", "estimated", "+- (95 %)", "user's", "producer's")
    for one in areas.classes:
        half = None if one.standard_error is None else Z_95 * one.standard_error
        numbers = (_amount(value) for value in (one.mapped, one.estimated, half))
        table.add_row(Text(one.name), *numbers, _number(one.users_accuracy), _number(one.producers_accuracy))
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(first, overflow="ellipsis", no_wrap=True, max_width=28)
    for name in others:
        table.add_column(name, justify="right", overflow="ellipsis", no_wrap=True)
    return table


def _text(*shown: Table | Text) -> str:
    console = Console(width=_WIDTH, color_system=None, highlight=False)
    with console.capture() as text:
        for one in shown:
            console.print(one)
    return "\n".join(line.rstrip() for line in text.get().splitlines())


def where_to_look(out: Path) -> str:
    """Return which file of an output to open first, and which others there are."""
    there = sorted(file.name for file in out.iterdir() if file.is_file() and file.name != "report.html")
    maps = [name for name in there if name.startswith(("crop_map", "preview"))]
    names = [name for name in there if name not in maps]
    names += maps if len(maps) <= 4 else [f"{len(maps)} crop maps and previews"]
    return f"Look at {out / 'report.html'} first. The folder also has: {', '.join(names)}."


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _amount(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f}" if abs(value) < 1000 else f"{value:,.0f}"


def _interval(scores: MetricsRecord, name: str) -> str:
    interval = (scores.intervals or {}).get(name)
    return "" if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}"
