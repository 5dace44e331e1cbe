"""`cropdetect report`, and the pages that `evaluate` writes."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from cropdetect import api
from cropdetect.cli import app
from cropdetect.errors import InputNotFoundError, OptionError, OutputExistsError
from cropdetect.outputs import write_outputs
from cropdetect.runs import read_run
from tests.outputs.report.made_up import LEGEND, made_up_predictions


def data_of(page):
    return json.loads(re.search(r'id="data">(.*?)</script>', page.read_text("utf-8"), re.DOTALL)[1])


@pytest.fixture
def predicted(run, tmp_path):
    """An output folder of sixty fields, and a file with the crops of most of them."""
    out, predictions = tmp_path / "out", made_up_predictions(60, n_dates=6)
    write_outputs(predictions, out, run=run, imagery=None, fields=None)
    truth = np.array(LEGEND, object)[np.nan_to_num(predictions.probabilities).argmax(axis=1)]
    truth[::4] = LEGEND[0]
    labels = tmp_path / "known.csv"
    pd.DataFrame({"field_id": predictions.fields["field_id"], "crop": truth})[:50].to_csv(labels, index=False)
    return out, labels


def test_the_page_made_again_is_the_page_that_predict_wrote(predicted):
    out, _ = predicted
    before = (out / "report.html").read_bytes()
    (out / "report.html").unlink()
    result = CliRunner().invoke(app, ["report", str(out)])
    assert result.exit_code == 0
    assert (out / "report.html").read_bytes() == before


def test_labels_add_scores_and_leave_the_folder_as_it_is(predicted, tmp_path):
    out, labels = predicted
    before = {file.name: file.read_bytes() for file in out.iterdir()}
    page = api.report(out, tmp_path / "scored.html", reference=labels)
    assert {file.name: file.read_bytes() for file in out.iterdir()} == before
    data = data_of(page)
    assert data["kind"] == "evaluation"
    assert np.sum(data["metrics"]["confusion"]) == data["metrics"]["n_fields"] <= 50
    assert data["metrics"]["areas"]["unit"] == "ha"


def test_the_folder_keeps_scores_and_title_so_that_they_are_given_once(predicted):
    out, labels = predicted
    (out / "report.html").unlink()
    api.report(out, reference=labels, title="Maize of the valley")
    first = (out / "report.html").read_bytes()
    labels.unlink()
    (out / "report.html").unlink()
    again = data_of(api.report(out))
    assert (out / "report.html").read_bytes() == first
    assert (again["title"], again["kind"]) == ("Maize of the valley", "evaluation")
    assert np.sum(again["metrics"]["confusion"]) == again["metrics"]["n_fields"] <= 50
    renamed = data_of(api.report(out, title="Another"))
    assert (renamed["title"], renamed["metrics"]) == ("Another", again["metrics"])
    listed = {file.path for file in read_run(out).files}
    assert {"scores.json", "known_crops.csv", "report.html"} <= listed


def test_known_crops_may_be_codes_that_a_legend_names(predicted, tmp_path):
    out, labels = predicted
    known = pd.read_csv(labels)
    known.assign(crop=known["crop"].map(LEGEND.index)).to_csv(tmp_path / "codes.csv", index=False)
    (tmp_path / "legend.yaml").write_text("".join(f"{code}: {json.dumps(name)}\n" for code, name in enumerate(LEGEND)), "utf-8")
    by_code = data_of(api.report(out, tmp_path / "a.html", reference=tmp_path / "codes.csv", legend=tmp_path / "legend.yaml"))
    assert by_code["metrics"] == data_of(api.report(out, tmp_path / "b.html", reference=labels))["metrics"]


def test_an_evaluation_ends_in_a_page_of_the_same_scores(predicted, tmp_path):
    out, labels = predicted
    metrics = api.evaluate(out, tmp_path / "scores", reference=labels)
    data = data_of(tmp_path / "scores" / "report.html")
    assert data["metrics"]["accuracy"] == metrics.accuracy
    assert data["season"] is not None
    with pytest.warns(UserWarning, match="no map"):
        again = data_of(api.report(tmp_path / "scores", tmp_path / "again.html"))
    assert again["metrics"] == data["metrics"]
    assert again["n_fields"] == metrics.n_fields


def test_the_page_of_scores_is_not_replaced_unasked_by_one_without_its_map(predicted, tmp_path):
    out, labels = predicted
    api.evaluate(out, tmp_path / "scores", reference=labels)
    page = tmp_path / "scores" / "report.html"
    before = page.read_bytes()
    with pytest.raises(OutputExistsError, match="cannot get its map again"):
        api.report(tmp_path / "scores")
    assert page.read_bytes() == before
    with pytest.warns(UserWarning, match="no map"):
        assert data_of(api.report(tmp_path / "scores", overwrite=True))["map"] is None


def test_a_folder_without_predictions_is_named(tmp_path):
    with pytest.raises(InputNotFoundError):
        api.report(tmp_path)


def test_the_page_of_a_checkpoint_has_its_scores_and_curves_and_names_no_field(tmp_path):
    pytest.importorskip("torch")
    api.simulate(tmp_path / "season", tiles=1, height=256, width=256, fields=60, seed=2)
    api.train(tmp_path / "season", tmp_path / "checkpoint", members=2, epochs=2, chip_size=8, validation="random")
    page = tmp_path / "checkpoint" / "report.html"
    data = data_of(page)
    record = json.loads((tmp_path / "checkpoint" / "checkpoint.json").read_text("utf-8"))
    losses = pd.read_csv(tmp_path / "checkpoint" / "training.csv").groupby("member")["training_loss"]
    assert data["metrics"]["accuracy"] == record["out_of_fold"]["accuracy"]
    assert dict(data["counts"]) == record["training"]["class_counts"]
    assert [one["training"] for one in data["learning"]] == [values.round(4).tolist() for _, values in losses]
    assert data["ids"] == []
    before = page.read_bytes()
    assert api.report(tmp_path / "checkpoint", overwrite=True).read_bytes() == before


def test_a_checkpoint_of_the_package_has_a_page_too(tmp_path):
    result = CliRunner().invoke(app, ["report", "kenya-simulated", str(tmp_path / "page.html")])
    assert result.exit_code == 0
    assert data_of(tmp_path / "page.html")["kind"] == "training"


def test_a_checkpoint_is_not_compared_with_known_crops(predicted, tmp_path):
    with pytest.raises(OptionError, match="a checkpoint cannot be compared"):
        api.report("s2-parcels-france", tmp_path / "page.html", reference=predicted[1])
