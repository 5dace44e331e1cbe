"""`map`: one command from imagery and some labels to a map and how good it is; each step is kept and used again."""

import importlib
import json
import shutil
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from typer.testing import CliRunner

from cropdetect import api
from cropdetect.checkpoint import read_checkpoint
from cropdetect.cli import app
from cropdetect.errors import OptionError, OutputExistsError
from cropdetect.runs import Stopped

TRAINING = {"epochs": 1, "members": 2, "block_size": 300.0}


def arguments(season: Path, fields: Path) -> dict[str, object]:
    return {"data": season, "options": api.DataOptions(fields=fields, labels="crop", chip_size=16), **TRAINING}


@pytest.fixture(scope="module")
def fields(season: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The season's sixteen fields, of which the last four have no crop."""
    table = gpd.read_file(season / "fields.gpkg")
    table.loc[12:, "crop"] = None
    file = tmp_path_factory.mktemp("fields") / "some.gpkg"
    table.to_file(file)
    return file


@pytest.fixture(scope="module")
def made(season: Path, fields: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("map") / "out"
    api.map(out=out, **arguments(season, fields))
    return out


def changed(before: dict[str, bytes], out: Path) -> set[str]:
    return {step for step, text in before.items() if (out / step / "run.json").read_bytes() != text}


def runs(out: Path) -> dict[str, bytes]:
    return {step: (out / step / "run.json").read_bytes() for step in ("crossval", "checkpoint", "predictions")}


def test_every_field_is_on_the_map_and_labels_stand_beside_the_predictions(made: Path, fields: Path) -> None:
    table = pd.read_csv(made / "predictions" / "predictions.csv")
    known = gpd.read_file(fields)
    assert len(table) == 16
    assert table["crop"].notna().all()
    assert table["label"].fillna("").tolist() == known["crop"].fillna("").tolist()
    assert table["seen_in_training"].tolist() == [True] * 12 + [False] * 4
    found = json.loads((made / "map.json").read_text())
    assert (found["n_fields"], found["n_labelled"], found["n_without_crop"]) == (16, 12, 0)
    assert sum(one["labelled"] for one in found["crops"].values()) == 12
    assert sum(one["predicted"] for one in found["crops"].values()) == 4
    assert found["crops"]["maize"]["predicted"] == (table["crop"][12:] == "maize").sum()


def test_info_knows_a_map_and_the_answers_out_of_fold(made: Path) -> None:
    told = api.info(made)
    assert (told.kind, told.facts["fields"]) == ("map", 16)
    assert told.facts["holds"]["crossval"] == "the output of evaluate or crossval"
    assert sum(told.facts["crops"].values()) == 16
    assert api.info(made / "crossval").kind == "scores"


def test_how_good_it_is_comes_from_fields_that_were_left_out(made: Path) -> None:
    found = json.loads((made / "map.json").read_text())["out_of_fold"]
    record = read_checkpoint(made / "checkpoint").record
    assert found["accuracy"] == record.metrics["accuracy"]
    answers = pd.read_csv(made / "crossval" / "predictions.csv")
    assert answers.columns[:3].tolist() == ["field_id", "fold", "label"]
    assert set(answers["fold"]) <= {0, 1}
    right = (answers[["prob_cassava", "prob_maize"]].to_numpy().argmax(axis=1) == (answers["label"] == "maize")).mean()
    assert found["accuracy"] == right
    assert json.loads((made / "crossval" / "run.json").read_text())["put_apart"] == "apart"


def test_the_same_call_does_nothing(season: Path, fields: Path, made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = runs(made)
    again = api.map(out=made, **arguments(season, fields))
    assert "nothing to do" in capsys.readouterr().err
    assert again.n_fields == 16
    assert changed(before, made) == set()


def test_a_changed_option_makes_again_what_depends_on_it_and_nothing_else(season: Path, fields: Path, tmp_path: Path) -> None:
    out, call = tmp_path / "out", arguments(season, fields)
    api.map(out=out, **call)
    before = runs(out)
    with pytest.raises(OutputExistsError, match="min_confidence had another value"):
        api.map(out=out, min_confidence=0.99, **call)
    assert changed(before, out) == set()
    api.map(out=out, min_confidence=0.99, overwrite=True, **call)
    assert changed(before, out) == {"predictions"}
    api.map(out=out, min_confidence=0.99, overwrite=True, **{**call, "epochs": 2})
    assert changed(before, out) == {"crossval", "checkpoint", "predictions"}


def test_a_map_that_was_stopped_goes_on_with_the_step_that_was_not_done(
    season: Path, fields: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, call = tmp_path / "out", arguments(season, fields)
    module = importlib.import_module("cropdetect.api._map")

    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    def mistaken(*_: object, **__: object) -> None:
        raise OptionError("no such device")

    for fault, error in ((stopped, Stopped), (mistaken, OptionError)):
        with monkeypatch.context() as patched, pytest.raises(error):
            patched.setattr(module, "predict", fault)
            api.map(out=out, **call)
        before = {step: (out / step / "run.json").read_bytes() for step in ("crossval", "checkpoint")}
        assert not (out / "map.json").exists()
    api.map(out=out, **call)
    assert changed(before, out) == set()
    assert (out / "predictions" / "report.html").is_file()


def test_a_folder_with_other_files_is_refused_before_anything_is_measured(
    season: Path, fields: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(importlib.import_module("cropdetect.api._map"), "_announce")
    (tmp_path / "out" / "predictions").mkdir(parents=True)
    (tmp_path / "out" / "predictions" / "mine.csv").write_text("mine")
    with pytest.raises(OutputExistsError, match="did not write: predictions"):
        api.map(out=tmp_path / "out", **arguments(season, fields))


def test_scores_that_were_removed_are_made_again(season: Path, fields: Path, tmp_path: Path) -> None:
    out, call = tmp_path / "out", arguments(season, fields)
    api.map(out=out, **call)
    scores = (out / "crossval" / "metrics.json").read_bytes()
    shutil.rmtree(out / "crossval")
    api.map(out=out, **call)
    assert (out / "crossval" / "metrics.json").read_bytes() == scores


def test_the_command_says_the_steps_before_and_the_result_after(season: Path, fields: Path, made: Path, tmp_path: Path) -> None:
    typed = [
        "--fields",
        fields,
        "--labels",
        "crop",
        "--chip-size",
        "16",
        "--epochs",
        "1",
        "--members",
        "2",
        "--block-size",
        "300",
    ]
    done = CliRunner().invoke(app, ["map", str(season), str(tmp_path / "out"), *map(str, typed)])
    assert done.exit_code == 0, done.exception
    assert "1. train 2 members on 12 labelled fields, about a minute" in done.stderr
    assert "2. predict 16 fields" in done.stderr
    assert "labelled fields are right when they are left out of training" in done.stdout
    assert str(tmp_path / "out" / "predictions" / "report.html") in done.stdout.replace("\n", "")
    compared = CliRunner().invoke(app, ["compare", str(made), str(tmp_path / "out"), str(tmp_path / "cmp")])
    assert compared.exit_code == 0, compared.exception
