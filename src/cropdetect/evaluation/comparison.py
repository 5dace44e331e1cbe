"""Several sets of out-of-fold predictions side by side, on the fields that they share."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from cropdetect.errors import ContradictionError, FieldsError, LegendError
from cropdetect.evaluation.bootstrap import FEW_GROUPS, SCORES, bootstrap_differences, bootstrap_intervals
from cropdetect.formats import ComparedRun, ComparedScore, ComparisonRecord

FoldKind = Literal["random", "apart", "unknown"]  # whether neighbours of a field were trained on
_NAMED = 5  # fields that an error names


@dataclass(frozen=True)
class ScoredFields:
    """The answers of one run.

    Attributes:
        name: what the run is called.
        table: one row a field, `field_id` (text) as the index: `fold`, `label` and, where it is known, `group`, as text.
        probabilities: (field, class).
        legend: class names.
        folds: "random": fields were put apart one by one; "apart": whole groups or blocks were.
    """

    name: str
    table: pd.DataFrame
    probabilities: npt.NDArray[np.float64]
    legend: tuple[str, ...]
    folds: FoldKind = "unknown"


def compare_runs(runs: Sequence[ScoredFields], *, seed: int = 0) -> ComparisonRecord:
    """Score all runs on the fields that they share, and each against the first, on the same draws of the bootstrap.

    Args:
        runs: two or more; the first is what the others are compared with.
        seed: of the bootstrap.

    Raises:
        FieldsError: they share no field, or a run has a field twice.
        LegendError: they know other classes.
        ContradictionError: a field has another label in another run, or fields were put apart in ways that cannot be compared.
    """
    first = runs[0]
    for run in runs:
        _check_alone(run)
    for run in runs[1:]:
        _check_legend(first, run)
        _check_folds(first, run)
    shared = first.table.index[np.logical_and.reduce([first.table.index.isin(run.table.index) for run in runs])]
    if len(shared) == 0:
        raise FieldsError(
            "the runs share no field", where=", ".join(run.name for run in runs), fix="Compare runs on the same data."
        )
    tables = [run.table.loc[shared] for run in runs]
    for run, table in zip(runs[1:], tables[1:], strict=True):
        _check_labels(first, tables[0], run, table)
    answers = [_answers(run, shared, first.legend) for run in runs]
    labels = pd.Index(first.legend).get_indexer(pd.Index(tables[0]["label"])).astype(np.int64)
    groups, drawn, warnings = _groups(runs, tables)
    warnings += [
        f"{run.name} has other folds than {first.name}: the difference also comes from other training fields"
        for run, table in zip(runs[1:], tables[1:], strict=True)
        if not _same_parts(tables[0]["fold"], table["fold"])
    ]
    return ComparisonRecord(
        n_shared=len(shared),
        groups=drawn,
        runs=[
            ComparedRun(
                name=run.name,
                n_fields=len(run.table),
                n_not_shared=len(run.table) - len(shared),
                scores=_scores(answers[0] if number else None, answers[number], labels, first.legend, groups, seed),
            )
            for number, run in enumerate(runs)
        ],
        warnings=warnings,
    )


def _scores(
    first: npt.NDArray[np.float64] | None,
    own: npt.NDArray[np.float64],
    labels: npt.NDArray[np.int64],
    legend: Sequence[str],
    groups: npt.NDArray[np.generic] | None,
    seed: int,
) -> dict[str, ComparedScore]:
    """Return each score of a run with its interval and, but for the first run, its difference from that of the first."""
    compared = own if first is None else first
    differences = bootstrap_differences(own, compared, labels, legend, groups, seed=seed)
    intervals = bootstrap_intervals(own, labels, legend, groups, seed=seed)
    return {
        name: ComparedScore(
            value=differences[name].first,
            interval=intervals[name],
            difference=None if first is None else differences[name].difference,
            difference_interval=None if first is None else (differences[name].lower, differences[name].upper),
        )
        for name in SCORES
        if name in differences and name in intervals
    }


def _check_alone(run: ScoredFields) -> None:
    twice = run.table.index[run.table.index.duplicated()]
    if len(twice):
        raise FieldsError(f"{len(twice)} fields occur twice ({_some(twice)})", where=run.name, fix="Run crossval again.")
    unknown = ~run.table["label"].isin(run.legend)
    if unknown.any():
        raise LegendError(f"labels are none of the classes: {_some(run.table['label'][unknown].unique())}", where=run.name)


def _check_legend(first: ScoredFields, run: ScoredFields) -> None:
    if set(first.legend) != set(run.legend):
        sides = (set(first.legend) - set(run.legend), set(run.legend) - set(first.legend))
        told = [f"{one.name} alone knows {_some(sorted(names))}" for one, names in zip((first, run), sides, strict=True) if names]
        raise LegendError(f"the runs know other classes: {'; '.join(told)}", fix="Train both with the same labels or legend.")


def _check_folds(first: ScoredFields, run: ScoredFields) -> None:
    if {first.folds, run.folds} == {"random", "apart"}:
        alone, whole = (first, run) if first.folds == "random" else (run, first)
        raise ContradictionError(
            f"{alone.name} left out single fields, {whole.name} whole groups of neighbours: the first has the easier task",
            fix="Cross-validate both with the same --folds.",
        )


def _check_labels(first: ScoredFields, table: pd.DataFrame, run: ScoredFields, other: pd.DataFrame) -> None:
    unlike = table.index[(table["label"] != other["label"]).to_numpy()]
    if len(unlike):
        field = unlike[0]
        raise ContradictionError(
            f"{len(unlike)} fields have other labels ({_some(unlike)}): {field} is {table.loc[field, 'label']} in {first.name} "
            f"and {other.loc[field, 'label']} in {run.name}",
            fix="Compare runs on the same labels.",
        )


def _answers(run: ScoredFields, shared: "pd.Index[str]", legend: tuple[str, ...]) -> npt.NDArray[np.float64]:
    """Return the probabilities of the shared fields, with the classes in the order of a legend."""
    rows, columns = run.table.index.get_indexer(shared), [run.legend.index(name) for name in legend]
    return run.probabilities[rows][:, columns]


def _groups(
    runs: Sequence[ScoredFields], tables: Sequence[pd.DataFrame]
) -> tuple[npt.NDArray[np.generic] | None, str, list[str]]:
    """Return the groups that the bootstrap draws, what they are, and warnings."""
    known = next((table["group"] for table in tables if "group" in table.columns and table["group"].notna().all()), None)
    groups, drawn = known, "whole spatial groups"
    if known is None and runs[0].folds == "apart":
        groups, drawn = tables[0]["fold"], "whole folds"
    n_groups = 0 if groups is None else groups.nunique()
    if groups is None or n_groups < 2:
        told = "the intervals are too narrow where neighbouring fields are alike: they count every field on its own"
        return None, "single fields", [told]
    rough = [f"the intervals are rough: the fields form only {n_groups} groups"] if n_groups < FEW_GROUPS else []
    return groups.factorize()[0], drawn, rough


def _same_parts(one: "pd.Series[str]", other: "pd.Series[str]") -> bool:
    """Tell whether two columns of folds put the same fields together, whatever the folds are called."""
    pairs = pd.DataFrame({"one": one.to_numpy(), "other": other.to_numpy()}).drop_duplicates()
    return len(pairs) == one.nunique() == other.nunique()


def _some(names: Iterable[object]) -> str:
    listed = [str(name) for name in names]
    return ", ".join(listed[:_NAMED]) + (", ..." if len(listed) > _NAMED else "")
