"""Season cells are means by portion, and a prediction says which fields are unlike training."""

from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pytest

from cropdetect import api
from cropdetect.checkpoint import read_checkpoint
from cropdetect.inference import FieldSeries
from cropdetect.inference.series import season_cells


def test_cells_are_the_means_of_the_dates_of_each_portion() -> None:
    dates = np.array(["2020-12-31", "2021-01-11", "2021-01-21", "2021-02-10", "2021-01-11"], "datetime64[D]")
    values = np.array([[9, 9], [1, 10], [3, np.nan], [7, 8], [5, 6]], np.float32)
    series = FieldSeries(("B04", "B08"), np.array([0, 0, 0, 0, 2]), dates, values)
    cells = season_cells(series, np.array([2021, 2021, 2021]), ("B08", "B04"), [0.0, 25.0, 50.0])
    # Field 0: days -1 (outside), 10, 20 | 40. Field 2: day 10.
    np.testing.assert_allclose(cells, [[10, 2, 8, 7], [np.nan] * 4, [6, 5, np.nan, np.nan]])


def write_table(folder: Path, *, unlike: int = 0, seed: int = 0) -> Path:
    rng = np.random.default_rng(seed)
    n = 150
    dates = pd.date_range("2021-03-01", periods=10, freq="15D")
    level = np.where(np.arange(n) % 2, 0.6, 0.3)
    rows = [(f"f{i}", date, level[i] + rng.normal(0, 0.03) + (0.5 if i < unlike else 0)) for i in range(n) for date in dates]
    folder.mkdir()
    pd.DataFrame(rows, columns=["field_id", "date", "NDVI"]).to_parquet(folder / "series.parquet")
    labels = np.where(np.arange(n) % 2, "maize", "fallow")
    fields = pd.DataFrame({"field_id": [f"f{i}" for i in range(n)], "label": labels, "group": np.arange(n) // 10})
    fields.to_parquet(folder / "fields.parquet")
    return folder


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch")
    folder = tmp_path_factory.mktemp("familiar")
    api.train(write_table(folder / "table"), folder / "checkpoint", epochs=2, members=2, arguments={"dense": 4})
    return folder / "checkpoint"


def test_a_checkpoint_keeps_what_its_training_fields_look_like(checkpoint: Path) -> None:
    record = read_checkpoint(checkpoint).record.familiarity
    assert record is not None
    assert (record.bands, len(record.edges), record.false_alarm_rate) == (["NDVI"], 7, 0.05)
    assert np.array(record.centres).shape == (2, 6)
    np.testing.assert_allclose(np.array(record.centres).mean(axis=1), [0.3, 0.6], atol=0.03)


def test_flags_are_the_same_however_many_fields_are_compared_at_once(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = write_table(tmp_path / "table", unlike=20, seed=1)
    api.predict(table, tmp_path / "at-once", checkpoint=checkpoint)
    monkeypatch.setattr("cropdetect.inference.predict._FIELDS_AT_ONCE", 7)
    api.predict(table, tmp_path / "in-parts", checkpoint=checkpoint)
    at_once, in_parts = ((tmp_path / name / "predictions.csv").read_bytes() for name in ("at-once", "in-parts"))
    assert in_parts == at_once


def test_predict_flags_the_unlike_fields_and_few_others(checkpoint: Path, tmp_path: Path) -> None:
    api.predict(write_table(tmp_path / "table", unlike=20, seed=1), tmp_path / "out", checkpoint=checkpoint)
    table = pd.read_csv(tmp_path / "out" / "predictions.csv").set_index("field_id")
    unlike = table.index.isin([f"f{i}" for i in range(20)])
    assert table.loc[unlike, "unlike_training"].mean() > 0.9
    assert table.loc[~unlike, "unlike_training"].mean() < 0.15


@pytest.mark.parametrize(
    ("unlike", "told"), [(0, ""), (60, "60 of 150 fields are unlike"), (120, "Most fields (120 of 150) are")]
)
def test_more_unlike_fields_than_chance_explains_are_told_first(checkpoint: Path, tmp_path: Path, unlike: int, told: str) -> None:
    run = api.predict(write_table(tmp_path / "table", unlike=unlike, seed=1), tmp_path / "out", checkpoint=checkpoint)
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert ('<section id="unlike"' in page) == bool(told)
    if told:
        assert run.unlike_training[0] == run.warnings[0]
        assert run.unlike_training[0].startswith(told)
        assert page.index(run.unlike_training[0]) < page.index('<section id="map-section"')
    else:
        assert run.unlike_training == []


def test_the_example_is_like_the_training_fields_of_its_checkpoint(tmp_path: Path) -> None:
    data = Path(__file__).parents[2] / "data" / "input"
    run = api.predict(data / "chips", tmp_path / "out", checkpoint=data / "checkpoint", workers=1)
    assert run.unlike_training == []
    assert pd.read_csv(tmp_path / "out" / "predictions.csv")["unlike_training"].sum() <= 3


@pytest.mark.slow
@pytest.mark.parametrize(("region", "seed", "unlike"), [("western-kenya", 7, False), ("flanders", 1, True)])
def test_other_seasons_of_the_region_are_like_the_training_season_and_another_region_is_not(
    tmp_path: Path, region: Literal["western-kenya", "flanders"], seed: int, unlike: bool
) -> None:
    season = {"tiles": 1, "height": 224, "width": 224, "fields": 90, "seed": seed}
    api.simulate(tmp_path / "season", **season, region=region)
    run = api.predict(tmp_path / "season", tmp_path / "out", checkpoint=Path("kenya-simulated"), workers=1)
    assert any("fields" in sentence and "trained on" in sentence for sentence in run.unlike_training[:1]) == unlike
    assert (pd.read_csv(tmp_path / "out" / "predictions.csv")["unlike_training"].mean() > 0.5) == unlike


def test_a_checkpoint_that_cannot_tell_leaves_the_column_empty(checkpoint: Path, tmp_path: Path) -> None:
    import shutil

    older = tmp_path / "older"
    shutil.copytree(checkpoint, older)
    record = read_checkpoint(checkpoint).record.model_copy(update={"familiarity": None})
    (older / "checkpoint.json").write_text(record.model_dump_json(exclude={"familiarity"}))
    api.predict(write_table(tmp_path / "table"), tmp_path / "out", checkpoint=older)
    assert pd.read_csv(tmp_path / "out" / "predictions.csv")["unlike_training"].isna().all()
