"""Known crops in a file of their own: joined by place or by id, and nothing of them lost without a word."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from cropdetect import api
from cropdetect.chips import open_data
from cropdetect.errors import CropDetectError, FieldsError
from tests.imagery.data import LEFT, TOP, write_cv4a, write_raster

pytestmark = pytest.mark.filterwarnings("error::DeprecationWarning:cropdetect", "error::PendingDeprecationWarning:cropdetect")


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


def painted(folder: Path, crs: str | None) -> Path:
    """Write a tile with a raster of field ids and no outlines: field 7 fills its left third, field 8 its right third."""
    ids = np.repeat(np.array([[7, 7, 7, 0, 0, 0, 8, 8, 8]], np.uint16), 12, axis=0)
    write_raster(write_cv4a(folder, crs=crs) / "00" / "0_field_id.tif", ids, crs=crs)
    return folder


def in_degrees(columns: list[int]) -> gpd.GeoSeries:
    """Return points in the middle row of that tile."""
    xs = [LEFT + 10 * column + 5 for column in columns]
    return gpd.GeoSeries.from_xy(xs, [TOP - 55] * len(xs), crs="EPSG:32636").to_crs("EPSG:4326")


@pytest.mark.parametrize("form", ["points", "lon and lat", "lon and lat with ids of its own"])
def test_surveyed_places_label_the_fields_of_a_raster_of_ids(form: str, tmp_path: Path) -> None:
    places, crops = in_degrees([1, 7, 4]), ["rye", "oat", "rye"]
    survey: pd.DataFrame = gpd.GeoDataFrame({"crop": crops}, geometry=places)
    if form != "points":
        survey = pd.DataFrame({"Lon": places.x, "Lat": places.y, "crop": crops})
    if form.endswith("own"):
        survey.insert(0, "id", ["a", "b", "c"])
    opened = open_data(painted(tmp_path / "season", "EPSG:32636"), api.DataOptions(reference=survey))
    table = opened.chips.fields
    assert dict(zip(table["field_id"], table["label"], strict=True)) == {7: "rye", 8: "oat"}
    assert "1 of 3 labels lie in no field" in " ".join(opened.warnings)


@pytest.mark.parametrize("lonlat", [False, True])
def test_places_without_fields_that_have_any_are_refused_with_what_to_do(lonlat: bool, tmp_path: Path) -> None:
    places = in_degrees([1, 7])
    survey: pd.DataFrame = gpd.GeoDataFrame({"crop": ["rye", "oat"]}, geometry=places)
    if lonlat:
        survey = pd.DataFrame({"lon": places.x, "lat": places.y, "crop": ["rye", "oat"]})
    season = painted(tmp_path / "season", None)
    with pytest.raises(FieldsError, match=r"the fields have no outlines with a coordinate reference system.*\n.*ids.*such as 7"):
        open_data(season, api.DataOptions(reference=survey))
    with_ids = pd.DataFrame({"field_id": [8], "crop": ["oat"]})
    assert open_data(season, api.DataOptions(reference=with_ids)).chips.fields["label"].tolist() == [None, "oat"]


def test_points_without_a_crs_are_refused(season: Path, fields: gpd.GeoDataFrame, tmp_path: Path) -> None:
    survey = points(fields, crop=["rye"] * len(fields)).set_crs(None, allow_override=True)
    survey.to_file(tmp_path / "survey.gpkg")
    with pytest.raises(FieldsError, match="points or outlines have no coordinate reference system"):
        labels(season, tmp_path / "survey.gpkg")


def test_a_raster_of_labels_is_refused_with_where_to_lay_it(season: Path) -> None:
    raster = next((season / "20190606").glob("*_B02.tif"))
    with pytest.raises(FieldsError, match=r"not read from a raster\nLay it beside"):
        labels(season, raster)


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
