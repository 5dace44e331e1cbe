"""How QGIS and GDAL show the crops: styles of the fields and of the map, and the names of the map's values.

Sources: QGIS, "QML - The QGIS Style File Format" and the table `layer_styles`, from which QGIS styles the layers of a GeoPackage;
GDAL, "Raster Data Model", for the attribute table in a file's `.aux.xml`.
"""

import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
from jinja2 import Environment, PackageLoader, StrictUndefined

from cropdetect.outputs.colours import class_colours

Shape = Literal["fill", "marker"]

#: lowest confidence of each range of the legend, and its colour, ColorBrewer's YlGn: light is unsure.
_CONFIDENCE = ((0.0, (255, 255, 204)), (0.5, (194, 230, 153)), (0.7, (120, 198, 121)), (0.9, (35, 132, 67)))
# Name, type (0 whole number, 2 text) and usage (5 value, 2 name, 6 to 8 red, green, blue) of GDAL's attribute table.
_COLUMNS = (("crop_id", 0, 5), ("crop", 2, 2), ("red", 0, 6), ("green", 0, 7), ("blue", 0, 8))
_NOT_IN_XML = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_STYLES_TABLE = """
create table layer_styles (
  id integer primary key autoincrement not null, f_table_catalog text(256), f_table_schema text(256), f_table_name text(256),
  f_geometry_column text(256), styleName text(30), styleQML text, styleSLD text, useAsDefault boolean, description text,
  owner text(30), ui text(30), update_time datetime default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
)"""


def add_layer_styles(package: Path, table: gpd.GeoDataFrame, legend: Sequence[str], date: str) -> None:
    """Add two styles of the layer "fields" to a GeoPackage: by crop, which QGIS takes by itself, and by confidence.

    Args:
        package: the file.
        table: what lies in the layer.
        legend: class names.
        date: when the styles were made, as the file states it.

    Raises:
        sqlite3.Error: the disk has no room.
    """
    shape: Shape = "marker" if len(table) and table.geometry.geom_type.isin(["Point", "MultiPoint"]).any() else "fill"
    styles = (
        ("by crop", _rendered("fields_by_crop.qml", shape=shape, classes=_classes(legend)), True),
        ("by confidence", _rendered("fields_by_confidence.qml", shape=shape, ranges=_ranges()), False),
    )
    with closing(sqlite3.connect(package)) as file, file:
        file.execute(_STYLES_TABLE)
        file.executemany(
            "insert into layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, styleQML,"
            " styleSLD, useAsDefault, description, owner, update_time) values ('', '', 'fields', 'geom', ?, ?, '', ?, ?, '', ?)",
            [(name, text, default, f"Fields {name}", date) for name, text, default in styles],
        )
        file.execute(
            "insert into gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id)"
            " values ('layer_styles', 'attributes', 'layer_styles', 'Styles of QGIS', ?, 0)",
            [date],
        )


def write_map_legend(crop_map: Path, legend: Sequence[str]) -> None:
    """Write what names and colours the values of a crop map: `<map>.qml` for QGIS, `<map>.tif.aux.xml` for GDAL."""
    for file in (crop_map.with_suffix(".qml"), crop_map.with_name(f"{crop_map.name}.aux.xml")):
        template = "crop_map" + file.name.removeprefix(crop_map.stem)
        file.write_text(_rendered(template, classes=_classes(legend), columns=_COLUMNS), "utf-8")


def _classes(legend: Sequence[str]) -> list[dict[str, Any]]:
    colours = class_colours(len(legend))
    pairs = zip(legend, colours, strict=True)
    return [{"id": k, "name": _NOT_IN_XML.sub("_", name), "colour": colour} for k, (name, colour) in enumerate(pairs, 1)]


def _ranges() -> list[dict[str, Any]]:
    lows = [low for low, _ in _CONFIDENCE]
    highs = [*lows[1:], 1.0]
    return [
        {"low": low, "high": high, "label": f"{low:.0%} to {high:.0%}", "colour": colour}
        for (low, colour), high in zip(_CONFIDENCE, highs, strict=True)
    ]


def _rendered(template: str, **values: Any) -> str:
    return _environment().get_template(f"{template}.jinja").render(**values)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("cropdetect.outputs", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
