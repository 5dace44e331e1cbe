"""What the columns of a table are taken for, and what is said of the others."""

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import yaml

from cropdetect.chips import RandomAccessChips, is_table, read_table, recognise
from cropdetect.errors import CropDetectError, FieldsError, MissingBandError, OptionError, TableError
from tests.chips.tables.season import SHAPES, statistics

DATES = ["2019-06-06", "2019-06-16"]


def csv(tmp_path: Path, text: str, name: str = "t.csv") -> Path:
    (tmp_path / name).write_text(text)
    return tmp_path / name


def long(tmp_path: Path, **columns: list[Any]) -> Path:
    """Two fields of two dates each; lists have four values."""
    table = {"field_id": ["a", "a", "b", "b"], "date": DATES * 2, "B04": [500, 600, 700, 800], "B08": [3000, 3100, 3200, 3300]}
    pd.DataFrame({**table, **columns}).to_csv(tmp_path / "t.csv", index=False)
    return tmp_path / "t.csv"


def values(chips: RandomAccessChips, band: str) -> list[float]:
    image = next(chips.batches(9)).image[:, :, chips.info.bands.index(band), 0, 0]
    return [None if np.isnan(number) else round(float(number), 3) for number in image.ravel()]


def warned(chips: RandomAccessChips) -> str:
    return "\n".join(chips.info.warnings)


@pytest.mark.parametrize(
    ("columns", "bands"),
    [
        ("B2,B3,B4,B8A", ("B02", "B03", "B04", "B8A")),
        ("b02,b03,b8a,b12", ("B02", "B03", "B8A", "B12")),
        ("S2-L2A-B02,S2-L2A-B08", ("B02", "B08")),
        ("S2_B2,S2_B8", ("B02", "B08")),
        ("B2_mean,B12_mean", ("B02", "B12")),
        ("mean(B02),mean(B08)", ("B02", "B08")),
        ("avg(B02),avg(B08)", ("B02", "B08")),
        ("B02_mean,B02_stdDev,B02_count", ("B02",)),
        ("B02_median,B02_min", ("B02",)),
        ("B02_p10,B02_p50,B02_p90", ("B02_p10", "B02_p50", "B02_p90")),
        ("VV,VH,B04", ("VV", "VH", "B04")),
        ("S1-SIGMA0-VV,S1-SIGMA0-VH", ("VV", "VH")),
        ("NDVI,EVI", ("NDVI", "EVI")),
        ("SR_B4,SR_B5", ("SR_B4", "SR_B5")),
        ("B02,soil_code,area_ha,count,cloud_cover", ("B02",)),
        ("B02,AOT,WVP,TCI", ("B02",)),
    ],
)
def test_bands_are_found_by_name(tmp_path: Path, columns: str, bands: tuple[str, ...]) -> None:
    n = columns.count(",") + 1
    text = f"field_id,date,{columns}\n" + "".join(
        f"{field},{date},{','.join(str(900 + 10 * k + i) for k in range(n))}\n"
        for i, (field, date) in enumerate(zip("aabb", DATES * 2, strict=True))
    )
    assert read_table(csv(tmp_path, text)).info.bands == bands


@pytest.mark.parametrize(
    ("column", "numbers", "said"),
    [
        ("count", [9, 8, 7, 6], "not used: count"),
        ("cloud_cover", [9, 8, 7, 6], "not used: cloud_cover"),
        ("area_ha", [1.5, 1.5, 2.5, 2.5], "columns of the fields and no bands: area_ha"),
        ("my_index", [0.1, 0.2, 0.3, 0.4], "not used: my_index"),
        ("B04_stdDev", [9, 8, 7, 6], "not used: B04_stdDev"),
        ("SCL", [4.2, 5.1, 6.3, 4.4], "SCL holds means of classes"),
        ("AOT", [9, 8, 7, 6], "not used: AOT"),
    ],
)
def test_what_is_no_band_is_said(tmp_path: Path, column: str, numbers: list[float], said: str) -> None:
    chips = read_table(long(tmp_path, **{column: numbers}))
    assert chips.info.bands == ("B04", "B08")
    assert said in warned(chips)


@pytest.mark.parametrize(
    ("id_column", "written", "read"),
    [
        ("field_id", ["007", "007", "7", "7"], ["007", "7"]),
        ("parcel_id", ["1.0", "1.0", "1", "1"], ["1.0", "1"]),
        ("sample_id", ["NA", "NA", "None", "None"], ["NA", "None"]),
        ("id", ["9007199254740993"] * 2 + ["9007199254740992"] * 2, [9007199254740993, 9007199254740992]),
        ("id", ["Größe", "Größe", "поле", "поле"], ["Größe", "поле"]),
        ("fid", ["1", "1", "2", "2"], [1, 2]),
        ("objectid", ["1e5", "1e5", "100000", "100000"], ["1e5", "100000"]),
    ],
)
def test_ids_are_text_that_is_never_changed(tmp_path: Path, id_column: str, written: list[str], read: list[Any]) -> None:
    lines = [f"{one},{date},500,3000" for one, date in zip(written, DATES * 2, strict=True)]
    chips = read_table(csv(tmp_path, "\n".join([f"{id_column},date,B04,B08", *lines])))
    assert chips.fields["field_id"].tolist() == read


