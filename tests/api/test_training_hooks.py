"""Hooks of a training: they watch it and change nothing of what is written."""

from pathlib import Path

import pandas as pd
import pytest

from cropdetect import api
from cropdetect.training import EpochReport
from tests.training.seasons import season

pytestmark = pytest.mark.filterwarnings("ignore:the area is small")
SMALL = {"epochs": 1, "members": 1, "block_size": 1000.0, "arguments": {"dense": 8}}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table folder with a small season."""
    chips, folder = season(), tmp_path / "table"
    folder.mkdir()
    chips.fields.drop(columns=["geometry", "status"]).to_csv(folder / "fields.csv", index=False)
    batch = chips.batch
    chip, step = batch.clear[:, :, 0, 0].nonzero()
    values = {band: batch.image[chip, step, i, 0, 0] for i, band in enumerate(chips.info.bands)}
    ids = chips.fields["field_id"].to_numpy()[batch.field[chip]]
    pd.DataFrame({"field_id": ids, "date": batch.date[chip, step], **values}).to_csv(folder / "series.csv", index=False)
    return folder


def test_a_log_and_a_callback_are_no_part_of_what_is_trained(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tensorboard")
    reports: list[EpochReport] = []
    first = api.train(table, tmp_path / "out", on_epoch=reports.append, log_dir=tmp_path / "log", **SMALL)
    assert len(reports) == 1
    assert list((tmp_path / "log").rglob("events.*"))
    again = api.train(table, tmp_path / "out", log_dir=tmp_path / "other", **SMALL)
    assert "finished already" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()
    assert first.record == again.record


def test_a_cross_validation_logs_every_fold(table: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    api.crossval(table, tmp_path / "out", folds="random", n_folds=2, log_dir=tmp_path / "log", **SMALL)
    assert sorted(folder.name for folder in (tmp_path / "log").iterdir()) == ["fold-0", "fold-1"]
