"""The main job on real data."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from cropdetect import api
from cropdetect.api._predict import plan


def test_info_describes_the_french_table(shared_data: Path) -> None:
    found = api.info(shared_data / "france_s2")
    assert found.kind == "table"
    assert found.facts["fields"] == 423
    assert found.facts["labels"]["maize"] == 88
    assert len(found.facts["labels"]) == 9
    assert found.facts["dates_per_field"] == {"min": 37, "median": 51.0, "max": 51}
    assert found.facts["dates"] == {"count": 51, "first": "2022-09-01", "last": "2024-01-21"}
    assert "B8A" not in found.facts["bands"]
    assert any("B8A" in warning for warning in found.warnings)


def test_a_dry_run_of_the_french_table_counts_fields_and_no_chips(shared_data: Path) -> None:
    found = plan(shared_data / "france_s2", checkpoint="s2-parcels-france", limit=5)
    assert (found.kind, found.facts["fields"]) == ("table", 5)
    assert found.facts.keys().isdisjoint({"chips", "chip_size"})


def test_info_describes_the_flemish_cube(shared_data: Path) -> None:
    found = api.info(shared_data / "flanders_s2")
    assert found.kind == "imagery"
    assert found.facts["layout"] == "cube"
    assert found.facts["dates"] == {"count": 118, "first": "2017-08-04", "last": "2018-11-27"}
    assert found.facts["bands"] == ["B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12"]
    assert found.facts["resolution"] == 10
    assert found.facts["crs"] == {"EPSG:32631": 1}
    assert found.facts["fields"] == 16


@pytest.mark.parametrize(
    ("folder", "kind", "fields", "classes"),
    [
        ("central_asia_landsat", "table", 8250, 10),
        ("mato_grosso_modis", "table", 1892, 9),
        ("kenya_polygons", "fields", 319, None),
    ],
)
def test_info_describes_the_other_folders(shared_data: Path, folder: str, kind: str, fields: int, classes: int | None) -> None:
    found = api.info(shared_data / folder)
    assert (found.kind, found.facts["fields"]) == (kind, fields)
    assert len(found.facts.get("labels", {})) == (classes or 0)


def test_french_training_predicts_every_flemish_parcel_in_every_file(shared_data: Path, tmp_path: Path) -> None:
    checkpoint, out = tmp_path / "france", tmp_path / "flanders"
    api.train(shared_data / "france_s2", checkpoint, epochs=2)
    run = api.predict(shared_data / "flanders_s2", out, checkpoint=checkpoint)
    assert run.status_counts == {"ok": 16}
    table = pd.read_csv(out / "predictions.csv")
    for rows in (gpd.read_parquet(out / "fields.parquet"), gpd.read_file(out / "fields.gpkg"), table):
        assert len(rows) == 16
        assert (rows["status"] == "ok").all()
        probabilities = rows[[column for column in rows.columns if column.startswith("prob_")]].to_numpy(float)
        assert probabilities.shape == (16, 9)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)


def test_the_published_weights_predict_a_season_of_the_competition(shared_reference: Path, tmp_path: Path) -> None:
    season, chips, checkpoint = tmp_path / "season", tmp_path / "chips.zarr", tmp_path / "checkpoint"
    api.simulate(season, tiles=2, height=128, width=128, fields=12)
    api.chips(season, chips, preset="cv4a")
    weights = shared_reference / "cv4a_crop_classification_checkpoint.pt"
    api.import_cv4a(weights, checkpoint, chips=chips)
    run = api.predict(season, tmp_path / "out", checkpoint=checkpoint, submission=True)
    assert run.n_fields == 12
    submission = pd.read_csv(tmp_path / "out" / "submission.csv")
    assert submission.columns.tolist() == ["Field_ID", *(f"Crop_ID_{i}" for i in range(1, 8))]
    np.testing.assert_allclose(submission.iloc[:, 1:].sum(axis=1), 1, atol=1e-6)
    # the same answers from the chips as from the imagery
    api.predict(chips, tmp_path / "again", checkpoint=checkpoint)
    first, second = (pd.read_csv(tmp_path / out / "predictions.csv") for out in ("out", "again"))
    columns = [column for column in first.columns if column.startswith("prob_")]
    np.testing.assert_allclose(first[columns], second[columns], atol=1e-6)
