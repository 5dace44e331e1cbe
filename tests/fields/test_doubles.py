"""Rows that tell of one place several times: several years of labels, copies."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from cropdetect.fields import read_fields
from cropdetect.imagery import Imagery, open_imagery
from tests.imagery.data import LEFT, TOP, write_raster

OUTLINES = [shapely.box(LEFT + left, TOP - 60, LEFT + left + 40, TOP - 20) for left in (10, 60, 110)]


@pytest.fixture
def imagery(tmp_path: Path) -> Imagery:
    for day in ("20190406", "20190706"):
        write_raster(tmp_path / "images" / f"{day}_B04.tif", np.full((24, 24), 600, np.uint16))
    return open_imagery(tmp_path / "images")


def warnings_of(path: Path, imagery: Imagery | None, crs: str = "EPSG:32636", **columns: list[object]) -> str:
    table = gpd.GeoDataFrame(columns, geometry=OUTLINES + OUTLINES, crs="EPSG:32636").to_crs(crs)
    table.to_parquet(path / "fields.parquet")
    return "\n".join(read_fields(path / "fields.parquet", imagery=imagery).warnings)


YEARS = [2018] * 3 + [2019] * 3


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("year", YEARS),
        ("harvest_year", [str(year) for year in YEARS]),
        ("determination:datetime", [pd.Timestamp(f"{year}-06-01", tz="UTC") for year in YEARS]),
        ("Campagne", [f"{year - 1}/{year}" for year in YEARS]),
    ],
)
def test_rows_of_other_years_than_the_images_are_told(tmp_path: Path, imagery: Imagery, name: str, values: list[object]) -> None:
    told = warnings_of(tmp_path, imagery, id=list(range(6)), **{name: values})
    assert f"{name} is 201" in told
    assert "in 3 of 6 rows, and the images are of 2019" in told


@pytest.mark.parametrize("values", [[2019] * 6, ["2018/2019"] * 6, [None] * 6, ["a"] * 6])
def test_rows_of_the_images_years_are_not_told(tmp_path: Path, imagery: Imagery, values: list[object]) -> None:
    assert "images are of" not in warnings_of(tmp_path, imagery, id=list(range(6)), year=values)


@pytest.mark.parametrize(("name", "told"), [("crop_2018", True), ("crop_2019", False), ("CDL2018", True), ("crop", False)])
def test_a_column_of_labels_of_another_year_is_told(tmp_path: Path, imagery: Imagery, name: str, told: bool) -> None:
    gpd.GeoDataFrame({"id": [1, 2, 3], name: ["rye"] * 3}, geometry=OUTLINES, crs="EPSG:32636").to_file(tmp_path / "f.gpkg")
    found = read_fields(tmp_path / "f.gpkg", imagery=imagery, label_column=name).warnings
    assert any(f"the labels are in {name}, and the images are of 2019" in text for text in found) == told


@pytest.mark.parametrize("crs", ["EPSG:32636", "EPSG:4326"])
def test_an_outline_with_two_labels_is_told(tmp_path: Path, crs: str) -> None:
    crops: list[object] = ["maize", "rye", "rye", "rye", "rye", None]
    assert "2 fields have the outline of another one and a different label (0, 3)" in warnings_of(
        tmp_path, None, crs, id=list(range(6)), crop=crops
    )


def test_copies_with_one_label_are_not_told(tmp_path: Path) -> None:
    assert "outline of another" not in warnings_of(tmp_path, None, id=list(range(6)), crop=["maize", "rye", "oats"] * 2)


def test_an_id_with_two_labels_is_told_and_one_with_one_label_is_not(tmp_path: Path) -> None:
    told = warnings_of(tmp_path, None, id=["a", "b", "c", "a", "d", "c"], crop=["rye", "rye", "oats", "oats", "rye", "oats"])
    assert "rows with different labels" not in told  # the column repeats values, so it holds no ids
    told = warnings_of(
        tmp_path, None, field_id=["a", "b", "c", "a", "d", "c"], crop=["rye", "rye", "oats", "oats", "rye", "oats"]
    )
    assert "fields.parquet: 1 ids have rows with different labels, such as a with 'rye' and 'oats'" in told
