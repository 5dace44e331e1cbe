"""Tables as common tools write them: ids with zeros, days without bands, days of a spreadsheet, numbers of Landsat."""

from pathlib import Path

import pandas as pd
import pytest

from cropdetect.chips import read_table
from cropdetect.errors import TableError

DAYS = ("2019-04-05", "2019-05-15", "2019-06-14")


def csv(tmp_path: Path, text: str) -> Path:
    (tmp_path / "table.csv").write_text(text)
    return tmp_path / "table.csv"


@pytest.mark.parametrize("column", ["parcel", "plot_id", "uid", "Parcel_ID", "name", "sample_id"])
@pytest.mark.parametrize("form", ["long", "wide", "earth-engine"])
def test_ids_keep_their_zeros(tmp_path: Path, column: str, form: str) -> None:
    if form == "wide":
        text = f"{column},X20190405_B04,X20190515_B04\n007,500,600\n"
    elif form == "long":
        text = f"{column},date,B04\n" + "".join(f"007,{day},500\n" for day in DAYS)
    else:
        text = f"system:index,{column},B04\n" + "".join(f"{day.replace('-', '')}_00000a,007,500\n" for day in DAYS)
    assert read_table(csv(tmp_path, text)).fields["field_id"].tolist() == ["007"]


def test_columns_of_days_without_a_band_are_told_as_r_writes_them(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"2 columns are called after a day and no band(.|\n)*NDVI_2019\.04\.05"):
        read_table(csv(tmp_path, "id,crop,X2019.04.05,X2019.05.15\n1,rye,0.5,0.6\n2,oats,0.5,0.6\n"))


def test_a_reducer_that_is_joined_to_its_band_is_known(tmp_path: Path) -> None:
    chips = read_table(csv(tmp_path, "id,20190405_B04mean,20190515_B04mean\n1,500,600\n"))
    assert chips.info.bands == ("B04",)
    assert next(chips.batches(1)).image[0, :, 0, 0, 0].tolist() == [500, 600]


def test_the_day_of_a_spreadsheet_is_told(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"spreadsheet \(it would be 2019-04-05\)"):  # 43560 days after 1899-12-30
        read_table(csv(tmp_path, "id,date,B04\n1,43560,500\n"))


def test_seasons_of_one_field_with_two_labels_are_told_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"several seasons, give each an id of its own, e\.g\. 1-2019"):
        read_table(csv(tmp_path, "id,date,B04,crop\n1,2018-05-05,500,rye\n1,2019-05-05,500,oats\n"))


@pytest.mark.parametrize(("red", "told"), [(600, False), (9700, True)])
@pytest.mark.parametrize("name", ["red", "L8_B4", "B04"])
def test_red_that_is_brighter_than_land_is_told(tmp_path: Path, name: str, red: int, told: bool) -> None:
    rows = "".join(f"1,{day},{red},12000\n" for day in DAYS)
    warnings = read_table(csv(tmp_path, f"id,date,{name},nir\n{rows}")).info.warnings
    assert any("brighter than land" in warning for warning in warnings) == told


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["0,123", "0,456", "1,234"], [0.123, 0.456, 1.234]),  # none of a thousand begins with 0
        (["1,5", "2,25", "1,234"], [1.5, 2.25, 1.234]),
        (["1,234", "3,456", "987"], None),
        (["1,234", "3,456", "1,005"], None),
    ],
)
def test_commas_that_may_separate_thousands_are_not_taken_for_decimal_ones(
    tmp_path: Path, cells: list[str], expected: list[float] | None
) -> None:
    rows = "".join(f'1,{day},"{cell}"\n' for day, cell in zip(DAYS, cells, strict=True))
    path = csv(tmp_path, f"id,date,NDVI\n{rows}")
    if expected is None:
        with pytest.raises(TableError, match=r"NDVI does not hold numbers, but '1,234'\n.*separators of thousands"):
            read_table(path)
    else:
        assert next(read_table(path).batches(1)).image[0, :, 0, 0, 0] == pytest.approx(expected)


def test_errors_of_a_spreadsheet_are_no_values(tmp_path: Path) -> None:
    chips = read_table(csv(tmp_path, f"id,date,NDVI\n1,{DAYS[0]},#DIV/0!\n1,{DAYS[1]},0.5\n"))
    assert next(chips.batches(1)).image[0, :, 0, 0, 0].tolist() == pytest.approx([float("nan"), 0.5], nan_ok=True)
    assert any("'#DIV/0!' in NDVI is taken for 'no value'" in text for text in chips.info.warnings)


