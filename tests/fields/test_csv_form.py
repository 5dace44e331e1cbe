"""CSV as spreadsheets and people write it: lines above the header, blanks, empty rows."""

from pathlib import Path

import pytest

from cropdetect.errors import UnreadableFileError
from cropdetect.fields import read_plain_table
from cropdetect.fields.csv_form import CsvForm

ROWS = [["007", "rye"], ["8", "oats"]]


@pytest.mark.parametrize(
    "text",
    [
        "id,label\n007,rye\n8,oats\n",
        "\ufeffid;label\n007;rye\n8;oats\n",
        "\n \nid,label\n007,rye\n8,oats\n",
        ",,\nid,label\n007,rye\n8,oats\n",
        "sep=;\nid;label\n007;rye\n8;oats\n",
        '"sep=\t"\nid\tlabel\n007\trye\n8\toats\n',
        "id|label\n007|rye\n8|oats\n",
        "id, label\n007, rye\n8, oats\n",
        'id, label\n007, "rye"\n8, "oats"\n',
        "id,label\n,\n007,rye\n,\n8,oats\n,\n",
        "id,label\r007,rye\r8,oats\r",
    ],
)
def test_the_same_rows_come_out_of_every_form(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    table = read_plain_table(tmp_path / "t.csv")
    assert [name for name in table.columns if table[name].notna().any()] == ["id", "label"]
    assert table[["id", "label"]].values.tolist() == ROWS


def test_a_blank_that_not_every_delimiter_has_belongs_to_the_text(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,label\n 1, rye\n 2, oats\n")
    assert read_plain_table(tmp_path / "t.csv")["label"].tolist() == [" rye", " oats"]


@pytest.mark.parametrize("above", ["Survey of 2019\n", "Survey of 2019,,,,\n", "# made by me\n# in June\n", "Survey, by me\n"])
def test_a_title_above_the_header_is_named(tmp_path: Path, above: str) -> None:
    (tmp_path / "t.csv").write_text(above + "id,date,B04,B08,label\n1,2019-06-06,5,6,rye\n")
    with pytest.raises(UnreadableFileError, match=r"is no header: lines below it have 5 cells(.|\n)*Remove the lines above"):
        read_plain_table(tmp_path / "t.csv")


def test_a_cell_longer_than_python_allows_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,label,.geo\n1,rye," + "x" * 200_000 + "\n")
    assert CsvForm.of(tmp_path / "t.csv") == CsvForm(("id", "label", ".geo"), ",", 0, False)
