"""Legends: from codes to class names, and the order that gives the crop_id."""

from pathlib import Path

import pandas as pd
import pytest

from cropdetect.errors import InputNotFoundError, LegendError, UnreadableFileError
from cropdetect.fields import CV4A_LEGEND, ordered_legend, read_legend
from cropdetect.fields.legend import class_names


def test_a_legend_keeps_the_order_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text("9120: grass\n1200: maïs\n'07': rye\n1201: maïs\n", encoding="utf-8")
    legend = read_legend(tmp_path / "map.yaml")
    assert legend == {"9120": "grass", "1200": "maïs", "07": "rye", "1201": "maïs"}
    assert ordered_legend(["maïs"], legend) == ("grass", "maïs", "rye")


def test_without_legend_classes_are_sorted_by_name() -> None:
    assert ordered_legend(["wheat", None, "maize", "wheat"]) == ("maize", "wheat")


def test_the_cv4a_crop_ids_are_the_positions() -> None:
    assert list(CV4A_LEGEND) == [str(i) for i in range(1, 8)]
    assert ordered_legend([], CV4A_LEGEND)[3] == "Maize & Common Bean"


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "1: [a]\n", "1:\n", "just text"])
def test_what_is_no_mapping_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "map.yaml").write_text(text)
    with pytest.raises(LegendError, match=r"map\.yaml"):
        read_legend(tmp_path / "map.yaml")


def test_absent_and_damaged_legends_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputNotFoundError, match="nowhere"):
        read_legend(tmp_path / "nowhere.yaml")
    (tmp_path / "map.yaml").write_text("a: [1, 2")
    with pytest.raises(UnreadableFileError, match=r"map\.yaml"):
        read_legend(tmp_path / "map.yaml")
    (tmp_path / "map.yaml").write_text("!!python/object/apply:os.getcwd []")
    with pytest.raises(UnreadableFileError):
        read_legend(tmp_path / "map.yaml")


def test_hcat_is_a_ready_made_legend() -> None:
    """Codes and names as hcat_core/HCAT3.csv of EuroCrops has them."""
    legend = read_legend(Path("hcat"))
    assert (legend["3301010101"], legend["3301060500"]) == ("winter_common_soft_wheat", "sunflower")
    codes = pd.Series([3301010101, 3301060500, 1], dtype="Int64")
    names, warnings = class_names(codes, legend, where="f.parquet")
    assert names.tolist() == ["winter_common_soft_wheat", "sunflower", None]
    assert "1 fields (1)" in warnings[0]


def test_a_file_called_hcat_comes_before_the_ready_made_legend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("hcat").write_text("1: rye\n")
    assert read_legend(Path("hcat")) == {"1": "rye"}


def test_codes_that_the_legend_writes_differently_are_told() -> None:
    codes = pd.Series(["01", "2", "03"])
    names, warnings = class_names(codes, {"1": "rye", "2": "oats"}, where="f.gpkg")
    assert names.tolist() == [None, "oats", None]
    assert "lacks label codes of 2 fields (01, 03)" in warnings[0]
    assert "1 differ only in zeros, blanks or capitals, such as '01' and '1'" in warnings[0]
    with pytest.raises(LegendError, match="'01' and '1'"):
        class_names(codes, {"1": "rye"}, where="f.gpkg")