@pytest.mark.parametrize("label", ["007", "1.0", "None", "NA", "Öl-Kürbis", "a, b"])
def test_labels_are_text_that_is_never_changed(tmp_path: Path, label: str) -> None:
    chips = read_table(csv(tmp_path, f'id,date,B04,B08,kind\n1,2019-06-06,500,3000,"{label}"\n'), label_column="kind")
    assert chips.fields["label"].tolist() == [label]


@pytest.mark.parametrize(
    ("numbers", "expected", "said"),
    [
        ([500, -9999, 700, 800], [500, None, 700, 800], "-9999"),
        ([500, -999, 700, 800], [500, None, 700, 800], "-999 "),
        ([500, -32768, 700, 800], [500, None, 700, 800], "-32768"),
        ([500, 32767, 32767, 800], [500, None, None, 800], "32767"),
        ([500, 65535, 65535, 800], [500, None, None, 800], "65535"),
        ([500, 65535, 700, 800], [500, 65535, 700, 800], "occurs once"),
        ([500, -3412.3, 700, 800], [500, None, 700, 800], "means over missing pixels"),
        ([500, "No data", 700, 800], [500, None, 700, 800], "'No data'"),
        ([0.05, -9999, 0.07, 0.08], [500, None, 700, 800], "-9999"),
        ([500, "", 700, 800], [500, None, 700, 800], ""),
        ([500, "inf", 700, 800], [500, None, 700, 800], ""),
    ],
)
def test_numbers_that_mean_no_value_are_found_and_said(
    tmp_path: Path, numbers: list[Any], expected: list[float], said: str
) -> None:
    chips = read_table(long(tmp_path, B04=numbers, B08=numbers))
    assert values(chips, "B04") == expected
    assert said in warned(chips)


def test_rows_of_zeros_are_no_values(tmp_path: Path) -> None:
    chips = read_table(long(tmp_path, B04=[0, 600, 0, 800], B08=[0, 3100, 3200, 3300]))
    assert values(chips, "B04") == [None, 600, 0, 800]
    assert "0 in all reflectances" in warned(chips)


@pytest.mark.parametrize("factor", [1.0, 1e-4])
def test_reflectance_comes_to_one_unit(tmp_path: Path, factor: float) -> None:
    chips = read_table(long(tmp_path, B04=list(np.array([500, 600, 700, 800]) * factor), B08=list(np.array([3000] * 4) * factor)))
    assert values(chips, "B04") == [500, 600, 700, 800]
    assert chips.info.units == "digital number"
    assert ("from 0 to 1" in warned(chips)) == (factor < 1)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"B04": [0.05, 0.06, 0.07, 0.08]}, ["B04", "0 to 1", "B08", "0 to 10000"]),
        ({"B04": [5.0, 6.0, 7.0, 8.0], "B08": [30.0, 31.0, 32.0, 33.0]}, ["unit of B08", "scale"]),
        ({"B04": [500, 0.06, 0.07, 0.08], "B08": [3000, 0.3, 0.31, 0.32]}, ["B04", "3 rows", "0.06", "500"]),
        ({"B4": [1, 2, 3, 4]}, ["B04", "B4", "both the band B04"]),
        ({"crop": ["maize", "rye", "rye", "rye"]}, ["field a", "maize", "rye"]),
        ({"crop": ["x"] * 4, "label": ["y"] * 4}, ["label", "crop", "differ"]),
        ({"timestamp": ["2019-06-06", "2019-06-17"] * 2}, ["date", "timestamp", "2019-06-16", "2019-06-17"]),
        ({"B04": ["high", 1, 2, 3]}, ["B04", "numbers"]),
    ],
)
def test_a_contradiction_names_both_sides(tmp_path: Path, columns: dict[str, list[Any]], said: list[str]) -> None:
    with pytest.raises(CropDetectError) as caught:
        read_table(long(tmp_path, **columns))
    assert all(word in str(caught.value) for word in said), caught.value


def test_a_date_column_against_the_image_name_names_both(tmp_path: Path) -> None:
    file = csv(tmp_path, "system:index,date,B4,B12,id\n20190606T105031_20190606T105522_T31UDS_0,2019-06-07,500,3000,1\n")
    with pytest.raises(TableError, match="date and system:index give different days"):
        read_table(file)
    (tmp_path / "map.yaml").write_text("date: date\n")
    assert str(read_table(file, columns=tmp_path / "map.yaml").info.dates[0]) == "2019-06-07"


