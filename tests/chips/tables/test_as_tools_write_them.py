"""Tables as common tools write them: ids with zeros, days without bands, days of a spreadsheet, numbers of Landsat."""

from pathlib import Path

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
