"""The page on tables names every form, and its file of columns is one."""

import re
from pathlib import Path

import pytest

from cropdetect.chips.tables import FORMS
from cropdetect.chips.tables.column_map import ColumnMap, read_column_map

PAGE = (Path(__file__).parents[3] / "docs" / "tables.md").read_text("utf-8")


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_the_page_names_every_form(form: object) -> None:
    assert f"| `{form.name}` | {form.description} |" in PAGE.replace("\\|", "|")


def test_the_file_of_columns_on_the_page_can_be_read_and_shows_every_key(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text(re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1])
    read = read_column_map(tmp_path / "map.yaml")
    assert read.model_fields_set == set(ColumnMap.model_fields)
    assert read.bands == {"red_mean": "B04", "nir_mean": "B08"}