@pytest.mark.parametrize(
    ("index", "day"),
    [
        ("20190606T105031_20200115T105522_T31UDS_00000000000000000003", "2019-06-06"),
        ("LC08_197029_20190606_00000000000000000003", "2019-06-06"),
        ("1_2_LC08_197029_20190606_3", "2019-06-06"),
        ("2019_06_06_3", "2019-06-06"),
        ("S1A_IW_GRDH_1SDV_20190606T172345_20190606T172410_027566_031C5F_A1B2_3", "2019-06-06"),
    ],
)
def test_the_day_of_an_earth_engine_image_stands_in_its_name(tmp_path: Path, index: str, day: str) -> None:
    chips = read_table(csv(tmp_path, f"system:index,NDVI\n{index},0.5\n"))
    assert [str(one) for one in chips.info.dates] == [day]
    assert chips.fields["field_id"].astype(str).tolist() == [index.rsplit("_", 1)[1]]
    assert "system:index" in warned(chips)


@pytest.mark.parametrize("name", ["system:time_start", "millis"])
def test_milliseconds_are_days(tmp_path: Path, name: str) -> None:
    assert str(read_table(csv(tmp_path, f"id,{name},NDVI\n1,1559818231024,0.5\n")).info.dates[0]) == "2019-06-06"


def test_day_of_year_takes_its_year_from_the_column(tmp_path: Path) -> None:
    chips = read_table(csv(tmp_path, "id,year,doy,NDVI\n1,2019,157,0.5\n1,2020,157,0.6\n"))
    assert [str(day) for day in chips.info.dates] == ["2019-06-06", "2020-06-05"]


@pytest.mark.parametrize(
    ("header", "row", "day"),
    [
        ("year,month,day", "2019,6,6", "2019-06-06"),
        ("Year,Month", "2019,6", "2019-06-15"),
        ("year,day", "2019,157", "2019-06-06"),
    ],
)
def test_a_date_may_stand_in_several_columns(tmp_path: Path, header: str, row: str, day: str) -> None:
    chips = read_table(csv(tmp_path, f"id,{header},NDVI\n1,{row},0.5\n"))
    assert [str(one) for one in chips.info.dates] == [day]


@pytest.mark.parametrize(
    ("expression", "clear"), [(None, [True, False]), ("SCL=8", [False, True]), ("none", [True, True])], ids=str
)
def test_a_scene_class_tells_which_rows_are_clear(tmp_path: Path, expression: str | None, clear: list[bool]) -> None:
    chips = read_table(long(tmp_path, SCL=[4, 8, 5, 9]), clear=expression)
    assert next(chips.batches(9)).clear[0, :, 0, 0].tolist() == clear
    assert "SCL" in warned(chips)
    assert "SCL" not in chips.info.bands


@pytest.mark.parametrize(("offset", "expected"), [(None, 1500), (0.0, 1500), (1000.0, 500)])
def test_the_offset_is_asked_for_where_it_seems_to_be_in_the_numbers(
    tmp_path: Path, offset: float | None, expected: float
) -> None:
    dates = [f"2023-{month:02}-01" for month in range(1, 13)]
    lines = "".join(f"1,{date},1500,4000\n" for date in dates)
    chips = read_table(csv(tmp_path, f"id,date,B04,B08\n{lines}"), offset=offset)
    assert values(chips, "B04")[0] == expected
    assert ("--offset 1000" in warned(chips)) == (offset is None)
    assert chips.info.offset == (offset or 0)


def test_an_offset_that_is_asked_for_is_not_taken_off_rows_that_are_too_dark_for_it(tmp_path: Path) -> None:
    dates = [f"{year}-{month:02}-05" for year in (2021, 2022) for month in range(3, 11)]
    lines = "".join(f"1,{day},{500 + 1000 * (day > '2022')},{3000 + 1000 * (day > '2022')}\n" for day in dates)
    chips = read_table(csv(tmp_path, f"id,date,B04,B08\n{lines}"), offset=1000.0)
    assert set(values(chips, "B04")) == {500}
    assert set(values(chips, "B08")) == {3000}
    assert "2022-01-25" in warned(chips)


def test_an_offset_without_reflectance_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="reflectance"):
        read_table(csv(tmp_path, "id,date,NDVI\n1,2019-06-06,0.5\n"), offset=1000)


def fields_file(tmp_path: Path, ids: list[Any], **columns: list[Any]) -> Path:
    gpd.GeoDataFrame({"nr": ids, **columns}, geometry=list(SHAPES[: len(ids)]), crs="EPSG:4326").to_file(tmp_path / "f.gpkg")
    return tmp_path / "f.gpkg"


