"""What `predict` writes of an export is what it writes of the tool's own table."""

import csv
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from cropdetect import api
from tests.chips.tables import season

CHECKPOINT = "s2-parcels-france"
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def answers(written: season.Written, out: Path) -> list[dict[str, str]]:
    """predictions.csv without the columns that come back from the table."""
    api.predict(written.path, out, checkpoint=CHECKPOINT, options=api.DataOptions(**written.options))
    with (out / "predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    ours = list(rows[0])[: list(rows[0]).index("status") + 1]
    return [{name: row[name] for name in ours} for row in rows]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    return answers(season.own_folder(tmp_path_factory.mktemp("own")), tmp_path_factory.mktemp("out"))


@pytest.mark.parametrize("write", [season.earth_engine_long, season.earth_engine_wide, season.openeo_csv, season.openeo_json])
def test_the_answers_are_the_same_texts(
    tmp_path: Path, own: list[dict[str, str]], write: Callable[[Path], season.Written]
) -> None:
    assert answers(write(tmp_path), tmp_path / "out") == own
    assert gpd.read_parquet(tmp_path / "out" / "fields.parquet").geometry.geom_type.eq("Polygon").all()


def test_labels_of_a_table_come_back_and_are_no_labels(tmp_path: Path) -> None:
    """Predicting needs none: a second column that could be the labels is no error."""
    written = season.own_folder(tmp_path)
    fields = pd.read_csv(tmp_path / "fields.csv", dtype=str).assign(crop=["a", "b", "c"])
    fields.to_csv(tmp_path / "fields.csv", index=False)
    answer = api.predict(written.path, checkpoint=CHECKPOINT)
    assert answer.fields["label_in_file"].tolist() == list(season.CROPS)
    assert answer.fields["crop_in_file"].tolist() == ["a", "b", "c"]