@pytest.mark.parametrize(
    "image",
    [
        "20190606T073621_20190606T074650_T36MXE",
        "1_20190606T073621_20190606T074650_T36MXE",
        "LC08_197029_20190606",
        "S1A_IW_GRDH_1SDV_20190606T033141_20190606T033206_027555_031C0D_5A8F",
        "2019_06_06",
    ],
)
def test_fields_of_merged_collections_stay_apart(tmp_path: Path, image: str) -> None:
    """Earth Engine puts `1_` and `2_` before the indices of two collections that it merges."""
    rows = "".join(f"{image}_{part}_{field},{value}\n" for part, field, value in [(1, "0", 500), (1, "1", 600), (2, "0", 700)])
    chips = read_table(csv(tmp_path, f"system:index,B04\n{rows}"))
    assert chips.fields["field_id"].tolist() == ["1_0", "1_1", "2_0"]
    assert next(chips.batches(3)).image[:, 0, 0, 0, 0].tolist() == [500, 600, 700]


def test_a_row_a_band_is_told_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"column band holds the names of bands \(B04, B08\)(.|\n)*pivot"):
        read_table(csv(tmp_path, "id,date,band,value\n1,2019-05-05,B04,500\n1,2019-05-05,B08,900\n"))


def test_ids_that_the_two_files_write_differently_are_told(tmp_path: Path) -> None:
    path = csv(tmp_path, "id,date,B04\n" + "".join(f"{field},2019-05-05,500\n" for field in (8, 9, 10)))
    (tmp_path / "fields.csv").write_text("id,label\n008,rye\n009,rye\n10,oats\n")
    chips = read_table(path, fields=tmp_path / "fields.csv")
    assert chips.fields["status"].tolist() == ["no_data", "no_data", "ok"]
    told = "2 differ only in zeros, blanks or capitals, such as '8' and '008'"
    assert any(told in text for text in chips.info.warnings)
    (tmp_path / "fields.csv").write_text("id,label\n008,rye\n009,rye\n")
    with pytest.raises(TableError, match=told):
        read_table(path, fields=tmp_path / "fields.csv")


def test_labels_that_differ_between_rows_of_one_id_are_told(tmp_path: Path) -> None:
    path = csv(tmp_path, "id,date,B04\n8,2019-05-05,500\n9,2019-05-05,500\n")
    (tmp_path / "fields.csv").write_text("field_id,label\n8,rye\n8,oats\n9,rye\n9,rye\n")
    chips = read_table(path, fields=tmp_path / "fields.csv")
    assert any("1 ids have rows with different labels, such as 8 with 'rye' and 'oats'" in text for text in chips.info.warnings)


def test_zeros_of_dates_are_kept_where_a_form_is_given(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text('date_format: "%d%m%Y"\n')
    path = csv(tmp_path, "id,date,B04\n1,01062019,500\n1,21072019,600\n")
    dates = next(read_table(path, columns=tmp_path / "map.yaml").batches(1)).date[0]
    assert dates.astype(str).tolist() == ["2019-06-01", "2019-07-21"]


def test_a_date_that_lost_its_zero_is_not_guessed(tmp_path: Path) -> None:
    """1062019 may be the 1st or the 10th of June."""
    (tmp_path / "map.yaml").write_text('date_format: "%d%m%Y"\n')
    pd.DataFrame({"id": [1], "date": [1062019], "B04": [500]}).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(TableError, match=r"'1062019' lacks a zero for the form %d%m%Y"):
        read_table(tmp_path / "t.parquet", columns=tmp_path / "map.yaml")


def test_a_table_of_lists_is_of_no_known_form(tmp_path: Path) -> None:
    table = pd.DataFrame({"field_id": [1], "dates": [["2019-05-01", "2019-06-01"]], "B04": [[500, 600]]})
    table.to_parquet(tmp_path / "t.parquet")
    with pytest.raises(TableError, match="of no known form; its columns are field_id, dates, B04"):
        read_table(tmp_path / "t.parquet")


def test_composites_of_earth_engine_have_a_year_and_a_month(tmp_path: Path) -> None:
    chips = read_table(csv(tmp_path, "system:index,id,B04,year,month\n0_0,7,500,2019,5\n1_0,7,600,2019,6\n"))
    assert next(chips.batches(1)).date[0].astype(str).tolist() == ["2019-05-15", "2019-06-15"]


@pytest.mark.parametrize(
    ("ids", "told"),
    [
        (("A", "A "), "'A' and 'A '"),
        (("007", "7"), "'007' and '7'"),
        (("é", "e\u0301"), "'é' and"),
        (("a", "A"), ""),
        ((7, 8), ""),
    ],
)
def test_a_field_whose_rows_write_its_id_in_two_ways_is_told(tmp_path: Path, ids: tuple[object, object], told: str) -> None:
    rows = "".join(f"{field},{day},500\n" for field, day in zip(ids, DAYS, strict=False))
    warnings = "\n".join(read_table(csv(tmp_path, f"id,date,B04\n{rows}")).info.warnings)
    assert ("1 ids are written in several ways, such as " + told in warnings) == bool(told)
