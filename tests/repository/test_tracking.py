"""The examples of docs/tracking.md run, with stand-ins for MLflow, Weights & Biases and the training."""

import sys
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pandas as pd
import pytest

from cropdetect import api
from cropdetect.training import EpochReport
from tests.repository.conftest import ROOT, blocks

PAGE = (ROOT / "docs" / "tracking.md").read_text("utf-8")
REPORTS = [EpochReport(0, 0, epoch, 1.0 - epoch / 10, None, 0.01) for epoch in range(2)]
METRICS = {"log_loss": 0.9}


def run(monkeypatch: pytest.MonkeyPatch, module: str) -> MagicMock:
    """Run the example that imports a module; return its stand-in."""

    def train(data: str, out: str, *, on_epoch: Any) -> SimpleNamespace:
        for report in REPORTS:
            on_epoch(report)
        return SimpleNamespace(record=SimpleNamespace(metrics=METRICS))

    stand_in = MagicMock()
    monkeypatch.setitem(sys.modules, module, stand_in)
    monkeypatch.setattr(api, "train", train)
    code = next("\n".join(block.lines) for block in blocks(PAGE) if f"import {module}" in block.lines)
    exec(compile(code, "docs/tracking.md", "exec"), {})
    return stand_in


def test_mlflow_gets_every_epoch_and_the_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = run(monkeypatch, "mlflow").log_metrics.call_args_list
    assert [(call.args[0]["member-0/cycle-0/loss"], call.kwargs["step"]) for call in calls[:-1]] == [(1.0, 0), (0.9, 1)]
    assert calls[-1].args == (METRICS,)


def test_weights_and_biases_gets_every_epoch_and_the_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    session = run(monkeypatch, "wandb").init.return_value.__enter__.return_value
    assert [call.args[0]["training_loss"] for call in session.log.call_args_list] == [1.0, 0.9]
    session.summary.update.assert_called_once_with(METRICS)


def test_the_page_explains_every_column_of_the_table(tmp_path: Any) -> None:
    from cropdetect.training.monitor import EpochTable

    EpochTable(tmp_path / "training.csv").add(REPORTS[0])
    columns = list(pd.read_csv(tmp_path / "training.csv").columns)
    assert [line.split("`")[1] for line in PAGE.splitlines() if line.startswith("| `")] == columns
