"""Fields from vector files: formats, ids, labels, and a status for every field that cannot be used."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from cropdetect.errors import FieldsError, InputNotFoundError, LegendError, UnknownLayoutError, UnreadableFileError
from cropdetect.fields import read_fields
from tests.chips.memory import MemorySeries, imagery

CRS = "EPSG:32636"
WEST, NORTH = 640_000.0, 60_000.0


def square(column: float, size: float = 100.0) -> shapely.Polygon:
    return shapely.box(WEST + column, NORTH - size, WEST + column + size, NORTH)


def table(crs: str | None = CRS, **columns: list[object]) -> gpd.GeoDataFrame:
    length = len(next(iter(columns.values())))
    return gpd.GeoDataFrame(columns, geometry=[square(200 * i) for i in range(length)], crs=crs)


def season(crs: str | None = CRS) -> object:
    return imagery(MemorySeries(np.ones((2, 2, 50, 90), np.uint16), crs=crs))


def test_the_only_file_of_fields_in_a_folder_is_read(tmp_path: Path) -> None:
    table(field_id=[7, 9]).to_file(tmp_path / "parcels.gpkg")
    (tmp_path / "LICENCE").write_text("free")
    assert read_fields(tmp_path).table["field_id"].tolist() == [7, 9]
    table(field_id=[1]).to_file(tmp_path / "others.gpkg")
    with pytest.raises(FieldsError, match=r"2 files of fields: others\.gpkg, parcels\.gpkg"):
        read_fields(tmp_path)
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "readme.md").write_text("no fields")
    with pytest.raises(FieldsError, match="a folder with 1 MD file, and no file of fields"):
        read_fields(tmp_path / "bare")


@pytest.mark.parametrize("name", ["f.gpkg", "f.geojson", "f.shp", "f.parquet"])
def test_every_format_gives_the_same_fields(tmp_path: Path, name: str) -> None:
    raw = table(field_id=[7, 9], crop=["maïs", "田んぼ"])
    if name == "f.geojson":
        raw = raw.to_crs("EPSG:4326")
    raw.to_parquet(tmp_path / name) if name.endswith("parquet") else raw.to_file(tmp_path / name)
    got = read_fields(tmp_path / name, label_column="crop")
    assert got.table["field_id"].tolist() == [7, 9]
    assert got.table["field_id"].dtype == np.int64
    assert got.table["label"].tolist() == ["maïs", "田んぼ"]
    assert got.table["status"].tolist() == ["ok", "ok"]
    assert got.table.to_crs(CRS).geometry.area.tolist() == pytest.approx([1e4, 1e4], rel=1e-4)
    assert got.warnings == ()


def test_fiboa_names_are_understood(tmp_path: Path) -> None:
    table(**{"id": ["a1", "b2"], "crop:code": [1200, 9120], "determination:datetime": ["2019-01-01"] * 2}).to_parquet(
        tmp_path / "f.parquet"
    )
    got = read_fields(tmp_path / "f.parquet", legend={"1200": "maize", "9120": "grass"})
    assert got.table["field_id"].tolist() == ["a1", "b2"]
    assert got.table["label"].tolist() == ["maize", "grass"]
    assert got.table["determination:datetime"].tolist() == ["2019-01-01"] * 2
    assert got.legend == ("maize", "grass")


@pytest.mark.parametrize(
    ("ids", "expected", "whole"),
    [
        ([1.0, 2.0], [1, 2], True),
        (["12", "3"], ["12", "3"], False),  # text is never changed, whatever it looks like
        (["012", "3"], ["012", "3"], False),
        (["12", "3b"], ["12", "3b"], False),
        ([10**17, 5], [10**17, 5], True),
    ],
)
def test_ids_are_whole_numbers_where_all_of_them_are(
    tmp_path: Path, ids: list[object], expected: list[object], whole: bool
) -> None:
    table(field_id=ids).to_parquet(tmp_path / "f.parquet")
    got = read_fields(tmp_path / "f.parquet").table["field_id"]
    assert got.tolist() == expected
    assert (got.dtype == np.int64) == whole


def test_a_field_without_id_says_so_and_the_others_keep_their_numbers(tmp_path: Path) -> None:
    table(field_id=[4.0, np.nan, 6.0]).to_parquet(tmp_path / "f.parquet")
    got = read_fields(tmp_path / "f.parquet")
    assert got.table["status"].tolist() == ["ok", "no_id", "ok"]
    assert got.table["field_id"].tolist() == [4, -2, 6]
    assert any("no_id" in warning for warning in got.warnings)


def test_blank_text_is_no_id(tmp_path: Path) -> None:
    table(field_id=["a", " ", None]).to_file(tmp_path / "f.gpkg")
    got = read_fields(tmp_path / "f.gpkg").table
    assert got["status"].tolist() == ["ok", "no_id", "no_id"]
    assert got["field_id"].is_unique


def test_the_first_of_equal_ids_is_kept(tmp_path: Path) -> None:
    table(field_id=[4, 5, 4, 4]).to_file(tmp_path / "f.gpkg")
    assert read_fields(tmp_path / "f.gpkg").table["status"].tolist() == ["ok", "ok", "duplicate_id", "duplicate_id"]


def test_without_ids_the_row_number_is_the_id_and_that_is_said(tmp_path: Path) -> None:
    table(name=["x", "y"]).to_file(tmp_path / "f.geojson")
    got = read_fields(tmp_path / "f.geojson")
    assert got.table["field_id"].tolist() == [1, 2]
    assert "row number" in got.warnings[0]


def test_unusable_geometries_say_so_and_crossing_polygons_are_repaired(tmp_path: Path) -> None:
    bow = shapely.Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])
    flat = shapely.Polygon([(0, 0), (50, 0), (100, 0)])
    nowhere = shapely.Polygon([(0, 0), (np.inf, 0), (1, 1)])
    solid = shapely.Polygon([(0, 0, 5), (10, 0, 5), (10, 10, 5)])
    shapes = [
        square(0),
        None,
        shapely.Polygon(),
        shapely.Point(0, 0),
        shapely.LineString([(0, 0), (1, 1)]),
        bow,
        flat,
        nowhere,
        solid,
    ]
    placed = gpd.GeoSeries(shapes, crs=CRS)
    placed[4:] = placed[4:].translate(WEST, NORTH)
    gpd.GeoDataFrame({"id": range(9)}, geometry=placed).to_parquet(tmp_path / "f.parquet")
    got = read_fields(tmp_path / "f.parquet")
    bad = "invalid_geometry"
    assert got.table["status"].tolist() == ["ok", bad, bad, bad, bad, "ok", bad, bad, "ok"]
    assert got.table.geometry[5].is_valid
    assert got.table.geometry[5].area == pytest.approx(5000)
    assert not got.table.geometry[8].has_z
    assert any("repaired" in warning for warning in got.warnings)


@pytest.mark.parametrize("crs", [CRS, "EPSG:4326", "EPSG:3857"])
def test_a_buffer_is_in_metres_in_any_crs(tmp_path: Path, crs: str) -> None:
    raw = gpd.GeoDataFrame({"id": [1, 2]}, geometry=[square(0), square(500, size=8)], crs=CRS).to_crs(crs)
    raw.to_file(tmp_path / "f.gpkg")
    got = read_fields(tmp_path / "f.gpkg", buffer=-5)
    assert got.table["status"].tolist() == ["ok", "too_small"]
    assert got.table.crs == crs
    assert got.table.to_crs(CRS).geometry.area[0] == pytest.approx(90 * 90, rel=1e-3)
    assert read_fields(tmp_path / "f.gpkg", buffer=10).table.to_crs(CRS).geometry.area[0] > 120 * 120 - 4 * 100


def test_a_column_that_is_absent_is_an_error_that_lists_the_columns(tmp_path: Path) -> None:
    table(field_id=[1], crop=["a"]).to_file(tmp_path / "f.gpkg")
    for option in ({"id_column": "plot"}, {"label_column": "plot"}):
        with pytest.raises(FieldsError, match=r"plot[\s\S]*field_id, crop"):
            read_fields(tmp_path / "f.gpkg", **option)


def test_a_crs_on_one_side_only_is_an_error(tmp_path: Path) -> None:
    table(crs=None, field_id=[1]).to_parquet(tmp_path / "bare.parquet")
    table(field_id=[1]).to_parquet(tmp_path / "placed.parquet")
    with pytest.raises(FieldsError, match="CRS"):
        read_fields(tmp_path / "bare.parquet", imagery=season())
    with pytest.raises(FieldsError, match="CRS"):
        read_fields(tmp_path / "placed.parquet", imagery=season(crs=None))
    with pytest.raises(FieldsError, match="buffer"):
        read_fields(tmp_path / "bare.parquet", buffer=1)
    assert read_fields(tmp_path / "bare.parquet", imagery=season(crs=None)).table["status"].tolist() == ["ok"]


@pytest.mark.parametrize("name", ["f.gpkg", "f.geojson", "f.shp", "f.parquet"])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.5])
def test_truncated_files_are_named(tmp_path: Path, name: str, share: float) -> None:
    raw = gpd.GeoDataFrame({"field_id": range(400)}, geometry=[square(i) for i in range(400)], crs=CRS)
    raw.to_parquet(tmp_path / name) if name.endswith("parquet") else raw.to_file(tmp_path / name)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: int(share * len(content))])
    with pytest.raises(UnreadableFileError, match=r"f\."):
        read_fields(tmp_path / name)


@pytest.mark.parametrize("name", ["f.gpkg", "f.geojson", "f.json", "f.shp", "f.parquet"])
def test_a_virtual_layer_in_disguise_is_refused(tmp_path: Path, name: str) -> None:
    layer = '<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/vsicurl/http://127.0.0.1:9/x</SrcDataSource></OGRVRTLayer>'
    (tmp_path / name).write_text(layer + "</OGRVRTDataSource>")
    with pytest.raises(UnreadableFileError, match="name"):
        read_fields(tmp_path / name)


def test_json_that_is_no_geojson_and_parquet_without_geometry_are_named(tmp_path: Path) -> None:
    (tmp_path / "f.json").write_text('{"type": "STACIT"}')
    with pytest.raises((UnreadableFileError, FieldsError), match=r"f\.json"):
        read_fields(tmp_path / "f.json")
    gpd.pd.DataFrame({"field_id": [1]}).to_parquet(tmp_path / "f.parquet")
    with pytest.raises(FieldsError, match="geometr"):
        read_fields(tmp_path / "f.parquet")
    gpd.pd.DataFrame({"field_id": [1], "WKT": ["POINT (1 2)"]}).to_parquet(tmp_path / "f.parquet")
    with pytest.raises(FieldsError, match=r"holds no geometries(.|\n)*WKT may hold outlines"):
        read_fields(tmp_path / "f.parquet")


def test_absent_and_unknown_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputNotFoundError, match="nowhere"):
        read_fields(tmp_path / "nowhere.gpkg")
    (tmp_path / "f.kml").write_text("x")
    with pytest.raises(UnknownLayoutError, match=r"\.gpkg"):
        read_fields(tmp_path / "f.kml")


def test_columns_of_the_file_are_kept_beside_ours(tmp_path: Path) -> None:
    table(id=[1], crop=["a"], status=["surveyed"], label=["old"], größe=[3.5]).to_file(tmp_path / "f.gpkg")
    got = read_fields(tmp_path / "f.gpkg", label_column="crop").table.iloc[0]
    assert (got["label"], got["status"], got["status_in_file"], got["label_in_file"], got["größe"]) == (
        "a",
        "ok",
        "surveyed",
        "old",
        3.5,
    )


def test_codes_that_the_legend_lacks_are_no_labels(tmp_path: Path) -> None:
    table(field_id=[1, 2, 3], crop_code=[1200.0, 7900.0, np.nan]).to_parquet(tmp_path / "f.parquet")
    got = read_fields(tmp_path / "f.parquet", legend={"1200": "maize"})
    assert got.table["label"].tolist() == ["maize", None, None]
    assert any("7900" in warning for warning in got.warnings)
    with pytest.raises(LegendError, match="1200"):
        read_fields(tmp_path / "f.parquet", legend={"1": "maize"})


def test_real_parcels_are_read(shared_data: Path) -> None:
    got = read_fields(shared_data / "flanders_s2" / "fields.gpkg")
    assert len(got.table) == 16
    assert set(got.table["label"]) == {"1200", "9120", "5100", "2130", "7900"}
    assert got.table["status"].eq("ok").all()
    kenya = read_fields(shared_data / "kenya_polygons" / "fields.gpkg", label_column="Crop1")
    assert len(kenya.table) == 319
    assert kenya.table.geometry.area.median() == pytest.approx(1334, rel=0.01)


def test_a_missing_label_is_none_in_every_way_of_reading(tmp_path: Path) -> None:
    table(field_id=[1, 2], crop=["a", None]).to_file(tmp_path / "f.gpkg")
    assert read_fields(tmp_path / "f.gpkg").table["label"].tolist() == ["a", None]
    table(field_id=[1, 2], crop=["a", " "]).to_parquet(tmp_path / "f.parquet")
    assert read_fields(tmp_path / "f.parquet").table["label"].tolist() == ["a", None]


def test_all_fields_share_the_texts_of_their_status(tmp_path: Path) -> None:
    table(field_id=[1, 2, 2, 3]).to_parquet(tmp_path / "f.parquet")
    status = read_fields(tmp_path / "f.parquet").table["status"]
    assert status.tolist() == ["ok", "ok", "duplicate_id", "ok"]
    assert len({id(one) for one in status}) == 2  # a text of its own takes 50 bytes a field
