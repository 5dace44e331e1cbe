"""Predictions are joined with labels by field id, and scored as a join by hand scores them."""

import re

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

from cropdetect.errors import FieldsError, LegendError
from cropdetect.evaluation import bootstrap_intervals, evaluate_predictions

LEGEND = ["maize", "wheat"]
NAN = float("nan")


def predictions(probabilities: list[list[float]], *, metres: float = 100.0, apart: float = 1000.0) -> gpd.GeoDataFrame:
    n = len(probabilities)
    shapes = [box(500_000 + apart * i, 10_000, 500_000 + apart * i + metres, 10_000 + metres) for i in range(n)]
    columns = {"field_id": np.arange(1, n + 1), "status": "ok", "n_pixels": 10.0 * np.arange(1, n + 1)}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:32636")


def labels(**label_of: str) -> pd.DataFrame:
    return pd.DataFrame({"field_id": [name.removeprefix("f") for name in label_of], "label": list(label_of.values())})


def test_scores_are_of_the_fields_with_both_a_label_of_the_legend_and_an_answer() -> None:
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [NAN, NAN], [0.3, 0.7], [0.8, 0.2]])
    known = labels(f4="maize", f1="maize", f2="wheat", f3="wheat", f5="barley", f77="wheat")
    scores, scored = evaluate_predictions(predictions(probabilities.tolist()), probabilities, LEGEND, known)
    assert scored.index.tolist() == [0, 1, 3]
    assert scored["field_id"].tolist() == [1, 2, 4]
    assert scored["label"].tolist() == ["maize", "wheat", "maize"]
    assert scores.confusion == [[1, 1], [0, 1]]
    for part in ("1 labelled fields are not among", "1 fields are not scored.*barley", "1 labelled fields have no answer"):
        assert any(re.search(part, text) for text in scores.warnings), part


def test_areas_are_of_all_fields_with_an_answer_also_without_a_label() -> None:
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [NAN, NAN], [0.3, 0.7]])
    fields = predictions(probabilities.tolist())
    scores, _ = evaluate_predictions(fields, probabilities, LEGEND, labels(f1="maize", f2="wheat"))
    assert scores.areas is not None
    assert scores.areas.unit == "ha"
    assert [one.mapped for one in scores.areas.classes] == pytest.approx([1.0, 2.0], rel=2e-3)  # 100 m x 100 m each
    bare = fields.set_geometry([None] * 4, crs=None)
    in_pixels, _ = evaluate_predictions(bare, probabilities, LEGEND, labels(f1="maize", f2="wheat"), pixel_size=20.0)
    assert in_pixels.areas is not None
    assert [one.mapped for one in in_pixels.areas.classes] == pytest.approx([10 * 0.04, (20 + 40) * 0.04])
    counted, _ = evaluate_predictions(bare, probabilities, LEGEND, labels(f1="maize", f2="wheat"))
    assert counted.areas is not None
    assert (counted.areas.unit, [one.mapped for one in counted.areas.classes]) == ("fields", [1.0, 2.0])


def test_intervals_draw_the_groups_of_the_labels_else_blocks_of_five_kilometres_else_fields() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet([1, 1], 60)
    truth = rng.integers(0, 2, 60)
    known = pd.DataFrame({"field_id": [str(i + 1) for i in range(60)], "label": np.array(LEGEND)[truth]})
    grouped, _ = evaluate_predictions(
        predictions(probabilities.tolist()), probabilities, LEGEND, known.assign(group=np.arange(60) % 12)
    )
    assert grouped.intervals == bootstrap_intervals(probabilities, truth, LEGEND, np.arange(60) % 12)
    spread, _ = evaluate_predictions(predictions(probabilities.tolist()), probabilities, LEGEND, known)  # 60 km: 13 blocks
    assert spread.intervals == bootstrap_intervals(probabilities, truth, LEGEND, np.arange(60) // 5)
    near, _ = evaluate_predictions(predictions(probabilities.tolist(), apart=150.0), probabilities, LEGEND, known)
    assert near.intervals == bootstrap_intervals(probabilities, truth, LEGEND)
    assert any("every field on its own" in text for text in near.warnings)


def test_ids_that_occur_twice_among_the_predictions_are_not_joined() -> None:
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.2, 0.8]])
    fields = predictions(probabilities.tolist()).assign(field_id=[1, 2, 2], status=["ok", "ok", "duplicate_id"])
    _, scored = evaluate_predictions(fields, probabilities, LEGEND, labels(f1="maize", f2="maize"))
    assert scored.index.tolist() == [0, 1]


def test_ids_that_the_labels_write_differently_are_told() -> None:
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.2, 0.8]])
    scores, scored = evaluate_predictions(
        predictions(probabilities.tolist()), probabilities, LEGEND, labels(f1="maize", f02="maize", f003="wheat")
    )
    assert scored["field_id"].tolist() == [1]
    told = "2 labelled fields are not among the predictions. 2 differ only in zeros, blanks or capitals, such as '02' and '2'"
    assert any(told in text for text in scores.warnings)


@pytest.mark.parametrize(
    ("known", "error", "said"),
    [
        (labels(f01="maize"), FieldsError, r"(?s)no field id of the labels \(01\).*such as '01' and '1'"),
        (labels(f8="maize"), FieldsError, r"(?s)no field id of the labels \(8\).*--id-column"),
        (labels(f1="rye"), LegendError, r"(?s)no label \(rye\) is a class of the predictions \(maize, wheat\)"),
        (labels(f1="Maize"), LegendError, r"(?s)no label \(Maize\) is a class.*such as 'Maize' and 'maize'"),
        (labels(f2="maize"), FieldsError, "no labelled field has an answer"),
    ],
)
def test_labels_that_cannot_be_used_are_named_with_their_file(known: pd.DataFrame, error: type[Exception], said: str) -> None:
    probabilities = np.array([[0.9, 0.1], [NAN, NAN]])
    with pytest.raises(error, match=said) as raised:
        evaluate_predictions(predictions(probabilities.tolist()), probabilities, LEGEND, known, where="known.csv")
    assert str(raised.value).startswith("known.csv")