def test_a_fields_file_is_joined_by_id_and_keeps_its_geometry(tmp_path: Path) -> None:
    fields = fields_file(tmp_path, ["b", "c", "a"], crop=["rye", "oats", "maize"], owner=["x", "y", "z"])
    chips = read_table(long(tmp_path, area_ha=[1.5, 1.5, 2.5, 2.5]), fields=fields, id_column="nr", label_column="crop")
    table = chips.fields
    assert table["field_id"].tolist() == ["b", "c", "a"]
    assert table["label"].tolist() == ["rye", "oats", "maize"]
    assert table["status"].tolist() == ["ok", "no_data", "ok"]
    assert table["owner"].tolist() == ["x", "y", "z"]
    assert table["area_ha"].iloc[[0, 2]].tolist() == [2.5, 1.5]
    assert table.geometry.iloc[0].equals(SHAPES[0])
    assert table.crs == "EPSG:4326"
    assert [chips.fields["field_id"][row] for row in chips.field_of_chip] == ["b", "a"]
    assert values(chips, "B04") == [700, 800, 500, 600]


def test_labels_that_differ_between_table_and_fields_name_both(tmp_path: Path) -> None:
    fields = fields_file(tmp_path, ["a", "b"], crop=["rye", "oats"])
    with pytest.raises(TableError, match=r"field a is rye in f\.gpkg and maize in t\.csv"):
        read_table(long(tmp_path, crop=["maize", "maize", "oats", "oats"]), fields=fields, id_column="nr")


def test_ids_that_nothing_shares_are_an_error_that_shows_both(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="a there, 1 here"):
        read_table(long(tmp_path), fields=fields_file(tmp_path, ["1", "2"]), id_column="nr")


def test_a_plain_table_of_fields_serves_too(tmp_path: Path) -> None:
    fields = csv(tmp_path, "field_id,crop\na,007\nb,8\n", "f.csv")
    assert read_table(long(tmp_path), fields=fields).fields["label"].tolist() == ["007", "8"]


def test_feature_numbers_are_rows_of_the_fields_file(tmp_path: Path) -> None:
    file = csv(tmp_path, "date,feature_index,B04,B08\n2019-06-06,1,500,3000\n2019-06-06,0,400,2000\n")
    chips = read_table(file, fields=fields_file(tmp_path, ["x", "y"]), id_column="nr")
    assert chips.fields["field_id"].tolist() == ["x", "y"]
    assert values(chips, "B04") == [400, 500]
    many = csv(tmp_path, "date,feature_index,B04,B08\n2019-06-06,5,500,3000\n")
    with pytest.raises(TableError, match=r"6 fields or more, but f\.gpkg has 2"):
        read_table(many, fields=tmp_path / "f.gpkg", id_column="nr")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("parcel,when,red_x\n1,2019-06-06,500\n", ["parcel, when, red_x", "id: parcel", "date: when", "red_x: red_x"]),
        ("date,B04\n2019-06-06,500\n", ["no column is known to hold field ids", "id: ...", "date: date"]),
        ("id,B04\n1,500\n", ["of no known form", "id: id", "date: ..."]),
        ("id,0_B4,0_B8,1_B4,1_B8\n1,1,2,3,4\n", ["nothing gives the days", "'0': YYYY-MM-DD", "'1': YYYY-MM-DD"]),
        ("date,feature_index,avg(band_0)\n2019-06-06,0,500\n", ["avg(band_0)", "bands:", "- ...   # avg(band_0)"]),
        ("id,date,B04,B04\n1,2019-06-06,500,600\n", ["two columns are called 'B04'"]),
        ("system:index,mean,id\n20190606T105031_20190606T105522_T31UDS_0,500,1\n", ["mean", "bands:"]),
    ],
)  # fmt: skip
def test_what_is_not_recognised_lists_the_columns_and_proposes_a_map(tmp_path: Path, text: str, said: list[str]) -> None:
    file = csv(tmp_path, text)
    assert is_table(file)
    with pytest.raises(CropDetectError) as caught:
        read_table(file)
    assert all(word in str(caught.value) for word in said), caught.value


@pytest.mark.parametrize(
    ("yaml", "said"),
    [
        ("id: nr\n", "no column 'nr'"),
        ("bands: {x: B04}\n", "no column x"),
        ("ids: field_id\n", "ids"),
        ("- a\n", "no names of columns"),
        ("year: soon\n", "year"),
        ("bands: {B04: ...}\n", "instead of"),
        ("{", "not a YAML file"),
    ],
)
def test_a_map_that_does_not_fit_is_named(tmp_path: Path, yaml: str, said: str) -> None:
    (tmp_path / "map.yaml").write_text(yaml)
    with pytest.raises(CropDetectError, match=said):
        read_table(long(tmp_path), columns=tmp_path / "map.yaml")


