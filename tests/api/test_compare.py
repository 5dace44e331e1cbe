"""`compare` sets cross-validations side by side: table, page, picture, and what differs first."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from cropdetect import api
from cropdetect.cli import app
from cropdetect.errors import ContradictionError, InputNotFoundError, OptionError
from cropdetect.evaluation import bootstrap_differences
from tests.api.test_crossval import table


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of three cross-validations of one table: forest, svm, and again svm with random folds."""
    root = tmp_path_factory.mktemp("runs")
    data = table(root / "table")
    api.crossval(data, root / "forest", folds="blocked", model="random-forest")
    api.crossval(data, root / "svm", folds="blocked", model="svm")
    api.crossval(data, root / "random", folds="random", model="svm")
    return root


def test_crossval_records_model_options_seed_and_versions(runs: Path) -> None:
    run = json.loads((runs / "svm" / "run.json").read_text())
    assert (run["model"], run["seed"], run["n_fields"], run["put_apart"]) == ("svm", 0, 120, "apart")
    assert run["arguments"]["training"]["model"] == "svm"
    assert "whole groups" in run["folds"]
    assert {"python", "cropdetect", "numpy", "torch", "scikit-learn"} <= set(run["versions"])
    groups = pd.read_csv(runs / "svm" / "groups.csv")
    assert groups["group"].nunique() == 12


def test_the_files_hold_the_paired_intervals(runs: Path, tmp_path: Path) -> None:
    found = api.compare((runs / "forest", runs / "svm"), tmp_path / "out")
    first, second = (pd.read_csv(runs / name / "predictions.csv") for name in ("forest", "svm"))
    columns = ["prob_fallow", "prob_maize"]
    groups = pd.read_csv(runs / "forest" / "groups.csv")["group"].to_numpy()
    labels = first["label"].map({"fallow": 0, "maize": 1}).to_numpy()
    expected = bootstrap_differences(second[columns].to_numpy(), first[columns].to_numpy(), labels, ["fallow", "maize"], groups)
    loss = found.runs[1].scores["log_loss"]
    assert loss.difference == pytest.approx(expected["log_loss"].difference)
    assert loss.difference_interval == pytest.approx((expected["log_loss"].lower, expected["log_loss"].upper))
    assert found.options == {"model": ["random-forest", "svm"]}
    told = api.info(tmp_path / "out")
    assert (told.kind, told.facts["shared_fields"], list(told.facts["runs"])) == ("comparison", 120, ["forest", "svm"])
    assert "to see it" in told.text()
    written = pd.read_csv(tmp_path / "out" / "comparison.csv").set_index(["run", "score"])
    assert written.loc[("svm", "log_loss"), "difference"] == pytest.approx(loss.difference)
    assert {file.name for file in (tmp_path / "out").iterdir()} == {
        *("comparison.csv", "comparison.html", "comparison.json", "comparison.png", "run.json")
    }


def test_the_command_tells_what_differs_first_and_then_the_scores(runs: Path, tmp_path: Path) -> None:
    arguments = ["compare", str(runs / "forest"), str(runs / "svm"), str(tmp_path / "out")]
    shown = CliRunner().invoke(app, arguments)
    assert shown.exit_code == 0, shown.exception
    assert shown.output.index("what differs") < shown.output.index("log loss")
    assert "120 shared fields" in shown.output
    assert max(map(len, shown.output[: shown.output.index("The files are in")].splitlines())) <= 80
    again = CliRunner().invoke(app, [*arguments, "--json"])
    assert json.loads(again.stdout)["n_shared"] == 120


def test_names_of_the_users_are_escaped_in_the_page(runs: Path, tmp_path: Path) -> None:
    named = tmp_path / "<img src=x onerror=alert(1)>"
    shutil.copytree(runs / "svm", named)
    api.compare((runs / "forest", named), tmp_path / "out")
    page = (tmp_path / "out" / "comparison.html").read_text()
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "<script" not in page
    assert "default-src 'none'" in page


def test_runs_that_cannot_be_compared_are_refused_and_nothing_is_written(runs: Path, tmp_path: Path) -> None:
    with pytest.raises(ContradictionError, match="single fields"):
        api.compare((runs / "forest", runs / "random"), tmp_path / "out")
    with pytest.raises(OptionError, match="two different runs"):
        api.compare((runs / "svm", runs / "svm"), tmp_path / "out")
    with pytest.raises(InputNotFoundError, match=r"metrics\.json"):
        api.compare((runs / "svm", runs / "table"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_runs_of_the_same_name_are_told_apart_by_the_folder_around(runs: Path, tmp_path: Path) -> None:
    for name in ("first", "second"):
        shutil.copytree(runs / "svm", tmp_path / name / "crossval")
    found = api.compare((tmp_path / "first", tmp_path / "second"), tmp_path / "out")
    assert [run.name for run in found.runs] == ["first/crossval", "second/crossval"]
    assert found.runs[1].scores["accuracy"].difference == 0
