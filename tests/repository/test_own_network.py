"""The network of the page docs/own-network.md keeps the contract, trains and predicts."""

from pathlib import Path

import pytest

from cropdetect import api
from cropdetect.models.contract import check_network
from tests.repository.conftest import ROOT, blocks

CODE = next(block for block in blocks((ROOT / "docs" / "own-network.md").read_text("utf-8")) if block.language == "python").lines


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "date_attention.py").write_text("\n".join(CODE), "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))


def test_it_has_about_30_lines() -> None:
    assert len([line for line in CODE if line.strip()]) <= 30


def test_it_keeps_the_contract(module: None) -> None:
    from date_attention import DateAttention

    check_network(DateAttention)


def test_it_trains_and_predicts(module: None, tmp_path: Path) -> None:
    season, checkpoint = ROOT / "data" / "input" / "chips", tmp_path / "checkpoint"
    api.train(season, checkpoint, model="date_attention:DateAttention", members=2, epochs=1, arguments={"width": 8})
    run = api.predict(season, tmp_path / "out", checkpoint=checkpoint)
    assert run.status_counts == {"ok": 24}