def test_a_scale_of_the_map_makes_reflectances(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text("scale: 0.01\n")
    chips = read_table(long(tmp_path, B04=[5, 6, 7, 8], B08=[30, 31, 32, 33]), columns=tmp_path / "map.yaml")
    assert values(chips, "B08") == [3000, 3100, 3200, 3300]


def test_bands_can_be_chosen(tmp_path: Path) -> None:
    assert read_table(long(tmp_path), bands=["B08"]).info.bands == ("B08",)
    with pytest.raises(MissingBandError, match="B11"):
        read_table(long(tmp_path), bands=["B11"])


def test_an_id_column_that_is_nowhere_is_named(tmp_path: Path) -> None:
    with pytest.raises(FieldsError, match="'nummer'"):
        read_table(long(tmp_path), fields=fields_file(tmp_path, ["a", "b"]), id_column="nummer")


def test_a_label_column_that_is_nowhere_is_named(tmp_path: Path) -> None:
    with pytest.raises(FieldsError, match="'kind'"):
        read_table(long(tmp_path), fields=fields_file(tmp_path, ["a", "b"]), id_column="nr", label_column="kind")


def answer(outputs: dict[str, Any], first: str = "2019-06-06", end: str = "2019-06-07") -> dict[str, Any]:
    return {"data": [{"interval": {"from": f"{first}T00:00:00Z", "to": f"{end}T00:00:00Z"}, "outputs": outputs}], "status": "OK"}


@pytest.mark.parametrize(
    ("outputs", "bands", "expected"),
    [
        ({"ndvi": {"bands": {"B0": statistics(0.5)}}}, ("ndvi",), 0.5),
        ({"output_B04": {"bands": {"B0": statistics(0.05)}}}, ("B04",), 500),
        ({"d": {"bands": {"B04": statistics(0.05), "B08": statistics(0.3)}}}, ("B04", "B08"), 500),
        ({"d": {"bands": {"B04": statistics(0.05), "B08": statistics("NaN", 50)}}}, ("B04",), 500),
    ],
)
def test_sentinel_hub_bands_are_named_by_the_evalscript(
    tmp_path: Path, outputs: dict[str, Any], bands: tuple[str, ...], expected: float
) -> None:
    file = csv(tmp_path, json.dumps(answer(outputs)), "field 7.json")
    chips = read_table(file)
    assert chips.info.bands == bands
    assert values(chips, bands[0]) == [expected]
    assert chips.fields["field_id"].tolist() == ["field 7"]


def test_numbered_bands_of_sentinel_hub_are_not_guessed(tmp_path: Path) -> None:
    file = csv(tmp_path, json.dumps(answer({"default": {"bands": {"B0": statistics(0.05), "B1": statistics(0.3)}}})), "a.json")
    with pytest.raises(TableError, match=r"default\.B0, default\.B1"):
        read_table(file)
    (tmp_path / "map.yaml").write_text("bands: {default.B0: B04, default.B1: B08}\n")
    assert read_table(file, columns=tmp_path / "map.yaml").info.bands == ("B04", "B08")


def test_an_interval_of_days_is_its_middle(tmp_path: Path) -> None:
    file = csv(tmp_path, json.dumps(answer({"ndvi": {"bands": {"B0": statistics(0.5)}}}, "2019-06-01", "2019-06-12")), "a.json")
    chips = read_table(file)
    assert str(chips.info.dates[0]) == "2019-06-06"
    assert "middle day" in warned(chips)


@pytest.mark.parametrize(
    ("name", "text", "table"),
    [
        ("a.csv", "a,b\n1,2\n", True),
        ("a.json", '{"type": "FeatureCollection", "features": []}', False),
        ("a.json", '{"2019-06-06T00:00:00Z": [[1, 2]]}', True),
        ("a.json", "{", False),
        ("a.geojson", '{"type": "FeatureCollection", "features": []}', False),
        ("a.tif", "II", False),
        ("a.nc", "CDF", False),
    ],
)
def test_tables_are_told_from_other_files(tmp_path: Path, name: str, text: str, table: bool) -> None:
    assert is_table(csv(tmp_path, text, name)) is table


def test_a_parquet_file_of_parcels_is_no_table(tmp_path: Path) -> None:
    gpd.GeoDataFrame({"id": [1]}, geometry=[SHAPES[0]], crs="EPSG:4326").to_parquet(tmp_path / "parcels.parquet")
    assert not is_table(tmp_path / "parcels.parquet")


def test_decimal_commas_are_numbers(tmp_path: Path) -> None:
    file = csv(tmp_path, "id;date;B04;B08\n1;25.06.2019;0,05;0,3\n1;06.07.2019;0,06;0,31\n")
    chips = read_table(file)
    assert (values(chips, "B04"), [str(day) for day in chips.info.dates]) == ([500, 600], ["2019-06-25", "2019-07-06"])


def test_padding_and_missing_days_of_eurocropsml_are_no_values(tmp_path: Path) -> None:
    table = pd.DataFrame({"parcel_id": [7, 8], "nuts3": ["EE001"] * 2})
    table["2021-04-01"] = [[1000 + n for n in range(13)], None]
    table["2021-04-11"] = [[0] * 13, [-999] * 13]
    table["2021-04-21"] = [None, [2000 + n for n in range(13)]]
    table.to_parquet(tmp_path / "Estonia.parquet")
    chips = read_table(tmp_path / "Estonia.parquet")
    assert values(chips, "B8A") == [1008, None, None, 2008]


def test_two_images_of_one_day_are_averaged_and_that_is_said(tmp_path: Path) -> None:
    one, two = "20190606T105031_20190606T105522_T31UDS", "20190606T105031_20190606T105522_T31UES"
    chips = read_table(csv(tmp_path, f"id,{one}_B4,{one}_B12,{two}_B4,{two}_B12\n1,500,3000,700,3100\n"))
    assert (values(chips, "B04"), values(chips, "B12")) == ([600], [3050])
    assert "repeat" in warned(chips)


STORED = {"SR_B4": [9000, 9500, 10000, 10500], "SR_B5": [15000, 16000, 17000, 18000], "SR_B6": [12000, 0, 13000, 14000]}


def landsat(tmp_path: Path, columns: dict[str, list[float]]) -> Path:
    table = {"field_id": ["a", "a", "b", "b"], "date": DATES * 2, **columns}
    pd.DataFrame(table).to_csv(tmp_path / "t.csv", index=False)
    return tmp_path / "t.csv"


def test_stored_numbers_of_landsat_become_reflectance(tmp_path: Path) -> None:
    """Landsat 8-9 Collection 2 Level 2 Science Product Guide, section 5: reflectance = number x 0.0000275 - 0.2, 0 is fill."""
    chips = read_table(landsat(tmp_path, STORED))
    assert chips.info.units == "digital number"
    assert values(chips, "SR_B4") == [475.0, 612.5, 750.0, 887.5]
    assert values(chips, "SR_B6") == [1300.0, None, 1575.0, 1850.0]
    assert "Landsat's stored numbers are decoded (x 2.75e-05 -0.2)" in warned(chips)


@pytest.mark.parametrize("factor", [1.0, 10_000.0])
def test_reflectances_of_landsat_come_to_the_unit_of_images(tmp_path: Path, factor: float) -> None:
    reflectance = {"SR_B4": [0.0475, 0.06125, 0.075, 0.08875], "SR_B5": [0.2125, 0.24, 0.2675, 0.295]}
    chips = read_table(landsat(tmp_path, {band: [factor * one for one in row] for band, row in reflectance.items()}))
    assert chips.info.units == "digital number"
    assert values(chips, "SR_B4") == [475.0, 612.5, 750.0, 887.5]


def test_landsat_in_two_units_is_refused_with_both_bands(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"SR_B5 holds numbers as Landsat's products store them .* SR_B4 others"):
        read_table(landsat(tmp_path, {**STORED, "SR_B4": [475, 612, 750, 887]}))


@pytest.mark.parametrize(("name", "sensor"), [("LC09", "landsat-8"), ("LC08", "landsat-8"), ("LE07", "landsat-5")])
def test_names_of_images_tell_which_landsat(tmp_path: Path, name: str, sensor: str) -> None:
    index = [f"1_{name}_197029_{day}_000{k}" for k in range(2) for day in ("20190606", "20190616")]
    path = landsat(tmp_path, {"system:index": index, "B4": [475, 612, 750, 887], "B5": [2125, 2400, 2675, 2950]})
    assert read_table(path).info.sensor == sensor


@pytest.mark.parametrize(
    ("column", "given"),
    [("red_mean", "red_mean=B04"), ("B4", "B4=B04"), ("B4_mean", "B4=B04"), ("B4", "B04=B04_dry"), ("m1", "m1=B04")],
)
def test_bands_are_renamed(tmp_path: Path, column: str, given: str) -> None:
    chips = read_table(landsat(tmp_path, {column: [500, 600, 700, 800], "B08": [3000] * 4}), band_names=given)
    assert chips.info.bands == (given.partition("=")[2], "B08")
    assert values(chips, chips.info.bands[0]) == [500, 600, 700, 800]


def test_all_bands_may_have_unknown_names(tmp_path: Path) -> None:
    chips = read_table(landsat(tmp_path, {"m1": [500, 600, 700, 800], "m2": [3000] * 4}), band_names="m1=B04,m2=B08")
    assert (chips.info.bands, chips.info.sensor) == (("B04", "B08"), "sentinel-2")


def test_a_band_that_is_not_there_cannot_be_renamed(tmp_path: Path) -> None:
    with pytest.raises(MissingBandError, match="no band B99 to be renamed"):
        read_table(long(tmp_path), band_names="B99=B05")


def test_two_bands_cannot_get_one_name(tmp_path: Path) -> None:
    with pytest.raises((OptionError, TableError), match=r"B08"):
        read_table(long(tmp_path), band_names="B04=B08")


def test_numbered_bands_of_openeo_may_be_renamed(tmp_path: Path) -> None:
    table = {"date": DATES, "feature_index": [0, 0], "avg(band_0)": [500, 600], "avg(band_1)": [3000, 3100]}
    pd.DataFrame(table).to_csv(tmp_path / "t.csv", index=False)
    chips = read_table(tmp_path / "t.csv", band_names="band_0=B04,band_1=B08")
    assert chips.info.bands == ("B04", "B08")


def test_a_list_of_bands_is_not_needed_where_openeo_keeps_the_names(tmp_path: Path) -> None:
    pd.DataFrame({"date": DATES, "feature_index": [0, 0], "B04": [500, 600], "B08": [3000, 3100]}).to_csv(tmp_path / "t.csv")
    (tmp_path / "map.yaml").write_text("bands: [B04, B08]\n")
    assert read_table(tmp_path / "t.csv", columns=tmp_path / "map.yaml").info.bands == ("B04", "B08")


@pytest.mark.parametrize("name", ["samples.rds", "samples.RData"])
def test_a_file_of_r_is_told_how_to_become_a_table(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x1f\x8b")
    with pytest.raises(TableError, match="only R reads") as error:
        recognise(tmp_path / name)
    assert "sits_timeseries_to_csv" in error.value.fix


def test_a_column_called_status_is_kept_beside_ours(tmp_path: Path) -> None:
    fields = read_table(long(tmp_path, status=["rented", "rented", "owned", "owned"])).fields
    assert (fields["status"].tolist(), fields["status_in_file"].tolist()) == (["ok", "ok"], ["rented", "owned"])


UNKNOWN = """plot nr;Acquired;what;m_red;m_nir;ha
007;2019-06-06;maize;500;3000;1.5
007;2019-06-16;maize;600;3100;1.5
x 8;2019-06-06;rye;700;3200;2.5
x 8;2019-06-16;rye;800;3300;2.5
9;2019-06-06;rye;900;3400;2.5
9;2019-06-16;rye;950;3500;2.5
"""


def test_the_proposed_file_can_be_used_as_it_is(tmp_path: Path) -> None:
    path = csv(tmp_path, UNKNOWN)
    with pytest.raises(TableError) as error:
        read_table(path)
    proposed = error.value.fix.partition("\n")[2]
    assert yaml.safe_load(proposed) == {
        "id": "plot nr",
        "date": "Acquired",
        "bands": {"m_red": "m_red", "m_nir": "m_nir"},
        "label": "what",
    }
    (tmp_path / "map.yaml").write_text(proposed)
    chips = read_table(path, columns=tmp_path / "map.yaml")
    assert chips.fields["field_id"].tolist() == ["007", "x 8", "9"]
    assert chips.fields["label"].tolist() == ["maize", "rye", "rye"]
    assert values(chips, "m_red") == [500, 600, 700, 800, 900, 950]


def test_the_proposed_file_leaves_out_what_names_tell(tmp_path: Path) -> None:
    path = csv(tmp_path, UNKNOWN.replace("m_red", "B08").replace("m_nir", "B11").replace(";ha", ";B12"))
    with pytest.raises(TableError) as error:
        read_table(path)
    assert error.value.fix.partition("\n")[2] == "id: plot nr\ndate: Acquired\nlabel: what"


def test_two_bands_whose_names_end_in_1_and_2_are_no_dates(tmp_path: Path) -> None:
    """B11 and B12 beside B08 are bands; alone they may be the first two dates of B1, as sits writes them."""
    chips = read_table(csv(tmp_path, "id,date,B08,B11,B12\na,2019-06-06,3000,2000,1000\na,2019-06-16,3000,2000,1000\n"))
    assert chips.info.bands == ("B08", "B11", "B12")


@pytest.mark.parametrize(
    "column",
    [
        "B04 {month} {year}",
        "{month}_{year}_B04",
        "B04_{short}_{year}",
        "{short}{year}_B04",
        "B04-{short}-{year}",
        "{year}_{short}_B04",
    ],
)
def test_months_by_their_names_are_dates_of_columns(tmp_path: Path, column: str) -> None:
    names = [
        column.format(month=month, short=month[:3].lower(), year=year)
        for month, year in (("April", 2018), ("May", 2018), ("March", 2019))
    ]
    table = pd.DataFrame({"field_id": ["a", "b"], **{name: [500 + k, 600 + k] for k, name in enumerate(names)}})
    table.to_csv(tmp_path / "t.csv", index=False)
    chips = read_table(tmp_path / "t.csv")
    assert [str(day) for day in chips.info.dates] == ["2018-04-15", "2018-05-15", "2019-03-15"]
    assert values(chips, "B04") == [500, 501, 502, 600, 601, 602]
    assert "the dates are named months such as" in warned(chips)


def test_the_end_of_a_word_is_no_month(tmp_path: Path) -> None:
    csv(tmp_path, "field_id,date,B04,grammar 2018\na,2018-04-02,500,7\nb,2018-04-02,600,8\n")
    assert values(read_table(tmp_path / "t.csv"), "B04") == [500, 600]


def test_tables_and_images_know_the_same_numbers_for_no_value(tmp_path: Path) -> None:
    from cropdetect.imagery.fills import usual_fills

    for band, numbers in (("B04", usual_fills("B04", np.dtype(float))), ("EVI", usual_fills("EVI", np.dtype(float)))):
        for fill in numbers:
            series = [500.0, fill, 700, 800, fill, 900] if band == "B04" else [0.5, fill, 0.7, 0.8, fill, 0.9]
            table = {"field_id": list("aaabbb"), "date": ["2019-06-06", "2019-06-16", "2019-06-26"] * 2, band: series}
            pd.DataFrame(table).to_parquet(tmp_path / "t.parquet")
            found = next(read_table(tmp_path / "t.parquet").batches(9)).image.ravel()
            assert np.flatnonzero(np.isnan(found)).tolist() == [1, 4], fill


def test_infinite_values_are_left_out_and_told(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pd.read_csv(long(tmp_path)).assign(B04=[500, np.inf, 700, -np.inf]).to_parquet(path)
    chips = read_table(path)
    assert values(chips, "B04") == [500, None, 700, None]
    assert "2 infinite values of B04 are left out" in warned(chips)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"lon": [4.1, 4.1, "west", "west"], "lat": [50.0] * 4}, "lon and lat hold no place on the Earth in 2 rows"),
        ({"lon": [4.1] * 4, "lat": [50.0, 50.0, 640_000, 640_000]}, "lon and lat hold no place on the Earth in 2 rows"),
        (
            {"wkt": ["POINT (4 50)", "POINT (4 50)", "POINT (4", "POINT (4"]},
            "wkt holds no geometry that can be read in 2 rows, such as 'POINT (4'",
        ),
        (
            {".geo": ['{"type":"Point","coordinates":[4,50]}'] * 2 + ["{}"] * 2},
            ".geo holds no geometry that can be read in 2 rows, such as '{}'",
        ),
    ],
)
def test_places_that_are_none_are_told(tmp_path: Path, columns: dict[str, list[Any]], said: str) -> None:
    chips = read_table(long(tmp_path, **columns))
    assert said in warned(chips)
    assert chips.fields.geometry.isna().tolist() == [False, True]


