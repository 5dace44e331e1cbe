"""What `info` says of fields: how many, of what status and size, their ids, labels and columns, and the layers of a file."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from cropdetect.api._describe.facts import Facts, counts, quantiles
from cropdetect.errors import FieldsError
from cropdetect.fields import FieldSet, as_text, field_layers, no_text, only_vector_file, read_fields, read_legend
from cropdetect.imagery import utm_zone
from cropdetect.options import DataOptions

if TYPE_CHECKING:
    from pathlib import Path

_OURS = ("geometry", "status", "field_id", "label", "raster_pixels")
_CLASSES = 60  # different values of a column that may be labels, at most


def fields_facts(path: "Path", options: DataOptions) -> Facts:
    """Describe a file of fields, or the only one in a folder."""
    path = only_vector_file(path)
    layers = field_layers(path)
    known: dict[str, Any] = {"file": path.name}
    if len(layers) > 1:
        known["layers"] = {one.name: {"polygons": one.has_polygons(), "columns": len(one.columns)} for one in layers}
    try:
        fields = read_fields(
            path,
            layer=options.layer,
            id_column=options.id_column,
            label_column=options.labels,
            legend=read_legend(options.legend) if options.legend else None,
        )
    except FieldsError as error:
        if options.layer is not None or sum(one.has_polygons() for one in layers) < 2:
            raise
        return Facts(known | {"fields": f"not read: {error.what}. {error.fix}"})
    return Facts(known | field_facts(fields), fields.warnings)


def field_facts(fields: FieldSet) -> dict[str, Any]:
    """Describe fields, wherever they come from."""
    table = fields.table
    others = [str(name) for name in table.columns if name not in _OURS]
    known: dict[str, Any] = {
        "fields": len(table),
        "field_ids": f"{table['field_id'].iloc[0]} ... {table['field_id'].iloc[-1]}" if len(table) else "none",
        "status": counts(table["status"]),
        "columns": [name for name in table.columns if name not in ("geometry", "status")],
    }
    if "label" in table.columns:
        known["labels"] = counts(table["label"].dropna())
        known["fields_without_a_label"] = int(table["label"].isna().sum())
    else:
        known["columns_that_may_be_labels"] = {n: f"{k} classes" for n in others if (k := _classes(table[n]))}
    known["columns_that_may_be_ids"] = [name for name in others if _tells_rows_apart(table[name])]
    shapes = table.geometry.dropna()
    if len(shapes):
        metric = shapes if shapes.crs is None or not shapes.crs.is_geographic else shapes.to_crs(utm_zone(shapes))
        if (metric.geom_type != "Point").any():
            known["field_area_m2"] = quantiles(metric.area.to_numpy())
    if table.crs is not None:
        known["fields_crs"] = table.crs.to_string() if table.crs.to_epsg() else table.crs.name
    return known


def _classes(column: "pd.Series[Any]") -> int:
    """Return the number of different values where they may be classes: few for the rows, and whole numbers or text; else 0."""
    is_number = pd.api.types.is_float_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column.dtype)
    if is_number or no_text(column):
        return 0
    text = as_text(column).dropna()
    number = int(text.nunique())
    return number if 2 <= number <= min(_CLASSES, len(text) // 2) else 0


def _tells_rows_apart(column: "pd.Series[Any]") -> bool:
    if pd.api.types.is_float_dtype(column.dtype) or no_text(column):
        return False
    text = as_text(column)
    return len(text) > 1 and bool(text.notna().all() and text.is_unique)
