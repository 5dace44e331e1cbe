"""`crossval` from the command line: files, baselines near the published numbers, resumption after a kill."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from cropdetect import api
from cropdetect.cli import app
from cropdetect.errors import OutputExistsError, TrainingDataError


def table(folder: Path, *, n: int = 120, seed: int = 0) -> Path:
    """Write a series table of two crops that part in June, in twelve villages, with one wrong label (field 7)."""
    rng = np.random.default_rng(seed)
    crop = np.arange(n) % 2
    dates = pd.date_range("2021-03-01", periods=12, freq="15D")
    rise = np.clip(np.arange(12) - 5, 0, None) / 6
    rows = [
        {"field_id": f"f{i}", "date": date, "NDVI": 0.2 + 0.6 * crop[i] * rise[step] + rng.normal(0, 0.03)}
        for i in range(n)
        for step, date in enumerate(dates)
        if rng.random() > 0.15
    ]
    label = np.array(["fallow", "maize"])[crop]
    label[7] = "fallow"
    fields = pd.DataFrame({"field_id": [f"f{i}" for i in range(n)], "label": label, "group": np.arange(n) // 10})
    fields["mine"] = np.where(np.arange(n) < 8, -1, np.arange(n) // 10 % 3)
    folder.mkdir()
    pd.DataFrame(rows).to_parquet(folder / "series.parquet")
    fields.to_parquet(folder / "fields.parquet")
    return folder


def test_crossval_writes_what_it_says_and_finds_the_wrong_label(tmp_path: Path) -> None:
    scores = api.crossval(table(tmp_path / "table"), tmp_path / "out", folds="blocked", model="random-forest", by_date=True)
    assert scores.n_fields == 120
    assert scores.accuracy > 0.95
    assert [doubt.field_id for doubt in scores.label_doubts or []] == ["f7"]
    assert scores.by_date is not None
    assert scores.by_date[0].accuracy < 0.8 < scores.by_date[-1].accuracy  # in March both are bare soil
    assert scores.intervals is not None
    assert scores.intervals["accuracy"][0] <= scores.accuracy <= scores.intervals["accuracy"][1]
    assert "whole groups" in scores.validation
    written = pd.read_csv(tmp_path / "out" / "predictions.csv")
    assert written.columns.tolist() == ["field_id", "fold", "label", "prob_fallow", "prob_maize"]
    fields = pd.read_parquet(tmp_path / "table" / "fields.parquet")
    assert (written.merge(fields, on="field_id").groupby("group")["fold"].nunique() == 1).all()
    stated = np.where(written["prob_maize"] > written["prob_fallow"], "maize", "fallow")
    assert scores.accuracy == pytest.approx((stated == written["label"]).mean())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "table"]
    described = api.info(tmp_path / "out")
    assert (described.kind, described.facts["fields"], described.facts["validation"]) == ("scores", 120, scores.validation)
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"metrics.json", "confusion.csv", "label_doubts.csv"}
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    told = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])
    assert (told["n_fields"], told["metrics"]["log_loss"]) == (120, scores.log_loss)


def test_the_command_leaves_out_fold_minus_one_and_prints_json(tmp_path: Path) -> None:
    data = table(tmp_path / "table")
    arguments = ["crossval", str(data), str(tmp_path / "out"), "--folds", "mine", "--model", "svm", "--json"]
    told = CliRunner().invoke(app, arguments)
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["n_fields"] == 112


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    data = table(tmp_path / "table")
    for out in ("first", "second"):
        api.crossval(data, tmp_path / out, folds="random", model="random-forest", seed=3)
    for name in ("metrics.json", "predictions.csv", "label_doubts.csv"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


# The command line, which the operating system kills as soon as the answers of one fold lie on the disk.
KILLED_AFTER_ONE_FOLD = """
import os, signal
from contextlib import contextmanager
from cropdetect import cli
from cropdetect.training import crossval

whole_file = crossval.whole_file

@contextmanager
def write_then_die(path):
    with whole_file(path) as partial:
        yield partial
    os.kill(os.getpid(), signal.SIGKILL)

crossval.whole_file = write_then_die
cli.main()
"""


def test_a_killed_crossval_goes_on_where_it_was_and_ends_alike(tmp_path: Path) -> None:
    data = table(tmp_path / "table")
    (tmp_path / "small.yaml").write_text("arguments: {dense: 4}\nepochs: 4\nmembers: 2\n")
    arguments = ["crossval", str(data), "--folds", "mine", "--config", str(tmp_path / "small.yaml")]

    def run(out: Path, *program: str) -> int:
        command = [sys.executable, *program, *arguments[:2], str(out), *arguments[2:]]
        return subprocess.run(command, check=False, capture_output=True).returncode

    state = tmp_path / "killed" / ".partial" / "state"
    assert run(tmp_path / "killed", "-c", KILLED_AFTER_ONE_FOLD) == -signal.SIGKILL
    assert [entry.name for entry in (tmp_path / "killed").iterdir()] == [".partial"]
    kept = (state / "fold-000.npz").stat().st_mtime_ns
    with pytest.raises(OutputExistsError):
        api.crossval(data, tmp_path / "killed", folds="mine", model="svm")
    assert (state / "fold-000.npz").stat().st_mtime_ns == kept
    for out in ("killed", "whole"):
        assert run(tmp_path / out, "-m", "cropdetect") == 0
    assert (tmp_path / "killed" / "predictions.csv").read_bytes() == (tmp_path / "whole" / "predictions.csv").read_bytes()
    assert not (tmp_path / "killed" / ".partial").exists()


def test_folds_that_are_nowhere_are_a_named_error(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="leave-one-group-out"):
        api.crossval(table(tmp_path / "table"), tmp_path / "out", folds="blokked")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.parametrize("fold", ["fold_random", "fold_blocked"])
def test_baselines_come_near_the_numbers_that_others_measured(shared_data: Path, tmp_path: Path, fold: str) -> None:
    folder = shared_data / "mato_grosso_modis"
    known = json.loads((folder / "baselines.json").read_text())["baselines"]
    for model, name in (("svm", "svm_rbf"), ("random-forest", "random_forest")):
        scores = api.crossval(folder, tmp_path / model, folds=fold, model=model)
        theirs = known[f"{fold}/{name}"]
        assert scores.n_fields == theirs["n"]
        assert scores.log_loss == pytest.approx(theirs["log_loss"], abs=0.03)
        assert scores.accuracy == pytest.approx(theirs["accuracy"], abs=0.01)
        assert scores.ece == pytest.approx(theirs["ece"], abs=0.03)
