"""Known crops in a file of their own: joined by place or by id, and nothing of them lost without a word."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from cropdetect import api
from cropdetect.chips import open_data
from cropdetect.errors import CropDetectError, FieldsError


@pytest.fixture
def fields(season: Path) -> gpd.GeoDataFrame:
    return gpd.read_file(season / "fields.gpkg")


def points(fields: gpd.GeoDataFrame, **columns: list[object]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=fields.representative_point().array, crs=fields.crs).to_crs("EPSG:4326")


def labels(season: Path, reference: object, **options: object) -> tuple[dict[object, object], str]:
    """Return field id -> label, and all warnings."""
    opened = open_data(season, api.DataOptions(fields=season / "fields.gpkg", reference=reference, **options))
    table = opened.chips.fields
    return dict(zip(table["field_id"], table["label"], strict=True)), " ".join(opened.warnings)


def test_points_label_the_fields_that_they_lie_in_whatever_their_own_ids(
    season: Path, fields: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    crops = [f"crop {number % 3}" for number in range(len(fields))]
    survey = points(fields, id=list(range(len(fields), 0, -1)), plant=crops)
    survey = survey.iloc[::-1].iloc[3:]  # three fields were not visited
    survey.to_file(tmp_path / "survey.geojson")
    expected = dict(zip(fields["field_id"], crops[:-3] + [None] * 3, strict=True))
    for reference in (tmp_path / "survey.geojson", survey.reset_index(drop=True)):
        found, told = labels(season, reference, labels="plant")
        assert found == expected
        assert "joined to the fields by place" in told


def test_ids_count_where_the_places_agree_or_none_are_known(season: Path, fields: gpd.GeoDataFrame, tmp_path: Path) -> None:
    known = fields[["field_id", "geometry"]].assign(crop="rye").iloc[:4]
    known.to_file(tmp_path / "known.gpkg")
    pd.DataFrame(known.drop(columns="geometry")).to_csv(tmp_path / "known.csv", index=False)
    for name in ("known.gpkg", "known.csv"):
        found, told = labels(season, tmp_path / name)
        assert [field for field, crop in found.items() if crop == "rye"] == known["field_id"].tolist()
        assert "by place" not in told


def test_what_is_not_used_is_told(season: Path, fields: gpd.GeoDataFrame, tmp_path: Path) -> None:
    survey = points(fields.iloc[[0, 0, 1, 2]], crop=["rye", "oat", "rye", "rye"])
    survey.loc[3, "geometry"] = shapely.Point(0, 0)
    survey.to_file(tmp_path / "survey.gpkg")
    found, told = labels(season, tmp_path / "survey.gpkg")
    assert [field for field, crop in found.items() if crop] == [fields["field_id"][1]]
    assert "1 of 4 labels lie in no field" in told
    assert f"1 fields have labels of several crops and count as unlabelled ({fields['field_id'][0]})" in told


def test_a_survey_elsewhere_is_refused_with_both_places(season: Path, fields: gpd.GeoDataFrame, tmp_path: Path) -> None:
    survey = points(fields, crop=["rye"] * len(fields))
    survey.set_geometry(survey.translate(5, 5)).to_file(tmp_path / "survey.gpkg")
    with pytest.raises(FieldsError, match=r"no label lies in a field: the labels lie around .* E, .* N, the fields around"):
        labels(season, tmp_path / "survey.gpkg")
    pd.DataFrame({"field_id": [90001], "crop": ["rye"]}).to_csv(tmp_path / "other.csv", index=False)
    with pytest.raises(FieldsError, match="90001"):
        labels(season, tmp_path / "other.csv")


def test_evaluate_takes_points_and_trusts_no_ids_that_lie_elsewhere(
    season: Path, fields: gpd.GeoDataFrame, checkpoint: Path, tmp_path: Path
) -> None:
    api.predict(season, tmp_path / "out", checkpoint=checkpoint)
    answers = gpd.read_parquet(tmp_path / "out" / "fields.parquet")
    survey = points(answers, fid=list(range(len(answers), 0, -1)), crop=answers["crop"].tolist())
    survey.to_file(tmp_path / "survey.geojson")
    scores = api.evaluate(tmp_path / "out", tmp_path / "scores", reference=tmp_path / "survey.geojson")
    assert scores.accuracy == 1


def test_a_table_of_series_has_its_crops_itself(tmp_path: Path) -> None:
    frame = pd.DataFrame({"field_id": [1, 2], "date": ["2019-06-06"] * 2, "B04": [1, 2], "B08": [3, 4]})
    with pytest.raises(CropDetectError, match=r"--reference does not apply to a table"):
        open_data(frame, api.DataOptions(reference=frame))
