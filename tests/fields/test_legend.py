"""Legends: from codes to class names, and the order that gives the crop_id."""

from pathlib import Path

import pytest

from cropdetect.errors import InputNotFoundError, LegendError, UnreadableFileError
from cropdetect.fields import CV4A_LEGEND, ordered_legend, read_legend


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
