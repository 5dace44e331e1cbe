"""Scores and areas as the terminal shows them: tables of at most 80 columns."""

import io

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cropdetect.formats import AreaRecord, MetricsRecord

_WIDTH = 80
_Z = 1.96  # standard errors to either side that hold 95 %
_DOUBTS = 5
_SCORES = {
    "log_loss": "log loss (nats)",
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
    "kappa": "kappa",
    "ece": "calibration error",
}


def scores_summary(scores: MetricsRecord) -> str:
    """Return scores with their intervals, classes, areas, dates, doubts and warnings as plain text.

    Class names and field ids are cut where they are too long; nothing in them is taken for markup.
    """
    console = Console(file=io.StringIO(), width=_WIDTH, color_system=None, markup=False, highlight=False, emoji=False)
    intervals = scores.intervals or {}
    table = _table("score", "value", "95 % interval")
    for name, title in _SCORES.items():
        value = getattr(scores, name)
        if value is not None:
            table.add_row(title, f"{value:.3f}", _interval(intervals.get(name)))
    console.print(
        f"{scores.n_fields} fields with a label and an answer" + (f"; {scores.validation}" if scores.validation else "")
    )
    console.print(table)
    table = _table("class", "fields", "precision", "recall", "F1", "95 % of F1")
    for name, one in scores.per_class.items():
        numbers = (_number(value) for value in (one.precision, one.recall, one.f1))
        table.add_row(Text(name), str(one.n), *numbers, _interval(intervals.get(f"f1:{name}")))
    console.print(table)
    if scores.areas is not None:
        console.print(_areas(scores.areas))
    if scores.by_date:
        table = _table("dates up to", "fields", "log loss", "accuracy", "macro F1")
        for day in scores.by_date:
            table.add_row(str(day.until), str(day.n_fields), *(f"{v:.3f}" for v in (day.log_loss, day.accuracy, day.macro_f1)))
        console.print(table)
    if scores.label_doubts:
        table = _table("doubtful label", "is labelled", "looks like", "probability")
        for doubt in scores.label_doubts[:_DOUBTS]:
            table.add_row(Text(str(doubt.field_id)), Text(doubt.label), Text(doubt.predicted), f"{doubt.confidence:.2f}")
        console.print(table)
        if len(scores.label_doubts) > _DOUBTS:
            console.print(f"... and {len(scores.label_doubts) - _DOUBTS} more in label_doubts.csv")
    for warning in scores.warnings:
        console.print(Text(f"Warning: {warning}"))
    output = console.file
    assert isinstance(output, io.StringIO)
    return output.getvalue().rstrip()


def _areas(areas: AreaRecord) -> Table:
    table = _table(f"area ({areas.unit})", "mapped", "estimated", "+- (95 %)", "user's", "producer's")
    for one in areas.classes:
        half = None if one.standard_error is None else _Z * one.standard_error
        numbers = (_amount(value) for value in (one.mapped, one.estimated, half))
        table.add_row(Text(one.name), *numbers, _number(one.users_accuracy), _number(one.producers_accuracy))
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, width=None, title_justify="left")
    table.add_column(first, overflow="ellipsis", no_wrap=True, max_width=28)
    for name in others:
        table.add_column(name, justify="right", overflow="ellipsis", no_wrap=True)
    return table


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _amount(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f}" if abs(value) < 1000 else f"{value:,.0f}"


def _interval(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}"
