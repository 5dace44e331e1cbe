"""The styles, read as XML; tests/outputs/test_qgis.py looks at them with QGIS itself."""

import sqlite3
from pathlib import Path
from xml.etree import ElementTree

import geopandas as gpd
import pytest
import rasterio

from cropdetect.outputs import class_colours, write_outputs

LEGEND = ["Maize & <Bean>", 'quo"te', "new\nline \x01"]
SHOWN = ["Maize & <Bean>", 'quo"te', "new_line _"]


@pytest.fixture
def written(many_predictions, run, grid, tmp_path):
    def write(geometry=None, imagery=None, crs="EPSG:32636") -> Path:
        given = many_predictions(geometry or [None], [[0.7, 0.2, 0.1]] * len(geometry or [1]), legend=LEGEND, crs=crs)
        write_outputs(given, tmp_path / "out", run=run, imagery=imagery, fields=None)
        return tmp_path / "out"

    return write


def styles(out: Path) -> dict[str, tuple[ElementTree.Element, int]]:
    with sqlite3.connect(out / "fields.gpkg") as file:
        rows = file.execute("select styleName, styleQML, useAsDefault, f_table_name, f_geometry_column from layer_styles")
        return {
            name: (ElementTree.fromstring(qml), default) for name, qml, default, *place in rows if place == ["fields", "geom"]
        }


def rgb(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(",")[:3])


def colours(style: ElementTree.Element) -> list[tuple[int, ...]]:
    return [rgb(one.attrib["value"]) for one in style.findall(".//Option[@name='color']")]


def test_the_first_style_is_by_crop_with_the_colours_of_the_map(written):
    style, default = styles(written())["by crop"]
    categories = style.findall(".//category")
    assert [one.attrib["label"] for one in categories] == [*SHOWN, "no crop"]
    assert [one.attrib["value"] for one in categories] == ["1", "2", "3", ""]
    assert colours(style)[:3] == class_colours(3)
    assert default == 1


def test_the_second_style_is_by_confidence_and_shows_every_field(written):
    style, default = styles(written())["by confidence"]
    rules = style.findall(".//rule")
    assert [one.attrib["label"] for one in rules] == ["0% to 50%", "50% to 70%", "70% to 90%", "90% to 100%", "no answer"]
    assert [one.attrib["filter"] for one in rules][3:] == ['"confidence" >= 0.9 AND "confidence" <= 1.0', "ELSE"]
    assert default == 0


def test_fields_that_are_points_are_drawn_as_points(written, points):
    out = written(points, crs="EPSG:4326")
    for style, _ in styles(out).values():
        assert {one.attrib["type"] for one in style.findall(".//symbol")} == {"marker"}


def test_the_package_is_whole_and_has_one_layer_with_geometry(written, points):
    out = written(points, crs="EPSG:4326")
    with sqlite3.connect(out / "fields.gpkg") as file:
        assert file.execute("pragma integrity_check").fetchone() == ("ok",)
        contents = dict(file.execute("select table_name, data_type from gpkg_contents"))
    assert contents == {"fields": "features", "layer_styles": "attributes"}
    assert len(gpd.read_file(out / "fields.gpkg", layer="fields")) == 3


def test_every_map_has_a_style_and_an_attribute_table(written, grid):
    out = written(imagery=grid(tiles=("a", "b")))
    for tile in "ab":
        style = ElementTree.parse(out / f"crop_map_{tile}.qml").getroot()
        entries = style.findall(".//paletteEntry")
        assert [(one.attrib["value"], one.attrib["label"]) for one in entries] == list(zip("123", SHOWN, strict=True))
        assert [one.attrib["color"] for one in entries] == ["#{:02x}{:02x}{:02x}".format(*colour) for colour in class_colours(3)]
        table = ElementTree.parse(out / f"crop_map_{tile}.tif.aux.xml").getroot()
        rows = [[cell.text for cell in row] for row in table.iter("Row")]
        expected = [[str(k + 1), SHOWN[k], *map(str, class_colours(3)[k])] for k in range(3)]
        assert rows == expected
        with rasterio.open(out / f"crop_map_{tile}.tif") as file:
            assert file.colormap(1)[1][:3] == class_colours(3)[0]
