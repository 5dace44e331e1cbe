"""Runs are compared on the fields that they share, pair by pair, and contradictions are refused."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cropdetect.errors import ContradictionError, FieldsError, LegendError
from cropdetect.evaluation import ScoredFields, compare_runs, score

LEGEND = ("maize", "wheat")
N = 200


def run(name: str = "a", *, skill: float = 1.0, seed: int = 0, folds: str = "apart", groups: bool = True) -> ScoredFields:
    """Two hundred fields in twenty groups and five folds; more skill, better answers."""
    rng = np.random.default_rng(seed)
    truth = np.arange(N) % 2
    wheat = 1 / (1 + np.exp(-(skill * (2 * truth - 1) + np.random.default_rng(7).normal(0, 1, N) + rng.normal(0, 0.1, N))))
    table = pd.DataFrame(
        {"fold": (np.arange(N) // 40).astype(str), "label": np.array(LEGEND)[truth]},
        index=pd.Index([f"f{k}" for k in range(N)], name="field_id"),
    )
    if groups:
        table["group"] = (np.arange(N) // 10).astype(str)
    return ScoredFields(name, table, np.stack([1 - wheat, wheat], axis=1), LEGEND, folds)


def test_each_run_is_scored_and_the_better_one_is_seen_as_such() -> None:
    poor, good = run("poor", skill=0.5), run("good", skill=3.0, seed=1)
    found = compare_runs([poor, good])
    truth = np.arange(N) % 2
    expected = [score(one.probabilities, truth, LEGEND) for one in (poor, good)]
    assert [one.scores["log_loss"].value for one in found.runs] == pytest.approx([one.log_loss for one in expected])
    loss = found.runs[1].scores["log_loss"]
    assert loss.difference == pytest.approx(expected[1].log_loss - expected[0].log_loss)
    assert loss.difference_interval is not None
    assert loss.difference_interval[0] < loss.difference < loss.difference_interval[1] < 0
    assert found.runs[0].scores["log_loss"].difference is None
    assert (found.groups, found.warnings) == ("whole spatial groups", [])


def test_pairs_are_drawn_together() -> None:
    """Two runs that err on the same fields differ by little, however uncertain each of them is."""
    found = compare_runs([run("a"), run("b", seed=1)]).runs[1].scores["log_loss"]
    assert found.difference_interval is not None
    width = found.difference_interval[1] - found.difference_interval[0]
    assert width < 0.3 * (found.interval[1] - found.interval[0])


def test_only_shared_fields_are_scored_and_the_others_are_counted() -> None:
    some = run("b", seed=1)
    part = replace(some, table=some.table.iloc[::-1].iloc[:150], probabilities=some.probabilities[::-1][:150])
    found = compare_runs([run("a"), part])
    whole = compare_runs([replace(one, table=one.table[50:], probabilities=one.probabilities[50:]) for one in (run("a"), some)])
    assert (found.n_shared, [one.n_not_shared for one in found.runs]) == (150, [50, 0])
    assert found.runs[1].scores == whole.runs[1].scores


def test_classes_in_another_order_are_the_same_classes() -> None:
    other = run("b", seed=1)
    turned = replace(other, probabilities=other.probabilities[:, ::-1], legend=LEGEND[::-1])
    assert compare_runs([run("a"), turned]).runs == compare_runs([run("a"), other]).runs


def test_other_folds_are_a_warning_and_other_names_of_the_same_folds_are_not() -> None:
    first = run("a")
    renamed = replace(run("b"), table=first.table.assign(fold=first.table["fold"].map(lambda fold: f"region {fold}")))
    moved = replace(run("c"), table=first.table.assign(fold=np.roll(first.table["fold"], 10)))
    assert compare_runs([first, renamed]).warnings == []
    assert ["c has other folds than a" in warning for warning in compare_runs([first, moved]).warnings] == [True]


def test_without_groups_whole_folds_are_drawn_and_without_blocked_folds_single_fields() -> None:
    whole = compare_runs([run("a", groups=False), run("b", groups=False)])
    single = compare_runs([run("a", groups=False, folds="random"), run("b", groups=False, folds="random")])
    assert (whole.groups, single.groups) == ("whole folds", "single fields")
    assert any("only 5 groups" in warning for warning in whole.warnings)
    assert any("too narrow" in warning for warning in single.warnings)


def test_contradictions_are_refused_with_both_sides() -> None:
    first = run("a")
    swapped = first.table.assign(label=first.table["label"].where(first.table.index != "f3", "maize"))
    with pytest.raises(ContradictionError, match=r"f3 is wheat in a and maize in b"):
        compare_runs([first, replace(run("b"), table=swapped)])
    with pytest.raises(ContradictionError, match="b left out single fields, a whole groups"):
        compare_runs([first, run("b", folds="random")])
    with pytest.raises(LegendError, match=r"b alone knows rye"):
        compare_runs([first, replace(run("b"), probabilities=np.full((N, 3), 1 / 3), legend=(*LEGEND, "rye"))])
    with pytest.raises(FieldsError, match="share no field"):
        compare_runs([first, replace(run("b"), table=first.table.rename(index=lambda name: f"x{name}"))])
    with pytest.raises(FieldsError, match=r"1 fields occur twice \(f0\)"):
        compare_runs([first, replace(run("b"), table=first.table.rename(index={"f1": "f0"}))])
