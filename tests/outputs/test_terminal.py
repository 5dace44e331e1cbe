"""What a terminal of 80 columns shows of a prediction."""

import re
from dataclasses import replace

import numpy as np
import pytest
from shapely import box

from cropdetect.outputs import prediction_summary, prediction_table


def test_fields_and_hectares_by_crop_and_status_fit_eighty_columns(predictions, tmp_path):
    (tmp_path / "fields.gpkg").touch()
    text = prediction_summary(prediction_table(predictions), predictions.legend, tmp_path)
    assert all(len(line) <= 80 for line in text.splitlines())
    lines = {re.split(r"\s{2,}", line)[0]: re.split(r"\s{2,}", line)[1:] for line in text.splitlines()}
    assert lines["maize"] == ["1", "1.0", "90%"]
    assert lines["oats"] == ["1", "1.0", "45%"]
    assert any(line.startswith("no answer, no_data") for line in lines)
    assert lines["all fields"][:2] == ["4", "4.0"]
    assert "report.html" in text.replace("\n", "")
    assert "fields.gpkg" in text


def test_fields_below_the_least_confidence_are_counted(predictions, tmp_path):
    text = prediction_summary(prediction_table(predictions, min_confidence=0.5), predictions.legend, tmp_path)
    assert re.search(r"no crop: not sure enough +1 +1\.0 +45%", text)


def test_long_and_odd_class_names_are_plain_text_and_stay_within_the_width(many_predictions, tmp_path):
    legend = ("[red]" + "x" * 200, "[bold]maize[/bold]")
    data = many_predictions([box(0, 0, 1, 1)] * 2, [[0.9, 0.1], [0.2, 0.8]], legend=legend)
    text = prediction_summary(prediction_table(data), legend, tmp_path)
    assert "[bold]maize[/bold]" in text
    assert "[red]" in text
    assert all(len(line) <= 80 for line in text.splitlines())


@pytest.mark.parametrize("unlike", [(0, 0), (1, 0), (1, 1)])
def test_fields_unlike_the_training_are_counted(many_predictions, tmp_path, unlike):
    data = many_predictions([box(0, 0, 1, 1)] * 2, [[0.9, 0.1], [0.2, 0.8]], legend=("maize", "oats"))
    data = replace(data, unlike_training=np.array(unlike, bool))
    lines = prediction_summary(prediction_table(data), data.legend, tmp_path).splitlines()
    told = [re.split(r"\s{2,}", line)[1] for line in lines if line.startswith("unlike the training fields")]
    assert told == ([] if sum(unlike) == 0 else [str(sum(unlike))])


def test_how_the_data_is_unlike_the_training_data_is_the_first_thing_to_see(predictions, tmp_path):
    told = ("Most fields (3 of 4) are unlike " + "all fields " * 10, "The data is from [landsat-8].")
    lines = prediction_summary(prediction_table(predictions), predictions.legend, tmp_path, unlike=told).splitlines()
    assert lines[0].startswith("Attention: Most fields (3 of 4)")
    assert "Attention: The data is from [landsat-8]." in lines
    assert all(len(line) <= 80 for line in lines)
