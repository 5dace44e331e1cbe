"""Folders of scores that are read again: what they hold comes back, and what is damaged is named."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cropdetect import api
from cropdetect.errors import InputNotFoundError, OutputExistsError, OutputPathError, UnreadableFileError
from cropdetect.outputs import write_outputs
from cropdetect.outputs.read import read_prediction_run
from cropdetect.outputs.report import write_report
from cropdetect.outputs.report.content import read_scores
from cropdetect.outputs.scores import read_metrics, read_scored_fields
from tests.outputs.report.made_up import LEGEND, made_up_content, made_up_predictions


@pytest.fixture
def scored(run, tmp_path: Path) -> Path:
    """The scores of sixty fields, the crop of every fourth of which is another than most likely."""
    predictions = made_up_predictions(60, n_dates=4)
    write_outputs(predictions, tmp_path / "out", run=run, imagery=None, fields=None)
    truth = np.array(LEGEND, object)[np.nan_to_num(predictions.probabilities).argmax(axis=1)]
    truth[::4] = LEGEND[0]
    pd.DataFrame({"field_id": predictions.fields["field_id"], "crop": truth}).to_csv(tmp_path / "known.csv", index=False)
    api.evaluate(tmp_path / "out", tmp_path / "scores", reference=tmp_path / "known.csv")
    return tmp_path / "scores"


def test_scored_fields_come_back(scored: Path) -> None:
    found = read_scored_fields(scored, "mine")
    table = pd.read_csv(scored / "predictions.csv", dtype={"field_id": str})
    assert found.name == "mine"
    assert found.legend == tuple(json.loads((scored / "metrics.json").read_text())["legend"])
    assert found.table.index.tolist() == table["field_id"].tolist()
    np.testing.assert_array_equal(found.probabilities.sum(axis=1).round(6), np.ones(len(table)))
    assert read_metrics(scored) == read_metrics(scored / "metrics.json")


def rewrite(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[Path], object]:
    def damage(folder: Path) -> None:
        change(pd.read_csv(folder / "predictions.csv")).to_csv(folder / "predictions.csv", index=False)

    return damage


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a class less": (rewrite(lambda t: t.iloc[:, :-1]), "it has other classes than metrics.json"),
    "no ids": (rewrite(lambda t: t.drop(columns="field_id")), "the file cannot be read"),
    "words for numbers": (rewrite(lambda t: t.assign(**{t.columns[-1]: "much"})), "the file cannot be read"),
    "no table": (lambda folder: (folder / "predictions.csv").unlink(), "the file cannot be read"),
    "no text": (lambda folder: (folder / "predictions.csv").write_bytes(b"\xff\xfe\x00"), "the file cannot be read"),
    "broken scores": (lambda folder: (folder / "metrics.json").write_text("{}"), r"this is no metrics\.json"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_scores_are_named(scored: Path, name: str) -> None:
    damage, says = DAMAGES[name]
    damage(scored)
    with pytest.raises(UnreadableFileError, match=says) as caught:
        read_scored_fields(scored, "mine")
    assert str(caught.value.where).startswith(str(scored))


@pytest.mark.parametrize("name", ["no ids", "no table", "broken scores"])
def test_a_page_of_damaged_scores_is_refused(scored: Path, name: str) -> None:
    DAMAGES[name][0](scored)
    with pytest.raises(UnreadableFileError):
        read_scores(scored)


def test_a_folder_without_scores_is_told_from_a_damaged_one(tmp_path: Path) -> None:
    with pytest.raises(InputNotFoundError, match="no such file"):
        read_scored_fields(tmp_path, "mine")
    with pytest.raises(UnreadableFileError, match="this is not the record of a prediction"):
        read_prediction_run(tmp_path)


def test_a_page_is_written_where_a_file_can_be(tmp_path: Path) -> None:
    page = made_up_content(2, n_dates=2)
    with pytest.raises(OutputPathError, match="this is a folder"):
        write_report(page, tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputPathError, match="the page cannot be written"):
        write_report(page, tmp_path / "file" / "page.html")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_a_page_is_replaced_only_when_that_is_asked_for(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    write_report(made_up_content(2, n_dates=2), page)
    before = page.read_bytes()
    with pytest.raises(OutputExistsError, match="the page is there already"):
        write_report(made_up_content(3, n_dates=2), page)
    assert page.read_bytes() == before
    write_report(made_up_content(3, n_dates=2), page, overwrite=True)
    assert page.read_bytes() != before