def test_a_broken_crs_of_a_table_is_refused(tmp_path: Path) -> None:
    import pyarrow.parquet

    frame = pd.read_csv(long(tmp_path))
    points = gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy([4] * 4, [50] * 4), crs=4326)
    points.to_parquet(tmp_path / "t.parquet")
    table = pyarrow.parquet.read_table(tmp_path / "t.parquet")
    about = json.loads(table.schema.metadata[b"geo"])
    about["columns"]["geometry"]["crs"] = "garbage"
    broken = table.replace_schema_metadata({b"geo": json.dumps(about).encode()})
    pyarrow.parquet.write_table(broken, tmp_path / "t.parquet")
    with pytest.raises(CropDetectError, match="description of geometries is broken"):
        read_table(tmp_path / "t.parquet")


def test_columns_that_differ_between_table_and_fields_are_told(tmp_path: Path) -> None:
    fields = pd.DataFrame({"field_id": ["a", "b"], "village": ["north", "south"], "soil": ["loam", "clay"]})
    fields.to_csv(tmp_path / "fields.csv", index=False)
    path = long(tmp_path, village=["north", "north", "east", "east"], soil=["loam", "loam", "clay", "clay"])
    chips = read_table(path, fields=tmp_path / "fields.csv")
    assert chips.fields["village"].tolist() == ["north", "south"]
    assert "village differs in 1 fields: that of fields.csv is used, not of t.csv" in warned(chips)
    assert "soil differs" not in warned(chips)
